"""A held run on the screens: what it would do, and deciding about just that."""

import re

import pytest
from django.test import Client

from integrations.models import Issue, Pairing
from tests.portal import Portal


@pytest.fixture
def held(portal: Portal) -> Issue:
    """Six of seven invoices would be voided."""
    ann = portal.contact()
    made = [portal.bill("100.00", contact=ann, number=str(1000 + n)) for n in range(7)]
    portal.run()
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.run()
    return portal.issue("run_held")


def at(issue: Issue) -> str:
    return f"/f/acme/issues/{issue.pk}/"


def test_the_page_lists_what_would_be_done_with_links(bob_client: Client, held: Issue) -> None:
    page = bob_client.get(at(held)).content.decode()
    for said in (
        "void 6 of 7 invoices",
        "What it would do",
        "Void invoices",
        "Bill 1000",
        "Bill 1005",
        "Apply",
        "Discard",
    ):
        assert said in page, said
    assert "Bill 1006" not in page
    assert page.count("100.00") == 6
    first = held.details["seen"]
    assert f'name="value" value="{first}"' in page
    assert len(re.findall(r'href="/f/acme/records/invoice/\d', page)) == 6
    narrowed = bob_client.get(at(held) + "?kind=payment").content.decode()
    assert "Nothing of that sort" in narrowed and "Bill 1000" not in narrowed


def test_the_dashboard_the_run_and_every_page_say_that_it_is_held(bob_client: Client, held: Issue) -> None:
    for address in ("/f/acme/", "/f/acme/runs/"):
        page = bob_client.get(address).content.decode()
        assert "The last sync is held until you have looked" in page
        assert "void 6 of 7 invoices" in page


def test_applying_starts_a_sync_that_does_it(
    bob_client: Client, held: Issue, portal: Portal, django_capture_on_commit_callbacks
) -> None:
    sent = {"action": "apply", "value": held.details["seen"], "note": "checked with Ann"}
    assert bob_client.post(at(held), sent).status_code == 302
    assert Pairing.objects.of(portal.firm).get().sync_asked_at is not None
    assert portal.run().outcome == "in_sync"
    assert sum(doc["TotalAmt"] == 0 for doc in portal.quickbooks.all("Invoice")) == 6


def test_discarding_lists_each_as_accepted(bob_client: Client, held: Issue, portal: Portal) -> None:
    bob_client.post(at(held), {"action": "discard", "value": held.details["seen"], "note": "a mistake in Clio"})
    page = bob_client.get("/f/acme/issues/?tab=accepted").content.decode()
    assert page.count("a mistake in Clio") == 6 and "Bill 1003" in page
    assert portal.run().outcome == "in_sync"


def test_what_was_decided_about_an_older_list_is_refused_with_the_newer_one(bob_client: Client, held: Issue) -> None:
    answer = bob_client.post(at(held), {"action": "apply", "value": "an older list"})
    assert answer.status_code == 422
    assert "has changed since this page was drawn" in answer.content.decode()
    held.refresh_from_db()
    assert held.state == "open"


def test_a_viewer_sees_it_and_decides_nothing(vera_client: Client, held: Issue) -> None:
    assert "Bill 1000" in vera_client.get(at(held)).content.decode()
    assert vera_client.post(at(held), {"action": "apply"}).status_code == 403
