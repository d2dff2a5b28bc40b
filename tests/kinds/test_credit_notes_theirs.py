"""R8 for credit notes: what a person did to memo or application, and what restoring, accepting, unlinking does."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.core.records import Ref
from tests.kinds.builders import (
    application,
    bill,
    codes,
    credit,
    credit_memo,
    group,
    invoice,
    memo,
    paid,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger

CREDITED = group([paid(bill(), 100)], allocations=[credit()], memos=[memo()])
MORE = group([paid(bill(), 150)], allocations=[credit(amount=150)], memos=[memo(amount=150)])
OVER = group([bill()], allocations=[credit(is_valid=False)], memos=[memo(is_voided=True)])


def posted() -> Ledger:
    ledger = Ledger()
    ledger.carry_out(CREDITED, policy())
    return ledger


def decided(code: str, action: str, *refs: Ref) -> dict[str, Any]:
    return {"decisions": {(ref, code): Decision(action) for ref in refs}}


def renumber(ledger: Ledger) -> None:
    ledger.of(credit_memo())["DocNumber"] = "by hand"


def void_memo(ledger: Ledger) -> None:
    ledger.void(credit_memo())


def delete_memo(ledger: Ledger) -> None:
    ledger.delete(credit_memo())


def void_application(ledger: Ledger) -> None:
    ledger.void(application())


def delete_application(ledger: Ledger) -> None:
    ledger.delete(application())


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (renumber, ("drift", credit_memo())),
        (void_memo, ("drift", credit_memo())),
        (delete_memo, ("deleted_in_ledger", credit_memo())),
        (void_application, ("drift", application())),
        (delete_application, ("deleted_in_ledger", application())),
    ],
)
def test_r8_what_a_person_did_is_said_once_and_restoring_brings_both_back(
    act: Callable[[Ledger], None], said: tuple[str, Ref]
) -> None:
    ledger, (code, ref) = posted(), said
    act(ledger)
    plan = ledger.plan(CREDITED, policy())
    assert (steps(plan), codes(plan)) == ([], [said])
    ledger.carry_out(replace(CREDITED, **decided(code, "restore", ref)), policy())
    assert ledger.of(credit_memo())["DocNumber"] == "CN-77"
    assert (ledger.of(credit_memo())["TotalAmt"], ledger.of(credit_memo())["Balance"]) == (100, 0)
    assert ledger.of(invoice())["Balance"] == 900
    left = ledger.plan(CREDITED, policy())
    assert (steps(left), codes(left), left.waiting) == ([], [], ())


def test_r8_what_was_taken_off_is_named_with_both_amounts() -> None:
    ledger = posted()
    void_application(ledger)
    (problem,) = ledger.plan(CREDITED, policy()).problems
    assert problem.details == {"fields": [{"label": "Applied to invoice 101", "ours": "100.00", "theirs": "0.00"}]}


def test_r8_a_memo_given_up_is_listed_and_its_application_left_alone() -> None:
    ledger = posted()
    delete_memo(ledger)
    ledger.carry_out(replace(CREDITED, **decided("deleted_in_ledger", "accept_theirs", credit_memo())), policy())
    plan = ledger.plan(CREDITED, policy())
    assert (steps(plan), codes(plan)) == ([], [("deleted_in_ledger", credit_memo())])
    assert plan.problems[0].accepted


def test_r8_an_unlinked_memo_is_never_posted_again() -> None:
    ledger = posted()
    renumber(ledger)
    ledger.carry_out(replace(CREDITED, **decided("drift", "unlink", credit_memo())), policy())
    for group_ in (CREDITED, MORE):
        plan = ledger.plan(group_, policy())
        assert steps(plan) == []
        assert plan.problems[0].accepted


def test_r8_once_clio_changes_an_accepted_difference_is_over() -> None:
    ledger = posted()
    renumber(ledger)
    ledger.carry_out(replace(CREDITED, **decided("drift", "accept_theirs", credit_memo())), policy())
    plan = ledger.carry_out(MORE, policy())
    assert steps(plan) == [(Action.UPDATE, credit_memo()), (Action.UPDATE, application())]
    assert ledger.of(credit_memo())["DocNumber"] == "CN-77"


def test_r8_an_application_a_person_changed_is_not_taken_for_voided_because_it_is_worth_nothing() -> None:
    ledger = posted()
    ledger.of(application())["TxnDate"] = "2026-03-01"
    plan = ledger.plan(OVER, policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", application())])
    assert plan.waiting == (credit_memo(),)
    plan = ledger.carry_out(replace(OVER, **decided("drift", "restore", application())), policy())
    assert steps(plan) == [(Action.VOID, application()), (Action.VOID, credit_memo())]


def test_r8_a_credit_for_an_invoice_that_is_kept_by_hand_is_entered_by_hand_too() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.delete(invoice())
    given_up = decided("deleted_in_ledger", "accept_theirs", invoice())
    ledger.carry_out(replace(group([bill()]), **given_up), policy())
    plan = ledger.plan(CREDITED, policy())
    assert steps(plan) == []
    assert ("kept_by_hand", credit_memo()) in codes(plan)


def test_r8_an_invoice_that_is_restored_gets_its_credit_applied_again() -> None:
    ledger = posted()
    ledger.void(invoice())
    plan = ledger.plan(CREDITED, policy())
    assert (steps(plan), codes(plan)) == ([], [("drift", invoice())])
    ledger.carry_out(replace(CREDITED, **decided("drift", "restore", invoice())), policy())
    assert ledger.of(invoice())["Balance"] == 900
    assert steps(ledger.plan(CREDITED, policy())) == []
