"""Failures that make no noise: no sync gets through, or what a system told of is never read. Each becomes an issue.

A run says itself what went wrong with it. This looks, once a minute, at what no run is there to say: at firms that are
connected and set up and have not been synced, and at connections that were lost while no run was under way.
"""

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.core.ports import Clock
from integrations.line import connected
from integrations.models import Connection, Issue, Pairing, StaleMark, SyncRun
from integrations.queries.state import moment
from integrations.sync import issues
from integrations.sync.workspace import Bystander

log = structlog.get_logger(__name__)

CODE = "not_synced"
LATE = timedelta(hours=2)  # eight runs by schedule
UNREAD = timedelta(hours=1)  # what was told of is read within seconds, and by the next poll at the latest
SAID = ("sync_stopped",)  # why nothing gets through has been said already
GOT_THROUGH = (SyncRun.Outcome.IN_SYNC, SyncRun.Outcome.ISSUES, SyncRun.Outcome.HELD)


def look(clock: Clock) -> None:
    """Opens and closes the issues about firms that are not synced, and about connections that were lost."""
    now = clock.now()
    late = {pairing.pk: pairing for pairing in _late(now)}
    known = Issue.all_firms.filter(code=CODE, pairing__archived_at=None).exclude(state=Issue.State.CLOSED)
    over = Pairing.all_firms.filter(pk__in=known.values("pairing_id")).exclude(pk__in=late)
    for pairing in late.values():
        _say(pairing, CODE, _said(pairing), clock)
    for pairing in over.select_related("firm"):
        _say(pairing, CODE, "", clock)
    for pairing in _lost():
        _say(pairing, "reconnect", _lost_said(pairing), clock)


def _late(now: datetime) -> QuerySet[Pairing]:
    mine = SyncRun.all_firms.filter(pairing=OuterRef("pk"))
    ready = connected().exclude(start_date=None)
    waits = Q(sync_asked_at__lt=now - UNREAD) | Q(hooked_at__lt=now - UNREAD) | Q(next_sync_at__lt=now - LATE)
    unread = StaleMark.all_firms.filter(pairing=OuterRef("pk"), since__lt=now - UNREAD)
    none_lately = Exists(mine.filter(started_at__lt=now - LATE)) & ~Exists(
        mine.filter(outcome__in=GOT_THROUGH, finished_at__gt=now - LATE)
    )
    at_work = mine.filter(finished_at=None, heartbeat_at__gt=now - UNREAD)
    said = Issue.all_firms.filter(pairing=OuterRef("pk"), code__in=SAID).exclude(state=Issue.State.CLOSED)
    silent = ready.filter(waits | Exists(unread) | none_lately).exclude(Exists(at_work) | Exists(said))
    return silent.select_related("firm")


def _said(pairing: Pairing) -> str:
    runs = SyncRun.objects.of(pairing.firm).filter(pairing=pairing)
    last = runs.filter(outcome__in=GOT_THROUGH).order_by("-id").first()
    failed = runs.filter(outcome=SyncRun.Outcome.FAILED).order_by("-id").first()
    if last is None or last.finished_at is None:
        said = "No sync has got through yet, although one is due."
    else:
        said = f"No sync has got through since {moment(pairing.firm, last.finished_at)}, although one is due."
    if failed and (last is None or failed.pk > last.pk):
        said += f" The last try failed: {failed.reason}"
    return f"{said} Nothing is lost: the next one that gets through catches up."


def _lost() -> QuerySet[Pairing]:
    """Live pairings of which a connection was lost, and no issue says so."""
    said = Issue.all_firms.filter(pairing=OuterRef("pk"), code="reconnect").exclude(state=Issue.State.CLOSED)
    lost = Q(practice__state=Connection.State.RECONNECT) | Q(ledger__state=Connection.State.RECONNECT)
    found = Pairing.all_firms.filter(lost, archived_at=None).exclude(Exists(said))
    return found.select_related("firm", "practice", "ledger")


def _lost_said(pairing: Pairing) -> str:
    lost = [c for c in (pairing.practice, pairing.ledger) if c.state == Connection.State.RECONNECT]
    return " ".join(f"{c.get_system_display()} has to be connected again. {c.reason}".strip() for c in lost)


def _say(pairing: Pairing, name: str, message: str, clock: Clock) -> None:
    """A run that says the same at this moment is as good; the next look finds out."""
    try:
        issues.sync_firm(Bystander(pairing, clock), None, {name}, {name: message} if message else {})
    except IntegrityError:
        log.info("watchdog_was_not_alone", pairing=pairing.pk, code=name)
