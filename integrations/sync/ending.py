"""How a run ends: what it counted, what stands in its way now, and when it is tried again."""

from collections import Counter
from datetime import timedelta

from integrations.core.errors import Forbidden, Remedy, RemoteError, Throttled
from integrations.models import Connection, Dispatch, Issue, Pairing, Severity, SyncRun
from integrations.sync import allowances, issues, safety, wording
from integrations.sync.lease import beat
from integrations.sync.leftout import left_out
from integrations.sync.policy import NotReady
from integrations.sync.recover import OPEN, PROBE_AFTER
from integrations.sync.tally import Tally
from integrations.sync.tries import STOPPED, try_again
from integrations.sync.workspace import Workspace
from integrations.tokens import needs_reconnect

UNDONE = (Issue.State.OPEN, Issue.State.DECIDED)
LOOK_AGAIN_AFTER = PROBE_AFTER + timedelta(seconds=30)
FIRM_WIDE = {"reconnect", "permission_lost", STOPPED}


def finish(work: Workspace, run: SyncRun, tally: Tally, forbidden: list[str]) -> None:
    """Ends a run that got through. Raises TakenOver."""
    issues.sync_firm(work, run, FIRM_WIDE, _lists_lost(forbidden, work.practice_closed))
    allowances.tell(work, run)
    safety.release(work, run)
    run.outcome = _outcome(work.pairing)
    _close(work, run, tally)
    _look_again(work)


def finish_early(work: Workspace, run: SyncRun, tally: Tally, error: RemoteError | NotReady) -> None:
    """Ends a run that could not get through, or was held, and sees to it that it is tried again. Raises TakenOver."""
    safety.ended(work, run, error)
    _note_connection(work, run, error)
    _close(work, run, tally)
    _come_back(work, run, error)


def requests(work: Workspace, run: SyncRun) -> dict[str, int]:
    """What all slices of the run have asked of both systems."""
    return dict(Counter(run.requests) + Counter(work.requests()) + work.apart)


def _outcome(pairing: Pairing) -> str:
    open_ = Issue.objects.of(pairing.firm).filter(pairing=pairing, severity=Severity.ERROR)
    needs = open_.filter(state__in=UNDONE).exists()
    return SyncRun.Outcome.ISSUES if needs else SyncRun.Outcome.IN_SYNC


def _note_connection(work: Workspace, run: SyncRun, error: Exception) -> None:
    """A connection that a person has to repair becomes an issue, and is gone once a run gets through again."""
    if isinstance(error, RemoteError) and error.remedy in (Remedy.RECONNECT, Remedy.ASK):
        name = "reconnect" if error.remedy is Remedy.RECONNECT else "permission_lost"
        issues.sync_firm(work, run, {name}, {name: str(error)})
        if name == "reconnect":
            _stop_connection(work, error)


def _come_back(work: Workspace, run: SyncRun, error: Exception) -> None:
    """A system that could not be reached, or had enough of us just then, is tried again sooner than by schedule."""
    if isinstance(error, RemoteError) and error.remedy is Remedy.RETRY:
        try_again(run, work.clock, error.retry_after_s if isinstance(error, Throttled) else 0.0)


def _look_again(work: Workspace) -> None:
    """Writes of unknown outcome are found out about sooner than by schedule, but for those that only a person can tell
    apart.
    """
    issues_ = Issue.objects.of(work.firm).filter(pairing=work.pairing, code="unresolved_write", state__in=UNDONE)
    asked = issues_.exclude(details={}).values("practice_id")
    unknown = Dispatch.objects.of(work.firm).filter(pairing=work.pairing, state__in=OPEN)
    if unknown.exclude(practice_id__in=asked).exists():
        soon = work.clock.now() + LOOK_AGAIN_AFTER
        Pairing.objects.of(work.firm).filter(pk=work.pairing.pk, next_sync_at__gt=soon).update(next_sync_at=soon)


def _stop_connection(work: Workspace, error: RemoteError) -> None:
    """No run is tried again before a person has connected; a renewal that failed has stopped it already."""
    connection = work.pairing.practice if error.trace.system == "clio" else work.pairing.ledger
    connection.refresh_from_db(fields=["state"])
    if connection.state == Connection.State.CONNECTED:
        needs_reconnect(connection, error.message, work.clock)


def _lists_lost(forbidden: list[str], closed: RemoteError | None) -> dict[str, str]:
    """Without these lists bills go on, but less is known of them; without the right to write, contacts wait."""
    lost = []
    if forbidden:
        lost.append(f"read {' and '.join(wording.LOST[name] for name in forbidden)}")
    if isinstance(closed, Forbidden):
        lost.append("change contacts, so what was changed in QuickBooks does not reach them")
    if not lost:
        return {}
    said = ", and not ".join(lost)
    return {"permission_lost": f"Clio does not let the connected user {said}. Connect Clio again as a user who may."}


def _close(work: Workspace, run: SyncRun, tally: Tally) -> None:
    open_ = Issue.objects.of(work.firm).filter(pairing=work.pairing, state=Issue.State.OPEN)
    ended = {
        "state": SyncRun.State.HELD if run.outcome == SyncRun.Outcome.HELD else SyncRun.State.FINISHED,
        "outcome": run.outcome,
        "reason": run.reason,
        "finished_at": work.clock.now(),
        "step": "",
        "held_by": "",
        "attempts": 0,
        "counts": tally.counts(work.pairing),
        "requests": work.requests() | requests(work, run),
        "left_out": left_out(work.pairing),
        "warnings": open_.filter(severity=Severity.WARNING).count(),
    }
    beat(work, run, **ended)
    run.refresh_from_db()
