"""What is in scope, what is evidence of a deletion, and in which order a group is changed (rule R1)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from integrations.core.changes import LOCAL, Action
from integrations.core.records import Kind
from integrations.kinds.catalog import Catalog
from integrations.kinds.plan import plan_group
from tests.kinds.builders import (
    allocation,
    bill,
    change_of,
    charge,
    codes,
    customer,
    group,
    invoice,
    line,
    paid,
    payment,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "draft"},
        {"state": "awaiting_approval"},
        {"state": "void"},
        {"state": "deleted"},
        {"state": ""},
        {"kind": "trust_kind"},
        {"issued_at": date(2025, 12, 31)},
        {"issued_at": None},
    ],
)
def test_r1_2_a_bill_out_of_scope_is_not_posted_and_nor_is_its_contact(changes: dict[str, Any]) -> None:
    plan = plan_group(group([bill(**changes)]), policy(), Catalog())
    assert (plan.changes, plan.problems, plan.waiting) == ((), (), ())


@pytest.mark.parametrize("state", ["awaiting_payment", "paid"])
def test_r1_2_an_approved_or_paid_bill_from_the_start_date_on_is_posted(state: str) -> None:
    plan = plan_group(group([bill(state=state, issued_at=date(2026, 1, 1))]), policy(), Catalog())
    assert steps(plan) == [(Action.CREATE, customer()), (Action.CREATE, invoice())]


def test_r1_2_a_zero_bill_is_posted_as_a_zero_invoice() -> None:
    ledger = Ledger()
    assert codes(ledger.carry_out(group([bill(amount=0)]), policy())) == []
    (raw,) = ledger.invoices()
    assert (raw["DocNumber"], raw["TotalAmt"], len(raw["Line"])) == ("101", 0, 1)


def test_r1_2_a_linked_bill_that_returns_to_draft_stays_as_it_is_until_approved_again() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    plan = ledger.plan(group([bill(amount=800, state="draft")]), policy())
    assert (steps(plan), codes(plan)) == ([], [("bill_in_draft", invoice())])
    assert not plan.problems[0].blocks
    assert steps(ledger.plan(group([bill(amount=800)]), policy())) == [(Action.UPDATE, invoice())]


def test_r1_2_a_payment_of_a_bill_that_is_a_draft_again_stays_on_each_of_its_invoices() -> None:
    ledger, allocations = Ledger(), [allocation("1", 1000), allocation("2", 10, is_interest=True)]
    whole = bill(total=1010, due=1010, balance=1010)
    parts: dict[str, Any] = {"allocations": allocations, "charges": [charge()]}
    ledger.carry_out(group([paid(whole, 1010)], **parts), policy())
    plan = ledger.plan(group([replace(whole, state="draft")], **parts), policy())
    assert steps(plan) == []
    assert payment() in plan.unchanged


def test_r1_3_only_contacts_of_bills_in_scope_become_customers() -> None:
    bills = [bill("1"), bill("2", contact_id="8", issued_at=date(2025, 6, 1)), bill("3", contact_id="9", state="draft")]
    plan = plan_group(group(bills), policy(), Catalog())
    assert [ref for _, ref in steps(plan) if ref.kind is Kind.CONTACT] == [customer("7")]


def test_r1_4_a_linked_bill_that_is_not_in_the_group_is_left_alone() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    plan = ledger.plan(group([]), policy())
    assert (steps(plan), codes(plan)) == ([], [])


def test_r1_4_an_unreadable_bill_is_evidence_of_nothing_and_is_said() -> None:
    ledger, both = Ledger(), [allocation("1", 1000, "1"), allocation("2", 500, "2")]
    first, second = paid(bill("1"), 1000), paid(bill("2", 500), 500)
    ledger.carry_out(group([first, second], allocations=both), policy())
    hidden = group([first], allocations=both, unreadable_bills={"2": "Clio hides it"})
    plan = ledger.plan(hidden, policy())
    assert (steps(plan), codes(plan)) == ([], [("permission_lost", invoice("2"))])
    assert payment() in plan.waiting


def test_r1_4_a_payment_whose_every_bill_is_unreadable_is_not_voided() -> None:
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 1000)], allocations=[allocation()]), policy())
    for unreadable in ({"1": "Clio hides it"}, {}):
        shown = group([], allocations=[allocation()], unreadable_bills=unreadable)
        assert steps(ledger.plan(shown, policy())) == []


def test_r1_4_a_payment_is_not_reduced_because_one_of_its_bills_is_not_known_any_more() -> None:
    ledger, both = Ledger(), [allocation("1", 1000, "1"), allocation("2", 500, "2")]
    first, old = paid(bill("1"), 1000), bill("2", 500, issued_at=date(2025, 6, 1))
    ledger.carry_out(group([first, old], allocations=both), policy())
    plan = ledger.plan(group([first], allocations=both), policy())
    assert (steps(plan), codes(plan)) == ([], [("permission_lost", payment())])


def test_r1_4_a_bill_seen_missing_often_enough_is_voided() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    plan = ledger.plan(group([bill()], absent_bills=frozenset({"1"})), policy())
    assert steps(plan) == [(Action.VOID, invoice())]
    assert "deleted in Clio" in plan.changes[0].reason


def test_r1_5_contact_then_invoice_then_payment() -> None:
    plan = plan_group(group([paid(bill(), 1000)], allocations=[allocation()]), policy(), Catalog())
    assert [ref for _, ref in steps(plan)] == [customer(), invoice(), payment()]
    assert change_of(plan, payment()).after == {customer(), invoice()}
    assert change_of(plan, invoice()).after == {customer()}


def test_r1_5_a_payment_lets_go_before_its_invoice_becomes_smaller() -> None:
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 1000)], allocations=[allocation()]), policy())
    plan = ledger.carry_out(group([paid(bill(amount=600), 600)], allocations=[allocation(amount=600)]), policy())
    assert steps(plan) == [(Action.UPDATE, payment()), (Action.UPDATE, invoice())]


def test_r1_5_an_invoice_grows_before_its_payment_takes_more() -> None:
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 1000)], allocations=[allocation()]), policy())
    plan = ledger.carry_out(group([paid(bill(amount=1500), 1500)], allocations=[allocation(amount=1500)]), policy())
    assert steps(plan) == [(Action.UPDATE, invoice()), (Action.UPDATE, payment())]


def test_r1_5_one_payment_makes_room_for_the_other() -> None:
    ledger, whole = Ledger(), paid(bill(), 1000)
    first = [allocation("1", 400, payment="901"), allocation("2", 600, payment="902")]
    ledger.carry_out(group([whole], allocations=first), policy())
    then = [allocation("1", 700, payment="901"), allocation("2", 300, payment="902")]
    plan = ledger.carry_out(group([whole], allocations=then), policy())
    assert steps(plan) == [(Action.UPDATE, payment("902")), (Action.UPDATE, payment("901"))]


def test_r1_5_room_is_made_even_while_the_invoice_shrinks() -> None:
    ledger = Ledger()
    first = [allocation("1", 600, payment="901"), allocation("2", 400, payment="902")]
    ledger.carry_out(group([paid(bill(), 1000)], allocations=first), policy())
    then = [replace(first[0], is_valid=False), allocation("2", 900, payment="902")]
    plan = ledger.carry_out(group([paid(bill(amount=900), 900)], allocations=then), policy())
    assert steps(plan)[0] == (Action.VOID, payment("901"))
    assert ledger.of(invoice())["Balance"] == 0


def test_r1_5_what_stands_in_a_payments_way_holds_back_the_void_of_its_invoice() -> None:
    ledger, both = Ledger(), [allocation("1", 1000, "1"), allocation("2", 500, "2")]
    ledger.carry_out(group([paid(bill("1"), 1000), paid(bill("2", 500), 500)], allocations=both), policy())
    ledger.of(payment())["PaymentRefNum"] = "a person's"
    gone = [both[0], replace(both[1], is_valid=False)]
    plan = ledger.plan(group([paid(bill("1"), 1000), bill("2", 500, state="void")], allocations=gone), policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", payment())])
    assert invoice("2") in plan.waiting


def test_r1_5_what_waits_behind_a_refused_bill_is_said_to_wait() -> None:
    plan = plan_group(group([paid(bill(number="1" * 22), 1000)], allocations=[allocation()]), policy(), Catalog())
    assert codes(plan) == [("number_too_long", invoice())]
    assert plan.waiting == (payment(),)


def test_r1_5_a_payment_waits_for_a_bill_that_does_not_add_up_rather_than_losing_its_line() -> None:
    bills = [paid(bill("1"), 1000), paid(bill("2", 500), 500)]
    lines = [line("1", 1000, "1"), line("2", 499, "2")]
    both = [allocation("1", 1000, "1"), allocation("2", 500, "2")]
    plan = plan_group(group(bills, lines=lines, allocations=both), policy(), Catalog())
    assert codes(plan) == [("total_mismatch", invoice("2"))]
    assert plan.waiting == (payment(),)


def test_r1_5_the_neighbours_of_a_bad_bill_go_on() -> None:
    bills = [bill("1", number=""), bill("2", contact_id="8")]
    plan = plan_group(group(bills), policy(), Catalog())
    assert codes(plan) == [("number_missing", invoice("1"))]
    assert (Action.CREATE, invoice("2")) in steps(plan)


def test_r1_5_a_bill_without_a_client_is_a_problem_of_its_own() -> None:
    plan = plan_group(group([bill(contact_id="")]), policy(), Catalog())
    assert (steps(plan), codes(plan)) == ([], [("contact_missing", invoice())])


def test_r1_6_nothing_is_ever_deleted() -> None:
    assert {action.value for action in set(Action) - LOCAL} == {"create", "update", "void"}
