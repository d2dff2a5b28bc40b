"""Payments: Clio's, seen only through their allocations, and QuickBooks's (rule R4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integrations.core import mapping, words
from integrations.core.changes import Books
from integrations.core.mapping import Policy, Target
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.posting import Posting, gathered, post
from integrations.core.read import Unreadable, day, identifier, money, nested, nested_id, rows, text
from integrations.core.records import Kind, Ref, fingerprint
from integrations.core.text import clean, clip
from integrations.kinds.contact import with_mark
from integrations.kinds.invoice import Allocation
from integrations.kinds.invoice_draft import NOTE_LENGTH

REFERENCE_LENGTH = 21  # QuickBooks API reference: PaymentRefNum
TRUST = "Trust"
OPERATING = "Operating"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A row of an Operating bank account of Clio: where a payment's whole amount and reference can be read.

    ``amount`` is above zero for money in, below zero for money out, and zero for a row that is gone. ``contact_id`` is
    whose money it is.
    """

    id: str
    bill_id: str
    allocation_id: str
    date: date | None
    amount: Decimal
    reference: str
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """A Clio payment put together from its allocations; ``allocations`` are all of them, voided ones too.

    ``amount`` is what was received; it can be more than the valid allocations. ``payer`` is whose money the bank row
    says it is, empty where none does; a payment may be for bills of others too. ``standing`` is what bank rows of its
    voided allocations still show beyond that: money nobody gave back. ``is_traced`` says whether such rows would tell.
    """

    id: str
    allocations: tuple[Allocation, ...]
    amount: Decimal
    reference: str
    standing: Decimal = ZERO
    is_traced: bool = False
    payer: str = ""

    @property
    def valid(self) -> tuple[Allocation, ...]:
        return tuple(allocation for allocation in self.allocations if allocation.is_valid)

    @property
    def dated(self) -> date | None:
        return min((allocation.date for allocation in self.valid if allocation.date), default=None)

    @property
    def contact_id(self) -> str:
        return next((allocation.contact_id for allocation in self.allocations if allocation.contact_id), "")

    @property
    def bill_ids(self) -> frozenset[str]:
        return frozenset(allocation.bill_id for allocation in self.allocations if allocation.bill_id)

    @property
    def is_from_trust(self) -> bool:
        return any(allocation.source_type == TRUST for allocation in self.valid)

    @property
    def is_from_operating_funds(self) -> bool:
        """Rule R4.3: money the firm already holds for the contact, so no new cash."""
        return any(allocation.source_type == OPERATING for allocation in self.valid)

    @property
    def destination_id(self) -> str:
        return next((allocation.destination_id for allocation in self.valid if allocation.destination_id), "")


def payment_title(payment: Payment) -> str:
    return title_of(payment.reference, payment.amount, payment.dated, payment.id)


def title_of(reference: str, amount: Decimal, on: date | None, id: str) -> str:
    """A payment as people know it: by its reference, else by amount and day; Clio shows its id to nobody."""
    if reference:
        return f"Payment {reference}"
    return f"Payment of {words.amount(amount)} on {words.day(on)}" if amount and on else f"Payment {id}"


def posted_title(raw: Raw | None, id: str) -> str:
    """The same of one that only QuickBooks still has as it was."""
    known = raw or {}
    try:
        return title_of(text(known, "PaymentRefNum"), money(known, "TotalAmt"), day(known, "TxnDate"), id)
    except Unreadable:
        return title_of("", ZERO, None, id)


def decode_receipt(raw: Raw) -> Receipt | None:
    """The row as a receipt, or None where it is not money of a bill on an Operating account."""
    amount = money(raw, "funds_in") - money(raw, "funds_out")
    bill_id, allocation_id = nested_id(raw, "bill"), nested_id(raw, "allocation")
    if text(nested(raw, "bank_account"), "type") != OPERATING or not amount or not (bill_id or allocation_id):
        return None
    reference = clip(clean(text(raw, "confirmation")), REFERENCE_LENGTH)
    whose = nested_id(raw, "client")
    return Receipt(identifier(raw), bill_id, allocation_id, day(raw, "date"), amount, reference, whose)


def assemble(
    payment_id: str,
    allocations: Sequence[Allocation],
    receipts: Sequence[Receipt],
    others: Sequence[Allocation] = (),
) -> Payment:
    """Rule R4.1: the valid allocations, raised to the one receipt that carries any of them.

    ``others`` are allocations of further payments on the same bills, whose receipts these could be as well.
    """
    valid = [allocation for allocation in allocations if allocation.is_valid]
    allocated, rows_in = sum((allocation.amount for allocation in valid), ZERO), _less_what_went_out(receipts)
    receipt = _the_receipt(valid, allocated, rows_in, others)
    amount = max(allocated, receipt.amount) if receipt else allocated
    rest = [row for row in rows_in if row != receipt]
    kept = _kept([a for a in allocations if not a.is_valid], rest, [a for a in others if a.parent_id != payment_id])
    return Payment(
        id=payment_id,
        allocations=tuple(allocations),
        amount=amount,
        reference=receipt.reference if receipt else "",
        standing=ZERO if kept is None else kept if receipt else max(kept - allocated, ZERO),
        is_traced=kept is not None and _is_named(allocations, receipts),
        payer=receipt.contact_id if receipt else "",
    )


def _less_what_went_out(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Money in, less what a row that names the same thing took out again; a row nothing is left of is none.

    What went out in another amount than any that came in is taken off only where a single row can be meant.
    """
    left = {row.id: row for row in receipts if row.amount > 0}
    for out in (row for row in receipts if row.amount < 0):
        alike = [row for row in left.values() if _names(row) == _names(out) and row.amount + out.amount >= 0]
        fitting = [row for row in alike if row.amount + out.amount == 0][:1] or alike
        if len(fitting) == 1:
            left[fitting[0].id] = replace(fitting[0], amount=fitting[0].amount + out.amount)
    return [row for row in left.values() if row.amount > 0]


def _names(receipt: Receipt) -> tuple[str, str]:
    return receipt.bill_id, receipt.allocation_id


def _is_named(allocations: Sequence[Allocation], receipts: Sequence[Receipt]) -> bool:
    """Whether any bank row, one that is gone too, names this payment."""
    ids, bills = {a.id for a in allocations}, {(a.bill_id, a.date) for a in allocations}
    return any(r.allocation_id in ids or (not r.allocation_id and (r.bill_id, r.date) in bills) for r in receipts)


def _kept(voided: Sequence[Allocation], rows_in: Sequence[Receipt], others: Sequence[Allocation]) -> Decimal | None:
    """What bank rows of voided allocations still show; None where they cannot be told from those of other payments."""
    ids, bills = {allocation.id for allocation in voided}, {(a.bill_id, a.date) for a in voided}
    if named := [row.amount for row in rows_in if row.allocation_id in ids]:
        return sum(named, ZERO)
    near = [row for row in rows_in if not row.allocation_id and (row.bill_id, row.date) in bills]
    for amount in _paid_by_others(bills, others):
        taken = next((row for row in near if row.amount == amount), None)
        near = [row for row in near if row is not taken]
    whole = sum((allocation.amount for allocation in voided), ZERO)
    fitting = [row for row in near if row.amount == whole] or near
    if len(fitting) > 1:
        return None
    return fitting[0].amount if fitting else ZERO


def _paid_by_others(bills: Collection[tuple[str, date | None]], others: Sequence[Allocation]) -> list[Decimal]:
    """What each other payment that stands paid on these bills on these days."""
    sums: dict[str, Decimal] = {}
    for other in others:
        if other.is_valid and (other.bill_id, other.date) in bills:
            sums[other.parent_id] = sums.get(other.parent_id, ZERO) + other.amount
    return list(sums.values())


def _the_receipt(
    valid: Sequence[Allocation], allocated: Decimal, receipts: Sequence[Receipt], others: Sequence[Allocation]
) -> Receipt | None:
    """A row that names an allocation wins; one that names only a bill has to fit in date and amount, and be alone.

    Where another payment was made on the bill that day, only a row of exactly this amount is this payment's.
    """
    ids = {allocation.id for allocation in valid}
    named = [receipt for receipt in receipts if receipt.allocation_id in ids]
    if named:
        return named[0] if len(named) == 1 else None
    bills = {(allocation.bill_id, allocation.date) for allocation in valid}
    same_day = [r for r in receipts if not r.allocation_id and (r.bill_id, r.date) in bills]
    shared = any((other.bill_id, other.date) in bills for other in others if other.is_valid and other.id not in ids)
    fitting = [r for r in same_day if (r.amount == allocated if shared else r.amount >= allocated) and allocated > 0]
    return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """``amount`` of the payment goes to this invoice."""

    invoice: Ref
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """One receive-payment; what its lines leave of ``amount`` stays the customer's open credit."""

    ref: Ref
    contact: Ref
    dated: date
    amount: Decimal
    reference: str
    deposit: Target | None
    lines: tuple[PaymentLine, ...]
    policy: Policy
    keeps_reference: bool = False  # a person's own payment, adopted: what Clio leaves blank stays as it was entered
    source: str = ""  # what the deposit account was chosen by, so that a new mapping rewrites nothing
    entity: str = "Payment"

    @property
    def title(self) -> str:
        return title_of(self.reference, self.amount, self.dated, self.ref.practice_id)

    @property
    def applied(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def fingerprint(self) -> str:
        lines = sorted((str(line.invoice), line.amount) for line in self.lines)
        return fingerprint([str(self.contact), self.dated, self.amount, self.reference, self.source, lines])

    def postings(self) -> tuple[Posting, ...]:
        account = self.deposit.account if self.deposit else "Undeposited Funds"
        return gathered([post(account, self.amount), post(mapping.RECEIVABLE, -self.amount)])

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        body: dict[str, object] = {
            "CustomerRef": {"value": books.ledger_id(self.contact)},
            "TxnDate": self.dated.isoformat(),
            "TotalAmt": self.amount,
            "PaymentRefNum": self.reference,
            "PrivateNote": with_mark(text(current or {}, "PrivateNote"), self.ref, self.policy.slug, NOTE_LENGTH),
            "Line": [linked(books.ledger_id(line.invoice), line.amount) for line in self.lines],
        }
        if self.keeps_reference and not self.reference:
            del body["PaymentRefNum"]
        if self.deposit and not self.keeps_reference:
            body["DepositToAccountRef"] = {"value": self.deposit.ledger_id}
        if current is None:
            return {key: value for key, value in body.items() if value != ""}
        body["Line"] = [*lines_of_others(current, books), *_as_list(body["Line"])]
        return {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken"), "sparse": True} | body


def linked(ledger_id: str, amount: Decimal, entity: str = "Invoice") -> dict[str, object]:
    """A payment's line that is linked to one document."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": ledger_id, "TxnType": entity}]}


def lines_of_others(current: Raw, books: Books) -> list[dict[str, object]]:
    """Lines a person added for documents that are not ours; a line array is replaced whole, so they go back as read."""
    kept = []
    for line in rows(current, "Line"):
        linked = list(rows(line, "LinkedTxn"))
        if linked and not any(books.is_ours(text(txn, "TxnType"), text(txn, "TxnId")) for txn in linked):
            kept.append({"Amount": line.get("Amount"), "LinkedTxn": [_key(txn) for txn in linked]})
    return kept


def _key(txn: Raw) -> dict[str, str]:
    return {"TxnId": text(txn, "TxnId"), "TxnType": text(txn, "TxnType")}


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def leg_of(contact_id: str) -> str:
    return contact_id


def payment_ref(payment_id: str, contact_id: str) -> Ref:
    return Ref(Kind.PAYMENT, payment_id, leg_of(contact_id))


def deposit_target(payment: Payment, policy: Policy) -> Target | None:
    """Rule R4.4. None means QuickBooks's own default, Undeposited Funds.

    Raises LookupError, naming the account, where trust money has no mapped account to go to, or the one that was
    mapped no longer serves.
    """
    if payment.is_from_trust:
        target = policy.target(mapping.IN_TRANSIT)
        if target is None:
            raise LookupError(mapping.IN_TRANSIT)
        return target
    wanted = (mapping.deposit_key(payment.destination_id), mapping.DEPOSIT)
    target = policy.target(*wanted)
    if target is None and any(key in policy.broken for key in wanted):
        raise LookupError(mapping.DEPOSIT)
    return target


def ledger_fingerprint(raw: Raw) -> str:
    """A digest of what a person could change on our payment; which documents it pays is compared elsewhere."""
    return fingerprint(
        {
            "TotalAmt": money(raw, "TotalAmt"),
            "TxnDate": text(raw, "TxnDate"),
            "CustomerRef": text(nested(raw, "CustomerRef"), "value"),
            "PaymentRefNum": text(raw, "PaymentRefNum"),
            "DepositToAccountRef": text(nested(raw, "DepositToAccountRef"), "value"),
        }
    )


def applied_by(raw: Raw, entity: str = "Invoice") -> Mapping[str, Decimal]:
    """Invoice id to the amount this QuickBooks payment applies to it; or credit memo id to what it uses of it."""
    applied: dict[str, Decimal] = {}
    for line in rows(raw, "Line"):
        for txn in rows(line, "LinkedTxn"):
            if text(txn, "TxnType") == entity:
                ledger_id = text(txn, "TxnId")
                applied[ledger_id] = applied.get(ledger_id, ZERO) + money(line, "Amount")
    return applied
