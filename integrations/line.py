"""Who is next: everything that waits to be done, whoever waited longest first.

A firm whose run is long goes to the end of the line after each slice, so it delays nobody by more than one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from integrations.models import Connection, Errand, Pairing, SyncRun
from integrations.sync.lease import is_free, left_behind

ASKED = Q(sync_asked_at__isnull=False) | Q(hooked_at__isnull=False)  # by a person, by a webhook


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """A run or an errand to take up, and since when it waits."""

    since: datetime
    pairing_id: int
    errand_id: int = 0


def waiting(now: datetime) -> list[Turn]:
    """Everything a worker could take up now."""
    due = list(_due(now))
    return sorted([*_runs(now), *due, *_errands(now, due)])


def connected() -> QuerySet[Pairing]:
    """Pairings whose two systems can be read, the company confirmed."""
    live = Pairing.all_firms.filter(archived_at=None).exclude(ledger__confirmed_at=None)
    return live.filter(practice__state=Connection.State.CONNECTED, ledger__state=Connection.State.CONNECTED)


def is_due(now: datetime) -> Q:
    """Of pairings: asked for or on schedule; after a quarantine only what a person asks for."""
    return Q(sync_asked_at__isnull=False) | (Q(quarantined_at=None) & (ASKED | Q(next_sync_at__lte=now)))


def left_runs(now: datetime) -> QuerySet[SyncRun]:
    """Runs that wait for their next slice, or whose worker has died."""
    unfinished = SyncRun.all_firms.filter(is_free(now), is_dry=False, pairing__archived_at=None)
    return unfinished.exclude(state=SyncRun.State.HELD)


def at_work(now: datetime) -> QuerySet[SyncRun]:
    """Runs that may change something meanwhile; what a dead preview left of its run does not."""
    unfinished = SyncRun.all_firms.filter(finished_at=None).exclude(state=SyncRun.State.HELD)
    return unfinished.exclude(left_behind(now))


def _runs(now: datetime) -> Iterator[Turn]:
    for since, pairing_id in left_runs(now).values_list("heartbeat_at", "pairing_id"):
        yield Turn(since, pairing_id)


def _due(now: datetime) -> Iterator[Turn]:
    """Pairings that want a run and have none; what a dead preview left of its run is none.

    While both systems are being compared, in however many slices, only a person's run begins, so that the figures stand
    still.
    """
    running = SyncRun.all_firms.filter(finished_at=None).exclude(left_behind(now))
    due = connected().exclude(start_date=None).exclude(pk__in=running.values("pairing_id")).filter(is_due(now))
    compared = Errand.all_firms.filter(purpose=Errand.Purpose.PROOF, finished_at=None)
    compared = compared.exclude(is_free(now), state=Errand.State.ASKED)  # not begun, or begun anew after a run
    due = due.exclude(Q(sync_asked_at=None) & Q(pk__in=compared.values("pairing_id")))
    for pairing_id, *times in due.values_list("pk", "sync_asked_at", "hooked_at", "next_sync_at"):
        yield Turn(min(at for at in times if at is not None and at <= now), pairing_id)


def _errands(now: datetime, due: Iterable[Turn]) -> Iterator[Turn]:
    """A comparison waits until no run of the firm is at work or about to be."""
    free = Errand.all_firms.filter(is_free(now), pairing__archived_at=None)
    busy = Q(pairing__in=at_work(now).values("pairing_id")) | Q(pairing__in=[turn.pairing_id for turn in due])
    free = free.exclude(busy, purpose=Errand.Purpose.PROOF)
    for since, pairing_id, errand_id in free.values_list("heartbeat_at", "pairing_id", "pk"):
        yield Turn(since, pairing_id, errand_id)
