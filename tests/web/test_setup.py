"""The checklist of settings on the set-up page: how each stands, why it matters, what to click, where it is."""

import re
from typing import Any

from django.test import Client

from integrations.issue_codes import CODES as ISSUE_CODES
from integrations.models import Issue
from integrations.preflight import preflight
from integrations.queries.checklist import CODES, about_settings, checklist
from integrations.sync import settings as sync_settings
from tests.portal import Portal

ADDRESS = "/f/acme/setup/"


def states(portal: Portal) -> dict[str, str]:
    return {
        check.item.name: check.state for check in checklist(portal.firm, portal.pairing, about_settings(portal.firm))
    }


def test_before_anything_was_read_nothing_is_said_to_be_right(bob_client: Client, portal: Portal) -> None:
    assert set(states(portal).values()) == {"unchecked"}
    page = bob_client.get(ADDRESS).content.decode()
    assert "Check now" in page and "Not read yet" in page and ">OK<" not in page


def test_every_setting_a_run_looks_at_is_on_the_list_and_known_by_name() -> None:
    assert set(CODES) == set(sync_settings.CODES) <= set(ISSUE_CODES)


def test_what_is_right_says_how_it_stands(bob_client: Client, portal: Portal) -> None:
    portal.bill("10.00", number="1042")
    portal.run()
    assert set(states(portal).values()) == {"ok"}
    page = bob_client.get(ADDRESS).content.decode()
    for said in ("USD on both sides.", "The books are open.", "QuickBooks Online Plus", "<strong>1043</strong>"):
        assert said in page, said
    assert "Check again" in page


def test_what_needs_a_person_is_told_apart_from_what_is_worth_a_look(bob_client: Client, portal: Portal) -> None:
    portal.quickbooks.set_custom_numbers(on=False)
    portal.quickbooks.close_books("2026-01-31")
    portal.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", value=True)
    preflight(portal.workspace())
    found = states(portal)
    assert (found["numbers"], found["closing"], found["auto_apply"]) == ("needs", "look", "look")
    page = bob_client.get(ADDRESS).content.decode()
    assert page.count("Needs you") >= 1 and page.count("Look once") >= 2
    assert "A setting stands in the way." in page, "the step above says so too"


def test_an_accepted_finding_stays_accepted_and_says_so(bob_client: Client, portal: Portal) -> None:
    portal.quickbooks.close_books("2026-01-31")
    portal.run()
    portal.resolve("books_closed", "ignore")
    portal.run()
    assert states(portal)["closing"] == "settled"
    assert "What was accepted, by whom and why" in bob_client.get(ADDRESS).content.decode()


def test_each_leads_to_its_page_of_quickbooks(bob_client: Client, portal: Portal, settings: Any) -> None:
    portal.quickbooks.set_custom_numbers(on=False)
    preflight(portal.workspace())
    assert "/sandbox/play/quickbooks/" in bob_client.get(ADDRESS).content.decode()
    settings.SANDBOX = False
    page = bob_client.get(ADDRESS).content.decode()
    for panel in ("sales", "advanced", "billing"):
        assert f"https://app.qbo.intuit.com/app/settings?p={panel.title()}&amp;panel={panel}" in page
    assert re.search(r'href="/f/acme/mappings/">Open the mappings', page)


def test_a_person_confirms_the_bill_warning_once(bob_client: Client, vera_client: Client, portal: Portal) -> None:
    portal.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", value=False)
    preflight(portal.workspace())
    assert "I have looked" not in bob_client.get(ADDRESS).content.decode(), "QuickBooks says itself that it is off"
    portal.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", value=None)
    preflight(portal.workspace())
    assert "I have looked, it is on" in bob_client.get(ADDRESS).content.decode()
    assert "I have looked, it is on" not in vera_client.get(ADDRESS).content.decode()
    issue = Issue.objects.of(portal.firm).get(code="duplicate_warning_off")
    assert vera_client.post(f"/f/acme/issues/{issue.pk}/", {"action": "confirm"}).status_code == 403


def test_a_stranger_finds_no_such_page(charlie_client: Client, portal: Portal) -> None:
    assert charlie_client.get(ADDRESS).status_code == 404
    assert charlie_client.post(f"{ADDRESS}check/").status_code == 404
