"""Trust in a reconciliation: Clio's rows, and what our entries for each of them come to in QuickBooks (rule R6).

An entry is judged together with those that take it back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from integrations.core.mapping import TrustTargets
from integrations.core.money import ZERO
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Draftbook
from integrations.kinds.invoice import id_order
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.words import Difference, Found, What
from integrations.kinds.trust_desk import Desk, desk_of
from integrations.kinds.trust_drafts import entry_number
from integrations.kinds.trust_entry import TRANSFER_LEG, TrustRow

Effect = dict[tuple[str, str], Decimal]  # (account id, customer id) to debits less credits; none that is zero
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class TrustDemand:
    """A row that should be posted, or is. ``into`` is the money-in row of a transfer that the same entry stands for."""

    row: TrustRow
    accounts: TrustTargets
    into: TrustRow | None = None
    payment_id: str = ""


@dataclass
class TrustDemands:
    """``since`` are the rows that count from the start date on, ``opening`` those before it (rule R6.5)."""

    demands: dict[str, TrustDemand] = field(default_factory=dict)
    since: dict[str, TrustRow] = field(default_factory=dict)
    opening: dict[str, TrustRow] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)


def trust_demands(book: Draftbook, unreadable: Mapping[str, str]) -> TrustDemands:
    """What the rows of mapped trust accounts ask for; ``book`` holds every row and every trust link."""
    desk, asked = desk_of(book), TrustDemands(unreadable=unreadable)
    posted = {ref.practice_id for ref, link in book.group.links.items() if _is_own(ref) and not link.is_voided}
    for row in desk.sorted():
        is_opening = row.is_opening(book.policy.start_date) and row.id not in posted
        (asked.opening if is_opening else asked.since)[row.id] = row
        accounts = book.policy.trust(row.account_id)
        if accounts and not is_opening and _asks(desk, row, is_posted=row.id in posted):
            payment_id = desk.payments.get(row.id, "")
            asked.demands[row.id] = TrustDemand(row, accounts, desk.receiver(row), payment_id)
    return asked


def _is_own(ref: Ref) -> bool:
    """A row's own entry, the first or one posted anew; not one that takes another back, not a share in a transfer."""
    return ref.kind is Kind.TRUST_ENTRY and (ref.leg == "" or ref.leg.isdigit())


def _asks(desk: Desk, row: TrustRow, *, is_posted: bool) -> bool:
    """Rule R6.4: the money-in row of a transfer has the other row's entry; within one client's money there is none."""
    if not row.amount or row.id in desk.givers:
        return False
    into = desk.receiver(row)
    return is_posted or into is None or into.contact_id != row.contact_id


class TrustBooks:
    """Our trust documents by the row they are about. ``banks`` are trust bank accounts, whose lines name nobody."""

    def __init__(self, books: OurBooks, banks: Iterable[str]) -> None:
        self._books, self._banks = books, frozenset(banks)
        self._by_hand = {ref.practice_id for ref in books.by_hand if _is_own(ref)}
        self._refs: dict[str, list[Ref]] = {}
        for ref in sorted(books.refs()):
            if ref.kind is Kind.TRUST_ENTRY and ref.leg != TRANSFER_LEG:
                self._refs.setdefault(ref.practice_id, []).append(ref)

    def rows(self) -> set[str]:
        return set(self._refs)

    def documents(self, row_id: str) -> list[Found]:
        """One live document for each of the row's refs."""
        return [live for ref in self._refs.get(row_id, ()) if (live := self._books.live(ref))]

    def doubled(self, row_id: str) -> Iterator[tuple[Ref, Found, Found]]:
        """Live documents beyond those, each with its ref and the one that stands for it."""
        for ref in self._refs.get(row_id, ()):
            every = self._books.every_live(ref)
            yield from ((ref, one, every[0]) for one in every[1:])

    def effect(self, row_id: str) -> Effect:
        """What all of them come to."""
        return _sums(
            ((line.account_id, "" if line.account_id in self._banks else (line.name or ("", ""))[1]), line.amount)
            for document in self.documents(row_id)
            for line in document.entries
        )

    def own(self, row_id: str) -> tuple[Ref, Found | None]:
        """The row's own live entry, or where it should be."""
        owns = [ref for ref in self._refs.get(row_id, ()) if _is_own(ref)]
        live = [ref for ref in owns if not self._is_over(ref)]
        ref = live[-1] if live else Ref(Kind.TRUST_ENTRY, row_id)
        return ref, self._books.live(ref) if live else None

    def _is_over(self, ref: Ref) -> bool:
        link = self._books.standing.get(ref)
        return link is not None and link.is_voided

    def is_by_hand(self, row_id: str) -> bool:
        """Whether a person unlinked the row's entry and keeps it (rule R8)."""
        return row_id in self._by_hand

    def was_posted(self, ref: Ref) -> bool:
        return self._books.is_linked(ref)

    def is_linked(self, document: Found) -> bool:
        return document.key in self._books.owners

    def id_of(self, ref: Ref) -> str:
        return self._books.id_of(ref)

    def customer_of(self, contact_id: str) -> str:
        return self._books.customer_of(contact_id) if contact_id else ""


def _sums(parts: Iterable[tuple[tuple[str, str], Decimal]]) -> Effect:
    found: Effect = {}
    for key, amount in parts:
        found[key] = found.get(key, ZERO) + amount
    return {key: amount for key, amount in found.items() if amount}


def compare_trust(asked: TrustDemands, books: TrustBooks) -> dict[str, list[Difference]]:
    """Row id to what differs of it, for every row that is posted or should be; equal ones have an empty list."""
    found = {}
    for row_id in sorted({*asked.demands, *asked.unreadable, *books.rows()}, key=id_order):
        demand, reason = asked.demands.get(row_id), asked.unreadable.get(row_id)
        if reason is not None:
            moved = _debits(books.effect(row_id))
            found[row_id] = [_difference(row_id, None, books, What.UNREADABLE, reason, moved)]
        elif books.is_by_hand(row_id):
            if demand:
                found[row_id] = [_difference(row_id, demand, books, What.BY_HAND, str(demand.row.amount), NOTHING)]
        elif demand or books.documents(row_id):
            found[row_id] = [*_about(row_id, demand, books), *_doubled(row_id, demand, books)]
    return found


def _about(row_id: str, demand: TrustDemand | None, books: TrustBooks) -> list[Difference]:
    wanted, here = _wanted(demand, books), books.effect(row_id)
    if demand is None:
        return [_difference(row_id, None, books, What.UNWANTED, NOTHING, _debits(here))] if here else []
    if not books.documents(row_id):
        return [_difference(row_id, demand, books, What.MISSING, str(demand.row.amount), NOTHING)]
    if wanted == here:
        return _members(row_id, demand, books)
    what, clio, quickbooks = _unequal(demand, wanted, here)
    return [_difference(row_id, demand, books, what, clio, quickbooks)]


def _wanted(demand: TrustDemand | None, books: TrustBooks) -> Effect:
    """Rules R6.2, R6.4: the bank against the liability, or one client's liability against another's."""
    if demand is None:
        return {}
    row, bank, liability = demand.row, demand.accounts.bank.ledger_id, demand.accounts.liability.ledger_id
    own = (liability, books.customer_of(row.contact_id))
    if demand.into:
        return _sums([(own, -row.amount), ((liability, books.customer_of(demand.into.contact_id)), row.amount)])
    return _sums([((bank, ""), row.amount), (own, -row.amount)])


def _unequal(demand: TrustDemand, wanted: Effect, here: Effect) -> tuple[What, str, str]:
    accounts, others = _by_account(wanted), _by_account(here)
    if accounts == others and _customers(wanted) != _customers(here):
        return What.CUSTOMER, _customers(wanted), _customers(here)
    if set(accounts) == set(others) or demand.into:
        return What.AMOUNT, str(demand.row.amount), str(_moved(demand, wanted, here))
    return What.ACCOUNT, ", ".join(sorted(accounts)), ", ".join(sorted(others))


def _by_account(effect: Effect) -> dict[str, Decimal]:
    return {account: amount for (account, _), amount in _sums(((a, ""), n) for (a, _), n in effect.items()).items()}


def _customers(effect: Effect) -> str:
    return ", ".join(sorted({customer for _, customer in effect if customer})) or "nobody"


def _moved(demand: TrustDemand, wanted: Effect, here: Effect) -> Decimal:
    """What the entries move at the bank; of a transfer, what they move for the client who gives."""
    if demand.into:
        return sum((-here.get(key, ZERO) for key, amount in wanted.items() if amount > 0), ZERO)
    return _by_account(here).get(demand.accounts.bank.ledger_id, ZERO)


def _debits(effect: Effect) -> str:
    return str(sum((amount for amount in effect.values() if amount > 0), ZERO))


def _members(row_id: str, demand: TrustDemand, books: TrustBooks) -> list[Difference]:
    """An entry posted anew, after its day was closed, keeps the day it was posted on (rule R6.7)."""
    ref, own = books.own(row_id)
    if own is None:
        return []
    pairs = [] if books.is_linked(own) else [(What.NOT_LINKED, str(demand.row.amount), own.id)]
    if not ref.leg and own.dated != demand.row.dated:
        pairs.append((What.DATE, str(demand.row.dated or ""), str(own.dated or "")))
    number = entry_number(row_id) if own.entity == "JournalEntry" and not ref.leg else ""
    if number and own.number != number:
        pairs.append((What.NUMBER, number, own.number))
    return [_difference(row_id, demand, books, *pair) for pair in pairs]


def _doubled(row_id: str, demand: TrustDemand | None, books: TrustBooks) -> list[Difference]:
    return [
        replace(
            _difference(row_id, demand, books, What.DOUBLED, NOTHING, f"{other.id} beside {first.id}"),
            ref=ref,
            ledger_id=other.id,
        )
        for ref, other, first in books.doubled(row_id)
    ]


def _difference(
    row_id: str, demand: TrustDemand | None, books: TrustBooks, what: What, clio: str, quickbooks: str
) -> Difference:
    ref, own = books.own(row_id)
    return Difference(
        ref=ref,
        ledger_id=own.id if own else books.id_of(ref),
        what=what,
        clio=clio,
        quickbooks=quickbooks,
        title=demand.row.title if demand else f"Trust entry {row_id}",
        contact_id=demand.row.contact_id if demand else "",
        is_gone=what is What.MISSING and books.was_posted(ref),
        payments=frozenset({demand.payment_id} - {""}) if demand else frozenset(),
    )


@dataclass
class TrustSums:
    """One trust account since the start date: Clio's ledger, and what our entries do to bank and liability.

    ``clients`` is the same per contact: Clio, liability. ``opening`` is what Clio had before the start date.
    """

    account_id: str
    name: str
    opening: Decimal = ZERO
    clio: Decimal = ZERO
    bank: Decimal = ZERO
    liability: Decimal = ZERO
    clients: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def add(self, contact_id: str, clio: Decimal, liability: Decimal) -> None:
        before = self.clients.get(contact_id, (ZERO, ZERO))
        self.clients[contact_id] = before[0] + clio, before[1] + liability


def trust_sums(
    asked: TrustDemands, books: TrustBooks, targets: dict[str, tuple[str, TrustTargets]], contacts: dict[str, str]
) -> list[TrustSums]:
    """One for each mapped account; ``targets`` is Clio account id to its name and accounts in QuickBooks."""
    found = {id: TrustSums(id, name) for id, (name, _) in targets.items()}
    for row in asked.opening.values():
        if row.account_id in found:
            found[row.account_id].opening += row.amount
    for row in asked.since.values():
        if row.account_id in found:
            found[row.account_id].clio += row.amount
            found[row.account_id].add(row.contact_id, row.amount, ZERO)
    rows = asked.opening | asked.since
    for row_id in books.rows():
        effect = books.effect(row_id)
        account_id = rows[row_id].account_id if row_id in rows else _account_of(effect, targets)
        if account_id in found:
            _add_effect(found[account_id], effect, targets[account_id][1], contacts)
    return list(found.values())


def _account_of(effect: Effect, targets: dict[str, tuple[str, TrustTargets]]) -> str:
    """The account of a row that Clio no longer has, told by the bank or liability its entries are on."""
    posted = {account for account, _ in effect}
    fitting = (id for id, (_, to) in targets.items() if posted & {to.bank.ledger_id, to.liability.ledger_id})
    return next(fitting, "")


def _add_effect(sums: TrustSums, effect: Effect, accounts: TrustTargets, contacts: dict[str, str]) -> None:
    for (account_id, customer_id), amount in effect.items():
        if account_id == accounts.bank.ledger_id:
            sums.bank += amount
        if account_id == accounts.liability.ledger_id:
            sums.liability -= amount
            sums.add(contacts.get(customer_id, ""), ZERO, -amount)
