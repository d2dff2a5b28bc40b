"""What the queue calls. Arguments are integers; a task may run twice, late or never: the rows say what is due."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django_q.tasks import async_task

from firms.models import User
from integrations.core.ports import Clock
from integrations.gateways import open_workspace
from integrations.models import Connection, OAuthState, Pairing, SyncRun
from integrations.sync.policy import NotReady
from integrations.sync.run import RunIsOpen, open_run, sync
from integrations.systems.clock import SystemClock

log = structlog.get_logger(__name__)
SLICE_S = 240.0  # then the run goes to the end of the queue, so that other firms get their turn


def ask_for_sync(pairing: Pairing, user: User | None, clock: Clock) -> None:
    """Notes that a run is wanted and rings the queue's bell; asking again before it starts changes nothing."""
    with transaction.atomic():
        asked = Pairing.objects.of(pairing.firm).filter(pk=pairing.pk, sync_asked_at=None)
        asked.update(sync_asked_at=clock.now(), sync_asked_by=user)
        transaction.on_commit(lambda: ring(pairing.pk))


def ring(pairing_id: int) -> None:
    async_task("integrations.tasks.sync_pairing", pairing_id)


def sync_pairing(pairing_id: int) -> None:
    """One run, or the next slice of one. Does nothing when nothing is due or a run is under way elsewhere."""
    clock = SystemClock()
    pairing = Pairing.all_firms.select_related("firm").filter(pk=pairing_id, archived_at=None).first()
    if pairing is None:
        return
    run = _next_run(pairing, clock)
    if run is None:
        return
    try:
        work = open_workspace(pairing.firm, clock)
    except NotReady as error:
        return _close(run, clock, str(error))
    if not sync(work, run, slice_s=SLICE_S):
        ring(pairing_id)


def _next_run(pairing: Pairing, clock: Clock) -> SyncRun | None:
    """The sliced run to go on with, or a new one where one is due."""
    sliced = _claim_sliced(pairing, clock)
    if sliced is not None or not _is_due(pairing, clock):
        return sliced
    asked_by = pairing.sync_asked_by if pairing.sync_asked_at else None
    trigger = SyncRun.Trigger.PERSON if pairing.sync_asked_at else SyncRun.Trigger.SCHEDULE
    try:
        run = open_run(pairing, clock, trigger, asked_by)
    except RunIsOpen:
        return None
    return run


def _claim_sliced(pairing: Pairing, clock: Clock) -> SyncRun | None:
    """A run that waits for its next slice; of two workers that want it one gets it."""
    waiting = SyncRun.objects.of(pairing.firm).filter(pairing=pairing, finished_at=None, step=SyncRun.WAITING)
    if not waiting.update(step="", heartbeat_at=clock.now()):
        return None
    return SyncRun.objects.of(pairing.firm).filter(pairing=pairing, finished_at=None).first()


def _is_due(pairing: Pairing, clock: Clock) -> bool:
    return pairing.sync_asked_at is not None or (pairing.next_sync_at is not None and pairing.next_sync_at <= clock.now())


def _close(run: SyncRun, clock: Clock, reason: str) -> None:
    run.state, run.outcome, run.reason = SyncRun.State.FINISHED, SyncRun.Outcome.FAILED, reason
    run.finished_at = clock.now()
    run.save(update_fields=["state", "outcome", "reason", "finished_at"])


def tick() -> None:
    """Once a minute: rings for every pairing that is due, and forgets connection attempts that lapsed."""
    clock = SystemClock()
    now = clock.now()
    OAuthState.all_firms.filter(expires_at__lt=now - timedelta(days=1)).delete()
    live = Pairing.all_firms.filter(archived_at=None).exclude(start_date=None)
    live = live.filter(practice__state=Connection.State.CONNECTED, ledger__state=Connection.State.CONNECTED)
    live = live.exclude(ledger__confirmed_at=None)
    due = live.filter(Q(sync_asked_at__isnull=False) | Q(next_sync_at__lte=now))
    ids = list(due.order_by(F("sync_asked_at").asc(nulls_last=True), "next_sync_at").values_list("pk", flat=True))
    for pairing_id in ids:
        ring(pairing_id)
    log.info("tick", due=len(ids))
