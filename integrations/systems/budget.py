"""Waiting for one's turn before a call, so that the system has no reason to refuse it."""

import random
import secrets
import threading
from collections.abc import Callable
from typing import Protocol

from integrations.core.errors import Throttled, Trace
from integrations.core.ports import Clock, SystemName
from integrations.systems.decipher import NAMES
from integrations.systems.pace import CLIO, QUICKBOOKS, CallKind, Heard, Limits, Standing, ask, heard

OUT_OF_TURN = "out_of_turn"  # the code of a call that was not even made
PATIENCE_S = 90.0  # a window of a minute and a little: a longer wait is for the next run, not for this one
LIMITS: dict[SystemName, Limits] = {"clio": CLIO, "quickbooks": QUICKBOOKS}


class Budget(Protocol):
    """Paces the calls of one connection."""

    def before_call(self, kind: CallKind) -> str:
        """A ticket once the call may be made. Raises Throttled where that would take too long; nothing is sent then."""
        ...

    def after_call(self, ticket: str, said: Heard) -> None:
        """Takes note of what came of it, whatever that was."""
        ...


class Shelf(Protocol):
    """Where the standing of a connection is kept."""

    def change[T](self, step: Callable[[Standing], tuple[Standing, T]]) -> T:
        """Puts back what ``step`` makes of the standing, as one change, and returns the rest of what it gave.

        ``step`` may be called again where somebody else changed it meanwhile.
        """
        ...


class MemoryShelf:
    """For calls that nobody else makes for the same connection."""

    def __init__(self) -> None:
        self._standing = Standing()
        self._lock = threading.Lock()

    def change[T](self, step: Callable[[Standing], tuple[Standing, T]]) -> T:
        with self._lock:
            self._standing, result = step(self._standing)
            return result


Noted = tuple[str, Heard, float, float]  # ticket, what came of its call, when, and the chance that lengthens a block


class PacedBudget:
    """A system's limits, kept by everybody who shares the shelf."""

    def __init__(
        self,
        system: SystemName,
        clock: Clock,
        shelf: Shelf | None = None,
        *,
        patience_s: float = PATIENCE_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._system: SystemName = system
        self._limits = LIMITS[system]
        self._clock = clock
        self._shelf = shelf or MemoryShelf()
        self._patience_s = patience_s
        self._chance = chance
        self._untold: list[Noted] = []
        self._is_probe = False  # whether the last call finds out for everybody if a block is over

    def before_call(self, kind: CallKind) -> str:
        ticket, patience = secrets.token_hex(8), self._patience_s
        while wait := self._wait_s(kind, ticket):
            if wait > patience:
                raise self._throttled(wait)
            patience -= wait
            self._clock.sleep(wait)
        return ticket

    def after_call(self, ticket: str, said: Heard) -> None:
        self._untold.append((ticket, said, self._now(), self._chance()))
        if not self._may_be_told_later(said):
            self._shelf.change(lambda standing: (self._told(standing), None))
            self._untold.clear()

    def _may_be_told_later(self, said: Heard) -> bool:
        """With the next call: an ordinary answer, of which nothing is lost if there is no next call."""
        is_ordinary = said.answered and said.refused_for_s is None and not said.metered
        return is_ordinary and not self._limits.in_flight and not self._is_probe

    def _wait_s(self, kind: CallKind, ticket: str) -> float:
        def step(standing: Standing) -> tuple[Standing, tuple[float, bool]]:
            after, wait = ask(self._told(standing), self._limits, kind, ticket, self._now())
            return after, (wait, after.prober == ticket)

        wait, self._is_probe = self._shelf.change(step)
        self._untold.clear()
        return wait

    def _told(self, standing: Standing) -> Standing:
        for ticket, said, at, chance in self._untold:
            standing = heard(standing, ticket, said, at, chance)
        return standing

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _throttled(self, wait: float) -> Throttled:
        name = NAMES[self._system]
        return Throttled(f"{name} takes no more calls at the moment", Trace(self._system, code=OUT_OF_TURN), wait)
