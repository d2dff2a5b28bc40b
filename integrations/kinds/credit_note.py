"""Credit notes: Clio's, put together from memo and allocations, and the QuickBooks documents they become (rule R5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.core import mapping
from integrations.core.changes import Books
from integrations.core.mapping import Policy, Target
from integrations.core.money import ZERO, allocate
from integrations.core.ports import Raw
from integrations.core.posting import Posting, gathered, post
from integrations.core.read import day, identifier, money, nested, rows, text, truth
from integrations.core.records import Kind, Ref, fingerprint
from integrations.core.text import clean_lines
from integrations.kinds.contact import with_mark
from integrations.kinds.invoice import Allocation
from integrations.kinds.invoice_draft import NOTE_LENGTH, SERVICES_DISCOUNT, DraftLine, InvoiceDraft, sales_line
from integrations.kinds.payment import PaymentLine, lines_of_others, linked

APPLY = "apply"  # the leg of the zero payment that sets a credit memo against invoices
EMPTIED = "Voided in Clio"
_TAXES = (mapping.TAX, mapping.SECONDARY_TAX)
_TAKEN_OFF = (mapping.DISCOUNT, mapping.ROUNDING)


@dataclass(frozen=True, slots=True)
class Memo:
    """A credit memo of Clio; what it pays is told by its allocations only."""

    id: str
    amount: Decimal
    date: date | None
    description: str
    is_discount: bool
    is_voided: bool


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note of Clio. ``memo`` is None where Clio's list of them could not be read.

    ``allocations`` are all of them, voided ones too.
    """

    id: str
    memo: Memo | None
    allocations: tuple[Allocation, ...]

    @property
    def valid(self) -> tuple[Allocation, ...]:
        if self.memo is not None and self.memo.is_voided:
            return ()
        return tuple(allocation for allocation in self.allocations if allocation.is_valid)

    @property
    def dated(self) -> date | None:
        if self.memo is not None and self.memo.date is not None:
            return self.memo.date
        return min((allocation.date for allocation in self.valid if allocation.date), default=None)

    @property
    def amount(self) -> Decimal:
        """What Clio says it is worth, whatever it pays."""
        allocated = sum((allocation.amount for allocation in self.valid), ZERO)
        return max(self.memo.amount, allocated) if self.memo is not None else allocated

    @property
    def is_discount(self) -> bool:
        return self.memo is not None and self.memo.is_discount

    def purpose(self, policy: Policy) -> str:
        return mapping.DISCOUNTED if self.is_discount else policy.credit_purpose


def decode_memo(raw: Raw) -> Memo:
    """Raises Unreadable where the amount or the date is none."""
    return Memo(
        id=identifier(raw),
        amount=money(raw, "amount"),
        date=day(raw, "date"),
        description=clean_lines(text(raw, "description")),
        is_discount=truth(raw, "discount"),
        is_voided=bool(text(raw, "voided_at")),
    )


def memo_ref(note_id: str) -> Ref:
    return Ref(Kind.CREDIT_NOTE, note_id)


def apply_ref(note_id: str) -> Ref:
    return Ref(Kind.CREDIT_NOTE, note_id, APPLY)


@dataclass(frozen=True, slots=True)
class CreditMemoDraft:
    """A credit memo; its lines are positive and take back what the invoice's lines brought."""

    ref: Ref
    number: str
    contact: Ref
    dated: date
    lines: tuple[DraftLine, ...]
    amount: Decimal
    note: str
    policy: Policy
    fingerprint: str
    entity: str = "CreditMemo"

    @property
    def title(self) -> str:
        return f"Credit note {self.number}"

    def postings(self) -> tuple[Posting, ...]:
        taken_back = (post(line.target.account, line.amount) for line in self.lines if line.target)
        return gathered([*taken_back, post(mapping.RECEIVABLE, -self.amount)])

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        body: dict[str, object] = {
            "DocNumber": self.number,
            "TxnDate": self.dated.isoformat(),
            "CustomerRef": {"value": books.ledger_id(self.contact)},
            "PrivateNote": with_mark(_note(current) or self.note, self.ref, self.policy.slug, NOTE_LENGTH),
            "Line": [sales_line(line, self.policy) for line in self.lines],
        }
        if not self.policy.is_us:
            body["GlobalTaxCalculation"] = "NotApplicable"
        return body if current is None else _head(current) | body


def _head(current: Raw) -> dict[str, object]:
    return {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken"), "sparse": True}


def _note(current: Raw | None) -> str:
    """What the document's note says now; that it was emptied is over."""
    said = text(current or {}, "PrivateNote").splitlines()
    return "\n".join(line for line in said if line.strip() != EMPTIED)


@dataclass(frozen=True, slots=True)
class EmptiedMemo:
    """A credit memo as it is emptied in place: QuickBooks has no void for it (rule R1.6). ``raw`` is what it is now."""

    ref: Ref
    title: str
    raw: Raw
    policy: Policy
    entity: str = "CreditMemo"
    amount: Decimal = ZERO
    fingerprint: str = "void"

    @property
    def dated(self) -> date | None:
        return day(self.raw, "TxnDate")

    def postings(self) -> tuple[Posting, ...]:
        """What emptying takes back, as far as the memo itself tells."""
        accounts = {target.ledger_id: target.account for target in self.policy.targets.values()}
        lines = []
        for line in _sold(self.raw):
            item = nested(nested(line, "SalesItemLineDetail"), "ItemRef")
            account = accounts.get(text(item, "value")) or text(item, "name") or "Income"
            lines.append(post(account, -money(line, "Amount")))
        return gathered([post(mapping.RECEIVABLE, money(self.raw, "TotalAmt")), *lines])

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        shown = self.raw if current is None else current
        body: dict[str, object] = {
            "DocNumber": text(shown, "DocNumber"),
            "TxnDate": text(shown, "TxnDate"),
            "CustomerRef": {"value": text(nested(shown, "CustomerRef"), "value")},
            "PrivateNote": with_mark(f"{EMPTIED}\n{_note(shown)}", self.ref, self.policy.slug, NOTE_LENGTH),
            "Line": [_emptied(line) for line in _sold(shown)],
        }
        if not self.policy.is_us:
            body["GlobalTaxCalculation"] = "NotApplicable"
        return _head(shown) | body


def _sold(raw: Raw) -> Iterable[Raw]:
    return (line for line in rows(raw, "Line") if text(line, "DetailType") == "SalesItemLineDetail")


def _emptied(line: Raw) -> dict[str, object]:
    detail = nested(line, "SalesItemLineDetail")
    kept = {name: detail[name] for name in ("ItemRef", "TaxCodeRef", "ServiceDate", "ClassRef") if name in detail}
    head = {name: line[name] for name in ("Id", "Description") if name in line}
    empty = {"Qty": Decimal(1), "UnitPrice": ZERO}
    return {**head, "DetailType": "SalesItemLineDetail", "Amount": ZERO, "SalesItemLineDetail": {**kept, **empty}}


@dataclass(frozen=True, slots=True)
class ApplicationDraft:
    """The payment of nothing that sets a credit memo against invoices (Intuit docs: Payment, linked transactions)."""

    ref: Ref
    contact: Ref
    dated: date
    memo: Ref
    lines: tuple[PaymentLine, ...]
    policy: Policy
    entity: str = "Payment"
    amount: Decimal = ZERO

    @property
    def title(self) -> str:
        return f"Application of credit note {credit_number(self.ref.practice_id)}"

    @property
    def applied(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def fingerprint(self) -> str:
        lines = sorted((str(line.invoice), line.amount) for line in self.lines)
        return fingerprint([str(self.contact), self.dated, lines])

    def postings(self) -> tuple[Posting, ...]:
        """None: what is taken from the credit memo's receivable is given to the invoices'."""
        return ()

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        lines = [linked(books.ledger_id(self.memo), self.applied, "CreditMemo")]
        lines += [linked(books.ledger_id(line.invoice), line.amount) for line in self.lines]
        if current is not None:
            lines = [*lines_of_others(current, books), *lines]
        body: dict[str, object] = {
            "CustomerRef": {"value": books.ledger_id(self.contact)},
            "TxnDate": self.dated.isoformat(),
            "TotalAmt": ZERO,
            "PrivateNote": with_mark(text(current or {}, "PrivateNote"), self.ref, self.policy.slug, NOTE_LENGTH),
            "Line": lines,
        }
        return body if current is None else _head(current) | body


def credit_number(note_id: str) -> str:
    return f"CN-{note_id}"


Shares = Mapping[str, tuple[Target, Decimal]]  # what part of the bill, by its key, is credited: item and amount


def shares_of(parts: Sequence[tuple[InvoiceDraft, Decimal]]) -> Shares:
    """Each amount split over the lines of its invoice; what falls on one key of several invoices is added up."""
    found: dict[str, tuple[Target, Decimal]] = {}
    for invoice, amount in parts:
        for key, target, share in _split(invoice, amount):
            found[key] = target, share + (found[key][1] if key in found else ZERO)
    return found


def _split(invoice: InvoiceDraft, amount: Decimal) -> list[tuple[str, Target, Decimal]]:
    """``amount`` over the items and taxes of an invoice in proportion, to the cent by largest remainder.

    What the bill takes off, discount, rounding and items below zero, takes off from each item alike and not from
    taxes, so that a credit of the whole bill brings back exactly its taxes. No share is below zero.
    """
    targets, sums = _by_key(invoice)
    untaxed = {key: worth for key, worth in sums.items() if key not in _TAXES}
    sold = {key: worth for key, worth in untaxed.items() if worth > 0 and key not in _TAKEN_OFF}
    net, gross = max(sum(untaxed.values(), ZERO), ZERO), sum(sold.values(), ZERO)
    weights = {key: worth * net for key, worth in sold.items()}
    weights |= {key: sums[key] * (gross or Decimal(1)) for key in _TAXES if sums.get(key, ZERO) > 0}
    if not any(weights.values()):
        weights = {next(iter(targets)): Decimal(1)}
    shares = allocate(amount, list(weights.values()))
    return [(key, targets[key], share) for key, share in zip(weights, shares, strict=True) if share]


def _by_key(invoice: InvoiceDraft) -> tuple[dict[str, Target], dict[str, Decimal]]:
    """Item and worth of each part of the bill; a discount on services only makes services worth less."""
    targets: dict[str, Target] = {}
    sums: dict[str, Decimal] = {}
    for line in invoice.lines:
        if line.target is not None:
            key = mapping.SERVICE if line.key == SERVICES_DISCOUNT else line.key
            targets.setdefault(key, line.target)
            sums[key] = sums.get(key, ZERO) + line.amount
    return targets, sums


def memo_draft(
    note: CreditNote, contact: Ref, dated: date, shares: Shares, bills: str, policy: Policy
) -> CreditMemoDraft:
    """The credit memo of a note on these bills; a mapping does not count in its fingerprint, so none rewrites it."""
    number, amount = credit_number(note.id), sum((share for _, share in shares.values()), ZERO)
    own_key = mapping.credit_key(note.purpose(policy))
    own_item = policy.target(own_key)
    lines = [(key, target, share) for key, (target, share) in shares.items()]
    if own_item is not None:
        lines = [(own_key, own_item, amount)]
    return CreditMemoDraft(
        ref=memo_ref(note.id),
        number=number,
        contact=contact,
        dated=dated,
        lines=tuple(DraftLine(share, f"Credit on bill {bills}", target, key) for key, target, share in lines),
        amount=amount,
        note=note.memo.description if note.memo else "",
        policy=policy,
        fingerprint=fingerprint([number, dated, str(contact), amount, note.is_discount, _by_nature(shares)]),
    )


def _by_nature(shares: Shares) -> list[tuple[str, Decimal]]:
    """The shares by what they are in Clio; whether the firm keeps its two taxes apart makes no difference."""
    sums: dict[str, Decimal] = {}
    for key, (_, share) in shares.items():
        nature = mapping.TAX if key in _TAXES else key
        sums[nature] = sums.get(nature, ZERO) + share
    return sorted(sums.items())
