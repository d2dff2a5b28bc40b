"""The worked examples of the rules that concern bills and payments; their numbers are kept."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from datetime import date
from decimal import Decimal
from typing import Any

from integrations.core.changes import Action
from integrations.kinds.invoice import Discount, bill_amount
from integrations.kinds.invoice_draft import bill_draft
from tests.kinds.builders import (
    allocation,
    bill,
    change_of,
    codes,
    group,
    invoice,
    line,
    paid,
    payment,
    policy,
    receipt,
    steps,
)
from tests.kinds.ledger import Ledger


def test_three_lines_of_33_33_less_ten_percent_with_tax() -> None:
    """3 × 33.33, discount 10 %, tax 8.25 %: tax lines 7.41, bill tax 7.42, A = 97.41: rounding line 0.01."""
    discount = Discount(Decimal(10), is_percentage=True)
    whole = bill(sub_total="99.99", tax="7.42", total="97.41", due="97.41", balance="97.41", discount=discount)
    lines = [line(str(n), "33.33", tax="2.47") for n in (1, 2, 3)]
    assert bill_amount(whole, []).whole == Decimal("97.41")
    draft = bill_draft(whole, Decimal("97.41"), lines, policy())
    assert [(row.description, row.amount) for row in draft.lines[3:]] == [
        ("Tax", Decimal("7.41")),
        ("Discount", Decimal("-10.00")),
        ("Rounding", Decimal("0.01")),
    ]
    assert sum(row.amount for row in draft.lines) == Decimal("97.41")


def test_1200_received_on_a_bill_of_1000_and_later_200_from_operating_funds() -> None:
    """One Payment of 1,200 with lines 1,000 and 200; cash 1,200."""
    first, second, ledger = paid(bill("1"), 1000), bill("2", 200), Ledger()
    received: dict[str, Any] = {"allocations": [allocation()], "receipts": [receipt(amount=1200, allocation_id="1")]}
    ledger.carry_out(group([first, second], **received), policy())
    assert ledger.of(payment())["TotalAmt"] == 1200
    received["allocations"] = [
        allocation(),
        allocation("2", 200, "2", payment="950", source_type="Operating", date=date(2026, 3, 9)),
    ]
    plan = ledger.carry_out(group([first, paid(second, 200)], **received), policy())
    assert (steps(plan), codes(plan)) == ([(Action.UPDATE, payment())], [])
    (raw,) = ledger.payments()
    assert (raw["TotalAmt"], [row["Amount"] for row in raw["Line"]]) == (1200, [1000, 200])
    assert [row["Balance"] for row in ledger.invoices()] == [0, 0]


def test_1000_paid_then_deleted_the_bill_edited_to_900_and_900_entered() -> None:
    """One payment: a single update replaces it, before the invoice that depends on it is changed."""
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 1000)], allocations=[allocation()]), policy())
    anew = [allocation(is_valid=False), allocation("2", 900, payment="901")]
    plan = ledger.plan(group([paid(bill(amount=900), 900)], allocations=anew), policy())
    assert steps(plan) == [(Action.UPDATE, payment("901")), (Action.UPDATE, invoice())]
    update, edit = plan.changes
    assert (update.replaces, update.ledger_id) == (payment("900"), ledger.ledger_id(payment()))
    assert payment("901") in edit.after  # refused as deposited, nothing is half-applied: cash stays 1,000


def test_one_cheque_of_1500_on_a_bill_of_1000_and_an_earlier_one_of_500() -> None:
    """Payment 1,500, 500 unapplied, info issue."""
    earlier, ledger = bill("2", 500, issued_at=date(2025, 11, 3), balance=0, state="paid"), Ledger()
    both = [allocation("1", 1000, "1"), allocation("2", 500, "2")]
    plan = ledger.carry_out(group([paid(bill("1"), 1000), earlier], allocations=both), policy())
    (raw,) = ledger.payments()
    assert (raw["TotalAmt"], [row["Amount"] for row in raw["Line"]]) == (1500, [1000])
    assert codes(plan) == [("payment_partly_outside", payment())]
    assert not plan.problems[0].blocks
    assert "500.00" in plan.problems[0].message


def test_1000_from_trust_on_a_bill() -> None:
    """The payment leg: Dr in transit / Cr A/R 1,000."""
    trust = allocation(source_type="Trust", source_id="46", destination_id="33")
    plan = Ledger().plan(group([paid(bill(), 1000)], allocations=[trust]), policy())
    assert [(p.account, p.debit, p.credit) for p in change_of(plan, payment()).postings()] == [
        ("Trust in transit", 1000, 0),
        ("Accounts Receivable", 0, 1000),
    ]


def test_a_void_bill_and_its_payment_leave_no_receivable() -> None:
    """Application undone, then the invoice voided: A/R 0."""
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 1000)], allocations=[allocation()]), policy())
    ledger.carry_out(group([bill(state="void")], allocations=[allocation(is_valid=False)]), policy())
    assert [raw["TotalAmt"] for raw in (*ledger.invoices(), *ledger.payments())] == [0, 0]
