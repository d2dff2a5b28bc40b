"""What Clio's records, read afresh, ask QuickBooks to hold (rules R1.2, R3.1, R3.4, R4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from integrations.core import mapping
from integrations.core.mapping import Policy, Target
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import text
from integrations.core.records import Kind, Ref
from integrations.kinds.applying import Applications
from integrations.kinds.catalog import Catalog
from integrations.kinds.contact import Contact
from integrations.kinds.credit_note import CreditNote, Memo, credit_number, memo_ref
from integrations.kinds.group import Draftbook, Group, LinkState, is_posted
from integrations.kinds.invoice import (
    LIVE_STATES,
    Allocation,
    Bill,
    InterestCharge,
    LineItem,
    TotalMismatch,
    bill_amount,
    id_order,
    in_scope,
)
from integrations.kinds.invoice_draft import bill_draft, interest_leg, is_interest
from integrations.kinds.payment import Payment, PaymentDraft, Receipt, assemble
from integrations.kinds.payment_drafts import Desired, desired_payments, merged
from integrations.kinds.proof.trust import TrustDemands, trust_demands
from integrations.kinds.proof.words import Expected, Standing
from integrations.kinds.trust_entry import TrustRow

# Without one of these lists less is known, and less is compared (rule R1.4); all but the last two a run can do without.
ACCOUNTS, RECEIPTS, TRUST_ROWS = "bank_accounts", "bank_transactions", "trust_transactions"
MEMOS, CHARGES, LINES, CONTACTS = "credit_memos", "interest_charges", "line_items", "contacts"
ITEMS = (
    mapping.SERVICE,
    mapping.HARD_COST,
    mapping.SOFT_COST,
    mapping.TAX,
    mapping.SECONDARY_TAX,
    mapping.DISCOUNT,
    mapping.ROUNDING,
)


@dataclass
class ClioBooks:
    """Clio as it was read: bills of every state, valid allocations, interest and receipts, all decoded.

    ``unreadable`` are bills that may be in scope and cannot be read, with the reason. ``closed`` are the lists that
    Clio does not let the connected user read.
    """

    bills: dict[str, Bill] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    allocations: dict[str, Allocation] = field(default_factory=dict)
    charges: dict[str, InterestCharge] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    memos: dict[str, Memo] = field(default_factory=dict)
    lines: dict[str, list[LineItem]] = field(default_factory=dict)  # by bill, of those that have an invoice
    contacts: dict[str, Contact] = field(default_factory=dict)
    trust: dict[str, TrustRow] = field(default_factory=dict)
    unreadable_trust: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)

    @property
    def knows_receipts(self) -> bool:
        return not self.closed & {ACCOUNTS, RECEIPTS}

    @property
    def knows_trust(self) -> bool:
        return not self.closed & {ACCOUNTS, TRUST_ROWS}

    def forget_bill(self, bill_id: str) -> None:
        """Before one bill is read again, everything that hangs on it is forgotten."""
        self.bills.pop(bill_id, None)
        self.unreadable.pop(bill_id, None)
        self.lines.pop(bill_id, None)
        for id in [id for id, a in self.allocations.items() if a.bill_id == bill_id]:
            del self.allocations[id]
        for id in [id for id, c in self.charges.items() if c.bill_id == bill_id]:
            del self.charges[id]


@dataclass
class Demands:
    """Every document Clio asks for, and what it says of balances.

    ``kept`` are documents that stay as they are, whatever they say: of bills that are drafts again. ``unclear`` are
    those of which nothing can be said, with the reason. ``mismatched`` are bills whose figures do not add up.
    ``unsplit`` are invoices of bills with interest while nobody can tell which part of them is interest.
    ``unlined`` are bills whose lines do not add up, as far as is known which of them the bill shows.
    ``balances`` are the open balances of the bills asked for, ``legs`` the invoices each of them asks for.
    """

    documents: dict[Ref, Expected] = field(default_factory=dict)
    kept: set[Ref] = field(default_factory=set)
    unclear: dict[Ref, str] = field(default_factory=dict)
    mismatched: set[str] = field(default_factory=set)
    unsplit: set[Ref] = field(default_factory=set)
    unlined: set[str] = field(default_factory=set)
    balances: dict[str, Decimal] = field(default_factory=dict)
    legs: dict[str, tuple[Ref, ...]] = field(default_factory=dict)
    trust: TrustDemands = field(default_factory=TrustDemands)


def may_be_in_scope(raw: Raw, start: date) -> bool:
    """Whether a bill that cannot be read is, or may be, in scope; what Clio hides tells nothing of itself."""
    state, issued = text(raw, "state"), text(raw, "issued_at")
    return state in ("", *LIVE_STATES) and (not issued or issued >= start.isoformat())


def demands(clio: ClioBooks, standing: Mapping[Ref, Standing], policy: Policy) -> Demands:
    """What should be in QuickBooks now, given which documents already stand for something."""
    book = Draftbook(_group(clio, standing), policy, Catalog())
    asked, linked = Demands(), _invoices_of(standing)
    for bill in sorted(clio.bills.values(), key=lambda b: id_order(b.id)):
        own = linked.get(bill.id, [])
        if CHARGES in clio.closed and any(is_interest(ref) for ref in own):
            asked.unsplit |= set(own)
        _ask_bill(book, asked, bill, own)
    for bill_id, reason in clio.unreadable.items():
        asked.unclear[Ref(Kind.INVOICE, bill_id)] = reason
    desired = desired_payments(book)
    payments = (_payment(book, draft) for draft in desired.drafts.values())
    asked.documents |= {one.ref: replace(one, at_least=not clio.knows_receipts) for one in payments}
    asked.kept |= _payments_left_alone(book, desired)
    applications = Applications(book)
    for note in book.group.credit_notes.values():
        _ask_credit_note(book, asked, applications, note)
    asked.trust = trust_demands(_trust_book(book), clio.unreadable_trust)
    return asked


def _group(clio: ClioBooks, standing: Mapping[Ref, Standing]) -> Group:
    """Everything Clio has as one group, so that the sync's own reading of payments applies to it."""
    by_bill = _listed(clio.allocations.values(), "bill_id")
    return Group(
        bills=clio.bills,
        unreadable_bills=clio.unreadable,
        allocations={id: tuple(found) for id, found in by_bill.items()},
        charges={id: tuple(found) for id, found in _listed(clio.charges.values(), "bill_id").items()},
        lines={id: tuple(found) for id, found in clio.lines.items()},
        payments=_payments(clio, by_bill),
        credit_notes=_credit_notes(clio),
        trust=clio.trust,
        links={ref: _link_state(link) for ref, link in standing.items()},
    )


def _trust_book(book: Draftbook) -> Draftbook:
    """The same with trust links only, which are searched row by row."""
    links = {ref: link for ref, link in book.group.links.items() if ref.kind is Kind.TRUST_ENTRY}
    return Draftbook(replace(book.group, links=links), book.policy, book.catalog)


def _link_state(link: Standing) -> LinkState:
    """Without fingerprints: what either side said earlier plays no part."""
    return LinkState(link.ref, link.entity, link.ledger_id, "", "", link.is_voided)


def _listed[T](items: Iterable[T], name: str) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for item in items:
        found.setdefault(getattr(item, name), []).append(item)
    return found


def _payments(clio: ClioBooks, by_bill: Mapping[str, list[Allocation]]) -> dict[str, Payment]:
    """Rule R4.1: payments put together from their allocations, with the receipts that may be theirs."""
    parts = _listed((a for a in clio.allocations.values() if a.is_payment and a.parent_id), "parent_id")
    receipts = _receipts(clio, by_bill)
    return {
        id: assemble(id, own, receipts.get(id, []), [a for bill in {a.bill_id for a in own} for a in by_bill[bill]])
        for id, own in parts.items()
    }


def _credit_notes(clio: ClioBooks) -> dict[str, CreditNote]:
    parts = _listed((a for a in clio.allocations.values() if not a.is_payment and a.parent_id), "parent_id")
    return {id: CreditNote(id, clio.memos.get(id), tuple(own)) for id, own in parts.items()}


def _receipts(clio: ClioBooks, by_bill: Mapping[str, list[Allocation]]) -> dict[str, list[Receipt]]:
    """Receipts by the payment they may belong to."""
    found: dict[str, list[Receipt]] = {}
    for receipt in clio.receipts.values():
        named = clio.allocations.get(receipt.allocation_id)
        payers = {named.parent_id} if named else {a.parent_id for a in by_bill.get(receipt.bill_id, ())}
        for payment_id in payers:
            found.setdefault(payment_id, []).append(receipt)
    return found


def _invoices_of(standing: Mapping[Ref, Standing]) -> dict[str, list[Ref]]:
    return _listed((ref for ref in standing if ref.kind is Kind.INVOICE), "practice_id")


def _ask_bill(book: Draftbook, asked: Demands, bill: Bill, linked: list[Ref]) -> None:
    """A bill in scope, or one that already has an invoice, asks for its own and one for each interest charge."""
    if bill.is_gone or not (bill.ref in linked or in_scope(bill, book.policy.start_date)):
        return
    if not bill.is_live or bill.ref in asked.unsplit:
        asked.kept |= set(linked)
        return
    try:
        legs = _legs(book, bill)
    except TotalMismatch as error:
        asked.unclear[bill.ref] = str(error)
        asked.mismatched.add(bill.id)
        return
    book.legs[bill.id] = {leg.ref: leg.amount for leg in legs}
    asked.documents |= {leg.ref: leg for leg in legs}
    asked.balances[bill.id] = bill.balance
    asked.legs[bill.id] = tuple(leg.ref for leg in legs)
    if bill.id in book.group.lines and not legs[0].lines:
        asked.unlined.add(bill.id)


def _legs(book: Draftbook, bill: Bill) -> list[Expected]:
    whole = bill_amount(bill, book.group.allocations.get(bill.id, ()))
    book.pending |= whole.pending_ids
    listed = () if bill.is_interest_bill else book.group.charges.get(bill.id, ())
    charges = sorted((charge for charge in listed if charge.total), key=lambda charge: id_order(charge.id))
    own = whole.whole - sum((charge.total for charge in charges), ZERO)
    main = Expected(bill.ref, f"Bill {bill.number}", bill.contact_id, own, bill.issued_at, bill.number)
    lines = _amounts(bill, own, book.group.lines.get(bill.id, ()), book.policy)
    return [replace(main, lines=lines), *(_interest(bill, charge) for charge in charges)]


def _amounts(bill: Bill, own: Decimal, lines: Sequence[LineItem], policy: Policy) -> tuple[tuple[Decimal, ...], ...]:
    """What the lines of its invoice may amount to; empty where that cannot be told.

    A new mapping, or another choice for taxes, rewrites nothing that is posted (rule R3.7): items are not compared, and
    taxes may be one line or two.
    """
    anywhere = replace(policy, targets={key: Target(key, key, key) for key in ITEMS}, broken=())
    try:
        drafts = [bill_draft(bill, own, lines, replace(anywhere, aggregate_tax=whole)) for whole in (False, True)]
    except TotalMismatch:
        return ()
    return tuple(tuple(sorted(line.amount for line in draft.lines if line.amount)) for draft in drafts)


def _interest(bill: Bill, charge: InterestCharge) -> Expected:
    ref = Ref(Kind.INVOICE, bill.id, interest_leg(charge))
    dated = charge.date or bill.issued_at
    title = f"Interest on bill {bill.number}"
    return Expected(ref, title, bill.contact_id, charge.total, dated, f"{bill.number}-I", starts_number=True)


def _payment(book: Draftbook, draft: PaymentDraft) -> Expected:
    bills = book.group.payments[draft.ref.practice_id].bill_ids
    applied = {line.invoice: line.amount for line in draft.lines}
    return Expected(
        ref=draft.ref,
        title=draft.title,
        contact_id=draft.contact.practice_id,
        amount=draft.amount,
        dated=draft.dated,
        reference=draft.reference.strip(),
        applied=applied,
        bills=bills,
    )


def _ask_credit_note(book: Draftbook, asked: Demands, applications: Applications, note: CreditNote) -> None:
    """Rule R5: one credit memo for what the note takes off posted bills; while one of those is unclear, it stays."""
    standing = [a for a in note.valid if not _has_ended(book, a.bill_id)]
    posted = [a for a in standing if is_posted(book, a.bill_id)]
    ref, bills = memo_ref(note.id), frozenset(a.bill_id for a in posted)
    if any(a.bill_id in book.group.unreadable_bills for a in standing) or bills - book.legs.keys():
        asked.kept |= {ref} & book.group.links.keys()
    elif posted:
        asked.documents[ref] = Expected(
            ref=ref,
            title=f"Credit note {credit_number(note.id)}",
            contact_id=book.group.bills[posted[0].bill_id].contact_id,
            amount=sum((a.amount for a in posted), ZERO),
            dated=note.dated if note.memo else None,
            number=credit_number(note.id),
            applied={line.invoice: line.amount for line in merged(x for a in posted for x in applications.lines(a))},
            bills=bills,
        )


def _has_ended(book: Draftbook, bill_id: str) -> bool:
    """A credit note on a bill that is void or deleted has ended as well, whatever Clio still lists of it."""
    bill = book.group.bills.get(bill_id)
    return bill is not None and bill.is_gone


def _payments_left_alone(book: Draftbook, desired: Desired) -> set[Ref]:
    """Rule R1.4: linked payments of which nothing is known as long as a date or one of their bills cannot be read."""
    linked = [ref for ref in book.group.links if ref.kind is Kind.PAYMENT and ref not in desired.drafts]
    return {ref for ref in linked if ref.practice_id in desired.as_they_are or _pays_the_unknown(book, ref)}


def _pays_the_unknown(book: Draftbook, ref: Ref) -> bool:
    payment = book.group.payments.get(ref.practice_id)
    return payment is not None and any(a.bill_id not in book.group.bills for a in payment.valid)
