"""How often work is tried, and what follows when it comes to nothing: a longer wait each time, and in the end none.

A system that is down is tried again for as long as it is down. Only what fails by itself, or takes its worker with it,
adds up; then the firm's schedule stops, with a reason, until a person asks for a sync.
"""

import random
from contextlib import suppress
from datetime import timedelta

from django.db import transaction

from integrations.core.ports import Clock
from integrations.hook_addresses import POLL_EVERY
from integrations.models import Pairing, SyncRun
from integrations.sync.issues import sync_firm
from integrations.sync.lease import MOST_TRIES, TakenOver, say
from integrations.sync.workspace import Bystander

FIRST_WAIT = timedelta(minutes=1)
STOPPED = "sync_stopped"
BY_PEOPLE = (SyncRun.Trigger.PERSON, SyncRun.Trigger.COMMAND)
CRASHED = "The portal itself failed; support has been told."
GIVEN_UP = (
    f"{MOST_TRIES} tries in a row came to nothing, so no more are made by themselves. Support has been told. "
    "“Sync now” tries again."
)


def tries_before(pairing: Pairing, trigger: str) -> int:
    """How many tries of the runs before came to nothing by themselves; a person's begins a new count."""
    if trigger in BY_PEOPLE:
        return 0
    last = SyncRun.objects.of(pairing.firm).filter(pairing=pairing).exclude(finished_at=None).order_by("-id")
    return last.values_list("attempts", flat=True).first() or 0


def wait_after(failed: int, chance: float) -> timedelta:
    """Twice as long after each failure, never longer than the schedule; by ``chance`` (0 to 1) at least half of that,
    so that not all come back at once.
    """
    longest = min(FIRST_WAIT * 2.0 ** min(failed - 1, MOST_TRIES), POLL_EVERY)
    return longest * (1 + chance) / 2


def try_again(run: SyncRun, clock: Clock, at_least_s: float = 0.0) -> None:
    """After a failure that may pass: the next run is due sooner than by schedule."""
    wait = max(wait_after(_failed_in_a_row(run), random.random()), timedelta(seconds=at_least_s))
    Pairing.objects.of(run.firm_id).filter(pk=run.pairing_id).update(next_sync_at=clock.now() + wait)


def _failed_in_a_row(run: SyncRun) -> int:
    """This one, and those just before it."""
    before = SyncRun.objects.of(run.firm_id).filter(pairing=run.pairing_id, pk__lt=run.pk).order_by("-id")
    outcomes = [SyncRun.Outcome.FAILED, *before.values_list("outcome", flat=True)[:MOST_TRIES]]
    return next((n for n, outcome in enumerate(outcomes) if outcome != SyncRun.Outcome.FAILED), len(outcomes))


def is_spent(run: SyncRun) -> bool:
    """Whether so many tries came to nothing that another one is no use."""
    return run.attempts >= MOST_TRIES


def quarantine(run: SyncRun, clock: Clock) -> None:
    """Stops the firm's schedule. Runs that a person asks for are not kept from anything."""
    with transaction.atomic():
        mine = Pairing.objects.of(run.firm_id).filter(pk=run.pairing_id)
        mine.update(quarantined_at=clock.now(), next_sync_at=None)
        sync_firm(Bystander(run.pairing, clock), run, {STOPPED}, {STOPPED: GIVEN_UP})


def crash(run: SyncRun, clock: Clock) -> None:
    """Ends a run that a defect of ours keeps from getting through, and at the last try the firm's schedule."""
    with suppress(TakenOver):
        fail(run, clock, GIVEN_UP if is_spent(run) else CRASHED)
        if is_spent(run):
            quarantine(run, clock)
        else:
            try_again(run, clock)


def fail(run: SyncRun, clock: Clock, reason: str) -> None:
    """Ends a run without a result. Raises TakenOver."""
    ended = {"state": SyncRun.State.FINISHED, "outcome": SyncRun.Outcome.FAILED, "reason": reason, "step": ""}
    say(run, clock.now(), **ended, finished_at=clock.now(), held_by="", attempts=run.attempts)
    run.refresh_from_db()
