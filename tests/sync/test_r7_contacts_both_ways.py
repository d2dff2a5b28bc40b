"""R7: contacts are kept in step both ways, field by field, and nobody's change is lost."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from integrations.models import Dispatch, EntityLink, Pairing, SyncEvent
from integrations.sandbox.http import Response, json_response
from integrations.sync import practice
from tests.portal import Portal
from tests.sync.books import settled

WORK = {"street": "1 Work St", "city": "Austin", "province": "TX", "postal_code": "78701", "country": "USA"}
BILLING = {"street": "2 Bill St\nUnit 9", "city": "Boise", "province": "ID", "postal_code": "83702", "country": "USA"}


def ann(portal: Portal, **changes: Any) -> int:
    """A person with an entry for every field, and a posted bill."""
    values: dict[str, Any] = {
        "first_name": "Ann",
        "middle_name": "Q",
        "last_name": "Lee",
        "email_addresses": [{"address": "ann@example.com", "name": "Work", "default_email": True}],
        "phone_numbers": [
            {"number": "555 0101", "name": "Work", "default_number": True},
            {"number": "555 0102", "name": "Mobile"},
            {"number": "555 0103", "name": "Home"},
            {"number": "555 0104", "name": "Fax"},
        ],
        "addresses": [{**WORK, "name": "Work"}, {**BILLING, "name": "Billing"}],
    }
    contact = portal.clio.create_contact({**values, **changes})
    portal.bill("10.00", contact=contact)
    portal.run()
    return contact


def in_clio(portal: Portal, contact: int) -> dict[str, Any]:
    return next(doc for doc in portal.clio.snapshot()["contacts"] if doc["id"] == contact)


def in_quickbooks(portal: Portal) -> dict[str, Any]:
    (found,) = portal.quickbooks.all("Customer")
    return found


def edit(portal: Portal, **members: Any) -> None:
    """What a person changes of the one customer."""
    portal.quickbooks.edit_customer(in_quickbooks(portal)["Id"], **members)


def numbers(portal: Portal, contact: int) -> list[tuple[str, str]]:
    return [(row["name"], row["number"]) for row in in_clio(portal, contact)["phone_numbers"]]


def on_patch(portal: Portal, act: Callable[[Any], Response | None], times: int = 1) -> None:
    """Has ``act(request)`` done before the next writes to Clio are answered."""
    left = [None] * times

    def before(request: requests.PreparedRequest) -> Response | None:
        if request.method == "PATCH" and left:
            left.pop()
            return act(request)
        return None

    portal.wire.before.append(before)


# What was changed in QuickBooks reaches Clio


def test_r7_every_field_changed_in_quickbooks_goes_back_to_the_entry_it_came_from(portal: Portal) -> None:
    contact = ann(portal)
    before = in_clio(portal, contact)
    edit(
        portal,
        GivenName="Anna",
        MiddleName="R",
        FamilyName="Leigh",
        PrimaryEmailAddr={"Address": "anna@example.com"},
        PrimaryPhone={"FreeFormNumber": "555 0201"},
        Mobile={"FreeFormNumber": "555 0202"},
        AlternatePhone={"FreeFormNumber": "555 0203"},
        Fax={"FreeFormNumber": "555 0204"},
        BillAddr={"Line1": "20 Bill St", "City": "Boise", "CountrySubDivisionCode": "ID", "PostalCode": "83702"},
        ShipAddr={"Line1": "10 Work St", "Line2": "Floor 3", "City": "Austin"},
    )
    run = portal.run()
    after = in_clio(portal, contact)
    assert (after["first_name"], after["middle_name"], after["last_name"]) == ("Anna", "R", "Leigh")
    assert [row["address"] for row in after["email_addresses"]] == ["anna@example.com"]
    assert [row["number"] for row in after["phone_numbers"]] == ["555 0201", "555 0202", "555 0203", "555 0204"]
    places = [(row["name"], row["street"], row["postal_code"]) for row in after["addresses"]]
    assert places == [("Work", "10 Work St\nFloor 3", ""), ("Billing", "20 Bill St", "83702")]
    for rows in ("email_addresses", "phone_numbers", "addresses"):
        assert [row["id"] for row in after[rows]] == [row["id"] for row in before[rows]]
    assert run.counts["contact"]["updated"] == 1
    assert len(portal.clio_writes()) == 1
    settled(portal)


def test_r7_the_display_name_follows_the_name_in_clio_within_the_same_run(portal: Portal) -> None:
    ann(portal)
    edit(portal, GivenName="Anna")
    portal.run()
    assert in_quickbooks(portal)["DisplayName"] == "Anna Q Lee"
    settled(portal)


def test_r7_a_display_name_goes_one_way(portal: Portal) -> None:
    contact = ann(portal)
    edit(portal, DisplayName="Lee, Ann")
    portal.run()
    assert (in_clio(portal, contact)["name"], in_quickbooks(portal)["DisplayName"]) == ("Ann Q Lee", "Lee, Ann")
    assert portal.clio_writes() == []
    settled(portal)


def test_r7_the_company_name_of_a_company_goes_both_ways(portal: Portal) -> None:
    contact = portal.clio.create_contact(type="Company", name="Acme Widgets")
    portal.bill("10.00", contact=contact)
    portal.run()
    edit(portal, CompanyName="Acme Gadgets", GivenName="Will")
    portal.run()
    assert in_clio(portal, contact)["name"] == "Acme Gadgets"
    assert in_quickbooks(portal)["DisplayName"] == "Acme Gadgets"
    settled(portal)
    portal.clio.edit_contact(contact, name="Acme Things")
    portal.run()
    assert in_quickbooks(portal)["CompanyName"] == "Acme Things"
    settled(portal)


def test_r7_a_field_clio_has_no_entry_for_yet_gets_one_and_none_is_ever_removed(portal: Portal) -> None:
    contact = ann(portal, phone_numbers=[], addresses=[], email_addresses=[])
    edit(
        portal,
        PrimaryEmailAddr={"Address": "ann@example.com"},
        PrimaryPhone={"FreeFormNumber": "555 0201"},
        Mobile={"FreeFormNumber": "555 0202"},
        BillAddr={"Line1": "20 Bill St", "City": "Boise"},
    )
    portal.run()
    after = in_clio(portal, contact)
    assert numbers(portal, contact) == [("Mobile", "555 0202"), ("Work", "555 0201")]
    assert [(row["name"], row["street"]) for row in after["addresses"]] == [("Billing", "20 Bill St")]
    assert [row["address"] for row in after["email_addresses"]] == ["ann@example.com"]
    settled(portal)


def test_r7_an_address_the_contact_has_already_becomes_the_primary_one(portal: Portal) -> None:
    mails = [{"address": "ann@example.com", "name": "Work", "default_email": True}, {"address": "ann@home.example"}]
    contact = ann(portal, email_addresses=mails)
    edit(portal, PrimaryEmailAddr={"Address": "ann@home.example"})
    portal.run()
    rows = in_clio(portal, contact)["email_addresses"]
    assert [(row["address"], row["primary"]) for row in rows] == [
        ("ann@example.com", False),
        ("ann@home.example", True),
    ]
    settled(portal)


def test_r7_a_billing_address_borrowed_from_the_office_gets_an_entry_of_its_own(portal: Portal) -> None:
    contact = ann(portal, addresses=[{**WORK, "name": "Work"}])
    edit(portal, BillAddr={"Line1": "PO Box 7", "City": "Austin"})
    portal.run()
    streets = [(row["name"], row["street"]) for row in in_clio(portal, contact)["addresses"]]
    assert streets == [("Work", "1 Work St"), ("Billing", "PO Box 7")]
    settled(portal)


def test_r7_and_keeps_the_old_one_when_the_office_moves(portal: Portal) -> None:
    contact = ann(portal, addresses=[{**WORK, "name": "Work"}])
    edit(portal, ShipAddr={"Line1": "9 New St", "City": "Austin"})
    portal.run()
    streets = [(row["name"], row["street"]) for row in in_clio(portal, contact)["addresses"]]
    assert streets == [("Work", "9 New St"), ("Billing", "1 Work St")]
    assert in_quickbooks(portal)["BillAddr"]["Line1"] == "1 Work St"
    settled(portal)


# Both sides changed


def test_r7_disjoint_edits_merge_and_the_contact_counts_once(portal: Portal) -> None:
    contact = ann(portal)
    fax = next(row["id"] for row in in_clio(portal, contact)["phone_numbers"] if row["name"] == "Fax")
    portal.clio.edit_contact(contact, phone_numbers=[{"id": fax, "number": "555 0304"}])
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    run = portal.run()
    assert ("Mobile", "555 0202") in numbers(portal, contact)
    assert in_quickbooks(portal)["Fax"]["FreeFormNumber"] == "555 0304"
    assert run.counts["contact"] | {"issues": 0} == {
        "created": 0, "updated": 1, "voided": 0, "adopted": 0, "unchanged": 0, "waiting": 0, "issues": 0
    }  # fmt: skip
    settled(portal)


def test_r7_the_same_edit_on_both_sides_is_no_conflict_and_the_next_one_is_no_surprise(portal: Portal) -> None:
    contact = ann(portal)
    portal.clio.edit_contact(contact, last_name="Leigh")
    edit(portal, FamilyName="Leigh")
    portal.run()
    settled(portal)
    portal.clio.edit_contact(contact, last_name="Lowe")
    portal.run()
    assert in_quickbooks(portal)["FamilyName"] == "Lowe"
    settled(portal)


def conflict(portal: Portal) -> int:
    """Family name and mobile changed to different values on both sides, the fax in Clio alone."""
    contact = ann(portal)
    rows = {row["name"]: row["id"] for row in in_clio(portal, contact)["phone_numbers"]}
    changed = [{"id": rows["Mobile"], "number": "555 0302"}, {"id": rows["Fax"], "number": "555 0304"}]
    portal.clio.edit_contact(contact, last_name="Lowe", phone_numbers=changed)
    edit(portal, FamilyName="Leigh", Mobile={"FreeFormNumber": "555 0202"})
    portal.run()
    return contact


def test_r7_a_field_changed_to_different_values_is_a_conflict_and_overwritten_on_neither_side(portal: Portal) -> None:
    contact = conflict(portal)
    issue = portal.issue("contact_conflict")
    assert issue.severity == "error"
    assert issue.details["fields"] == {
        "family_name": {"clio": "Lowe", "quickbooks": "Leigh", "base": "Lee"},
        "mobile": {"clio": "555 0302", "quickbooks": "555 0202", "base": "555 0102"},
    }
    there = in_quickbooks(portal)
    assert (there["FamilyName"], there["Mobile"]["FreeFormNumber"]) == ("Leigh", "555 0202")
    assert there["Fax"]["FreeFormNumber"] == "555 0304"  # what only one side changed goes on
    assert in_clio(portal, contact)["last_name"] == "Lowe"
    assert portal.clio_writes() == []
    settled(portal, "contact_conflict")


def test_r7_a_conflict_does_not_stop_the_bills_of_the_contact(portal: Portal) -> None:
    contact = conflict(portal)
    portal.bill("20.00", contact=contact)
    run = portal.run()
    assert run.counts["invoice"]["created"] == 1
    settled(portal, "contact_conflict")


def test_r7_a_person_picks_field_by_field(portal: Portal) -> None:
    contact = conflict(portal)
    portal.resolve("contact_conflict", "merge", "family_name=clio mobile=quickbooks")
    portal.run()
    assert in_quickbooks(portal)["FamilyName"] == in_clio(portal, contact)["last_name"] == "Lowe"
    assert ("Mobile", "555 0202") in numbers(portal, contact)
    settled(portal)


@pytest.mark.parametrize(("action", "family"), [("use_clio", "Lowe"), ("use_quickbooks", "Leigh")])
def test_r7_or_one_side_for_all_of_them(portal: Portal, action: str, family: str) -> None:
    contact = conflict(portal)
    portal.resolve("contact_conflict", action)
    portal.run()
    assert in_quickbooks(portal)["FamilyName"] == in_clio(portal, contact)["last_name"] == family
    settled(portal)


def test_r7_a_pick_between_values_that_are_no_longer_there_is_asked_again(portal: Portal) -> None:
    contact = conflict(portal)
    portal.resolve("contact_conflict", "use_clio")
    edit(portal, FamilyName="Lea")
    portal.run()
    assert portal.issue("contact_conflict").details["fields"].keys() == {"family_name"}
    assert in_quickbooks(portal)["FamilyName"] == "Lea"
    assert in_clio(portal, contact)["last_name"] == "Lowe"
    settled(portal, "contact_conflict")


def test_r7_a_difference_a_person_accepts_stays_until_another_field_conflicts(portal: Portal) -> None:
    contact = conflict(portal)
    portal.resolve("contact_conflict", "ignore")
    settled(portal)
    portal.clio.edit_contact(contact, first_name="Anne")
    edit(portal, GivenName="Anna")
    portal.run()
    assert portal.issue("contact_conflict").details["fields"].keys() == {"family_name", "mobile", "given_name"}


@pytest.mark.parametrize(("side", "family"), [("clio", "Lowe"), ("quickbooks", "Leigh")])
def test_r7_a_firm_can_always_prefer_one_side(portal: Portal, side: str, family: str) -> None:
    Pairing.objects.of(portal.firm).update(contact_preferences={"all": side})
    contact = conflict(portal)
    assert in_quickbooks(portal)["FamilyName"] == in_clio(portal, contact)["last_name"] == family
    settled(portal)


def test_r7_a_preference_for_one_field_leaves_the_others_to_a_person(portal: Portal) -> None:
    Pairing.objects.of(portal.firm).update(contact_preferences={"mobile": "clio"})
    conflict(portal)
    assert in_quickbooks(portal)["Mobile"]["FreeFormNumber"] == "555 0302"
    assert portal.issue("contact_conflict").details["fields"].keys() == {"family_name"}
    settled(portal, "contact_conflict")


@pytest.mark.parametrize(
    ("member", "field"), [("Mobile", "mobile"), ("PrimaryEmailAddr", "primary_email"), ("BillAddr", "billing_address")]
)
def test_r7_a_value_cleared_in_quickbooks_is_a_conflict_and_never_a_deleted_entry(
    portal: Portal, member: str, field: str
) -> None:
    contact = ann(portal)
    before = in_clio(portal, contact)
    edit(portal, **{member: None})
    portal.run()
    issue = portal.issue("contact_conflict")
    assert "cleared in QuickBooks" in issue.details["fields"][field]["why"]
    assert in_clio(portal, contact) == before
    settled(portal, "contact_conflict")
    portal.resolve("contact_conflict", "use_clio")
    portal.run()
    assert member in in_quickbooks(portal)
    settled(portal)


def test_r7_two_e_mails_in_one_field_are_a_conflict_that_says_why(portal: Portal) -> None:
    contact = ann(portal)

    def two(path: str, answer: Any) -> None:
        """People may type several into the field; the stand-in's API takes one."""
        for block in answer.get("CDCResponse", []) if isinstance(answer, dict) else []:
            for rows in block["QueryResponse"]:
                for customer in rows.get("Customer", []):
                    customer["PrimaryEmailAddr"] = {"Address": "ann@example.com, bo@example.com"}

    portal.wire.tamper.append(two)
    edit(portal, Notes="Two addresses")
    portal.run()
    assert "one e-mail address" in portal.issue("contact_conflict").message
    assert [row["address"] for row in in_clio(portal, contact)["email_addresses"]] == ["ann@example.com"]
    assert portal.clio_writes() == []


# The first link


def test_r7_at_the_first_link_each_side_fills_what_the_other_lacks(portal: Portal) -> None:
    mail = {"PrimaryEmailAddr": {"Address": "ann@example.com"}}
    known = portal.quickbooks.create_customer("Ann Q Lee", Mobile={"FreeFormNumber": "555 0202"}, **mail)
    contact = ann(portal, phone_numbers=[{"number": "555 0101", "name": "Work", "default_number": True}])
    there = portal.quickbooks.get("Customer", known["Id"])
    assert there["PrimaryPhone"]["FreeFormNumber"] == "555 0101"
    assert there["BillAddr"]["Line1"] == "2 Bill St"
    assert numbers(portal, contact) == [("Work", "555 0101"), ("Mobile", "555 0202")]
    settled(portal)


def test_r7_and_what_differs_is_asked_and_overwritten_on_neither(portal: Portal) -> None:
    members = {
        "PrimaryEmailAddr": {"Address": "ANN@example.com"},
        "PrimaryPhone": {"FreeFormNumber": "(555) 01-01"},
        "Mobile": {"FreeFormNumber": "555 9999"},
    }
    known = portal.quickbooks.create_customer("ANN Q LEE", **members)
    ann(portal)
    issue = portal.issue("contact_conflict")
    assert issue.details["fields"] == {
        "mobile": {"clio": "555 0102", "quickbooks": "555 9999", "base": ""}
    }  # the e-mail and the phone say the same, only written otherwise
    assert portal.quickbooks.get("Customer", known["Id"])["Mobile"]["FreeFormNumber"] == "555 9999"
    settled(portal, "contact_conflict")


def test_r7_a_customer_a_person_chose_is_compared_in_the_same_way(portal: Portal) -> None:
    known = portal.quickbooks.create_customer("Ann Q Lee", Fax={"FreeFormNumber": "555 9999"})
    ann(portal)
    portal.resolve("probable_match", "link", known["Id"])
    run = portal.run()
    assert run.counts["contact"]["adopted"] == 1
    assert portal.issue("contact_conflict").details["fields"].keys() == {"fax"}
    assert portal.quickbooks.get("Customer", known["Id"])["Mobile"]["FreeFormNumber"] == "555 0102"
    settled(portal, "contact_conflict")


# What was replaced on the way does not come back


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "A" * 150},
        {"first_name": "Ann:\tB", "last_name": "Lee\u202e"},
        {"email_addresses": [{"address": "ann at home"}]},
        {"phone_numbers": [{"number": "+1 (555) 010-0199 ext. 1234567890", "name": "Work"}]},
        {"addresses": [{**BILLING, "street": "\n".join("abcdefg"), "name": "Billing"}]},
    ],
)
def test_r7_what_was_cut_or_cleaned_for_quickbooks_does_not_echo_back(portal: Portal, changes: dict[str, Any]) -> None:
    contact = ann(portal, **changes)
    before = in_clio(portal, contact)
    portal.clio.edit_contact(contact, middle_name="R")
    edit(portal, Notes="Pays late")
    portal.run()
    assert in_clio(portal, contact) | {"middle_name": ""} == {
        **in_clio(portal, contact),
        **before,
        **volatile(portal, contact),
    }
    assert portal.clio_writes() == []
    settled(portal)


def volatile(portal: Portal, contact: int) -> dict[str, Any]:
    """What an edit of the middle name moves."""
    doc = in_clio(portal, contact)
    return {name: doc[name] for name in ("name", "version", "updated_at", "etag") if name in doc} | {"middle_name": ""}


def test_r7_a_templated_name_does_not_echo_back(portal: Portal) -> None:
    portal.quickbooks.create_vendor("Ann Q Lee")
    contact = ann(portal)
    edit(portal, Fax={"FreeFormNumber": "555 0204"})
    portal.run()
    assert in_quickbooks(portal)["DisplayName"] == f"Ann Q Lee (Clio {contact})"
    assert (in_clio(portal, contact)["name"], in_clio(portal, contact)["last_name"]) == ("Ann Q Lee", "Lee")
    settled(portal)


# Clio does not answer, or says no


def lost(request: requests.PreparedRequest) -> Response:
    return Response(502, b"<html>Bad gateway</html>", {"content-type": "text/html"})


def test_r7_a_write_without_an_answer_that_was_done_is_found_and_not_repeated(portal: Portal) -> None:
    contact = ann(portal, phone_numbers=[])
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})

    def done_but_lost(request: requests.PreparedRequest) -> Response:
        portal.clio.edit_contact(contact, phone_numbers=[{"name": "Mobile", "number": "555 0202"}])
        return lost(request)

    on_patch(portal, done_but_lost)
    portal.run()
    assert numbers(portal, contact) == [("Mobile", "555 0202")]
    (dispatch,) = Dispatch.objects.of(portal.firm).filter(side="practice")
    assert (dispatch.state, len(portal.clio_writes())) == ("answered", 1)
    settled(portal)


def test_r7_one_that_was_not_done_waits_until_it_cannot_arrive_any_more_and_is_then_made_anew(portal: Portal) -> None:
    contact = ann(portal, phone_numbers=[])
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    on_patch(portal, lost)
    portal.run()
    portal.bill("20.00", contact=contact)
    run = portal.run()
    assert (portal.codes(), len(portal.clio_writes())) == (["unresolved_write"], 1)
    assert run.counts["invoice"]["created"] == 1  # its bills go on
    portal.clock.sleep(180)
    portal.run()
    assert numbers(portal, contact) == [("Mobile", "555 0202")]
    assert len(portal.clio_writes()) == 2
    settled(portal)


def test_r7_an_answer_that_does_not_show_the_whole_contact_is_no_answer(portal: Portal) -> None:
    """Taken for the contact, it would look as if somebody had removed every phone number."""
    contact = ann(portal)
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})

    def thin(path: str, answer: Any) -> None:
        if "/contacts/" in path and isinstance(answer.get("data"), dict):
            answer["data"].pop("phone_numbers", None)

    portal.wire.tamper.append(thin)
    portal.run()
    assert ("Mobile", "555 0202") in numbers(portal, contact)
    assert in_quickbooks(portal)["Fax"]["FreeFormNumber"] == "555 0104"
    assert len(portal.clio_writes()) == 1
    settled(portal)


@pytest.mark.parametrize("is_done", [True, False])
def test_r7_a_crash_between_the_intent_and_the_answer_is_resolved_by_the_next_run(
    portal: Portal, is_done: bool
) -> None:
    contact = ann(portal, phone_numbers=[])
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})

    def crash(request: requests.PreparedRequest) -> None:
        if is_done:
            portal.clio.edit_contact(contact, phone_numbers=[{"name": "Mobile", "number": "555 0202"}])
        raise RuntimeError("power cut")

    on_patch(portal, crash)
    with pytest.raises(RuntimeError):
        portal.run()
    assert Dispatch.objects.of(portal.firm).get(side="practice").state == "sent"
    portal.clock.sleep(180)
    portal.run()
    assert numbers(portal, contact) == [("Mobile", "555 0202")]
    settled(portal)


def test_r7_412_is_read_again_and_planned_again(portal: Portal) -> None:
    contact = ann(portal)
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    on_patch(portal, lambda request: portal.clio.edit_contact(contact, first_name="Anne"))
    portal.run()
    assert in_quickbooks(portal)["GivenName"] == "Anne"
    assert ("Mobile", "555 0202") in numbers(portal, contact)
    settled(portal)


def test_r7_412_that_turns_out_to_be_a_conflict_is_asked(portal: Portal) -> None:
    contact = ann(portal)
    mobile = next(row["id"] for row in in_clio(portal, contact)["phone_numbers"] if row["name"] == "Mobile")
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    change = [{"id": mobile, "number": "555 0302"}]
    on_patch(portal, lambda request: portal.clio.edit_contact(contact, phone_numbers=change))
    portal.run()
    assert ("Mobile", "555 0302") in numbers(portal, contact)
    assert in_quickbooks(portal)["Mobile"]["FreeFormNumber"] == "555 0202"
    settled(portal, "contact_conflict")


def test_r7_an_entry_changed_without_a_trace_in_the_contact_is_seen_before_it_is_written_to(portal: Portal) -> None:
    """Whether a changed phone moves the contact's etag and time of change is not documented."""
    portal.world.store.set_setting("switch:clio_row_touches_contact", "no")
    contact = ann(portal)
    mobile = next(row["id"] for row in in_clio(portal, contact)["phone_numbers"] if row["name"] == "Mobile")
    portal.clio.edit_contact(contact, phone_numbers=[{"id": mobile, "number": "555 0302"}])
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    portal.run()
    assert portal.issue("contact_conflict").details["fields"]["mobile"]["clio"] == "555 0302"
    assert portal.clio_writes() == []
    settled(portal, "contact_conflict")


def test_r7_and_reaches_quickbooks_with_the_next_look_at_all_linked_contacts(portal: Portal) -> None:
    portal.world.store.set_setting("switch:clio_row_touches_contact", "no")
    contact = ann(portal)
    mobile = next(row["id"] for row in in_clio(portal, contact)["phone_numbers"] if row["name"] == "Mobile")
    portal.clio.edit_contact(contact, phone_numbers=[{"id": mobile, "number": "555 0302"}])
    portal.clock.sleep(960)
    portal.run()
    assert in_quickbooks(portal)["Mobile"]["FreeFormNumber"] == "555 0302"
    settled(portal)


def test_r7_without_the_right_to_write_contacts_the_ledger_side_still_goes_on(portal: Portal) -> None:
    contacts = [ann(portal), ann(portal, first_name="Bo", email_addresses=[])]
    for customer in portal.quickbooks.all("Customer"):
        portal.quickbooks.edit_customer(customer["Id"], Mobile={"FreeFormNumber": "555 0202"})
    for contact in contacts:
        portal.bill("20.00", contact=contact)
    no = {"error": {"type": "ForbiddenError", "message": "User is forbidden from taking that action"}}
    on_patch(portal, lambda request: json_response(403, no), times=9)
    run = portal.run()
    assert run.counts["invoice"]["created"] == 2
    assert run.counts["contact"]["waiting"] == 2
    assert "change contacts" in portal.issue("permission_lost").message
    assert len(portal.clio_writes()) == 1  # one refusal is enough for a run
    portal.wire.before.clear()
    portal.run()
    assert [dict(numbers(portal, contact))["Mobile"] for contact in contacts] == ["555 0202", "555 0202"]
    settled(portal)


def test_r7_many_writes_to_clio_are_spread_over_runs_and_bills_do_not_wait_for_them(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(practice, "MOST_PER_RUN", 1)
    contacts = [ann(portal), ann(portal, first_name="Bo", email_addresses=[])]
    for customer in portal.quickbooks.all("Customer"):
        portal.quickbooks.edit_customer(customer["Id"], Mobile={"FreeFormNumber": "555 0202"})
    for contact in contacts:
        portal.bill("20.00", contact=contact)
    run = portal.run()
    assert (run.counts["invoice"]["created"], run.counts["contact"]["waiting"]) == (2, 1)
    portal.run()
    assert [dict(numbers(portal, contact))["Mobile"] for contact in contacts] == ["555 0202", "555 0202"]
    settled(portal)


def test_r7_what_clio_refuses_is_said_once_and_not_sent_again(portal: Portal) -> None:
    ann(portal)
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    no = {"error": {"type": "ArgumentError", "message": "Number is not valid"}}
    on_patch(portal, lambda request: json_response(422, no))
    portal.run()
    assert "Number is not valid" in portal.issue("clio_refused").message
    settled(portal, "clio_refused")
    portal.resolve("clio_refused", "retry")
    portal.run()
    settled(portal)


def test_r7_while_clio_takes_no_writes_what_a_person_decided_stands(portal: Portal) -> None:
    conflict(portal)
    portal.resolve("contact_conflict", "use_quickbooks")
    no = {"error": {"type": "ForbiddenError", "message": "User is forbidden from taking that action"}}
    on_patch(portal, lambda request: json_response(403, no))
    portal.run()
    portal.run()
    assert in_quickbooks(portal)["FamilyName"] == "Leigh"
    settled(portal)


def test_r7_our_own_echo_is_a_no_op(portal: Portal) -> None:
    """Clio lists the contact as changed, because we changed it; nothing follows from that."""
    ann(portal)
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    portal.run()
    for _ in range(3):
        portal.clock.sleep(900)
        settled(portal)
    assert len(portal.clio_writes()) == 1


def test_r7_the_journal_says_what_went_to_clio(portal: Portal) -> None:
    contact = ann(portal)
    edit(portal, Mobile={"FreeFormNumber": "555 0202"})
    portal.run()
    event = SyncEvent.objects.of(portal.firm).get(kind="contact", outcome="updated")
    assert event.practice_id == str(contact)
    assert [dispatch.id for dispatch in Dispatch.objects.of(portal.firm).filter(side="practice")] == [event.dispatch_id]
    assert event.message == "mobile changed in QuickBooks, written to Clio"


# Gone in Clio


def gone(portal: Portal) -> None:
    """Two looks, far enough apart."""
    for _ in range(2):
        portal.clock.sleep(timedelta(minutes=16).total_seconds())
        portal.run()


def test_r7_a_contact_deleted_in_clio_leaves_its_customer_and_is_listed(portal: Portal) -> None:
    contact = ann(portal)
    before = in_quickbooks(portal)
    portal.clio.delete_contact(contact)
    portal.clock.sleep(960)
    portal.run()
    assert portal.codes() == []  # seen missing once is no evidence
    gone(portal)
    assert portal.issue("contact_gone").severity == "info"
    assert in_quickbooks(portal) == before
    settled(portal, "contact_gone")


@pytest.mark.parametrize("touches", ["yes", "no"])
def test_r7_a_contact_merged_in_clio_is_unlinked_and_its_bills_go_with_the_survivor(
    portal: Portal, touches: str
) -> None:
    portal.world.store.set_setting("switch:clio_merge_touches_bills", touches)
    contact, survivor = ann(portal), portal.contact("Bo", "Ek", "bo@example.com")
    portal.clio.merge_contacts(survivor, contact)
    gone(portal)
    gone(portal)
    link = EntityLink.objects.of(portal.firm).get(kind="contact", practice_id=str(contact))
    assert link.state == "unlinked"
    (invoice,) = portal.quickbooks.all("Invoice")
    assert invoice["CustomerRef"]["name"] == "Bo Ek"
    assert re.search("merged into another", portal.issue("contact_gone").message)
    settled(portal, "contact_gone")


def test_r7_a_contact_that_is_only_hidden_keeps_its_link_and_comes_back(portal: Portal) -> None:
    """What is hidden looks as if it were gone, but its bills still name it."""
    contact = ann(portal)
    portal.clio.hide_contact(contact)
    gone(portal)
    assert portal.issue("contact_gone").severity == "info"
    link = EntityLink.objects.of(portal.firm).get(kind="contact")
    assert link.state == "live"
    portal.clio.hide_contact(contact, hidden=False)
    portal.clock.sleep(960)
    portal.run()
    settled(portal)
