"""What the queue calls. Arguments are integers; a task may run twice, late or never: the rows say what is due."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django_q.tasks import async_task

from firms.models import User
from integrations import errands
from integrations.core.ports import Clock
from integrations.gateways import open_workspace
from integrations.models import Connection, Errand, OAuthState, Pairing, SyncRun, Worker
from integrations.sync.policy import NotReady
from integrations.sync.run import DEAD_AFTER, RunIsOpen, open_run, sync
from integrations.sync.workspace import Workspace
from integrations.systems.clock import SystemClock

log = structlog.get_logger(__name__)
SLICE_S = 240.0  # then the run goes to the end of the queue, so that other firms get their turn
BELL_LOST_AFTER = timedelta(minutes=2)  # by then a free worker would have taken up the next slice
CHECK_EVERY = timedelta(days=1)  # rule R9, for firms whose runs do not get that far; every run checks for itself
CHECK_AGAIN_AFTER = timedelta(hours=1)  # a check that failed is not tried every minute
WORKER = "queue"
ASKED = Q(sync_asked_at__isnull=False) | Q(hooked_at__isnull=False)  # by a person, by a webhook


def ask_for_sync(pairing: Pairing, user: User | None, clock: Clock) -> None:
    """Notes that a run is wanted and rings the queue's bell; asking again before it starts changes nothing."""
    with transaction.atomic():
        unasked = Pairing.objects.of(pairing.firm).filter(pk=pairing.pk, sync_asked_at=None)
        if unasked.update(sync_asked_at=clock.now(), sync_asked_by=user):
            transaction.on_commit(lambda: ring(pairing.pk))


def ring(pairing_id: int) -> None:
    async_task("integrations.tasks.sync_pairing", pairing_id)


def sync_pairing(pairing_id: int) -> None:
    """One run, or the next slice of one. Does nothing when nothing is due or a run is under way elsewhere."""
    clock = SystemClock()
    _worker_is_here(clock)
    run = _next_run(pairing_id, clock)
    if run is None:
        return
    work = _open_workspace(run, clock)
    if work is None:
        return
    if not sync(work, run, slice_s=SLICE_S) or _is_asked_again(pairing_id):
        ring(pairing_id)


def _open_workspace(run: SyncRun, clock: Clock) -> Workspace | None:
    """None where the run cannot go on; it is closed and says why."""
    try:
        work = open_workspace(run.firm, clock)
        if work.pairing.pk != run.pairing_id:
            raise NotReady("The link was purged and made anew meanwhile.")
        return work
    except NotReady as error:
        _close(run, clock, str(error))
    except BaseException:
        _close(run, clock, "The portal itself failed; support has been told.")
        raise
    return None


def _next_run(pairing_id: int, clock: Clock) -> SyncRun | None:
    """The sliced run to go on with, or a new one where one is due.

    The pairing is locked meanwhile, so that of two workers that were told to run it the second finds it done.
    """
    with transaction.atomic():
        live = Pairing.all_firms.select_for_update(of=("self",)).select_related("firm")
        pairing = live.filter(pk=pairing_id, archived_at=None).first()
        if pairing is None:
            return None
        sliced = _claim_sliced(pairing, clock)
        return sliced or (_open_due(pairing, clock) if _is_due(pairing, clock) else None)


def _open_due(pairing: Pairing, clock: Clock) -> SyncRun | None:
    asked_by = pairing.sync_asked_by if pairing.sync_asked_at else None
    try:
        return open_run(pairing, clock, _trigger(pairing, clock), asked_by)
    except RunIsOpen:
        return None


def _trigger(pairing: Pairing, clock: Clock) -> str:
    """A run that a webhook asked for reads what is marked; where a poll is due as well, the poll sees that too."""
    if pairing.sync_asked_at is not None:
        return SyncRun.Trigger.PERSON
    if pairing.hooked_at is None or _poll_is_due(pairing, clock):
        return SyncRun.Trigger.SCHEDULE
    return SyncRun.Trigger.WEBHOOK


def _poll_is_due(pairing: Pairing, clock: Clock) -> bool:
    return pairing.next_sync_at is not None and pairing.next_sync_at <= clock.now()


def _claim_sliced(pairing: Pairing, clock: Clock) -> SyncRun | None:
    """A run that waits for its next slice; of two workers that want it one gets it."""
    waiting = SyncRun.objects.of(pairing.firm).filter(pairing=pairing, finished_at=None, step=SyncRun.WAITING)
    if not waiting.update(step="", heartbeat_at=clock.now()):
        return None
    return SyncRun.objects.of(pairing.firm).filter(pairing=pairing, finished_at=None).first()


def _is_due(pairing: Pairing, clock: Clock) -> bool:
    """Asked for, on schedule, or left unfinished by a worker that died."""
    if pairing.sync_asked_at or pairing.hooked_at or _poll_is_due(pairing, clock):
        return True
    return _left_behind(clock.now()).filter(firm=pairing.firm, pairing=pairing).exists()


def _left_behind(now: datetime) -> QuerySet[SyncRun]:
    """Runs whose worker has died, or whose call to the next slice was lost."""
    unfinished = SyncRun.all_firms.filter(finished_at=None).exclude(state=SyncRun.State.HELD)
    lost = Q(step=SyncRun.WAITING, heartbeat_at__lt=now - BELL_LOST_AFTER)
    return unfinished.filter(lost | Q(heartbeat_at__lt=now - DEAD_AFTER))


def _is_asked_again(pairing_id: int) -> bool:
    """A person or a webhook asked while the run was under way; what they changed may have come too late for it."""
    return Pairing.all_firms.filter(ASKED, pk=pairing_id, archived_at=None).exists()


def _close(run: SyncRun, clock: Clock, reason: str) -> None:
    run.state, run.outcome, run.reason = SyncRun.State.FINISHED, SyncRun.Outcome.FAILED, reason
    run.finished_at, run.step = clock.now(), ""
    run.save(update_fields=["state", "outcome", "reason", "finished_at", "step"])


def tick() -> None:
    """Once a minute: rings for every pairing that is due, has settings looked at daily, forgets lapsed attempts."""
    clock = SystemClock()
    now = clock.now()
    OAuthState.all_firms.filter(expires_at__lt=now - timedelta(days=1)).delete()
    due = _due(now)
    for pairing_id in due:
        ring(pairing_id)
    unchecked = _unchecked(now)
    for pairing in unchecked:
        ask_for_errand(pairing, Errand.Purpose.CHECK, None, clock)
    log.info("tick", due=len(due), unchecked=len(unchecked))


def _connected() -> QuerySet[Pairing]:
    """Pairings whose two systems can be read, the company confirmed."""
    live = Pairing.all_firms.filter(archived_at=None).exclude(ledger__confirmed_at=None)
    return live.filter(practice__state=Connection.State.CONNECTED, ledger__state=Connection.State.CONNECTED)


def _unchecked(now: datetime) -> list[Pairing]:
    """Pairings whose settings nobody has looked at for a day, and no run is about to."""
    stale = _connected().filter(settings_checked_at__lt=now - CHECK_EVERY).select_related("firm")
    tried = Errand.all_firms.filter(purpose=Errand.Purpose.CHECK, asked_at__gt=now - CHECK_AGAIN_AFTER)
    running = SyncRun.all_firms.filter(finished_at=None).exclude(state=SyncRun.State.HELD)
    return list(stale.exclude(pk__in=tried.values("pairing_id")).exclude(pk__in=running.values("pairing_id")))


def _due(now: datetime) -> list[int]:
    """Pairings that may run and should, who asked first comes first."""
    live = _connected().exclude(start_date=None)
    left = _left_behind(now).values("pairing_id")
    due = live.filter(ASKED | Q(next_sync_at__lte=now) | Q(pk__in=left))
    first = F("sync_asked_at").asc(nulls_last=True), F("hooked_at").asc(nulls_last=True), "next_sync_at"
    return list(due.order_by(*first).values_list("pk", flat=True))


def scheduled_tick() -> None:
    """What the queue's one schedule calls: a tick, which also shows that a worker is there."""
    _worker_is_here(SystemClock())
    tick()


def worker_seen_at() -> datetime | None:
    """When the queue last did anything; None where it never has."""
    return Worker.objects.filter(name=WORKER).values_list("seen_at", flat=True).first()


def _worker_is_here(clock: Clock) -> None:
    Worker.objects.update_or_create(name=WORKER, defaults={"seen_at": clock.now()})


def ask_for_errand(pairing: Pairing, purpose: str, user: User | None, clock: Clock, **wanted: str) -> Errand:
    """Asks the queue for a preview, a check or a filled-in mapping; asking twice gives the one under way."""
    with transaction.atomic():
        errand = errands.ask(pairing, purpose, user, clock, wanted)
        transaction.on_commit(lambda: async_task("integrations.tasks.run_errand", errand.pk))
    return errand


def run_errand(errand_id: int) -> None:
    """Carries out an errand; then a sync that was asked for meanwhile gets its turn."""
    clock = SystemClock()
    errands.carry_out(errand_id, clock)
    waiting = Pairing.all_firms.filter(pk__in=Errand.all_firms.filter(pk=errand_id).values("pairing_id"))
    for pairing_id in waiting.filter(ASKED, archived_at=None).values_list("pk", flat=True):
        ring(pairing_id)
