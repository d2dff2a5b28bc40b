"""The QuickBooks invoice a bill, or an interest charge on it, should have (rules R3.2 to R3.4, R3.6)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integrations.core import mapping, words
from integrations.core.changes import Books
from integrations.core.mapping import Policy, Target
from integrations.core.money import ZERO, cents
from integrations.core.ports import Raw
from integrations.core.posting import Posting, gathered, post
from integrations.core.read import text
from integrations.core.records import Kind, Ref, fingerprint
from integrations.core.text import clean, clean_lines, clip
from integrations.kinds.contact import with_mark
from integrations.kinds.invoice import (
    TOLERANCE,
    Bill,
    InterestCharge,
    LineItem,
    TotalMismatch,
    charged,
    chosen_lines,
    discount_worths,
)

NOTE_LENGTH = 4000
VOIDED = "Voided - "  # QuickBooks API reference, Invoice: void
DESCRIPTION_LENGTH = 4000
SERVICES_DISCOUNT = f"{mapping.DISCOUNT}:services"  # what a discount on services only is; mapped like any discount


class MappingMissing(LookupError):
    """A line has nowhere to go; the text names what has to be mapped."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line; ``target`` is None for a line that is only text. ``quantity`` and ``price`` may be None.

    ``key`` is what the line is in Clio's books, whatever it is mapped to.
    """

    amount: Decimal
    description: str
    target: Target | None
    key: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    service_date: date | None = None


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    ref: Ref
    number: str
    contact: Ref
    dated: date
    due_date: date | None
    lines: tuple[DraftLine, ...]
    amount: Decimal
    note: str
    policy: Policy
    fingerprint: str
    entity: str = "Invoice"

    @property
    def title(self) -> str:
        return f"Bill {self.number}"

    def postings(self) -> tuple[Posting, ...]:
        income = (post(line.target.account, -line.amount) for line in self.lines if line.target)
        return gathered([post(mapping.RECEIVABLE, self.amount), *income])

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        body: dict[str, object] = {
            "DocNumber": self.number,
            "TxnDate": self.dated.isoformat(),
            "CustomerRef": {"value": books.ledger_id(self.contact)},
            "PrivateNote": with_mark(_note(current) or self.note, self.ref, self.policy.slug, NOTE_LENGTH),
            "Line": [sales_line(line, self.policy) for line in self.lines],
        }
        if self.due_date:
            body["DueDate"] = self.due_date.isoformat()
        if not self.policy.is_us:
            body["GlobalTaxCalculation"] = "NotApplicable"
        if current is None:
            return body
        return {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken"), "sparse": True} | body


def _note(current: Raw | None) -> str:
    """What the document's note says now; what QuickBooks put before it when it was voided is over."""
    return text(current or {}, "PrivateNote").removeprefix(VOIDED)


def sales_line(line: DraftLine, policy: Policy) -> dict[str, object]:
    """The line as sales forms have it (Intuit docs: SalesItemLineDetail)."""
    if line.target is None:
        return {"DetailType": "DescriptionOnly", "Description": line.description, "DescriptionLineDetail": {}}
    detail: dict[str, object] = {"ItemRef": {"value": line.target.ledger_id}}
    detail |= {"Qty": line.quantity or Decimal(1), "UnitPrice": line.price if line.quantity else line.amount}
    if line.service_date:
        detail["ServiceDate"] = line.service_date.isoformat()
    if policy.is_us:
        detail["TaxCodeRef"] = {"value": "NON"}
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": line.amount,
        "Description": line.description,
        "SalesItemLineDetail": detail,
    }


def bill_draft(bill: Bill, amount: Decimal, lines: Sequence[LineItem], policy: Policy) -> InvoiceDraft:
    """The invoice of a bill's own lines, worth ``amount`` (interest charges not counted).

    Raises TotalMismatch where the lines cannot be made to add up, MappingMissing where a line has no item.
    """
    if amount < 0:
        raise TotalMismatch(f"{words.amount(amount)} is below zero, and QuickBooks takes no such invoice")
    chosen = chosen_lines(bill, lines)
    drafted = [_drafted(line, policy) for line in chosen]
    drafted += _closing_lines(bill, amount, charged(chosen), policy)
    if not any(line.target for line in drafted):
        # QuickBooks wants one line with an item even on a zero invoice.
        drafted.append(DraftLine(ZERO, "No charge", _target(policy, mapping.SERVICE), mapping.SERVICE))
    return InvoiceDraft(
        ref=bill.ref,
        number=bill.number,
        contact=Ref(Kind.CONTACT, bill.contact_id),
        dated=_issued(bill),
        due_date=bill.due_at,
        lines=tuple(drafted),
        amount=amount,
        note=f"Matter {', '.join(bill.matters)}" if any(bill.matters) else "",
        policy=policy,
        fingerprint=bill_fingerprint(bill, amount, chosen),
    )


def bill_fingerprint(bill: Bill, amount: Decimal, lines: Sequence[LineItem]) -> str:
    """A digest of what Clio says of the bill; its mapping does not count, so that a new mapping rewrites nothing."""
    return fingerprint([bill.number, bill.issued_at, bill.due_at, bill.contact_id, amount, list(lines)])


def interest_leg(charge: InterestCharge) -> str:
    return f"interest-{charge.id}"


def is_interest(ref: Ref) -> bool:
    """Whether the invoice of this Ref is that of an interest charge."""
    return ref.kind is Kind.INVOICE and ref.leg.startswith("interest-")


def interest_draft(bill: Bill, charge: InterestCharge, index: int, policy: Policy) -> InvoiceDraft:
    """Rule R3.4: one invoice per interest charge, numbered ``<bill number>-I<index>``.

    Raises MappingMissing, and TotalMismatch for a charge below zero.
    """
    if charge.total < 0:
        raise TotalMismatch(f"an interest charge of {words.amount(charge.total)} is below zero")
    charged_on = charge.date or _issued(bill)
    number = f"{bill.number}-I{index}"
    description = clean_lines(charge.description) or f"Interest on bill {bill.number}"
    return InvoiceDraft(
        ref=Ref(Kind.INVOICE, bill.id, interest_leg(charge)),
        number=number,
        contact=Ref(Kind.CONTACT, bill.contact_id),
        dated=charged_on,
        due_date=None,
        lines=(
            DraftLine(
                charge.total,
                description,
                _target(policy, mapping.INTEREST),
                mapping.INTEREST,
                service_date=charged_on,
            ),
        ),
        amount=charge.total,
        note="",
        policy=policy,
        fingerprint=fingerprint([number, charged_on, bill.contact_id, charge.total]),
    )


def _issued(bill: Bill) -> date:
    if bill.issued_at is None:
        raise TotalMismatch("the bill has no issue date")
    return bill.issued_at


def _drafted(line: LineItem, policy: Policy) -> DraftLine:
    description = _description(line)
    if line.is_no_charge:
        return DraftLine(ZERO, description, None)
    keys = _item_keys(line)
    exact = line.quantity > 0 and cents(line.quantity * line.price) == line.quantity * line.price == line.sub_total
    return DraftLine(
        amount=line.sub_total,
        description=description,
        target=_target(policy, *keys),
        key=keys[0],
        quantity=line.quantity if exact else None,
        price=line.price if exact else None,
        service_date=line.date,
    )


def _item_keys(line: LineItem) -> tuple[str, ...]:
    if not line.is_expense:
        return (mapping.SERVICE,)
    by_type = mapping.HARD_COST if line.activity_type == "HardCostEntry" else mapping.SOFT_COST
    return (mapping.category_key(line.category_id), by_type) if line.category_id else (by_type,)


def _description(line: LineItem) -> str:
    """Date, timekeeper and matter before what Clio says, since QuickBooks shows only this text on the invoice."""
    head = " · ".join(part for part in (str(line.date or ""), clean(line.timekeeper)) if part)
    body = clean_lines(line.description) or "No description"
    return clip(f"{head} · {body}" if head else body, DESCRIPTION_LENGTH)


def _target(policy: Policy, *keys: str) -> Target:
    target = policy.target(*keys)
    if target is None:
        raise MappingMissing(keys[-1])
    return target


def _closing_lines(bill: Bill, amount: Decimal, lines: Sequence[LineItem], policy: Policy) -> list[DraftLine]:
    """Tax, discount and rounding lines that bring the lines to ``amount``. Raises TotalMismatch."""
    net = sum((line.sub_total for line in lines), ZERO)
    line_taxes = sum((line.tax for line in lines), ZERO), sum((line.secondary_tax for line in lines), ZERO)
    gaps: list[Decimal] = []
    for taxes in dict.fromkeys((line_taxes, (bill.tax, bill.secondary_tax))):
        implied = net + sum(taxes, ZERO) - amount
        worth = min((*discount_worths(bill, lines), ZERO), key=lambda worth: abs(implied - worth))
        if abs(implied - worth) <= TOLERANCE:
            return [
                *_tax_lines(taxes, policy),
                *_discount_line(bill, -worth, policy),
                *_extra(worth - implied, "Rounding", mapping.ROUNDING, policy),
            ]
        gaps.append(implied)
    raise TotalMismatch(
        f"lines of {words.amount(net)} and tax of {words.amount(sum(line_taxes, ZERO))} differ from the "
        f"{words.amount(amount)} billed by {words.amount(gaps[0])}, which the bill's discount does not explain"
    )


def _tax_lines(taxes: tuple[Decimal, Decimal], policy: Policy) -> list[DraftLine]:
    if policy.aggregate_tax:
        return _extra(sum(taxes, ZERO), "Tax", mapping.TAX, policy)
    first, second = taxes
    return _extra(first, "Tax", mapping.TAX, policy) + _extra(second, "Second tax", mapping.SECONDARY_TAX, policy)


def _discount_line(bill: Bill, amount: Decimal, policy: Policy) -> list[DraftLine]:
    key = SERVICES_DISCOUNT if bill.discount.services_only else mapping.DISCOUNT
    return [replace(line, key=key) for line in _extra(amount, "Discount", mapping.DISCOUNT, policy)]


def _extra(amount: Decimal, description: str, key: str, policy: Policy) -> list[DraftLine]:
    return [DraftLine(amount, description, _target(policy, key), key)] if amount else []
