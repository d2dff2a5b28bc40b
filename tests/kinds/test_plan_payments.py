"""Adopting, editing, replacing and voiding payments (rules R4.6 to R4.8)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.kinds.catalog import Catalog, LoosePayment
from integrations.kinds.group import Group
from tests.kinds.builders import PAID, allocation, bill, change_of, codes, group, invoice, paid, payment, policy, steps
from tests.kinds.ledger import Ledger

ASKED = (payment(), "payment_exists")


def one_payment(**parts: Any) -> Group:
    return group([paid(bill(), 1000)], allocations=[allocation()], **parts)


def posted(what: Group | None = None) -> Ledger:
    ledger = Ledger()
    ledger.carry_out(what or one_payment(), policy())
    return ledger


def with_loose(on: date = PAID, amount: object = 1000, customer_id: str = "101") -> Ledger:
    """A ledger with our invoice and a payment a person entered."""
    ledger = posted(group([bill()]))
    ledger.shelf.loose.append(LoosePayment("700", customer_id, on, Decimal(str(amount))))
    ledger.documents["Payment", "700"] = {
        "Id": "700",
        "SyncToken": "2",
        "TotalAmt": Decimal(str(amount)),
        "TxnDate": on.isoformat(),
        "CustomerRef": {"value": customer_id},
        "PaymentRefNum": "CHK 7",
        "DepositToAccountRef": {"value": "35"},
        "PrivateNote": "by hand",
        "Line": [],
    }
    return ledger


# R4.6


@pytest.mark.parametrize("days", [-5, 0, 5])
def test_r4_6_an_unlinked_payment_of_the_same_amount_within_five_days_is_offered(days: int) -> None:
    plan = with_loose(PAID + timedelta(days=days)).plan(one_payment(), policy())
    assert (steps(plan), codes(plan)) == ([], [("payment_exists", payment())])
    assert plan.problems[0].details == {"candidates": ["700"]}


@pytest.mark.parametrize(
    "loose", [{"on": PAID + timedelta(days=6)}, {"on": PAID - timedelta(days=6)}, {"amount": 999}, {"customer_id": "5"}]
)
def test_r4_6_another_payment_is_no_reason_to_ask(loose: dict[str, Any]) -> None:
    plan = with_loose(**loose).plan(one_payment(), policy())
    assert steps(plan) == [(Action.CREATE, payment())]


def test_r4_6_adopting_links_the_persons_payment_and_posts_no_second_one() -> None:
    ledger = with_loose()
    ledger.carry_out(one_payment(decisions={ASKED: Decision("adopt", "700")}), policy())
    (raw,) = ledger.payments()
    assert raw["Line"][0]["LinkedTxn"] == [{"TxnId": ledger.ledger_id(invoice()), "TxnType": "Invoice"}]
    assert (raw["PaymentRefNum"], raw["DepositToAccountRef"]) == ("CHK 7", {"value": "35"})
    assert raw["PrivateNote"] == "by hand\nClio payment 900/7 · acme"
    assert steps(ledger.plan(one_payment(), policy())) == []


def test_r4_6_a_person_can_say_that_they_are_two_payments() -> None:
    plan = with_loose().plan(one_payment(decisions={ASKED: Decision("post")}), policy())
    assert steps(plan) == [(Action.CREATE, payment())]


def test_r4_6_one_payment_of_a_person_is_not_adopted_twice() -> None:
    ledger = with_loose()
    twice = [allocation("1", 1000), allocation("2", 1000, "2", payment="901")]
    decided = {(payment(id), "payment_exists"): Decision("adopt", "700") for id in ("900", "901")}
    bills = [paid(bill(), 1000), paid(bill("2"), 1000)]
    plan = ledger.plan(group(bills, allocations=twice, decisions=decided), policy())
    assert change_of(plan, payment("900")).ledger_id == "700"
    assert change_of(plan, payment("901")).action is Action.CREATE


@pytest.mark.parametrize("chosen", ["", "102"])
def test_r4_6_an_adoption_of_nothing_or_of_ours_is_asked_again(chosen: str) -> None:
    ledger = with_loose()
    ledger.shelf.linked["Payment", "102"] = payment("1")
    plan = ledger.plan(one_payment(decisions={ASKED: Decision("adopt", chosen)}), policy())
    assert (steps(plan), codes(plan)) == ([], [("payment_exists", payment())])


# R4.7


def test_r4_7_an_edited_payment_is_the_same_one_in_place() -> None:
    ledger = posted()
    before = ledger.of(payment())["Id"]
    less = group([paid(bill(), 800)], allocations=[allocation(amount=800, date=date(2026, 2, 25))])
    assert steps(ledger.carry_out(less, policy())) == [(Action.UPDATE, payment())]
    (raw,) = ledger.payments()
    assert (raw["Id"], raw["TotalAmt"], raw["TxnDate"]) == (before, 800, "2026-02-25")


def entered_anew(amount: object = 900, *, on: str = "1", bills: list[Any] | None = None) -> Group:
    parts = [allocation(is_valid=False), allocation("2", amount, on, payment="901")]
    return group(bills or [paid(bill(amount=amount), amount)], allocations=parts)


def test_r4_7_a_payment_entered_anew_replaces_the_old_one_in_one_update() -> None:
    ledger = posted()
    before = ledger.of(payment())["Id"]
    plan = ledger.carry_out(entered_anew(), policy())
    assert steps(plan) == [(Action.UPDATE, payment("901")), (Action.UPDATE, invoice())]
    assert change_of(plan, payment("901")).replaces == payment("900")
    (raw,) = ledger.payments()
    assert (raw["Id"], raw["TotalAmt"]) == (before, 900)
    assert payment("900") not in ledger.links
    assert steps(ledger.plan(entered_anew(), policy())) == []


def test_r4_7_what_a_person_did_to_a_payment_is_said_and_decided_of_the_one_that_takes_its_place() -> None:
    ledger = posted()
    ledger.of(payment())["TotalAmt"] = Decimal(950)
    plan = ledger.carry_out(entered_anew(), policy())
    assert (steps(plan), codes(plan)) == ([(Action.MOVE, payment("901"))], [])
    plan = ledger.carry_out(entered_anew(), policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", payment("901"))])
    decided = replace(entered_anew(), decisions={(payment("901"), "drift"): Decision("restore")})
    assert (Action.UPDATE, payment("901")) in steps(ledger.carry_out(decided, policy()))
    (raw,) = ledger.payments()
    assert raw["TotalAmt"] == 900
    assert steps(ledger.plan(entered_anew(), policy())) == []


def test_r4_7_a_payment_on_another_bill_replaces_nothing() -> None:
    ledger = posted()
    plan = ledger.carry_out(entered_anew(on="2", bills=[bill("1"), paid(bill("2", 900), 900)]), policy())
    assert (Action.VOID, payment("900")) in steps(plan)
    assert (Action.CREATE, payment("901")) in steps(plan)


def test_r4_7_a_payment_that_is_still_there_is_not_replaced() -> None:
    ledger = posted(group([paid(bill(), 400)], allocations=[allocation(amount=400)]))
    both = [allocation(amount=400), allocation("2", 600, payment="901")]
    plan = ledger.carry_out(group([paid(bill(), 1000)], allocations=both), policy())
    assert steps(plan) == [(Action.CREATE, payment("901"))]


def test_r4_7_of_two_gone_payments_the_one_of_the_same_amount_is_replaced() -> None:
    old = [allocation("1", 600, payment="900"), allocation("2", 400, payment="901")]
    ledger = posted(group([paid(bill(), 1000)], allocations=old))
    anew = [replace(a, is_valid=False) for a in old] + [allocation("3", 400, payment="902")]
    plan = ledger.carry_out(group([paid(bill(), 400)], allocations=anew), policy())
    assert change_of(plan, payment("902")).replaces == payment("901")
    assert (Action.VOID, payment("900")) in steps(plan)


def test_r4_7_a_payment_deleted_on_both_sides_is_not_taken_for_the_new_one() -> None:
    ledger = posted()
    ledger.delete(payment())
    plan = ledger.plan(entered_anew(), policy())
    assert (Action.CREATE, payment("901")) in steps(plan)
    assert codes(plan) == []


def test_r4_7_while_the_replacement_waits_the_invoice_is_not_changed_under_the_old_payment() -> None:
    ledger = posted()
    undated = group(
        [paid(bill(amount=900), 900)],
        allocations=[allocation(is_valid=False), allocation("2", 900, payment="901", date=date(2026, 3, 31))],
    )
    plan = ledger.plan(undated, policy(close_date=date(2026, 2, 20), start_date=date(2025, 1, 1)))
    assert ("period_closed", payment("901")) in codes(plan)
    assert steps(plan) == []


def test_r4_7_a_payment_in_a_closed_period_is_neither_changed_nor_moved_nor_voided() -> None:
    closed = policy(close_date=PAID)
    later = group([paid(bill(), 900)], allocations=[allocation(amount=900, date=date(2026, 3, 31))])
    assert codes(posted().plan(later, closed)) == [("period_closed", payment())]
    gone = group([bill()], allocations=[allocation(is_valid=False)])
    assert codes(posted().plan(gone, closed)) == [("period_closed", payment())]
    assert codes(posted().plan(one_payment(), closed)) == []


# R4.8


def test_r4_8_a_refund_is_the_reduced_allocation() -> None:
    ledger = posted()
    back = group([paid(bill(), 700)], allocations=[allocation(amount=700)])
    assert steps(ledger.carry_out(back, policy())) == [(Action.UPDATE, payment())]
    assert ledger.of(invoice())["Balance"] == 300


def test_r4_8_a_payment_gone_in_clio_is_voided_once() -> None:
    ledger, gone = posted(), group([bill()], allocations=[allocation(is_valid=False)])
    assert steps(ledger.carry_out(gone, policy())) == [(Action.VOID, payment())]
    assert steps(ledger.plan(gone, policy())) == []
    assert ledger.of(invoice())["Balance"] == 1000


def test_r4_8_a_payment_that_comes_back_is_posted_anew() -> None:
    ledger = posted()
    ledger.carry_out(group([bill()], allocations=[allocation(is_valid=False)]), policy())
    assert steps(ledger.carry_out(one_payment(), policy())) == [(Action.CREATE, payment())]


def test_r4_8_one_customers_part_is_voided_while_the_others_stays() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("2", 500, contact_id="8"), 500)]
    both = [allocation("1", 1000, "1"), allocation("2", 500, "2")]
    ledger = posted(group(bills, allocations=both))
    then = group([bills[0], bill("2", 500, contact_id="8")], allocations=[both[0], replace(both[1], is_valid=False)])
    assert steps(ledger.carry_out(then, policy())) == [(Action.VOID, payment("900", "8"))]


def test_r4_8_what_the_void_of_a_payment_takes_back_balances() -> None:
    plan = posted().plan(group([bill()], allocations=[allocation(is_valid=False)]), policy())
    lines = plan.changes[0].postings()
    assert sum(p.debit for p in lines) == sum(p.credit for p in lines) == 1000


# R8, as far as the plan of a payment goes


def test_r8_a_payment_taken_off_our_invoice_by_a_person_is_drift() -> None:
    ledger = posted()
    ledger.of(payment())["Line"] = []
    plan = ledger.plan(one_payment(), policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", payment())])


def test_r8_nothing_in_the_catalog_is_needed_to_plan() -> None:
    assert Catalog().loose_payments("5", Decimal(1), PAID) == []


def test_r4_6_a_deposited_payment_is_adopted_with_its_own_date_and_the_difference_stays_listed() -> None:
    ledger = with_loose(PAID - timedelta(days=2))
    loose = LoosePayment("700", "101", PAID - timedelta(days=2), Decimal(1000), is_deposited=True)
    ledger.shelf.loose = [loose]
    plan = ledger.carry_out(one_payment(decisions={ASKED: Decision("adopt", "700")}), policy())
    assert ledger.of(payment())["TxnDate"] == "2026-02-18"
    assert [(problem.code, problem.accepted) for problem in plan.problems] == [("drift", True)]
    after = ledger.plan(one_payment(), policy())
    assert (steps(after), after.problems) == ([], plan.problems)
