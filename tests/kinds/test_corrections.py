"""An invoice that cannot be voided is taken back by a credit memo, once a person confirms it (rule R3.8)."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from datetime import date
from decimal import Decimal

from integrations.core.changes import Action, Decision
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Group
from tests.kinds.builders import (
    ISSUED,
    allocation,
    bill,
    change_of,
    codes,
    customer,
    group,
    invoice,
    paid,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger

DAY = date(2026, 4, 1)
MEMO, APPLY = Ref(Kind.INVOICE, "1", "correction"), Ref(Kind.INVOICE, "1", "correction-apply")
POSTED = group([bill()], run_date=DAY)
GONE = group([bill(state="void")], run_date=DAY)
CONFIRMED = replace(GONE, decisions={(invoice(), "void_blocked"): Decision("credit_memo")})


def paid_by_hand(amount: int = 400) -> Ledger:
    ledger = Ledger()
    ledger.carry_out(POSTED, policy())
    ledger.by_hand("Payment", amount, {"Invoice": {ledger.ledger_id(invoice()): amount}}, customer())
    return ledger


def test_r3_8_nothing_is_posted_before_a_person_confirms() -> None:
    plan = paid_by_hand().plan(GONE, policy())
    assert (steps(plan), codes(plan)) == ([], [("void_blocked", invoice())])
    assert "credit memo dated today" in plan.problems[0].message


def test_r3_8_the_credit_memo_takes_the_invoice_back_and_is_applied_where_it_can_be() -> None:
    ledger = paid_by_hand()
    plan = ledger.carry_out(CONFIRMED, policy())
    assert steps(plan) == [(Action.CREATE, MEMO), (Action.CREATE, APPLY)]
    raw = ledger.of(MEMO)
    assert (raw["DocNumber"], raw["TxnDate"], raw["TotalAmt"], raw["Balance"]) == ("CN-B1", "2026-04-01", 1000, 400)
    assert ledger.of(invoice())["Balance"] == 0
    assert [(p.account, p.debit, p.credit) for p in change_of(plan, MEMO).postings()] == [
        ("Legal fees", 1000, 0),
        ("Accounts Receivable", 0, 1000),
    ]
    (said,) = plan.problems
    assert said.accepted and "CN-B1" in said.message


def test_r3_8_it_is_posted_once_and_stays_listed_as_accepted() -> None:
    ledger = paid_by_hand()
    ledger.carry_out(CONFIRMED, policy())
    for practice in (GONE, CONFIRMED, replace(GONE, run_date=date(2026, 5, 5))):
        plan = ledger.plan(practice, policy())
        assert (steps(plan), codes(plan), plan.problems[0].accepted) == ([], [("void_blocked", invoice())], True)


def test_r3_8_an_invoice_that_is_corrected_is_never_voided_as_well() -> None:
    ledger = paid_by_hand()
    ledger.carry_out(CONFIRMED, policy())
    (by_hand,) = [raw["Id"] for raw in ledger.payments() if raw["TotalAmt"]]
    ledger.take_off(by_hand)
    plan = ledger.carry_out(GONE, policy())
    assert (Action.VOID, invoice()) not in steps(plan)


def test_r3_8_in_a_closed_period_the_correction_is_of_today() -> None:
    ledger = Ledger()
    ledger.carry_out(POSTED, policy())
    closed = policy(close_date=ISSUED)
    assert codes(ledger.plan(GONE, closed)) == [("void_blocked", invoice())]
    assert steps(ledger.carry_out(CONFIRMED, closed)) == [(Action.CREATE, MEMO), (Action.CREATE, APPLY)]
    assert (ledger.of(MEMO)["Balance"], ledger.of(invoice())["Balance"]) == (0, 0)


def test_r3_8_money_that_stays_in_clio_stays_applied() -> None:
    kept = [allocation(amount=400)]
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 400)], allocations=kept, run_date=DAY), policy())
    confirmed: Group = group([bill(state="void")], allocations=kept, run_date=DAY, decisions=dict(CONFIRMED.decisions))
    assert steps(ledger.carry_out(confirmed, policy())) == [(Action.CREATE, MEMO), (Action.CREATE, APPLY)]
    assert (ledger.of(invoice())["Balance"], ledger.of(MEMO)["Balance"]) == (0, Decimal("400.00"))


def test_r3_8_a_correction_somebody_deleted_is_asked_for_again() -> None:
    ledger = paid_by_hand()
    ledger.carry_out(CONFIRMED, policy())
    ledger.delete(MEMO)
    plan = ledger.plan(GONE, policy())
    assert (codes(plan), plan.problems[0].accepted) == ([("void_blocked", invoice())], False)


def test_r3_8_a_bill_that_is_back_gets_its_correction_undone() -> None:
    ledger = paid_by_hand()
    ledger.carry_out(CONFIRMED, policy())
    plan = ledger.carry_out(POSTED, policy())
    assert steps(plan) == [(Action.VOID, APPLY), (Action.VOID, MEMO)]
    assert ledger.of(MEMO)["TotalAmt"] == 0
    assert ledger.of(invoice())["Balance"] == 600
    assert steps(ledger.plan(POSTED, policy())) == []
