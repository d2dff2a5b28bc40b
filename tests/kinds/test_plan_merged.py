"""Customers merged or made inactive in QuickBooks (rule R8)."""

from dataclasses import replace

import pytest

from integrations.core.changes import Action, Decision
from integrations.kinds.contact import decode_customer
from integrations.kinds.group import Group
from tests.kinds.builders import (
    allocation,
    bill,
    change_of,
    codes,
    contact,
    customer,
    group,
    invoice,
    paid,
    payment,
    policy,
    steps,
)
from tests.kinds.ledger import Ledger

STORY = group([paid(bill(), 400)], allocations=[allocation(amount=400)])


def merged(*, into: str = "55", linked_to: str = "", removed: bool = False) -> Ledger:
    """The customer of contact 7 merged into another one; ``linked_to`` is the contact that one stands for."""
    ledger = Ledger()
    ledger.carry_out(STORY, policy())
    loser = ledger.of(customer())
    survivor = {"Id": into, "SyncToken": "0", "DisplayName": "Ann Lee-Ek", "Active": True}
    ledger.documents["Customer", into] = survivor
    loser["Active"] = False
    ledger.shelf.add(decode_customer(survivor), decode_customer(loser))
    if linked_to:
        ledger.shelf.linked["Customer", into] = customer(linked_to)
    for ref in (invoice(), payment()):
        ledger.of(ref)["CustomerRef"] = {"value": into, "name": "Ann Lee-Ek"}
    if removed:
        del ledger.shelf.people[loser["Id"]]
        ledger.delete(customer())
    return ledger


@pytest.mark.parametrize("removed", [True, False])
def test_r8_the_link_moves_to_the_customer_our_documents_now_carry(removed: bool) -> None:
    ledger = merged(removed=removed)
    plan = ledger.carry_out(STORY, policy())
    expected = [(Action.ADOPT, customer()), (Action.ACCEPT, invoice()), (Action.ACCEPT, payment())]
    assert (steps(plan), codes(plan)) == (expected, [])
    assert "merged into “Ann Lee-Ek”" in change_of(plan, customer()).reason
    assert ledger.ledger_id(customer()) == "55"
    assert not {invoice(), payment()} & {ref for _, ref in steps(ledger.plan(STORY, policy()))}


def test_r8_what_changed_in_clio_meanwhile_is_written_for_the_survivor() -> None:
    ledger = merged()
    ledger.carry_out(replace(STORY, bills={"1": replace(STORY.bills["1"], due_at=bill().issued_at)}), policy())
    raw = ledger.of(invoice())
    assert (raw["DueDate"], raw["CustomerRef"]) == (str(bill().issued_at), {"value": "55"})


def test_r8_a_merge_hides_no_other_change_of_the_document() -> None:
    ledger = merged()
    ledger.of(invoice())["DocNumber"] = "by hand"
    plan = ledger.plan(STORY, policy())
    assert codes(plan) == [("drift", invoice())]
    assert plan.problems[0].details["fields"] == [{"label": "Number", "ours": "101", "theirs": "by hand"}]


def test_r8_documents_of_two_customers_tell_of_no_merge() -> None:
    ledger = merged()
    ledger.of(payment())["CustomerRef"] = {"value": "56"}
    plan = ledger.plan(STORY, policy())
    assert sorted(codes(plan)) == [("drift", invoice()), ("drift", payment())]


def test_r8_two_contacts_merged_into_one_customer_are_asked_about_and_lose_nothing() -> None:
    ledger = merged(linked_to="8")
    plan = ledger.plan(STORY, policy())
    assert (steps(plan), codes(plan)) == ([], [("customers_merged", customer())])
    new = group([paid(bill(), 400), bill("2", 50)], allocations=[allocation(amount=400)])
    assert invoice("2") in ledger.plan(new, policy()).waiting


def test_r8_a_customer_of_its_own_again_gets_its_documents_back() -> None:
    ledger = merged(linked_to="8")
    decided = {(customer(), "customers_merged"): Decision("create")}
    plan = ledger.carry_out(replace(STORY, decisions=decided), policy())
    assert [ref for action, ref in steps(plan) if action is Action.CREATE] == [customer()]
    assert plan.again  # the payment lets go now and takes hold with the next plan, in the same run
    ledger.carry_out(STORY, policy())
    own = ledger.ledger_id(customer())
    assert {ledger.of(ref)["CustomerRef"]["value"] for ref in (invoice(), payment())} == {own}
    assert str(ledger.of(invoice())["Balance"]) == "600.00"
    after = ledger.plan(STORY, policy())
    assert (steps(after), codes(after), after.again) == ([], [], False)


def inactive() -> Ledger:
    ledger = Ledger()
    ledger.carry_out(STORY, policy())
    ledger.of(customer())["Active"] = False
    ledger.shelf.add(decode_customer(ledger.of(customer())))
    return ledger


MORE: Group = group([paid(bill(), 400), bill("2", 50)], allocations=[allocation(amount=400)])


def test_r8_an_inactive_customer_matters_only_when_something_is_written() -> None:
    assert codes(inactive().plan(STORY, policy())) == []
    plan = inactive().plan(MORE, policy())
    assert (steps(plan), codes(plan)) == ([], [("customer_inactive", customer())])
    assert invoice("2") in plan.waiting


@pytest.mark.parametrize("by_policy", [True, False])
def test_r8_an_inactive_customer_is_made_active_by_decision_or_policy(by_policy: bool) -> None:
    asked = {} if by_policy else {(customer(), "customer_inactive"): Decision("reactivate")}
    ledger = inactive()
    plan = ledger.carry_out(replace(MORE, decisions=asked), policy(reactivate_customers=by_policy))
    assert steps(plan) == [(Action.UPDATE, customer()), (Action.CREATE, invoice("2"))]
    assert ledger.of(customer())["Active"] is True


def test_r8_a_customer_that_is_gone_is_created_again_only_when_a_person_says_so() -> None:
    ledger = Ledger()
    ledger.carry_out(STORY, policy())
    del ledger.shelf.people[ledger.ledger_id(customer())]
    ledger.delete(customer())
    assert codes(ledger.plan(STORY, policy())) == [("deleted_in_ledger", customer())]
    decided = {(customer(), "deleted_in_ledger"): Decision("restore")}
    plan = ledger.plan(replace(STORY, contacts={"7": contact(name="Ann Ek")}, decisions=decided), policy())
    assert (Action.CREATE, customer()) in steps(plan)
