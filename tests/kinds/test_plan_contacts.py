"""Contacts and customers (rules R2.1, R2.2)."""

from dataclasses import replace
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.core.match import Exact, NoMatch, Probable
from integrations.kinds.catalog import Catalog, Named
from integrations.kinds.contact import Customer
from integrations.kinds.group import Group
from integrations.kinds.plan import plan_group
from tests.kinds.builders import bill, change_of, codes, contact, customer, group, invoice, policy, steps
from tests.kinds.ledger import Ledger
from tests.kinds.shelf import Shelf

ASKED = (customer(), "probable_match")


def there(id: str = "1", name: str = "Ann Lee", *, active: bool = True) -> Customer:
    return Customer(id, "0", name, "Ann", "Lee", "", ("ann@example.com",), active, "", "USD")


def catalog(*customers: Customer, others: tuple[str, ...] = ()) -> Catalog:
    return Shelf(people={one.id: one for one in customers}, strangers=vendors(*others)).catalog()


def vendors(*names: str) -> list[Named]:
    return [Named("Vendor", "9", name, name) for name in names]


def matched(found: Exact | Probable | NoMatch, **parts: Any) -> Group:
    return group([bill()], matches={"7": found}, **parts)


def test_r2_1_a_contact_that_cannot_be_read_is_said_and_its_bills_wait() -> None:
    for contacts in ({"7": "Clio hides this contact"}, {}):
        plan = plan_group(group([bill()], contacts=contacts), policy(), Catalog())
        assert (steps(plan), codes(plan)) == ([], [("permission_lost", customer())])
        assert plan.waiting == (invoice(),)


def test_r2_1_a_linked_contact_that_cannot_be_read_any_more_keeps_its_customer() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    plan = ledger.plan(group([bill(), bill("2")], contacts={"7": "Clio hides this contact"}), policy())
    assert (steps(plan), codes(plan)) == ([(Action.CREATE, invoice("2"))], [])


def test_r2_1_a_probable_match_is_asked_and_the_bills_wait() -> None:
    plan = plan_group(matched(Probable(("1", "2"))), policy(), catalog(there(), there("2")))
    assert (steps(plan), codes(plan)) == ([], [("probable_match", customer())])
    assert plan.problems[0].details["candidates"] == ["1", "2"]
    assert plan.waiting == (invoice(),)


def test_r2_1_an_exact_match_is_adopted_not_created() -> None:
    plan = plan_group(matched(Exact("1")), policy(), catalog(there()))
    assert steps(plan) == [(Action.ADOPT, customer()), (Action.CREATE, invoice())]
    assert change_of(plan, customer()).ledger_id == "1"


def test_r2_1_a_person_decides_which_customer_it_is() -> None:
    decided = {ASKED: Decision("link", "2")}
    plan = plan_group(matched(Probable(("1", "2")), decisions=decided), policy(), catalog(there(), there("2")))
    assert change_of(plan, customer()).ledger_id == "2"


@pytest.mark.parametrize("chosen", ["3", "", "1"])
def test_r2_1_a_choice_that_cannot_be_is_asked_again(chosen: str) -> None:
    taken = catalog(there())
    taken.owners.put(("Customer", "1"), customer("99"))
    plan = plan_group(matched(Probable(("1",)), decisions={ASKED: Decision("link", chosen)}), policy(), taken)
    assert (steps(plan), codes(plan)) == ([], [("probable_match", customer())])


def test_r2_1_two_contacts_cannot_become_the_same_customer_in_one_plan() -> None:
    bills = [bill("1"), bill("2", contact_id="8")]
    decided = {(customer(id), "probable_match"): Decision("link", "1") for id in ("7", "8")}
    plan = plan_group(group(bills, decisions=decided), policy(), catalog(there()))
    assert (Action.ADOPT, customer("7")) in steps(plan)
    assert codes(plan) == [("probable_match", customer("8"))]


def test_r2_1_a_person_can_say_that_it_is_somebody_new() -> None:
    plan = plan_group(
        matched(Probable(("1",)), decisions={ASKED: Decision("create")}), policy(), catalog(there(name="Other"))
    )
    assert steps(plan)[0] == (Action.CREATE, customer())


def test_r2_1_an_inactive_match_is_asked_unless_the_firm_said_so() -> None:
    asleep = catalog(there(name="Ann Lee (deleted)", active=False))
    plan = plan_group(matched(Exact("1")), policy(), asleep)
    assert (steps(plan), codes(plan)) == ([], [("customer_inactive", customer())])
    assert "“Ann Lee”" in plan.problems[0].message
    decided = {(customer(), "customer_inactive"): Decision("reactivate")}
    for answer in (
        plan_group(matched(Exact("1")), policy(reactivate_customers=True), asleep),
        plan_group(matched(Exact("1"), decisions=decided), policy(), asleep),
    ):
        assert steps(answer)[0] == (Action.UPDATE, customer())
        draft = answer.changes[0].draft
        assert draft is not None
        body = draft.encode(Ledger(), {"Id": "1", "SyncToken": "3"})
        assert body == {"Id": "1", "SyncToken": "3", "sparse": True, "Active": True}


def test_r2_1_a_vendor_of_the_same_name_is_never_adopted() -> None:
    plan = plan_group(group([bill()]), policy(), catalog(others=("Ann Lee",)))
    assert steps(plan)[0] == (Action.CREATE, customer())


def test_r2_2_a_name_taken_by_somebody_else_gets_the_firms_template_and_that_is_said() -> None:
    ledger = Ledger(shelf=Shelf(strangers=vendors("ANN LEE ")))
    plan = ledger.carry_out(group([bill()]), policy())
    assert ledger.of(customer())["DisplayName"] == "Ann Lee (Clio 7)"
    assert "“Ann Lee” is taken" in change_of(plan, customer()).reason


def test_r2_2_two_new_contacts_of_one_name_do_not_plan_the_same_name() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill("1"), bill("2", contact_id="8")]), policy())
    assert [ledger.of(customer(id))["DisplayName"] for id in ("7", "8")] == ["Ann Lee", "Ann Lee (Clio 8)"]


def test_r2_2_both_names_taken_is_a_problem() -> None:
    plan = plan_group(group([bill()]), policy(), catalog(others=("Ann Lee", "Ann Lee (Clio 7)")))
    assert (steps(plan), codes(plan)) == ([], [("name_taken", customer())])
    assert plan.waiting == (invoice(),)


def test_r2_2_a_customer_that_cannot_be_renamed_keeps_its_name_and_its_bills_go_on() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.shelf.strangers = vendors("Ann Ek", "Ann Ek (Clio 7)")
    renamed = group([bill(), bill("2")], contacts=[contact(name="Ann Ek")])
    plan = ledger.carry_out(renamed, policy())
    assert (steps(plan), codes(plan)) == ([(Action.CREATE, invoice("2"))], [("name_taken", customer())])
    assert codes(ledger.plan(renamed, policy())) == [("name_taken", customer())]


def test_r2_2_a_contact_changed_in_clio_is_changed_in_quickbooks_once() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    after = group([bill()], contacts=[contact(name="Ann Ek", phone="555 0199")])
    assert steps(ledger.carry_out(after, policy())) == [(Action.UPDATE, customer())]
    raw = ledger.of(customer())
    assert (raw["DisplayName"], raw["FamilyName"]) == ("Ann Ek", "Ek")
    assert steps(ledger.plan(after, policy())) == []


def test_r2_2_an_update_sends_what_changed_and_clears_what_was_emptied() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()], contacts=[contact(phone="555 0199", mobile="555 0100")]), policy())
    ledger.carry_out(group([bill()], contacts=[contact(mobile="555 0100", email="")]), policy())
    _, body = ledger.bodies[-1]
    assert (body["PrimaryPhone"], body["PrimaryEmailAddr"]) == ({}, {})
    assert body.keys() == {"Id", "SyncToken", "sparse", "Notes", "PrimaryPhone", "PrimaryEmailAddr"}


def test_r2_2_what_only_quickbooks_knows_of_an_adopted_customer_is_not_wiped() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()], contacts=[contact()]), policy())
    ledger.links[customer()] = replace(ledger.links[customer()], base={"name": "Ann Lee"})
    ledger.carry_out(group([bill()], contacts=[contact(fax="555 0101")]), policy())
    _, body = ledger.bodies[-1]
    assert "PrimaryPhone" not in body
    assert body["Fax"] == {"FreeFormNumber": "555 0101"}


def test_r2_2_a_persons_notes_stay_above_the_mark() -> None:
    ledger = Ledger()
    ledger.carry_out(group([bill()]), policy())
    ledger.of(customer())["Notes"] = "Pays late\nClio contact 7 · acme\nvery late"
    ledger.carry_out(group([bill()], contacts=[contact(fax="555 0101")]), policy())
    assert ledger.of(customer())["Notes"] == "Pays late\nvery late\nClio contact 7 · acme"


def test_r2_2_a_stray_brace_in_the_template_stops_nothing() -> None:
    plan = plan_group(group([bill()]), policy(name_template="{name} {clio} {0} {id"), catalog(others=("Ann Lee",)))
    assert steps(plan)[0] == (Action.CREATE, customer())
