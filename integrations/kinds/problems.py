"""The problems of bills and payments, in the words of the bookkeeper who has to act on them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from integrations.core import mapping, words
from integrations.core.changes import Problem
from integrations.core.mapping import Policy
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, day, money, nested, text
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Holder
from integrations.kinds.contact import Contact
from integrations.kinds.group import Draftbook
from integrations.kinds.invoice import NUMBER_LENGTH, Bill

MAPPING_NAMES = {
    mapping.SERVICE: "services",
    mapping.HARD_COST: "hard costs",
    mapping.SOFT_COST: "soft costs",
    mapping.TAX: "tax",
    mapping.SECONDARY_TAX: "the second tax",
    mapping.DISCOUNT: "discounts",
    mapping.INTEREST: "interest",
    mapping.ROUNDING: "rounding differences",
    mapping.DEPOSIT: "payments received",
    mapping.IN_TRANSIT: "trust money in transit",
    mapping.REFUND: "refunds",
    mapping.credit_key(mapping.COURTESY): "courtesy credit notes",
    mapping.credit_key(mapping.DISCOUNTED): "credit notes given as a discount",
    mapping.credit_key(mapping.BAD_DEBT): "bad debt",
}


def bill_problem(code: str, ref: Ref, bill: Bill, message: str, ledger_id: str = "", *, blocks: bool = True) -> Problem:
    """A problem with one of the bill's invoices."""
    return Problem(code, ref, message, title=f"Bill {bill.number}", ledger_id=ledger_id, blocks=blocks)


def unreadable_bill(ref: Ref, reason: str) -> Problem:
    hidden = reason.startswith("Clio hides")
    todo = "Connect Clio as a user who can see every contact and bill." if hidden else "Look at it in Clio."
    return Problem(
        "permission_lost" if hidden else "unreadable",
        ref,
        f"Bill {ref.practice_id} could not be read: {reason}. It and what pays it stay as they are. {todo}",
        title=f"Bill {ref.practice_id}",
    )


def unusable_number(bill: Bill, ref: Ref, number: str) -> Problem | None:
    """The problem with a number that QuickBooks cannot take, if there is one (rule R3.5)."""
    if not bill.number:
        return bill_problem("number_missing", ref, bill, f"Bill {bill.id} has no number. Give it one in Clio.")
    if len(number) <= NUMBER_LENGTH:
        return None
    return bill_problem(
        "number_too_long",
        ref,
        bill,
        f"“{number}” has {len(number)} characters; QuickBooks takes {NUMBER_LENGTH}. Give the bill a shorter number "
        "in Clio.",
    )


def mapping_missing(bill: Bill, key: str) -> Problem:
    name = MAPPING_NAMES.get(key, key)
    return bill_problem(
        "mapping_missing",
        bill.ref,
        bill,
        f"Bill {bill.number} needs an item for {name}, and none is mapped. Map it; the bill follows by itself.",
    )


_OBJECTS = {Kind.INVOICE: "bill", Kind.CREDIT_NOTE: "credit note", Kind.TRUST_ENTRY: "trust row"}
DOCUMENTS = {
    "Invoice": "an invoice",
    "CreditMemo": "a credit memo",
    "SalesReceipt": "a sales receipt",
    "Estimate": "an estimate",
    "RefundReceipt": "a refund receipt",
}


def duplicate_number(book: Draftbook, bill: Bill, ref: Ref, number: str, holder: Holder) -> Problem:
    todo = "Renumber the bill in Clio, or the other document."
    return number_taken(book, ref, f"Bill {bill.number}", number, holder, todo)


def number_taken(
    book: Draftbook,
    ref: Ref,
    title: str,
    number: str,
    holder: Holder,
    todo: str = "Renumber the other document in QuickBooks.",
) -> Problem:
    return Problem(
        "duplicate_number",
        ref,
        f"Number {number} already belongs to {_known_as(book, holder)}. {todo}",
        title=title,
        details={
            "holder_entity": holder.entity,
            "holder_id": holder.ledger_id,
            "holder_practice_id": holder.ref.practice_id if holder.ref else "",
            "number": number,
        },
    )


def _known_as(book: Draftbook, holder: Holder) -> str:
    """What has the number, as people know it; they find the rest of it by the number."""
    if holder.ref is not None:
        what = f"another {_OBJECTS[holder.ref.kind]} in Clio {_of_bill(book, holder.ref)}"
        return f"{what.strip()}, which is posted under it"
    what = f"{DOCUMENTS.get(holder.entity, holder.entity)} {_of_document(book, holder)}"
    return f"{what.strip()} in QuickBooks"


def _of_bill(book: Draftbook, ref: Ref) -> str:
    bill = book.group.bills.get(ref.practice_id) if ref.kind is Kind.INVOICE else None
    if bill is None:
        return ""
    contact = book.group.contacts.get(bill.contact_id)
    return _told_apart(bill.total, contact.name if isinstance(contact, Contact) else "", bill.issued_at)


def _of_document(book: Draftbook, holder: Holder) -> str:
    """Empty where it is not known as a whole, or its figures cannot be read."""
    raw = book.catalog.whole(holder.entity, holder.ledger_id)
    if raw is None:
        return ""
    try:
        return _told_apart(money(raw, "TotalAmt"), _customer(book, nested(raw, "CustomerRef")), dated(raw))
    except Unreadable:
        return ""


def _customer(book: Draftbook, who: Raw) -> str:
    if name := text(who, "name"):
        return name
    known = book.catalog.customers.get(text(who, "value"))
    return known.plain_name if known else ""


def _told_apart(worth: Decimal, name: str, on: date | None) -> str:
    """ "of 250.00 for Karin Stein dated 13 Mar 2026"."""
    return f"of {words.amount(worth)}" + (f" for {name}" if name else "") + (f" dated {words.day(on)}" if on else "")


def closed_period(policy: Policy, ref: Ref, title: str, days: tuple[date | None, ...]) -> Problem | None:
    """The problem where any of the dates is in closed books: what is dated there can neither be posted nor changed."""
    closed = policy.close_date
    inside = [on for on in days if on is not None and closed is not None and on <= closed]
    if closed is None or not inside:
        return None
    return Problem(
        "period_closed",
        ref,
        f"{title} is dated {words.day(min(inside))}, and QuickBooks's books are closed up to {words.day(closed)}. It "
        "is not re-dated: reopen the period in QuickBooks, or post it by hand and accept this here.",
        title=title,
        details={"dated": str(min(inside))},
    )


def dated(raw: Raw | None) -> date | None:
    """The date of a QuickBooks transaction; None where there is none."""
    return day(raw, "TxnDate") if raw is not None else None


def kept_by_hand(ref: Ref, title: str, numbers: Sequence[str]) -> Problem:
    """What depends on an invoice that a person has given up or unlinked in QuickBooks (rule R8)."""
    bills = f"bill {numbers[0]}" if len(numbers) == 1 else f"bills {', '.join(numbers)}"
    return Problem(
        "kept_by_hand",
        ref,
        f"{title} is for {bills}, whose invoice somebody keeps by hand or has given up in QuickBooks. Enter it there "
        "by hand too, or open the accepted difference of the invoice again and restore it.",
        title=title,
        details={"bills": list(numbers)},
    )
