"""R3.8: money of a bill that is gone, told by Clio's bank rows."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.kinds.group import Group
from integrations.kinds.invoice import Allocation
from integrations.kinds.payment import Receipt, assemble
from tests.kinds.builders import PAID, allocation, bill, codes, group, invoice, paid, payment, policy, receipt, steps
from tests.kinds.ledger import Ledger

DAY = date(2026, 3, 3)
TAKEN_OFF = [allocation(amount=400, is_valid=False)]


def row(amount: object = 400, **names: Any) -> Receipt:
    return receipt("1", amount, **(names or {"allocation_id": "1"}))


def out(amount: object, **names: Any) -> Receipt:
    return receipt("2", amount, date=DAY, **(names or {"allocation_id": "1"}))


def posted() -> Ledger:
    """A bill of 1,000 with 400 paid on it."""
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 400)], allocations=[allocation(amount=400)], receipts=[row()]), policy())
    return ledger


def gone(*rows: Receipt, allocations: list[Allocation] = TAKEN_OFF, **parts: Any) -> Group:
    return group([bill(state="void")], allocations=allocations, receipts=rows, run_date=DAY, **parts)


# What the rows say


@pytest.mark.parametrize("names", [{"allocation_id": "1"}, {"bill_id": "1"}, {"bill_id": "1", "allocation_id": "1"}])
def test_a_row_that_names_a_voided_allocation_or_its_bill_is_money_that_stands(names: dict[str, str]) -> None:
    found = assemble("900", TAKEN_OFF, [row(**names)])
    assert (found.amount, found.standing, found.is_traced) == (0, 400, True)


@pytest.mark.parametrize("rows", [[row(0)], [row(), out(-400)], [row(100), out(-100)]])
def test_a_row_that_is_gone_or_was_taken_back_is_none(rows: list[Receipt]) -> None:
    found = assemble("900", TAKEN_OFF, rows)
    assert (found.standing, found.is_traced) == (0, True)


def test_what_went_out_in_part_is_taken_off() -> None:
    assert assemble("900", TAKEN_OFF, [row(), out(-150)]).standing == 250
    refunded = assemble("900", [allocation(amount=250)], [row(), out(-150)])
    assert (refunded.amount, refunded.standing) == (250, 0)


@pytest.mark.parametrize("rows", [[], [receipt("1", 400)], [row(allocation_id="7")], [row(bill_id="7")]])
def test_rows_that_name_something_else_tell_nothing(rows: list[Receipt]) -> None:
    found = assemble("900", TAKEN_OFF, rows)
    assert (found.standing, found.is_traced) == (0, False)


def test_the_row_of_another_payment_of_that_day_is_not_taken() -> None:
    other = allocation("2", 600, payment="901")
    of_both = [row(400, bill_id="1"), receipt("2", 600, bill_id="1")]
    assert assemble("900", TAKEN_OFF, of_both, [*TAKEN_OFF, other]).standing == 400
    assert assemble("900", TAKEN_OFF, of_both[1:], [*TAKEN_OFF, other]).standing == 0


def test_rows_that_cannot_be_told_apart_tell_nothing() -> None:
    found = assemble("900", TAKEN_OFF, [row(300, bill_id="1"), receipt("2", 350, bill_id="1")])
    assert (found.standing, found.is_traced) == (0, False)


def test_beside_allocations_that_stand_one_row_of_all_counts_once_and_a_row_for_each_by_itself() -> None:
    parts = [*TAKEN_OFF, allocation("2", 100, bill="2")]
    assert assemble("900", parts, [row(500)]).standing == 400
    found = assemble("900", parts, [row(400), receipt("2", 100, allocation_id="2")])
    assert (found.amount, found.standing) == (100, 400)


# What is planned


def test_r3_8_money_that_clio_kept_blocks_the_void_and_its_rows_are_read_again() -> None:
    plan = posted().plan(gone(row()), policy())
    assert steps(plan) == []
    assert codes(plan) == [("void_blocked", invoice()), ("money_kept", payment())]
    assert plan.recheck == {"900"}
    assert "bank account still has the money of payment 900" in plan.problems[0].message


@pytest.mark.parametrize("rows", [[row(0)], [row(), out(-400)]])
def test_r3_8_money_that_was_given_back_goes_first_then_the_invoice(rows: list[Receipt]) -> None:
    plan = posted().plan(gone(*rows), policy())
    assert steps(plan) == [(Action.VOID, payment()), (Action.VOID, invoice())]
    assert (codes(plan), plan.recheck) == ([], frozenset())


def test_r3_8_a_bill_that_is_seen_to_be_missing_is_gone_as_well() -> None:
    absent = group([bill()], allocations=TAKEN_OFF, receipts=[row()], absent_bills=frozenset({"1"}))
    assert codes(posted().plan(absent, policy())) == [("void_blocked", invoice()), ("money_kept", payment())]


def test_r3_8_without_any_row_the_void_goes_on_and_is_said_as_long_as_nothing_tells() -> None:
    ledger = posted()
    assert codes(ledger.carry_out(gone(), policy())) == [("money_unproven", payment())]
    assert codes(ledger.plan(gone(), policy())) == [("money_unproven", payment())]
    still_there = ledger.plan(gone(row()), policy())
    assert (codes(still_there), still_there.recheck) == ([("money_unproven", payment())], {"900"})
    assert codes(ledger.plan(gone(row(0)), policy())) == []


def test_r3_8_a_payment_deleted_from_a_live_bill_needs_no_row() -> None:
    plan = posted().plan(group([bill()], allocations=TAKEN_OFF), policy())
    assert (steps(plan), codes(plan)) == ([(Action.VOID, payment())], [])


def test_r3_8_the_correction_leaves_the_payment_and_accepts_it() -> None:
    ledger = posted()
    confirmed = gone(row(), decisions={(invoice(), "void_blocked"): Decision("credit_memo")})
    plan = ledger.carry_out(confirmed, policy())
    assert [problem.accepted for problem in plan.problems] == [True, True]
    assert (ledger.of(invoice())["Balance"], ledger.of(payment())["TotalAmt"]) == (0, 400)


def test_r3_8_what_a_person_did_to_the_payment_is_said_first() -> None:
    ledger = posted()
    ledger.of(payment())["TotalAmt"] = Decimal("390.00")
    assert ("drift", payment()) in codes(ledger.plan(gone(row()), policy()))


def test_r3_8_over_payments_do_not_block_once_the_bill_is_paid_by_other_money() -> None:
    """1,200 received on 1,000; the 1,000 go to another bill before the first one is voided."""
    ledger, whole = Ledger(), receipt("1", 1200, allocation_id="1")
    first = group([paid(bill(), 1000)], allocations=[allocation()], receipts=[whole])
    ledger.carry_out(first, policy())
    parts = [allocation(is_valid=False), allocation("2", bill="2")]
    moved = group([bill(state="void"), paid(bill("2"), 1000)], allocations=parts, receipts=[whole])
    plan = ledger.carry_out(moved, policy())
    assert ("void_blocked", invoice()) not in codes(plan)
    assert (ledger.of(invoice())["TotalAmt"], ledger.of(payment())["TotalAmt"]) == (0, 1200)


def test_r4_2_money_taken_off_a_live_bill_and_kept_is_open_credit() -> None:
    ledger = posted()
    kept = group([bill()], allocations=TAKEN_OFF, receipts=[row()])
    plan = ledger.carry_out(kept, policy())
    assert (steps(plan), codes(plan)) == ([(Action.UPDATE, payment())], [("money_kept", payment())])
    assert (ledger.of(payment())["TotalAmt"], ledger.of(payment())["Line"]) == (400, [])
    assert ledger.of(payment())["TxnDate"] == PAID.isoformat()
    assert steps(ledger.plan(kept, policy())) == []


def test_r4_7_money_that_stands_is_not_replaced_by_other_money() -> None:
    ledger = posted()
    parts = [*TAKEN_OFF, allocation("2", 300, payment="901")]
    plan = ledger.plan(group([paid(bill(), 300)], allocations=parts, receipts=[row()]), policy())
    assert (Action.CREATE, payment("901")) in steps(plan)
    assert plan.recheck == {"900"}
    given_back = ledger.plan(group([paid(bill(), 300)], allocations=parts, receipts=[row(0)]), policy())
    assert steps(given_back) == [(Action.UPDATE, payment("901"))]


def of_two_clients() -> tuple[Ledger, list[Allocation], Receipt]:
    """One payment of 1,000 over the bills of two clients."""
    ledger, parts = Ledger(), [allocation(amount=400), allocation("2", 600, bill="2")]
    bills = [paid(bill(), 400), paid(bill("2", contact_id="8"), 600)]
    ledger.carry_out(group(bills, allocations=parts, receipts=[row(1000)]), policy())
    return ledger, parts, row(1000)


def test_r4_2_money_of_two_clients_that_was_kept_lets_go_of_both_invoices() -> None:
    ledger, parts, whole = of_two_clients()
    taken = [replace(part, is_valid=False) for part in parts]
    anew = [replace(part, id=f"1{part.id}", parent_id="901") for part in parts]
    bills = [paid(bill(), 400), paid(bill("2", contact_id="8"), 600)]
    ledger.carry_out(group(bills, allocations=[*taken, *anew], receipts=[whole]), policy())
    assert [ledger.of(payment("900", leg))["TotalAmt"] for leg in ("7", "8")] == [400, 600]
    assert [ledger.of(payment("900", leg))["Line"] for leg in ("7", "8")] == [[], []]
    assert [ledger.of(invoice(id))["Balance"] for id in ("1", "2")] == [600, 400]


def test_r4_2_money_that_was_kept_goes_with_the_payment_to_another_client_once() -> None:
    """A payment over three bills: one is voided and its money kept, another becomes a second client's."""
    ledger, whole = Ledger(), row(1000, allocation_id="2")
    parts = [allocation(amount=400), allocation("2", 600, bill="2")]
    first = group([paid(bill(), 400), paid(bill("2"), 600)], allocations=parts, receipts=[whole])
    ledger.carry_out(first, policy())
    moved = [replace(parts[0], is_valid=False), parts[1]]
    bills = [bill(state="void"), paid(bill("2", contact_id="8"), 600)]
    last = group(bills, allocations=moved, receipts=[whole])
    ledger.carry_out(last, policy())
    live = [raw["TotalAmt"] for raw in ledger.payments() if raw["TotalAmt"]]
    assert (sum(live), ledger.of(invoice())["TotalAmt"]) == (1000, 0)
    assert steps(ledger.plan(last, policy())) == []


def test_r4_1_what_stands_beside_a_payment_is_posted_at_once_and_stays() -> None:
    parts, whole = [*TAKEN_OFF, allocation("2", 600, bill="2")], [row(400), receipt("2", 600, allocation_id="2")]
    seen = group([bill(), paid(bill("2"), 600)], allocations=parts, receipts=whole)
    ledger = Ledger()
    plan = ledger.carry_out(seen, policy())
    assert (ledger.of(payment())["TotalAmt"], codes(plan)) == (1000, [("money_kept", payment())])
    assert steps(ledger.plan(seen, policy())) == []
