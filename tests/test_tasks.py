"""What the queue is told and what it does then: rows say what is due, messages only ring."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection as database
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from firms.models import Firm, User
from integrations import connecting, tasks
from integrations.apps import keep_schedule
from integrations.line import waiting
from integrations.models import Connection, EntityLink, Errand, OAuthState, Pairing, SyncRun
from integrations.sync.lease import LEASE
from integrations.sync.run import open_run, sync
from integrations.systems.clock import SystemClock
from integrations.tasks import ask_for_sync, scheduled_tick, sync_pairing, tick, work, worker_seen_at
from tests.models.rows import pairing_of, run_of
from tests.portal import Portal, make_portal
from tests.served import MachineClock, stand_ins_served

CLOCK = SystemClock()
BELL = ("integrations.tasks.work", ())


@pytest.fixture
def portal(acme: Firm, alice: User, settings: Settings, tmp_path: Path) -> Iterator[Portal]:
    """Connected, confirmed and mapped; the tasks reach the stand-ins by HTTP."""
    with stand_ins_served(settings, tmp_path) as world:
        yield make_portal(acme, alice, store=world.store, clock=MachineClock(world.store))


@pytest.fixture
def pairing(acme: Firm) -> Pairing:
    """Ready to run, as far as its rows say; nobody asked for anything yet."""
    made = pairing_of(acme, start_date="2026-01-01")
    Connection.objects.of(acme).filter(system="quickbooks").update(confirmed_at=CLOCK.now())
    return Pairing.objects.of(acme).get(pk=made.pk)


def rung() -> list[tuple[str, tuple[int, ...]]]:
    """The messages in the queue: what they call, with what. Subscriptions have tests of their own."""
    told = [(message.task["func"], message.task["args"]) for message in OrmQ.objects.order_by("pk")]
    return [message for message in told if message[0] != "integrations.tasks.keep_subscribed"]


def runs(firm: Firm) -> list[SyncRun]:
    return list(SyncRun.objects.of(firm).order_by("id"))


def due(pairing: Pairing, **values: object) -> None:
    Pairing.objects.of(pairing.firm).filter(pk=pairing.pk).update(**(values or {"sync_asked_at": CLOCK.now()}))


# Asking


def test_asking_rings_once_the_row_is_committed(
    pairing: Pairing, alice: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ask_for_sync(pairing, alice, CLOCK)
        assert rung() == []
    assert rung() == [BELL]
    pairing.refresh_from_db()
    assert (pairing.sync_asked_by, pairing.sync_asked_at is not None) == (alice, True)


def test_asking_fifty_times_gives_one_run(
    portal: Portal, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(50):
            ask_for_sync(portal.pairing, portal.owner, CLOCK)
    assert len(rung()) == 1
    for _ in range(50):  # and were every one of them to ring
        work()
    (run,) = runs(portal.firm)
    assert (run.outcome, run.trigger, run.started_by) == ("in_sync", "person", portal.owner)


def test_asking_fifty_times_during_a_run_gives_one_more(
    portal: Portal,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:

    def impatient(*args: object, **options: object) -> bool:
        for _ in range(50):
            ask_for_sync(portal.pairing, portal.owner, CLOCK)
            work()
        return bool(sync(*args, **options))  # type: ignore[arg-type]

    due(portal.pairing)
    monkeypatch.setattr(tasks, "sync", impatient)
    work()
    monkeypatch.undo()
    assert len(runs(portal.firm)) == 1
    assert rung() == [BELL]
    for _ in range(50):
        work()
    assert [run.outcome for run in runs(portal.firm)] == ["in_sync", "in_sync"]


@pytest.mark.django_db(transaction=True)
def test_of_six_workers_told_at_once_one_runs_it(portal: Portal) -> None:
    portal.bill("10.00", number="7")
    due(portal.pairing)
    at_once(6, lambda: sync_pairing(portal.pairing.pk))
    assert [run.outcome for run in runs(portal.firm)] == ["in_sync"]
    assert len(portal.quickbooks.all("Invoice")) == 1


def at_once(number: int, act: Callable[[], object]) -> None:
    start = threading.Barrier(number)

    def work() -> None:
        start.wait()
        try:
            act()
        finally:
            database.close()

    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(work) for _ in range(number)]:
            done.result()


# Running


def test_what_is_not_due_is_not_run(portal: Portal) -> None:
    sync_pairing(portal.pairing.pk)
    due(portal.pairing, next_sync_at=CLOCK.now() + timedelta(minutes=1))
    sync_pairing(portal.pairing.pk)
    assert runs(portal.firm) == []


def test_what_is_due_is_run_once_and_is_due_again_a_quarter_of_an_hour_later(portal: Portal) -> None:
    due(portal.pairing, next_sync_at=CLOCK.now())
    sync_pairing(portal.pairing.pk)
    sync_pairing(portal.pairing.pk)
    (run,) = runs(portal.firm)
    assert (run.trigger, run.outcome) == ("schedule", "in_sync")
    assert portal.pairing.next_sync_at == run.started_at + timedelta(minutes=15)


@pytest.mark.django_db
def test_a_pairing_that_is_not_there_is_no_crash() -> None:
    sync_pairing(10**9)


def test_a_purged_pairing_is_not_run(portal: Portal) -> None:
    pairing = portal.pairing
    due(pairing)
    connecting.purge(pairing, portal.clock, portal.session)
    due(pairing)
    sync_pairing(pairing.pk)
    assert runs(portal.firm) == []


def test_an_open_run_is_left_alone(portal: Portal) -> None:
    other = open_run(portal.pairing, CLOCK, SyncRun.Trigger.COMMAND)
    due(portal.pairing)
    sync_pairing(portal.pairing.pk)
    (run,) = runs(portal.firm)
    assert (run.pk, run.state, portal.pairing.sync_asked_at is not None) == (other.pk, "reading", True)


def test_a_disconnected_firm_gets_a_run_that_says_so(portal: Portal) -> None:
    connecting.disconnect(portal.pairing.ledger, portal.clock, portal.session)
    due(portal.pairing)
    sync_pairing(portal.pairing.pk)
    (run,) = runs(portal.firm)
    assert (run.state, run.outcome) == ("finished", "failed")
    assert run.reason == "QuickBooks is disconnected. Connect it on the connections page."


@pytest.mark.parametrize("place", ["integrations.tasks.open_workspace", "integrations.sync.gather.gather_practice"])
def test_a_crash_ends_the_run_with_a_reason(portal: Portal, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    due(portal.pairing)
    monkeypatch.setattr(place, broken)
    with pytest.raises(ZeroDivisionError):
        sync_pairing(portal.pairing.pk)
    (run,) = runs(portal.firm)
    assert (run.state, run.outcome) == ("finished", "failed")
    assert run.reason == "The portal itself failed; support has been told."
    assert run.finished_at


def test_a_worker_that_is_stopped_lets_go_of_its_run_and_the_next_one_goes_on(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise SystemExit(1)  # as the queue's time limit does

    due(portal.pairing)
    monkeypatch.setattr("integrations.sync.gather.gather_practice", stopped)
    with pytest.raises(SystemExit):
        work()
    assert [(run.finished_at, run.held_by, run.attempts) for run in runs(portal.firm)] == [(None, "", 1)]
    assert rung() == [BELL]
    monkeypatch.undo()
    work()
    assert [(run.outcome, run.attempts) for run in runs(portal.firm)] == [("in_sync", 0)]


# Slices


class Laborious(SystemClock):
    """A clock by which every invoice takes longer to write than a slice lasts."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def now(self) -> datetime:
        written = len(self._portal.quickbooks.all("Invoice"))
        return super().now() + timedelta(seconds=written * (tasks.SLICE_S + 1))


def test_a_long_run_is_done_in_slices_and_counts_all_of_them(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    bills = 3
    for number in range(bills):
        contact = portal.contact("Ann", f"Lee {number}", f"ann{number}@example.com")
        portal.bill("10.00", number=str(100 + number), contact=contact)
    monkeypatch.setattr(tasks, "SystemClock", lambda: Laborious(portal))
    monkeypatch.setattr("integrations.sync.clusters.CHUNK_OF_BILLS", 1)
    due(portal.pairing)
    slices = 0
    while not slices or rung():
        OrmQ.objects.all().delete()
        work()
        slices += 1
        assert slices < 10
    (run,) = runs(portal.firm)
    assert (run.state, run.outcome, run.reason) == ("finished", "in_sync", "")
    assert slices == bills
    assert [run.counts[kind]["created"] for kind in ("contact", "invoice")] == [bills, bills]
    assert len(portal.quickbooks.all("Invoice")) == bills
    assert EntityLink.objects.of(portal.firm).filter(kind="invoice", state="live").count() == bills


def test_a_slice_whose_bell_was_lost_is_rung_for_by_the_next_tick(pairing: Pairing) -> None:
    run_of(pairing, held_by="", heartbeat_at=CLOCK.now(), started_at=CLOCK.now())
    tick()
    assert rung() == [BELL]
    tick()
    assert rung() == [BELL], "one that is in the queue already is not rung again"


def test_a_waiting_run_is_taken_up_by_one_worker(portal: Portal) -> None:
    run = open_run(portal.pairing, CLOCK, SyncRun.Trigger.SCHEDULE)
    SyncRun.objects.of(portal.firm).update(held_by="")
    sync_pairing(portal.pairing.pk)
    sync_pairing(portal.pairing.pk)
    (done,) = runs(portal.firm)
    assert (done.pk, done.outcome) == (run.pk, "in_sync")


# What died


def silent(firm: Firm, since: timedelta = LEASE + timedelta(seconds=1)) -> None:
    """The worker at the firm's run has not said anything for so long."""
    SyncRun.objects.of(firm).filter(finished_at=None).update(heartbeat_at=CLOCK.now() - since)


def test_a_run_whose_worker_died_is_gone_on_with_by_the_next(portal: Portal) -> None:
    portal.bill("10.00", number="7")
    dead = open_run(portal.pairing, CLOCK, SyncRun.Trigger.SCHEDULE)
    silent(portal.firm)
    tick()
    assert rung() == [BELL]
    work()
    (run,) = runs(portal.firm)
    assert (run.pk, run.outcome, run.fence) == (dead.pk, "in_sync", dead.fence + 1)
    assert run.counts["invoice"]["created"] == 1


def test_one_that_is_merely_slow_is_left_to_finish(portal: Portal) -> None:
    slow = open_run(portal.pairing, CLOCK, SyncRun.Trigger.SCHEDULE)
    silent(portal.firm, LEASE - timedelta(minutes=1))
    due(portal.pairing)
    sync_pairing(portal.pairing.pk)
    assert [(run.pk, run.finished_at) for run in runs(portal.firm)] == [(slow.pk, None)]


# The tick


def test_a_tick_rings_once_for_each_pairing_that_is_due(pairing: Pairing, globex: Firm) -> None:
    tick()
    assert rung() == []
    other = pairing_of(globex, start_date="2026-01-01")
    Connection.objects.of(globex).update(confirmed_at=CLOCK.now())
    due(pairing, next_sync_at=CLOCK.now() - timedelta(seconds=1))
    due(other)
    tick()
    assert rung() == [BELL, BELL]
    assert [turn.pairing_id for turn in waiting(CLOCK.now())] == [pairing.pk, other.pk], (
        "who waited longest comes first"
    )


@pytest.mark.parametrize("system", ["clio", "quickbooks"])
@pytest.mark.parametrize("state", ["reconnect", "disconnected"])
def test_a_tick_leaves_alone_what_cannot_run(pairing: Pairing, system: str, state: str) -> None:
    due(pairing)
    Connection.objects.of(pairing.firm).filter(system=system).update(state=state)
    tick()
    assert rung() == []


@pytest.mark.parametrize("missing", [{"start_date": None}, {"archived_at": CLOCK.now()}])
def test_nor_does_it_ring_for_what_is_not_set_up_or_purged(pairing: Pairing, missing: dict[str, object]) -> None:
    due(pairing, sync_asked_at=CLOCK.now(), **missing)
    tick()
    assert rung() == []


def test_nor_for_a_company_nobody_confirmed(pairing: Pairing) -> None:
    due(pairing)
    Connection.objects.of(pairing.firm).update(confirmed_at=None)
    tick()
    assert rung() == []


def test_a_tick_has_settings_looked_at_that_nobody_has_looked_at_for_a_day(
    pairing: Pairing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def ticked() -> int:
        before = Errand.objects.of(pairing.firm).filter(purpose="check").count()
        with django_capture_on_commit_callbacks(execute=True):
            tick()
        return Errand.objects.of(pairing.firm).filter(purpose="check").count() - before

    assert ticked() == 0, "what was never looked at is a step of the set-up"
    due(pairing, settings_checked_at=CLOCK.now() - timedelta(hours=23))
    assert ticked() == 0
    due(pairing, settings_checked_at=CLOCK.now() - timedelta(hours=25))
    run = run_of(pairing, heartbeat_at=CLOCK.now(), started_at=CLOCK.now())
    assert ticked() == 0, "the run looks itself"
    SyncRun.objects.of(pairing.firm).filter(pk=run.pk).update(
        state="finished", outcome="failed", finished_at=CLOCK.now()
    )
    assert (ticked(), ticked()) == (1, 0), "once, though the check is not carried out yet"
    Errand.objects.of(pairing.firm).update(state="failed", finished_at=CLOCK.now())
    assert ticked() == 0, "one that failed is not tried every minute"
    Errand.objects.of(pairing.firm).update(asked_at=CLOCK.now() - timedelta(hours=2))
    assert ticked() == 1
    Errand.objects.of(pairing.firm).update(asked_at=CLOCK.now() - timedelta(hours=2), finished_at=CLOCK.now())
    Connection.objects.of(pairing.firm).filter(system="clio").update(state="reconnect")
    assert ticked() == 0, "it cannot be read"


def test_the_daily_look_opens_and_closes_what_it_finds(
    portal: Portal, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    portal.quickbooks.set_custom_numbers(on=False)
    for on, codes in ((False, ["numbering_setting_off"]), (True, [])):
        portal.quickbooks.set_custom_numbers(on=on)
        due(portal.pairing, settings_checked_at=CLOCK.now() - timedelta(hours=25))
        with django_capture_on_commit_callbacks(execute=True):
            tick()
        (errand,) = Errand.objects.of(portal.firm).filter(finished_at=None)
        tasks.run_errand(errand.pk)
        assert portal.codes() == codes
        assert portal.pairing.settings_checked_at and portal.pairing.settings_checked_at > CLOCK.now() - timedelta(
            minutes=1
        )
        Errand.objects.of(portal.firm).update(asked_at=CLOCK.now() - timedelta(hours=2))
    assert runs(portal.firm) == []


def test_a_tick_forgets_attempts_that_lapsed_a_day_ago(acme: Firm, alice: User) -> None:
    for digest, hours in (("old", 25), ("new", 1)):
        ended = CLOCK.now() - timedelta(hours=hours)
        attempt = {"digest": digest, "session_digest": "s", "user": alice, "system": "clio", "expires_at": ended}
        OAuthState.objects.of(acme).create(**attempt)  # type: ignore[misc]
    tick()
    assert [attempt.digest for attempt in OAuthState.objects.of(acme)] == ["new"]


# The schedule, and whether anybody is there


@pytest.mark.django_db
def test_after_a_migration_the_queue_has_one_schedule_the_tick() -> None:
    (schedule,) = Schedule.objects.all()
    assert (schedule.name, schedule.func, schedule.cluster) == ("tick", "integrations.tasks.scheduled_tick", None)
    assert (schedule.schedule_type, schedule.minutes, schedule.repeats) == (Schedule.MINUTES, 1, -1)
    assert Conf.CATCH_UP is False


@pytest.mark.django_db
def test_migrating_again_repairs_it_and_makes_no_second() -> None:
    first = Schedule.objects.get()
    Schedule.objects.update(minutes=60, repeats=0, func="gone.away")
    Schedule.objects.create(name="tick", func="gone.away")
    Schedule.objects.create(name="somebody's own", func="x.y")
    keep_schedule(using="default")
    keep_schedule(using="default", app_config=apps.get_app_config("integrations"))
    repaired = Schedule.objects.get(name="tick")
    assert (repaired.pk, repaired.minutes, repaired.repeats) == (first.pk, 1, -1)
    assert (repaired.func, repaired.next_run) == ("integrations.tasks.scheduled_tick", first.next_run)
    assert Schedule.objects.count() == 2
    Schedule.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert Schedule.objects.get().name == "tick"


@pytest.mark.django_db
def test_the_scheduled_tick_shows_that_a_worker_is_there_and_the_command_does_not() -> None:
    assert worker_seen_at() is None
    call_command("tick")
    assert worker_seen_at() is None
    scheduled_tick()
    first = worker_seen_at()
    assert first
    assert CLOCK.now() - first < timedelta(seconds=10)
    time.sleep(0.01)
    work()
    second = worker_seen_at()
    assert second
    assert second > first
