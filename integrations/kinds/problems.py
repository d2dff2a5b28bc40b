"""The problems of bills and payments, in the words of the bookkeeper who has to act on them."""

from collections.abc import Sequence
from datetime import date

from integrations.core import mapping
from integrations.core.changes import Problem
from integrations.core.mapping import Policy
from integrations.core.ports import Raw
from integrations.core.read import day
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Holder
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


def duplicate_number(bill: Bill, ref: Ref, number: str, holder: Holder) -> Problem:
    return number_taken(ref, f"Bill {bill.number}", number, holder, "Renumber the bill in Clio, or the other document.")


def number_taken(
    ref: Ref, title: str, number: str, holder: Holder, todo: str = "Renumber the other document in QuickBooks."
) -> Problem:
    if holder.ref is not None:
        who = (
            f"another {_OBJECTS[holder.ref.kind]} in Clio (its id there is {holder.ref.practice_id}), which is posted "
        )
        who += "under it"
    else:
        who = f"{DOCUMENTS.get(holder.entity, holder.entity)} in QuickBooks (its id there is {holder.ledger_id})"
    return Problem(
        "duplicate_number",
        ref,
        f"Number {number} already belongs to {who}. {todo}",
        title=title,
        details={
            "holder_entity": holder.entity,
            "holder_id": holder.ledger_id,
            "holder_practice_id": holder.ref.practice_id if holder.ref else "",
            "number": number,
        },
    )


def closed_period(policy: Policy, ref: Ref, title: str, days: tuple[date | None, ...]) -> Problem | None:
    """The problem where any of the dates is in closed books: what is dated there can neither be posted nor changed."""
    closed = policy.close_date
    inside = [on for on in days if on is not None and closed is not None and on <= closed]
    if not inside:
        return None
    return Problem(
        "period_closed",
        ref,
        f"{title} is dated {min(inside)}, and QuickBooks's books are closed up to {closed}. It is not re-dated: reopen "
        "the period in QuickBooks, or post it by hand and accept this here.",
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
