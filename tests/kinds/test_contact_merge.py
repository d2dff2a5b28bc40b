"""The fields of a linked contact, planned without a database (rule R7)."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from integrations.core.changes import Action, Decision, Plan
from integrations.core.mapping import ALL_FIELDS
from integrations.core.merge import Agreed
from integrations.core.records import Side
from integrations.kinds import contact_fields
from integrations.kinds.contact import Address, Contact, decode
from integrations.kinds.contact_drafts import ContactDraft, CustomerDraft, after_ledger, after_practice
from integrations.kinds.contact_fields import ContactRules, of_contact, of_customer, patch, shown
from integrations.kinds.contact_rows import holds
from integrations.kinds.group import Group
from integrations.kinds.plan import plan_group
from tests.kinds.builders import bill, codes, contact, customer, group, policy, steps
from tests.kinds.ledger import Ledger
from tests.kinds.trust_builders import row

HOME = Address("1 High St\nFlat 2", "Austin", "TX", "78701", "USA")
PERSON: dict[str, Any] = {
    "id": 7,
    "type": "Person",
    "name": "Ann Lee",
    "first_name": "Ann",
    "last_name": "Lee",
    "email_addresses": [{"id": 1, "address": "ann@example.com", "name": "Work", "primary": True}],
    "phone_numbers": [
        {"id": 2, "number": "555 0101", "name": "Work", "primary": True},
        {"id": 3, "number": "555 0102", "name": "Mobile"},
    ],
    "addresses": [{"id": 4, "name": "Work", "street": "1 Work St", "city": "Austin", "primary": True}],
}


def posted(of: Contact | None = None) -> Ledger:
    ledger = Ledger()
    ledger.carry_out(of_group(of or contact(phone="555 0101", mobile="555 0102")), policy())
    return ledger


def of_group(of: Contact, **parts: Any) -> Group:
    return group([bill()], contacts=[of], **parts)


def sent(plan: Plan, side: Side) -> dict[str, Any]:
    """The fields the plan writes to one side."""
    found = [change.draft for change in plan.changes if change.side is side and change.ref == customer()]
    return dict(found[0].values) if found and isinstance(found[0], CustomerDraft | ContactDraft) else {}


def fields(plan: Plan) -> Any:
    (problem,) = plan.problems
    return problem.details["fields"]


# What is planned


def test_r7_what_quickbooks_changed_goes_to_clio_and_nothing_else() -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    plan = ledger.plan(of_group(contact(phone="555 0101", mobile="555 0102")), policy())
    assert (sent(plan, Side.PRACTICE), sent(plan, Side.LEDGER)) == ({"mobile": "555 0202"}, {})


def test_r7_disjoint_edits_go_both_ways() -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    plan = ledger.plan(of_group(contact(phone="555 0301", mobile="555 0102")), policy())
    assert (sent(plan, Side.PRACTICE), sent(plan, Side.LEDGER)) == ({"mobile": "555 0202"}, {"phone": "555 0301"})


def test_r7_a_conflict_names_both_values_and_the_base_and_blocks_nothing() -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    plan = ledger.plan(of_group(contact(phone="555 0101", mobile="555 0302")), policy())
    assert steps(plan) == []
    assert codes(plan) == [("contact_conflict", customer())]
    assert fields(plan) == {"mobile": {"clio": "555 0302", "quickbooks": "555 0202", "base": "555 0102"}}
    assert not plan.problems[0].blocks


def test_r7_equal_edits_move_the_base_without_a_write() -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    plan = ledger.carry_out(of_group(contact(phone="555 0101", mobile="555 0202")), policy())
    assert (steps(plan), codes(plan)) == ([], [])
    later = ledger.plan(of_group(contact(phone="555 0101", mobile="555 0302")), policy())
    assert sent(later, Side.LEDGER) == {"mobile": "555 0302"}


def test_r7_carried_out_there_is_nothing_left() -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    ledger.carry_out(of_group(contact(phone="555 0301", mobile="555 0102")), policy())
    after = ledger.plan(of_group(contact(phone="555 0301", mobile="555 0202")), policy())
    assert (steps(after), after.agreed) == ([], {})


@pytest.mark.parametrize(
    ("asked", "to_clio", "to_quickbooks"),
    [
        (Decision("merge", "mobile=clio"), {}, {"mobile": "555 0302"}),
        (Decision("merge", "mobile=quickbooks"), {"mobile": "555 0202"}, {}),
        (Decision("use_clio"), {}, {"mobile": "555 0302"}),
        (Decision("use_quickbooks"), {"mobile": "555 0202"}, {}),
    ],
)
def test_r7_a_persons_pick_is_carried_out(asked: Decision, to_clio: Any, to_quickbooks: Any) -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    changed = of_group(contact(phone="555 0101", mobile="555 0302"))
    seen = ledger.plan(changed, policy()).problems[0].details
    decided = {(customer(), "contact_conflict"): replace(asked, seen=seen)}
    plan = ledger.plan(replace(changed, decisions=decided), policy())
    assert (sent(plan, Side.PRACTICE), sent(plan, Side.LEDGER), codes(plan)) == (to_clio, to_quickbooks, [])


def test_r7_a_pick_counts_only_for_the_values_the_person_saw() -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    changed = of_group(contact(phone="555 0101", mobile="555 0302"))
    seen = ledger.plan(changed, policy()).problems[0].details
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0999"}
    decided = {(customer(), "contact_conflict"): Decision("use_clio", seen=seen)}
    plan = ledger.plan(replace(changed, decisions=decided), policy())
    assert (steps(plan), codes(plan)) == ([], [("contact_conflict", customer())])


@pytest.mark.parametrize(
    ("prefer", "to_quickbooks"),
    [
        ({ALL_FIELDS: "clio"}, {"mobile": "555 0302"}),
        ({"mobile": "clio"}, {"mobile": "555 0302"}),
        ({ALL_FIELDS: "quickbooks", "mobile": "clio"}, {"mobile": "555 0302"}),
        ({"phone": "clio"}, {}),
        ({"mobile": "nobody"}, {}),
    ],
)
def test_r7_the_firms_preference_decides(prefer: dict[str, str], to_quickbooks: dict[str, str]) -> None:
    ledger = posted()
    ledger.of(customer())["Mobile"] = {"FreeFormNumber": "555 0202"}
    plan = ledger.plan(of_group(contact(phone="555 0101", mobile="555 0302")), policy(prefer=prefer))
    assert sent(plan, Side.LEDGER) == to_quickbooks
    assert bool(plan.problems) is not bool(to_quickbooks)


def test_r7_a_contact_that_is_gone_is_unlinked_once_no_bill_needs_its_customer() -> None:
    ledger = posted()
    gone = of_group(contact(), absent_contacts=frozenset({"7"}))
    plan = ledger.plan(gone, policy())
    assert (steps(plan), codes(plan)) == ([], [("contact_gone", customer())])
    without = replace(gone, bills={}, lines={}, allocations={}, charges={})
    plan = ledger.plan(without, policy())
    assert (steps(plan), codes(plan)) == ([(Action.UNLINK, customer())], [("contact_gone", customer())])
    with_trust = replace(without, trust={"500": row(contact_id="7")})
    assert (Action.UNLINK, customer()) not in steps(ledger.plan(with_trust, policy()))


def test_r7_a_customer_that_was_not_read_counts_as_unchanged() -> None:
    ledger = posted()
    known = replace(ledger.known(of_group(contact(phone="555 0301", mobile="555 0102"))), documents={})
    plan = plan_group(known, policy(), ledger.catalog())
    assert (sent(plan, Side.PRACTICE), sent(plan, Side.LEDGER)) == ({}, {"phone": "555 0301"})


# What both systems say


def test_a_field_of_both_sides_reads_the_same() -> None:
    person = contact(middle="Q", phone="1", mobile="2", home="3", fax="4", billing=HOME, shipping=HOME)
    ledger = posted(person)
    assert of_customer(ledger.of(customer()), is_company=False) == of_contact(person)
    company = contact(name="Kit", is_company=True, given="", family="", company="Kit")
    assert of_customer(posted(company).of(customer()), is_company=True) == of_contact(company)


def test_an_address_that_lost_a_line_clears_it() -> None:
    current = {"BillAddr": {"Id": "9", "Line1": "1 High St", "Line2": "Flat 2", "City": "Austin"}}
    members = contact_fields.members({"billing_address": Address("2 Low St", "Austin")}, current)
    assert members == {"BillAddr": {"Line1": "2 Low St", "Line2": "", "City": "Austin"}}
    assert contact_fields.members({"billing_address": Address()}, current) == {"BillAddr": {}}


@pytest.mark.parametrize(
    ("name", "one", "other", "expected"),
    [
        ("primary_email", "Ann@Example.com", "ann@example.com", True),
        ("primary_email", "bo@example.com", "ann@example.com; bo@example.com", True),
        ("primary_email", "bo@example.com", "ann@example.com", False),
        ("phone", "(555) 01-01", "555 0101", True),
        ("phone", "none", "unknown", False),
        ("family_name", "O’Brien", "O'BRIEN", True),
        ("company_name", "Acme Widgets, Inc.", "ACME Widgets Inc", True),
        ("billing_address", HOME, replace(HOME, street="1 high st, flat 2"), True),
        ("billing_address", HOME, replace(HOME, postal_code="78702"), False),
    ],
)
def test_r7_two_spellings_of_one_value_are_no_conflict(name: str, one: Any, other: Any, expected: bool) -> None:
    assert ContactRules({}).same(name, one, other) is expected


@pytest.mark.parametrize(
    ("name", "value", "theirs", "final"),
    [
        ("mobile", "", {}, True),
        ("billing_address", Address(), {}, True),
        ("primary_email", "a@example.com, b@example.com", {}, True),
        ("primary_email", "not an address", {}, True),
        ("middle_name", "", {"given_name": "Ann"}, False),
        ("family_name", "", {"given_name": ""}, True),
        ("company_name", "", {}, True),
    ],
)
def test_r7_what_clio_cannot_take_is_objected_to(name: str, value: Any, theirs: Any, final: bool) -> None:
    found = ContactRules(theirs).objects(Side.PRACTICE, name, value, "x")
    assert found is not None and found.final is final


def test_r7_several_e_mails_in_quickbooks_are_not_overwritten_without_asking() -> None:
    rules = ContactRules({})
    asked = rules.objects(Side.LEDGER, "primary_email", "c@example.com", "a@example.com, b@example.com")
    assert asked is not None and not asked.final
    assert rules.objects(Side.LEDGER, "primary_email", "c@example.com", "a@example.com") is None


# The way back to Clio's entries


def test_r7_each_value_goes_back_to_the_entry_it_came_from() -> None:
    values = {"given_name": "Anna", "primary_email": "anna@example.com", "phone": "1", "mobile": "2"}
    assert patch(PERSON, decode(PERSON), values) == {
        "first_name": "Anna",
        "email_addresses": [{"id": 1, "address": "anna@example.com"}],
        "phone_numbers": [{"id": 3, "number": "2"}, {"id": 2, "number": "1"}],
    }


def test_r7_a_company_is_renamed() -> None:
    raw = {"id": 7, "type": "Company", "name": "Kit"}
    assert patch(raw, decode(raw), {"company_name": "Kat"}) == {"name": "Kat"}


def test_r7_a_field_without_an_entry_gets_one() -> None:
    bare = {"id": 7, "type": "Person", "name": "Ann Lee", "first_name": "Ann"}
    values = {"primary_email": "a@example.com", "phone": "1", "fax": "4", "work_address": HOME}
    assert patch(bare, decode(bare), values) == {
        "email_addresses": [{"name": "Work", "address": "a@example.com", "default_email": True}],
        "phone_numbers": [{"name": "Fax", "number": "4"}, {"name": "Work", "number": "1", "default_number": True}],
        "addresses": [{"name": "Work", **asdict(HOME)}],
    }


def test_r7_two_fields_with_one_entry_behind_both_do_not_overwrite_each_other() -> None:
    shared = {**PERSON, "phone_numbers": [{"id": 3, "number": "1", "name": "Mobile", "primary": True}]}
    assert patch(shared, decode(shared), {"phone": "5", "mobile": "6"})["phone_numbers"] == [
        {"id": 3, "number": "6"},
        {"name": "Work", "number": "5", "default_number": True},
    ]


def test_r7_no_write_ever_removes_an_entry() -> None:
    values = dict.fromkeys(("phone", "mobile", "home", "fax"), "1") | {
        "billing_address": HOME,
        "work_address": HOME,
    }
    for raw in (PERSON, {**PERSON, "phone_numbers": [], "addresses": []}):
        assert "_destroy" not in str(patch(raw, decode(raw), values))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"first_name": "Ann", "phone_numbers": [{"id": 3, "number": "555 0102"}]}, True),
        ({"phone_numbers": [{"id": 3, "number": "555 9999"}]}, False),
        ({"phone_numbers": [{"name": "Home", "number": "555 0102"}]}, True),  # a label may be read otherwise
        ({"phone_numbers": [{"name": "Home", "number": "555 9999"}]}, False),
        ({"email_addresses": [{"id": 1, "default_email": True}]}, True),
        ({"phone_numbers": [{"name": "Work", "number": "555 0102", "default_number": True}]}, False),
        ({"first_name": "Anna"}, False),
    ],
)
def test_r7_a_write_of_unknown_outcome_is_known_by_its_effect(data: dict[str, Any], expected: bool) -> None:
    assert holds(PERSON, data) is expected


# What a link remembers


def test_the_base_survives_the_way_through_the_database() -> None:
    base = {"phone": Agreed("1", "(1)"), "billing_address": Agreed(HOME, replace(HOME, country=""))}
    assert contact_fields.from_json(contact_fields.to_json(base)) == base


@pytest.mark.parametrize("kept", [None, [], "x", {"phone": "1"}, {"phone": ["1"]}, {"nonsense": ["1", "2"]}])
def test_a_base_that_makes_no_sense_is_no_base(kept: object) -> None:
    assert contact_fields.from_json(kept) == {}


def test_each_side_of_the_base_is_what_that_side_answered() -> None:
    """QuickBooks rewrites the number it is given, Clio the address."""
    learnt = {"sent": {"phone": "5550101"}, "is_company": False}
    base = after_ledger({"name": "Ann", "fields": {}}, learnt, {"PrimaryPhone": {"FreeFormNumber": "(555) 0101"}})
    assert base == {"name": "Ann", "fields": {"phone": ["5550101", "(555) 0101"]}}
    answer = {**PERSON, "phone_numbers": [{"id": 2, "number": "+1 555 0101", "primary": True}]}
    later = after_practice(base, {"sent": {"phone": "555-0101"}}, answer)
    assert later == {"name": "Ann", "fields": {"phone": ["+1 555 0101", "555-0101"]}}


def test_an_address_is_shown_in_one_line() -> None:
    assert shown(HOME) == "1 High St, Flat 2, Austin, TX, 78701, USA"
