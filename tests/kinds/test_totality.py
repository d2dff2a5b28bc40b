"""Every linked record has an outcome, whatever happened on either side."""

from itertools import product

import pytest

from integrations.core.changes import Action
from integrations.core.records import Kind
from tests.kinds.builders import allocation, bill, codes, group, invoice, money, paid, payment, policy, steps
from tests.kinds.ledger import Ledger
from tests.kinds.subjects import LEDGER, PRACTICE, Outcome, Subject, subjects

CASES = [
    pytest.param(subject, practice, ledger, id=f"{subject.ref.kind}{subject.ref.leg}-{practice}-{ledger}")
    for subject, practice, ledger in product(subjects(), PRACTICE, LEDGER)
]


def after(subject: Subject, practice: str, ledger_side: str) -> Outcome:
    """Everything posted, then changed on one or both sides, then planned."""
    ledger = Ledger()
    ledger.carry_out(subject.posted, policy())
    if ledger_side == "C":
        subject.edit(ledger.of(subject.ref))
    elif ledger_side == "V":
        ledger.void(subject.ref)
    elif ledger_side == "M":
        ledger.delete(subject.ref)
    plan = ledger.plan(subject.practice[practice], policy())
    about = [action for action, ref in steps(plan) if ref.kind == subject.ref.kind]
    return about, [code for code, ref in codes(plan) if ref.kind == subject.ref.kind]


def test_every_kind_has_its_rows() -> None:
    assert {subject.ref.kind for subject in subjects()} == set(Kind)


@pytest.mark.parametrize(("subject", "practice", "ledger_side"), CASES)
def test_every_combination_has_its_row(subject: Subject, practice: str, ledger_side: str) -> None:
    assert (practice, ledger_side) in subject.rows, f"{subject.ref.kind}: no row for {practice} × {ledger_side}"
    assert after(subject, practice, ledger_side) == subject.rows[practice, ledger_side]


@pytest.mark.parametrize("practice", ["C", "M"])
def test_a_drifted_invoice_that_changed_in_clio_keeps_what_depends_on_it_waiting(practice: str) -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.of(invoice())["DocNumber"] = "by hand"
    changed = {"C": paid(bill(amount=800), 400), "M": bill(state="void")}[practice]
    parts = [allocation(amount=400)] if practice == "C" else []
    plan = ledger.plan(group([changed], allocations=parts), policy())
    assert steps(plan) == []
    assert codes(plan) == [("drift", invoice())]
    assert plan.problems[0].blocks


def test_a_drifted_invoice_that_is_unchanged_in_clio_can_still_be_paid() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.of(invoice())["TxnDate"] = "2026-02-03"
    plan = ledger.plan(group([paid(bill(), 400)], allocations=[allocation(amount=400)]), policy())
    assert steps(plan) == [(Action.CREATE, payment())]


def test_a_deleted_invoice_is_never_created_again_and_its_new_payment_waits() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.delete(invoice())
    plan = ledger.plan(group([paid(bill(), 400)], allocations=[allocation(amount=money(400))]), policy())
    assert (steps(plan), codes(plan), plan.waiting) == ([], [("deleted_in_ledger", invoice())], (payment(),))
