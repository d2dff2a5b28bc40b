"""The preview and the check: asked for, carried out by the queue, shown from what it kept; neither writes anything."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from integrations import errands, tasks
from integrations.models import Errand, Issue, PlannedChange, SyncRun
from integrations.sync.lease import LEASE, claim
from integrations.sync.run import open_run, sync
from tests.portal import Portal
from tests.sync.books import settled

ADDRESS = "/f/acme/preview/"


def make(client: Client, portal: Portal, address: str = ADDRESS) -> Errand:
    client.post(address)
    errand = Errand.objects.of(portal.firm).order_by("-id").first()
    assert errand
    errands.carry_out(errand.pk, portal.clock)
    errand.refresh_from_db()
    return errand


def test_a_preview_shows_each_change_with_its_debit_and_credit_lines(bob_client: Client, portal: Portal) -> None:
    portal.bill("1250.50", number="1042")
    written = portal.writes()
    assert make(bob_client, portal).state == "done"
    page = bob_client.get(ADDRESS).content.decode()
    assert portal.writes() == written
    assert "2 changes" in page and "Bill 1042" in page and page.count("1,250.50") >= 4
    assert "Accounts Receivable" in page


def test_a_preview_starts_no_schedule_and_leaves_no_run(bob_client: Client, portal: Portal) -> None:
    portal.bill("10.00")
    make(bob_client, portal)
    assert portal.pairing.next_sync_at is None and portal.pairing.sync_asked_at is None
    assert not SyncRun.objects.of(portal.firm).exists()


def test_a_preview_keeps_a_sync_that_was_asked_for(bob_client: Client, portal: Portal) -> None:
    tasks.ask_for_sync(portal.pairing, portal.owner, portal.clock)
    make(bob_client, portal)
    assert portal.pairing.sync_asked_by == portal.owner and portal.pairing.sync_asked_at is not None


def test_asking_twice_is_asking_once_and_only_the_last_preview_is_kept(
    bob_client: Client, portal: Portal, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as rung:
        bob_client.post(ADDRESS)
        bob_client.post(ADDRESS)
    assert len(rung) == 2 and Errand.objects.of(portal.firm).count() == 1
    portal.bill("10.00")
    first = Errand.objects.of(portal.firm).get()
    errands.carry_out(first.pk, portal.clock)
    errands.carry_out(first.pk, portal.clock)
    kept = PlannedChange.objects.of(portal.firm).count()
    make(bob_client, portal)
    assert PlannedChange.objects.of(portal.firm).count() == kept


def test_an_errand_lost_with_its_worker_is_taken_up_again(bob_client: Client, portal: Portal) -> None:
    bob_client.post(ADDRESS)
    lost = Errand.objects.of(portal.firm).get()
    silent = lost.heartbeat_at - LEASE - timedelta(seconds=1)
    Errand.objects.of(portal.firm).update(state="working", held_by="a dead worker", heartbeat_at=silent)
    again = make(bob_client, portal)
    assert (again.pk, again.state, again.fence) == (lost.pk, "done", 1)


def test_a_preview_that_cannot_be_made_says_why(bob_client: Client, portal: Portal) -> None:
    run = open_run(portal.pairing, portal.clock, SyncRun.Trigger.PERSON, None)
    failed = make(bob_client, portal)
    assert failed.state == "failed" and "A sync is under way" in bob_client.get(ADDRESS).content.decode()
    assert SyncRun.objects.of(portal.firm).get() == run


def test_nothing_to_do_is_said(bob_client: Client, portal: Portal) -> None:
    make(bob_client, portal)
    assert "Nothing to do" in bob_client.get(ADDRESS).content.decode()


def test_a_long_preview_is_paged_and_filtered(bob_client: Client, portal: Portal) -> None:
    contact = portal.contact()
    for number in range(30):
        portal.bill("10.00", contact=contact, number=str(2000 + number))
    make(bob_client, portal)
    page = bob_client.get(ADDRESS)
    assert "from=25" in page.content.decode()
    assert len(page.context["changes"].rows) == 25
    assert len(bob_client.get(f"{ADDRESS}?from=25").context["changes"].rows) == 6
    assert len(bob_client.get(f"{ADDRESS}?kind=contact").context["changes"].rows) == 1


def test_viewers_look_and_do_not_ask(vera_client: Client, portal: Portal) -> None:
    assert vera_client.get(ADDRESS).status_code == 200
    assert vera_client.post(ADDRESS).status_code == 403
    assert vera_client.post("/f/acme/setup/check/").status_code == 403


def test_a_firm_without_connections_is_sent_there(alice_client: Client, acme: object) -> None:
    assert "A preview cannot be made yet" in alice_client.post(ADDRESS, follow=True).content.decode()
    assert (
        "Connect Clio and QuickBooks first" in alice_client.post("/f/acme/setup/check/", follow=True).content.decode()
    )


def test_a_waiting_page_is_drawn_anew_once_the_errand_is_over(bob_client: Client, portal: Portal) -> None:
    bob_client.post(ADDRESS)
    errand = Errand.objects.of(portal.firm).get()
    address = f"/f/acme/errands/{errand.pk}/"
    assert address in bob_client.get(ADDRESS).content.decode()
    assert "HX-Refresh" not in bob_client.get(address)
    errands.carry_out(errand.pk, portal.clock)
    assert bob_client.get(address)["HX-Refresh"] == "true"


@pytest.mark.parametrize("on", [True, False])
def test_the_check_names_the_next_safe_number_and_the_five_clicks(on: bool, bob_client: Client, portal: Portal) -> None:
    portal.bill("10.00", number="1042")
    portal.quickbooks.set_custom_numbers(on)
    assert make(bob_client, portal, "/f/acme/setup/check/").state == "done"
    page = bob_client.get("/f/acme/setup/").content.decode()
    assert "<strong>1043</strong>" in page
    for click in (
        "open the gear",
        "Account and settings",
        "Choose Sales.",
        "Sales form content",
        "numbers on and save",
    ):
        assert click in page
    assert ('class="check needs" id="check-numbers"' in page) is not on


def test_looking_once_at_the_bill_warning_is_confirmed_from_the_setup(bob_client: Client, portal: Portal) -> None:
    make(bob_client, portal, "/f/acme/setup/check/")
    asked = Issue.objects.of(portal.firm).filter(code="duplicate_warning_off", state="open").first()
    if asked is None:
        portal.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", None)
        make(bob_client, portal, "/f/acme/setup/check/")
        asked = Issue.objects.of(portal.firm).get(code="duplicate_warning_off", state="open")
    done = bob_client.post(f"/f/acme/issues/{asked.pk}/", {"action": "confirm", "back": "setup"})
    assert done["Location"] == "/f/acme/setup/"
    assert portal.pairing.bill_warning_confirmed_at is not None


def test_exactly_what_was_shown_is_applied_and_what_came_up_since_is_left_and_said(
    bob_client: Client, portal: Portal, django_capture_on_commit_callbacks: Any
) -> None:
    client = portal.contact()
    shown = portal.bill("10.00", number="1", contact=client)
    edited = portal.bill("20.00", number="2", contact=client)
    made = make(bob_client, portal)
    portal.bill("30.00", number="3", contact=client)
    portal.clio.edit_bill(edited, due_at=date(2026, 9, 9))
    with django_capture_on_commit_callbacks() as rung:
        answer = bob_client.post(ADDRESS, {"apply": str(made.pk)})
    assert (answer["Location"], len(rung)) == ("/f/acme/", 1)
    run = carried_out(portal)
    assert [doc["DocNumber"] for doc in portal.quickbooks.all("Invoice")] == ["1"] and shown
    assert (run.exactly_id, run.unshown, run.counts["invoice"]["waiting"]) == (made.pk, 2, 2)
    page = bob_client.get(f"/f/acme/runs/{run.pk}/").content.decode()
    assert "2 changes came up after the preview" in page and "exactly what the preview showed" in page
    portal.run()
    assert sorted(doc["DocNumber"] for doc in portal.quickbooks.all("Invoice")) == ["1", "2", "3"]
    settled(portal)


def carried_out(portal: Portal) -> SyncRun:
    """The run that waits in the line, taken up as a worker does."""
    run = claim(SyncRun.objects.of(portal.firm), portal.clock)
    assert run
    sync(portal.workspace(), run)
    run.refresh_from_db()
    return run


def test_applying_a_preview_whose_state_still_holds_leaves_nothing_over(bob_client: Client, portal: Portal) -> None:
    bill = portal.bill("5000.00", number="1")
    payment = portal.pay(bill, 1060)
    portal.run()
    portal.clio.edit_payment(payment, [(bill, Decimal(45))])
    portal.clio.edit_contact(portal.clio.bill(bill)["client_id"], first_name="Anna")
    made = make(bob_client, portal)
    page = bob_client.get(ADDRESS).content.decode()
    for row in ("Given name|Ann|Anna", "Amount|1,060.00|45.00", "Applied to invoice 1|1,060.00|45.00"):
        assert all(f">{part}<" in page for part in row.split("|")), row
    bob_client.post(ADDRESS, {"apply": str(made.pk)})
    run = carried_out(portal)
    assert (run.unshown, run.outcome) == (0, "in_sync")
    settled(portal)


def test_what_a_preview_would_write_to_clio_is_shown_field_by_field_too(bob_client: Client, portal: Portal) -> None:
    portal.bill("10.00")
    portal.run()
    (customer,) = [doc for doc in portal.quickbooks.all("Customer") if doc.get("GivenName") == "Ann"]
    portal.quickbooks.edit("Customer", customer["Id"], GivenName="Anna")
    make(bob_client, portal)
    page = bob_client.get(ADDRESS).content.decode()
    assert all(f">{part}<" in page for part in ("Given name", "Ann", "Anna"))


def test_an_older_preview_is_not_applied(bob_client: Client, portal: Portal) -> None:
    portal.bill("10.00")
    older, newer = make(bob_client, portal), make(bob_client, portal)
    refused = bob_client.post(ADDRESS, {"apply": str(older.pk)}, follow=True)
    assert "no longer the last word" in refused.content.decode()
    portal.run()
    refused = bob_client.post(ADDRESS, {"apply": str(newer.pk)}, follow=True)
    assert "no longer the last word" in refused.content.decode()
    assert not SyncRun.objects.of(portal.firm).exclude(exactly=None).exists()


def test_while_a_sync_is_under_way_no_preview_is_applied(bob_client: Client, portal: Portal) -> None:
    portal.bill("10.00")
    made = make(bob_client, portal)
    run = open_run(portal.pairing, portal.clock, SyncRun.Trigger.PERSON, None)
    refused = bob_client.post(ADDRESS, {"apply": str(made.pk)}, follow=True)
    assert "A sync is under way already" in refused.content.decode()
    assert SyncRun.objects.of(portal.firm).get() == run


def test_a_viewer_applies_nothing(vera_client: Client, portal: Portal) -> None:
    assert vera_client.post(ADDRESS, {"apply": "1"}).status_code == 403
