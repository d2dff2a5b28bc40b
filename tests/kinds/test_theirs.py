"""What people did to our documents in QuickBooks, and what is decided about it (rule R8)."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.changes import Action, Decision, Plan, Problem
from integrations.core.records import Ref
from integrations.kinds.group import Group
from tests.kinds.builders import (
    allocation,
    bill,
    codes,
    customer,
    group,
    invoice,
    paid,
    payment,
    policy,
    receipt,
    steps,
)
from tests.kinds.ledger import Ledger

PAID = [allocation(amount=400)]


def story(**parts: Any) -> Group:
    """A bill of 1,000 with 400 paid."""
    return group([paid(bill(), 400)], allocations=PAID, **parts)


def posted() -> Ledger:
    ledger = Ledger()
    ledger.carry_out(story(), policy())
    return ledger


def decided(ref: Ref, action: str, code: str = "drift") -> Group:
    return story(decisions={(ref, code): Decision(action)})


def problem(plan: Plan) -> Problem:
    (found,) = plan.problems
    return found


def renumbered() -> Ledger:
    ledger = posted()
    ledger.of(invoice())["DocNumber"] = "by hand"
    return ledger


def test_r8_an_edited_document_is_said_with_both_versions_field_by_field() -> None:
    ledger = posted()
    raw = ledger.of(invoice())
    raw["TotalAmt"], raw["DocNumber"] = Decimal("999.99"), "7"
    found = problem(ledger.plan(story(), policy()))
    assert found.details["fields"] == [
        {"label": "Number", "ours": "101", "theirs": "7"},
        {"label": "Amount", "ours": "1000.00", "theirs": "999.99"},
    ]
    assert "number 101 → 7, amount 1,000.00 → 999.99" in found.message
    assert "QuickBooks" in found.message and found.severity == ""


def test_r8_a_message_says_amounts_and_days_as_people_do_and_references_as_they_stand() -> None:
    ledger = posted()
    raw = ledger.of(payment())
    raw["TotalAmt"], raw["TxnDate"], raw["PaymentRefNum"] = Decimal("2186.21"), "2026-03-13", "2026-03-13"
    found = problem(ledger.plan(story(), policy()))
    assert "(amount 400.00 → 2,186.21, date 20 Feb 2026 → 13 Mar 2026, reference none → 2026-03-13)" in found.message


def test_r8_drift_of_the_amount_is_not_hidden_because_clio_is_unchanged() -> None:
    ledger = posted()
    ledger.of(invoice())["TotalAmt"] = Decimal("1000.01")
    assert codes(ledger.plan(story(), policy())) == [("drift", invoice())]


def test_r8_what_is_neither_money_nor_whose_it_is_only_warns() -> None:
    ledger = posted()
    ledger.of(payment())["PaymentRefNum"] = "CHQ 1"
    assert problem(ledger.plan(story(), policy())).severity == "warning"


@pytest.mark.parametrize("ref", [invoice(), payment()])
def test_r8_a_voided_document_is_drift_and_is_not_posted_again_by_itself(ref: Ref) -> None:
    ledger = posted()
    ledger.void(ref)
    plan = ledger.plan(story(), policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", ref)])
    assert {"label": "State", "ours": "posted", "theirs": "voided"} in problem(plan).details["fields"]  # type: ignore[operator]


def test_r8_restoring_writes_ours_over_the_edited_document() -> None:
    ledger = renumbered()
    before = ledger.ledger_id(invoice())
    assert steps(ledger.carry_out(decided(invoice(), "restore"), policy())) == [(Action.UPDATE, invoice())]
    assert (ledger.ledger_id(invoice()), ledger.of(invoice())["DocNumber"]) == (before, "101")
    assert steps(ledger.plan(story(), policy())) == []


def test_r8_restoring_a_voided_invoice_applies_its_payment_again() -> None:
    ledger = posted()
    ledger.void(invoice())
    plan = ledger.carry_out(decided(invoice(), "restore"), policy())
    assert steps(plan) == [(Action.UPDATE, invoice()), (Action.UPDATE, payment())]
    assert (ledger.of(invoice())["TotalAmt"], ledger.of(invoice())["Balance"]) == (1000, 600)
    after = ledger.plan(story(), policy())
    assert (steps(after), codes(after)) == ([], [])


def test_r8_restoring_a_deleted_invoice_creates_it_anew_and_applies_its_payment_again() -> None:
    ledger = posted()
    before = ledger.ledger_id(invoice())
    ledger.delete(invoice())
    plan = ledger.carry_out(decided(invoice(), "restore", "deleted_in_ledger"), policy())
    assert steps(plan) == [(Action.CREATE, invoice()), (Action.UPDATE, payment())]
    assert ledger.ledger_id(invoice()) != before
    assert ledger.of(invoice())["Balance"] == 600
    after = ledger.plan(story(), policy())
    assert (steps(after), codes(after)) == ([], [])


@pytest.mark.parametrize(("undo", "code"), [("void", "drift"), ("delete", "deleted_in_ledger")])
def test_r8_restoring_a_payment_that_is_over_creates_it_anew(undo: str, code: str) -> None:
    ledger = posted()
    before = ledger.ledger_id(payment())
    getattr(ledger, undo)(payment())
    plan = ledger.carry_out(decided(payment(), "restore", code), policy())
    assert steps(plan) == [(Action.CREATE, payment())]
    assert ledger.ledger_id(payment()) != before
    assert ledger.of(invoice())["Balance"] == 600
    assert steps(ledger.plan(story(), policy())) == []


def test_r8_what_is_restored_still_has_to_be_possible() -> None:
    plan = renumbered().plan(decided(invoice(), "restore"), policy(close_date=bill().issued_at))
    assert (steps(plan), codes(plan)) == ([], [("period_closed", invoice())])


def test_r8_accepting_theirs_stays_listed_and_quiet_until_clio_changes_again() -> None:
    ledger = renumbered()
    plan = ledger.carry_out(decided(invoice(), "accept_theirs"), policy())
    assert steps(plan) == [(Action.ACCEPT, invoice())]
    said = problem(plan)
    assert said.accepted and not said.blocks
    again = ledger.plan(story(), policy())
    assert (steps(again), problem(again)) == ([], said)
    edited = group([paid(bill(subject="x", due_at=bill().issued_at), 400)], allocations=PAID)
    assert steps(ledger.carry_out(edited, policy())) == [(Action.UPDATE, invoice())]
    assert ledger.of(invoice())["DocNumber"] == "101"
    assert codes(ledger.plan(edited, policy())) == []


def test_r8_what_is_accepted_of_a_payment_that_clio_changed_too_includes_what_it_no_longer_pays() -> None:
    ledger = posted()
    raw = ledger.of(payment())
    raw["TotalAmt"] = raw["Line"][0]["Amount"] = Decimal(300)
    more = group([paid(bill(), 500)], allocations=[allocation(amount=500)])
    assert codes(ledger.plan(more, policy())) == [("drift", payment())]
    accepted = replace(more, decisions={(payment(), "drift"): Decision("accept_theirs")})
    assert steps(ledger.carry_out(accepted, policy())) == [(Action.ACCEPT, payment())]
    for plan in (ledger.carry_out(more, policy()), ledger.plan(more, policy())):
        assert (steps(plan), [found.accepted for found in plan.problems]) == ([], [True])


def test_r8_an_accepted_difference_that_becomes_another_is_open_again() -> None:
    ledger = renumbered()
    ledger.carry_out(decided(invoice(), "accept_theirs"), policy())
    ledger.of(invoice())["DocNumber"] = "once more"
    plan = ledger.plan(story(), policy())
    assert codes(plan) == [("drift", invoice())]
    assert not problem(plan).accepted


def test_r8_an_accepted_difference_can_still_be_restored() -> None:
    ledger = renumbered()
    ledger.carry_out(decided(invoice(), "accept_theirs"), policy())
    ledger.carry_out(decided(invoice(), "restore"), policy())
    assert ledger.of(invoice())["DocNumber"] == "101"
    assert codes(ledger.plan(story(), policy())) == []


def test_r8_a_difference_that_somebody_put_right_needs_nobody() -> None:
    ledger = renumbered()
    ledger.carry_out(decided(invoice(), "accept_theirs"), policy())
    ledger.of(invoice())["DocNumber"] = "101"
    plan = ledger.carry_out(story(), policy())
    assert (steps(plan), codes(plan)) == ([(Action.ACCEPT, invoice())], [])
    after = ledger.plan(story(), policy())
    assert (steps(after), codes(after)) == ([], [])


def test_r8_an_accepted_deletion_is_not_created_again_and_clio_changing_opens_it() -> None:
    ledger = posted()
    ledger.delete(payment())
    ledger.carry_out(decided(payment(), "accept_theirs", "deleted_in_ledger"), policy())
    plan = ledger.plan(story(), policy())
    assert (steps(plan), codes(plan), problem(plan).accepted) == ([], [("deleted_in_ledger", payment())], True)
    more = group([paid(bill(), 500)], allocations=[allocation(amount=500)])
    assert not problem(ledger.plan(more, policy())).accepted


def test_r8_an_unlinked_invoice_is_listed_and_never_posted_again() -> None:
    ledger = renumbered()
    plan = ledger.carry_out(decided(invoice(), "unlink"), policy())
    assert (steps(plan), problem(plan).accepted) == ([(Action.UNLINK, invoice())], True)
    ledger.delete_by_hand("by hand")
    for practice in (story(), group([bill(amount=800)])):
        after = ledger.plan(practice, policy())
        assert invoice() not in [ref for _, ref in steps(after)]
        assert ("drift", invoice()) in codes(after)


def test_r8_the_payment_of_an_unlinked_invoice_stays_as_it_is_and_a_new_one_is_for_a_person() -> None:
    ledger = renumbered()
    ledger.carry_out(decided(invoice(), "unlink"), policy())
    assert steps(ledger.plan(story(), policy())) == []
    two = group([paid(bill(), 500)], allocations=[*PAID, allocation("2", 100, payment="901")])
    plan = ledger.plan(two, policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", invoice()), ("kept_by_hand", payment("901"))])


def test_r8_an_unlinked_payment_is_listed_and_never_posted_again() -> None:
    ledger = posted()
    ledger.of(payment())["TotalAmt"] = Decimal("401.00")
    ledger.carry_out(decided(payment(), "unlink"), policy())
    plan = ledger.plan(story(), policy())
    assert (steps(plan), codes(plan), problem(plan).accepted) == ([], [("drift", payment())], True)


def test_r8_a_payment_taken_off_our_invoice_is_drift_that_can_be_accepted_or_restored() -> None:
    ledger = posted()
    ledger.of(payment())["Line"] = []
    found = problem(ledger.plan(story(), policy()))
    assert found.details["fields"] == [{"label": "Applied to invoice 101", "ours": "400.00", "theirs": "0.00"}]
    ledger.carry_out(decided(payment(), "accept_theirs"), policy())
    assert problem(ledger.plan(story(), policy())).accepted
    ledger.carry_out(decided(payment(), "restore"), policy())
    assert ledger.of(payment())["Line"][0]["Amount"] == 400
    assert codes(ledger.plan(story(), policy())) == []


def test_r8_a_bill_voided_in_clio_whose_invoice_a_person_edited_waits_for_a_decision() -> None:
    gone = [receipt(amount=0, allocation_id="1")]
    void = group([bill(state="void")], allocations=[allocation(amount=400, is_valid=False)], receipts=gone)
    ledger = renumbered()
    ledger.carry_out(void, policy())
    assert codes(ledger.plan(void, policy())) == [("drift", invoice())]
    restored = group([bill(state="void")], decisions={(invoice(), "drift"): Decision("restore")})
    assert steps(ledger.carry_out(restored, policy())) == [(Action.VOID, invoice())]


def test_r8_a_voided_invoice_takes_no_payment() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.void(invoice())
    plan = ledger.plan(story(), policy())
    assert (steps(plan), codes(plan), plan.waiting) == ([], [("drift", invoice())], (payment(),))


def test_r8_the_customer_of_a_document_is_named_not_numbered() -> None:
    ledger = posted()
    ledger.of(invoice())["CustomerRef"] = {"value": "55", "name": "Somebody else"}
    row = problem(ledger.plan(story(), policy())).details["fields"][0]  # type: ignore[index]
    assert row == {"label": "Customer", "ours": "Ann Lee", "theirs": "Somebody else"}
    assert ledger.of(customer())["DisplayName"] == "Ann Lee"
