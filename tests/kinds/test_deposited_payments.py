"""Payments that are part of a bank deposit, and refunds of them (rules R4.7 and R4.8)."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.changes import Action, Decision, Plan, Problem
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Group
from tests.kinds.builders import PAID, allocation, bill, change_of, codes, group, invoice, paid, payment, policy, steps
from tests.kinds.ledger import Ledger

TODAY = date(2026, 4, 1)
REFUND = Ref(Kind.PAYMENT, "900", "refund-7")
WHOLE = group([paid(bill(), 1000)], allocations=[allocation()])
LESS = group([paid(bill(), 700)], allocations=[allocation(amount=700)])
GONE = group([bill()], allocations=[allocation(is_valid=False)])
ANEW = group(
    [paid(bill(amount=900), 900)], allocations=[allocation(is_valid=False), allocation("2", 900, payment="901")]
)


def deposited(what: Group = WHOLE) -> Ledger:
    ledger = Ledger()
    ledger.carry_out(what, policy())
    ledger.of(payment())["LinkedTxn"] = [{"TxnId": "500", "TxnType": "Deposit"}]
    return ledger


def decided(what: Group, action: str, ref: Ref | None = None) -> Group:
    asked = {(ref or payment(), "deposited_payment"): Decision(action)}
    return replace(what, decisions=asked, run_date=TODAY)


def the(plan: Plan) -> Problem:
    (found,) = plan.problems
    return found


def test_r4_7_a_deposited_payment_is_known_before_anything_is_sent() -> None:
    plan = deposited().plan(LESS, policy())
    assert (steps(plan), codes(plan)) == ([], [("deposited_payment", payment())])
    assert "Open the deposit in QuickBooks" in the(plan).message
    assert the(plan).details == {"quickbooks": "1000.00", "clio": "700.00", "without": []}


@pytest.mark.parametrize("changed", [{"date": date(2026, 2, 25)}, {"amount": Decimal("1100.00")}])
def test_r4_7_a_refund_is_offered_only_where_money_went_back(changed: dict[str, Any]) -> None:
    part = replace(allocation(), **changed)
    bills = [paid(bill(amount=part.amount), part.amount)]
    plan = deposited().plan(group(bills, allocations=[part]), policy())
    assert ("deposited_payment", payment()) in codes(plan)
    assert next(p for p in plan.problems if p.ref == payment()).details["without"] == ["refund"]


def test_r4_7_what_the_deposit_does_not_protect_is_still_changed() -> None:
    two = group(
        [paid(bill(), 600), paid(bill("2", 400), 400)], allocations=[allocation(amount=600), allocation("2", 400, "2")]
    )
    ledger = deposited()
    assert (Action.UPDATE, payment()) in steps(ledger.carry_out(two, policy()))
    assert [line["Amount"] for line in ledger.of(payment())["Line"]] == [600, 400]


def test_r4_7_1000_paid_and_deposited_then_entered_anew_as_900_waits_as_one_group() -> None:
    """One payment, `deposited_payment`, cash 1,000 until the person acts."""
    ledger = deposited()
    plan = ledger.plan(ANEW, policy())
    assert (steps(plan), codes(plan)) == ([], [("deposited_payment", payment("901"))])
    assert invoice() in plan.waiting


def test_r4_7_trying_again_sends_it_whatever_our_copy_says_of_the_deposit() -> None:
    ledger = deposited()
    plan = ledger.carry_out(decided(ANEW, "retry", payment("901")), policy())
    assert steps(plan) == [(Action.UPDATE, payment("901")), (Action.UPDATE, invoice())]


def test_r4_8_a_refund_is_one_expense_and_the_payment_keeps_its_amount() -> None:
    ledger = deposited()
    plan = ledger.carry_out(decided(LESS, "refund"), policy())
    assert steps(plan) == [(Action.CREATE, REFUND), (Action.UPDATE, payment())]
    assert [(p.account, p.debit, p.credit) for p in change_of(plan, REFUND).postings()] == [
        ("Accounts Receivable", 300, 0),
        ("Checking", 0, 300),
    ]
    raw = ledger.of(REFUND)
    assert (raw["TotalAmt"], raw["TxnDate"], raw["EntityRef"]["type"]) == (300, "2026-04-01", "Customer")
    assert raw["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"] == {"value": "83"}
    kept = ledger.of(payment())
    assert (kept["TotalAmt"], kept["TxnDate"], kept["Line"][0]["Amount"]) == (1000, PAID.isoformat(), 700)
    assert the(plan).accepted


def test_r4_8_the_difference_stays_explained_and_nothing_is_posted_twice() -> None:
    ledger = deposited()
    ledger.carry_out(decided(LESS, "refund"), policy())
    for practice in (LESS, decided(LESS, "refund")):
        plan = ledger.plan(practice, policy())
        assert (steps(plan), codes(plan), the(plan).accepted) == ([], [("deposited_payment", payment())], True)
    assert "300.00 was paid back by an expense" in the(plan).message


def test_r4_8_a_whole_refund_lets_the_invoice_go_and_keeps_the_cash() -> None:
    ledger = deposited()
    plan = ledger.carry_out(decided(GONE, "refund"), policy())
    assert steps(plan) == [(Action.CREATE, REFUND), (Action.UPDATE, payment())]
    assert (ledger.of(REFUND)["TotalAmt"], ledger.of(payment())["TotalAmt"]) == (1000, 1000)
    assert ledger.of(invoice())["Balance"] == 1000
    after = ledger.plan(GONE, policy())
    assert (steps(after), the(after).accepted) == ([], True)


def test_r4_8_money_given_back_is_not_taken_for_a_payment_entered_later() -> None:
    ledger = deposited()
    ledger.carry_out(decided(GONE, "refund"), policy())
    later = group([paid(bill(), 1000)], allocations=[allocation(is_valid=False), allocation("2", payment="901")])
    assert steps(ledger.carry_out(later, policy())) == [(Action.CREATE, payment("901"))]
    assert ledger.of(invoice())["Balance"] == 0


def test_r4_8_the_payment_entered_anew_is_refunded_by_the_difference() -> None:
    ledger = deposited()
    plan = ledger.carry_out(decided(ANEW, "refund", payment("901")), policy())
    refund = Ref(Kind.PAYMENT, "901", "refund-7")
    assert steps(plan) == [(Action.CREATE, refund), (Action.UPDATE, payment("901")), (Action.UPDATE, invoice())]
    assert (ledger.of(refund)["TotalAmt"], ledger.of(payment("901"))["TotalAmt"]) == (100, 1000)
    assert (ledger.of(invoice())["TotalAmt"], ledger.of(invoice())["Balance"]) == (900, 0)
    assert payment("900") not in ledger.links
    assert steps(ledger.plan(ANEW, policy())) == []


def test_r4_8_an_expense_that_somebody_deleted_explains_nothing_any_more() -> None:
    ledger = deposited()
    ledger.carry_out(decided(LESS, "refund"), policy())
    ledger.delete(REFUND)
    plan = ledger.plan(LESS, policy())
    assert (steps(plan), codes(plan), the(plan).accepted) == ([], [("deposited_payment", payment())], False)
    ledger.carry_out(decided(LESS, "refund"), policy())
    assert ledger.of(REFUND)["TotalAmt"] == 300


def test_r4_8_money_given_back_once_more_is_asked_for_again() -> None:
    ledger = deposited()
    ledger.carry_out(decided(LESS, "refund"), policy())
    assert not the(ledger.plan(GONE, policy())).accepted
    ledger.carry_out(decided(GONE, "refund"), policy())
    assert ledger.of(REFUND)["TotalAmt"] == 1000


def test_r4_8_without_an_account_to_pay_from_the_refund_is_asked_for_again() -> None:
    plan = deposited().plan(decided(LESS, "refund"), policy(without=["account:refund"]))
    assert (steps(plan), codes(plan)) == ([], [("deposited_payment", payment())])
    assert "map an account" in the(plan).message
