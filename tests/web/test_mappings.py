"""The mapping screen: what it refuses and keeps, and filling in what is recommended."""

from datetime import date
from typing import Any

from django.test import Client

from integrations import errands, mapping, slots
from integrations.core import mapping as keys
from integrations.models import Connection, Errand, Mapping
from tests.portal import Portal

ADDRESS = "/f/acme/mappings/"


def sent(portal: Portal, **changes: str) -> dict[str, str]:
    """What the form would send as it stands."""
    kept = {row.key: row.ledger_id for row in Mapping.objects.of(portal.firm)}
    policies = {"name_template": "{name} (Clio {id})", "credit_purpose": portal.pairing.credit_purpose}
    return {"start_date": "2026-01-01", **policies, "do": "save", **kept, **changes}


def account(portal: Portal, type_: str) -> str:
    return next(str(row["Id"]) for row in portal.quickbooks.all("Account") if row["AccountType"] == type_)


def test_the_first_visit_reads_what_can_be_mapped_and_says_what_would_be_created(
    alice_client: Client, unmapped: Portal
) -> None:
    page = alice_client.get(ADDRESS).content.decode()
    assert "Filling in what is recommended creates these" in page
    assert "Account “Advanced Client Costs” (Other Current Asset)" in page
    assert not Mapping.objects.of(unmapped.firm).exists()


def test_a_wrong_account_type_is_refused_with_the_reason_and_nothing_is_lost(
    alice_client: Client, portal: Portal
) -> None:
    wrong = account(portal, "Accounts Receivable")
    answer = alice_client.post(ADDRESS, sent(portal, **{"account:deposit": wrong, "start_date": "2026-03-01"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is of type Accounts Receivable, which does not fit here" in page
    assert 'value="2026-03-01"' in page and f'<option value="{wrong}" selected>' in page
    assert portal.pairing.start_date == date(2026, 1, 1)
    assert Mapping.objects.of(portal.firm).get(key="account:deposit").ledger_id != wrong


def test_malformed_values_are_told_beside_their_fields(alice_client: Client, portal: Portal) -> None:
    for changes, said in (
        ({"start_date": "yesterday"}, "Enter a valid date"),
        ({"start_date": "1026-01-01"}, "between 2000 and 2100"),
        ({"name_template": "{name}"}, "{name} and {id}"),
        ({"name_template": "{name} {id} {0}"}, "Braces stand only"),
        ({"item:service": "no such id"}, "It is no longer in QuickBooks"),
        ({"item:service": "9" * 50}, "at most 32 characters"),
    ):
        answer = alice_client.post(ADDRESS, sent(portal, **changes))
        assert answer.status_code == 422 and said in answer.content.decode(), changes


def test_saving_keeps_mappings_start_date_and_policies(bob_client: Client, portal: Portal) -> None:
    changes = {"start_date": "2026-02-01", "aggregate_tax": "on", "name_template": "{name} #{id}", "item:interest": ""}
    assert bob_client.post(ADDRESS, sent(portal, **changes)).status_code == 302
    pairing = portal.pairing
    assert (pairing.start_date, pairing.aggregate_tax, pairing.name_template) == (
        date(2026, 2, 1),
        True,
        "{name} #{id}",
    )
    assert not Mapping.objects.of(portal.firm).filter(key="item:interest").exists()


def test_a_viewer_reads_and_changes_nothing(vera_client: Client, portal: Portal) -> None:
    assert "To change mappings it takes" in vera_client.get(ADDRESS).content.decode()
    assert vera_client.post(ADDRESS, sent(portal)).status_code == 403
    assert vera_client.post(f"{ADDRESS}read/").status_code == 403


def test_filling_in_is_left_to_the_queue_and_creates_what_was_shown(
    alice_client: Client, unmapped: Portal, django_capture_on_commit_callbacks: Any
) -> None:
    before = unmapped.writes()
    alice_client.get(ADDRESS)
    with django_capture_on_commit_callbacks(execute=True):
        alice_client.post(ADDRESS, sent(unmapped, do="fill", start_date="2026-04-01"))
    assert unmapped.writes() == before
    errand = Errand.objects.of(unmapped.firm).get()
    errands.carry_out(errand.pk, unmapped.clock)
    errand.refresh_from_db()
    assert (errand.state, errand.error) == ("done", "")
    needed = {slot.key for slot in slots.SLOTS if not slot.optional}
    trust = {slot.key for slot in mapping.targets(unmapped.pairing).slots if keys.is_trust_key(slot.key)}
    assert needed | trust == set(Mapping.objects.of(unmapped.firm).values_list("key", flat=True))
    assert unmapped.pairing.start_date == date(2026, 4, 1)
    assert "Advanced Client Costs" in {row["Name"] for row in unmapped.quickbooks.all("Account")}


def test_nothing_is_created_in_a_company_that_nobody_confirmed(alice_client: Client, unmapped: Portal) -> None:
    Connection.objects.of(unmapped.firm).update(confirmed_at=None)
    answer = alice_client.post(ADDRESS, sent(unmapped, do="fill"))
    assert answer.status_code == 422 and "Confirm on the connections page" in answer.content.decode()
    assert not Errand.objects.of(unmapped.firm).exists()


def test_a_system_that_cannot_be_read_is_told_and_the_page_still_opens(alice_client: Client, unmapped: Portal) -> None:
    unmapped.quickbooks.disconnect_apps()
    page = alice_client.get(ADDRESS)
    assert page.status_code == 200 and "could not be read" in page.content.decode()
    again = alice_client.post(f"{ADDRESS}read/", follow=True)
    assert again.status_code == 200 and "Not read" in again.content.decode()


def test_r7_whose_value_of_a_contact_counts_is_chosen_for_all_fields_and_for_each(
    bob_client: Client, portal: Portal
) -> None:
    changes = {"prefer:all": "clio", "prefer:mobile": "quickbooks"}
    assert bob_client.post(ADDRESS, sent(portal, **changes)).status_code == 302
    assert portal.pairing.contact_preferences == {"all": "clio", "mobile": "quickbooks"}
    assert bob_client.post(ADDRESS, sent(portal, **{"prefer:all": "nobody"})).status_code == 422
    assert bob_client.post(ADDRESS, sent(portal)).status_code == 302
    assert portal.pairing.contact_preferences == {}
