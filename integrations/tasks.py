"""What the queue calls. Messages only ring a bell; the rows say what is due, so a task may run twice, late or never."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from firms.models import User
from integrations import daysums, errands, line, notices, proofs, subscribing, watchdog
from integrations.core.ports import Clock
from integrations.faults import fault_point
from integrations.gateways import open_workspace
from integrations.models import Connection, Delivery, Errand, OAuthState, Pairing, SyncRun, Worker
from integrations.sync.lease import MOST_TRIES, claim
from integrations.sync.policy import NotReady
from integrations.sync.run import RunIsOpen, open_run, sync
from integrations.sync.tries import crash, fail
from integrations.sync.workspace import Workspace
from integrations.systems.clock import SystemClock

log = structlog.get_logger(__name__)
SLICE_S = 120.0  # then the run goes to the end of the line, so that other firms get their turn
BELL = "integrations.tasks.work"
MOST_BELLS = 20  # in the queue at once; each worker that did something rings for the next while anything waits
CHECK_EVERY = timedelta(days=1)  # rule R9, for firms whose runs do not get that far; every run checks for itself
CHECK_AGAIN_AFTER = timedelta(hours=1)  # a check that failed is not tried every minute
DELIVERIES_KEPT = timedelta(days=45)  # a post that comes again after that is read again, which does no harm
WORKER = "queue"


def ring() -> None:
    async_task(BELL)


def _ringing(now: datetime) -> int:
    """How many bells nobody has heard yet; the queue also holds other messages."""
    return sum(message.task.get("func") == BELL for message in OrmQ.objects.filter(lock__lte=now))


def work() -> None:
    """Does one slice of what has waited longest, and rings for the next while anything waits."""
    clock = SystemClock()
    _worker_is_here(clock)
    did = True
    try:
        did = any(_take(turn) for turn in line.waiting(clock.now()))
    finally:
        if did and line.waiting(clock.now()):
            ring()


def _take(turn: line.Turn) -> bool:
    """False where another worker was faster."""
    return run_errand(turn.errand_id) if turn.errand_id else sync_pairing(turn.pairing_id)


def ask_for_sync(pairing: Pairing, user: User | None, clock: Clock) -> None:
    """Notes that a run is wanted and rings the queue's bell; asking again before it starts changes nothing."""
    with transaction.atomic():
        unasked = Pairing.objects.of(pairing.firm).filter(pk=pairing.pk, sync_asked_at=None)
        if unasked.update(sync_asked_at=clock.now(), sync_asked_by=user):
            transaction.on_commit(ring)


def apply_exactly(preview: Errand, user: User, clock: Clock) -> SyncRun:
    """Puts a run in the line that does what this preview showed and nothing else. Raises RunIsOpen."""
    with transaction.atomic():
        run = open_run(preview.pairing, clock, SyncRun.Trigger.PERSON, user, exactly=preview)
        run.held_by, run.attempts = "", 0
        run.save(update_fields=["held_by", "attempts"])
        transaction.on_commit(ring)
    return run


def sync_pairing(pairing_id: int) -> bool:
    """One run, or the next slice of one. False where nothing is due or a run is under way elsewhere."""
    clock = SystemClock()
    run = _next_run(pairing_id, clock)
    if run is None:
        return False
    fault_point("claim")
    if run.attempts > MOST_TRIES:
        crash(run, clock)
        return True
    work = _open_workspace(run, clock)
    if work is not None:
        sync(work, run, slice_s=SLICE_S)
    return True


def _open_workspace(run: SyncRun, clock: Clock) -> Workspace | None:
    """None where the run cannot go on; it is closed and says why."""
    try:
        work = open_workspace(run.firm, clock)
        if work.pairing.pk != run.pairing_id:
            raise NotReady("The link was purged and made anew meanwhile.")
        return work
    except NotReady as error:
        run.attempts = 0
        fail(run, clock, str(error))
    except Exception:
        crash(run, clock)
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
        left = line.left_runs(clock.now()).filter(firm=pairing.firm, pairing=pairing).select_related("firm", "pairing")
        return claim(left, clock) or (_open_due(pairing, clock) if _is_due(pairing, clock) else None)


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


def _is_due(pairing: Pairing, clock: Clock) -> bool:
    return Pairing.objects.of(pairing.firm).filter(line.is_due(clock.now()), pk=pairing.pk).exists()


def tick() -> None:
    """Once a minute: rings for what waits, has settings looked at and books compared daily, forgets lapsed attempts."""
    clock = SystemClock()
    now = clock.now()
    OAuthState.all_firms.filter(expires_at__lt=now - timedelta(days=1)).delete()
    waiting = line.waiting(now)
    for _ in range(min(len(waiting), MOST_BELLS) - _ringing(now)):
        ring()
    Delivery.objects.filter(received_at__lt=now - DELIVERIES_KEPT).delete()
    for connection_id in subscribing.due(now):
        async_task("integrations.tasks.keep_subscribed", connection_id)
    unchecked = _unchecked(now)
    for pairing in unchecked:
        ask_for_errand(pairing, Errand.Purpose.CHECK, None, clock)
    unproven = proofs.due(now)
    for pairing in unproven:
        ask_for_errand(pairing, Errand.Purpose.PROOF, None, clock)
    log.info("tick", waiting=len(waiting), unchecked=len(unchecked), unproven=len(unproven))
    _tell(clock)


def _tell(clock: Clock) -> None:
    """What nobody else notices becomes an issue, what needs somebody goes out by e-mail, what happened is summed up.

    None of it stops a sync.
    """
    for step in (watchdog.look, notices.write, notices.deliver, daysums.look):
        try:
            step(clock)
        except Exception:
            log.exception("tick_step_failed", step=f"{step.__module__}.{step.__name__}")


def ask_to_subscribe(connection: Connection) -> None:
    """After connecting, so that Clio tells of changes from now on; the tick would ask a minute later."""
    if connection.system == "clio":
        transaction.on_commit(lambda: async_task("integrations.tasks.keep_subscribed", connection.pk))


def keep_subscribed(connection_id: int) -> None:
    connection = Connection.all_firms.select_related("firm").filter(pk=connection_id).first()
    if connection is not None:
        subscribing.keep_up(connection, SystemClock())


def _unchecked(now: datetime) -> list[Pairing]:
    """Pairings whose settings nobody has looked at for a day, and no run is about to."""
    stale = line.connected().filter(settings_checked_at__lt=now - CHECK_EVERY).select_related("firm")
    tried = Errand.all_firms.filter(purpose=Errand.Purpose.CHECK, asked_at__gt=now - CHECK_AGAIN_AFTER)
    running = SyncRun.all_firms.filter(finished_at=None).exclude(state=SyncRun.State.HELD)
    return list(stale.exclude(pk__in=tried.values("pairing_id")).exclude(pk__in=running.values("pairing_id")))


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
    """Asks the queue for a preview, a check, a filled-in mapping or a proof; asking twice gives the one under way."""
    with transaction.atomic():
        errand = errands.ask(pairing, purpose, user, clock, wanted)
        transaction.on_commit(ring)
    return errand


def run_errand(errand_id: int) -> bool:
    """Carries out an errand, or the next slice of one. False where it is done already, or another worker is at it."""
    return errands.carry_out(errand_id, SystemClock(), slice_s=SLICE_S)
