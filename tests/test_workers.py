"""One way of claiming work: held by one worker, counted before it is done, fair, and set aside when it is hopeless."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from firms.membership import create_firm
from firms.models import Firm, User
from integrations import checks, errands, tasks
from integrations.core.errors import Garbled, Trace
from integrations.hook_addresses import POLL_EVERY
from integrations.line import waiting
from integrations.models import (
    Bookmark,
    Connection,
    Cursor,
    Dispatch,
    Errand,
    Issue,
    Pairing,
    Record,
    SyncEvent,
    SyncRun,
)
from integrations.sync import dispatches
from integrations.sync.lease import LEASE, MOST_TRIES, TakenOver, beat, claim, let_go
from integrations.sync.run import RunIsOpen, open_run, sync
from integrations.sync.tries import wait_after
from integrations.systems.clock import SystemClock
from sync_portal.settings import Q_CLUSTER
from tests.models.rows import pairing_of, run_of
from tests.personas import person
from tests.portal import Portal, make_portal
from tests.served import MachineClock, stand_ins_served
from tests.sync.books import assert_equal

CLOCK = SystemClock()


@pytest.fixture
def served(acme: Firm, alice: User, settings: Settings, tmp_path: Path) -> Iterator[Portal]:
    """Connected, confirmed and mapped; the tasks reach the stand-ins by HTTP."""
    with stand_ins_served(settings, tmp_path) as world:
        yield make_portal(acme, alice, store=world.store, clock=MachineClock(world.store))


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    """The same without a socket, by the stand-ins' clock."""
    return make_portal(acme, alice)


@pytest.fixture
def pairing(acme: Firm) -> Pairing:
    return ready(acme)


def ready(firm: Firm) -> Pairing:
    """Ready to run, as far as its rows say."""
    made_ = pairing_of(firm, start_date="2026-01-01")
    Connection.objects.of(firm).filter(system="quickbooks").update(confirmed_at=CLOCK.now())
    return Pairing.objects.of(firm).get(pk=made_.pk)


def ago(**length: float) -> datetime:
    return CLOCK.now() - timedelta(**length)


def put(row: Pairing | SyncRun | Errand | Bookmark, **values: object) -> None:
    type(row).objects.of(row.firm).filter(pk=row.pk).update(**values)  # type: ignore[attr-defined]


def runs(firm: Firm) -> list[SyncRun]:
    return list(SyncRun.objects.of(firm).order_by("id"))


# Claiming


def test_a_claim_is_counted_and_raises_the_fence_before_anything_is_done(pairing: Pairing) -> None:
    run = run_of(pairing, held_by="", heartbeat_at=CLOCK.now())
    taken = claim(SyncRun.objects.of(pairing.firm), CLOCK)
    assert taken is not None and (taken.pk, taken.fence, taken.attempts) == (run.pk, 1, 1)
    assert claim(SyncRun.objects.of(pairing.firm), CLOCK) is None, "one holder at a time"
    put(run, heartbeat_at=ago(seconds=LEASE.total_seconds() + 1))
    again = claim(SyncRun.objects.of(pairing.firm), CLOCK)
    assert again is not None and (again.fence, again.attempts) == (2, 2)


def test_whoever_wakes_up_behind_the_fence_writes_nothing(pairing: Pairing, acme: Firm) -> None:
    work = SimpleNamespace(clock=CLOCK)
    run_of(pairing, held_by="", heartbeat_at=CLOCK.now())
    slow = claim(SyncRun.objects.of(acme), CLOCK)
    assert slow is not None
    put(slow, heartbeat_at=ago(minutes=10))
    quick = claim(SyncRun.objects.of(acme), CLOCK)
    for act in (lambda: beat(work, slow, done=7), lambda: let_go(work, slow, got_somewhere=True)):
        with pytest.raises(TakenOver):
            act()
    assert quick is not None
    beat(work, quick, done=3)
    (run,) = runs(acme)
    assert (run.done, run.held_by) == (3, quick.held_by)


def test_finished_work_is_nobodys(pairing: Pairing) -> None:
    run_of(pairing, held_by="", state="finished", outcome="in_sync", finished_at=CLOCK.now())
    assert claim(SyncRun.objects.of(pairing.firm), CLOCK) is None


def test_letting_go_after_getting_somewhere_begins_a_new_count(pairing: Pairing, acme: Firm) -> None:
    work = SimpleNamespace(clock=CLOCK)
    run_of(pairing, held_by="", heartbeat_at=CLOCK.now())
    for got_somewhere, attempts in ((False, 1), (False, 2), (True, 0)):
        run = claim(SyncRun.objects.of(acme), CLOCK)
        assert run is not None
        let_go(work, run, got_somewhere=got_somewhere)
        assert [row.attempts for row in runs(acme)] == [attempts]


# Twice, late, in any order


@pytest.mark.parametrize("seed", range(3))
def test_every_task_may_run_several_times_in_any_order(served: Portal, seed: int) -> None:
    served.bill("100.00", number="1")
    errand = errands.ask(served.pairing, Errand.Purpose.CHECK, served.owner, CLOCK)
    put(served.pairing, sync_asked_at=CLOCK.now())
    mine = served.pairing.pk
    calls = [tasks.work, tasks.tick, lambda: tasks.sync_pairing(mine), lambda: tasks.run_errand(errand.pk)]
    chance = random.Random(seed)
    told = [call for call in calls for _ in range(chance.randint(1, 3))]
    chance.shuffle(told)
    for call in told:
        call()
    tasks.work()
    tasks.work()
    errand.refresh_from_db()
    assert (errand.state, errand.fence) == ("done", 1)
    assert [run.outcome for run in runs(served.firm)] == ["in_sync"]
    assert [len(served.quickbooks.all(entity)) for entity in ("Customer", "Invoice")] == [1, 1]
    assert SyncEvent.objects.of(served.firm).filter(outcome="created").count() == 2


def test_a_task_that_is_told_to_a_second_worker_makes_no_call(served: Portal) -> None:
    run = open_run(served.pairing, CLOCK, SyncRun.Trigger.SCHEDULE)
    put(served.pairing, sync_asked_at=CLOCK.now())
    log = len(served.log)
    assert tasks.sync_pairing(served.pairing.pk) is False
    assert (len(served.log), [row.pk for row in runs(served.firm)]) == (log, [run.pk])


def test_the_queue_s_settings_hold_and_others_are_refused(settings: Settings) -> None:
    assert checks.queue_gives_work_its_time(None) == []
    for wrong in ({"timeout": 200}, {"retry": 1800}, {"timeout": None}, {"bulk": 5}, {"ack_failures": False}):
        settings.Q_CLUSTER = {**Q_CLUSTER, **wrong}
        assert [message.id for message in checks.queue_gives_work_its_time(None)] == ["portal.E001"], wrong


# Who is next


def test_who_waited_longest_is_next_and_a_long_run_goes_to_the_end_of_the_line(
    pairing: Pairing, globex: Firm, alice: User
) -> None:
    small = ready(globex)
    third = ready(create_firm(alice, "Initech", "initech"))
    large = run_of(pairing, held_by="", heartbeat_at=CLOCK.now())
    put(small, sync_asked_at=ago(minutes=1))
    put(third, next_sync_at=ago(minutes=2))
    errand = errands.ask(small, Errand.Purpose.CHECK, None, CLOCK)
    put(errand, heartbeat_at=ago(seconds=90))
    line = [(turn.pairing_id, turn.errand_id) for turn in waiting(CLOCK.now())]
    assert line == [(third.pk, 0), (small.pk, errand.pk), (small.pk, 0), (pairing.pk, 0)]
    put(large, heartbeat_at=ago(minutes=5))
    assert waiting(CLOCK.now())[0].pairing_id == pairing.pk, "after its turn it waits like everybody"


def test_what_somebody_works_on_is_not_in_the_line(pairing: Pairing) -> None:
    run_of(pairing, heartbeat_at=CLOCK.now())
    put(pairing, sync_asked_at=CLOCK.now(), next_sync_at=CLOCK.now())
    assert waiting(CLOCK.now()) == []


# Reading in slices


@pytest.fixture
def long_lists(served: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Five bills in pages of two, and slices that are over as soon as they may be."""
    for number in range(1, 6):
        client = served.contact("Ann", f"Lee {number}", f"ann{number}@example.com")
        served.bill("100.00", number=str(number), contact=client)
    monkeypatch.setattr("integrations.systems.clio.limits.PAGE_ROWS", 2)
    monkeypatch.setattr(tasks, "SLICE_S", 0.0)
    put(served.pairing, sync_asked_at=CLOCK.now())
    return served


def bill_pages(caplog: pytest.LogCaptureFixture) -> int:
    return sum("path=/bills.json" in record.getMessage() for record in caplog.records)


def all_slices(portal: Portal) -> int:
    """Works until nothing waits; how many slices that took."""
    slices = 0
    while waiting(CLOCK.now()):
        tasks.work()
        slices += 1
        assert slices < 50
    return slices


def test_a_long_reading_is_done_in_slices_and_no_page_is_read_twice(
    long_lists: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "integrations.systems.transport"):
        tasks.work()
        (run,) = runs(long_lists.firm)
        assert (run.held_by, run.attempts, run.finished_at, bill_pages(caplog)) == ("", 0, None, 1)
        mark = Bookmark.objects.of(long_lists.firm).get()
        assert (mark.stream, mark.sweep) == ("bills.type=revenue", run.pk)
        tasks.work()
        assert bill_pages(caplog) == 2
        tasks.work()
        assert bill_pages(caplog) == 3, "the last page; then the next list was begun"
    slices = all_slices(long_lists)
    assert slices > 3
    (run,) = runs(long_lists.firm)
    assert (run.outcome, run.counts["invoice"]["created"], run.requests["clio"] > slices) == ("in_sync", 5, True)
    assert not Bookmark.objects.of(long_lists.firm).exists()
    assert_equal(long_lists)


def test_the_nightly_comparison_is_done_in_slices_and_misses_nothing_that_is_there(long_lists: Portal) -> None:
    all_slices(long_lists)
    long_lists.world.store.advance(1000)  # what changed is over
    put(long_lists.pairing, sync_asked_at=CLOCK.now())
    all_slices(long_lists)
    firm, held = long_lists.firm, Record.objects.of(long_lists.firm).filter(entity="bills")
    true = held.order_by("external_id")[0]
    held.filter(pk=true.pk).update(data={**true.data, "number": "another", "etag": "an older one"})
    ghost = held.order_by("external_id")[1]
    ghost.pk, ghost.external_id = None, "7"
    ghost.save()
    swept = Cursor.objects.of(firm).filter(stream__startswith="every_id.")
    streams = list(swept.values_list("stream", flat=True))
    swept.delete()
    Cursor.objects.of(firm).bulk_create(
        Cursor(firm=firm, pairing=long_lists.pairing, stream=stream, at=ago(days=2)) for stream in streams
    )
    put(long_lists.pairing, sync_asked_at=CLOCK.now())
    while not Bookmark.objects.of(firm).filter(stream="every_id.bills").exists():
        tasks.work()
    assert not held.exclude(missing_since=None).exists(), "half a list says nothing of what it does not name"
    assert all_slices(long_lists) > 2
    assert not Bookmark.objects.of(firm).exists()
    assert [row.external_id for row in held.exclude(missing_since=None)] == ["7"]
    assert held.get(pk=true.pk).data == true.data
    assert not swept.filter(at__lt=ago(days=1)).exists()


def test_what_changes_while_a_list_is_interrupted_is_seen(long_lists: Portal) -> None:
    tasks.work()
    first, *_ = long_lists.clio.snapshot()["bills"]
    long_lists.clio.void_bill(first["id"])
    late = long_lists.bill("70.00", number="late", contact=first["client_id"])
    all_slices(long_lists)
    assert late and sorted(doc["DocNumber"] for doc in long_lists.quickbooks.all("Invoice")) == [
        "2",
        "3",
        "4",
        "5",
        "late",
    ]
    assert long_lists.codes() == []


@pytest.mark.parametrize("place", ["{}&page_token=nonsense", "https://elsewhere.example.com/api/v4/bills.json"])
def test_a_place_that_clio_does_not_know_any_more_begins_the_list_anew(long_lists: Portal, place: str) -> None:
    tasks.work()
    mark = Bookmark.objects.of(long_lists.firm).get()
    put(mark, place=place.format(mark.place.split("&page_token")[0]))
    all_slices(long_lists)
    assert [run.outcome for run in runs(long_lists.firm)] == ["in_sync"]
    assert len(long_lists.quickbooks.all("Invoice")) == 5


def test_another_run_goes_on_where_one_that_failed_was_reading(
    long_lists: Portal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.work()
    monkeypatch.setattr("integrations.sync.bookmarks.put", broken)
    with pytest.raises(ZeroDivisionError):
        tasks.work()
    monkeypatch.undo()
    put(long_lists.pairing, sync_asked_at=CLOCK.now())
    with caplog.at_level("DEBUG", "integrations.systems.transport"):
        all_slices(long_lists)
    assert [run.outcome for run in runs(long_lists.firm)] == ["failed", "in_sync"]
    assert len(long_lists.quickbooks.all("Invoice")) == 5


# A preview


def test_a_preview_that_died_never_becomes_a_sync(served: Portal) -> None:
    served.bill("10.00", number="1")
    open_run(served.pairing, CLOCK, SyncRun.Trigger.PERSON, is_dry=True)
    SyncRun.objects.of(served.firm).update(heartbeat_at=ago(hours=1))
    before = served.writes()
    tasks.tick()
    tasks.work()
    assert tasks.sync_pairing(served.pairing.pk) is False
    assert served.writes() == before
    run = open_run(served.pairing, CLOCK, SyncRun.Trigger.PERSON)
    assert [(row.pk, row.is_dry) for row in runs(served.firm)] == [(run.pk, False)], "and it stands in nobody's way"


def test_a_preview_does_not_take_over_a_run(pairing: Pairing) -> None:
    run_of(pairing, held_by="", heartbeat_at=CLOCK.now())
    with pytest.raises(RunIsOpen):
        open_run(pairing, CLOCK, SyncRun.Trigger.PERSON, is_dry=True)


# What fails


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError


def crash_once(portal: Portal) -> SyncRun:
    """The portal itself fails at the firm's next run."""
    put(portal.pairing, next_sync_at=CLOCK.now())
    with pytest.raises(ZeroDivisionError):
        tasks.work()
    return runs(portal.firm)[-1]


def test_after_each_crash_the_wait_is_longer_and_after_five_the_schedule_stops(
    served: Portal, monkeypatch: pytest.MonkeyPatch, alice_client: Client
) -> None:
    monkeypatch.setattr("integrations.sync.gather.gather_practice", broken)
    monkeypatch.setattr("random.random", lambda: 1.0)
    waits = []
    for number in range(1, MOST_TRIES):
        run = crash_once(served)
        assert (run.attempts, served.pairing.quarantined_at) == (number, None)
        due = served.pairing.next_sync_at
        assert due and run.finished_at
        waits.append((due - run.finished_at).total_seconds() / 60)
    assert [round(wait) for wait in waits] == [1, 2, 4, 8]
    last = crash_once(served)
    assert served.pairing.quarantined_at and served.pairing.next_sync_at is None
    assert waiting(CLOCK.now()) == []
    assert "5 tries in a row came to nothing" in last.reason
    assert served.codes() == ["sync_stopped"]
    assert "5 tries in a row came to nothing" in alice_client.get("/f/acme/").content.decode()
    monkeypatch.undo()
    tasks.ask_for_sync(served.pairing, served.owner, CLOCK)
    tasks.work()
    assert (runs(served.firm)[-1].outcome, served.codes()) == ("in_sync", [])
    assert served.pairing.quarantined_at is None and served.pairing.next_sync_at is not None


def test_a_webhook_does_not_end_a_quarantine(pairing: Pairing) -> None:
    put(pairing, quarantined_at=CLOCK.now(), hooked_at=CLOCK.now())
    assert waiting(CLOCK.now()) == []


def test_support_ends_a_quarantine(pairing: Pairing, client: Client) -> None:
    put(pairing, quarantined_at=CLOCK.now())
    root = person("Root")
    User.objects.filter(pk=root.pk).update(is_staff=True, is_superuser=True)
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/admin/integrations/pairing/", {"action": "sync_now", "_selected_action": [pairing.pk]})
    pairing.refresh_from_db()
    assert pairing.sync_asked_by == root
    assert [turn.pairing_id for turn in waiting(CLOCK.now())] == [pairing.pk]


def test_a_run_that_takes_its_worker_with_it_is_given_up_after_five(served: Portal) -> None:
    put(served.pairing, next_sync_at=CLOCK.now())
    run = open_run(served.pairing, CLOCK, SyncRun.Trigger.SCHEDULE)
    dead = {"heartbeat_at": ago(hours=1), "held_by": "gone"}
    for number in range(2, MOST_TRIES + 1):
        put(run, **dead)
        again = claim(SyncRun.objects.of(served.firm), CLOCK)
        assert again is not None and again.attempts == number
    put(run, **dead)
    tasks.work()
    (ended,) = runs(served.firm)
    assert (ended.outcome, served.codes()) == ("failed", ["sync_stopped"])
    assert served.pairing.quarantined_at is not None


def test_an_errand_that_takes_its_worker_with_it_fails_after_five(pairing: Pairing) -> None:
    errand = errands.ask(pairing, Errand.Purpose.CHECK, None, CLOCK)
    put(errand, attempts=MOST_TRIES, held_by="gone", heartbeat_at=ago(hours=1))
    assert tasks.run_errand(errand.pk) is True
    errand.refresh_from_db()
    assert (errand.state, errand.error) == ("failed", "It was begun 5 times and never finished.")


def test_a_system_that_is_down_is_tried_for_as_long_as_it_is_down(
    served: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **__: object) -> None:
        raise Garbled("Clio did not answer in time", Trace("clio"))

    monkeypatch.setattr("integrations.sync.gather.gather_practice", down)
    for _ in range(MOST_TRIES + 2):
        put(served.pairing, next_sync_at=CLOCK.now())
        tasks.work()
    last = runs(served.firm)[-1]
    assert (last.outcome, last.attempts, served.pairing.quarantined_at) == ("failed", 0, None)
    due = served.pairing.next_sync_at
    assert due is not None and CLOCK.now() < due <= CLOCK.now() + POLL_EVERY


def test_the_wait_doubles_is_spread_and_never_longer_than_the_schedule() -> None:
    assert [wait_after(n, 1.0) for n in (1, 2, 3, 4)] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    assert wait_after(1, 0.0) == timedelta(seconds=30)
    assert wait_after(50, 1.0) == POLL_EVERY


# Taken over in the middle of a write


def test_the_answer_to_a_write_is_recorded_by_whoever_holds_the_run(portal: Portal) -> None:
    portal.bill("100.00", number="1")
    taken: list[SyncRun] = []

    def freeze() -> None:
        portal.clock.sleep(LEASE.total_seconds() + 1)
        taken.append(open_run(portal.pairing, portal.clock, SyncRun.Trigger.COMMAND))

    portal.on_write("Invoice", freeze)
    portal.run()
    (dispatch,) = Dispatch.objects.of(portal.firm).filter(entity="Invoice")
    assert dispatch.state == "sent", "the frozen worker recorded nothing"
    sync(portal.workspace(), taken[0])
    dispatch.refresh_from_db()
    assert (dispatch.state, len(portal.quickbooks.all("Invoice"))) == ("answered", 1)
    assert SyncEvent.objects.of(portal.firm).filter(outcome="created", kind="invoice").count() == 1


def test_a_write_that_waited_for_the_pace_is_not_sent_once_the_run_was_taken_over(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.bill("100.00", number="1")
    work = portal.workspace()
    run = open_run(work.pairing, portal.clock, SyncRun.Trigger.COMMAND)
    prepare = dispatches.prepare

    def frozen(*args: Any) -> Dispatch:
        dispatch = prepare(*args)
        SyncRun.objects.of(portal.firm).update(fence=9)
        return dispatch

    monkeypatch.setattr("integrations.sync.dispatches.prepare", frozen)
    before = portal.writes()
    sync(work, run)
    assert portal.writes() == before
    assert [row.finished_at for row in runs(portal.firm)] == [None]


def test_an_intent_behind_the_fence_is_not_committed(portal: Portal) -> None:
    portal.bill("100.00", number="1")
    work = portal.workspace()
    run = open_run(work.pairing, portal.clock, SyncRun.Trigger.COMMAND)
    run.fence = 0
    sync(work, run)
    assert not Dispatch.objects.of(portal.firm).exists()
    assert not Issue.objects.of(portal.firm).exists()
