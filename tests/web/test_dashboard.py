"""The dashboard says in one sentence whether anybody is needed, and starts a sync once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from firms.models import Firm
from integrations import daysums, errands
from integrations.models import Connection, Errand, Pairing, SyncRun
from integrations.queries.runs import time_left
from integrations.queries.state import state_of
from integrations.sync.run import open_run
from tests.portal import Portal
from tests.sync.test_reconcile import one_cent_more


def sentence(firm: Firm) -> str:
    return state_of(firm).text


def test_a_new_firm_is_told_to_connect_clio(acme: Firm) -> None:
    assert sentence(acme) == "Connect Clio to begin"


def test_each_missing_step_is_named_in_turn(portal: Portal) -> None:
    assert sentence(portal.firm) == "Not synced yet"
    Pairing.objects.of(portal.firm).update(start_date=None)
    assert sentence(portal.firm) == "Choose the start date and the mappings"
    Connection.objects.of(portal.firm).filter(system="quickbooks").update(confirmed_at=None)
    assert sentence(portal.firm) == "Confirm that this is the right QuickBooks company"
    Connection.objects.of(portal.firm).filter(system="clio").update(state="reconnect")
    assert sentence(portal.firm) == "Clio has to be connected again"


def test_in_sync_names_when_and_the_next_check(portal: Portal) -> None:
    portal.bill("100.00")
    portal.run()
    Pairing.objects.of(portal.firm).update(next_sync_at=timezone.now() + timedelta(minutes=15))
    said = sentence(portal.firm)
    assert said.startswith("In sync as of ") and " · next check " in said


def test_open_errors_are_counted_and_lead_to_the_issues(synced: Portal, alice_client: Client) -> None:
    page = alice_client.get("/f/acme/").content.decode()
    assert '<a class="state-warn" href="/f/acme/issues/">1 thing needs you</a>' in page
    assert "/f/acme/issues/?code=duplicate_number" in page


def test_duplicate_numbers_and_conflicts_have_panels_that_say_what_to_do(synced: Portal, alice_client: Client) -> None:
    synced.quickbooks.edit("Invoice", synced.invoice("1044")["Id"], DocNumber="01043")
    synced.clio.create_contact(type="Person", first_name="Ann", last_name="Moss")
    synced.run()
    overview = alice_client.get("/f/acme/").context["overview"]
    (duplicate,) = overview.duplicates.rows
    assert duplicate.issue.code == "near_duplicate_number"
    labels = [thing.label for thing in duplicate.things]
    assert labels == ["Bill “1043” (Ann Moss, 2 Feb 2026)", "Invoice “01043” in QuickBooks"]
    assert duplicate.things[0].practice_url and duplicate.things[1].ledger_url and "renumber one" in duplicate.advice
    assert {row.issue.code for row in overview.conflicts.rows} == {"similar_contacts"}
    page = alice_client.get("/f/acme/issues/?group=duplicates").content.decode()
    assert "Numbers that look the same" in page and "Perhaps the same person twice" not in page.split("<table")[1]


def test_without_duplicates_and_conflicts_the_panels_say_so(portal: Portal, alice_client: Client) -> None:
    portal.bill("100.00")
    portal.run()
    page = alice_client.get("/f/acme/").content.decode()
    assert "No number is used twice" in page and "contradict each other nowhere" in page


def test_a_failed_run_says_why(portal: Portal) -> None:
    portal.quickbooks.disconnect_apps()
    assert portal.run().outcome == "failed"
    assert sentence(portal.firm).startswith(("The last sync failed: ", "QuickBooks has to be connected again"))


def test_sync_now_asks_once_however_often_it_is_pressed(
    bob_client: Client, portal: Portal, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            assert bob_client.post("/f/acme/sync/")["Location"] == "/f/acme/"
    assert portal.pairing.sync_asked_at is not None
    assert portal.pairing.sync_asked_by is not None and portal.pairing.sync_asked_by.email == "bob@example.com"
    assert OrmQ.objects.count() >= 1
    assert not SyncRun.objects.of(portal.firm).exists(), "the request only asks"
    assert "Waiting for the queue" in bob_client.get("/f/acme/").content.decode()


def test_a_viewer_may_not_start_a_sync(vera_client: Client, portal: Portal) -> None:
    assert vera_client.post("/f/acme/sync/").status_code == 403
    assert "Sync now" not in vera_client.get("/f/acme/").content.decode()


def test_a_firm_that_is_not_ready_is_told_what_is_missing(alice_client: Client, acme: Firm) -> None:
    answer = alice_client.post("/f/acme/sync/", follow=True)
    assert "A sync cannot start yet: Connect Clio to begin." in answer.content.decode()


def test_progress_stays_right_after_a_reload_and_ends_with_the_run(alice_client: Client, portal: Portal) -> None:
    run = open_run(portal.pairing, portal.clock, SyncRun.Trigger.PERSON, portal.owner)
    SyncRun.objects.of(portal.firm).update(state="applying", done=40, total=300)
    for address in ("/f/acme/", "/f/acme/live/", f"/f/acme/runs/{run.pk}/"):
        page = alice_client.get(address)
        assert "40 of 300" in page.content.decode(), address
        assert "HX-Refresh" not in page
    SyncRun.objects.of(portal.firm).update(state="finished", outcome="in_sync", finished_at=timezone.now())
    assert alice_client.get("/f/acme/live/")["HX-Refresh"] == "true"


def compared(portal: Portal) -> None:
    """Both systems are read afresh and compared, as on request."""
    errand = errands.ask(portal.pairing, Errand.Purpose.PROOF, portal.owner, portal.clock)
    portal.clock.sleep(2)
    errands.carry_out(errand.pk, portal.clock)


def test_the_last_proof_ties_out_receivable_and_trust(alice_client: Client, portal: Portal) -> None:
    ann = portal.contact()
    portal.bill("1250.50", contact=ann)
    portal.clio.trust_deposit(ann, Decimal(700), date(2026, 2, 4), source="Ann", description="Retainer")
    portal.run()
    assert "Do the books agree" not in alice_client.get("/f/acme/").content.decode()
    compared(portal)
    page = alice_client.get("/f/acme/").content.decode()
    assert "Do the books agree" in page and 'href="/f/acme/proof/"' in page
    page = page.split("Do the books agree")[1].split("The last 30 days")[0]
    assert page.count("1,250.50") == 2 and page.count("700.00") == 3 and page.count("Equal</span>") == 2
    assert "Both systems were read afresh <time" in page


def test_a_receivable_that_differs_is_said_to(alice_client: Client, portal: Portal) -> None:
    bill = portal.bill("1250.50")
    portal.run()
    one_cent_more(portal, bill)
    compared(portal)
    page = alice_client.get("/f/acme/").content.decode()
    assert "Differs</span>" in page and "1 difference that nothing explains" in page


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as made:
        client.get("/f/acme/")
    return len(made)


def test_the_dashboard_costs_twelve_queries_whatever_there_is_to_show(alice_client: Client, portal: Portal) -> None:
    portal.run()
    alice_client.get("/f/acme/")  # which notes the session
    assert queries(alice_client) <= 12
    empty = queries(alice_client)
    for number in range(8):
        portal.bill("10.00", number=str(3000 + number), contact=portal.contact("Ann", f"Lee{number}", ""))
    portal.quickbooks.create_customer("Ann Lee0")
    portal.run()
    portal.quickbooks.edit("Invoice", portal.invoice("3001")["Id"], DocNumber="03002")
    portal.run()
    compared(portal)
    daysums.sum_up(portal.firm, portal.clock.now() + timedelta(hours=1))
    open_run(portal.pairing, portal.clock, SyncRun.Trigger.PERSON, portal.owner)
    assert queries(alice_client) == empty


def test_a_firm_that_begins_costs_no_more(alice_client: Client, portal: Portal) -> None:
    alice_client.get("/f/acme/")
    assert queries(alice_client) <= 12


def test_a_run_says_what_it_has_done_and_how_long_the_rest_takes(alice_client: Client, portal: Portal) -> None:
    run = open_run(portal.pairing, portal.clock, SyncRun.Trigger.PERSON, portal.owner)
    reading = alice_client.get("/f/acme/live/").content.decode()
    assert "How long it takes can be told once both systems are read." in reading
    now = timezone.now()
    counts = {"invoice": {"created": 30, "updated": 2}, "payment": {"created": 10}}
    told = {"state": "applying", "done": 100, "total": 400, "counts": counts}
    SyncRun.objects.of(portal.firm).update(**told, started_at=now, writing_at=now - timedelta(minutes=1))
    page = alice_client.get("/f/acme/live/").content.decode()
    assert "Done in about 3 min at this pace." in page and "100 of 400" in page
    assert f'<a href="/f/acme/runs/{run.pk}/?outcome=created"><span class="number">40</span> created</a>' in page


@pytest.mark.parametrize(
    ("done", "seconds"),
    [(0, 60), (5, 60), (100, 3), (400, 60)],
    ids=["nothing done", "too little done", "too soon", "all done"],
)
def test_no_time_is_told_that_nobody_can_know(done: int, seconds: int) -> None:
    now = timezone.now()
    run = SyncRun(state="applying", done=done, total=400, writing_at=now - timedelta(seconds=seconds))
    assert time_left(run, now) is None


def test_a_run_that_writes_knows_since_when(portal: Portal) -> None:
    portal.bill("10.00")
    assert portal.run().writing_at is not None


@pytest.mark.parametrize("method", ["get", "put"])
def test_a_sync_is_asked_for_by_post_only(method: str, alice_client: Client, portal: Portal) -> None:
    assert getattr(alice_client, method)("/f/acme/sync/").status_code == 405
