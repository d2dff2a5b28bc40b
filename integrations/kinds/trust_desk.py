"""The trust rows of one group, with what has to be known before any of them is planned (rule R6)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from integrations.core.changes import Action
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Draftbook, LinkState
from integrations.kinds.invoice import id_order
from integrations.kinds.trust_entry import REVERSAL_LEG, TRANSFER_LEG, TrustRow
from integrations.kinds.trust_ledger import overdrawn, paid_from, transfers


@dataclass(frozen=True, slots=True)
class Desk:
    """``transfers`` are pairs within one trust account, money-out row to money-in row; ``givers`` is the same reversed.

    ``paid`` is Clio payment to the rows that carry it, ``overdrawn`` the rows that go below zero, with what then is
    left. ``rows`` are those of trust accounts the firm mapped.
    """

    rows: dict[str, TrustRow]
    transfers: dict[str, str]
    givers: dict[str, str]
    paid: dict[str, list[str]]
    payments: dict[str, str]
    overdrawn: dict[str, Decimal]

    def receiver(self, row: TrustRow) -> TrustRow | None:
        """The money-in row of the transfer this row is the money-out row of."""
        into = self.transfers.get(row.id)
        return self.rows[into] if into else None

    def sorted(self) -> list[TrustRow]:
        return sorted(self.rows.values(), key=lambda row: (str(row.dated), row.is_out, id_order(row.id)))


def desk_of(book: Draftbook) -> Desk:
    rows = {row.id: row for row in book.group.trust.values() if book.policy.has_trust(row.account_id)}
    paid = paid_from(book.group.payments.values(), rows.values())
    payments = {row_id: payment_id for payment_id, ids in paid.items() for row_id in ids}
    within = dict(_within_accounts(book, rows, [row for row in rows.values() if row.id not in payments]))
    givers = {into: out for out, into in within.items()}
    return Desk(rows, within, givers, paid, payments, overdrawn(rows.values()))


def _within_accounts(book: Draftbook, rows: dict[str, TrustRow], free: list[TrustRow]) -> Iterator[tuple[str, str]]:
    """Transfers that are posted as one: within one account, and no row of them was posted by itself before the other
    one was seen. All others stay as they stand (rule R6.4).
    """
    known = dict(_joined(book))
    for out, into in transfers(free, known).items():
        giver, receiver = rows[out], rows[into]
        if giver.account_id != receiver.account_id:
            continue
        if known.get(out) == into or is_untouched(book, giver, receiver):
            yield out, into


def is_untouched(book: Draftbook, giver: TrustRow, receiver: TrustRow) -> bool:
    """Whether the two rows can still become one entry, or none where one client has both."""
    if live_link(book, receiver.id):
        return False
    return giver.contact_id != receiver.contact_id or live_link(book, giver.id) is None


def _joined(book: Draftbook) -> Iterator[tuple[str, str]]:
    """Money-out row and money-in row of every transfer that is posted."""
    entries = {link.ledger_id: ref.practice_id for ref, link in _trust_links(book) if _is_own(ref.leg)}
    for ref, link in _trust_links(book):
        if ref.leg == TRANSFER_LEG and not link.is_voided and link.ledger_id in entries:
            yield entries[link.ledger_id], ref.practice_id


def _trust_links(book: Draftbook) -> list[tuple[Ref, LinkState]]:
    return sorted((ref, link) for ref, link in book.group.links.items() if ref.kind is Kind.TRUST_ENTRY)


def _is_own(leg: str) -> bool:
    """A row's own entry has no leg; one that was taken back and posted anew is numbered from 2."""
    return leg == "" or leg.isdigit()


def own_links(book: Draftbook, row_id: str) -> list[LinkState]:
    """The row's own entries, oldest first; at most the last one is live."""
    links = [link for ref, link in _trust_links(book) if ref.practice_id == row_id and _is_own(ref.leg)]
    return sorted(links, key=lambda link: int(link.ref.leg or 1))


def live_link(book: Draftbook, row_id: str) -> LinkState | None:
    return next((link for link in own_links(book, row_id) if not link.is_voided), None)


def next_ref(book: Draftbook, row_id: str) -> Ref:
    """Where the row's next entry goes: entries that were taken back keep their place."""
    count = len(own_links(book, row_id))
    return Ref(Kind.TRUST_ENTRY, row_id, str(count + 1) if count else "")


def own_ref(book: Draftbook, row_id: str) -> Ref:
    link = live_link(book, row_id)
    return link.ref if link else next_ref(book, row_id)


def reversal_ref(ref: Ref) -> Ref:
    """The entry that takes this one back."""
    return Ref(ref.kind, ref.practice_id, f"{REVERSAL_LEG}-{ref.leg}" if ref.leg else REVERSAL_LEG)


def joined_links(book: Draftbook) -> list[tuple[Ref, LinkState]]:
    """Money-in rows that another row's entry stands for."""
    return [(ref, link) for ref, link in _trust_links(book) if ref.leg == TRANSFER_LEG and not link.is_voided]


def reversal_links(book: Draftbook) -> list[tuple[Ref, LinkState]]:
    return [(ref, link) for ref, link in _trust_links(book) if ref.leg.startswith(REVERSAL_LEG) and not link.is_voided]


def refs_with(book: Draftbook, ledger_id: str) -> Iterable[Ref]:
    """The row's own entry with this id."""
    return (ref for ref, link in _trust_links(book) if link.ledger_id == ledger_id and _is_own(ref.leg))


def payment_refs(book: Draftbook, payment_id: str) -> frozenset[Ref]:
    """The QuickBooks payments of a Clio payment that are there, planned, or waiting for something."""
    live = (ref for ref, link in book.group.links.items() if not link.is_voided)
    over = {ref for ref, change in book.changes.items() if change.action is Action.VOID}
    known = {*live, *book.changes, *book.blocked} - over
    return frozenset(ref for ref in known if ref.kind is Kind.PAYMENT and ref.practice_id == payment_id)


def trust_contacts(book: Draftbook) -> set[str]:
    """Rule R1.3: the clients of trust rows in scope, or posted already; they have to be customers."""
    start = book.policy.start_date
    rows = (row for row in book.group.trust.values() if row.contact_id and book.policy.has_trust(row.account_id))
    return {row.contact_id for row in rows if not row.is_opening(start) or live_link(book, row.id)}
