"""Bills of Clio and the QuickBooks invoices that stand for them (rules R1.2 and R3): reading and amounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integrations.core import words
from integrations.core.money import ZERO, cents, number
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, day, identifier, money, nested, nested_id, rows, text, truth
from integrations.core.records import Kind, Ref, fingerprint

NUMBER_LENGTH = 21  # QuickBooks API reference: DocNumber
TOLERANCE = Decimal("0.05")  # rule R3.2: what may go to the rounding item

TRUST_KIND = "trust_kind"
LIVE_STATES = frozenset({"awaiting_payment", "paid"})
GONE_STATES = frozenset({"void", "deleted"})


@dataclass(frozen=True, slots=True)
class Discount:
    rate: Decimal = ZERO
    is_percentage: bool = False
    services_only: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """A Clio bill; amounts are in whole cents of ``currency`` ("" when Clio names none)."""

    id: str
    number: str
    state: str
    kind: str
    contact_id: str
    issued_at: date | None
    due_at: date | None
    currency: str
    total: Decimal
    due: Decimal
    balance: Decimal
    pending: Decimal
    sub_total: Decimal
    services_sub_total: Decimal
    tax: Decimal
    secondary_tax: Decimal
    discount: Discount
    subject: str
    matters: tuple[str, ...]
    is_interest_bill: bool

    @property
    def ref(self) -> Ref:
        return Ref(Kind.INVOICE, self.id)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def is_gone(self) -> bool:
        return self.state in GONE_STATES


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a Clio bill. ``shown`` is whether the bill shows it to its reader."""

    id: str
    bill_id: str
    type: str
    is_expense: bool
    date: date | None
    description: str
    sub_total: Decimal
    tax: Decimal
    secondary_tax: Decimal
    quantity: Decimal
    price: Decimal
    timekeeper: str
    matter: str
    activity_type: str
    category_id: str
    shown: bool
    ordering: int = 0

    @property
    def is_summary(self) -> bool:
        return self.type == "SummaryLineItem"

    @property
    def is_no_charge(self) -> bool:
        return self.type == "NoChargeLineItem"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Part of one payment or credit memo that pays one bill."""

    id: str
    bill_id: str
    parent_id: str
    is_payment: bool
    amount: Decimal
    date: date | None
    is_interest: bool
    is_valid: bool
    is_online: bool
    contact_id: str
    source_type: str
    source_id: str
    destination_id: str


@dataclass(frozen=True, slots=True)
class InterestCharge:
    id: str
    bill_id: str
    date: date | None
    description: str
    total: Decimal


def decode_bill(raw: Raw) -> Bill:
    """Raises Unreadable for a bill that Clio redacts or whose amounts are no amounts."""
    if truth(raw, "redacted"):
        raise Unreadable("Clio hides this bill from the user who connected it")
    discount = nested(raw, "discount")
    return Bill(
        id=identifier(raw),
        number=text(raw, "number").strip(),
        state=text(raw, "state"),
        kind=text(raw, "kind"),
        contact_id=nested_id(raw, "client"),
        issued_at=day(raw, "issued_at"),
        due_at=day(raw, "due_at"),
        currency=text(nested(raw, "currency"), "code"),
        total=money(raw, "total"),
        due=money(raw, "due"),
        balance=money(raw, "balance"),
        pending=money(raw, "pending"),
        sub_total=money(raw, "sub_total"),
        services_sub_total=money(raw, "services_sub_total"),
        tax=money(raw, "tax_sum"),
        secondary_tax=money(raw, "secondary_tax_sum"),
        discount=Discount(
            rate=_exact(discount, "rate"),
            is_percentage=text(discount, "type") == "percentage",
            services_only=truth(raw, "discount_services_only"),
        ),
        subject=text(raw, "subject"),
        matters=tuple(text(matter, "display_number") for matter in rows(raw, "matters")),
        is_interest_bill=bool(nested_id(raw, "original_bill")),
    )


def decode_line(raw: Raw) -> LineItem:
    activity, whole = nested(raw, "activity"), money(raw, "total")
    tax, secondary = money(raw, "tax"), money(raw, "secondary_tax")
    return LineItem(
        id=identifier(raw),
        bill_id=nested_id(raw, "bill"),
        type=text(raw, "type"),
        is_expense=text(raw, "kind") == "Expense",
        date=day(raw, "date"),
        description=text(raw, "description") or text(raw, "note"),
        sub_total=money(raw, "sub_total") if raw.get("sub_total") is not None else whole - tax - secondary,
        tax=tax,
        secondary_tax=secondary,
        quantity=_exact(raw, "quantity"),
        price=_exact(raw, "price"),
        timekeeper=text(nested(raw, "user"), "name"),
        matter=text(nested(raw, "matter"), "display_number"),
        activity_type=text(activity, "type"),
        category_id=nested_id(activity, "expense_category"),
        shown=raw.get("shown") is not False,
        ordering=int(_exact(raw, "group_ordering")),
    )


def decode_allocation(raw: Raw) -> Allocation:
    parent, source = nested(raw, "parent"), nested(raw, "source_bank_account")
    return Allocation(
        id=identifier(raw),
        bill_id=nested_id(raw, "bill"),
        parent_id=text(parent, "id"),
        is_payment=text(parent, "type") != "CreditMemo",
        amount=money(raw, "amount"),
        date=day(raw, "date"),
        is_interest=truth(raw, "interest"),
        is_valid=not text(raw, "voided_at"),
        is_online=truth(raw, "has_online_payment"),
        contact_id=nested_id(raw, "contact"),
        source_type=text(source, "type"),
        source_id=text(source, "id"),
        destination_id=nested_id(raw, "destination_bank_account"),
    )


def decode_interest(raw: Raw) -> InterestCharge:
    return InterestCharge(
        id=identifier(raw),
        bill_id=nested_id(raw, "bill"),
        date=day(raw, "date"),
        description=text(raw, "description"),
        total=money(raw, "total"),
    )


def voided(allocation: Allocation) -> Allocation:
    """The same allocation once Clio no longer has it."""
    return replace(allocation, is_valid=False)


def _exact(raw: Raw, name: str) -> Decimal:
    """A rate or a quantity, not rounded. Raises Unreadable on a value that is no number."""
    try:
        return number(raw.get(name))
    except ValueError as error:
        raise Unreadable(f"{name}: {error}") from error


def in_scope(bill: Bill, start_date: date) -> bool:
    """Rule R1.2 for a bill that is not linked yet: approved or paid, no trust request, issued since the start date."""
    return bill.is_live and bill.kind != TRUST_KIND and bill.issued_at is not None and bill.issued_at >= start_date


class TotalMismatch(ValueError):
    """What Clio says of a bill does not add up (rules R3.1, R3.2); the text says which figures."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What the contact was ever to pay, and which allocations are of card payments still on their way."""

    whole: Decimal
    pending_ids: frozenset[str] = frozenset()


def bill_amount(bill: Bill, allocations: Iterable[Allocation]) -> Amount:
    """Rule R3.1: balance and valid allocations, which have to equal ``due`` or ``total``. Raises TotalMismatch.

    Where Clio already lists the allocation of a pending card payment but still counts it in the balance,
    that allocation is told apart and not counted twice.
    """
    valid = [allocation for allocation in allocations if allocation.is_valid]
    whole = bill.balance + sum((allocation.amount for allocation in valid), ZERO)
    if whole in (bill.due, bill.total):
        return Amount(whole)
    on_their_way = _on_their_way(bill, valid)
    without = whole - sum((allocation.amount for allocation in on_their_way), ZERO)
    if on_their_way and without in (bill.due, bill.total):
        return Amount(without, frozenset(allocation.id for allocation in on_their_way))
    raise TotalMismatch(
        f"Clio's balance {words.amount(bill.balance)} and payments and credits of {words.amount(whole - bill.balance)} "
        f"make {words.amount(whole)}, but the bill says {words.amount(bill.total)}"
        + (f" (or {words.amount(bill.due)})" if bill.due != bill.total else "")
    )


def _on_their_way(bill: Bill, valid: Sequence[Allocation]) -> list[Allocation]:
    """The latest card payments that make up what Clio calls pending; all of them where none make it up exactly."""
    if not bill.pending:
        return []
    online = sorted(
        (allocation for allocation in valid if allocation.is_online),
        key=lambda allocation: (str(allocation.date), id_order(allocation.id)),
        reverse=True,
    )
    together = ZERO
    for count, allocation in enumerate(online, start=1):
        together += allocation.amount
        if together == bill.pending:
            return online[:count]
    return online


def chosen_lines(bill: Bill, lines: Sequence[LineItem]) -> tuple[LineItem, ...]:
    """Rule R3.2: the first set of lines whose sub-totals add up to the bill's. Raises TotalMismatch."""
    shown = [line for line in lines if line.shown]
    candidates = (
        [line for line in shown if not line.is_summary],
        [line for line in lines if not line.is_summary],
        shown,
    )
    for chosen in candidates:
        if _adds_up(bill, chosen):
            return tuple(sorted(chosen, key=lambda line: (line.ordering, line.date or date.min, id_order(line.id))))
    sums = ", ".join(words.amount(_sum(chosen)) for chosen in candidates)
    raise TotalMismatch(f"the bill's sub-total is {words.amount(bill.sub_total)}, but its lines add up to {sums}")


def _adds_up(bill: Bill, lines: Sequence[LineItem]) -> bool:
    """Clio's documents leave open whether ``sub_total`` and the lines are before or after the discount: each counts."""
    total = _sum(lines)
    worths = (ZERO, *discount_worths(bill, lines), -_taken_off(bill))
    return any(total - worth == bill.sub_total for worth in worths)


def _taken_off(bill: Bill) -> Decimal:
    """What the discount takes off ``sub_total``, where that is before it and the lines are after it."""
    base = bill.services_sub_total if bill.discount.services_only else bill.sub_total
    if not bill.discount.is_percentage:
        return min(bill.discount.rate, base)
    return cents(base * bill.discount.rate / 100)


def _sum(lines: Iterable[LineItem]) -> Decimal:
    return sum((line.sub_total for line in charged(lines)), ZERO)


def charged(lines: Iterable[LineItem]) -> list[LineItem]:
    """Without the lines that are only text: whatever figures Clio keeps on them, nobody pays them (rule R3.2)."""
    return [line for line in lines if not line.is_no_charge]


def discount_worths(bill: Bill, lines: Sequence[LineItem]) -> tuple[Decimal, ...]:
    """What the bill's discount can be worth in money; empty when there is none."""
    if not bill.discount.rate:
        return ()
    base = [line for line in charged(lines) if not (bill.discount.services_only and line.is_expense)]
    if not bill.discount.is_percentage:
        return bill.discount.rate, min(bill.discount.rate, _sum(base))  # Clio takes no more off than there is
    taxes = sum((line.tax + line.secondary_tax for line in base), ZERO)
    share = bill.discount.rate / 100
    return cents(_sum(base) * share), cents((_sum(base) + taxes) * share)


def int_or_zero(text_: str) -> int:
    return int(text_) if text_.isascii() and text_.isdigit() else 0


def id_order(id_: str) -> tuple[int, str]:
    """Sorts ids by age: Clio counts them up. Anything that is no number comes first, by its text."""
    return int_or_zero(id_), id_


def ledger_fingerprint(raw: Raw) -> str:
    """A digest of what a person could change on our invoice: number, dates, customer, total and lines."""
    lines = [
        (
            text(line, "DetailType"),
            money(line, "Amount"),
            text(line, "Description"),
            text(nested(nested(line, "SalesItemLineDetail"), "ItemRef"), "value"),
        )
        for line in rows(raw, "Line")
        if text(line, "DetailType") != "SubTotalLineDetail"
    ]
    return fingerprint(
        {
            "DocNumber": text(raw, "DocNumber"),
            "TxnDate": text(raw, "TxnDate"),
            "DueDate": text(raw, "DueDate"),
            "CustomerRef": text(nested(raw, "CustomerRef"), "value"),
            "TotalAmt": money(raw, "TotalAmt"),
            "Line": lines,
        }
    )
