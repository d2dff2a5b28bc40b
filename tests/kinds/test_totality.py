"""Every linked record has an outcome, whatever happened on either side."""

from dataclasses import replace
from typing import Any

import pytest

from integrations.core.changes import Action
from integrations.core.records import Ref
from integrations.kinds.group import Group
from tests.kinds.builders import (
    allocation,
    bill,
    codes,
    contact,
    customer,
    group,
    invoice,
    money,
    paid,
    payment,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger

Outcome = tuple[list[tuple[Action, Ref]], list[str]]  # what is done, and what is said
NOTHING: list[Any] = []


def outcome(practice: Group, ledger_side: str, ref: Ref, member: str) -> Outcome:
    """Everything posted, then changed on one or both sides, then planned."""
    ledger = Ledger()
    ledger.carry_out(POSTED, policy())
    if ledger_side == "C":
        ledger.of(ref)[member] = {"PaymentRefNum": "by hand", "DocNumber": "by hand", "GivenName": "Anna"}[member]
    if ledger_side == "M":
        ledger.delete(ref)
    plan = ledger.plan(practice, policy())
    about = [(action, at) for action, at in steps(plan) if at.kind == ref.kind]
    return about, [code for code, at in codes(plan) if at.kind == ref.kind]


POSTED = group([paid(bill(), 400)], allocations=[allocation(amount=400)])
CONTACTS = {
    "U": POSTED,
    "C": replace(POSTED, contacts={"7": contact(phone="555 0199")}),
    "M": replace(POSTED, contacts={}),
}
BILLS = {
    "U": POSTED,
    "C": replace(POSTED, bills={"1": replace(POSTED.bills["1"], subject="x", due_at=bill().issued_at)}),
    "M": group([bill(state="void")], allocations=[allocation(amount=400, is_valid=False)]),
}
PAYMENTS = {
    "U": POSTED,
    "C": group([paid(bill(), 300)], allocations=[allocation(amount=300)]),
    "M": group([bill()], allocations=[allocation(amount=400, is_valid=False)]),
}


@pytest.mark.parametrize(
    ("practice", "ledger_side", "expected"),
    [
        ("U", "U", (NOTHING, NOTHING)),
        ("U", "C", (NOTHING, NOTHING)),
        ("U", "M", (NOTHING, ["deleted_in_ledger"])),
        ("C", "U", ([(Action.UPDATE, customer())], NOTHING)),
        ("C", "C", (NOTHING, ["contact_conflict"])),
        ("C", "M", (NOTHING, ["deleted_in_ledger"])),
        ("M", "U", (NOTHING, NOTHING)),
        ("M", "C", (NOTHING, NOTHING)),
        ("M", "M", (NOTHING, ["deleted_in_ledger"])),
    ],
)
def test_a_linked_contact(practice: str, ledger_side: str, expected: Outcome) -> None:
    assert outcome(CONTACTS[practice], ledger_side, customer(), "GivenName") == expected


@pytest.mark.parametrize(
    ("practice", "ledger_side", "expected"),
    [
        ("U", "U", (NOTHING, NOTHING)),
        ("U", "C", (NOTHING, ["drift"])),
        ("U", "M", (NOTHING, ["deleted_in_ledger"])),
        ("C", "U", ([(Action.UPDATE, invoice())], NOTHING)),
        ("C", "C", (NOTHING, ["drift"])),
        ("C", "M", (NOTHING, ["deleted_in_ledger"])),
        ("M", "U", ([(Action.VOID, invoice())], NOTHING)),
        ("M", "C", (NOTHING, ["drift"])),
        ("M", "M", (NOTHING, NOTHING)),
    ],
)
def test_a_linked_invoice(practice: str, ledger_side: str, expected: Outcome) -> None:
    assert outcome(BILLS[practice], ledger_side, invoice(), "DocNumber") == expected


@pytest.mark.parametrize(
    ("practice", "ledger_side", "expected"),
    [
        ("U", "U", (NOTHING, NOTHING)),
        ("U", "C", (NOTHING, ["drift"])),
        ("U", "M", (NOTHING, ["deleted_in_ledger"])),
        ("C", "U", ([(Action.UPDATE, payment())], NOTHING)),
        ("C", "C", (NOTHING, ["drift"])),
        ("C", "M", (NOTHING, ["deleted_in_ledger"])),
        ("M", "U", ([(Action.VOID, payment())], NOTHING)),
        ("M", "C", (NOTHING, ["drift"])),
        ("M", "M", (NOTHING, NOTHING)),
    ],
)
def test_a_linked_payment(practice: str, ledger_side: str, expected: Outcome) -> None:
    assert outcome(PAYMENTS[practice], ledger_side, payment(), "PaymentRefNum") == expected


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
    ledger.of(invoice())["DueDate"] = "2026-12-31"
    plan = ledger.plan(group([paid(bill(), 400)], allocations=[allocation(amount=400)]), policy())
    assert steps(plan) == [(Action.CREATE, payment())]


def test_a_deleted_invoice_is_never_created_again_and_its_new_payment_waits() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.delete(invoice())
    plan = ledger.plan(group([paid(bill(), 400)], allocations=[allocation(amount=money(400))]), policy())
    assert (steps(plan), codes(plan), plan.waiting) == ([], [("deleted_in_ledger", invoice())], (payment(),))
