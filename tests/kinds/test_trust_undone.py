"""R6.3: what a plan makes of a payment from trust that Clio deleted."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from integrations.core.changes import Action, Plan
from integrations.kinds.group import Group
from integrations.kinds.trust_desk import reversal_ref
from integrations.kinds.trust_entry import TrustRow
from tests.kinds.builders import allocation, bill, codes, group, paid, payment, receipt, steps
from tests.kinds.ledger import Ledger
from tests.kinds.trust_builders import FEBRUARY, TODAY, entry, row, trusting

HELD = row("500", 5000)
LEFT = row("511", -400, bill_id="1", allocation_id="1")
BACK = row("512", 400, bill_id="1", allocation_id="1", dated=FEBRUARY + timedelta(days=9))
RECEIPT_GONE = receipt("9", 0, allocation_id="1")


def story(*rows: TrustRow, valid: bool, gone: Iterable[TrustRow] = (), **parts: Any) -> Group:
    """A bill of 1,000 with 400 paid on it from trust, or with that payment deleted."""
    from_trust = allocation(amount=400, date=FEBRUARY, source_type="Trust", source_id="44", is_valid=valid)
    owing = paid(bill(), 400) if valid else bill()
    found = group([owing], allocations=[from_trust], receipts=[] if valid else [RECEIPT_GONE], run_date=TODAY, **parts)
    was = {one.id: one for one in gone}
    accounts = {id: one.account_id for id, one in was.items()}
    return replace(found, trust={one.id: one for one in rows}, gone_trust=accounts, gone_rows=was)


def posted() -> Ledger:
    ledger = Ledger()
    ledger.carry_out(story(HELD, LEFT, valid=True), trusting())
    return ledger


def planned(found: Group) -> Plan:
    return posted().plan(found, trusting())


def test_r6_3_while_its_row_still_shows_neither_leg_is_taken_back_and_it_is_said() -> None:
    plan = planned(story(HELD, LEFT, valid=False))
    assert (steps(plan), codes(plan)) == ([], [("trust_leg_waits", payment())])
    assert "row 511" in plan.problems[0].message


def test_r6_3_once_the_row_is_gone_both_are_taken_back_the_payment_first() -> None:
    plan = planned(story(HELD, valid=False, gone=[LEFT]))
    assert steps(plan) == [(Action.VOID, payment()), (Action.CREATE, reversal_ref(entry("511")))]
    assert codes(plan) == []
    assert payment() in plan.changes[1].after


def test_r6_3_a_row_that_puts_the_money_back_is_posted_with_the_void() -> None:
    plan = planned(story(HELD, LEFT, BACK, valid=False))
    assert steps(plan) == [(Action.VOID, payment()), (Action.CREATE, entry("512"))]
    assert payment() in plan.changes[1].after


def test_r6_3_a_deposit_of_the_same_amount_puts_nothing_back() -> None:
    another = replace(BACK, bill_id="", allocation_id="")
    assert codes(planned(story(HELD, LEFT, another, valid=False))) == [("trust_leg_waits", payment())]


def test_r6_3_a_payment_that_a_person_changed_keeps_its_trust_entry_until_that_is_decided() -> None:
    ledger = posted()
    ledger.of(payment())["TotalAmt"] = Decimal("390.00")
    plan = ledger.plan(story(HELD, valid=False, gone=[LEFT]), trusting())
    assert (steps(plan), codes(plan)) == ([], [("drift", payment())])
    assert reversal_ref(entry("511")) in plan.waiting


def test_r6_3_from_an_account_that_is_not_mapped_the_payment_goes_alone() -> None:
    elsewhere = replace(LEFT, account_id="99")
    other = story(HELD, elsewhere, valid=False)
    parts = {id: [replace(a, source_id="99") for a in found] for id, found in other.allocations.items()}
    moved = group([bill()], allocations=parts["1"], receipts=[RECEIPT_GONE], run_date=TODAY, trust=other.trust)
    assert steps(planned(moved)) == [(Action.VOID, payment())]
