"""Errands: asking the queue for what takes longer than a page may, and carrying it out."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from firms.models import User
from integrations import cutover, mapping, previews, proofs
from integrations.core.errors import RemoteError
from integrations.core.ports import Clock
from integrations.gateways import open_workspace
from integrations.models import Errand, Pairing
from integrations.preflight import preflight
from integrations.sync.kept import Kept, forget
from integrations.sync.lease import MOST_TRIES, SliceIsOver, TakenOver, claim, let_go, say
from integrations.sync.numbering import numbers_of
from integrations.sync.policy import NotReady
from integrations.sync.run import RunIsOpen
from integrations.sync.sources import Sliced
from integrations.sync.workspace import Workspace

STEP_EVERY = timedelta(seconds=1)
THEN = "then"  # in what was wanted: the errand that follows at once where this one succeeds


def ask(
    pairing: Pairing, purpose: str, user: User | None, clock: Clock, wanted: dict[str, Any] | None = None
) -> Errand:
    """The errand that was asked for; the one under way where there is one. The caller rings the queue on commit."""
    mine, now = Errand.objects.of(pairing.firm).filter(pairing=pairing, purpose=purpose), clock.now()
    try:
        with transaction.atomic():
            return mine.create(
                pairing=pairing, purpose=purpose, asked_by=user, asked_at=now, heartbeat_at=now, wanted=wanted or {}
            )
    except IntegrityError:
        return mine.get(finished_at=None)


def carry_out(errand_id: int, clock: Clock, *, slice_s: float | None = None) -> bool:
    """Does the errand, or a slice of it, unless it is done or somebody is at it; what stands in its way is kept for the
    page.
    """
    errand = claim(Errand.all_firms.select_related("firm", "pairing__firm", "asked_by").filter(pk=errand_id), clock)
    if errand is None:
        return False
    if errand.attempts > MOST_TRIES:
        _finish(errand, clock, Errand.State.FAILED, error=f"It was begun {MOST_TRIES} times and never finished.")
        return True
    say(errand, clock.now(), state=Errand.State.WORKING)
    with suppress(TakenOver):
        _carry_out(errand, clock, slice_s)
    return True


def _carry_out(errand: Errand, clock: Clock, slice_s: float | None) -> None:
    """Raises TakenOver where another worker has the errand meanwhile."""
    try:
        work = open_workspace(errand.firm, clock)
        work.ends_at = None if slice_s is None else clock.now() + timedelta(seconds=slice_s)
        result = _work(errand, work)
    except SliceIsOver:
        let_go(work, errand, got_somewhere=True)  # the next slice goes on with what is kept
    except (NotReady, RunIsOpen, RemoteError, mapping.InvalidMapping) as error:
        _finish(errand, clock, Errand.State.FAILED, error=_said(error))
    except proofs.Waits as waits:
        said = {"state": Errand.State.ASKED, "step": "", "wanted": waits.wanted, "attempts": errand.attempts - 1}
        with transaction.atomic():
            say(errand, clock.now(), held_by="", **said)  # waiting is no try
            forget(errand)
    except TakenOver:
        raise
    except Exception:
        _finish(errand, clock, Errand.State.FAILED, error="The portal itself failed; support has been told.")
        raise
    except BaseException:
        say(errand, clock.now(), held_by="")  # stopped, not failed: the next worker begins it again
        raise
    else:
        _finish(errand, clock, Errand.State.DONE, result=result)


def _said(error: Exception) -> str:
    return "A sync is under way. Ask again when it has finished." if isinstance(error, RunIsOpen) else str(error)


def _work(errand: Errand, work: Workspace) -> dict[str, Any]:
    work.hold.rows.append(errand)
    kept, progress = Kept(work, errand), _steps(errand, work)
    match errand.purpose:
        case Errand.Purpose.PREVIEW:
            return previews.make(errand, work, kept)
        case Errand.Purpose.CHECK:
            return _check(work)
        case Errand.Purpose.PROOF:
            return proofs.make(errand, work, kept, progress)
        case Errand.Purpose.START:
            start, source = date.fromisoformat(errand.wanted["start_date"]), Sliced(work, kept, progress)
            return cutover.figures(work, errand, source, start, progress)
        case _:
            return _fill_in(errand, work)


def _steps(errand: Errand, work: Workspace) -> Callable[[str], None]:
    """Notes what is being read, often enough for a screen."""

    def note(step: str) -> None:
        now = work.clock.now()
        if not errand.step or now - errand.heartbeat_at >= STEP_EVERY:
            errand.step = step
            say(errand, now, step=step)

    return note


def _finish(errand: Errand, clock: Clock, state: str, *, error: str = "", result: dict[str, Any] | None = None) -> None:
    now = clock.now()
    with transaction.atomic():
        say(errand, now, state=state, error=error, result=result or {}, finished_at=now, held_by="")
        forget(errand)
        previews.over(errand)
        if state == Errand.State.DONE and (following := errand.wanted.get(THEN)):
            ask(errand.pairing, following, errand.asked_by, clock)
        if errand.purpose == Errand.Purpose.PROOF and state == Errand.State.FAILED:
            proofs.not_made(errand, error, now)


def _check(work: Workspace) -> dict[str, Any]:
    return {"findings": preflight(work), **numbers_of(work).report()}


def _fill_in(errand: Errand, work: Workspace) -> dict[str, Any]:
    if work.ledger_is_unconfirmed:
        raise NotReady("Confirm on the connections page that this is the right QuickBooks company, then ask again.")
    mapping.read_targets(work)
    start = errand.wanted.get("start_date")
    done = mapping.apply(work, date.fromisoformat(start) if start else None)
    return {"mapping": [proposal.report() for proposal in done]}
