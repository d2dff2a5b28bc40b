"""Who works on what: claiming a piece of work, saying that one still does, and letting go of it.

There is one way for runs and errands. A claim counts as a try before anything is done, so that work that kills its
worker is counted too. Whoever was silent for the length of a lease has died; and whoever was thought dead and wakes up
finds the fence raised, and writes nothing more.
"""

import os
import socket
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.core.ports import Clock
from integrations.faults import fault_point
from integrations.models import Errand, Work

if TYPE_CHECKING:
    from integrations.sync.workspace import Workspace

LEASE = timedelta(minutes=2)  # more than the longest silence of a worker that lives: one call that goes unanswered
BEAT_EVERY = timedelta(seconds=10)  # while reading and waiting; before a write it is made sure each time
MOST_TRIES = 5


class TakenOver(Exception):
    """Another worker has this work now; nothing more is written by this one."""


class SliceIsOver(Exception):
    """The worker's time for this run is up; what was done is kept, and the next slice goes on from there."""


def worker_name() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"[:64]


def is_free(now: datetime) -> Q:
    """Not finished, and nobody works on it: it waits for its turn, or its worker has died."""
    return Q(finished_at=None) & (Q(held_by="") | Q(heartbeat_at__lt=now - LEASE))


def left_behind(now: datetime) -> Q:
    """Of runs: a preview's whose worker has died, and that no later slice of it goes on with."""
    drawn = Errand.all_firms.filter(pairing=OuterRef("pairing"), purpose=Errand.Purpose.PREVIEW)
    drawn = drawn.filter(state=Errand.State.WORKING, finished_at=None)
    return Q(is_dry=True) & is_free(now) & Q(~Exists(drawn))


def claim[W: Work](rows: QuerySet[W], clock: Clock) -> W | None:
    """Takes the first of ``rows`` that is free, or none; of two workers that want it one gets it."""
    now = clock.now()
    with transaction.atomic():
        row = rows.filter(is_free(now)).select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        return take(row, clock)


def take[W: Work](row: W, clock: Clock) -> W:
    """Makes a row that is locked this worker's own; whoever had it finds the fence raised."""
    row.held_by, row.heartbeat_at = worker_name(), clock.now()
    row.fence, row.attempts = row.fence + 1, row.attempts + 1
    row.save(update_fields=["held_by", "heartbeat_at", "fence", "attempts"])
    return row


def beat(work: "Workspace", row: Work, **said: object) -> None:
    """Says that its worker lives, and what it does (``said``: columns of the row), in one statement. Raises TakenOver.

    Within a transaction it also keeps everybody else from taking the row before that is over. A beat that is late is no
    harm as long as nobody needed the work meanwhile.
    """
    say(row, work.clock.now(), **said)


def say(row: Any, now: datetime, **said: object) -> None:
    """The same without a workspace."""
    mine = type(row).objects.of(row.firm_id).filter(pk=row.pk, finished_at=None, fence=row.fence)
    if not mine.update(heartbeat_at=now, **said):
        raise TakenOver(f"{row} is another worker's now")
    row.heartbeat_at = now


def let_go(work: "Workspace", row: Work, *, got_somewhere: bool, **said: object) -> None:
    """Puts it back in the line, behind everybody who waits already. Raises TakenOver."""
    row.held_by, row.attempts = "", 0 if got_somewhere else row.attempts
    beat(work, row, held_by="", attempts=row.attempts, **said)
    fault_point("slice")


class Hold:
    """What the worker of a workspace holds: a run, an errand, both; nothing while it only looks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rows: list[Work] = []

    def check(self) -> None:
        """Makes sure before a write. Raises TakenOver."""
        for row in self.rows:
            say(row, self._clock.now())

    def keep(self) -> None:
        """Says often enough that the worker lives, and learns after a long pause that it was thought dead."""
        now = self._clock.now()
        if any(now - row.heartbeat_at >= BEAT_EVERY for row in self.rows):
            self.check()

    def before_call(self, kind: str) -> None:
        """What a transport asks before each call and after each answer. Raises TakenOver."""
        if kind == "read":
            self.keep()
        else:
            self.check()


class LivingClock:
    """A clock during whose long waits the worker says that it lives."""

    def __init__(self, clock: Clock, hold: Hold) -> None:
        self._clock, self._hold = clock, hold

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        step = BEAT_EVERY.total_seconds()
        while seconds > step:
            self._clock.sleep(step)
            self._hold.keep()
            seconds -= step
        self._clock.sleep(seconds)
