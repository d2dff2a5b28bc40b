"""R2: contacts and the customers they become, or already are."""

from typing import Any

import pytest

from integrations.models import EntityLink, Pairing, SyncEvent
from integrations.sync import mirror
from integrations.sync.cursors import reset_cursors
from tests.portal import Portal
from tests.sync.books import settled

MAIL = {"PrimaryEmailAddr": {"Address": "ann@example.com"}}
OTHER_MAIL = {"PrimaryEmailAddr": {"Address": "someone@example.org"}}


def customers(portal: Portal) -> list[str]:
    return [customer["DisplayName"] for customer in portal.quickbooks.all("Customer")]


@pytest.mark.parametrize(
    "name, members",
    [
        ("Ann Lee", {}),
        ("ANN  LÉE", {}),
        ("Lee, Ann (old)", {"GivenName": "Ann", "FamilyName": "Lee"}),
    ],
)
def test_r2_1_a_customer_of_the_same_name_and_e_mail_is_adopted(
    portal: Portal, name: str, members: dict[str, Any]
) -> None:
    known = portal.quickbooks.create_customer(name, **MAIL, **members)
    portal.bill("10.00")
    run = portal.run()
    (invoice,) = portal.quickbooks.all("Invoice")
    assert invoice["CustomerRef"]["value"] == known["Id"]
    assert run.counts["contact"]["adopted"] == 1
    kept = portal.quickbooks.get("Customer", known["Id"])
    assert kept["DisplayName"] == known["DisplayName"]
    assert (kept["GivenName"], kept["FamilyName"]) == ("Ann", "Lee")  # only what was empty is filled in
    settled(portal)


def test_r2_1_a_company_is_compared_by_its_company_name(portal: Portal) -> None:
    known = portal.quickbooks.create_customer("Acme (client)", CompanyName="Acme Widgets, Inc.", **MAIL)
    contact = portal.clio.create_contact(
        type="Company", name="ACME Widgets Inc", email_addresses=[{"address": "ann@example.com", "name": "Work"}]
    )
    portal.bill("10.00", contact=contact)
    portal.run()
    assert len(customers(portal)) == 1
    assert portal.quickbooks.all("Invoice")[0]["CustomerRef"]["value"] == known["Id"]
    settled(portal)


def test_r2_1_a_customer_is_found_at_any_depth(portal: Portal) -> None:
    parent = portal.quickbooks.create_customer("Big Client")
    child = portal.quickbooks.create_customer("Ann Lee", ParentRef={"value": parent["Id"]}, **MAIL)
    portal.bill("10.00")
    portal.run()
    assert portal.quickbooks.all("Invoice")[0]["CustomerRef"]["value"] == child["Id"]
    settled(portal)


def test_r2_1_our_mark_decides_whatever_the_names_say(portal: Portal) -> None:
    """Even where all links are lost, what the portal created is known again."""
    portal.bill("10.00", number="1")
    portal.run()
    (customer,) = portal.quickbooks.all("Customer")
    portal.quickbooks.edit_customer(customer["Id"], DisplayName="Quite Another Name", **OTHER_MAIL)
    EntityLink.objects.of(portal.firm).update(state=EntityLink.State.UNLINKED)
    reset_cursors(portal.pairing)
    mirror.unsettle_everything(portal.pairing)
    run = portal.run()
    assert run.counts["contact"]["adopted"] == 1
    assert customers(portal) == ["Quite Another Name"]
    portal.resolve("invoice_exists", "adopt")
    portal.run()
    assert portal.issue("contact_conflict").details["fields"].keys() == {"primary_email"}
    settled(portal, "contact_conflict")


def test_r2_1_an_inactive_match_is_a_persons_decision(portal: Portal) -> None:
    known = portal.quickbooks.create_customer("Ann Lee", **MAIL)
    portal.quickbooks.deactivate("Customer", known["Id"])
    bill = portal.bill("10.00")
    portal.run()
    assert portal.issue("customer_inactive").ledger_id == known["Id"]
    settled(portal, "customer_inactive", but=[bill])
    portal.resolve("customer_inactive", "reactivate")
    portal.run()
    assert portal.quickbooks.get("Customer", known["Id"])["DisplayName"] == "Ann Lee"
    settled(portal)


def test_r2_1_or_the_firms_policy(portal: Portal) -> None:
    known = portal.quickbooks.create_customer("Ann Lee", **MAIL)
    portal.quickbooks.deactivate("Customer", known["Id"])
    Pairing.objects.of(portal.firm).update(reactivate_customers=True)
    portal.bill("10.00")
    portal.run()
    assert portal.quickbooks.get("Customer", known["Id"])["Active"] is True
    settled(portal)


def test_r2_1_two_e_mails_that_differ_are_two_people(portal: Portal) -> None:
    portal.quickbooks.create_customer("Ann Lee", **OTHER_MAIL)
    ann = portal.contact()
    portal.bill("10.00", contact=ann)
    portal.run()
    assert customers(portal) == ["Ann Lee", f"Ann Lee (Clio {ann})"]
    settled(portal)


def test_r2_1_a_missing_e_mail_makes_a_probable_match_and_its_bills_wait(portal: Portal) -> None:
    known = portal.quickbooks.create_customer("Ann Lee")
    bills = [portal.bill("10.00", contact=(ann := portal.contact())), portal.bill("20.00", contact=ann)]
    run = portal.run()
    assert run.counts["invoice"]["waiting"] == 2
    assert portal.issue("probable_match").details["candidates"] == [known["Id"]]
    settled(portal, "probable_match", but=bills)


def test_r2_1_linking_the_probable_match_posts_its_bills_there(portal: Portal) -> None:
    known = portal.quickbooks.create_customer("Ann Lee")
    portal.bill("10.00")
    portal.run()
    portal.resolve("probable_match", "link", known["Id"])
    portal.run()
    assert portal.quickbooks.all("Invoice")[0]["CustomerRef"]["value"] == known["Id"]
    settled(portal)


def test_r2_1_or_a_new_customer_is_created_beside_it(portal: Portal) -> None:
    portal.quickbooks.create_customer("Ann Lee")
    ann = portal.contact()
    portal.bill("10.00", contact=ann)
    portal.run()
    portal.resolve("probable_match", "create")
    portal.run()
    assert customers(portal) == ["Ann Lee", f"Ann Lee (Clio {ann})"]
    settled(portal)


def test_r2_1_a_link_that_cannot_be_made_leaves_the_question_open(portal: Portal) -> None:
    portal.quickbooks.create_customer("Ann Lee")
    bill = portal.bill("10.00")
    portal.run()
    portal.resolve("probable_match", "link", "999999")
    portal.run()
    assert "999999" in portal.issue("probable_match").message
    settled(portal, "probable_match", but=[bill])


def test_r2_1_several_candidates_are_a_persons_choice(portal: Portal) -> None:
    first = portal.quickbooks.create_customer("Ann Lee", **MAIL)
    second = portal.quickbooks.create_customer("A. Lee", GivenName="Ann", FamilyName="Lee", **MAIL)
    bill = portal.bill("10.00")
    portal.run()
    assert portal.issue("probable_match").details["candidates"] == [first["Id"], second["Id"]]
    settled(portal, "probable_match", but=[bill])


def test_r2_1_two_contacts_that_fit_one_customer_are_a_persons_choice(portal: Portal) -> None:
    portal.quickbooks.create_customer("Ann Lee", **MAIL)
    bills = [portal.bill("10.00", contact=portal.contact()), portal.bill("10.00", contact=portal.contact())]
    portal.run()
    settled(portal, "probable_match", "probable_match", but=bills)


@pytest.mark.parametrize("kind", ["vendor", "employee"])
def test_r2_1_a_vendors_or_employees_name_is_never_a_match(portal: Portal, kind: str) -> None:
    if kind == "vendor":
        portal.quickbooks.create_vendor("Ann Lee", **MAIL)
    else:
        portal.quickbooks.create_employee("Ann", "Lee", **MAIL)
    ann = portal.contact()
    portal.bill("10.00", contact=ann)
    portal.run()
    assert customers(portal) == [f"Ann Lee (Clio {ann})"]
    settled(portal)


def test_r2_2_a_taken_name_gets_the_firms_template_and_the_journal_says_so(portal: Portal) -> None:
    portal.quickbooks.create_customer("Ann Lee", **OTHER_MAIL)
    Pairing.objects.of(portal.firm).update(name_template="{name} · C{id}")
    ann = portal.contact()
    portal.bill("10.00", contact=ann)
    portal.run()
    assert customers(portal)[-1] == f"Ann Lee · C{ann}"
    (created,) = SyncEvent.objects.of(portal.firm).filter(kind="contact", outcome="created")
    assert "Ann Lee" in created.message
    settled(portal)


def test_r2_2_two_contacts_of_one_name_get_two_customers(portal: Portal) -> None:
    portal.bill("10.00", contact=portal.contact())
    second = portal.contact(email="other@example.com")
    portal.bill("10.00", contact=second)
    portal.run()
    assert customers(portal) == ["Ann Lee", f"Ann Lee (Clio {second})"]
    settled(portal)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("Smith: Jones & Co\tLtd", "Smith - Jones & Co Ltd"),
        ("O'Brien \\ Søn\u202e", "O'Brien \\ Søn"),
        ("L" * 600, "L" * 500),
        ("Müller\nGmbH", "Müller GmbH"),
    ],
)
def test_r2_2_names_are_made_such_as_quickbooks_takes_them(portal: Portal, name: str, expected: str) -> None:
    contact = portal.clio.create_contact(type="Company", name=name)
    portal.bill("10.00", contact=contact)
    portal.run()
    assert customers(portal) == [expected]
    settled(portal)


def test_r2_3_the_mapped_fields_reach_the_customer(portal: Portal) -> None:
    contact = portal.clio.create_contact(
        first_name="Ann",
        middle_name="Q",
        last_name="Lee",
        email_addresses=[
            {"address": "old@example.com", "name": "Home"},
            {"address": "ann@example.com", "name": "Work", "default_email": True},
        ],
        phone_numbers=[
            {"number": "1", "name": "Work", "default_number": True},
            {"number": "2", "name": "Mobile"},
            {"number": "3", "name": "Home"},
            {"number": "4", "name": "Fax"},
        ],
        addresses=[
            {"street": "1 Work St", "city": "W", "name": "Work"},
            {"street": "2 Bill St\nUnit 9", "city": "B", "postal_code": "90210", "name": "Billing"},
        ],
    )
    portal.bill("10.00", contact=contact)
    portal.run()
    (made,) = portal.quickbooks.all("Customer")
    assert (made["GivenName"], made["MiddleName"], made["FamilyName"]) == ("Ann", "Q", "Lee")
    assert made["PrimaryEmailAddr"]["Address"] == "ann@example.com"
    numbers = [made[key]["FreeFormNumber"] for key in ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")]
    assert numbers == ["1", "2", "3", "4"]
    assert (made["BillAddr"]["Line1"], made["BillAddr"]["Line2"]) == ("2 Bill St", "Unit 9")
    assert made["ShipAddr"]["Line1"] == "1 Work St"
    settled(portal)


def test_r2_3_a_contact_changed_in_clio_changes_its_customer_once(portal: Portal) -> None:
    ann = portal.contact()
    portal.bill("10.00", contact=ann)
    portal.run()
    portal.clio.edit_contact(ann, last_name="Lee-Wong")
    before = portal.writes()
    portal.run()
    assert portal.writes() == before + 1
    assert customers(portal) == ["Ann Lee-Wong"]
    settled(portal)


def test_r2_3_a_contact_changed_on_both_sides_is_overwritten_on_neither(portal: Portal) -> None:
    ann = portal.contact()
    portal.bill("10.00", contact=ann)
    portal.run()
    (customer,) = portal.quickbooks.all("Customer")
    portal.quickbooks.edit_customer(customer["Id"], FamilyName="Leigh")
    portal.clio.edit_contact(ann, last_name="Lee-Wong")
    portal.run()
    assert portal.quickbooks.get("Customer", customer["Id"])["FamilyName"] == "Leigh"
    settled(portal, "contact_conflict")
