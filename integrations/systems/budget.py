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

    def before_call(self, kind: CallKind) -> str:
        ticket, patience = secrets.token_hex(8), self._patience_s
        while wait := self._wait_s(kind, ticket):
            if wait > patience:
                raise self._throttled(wait)
            patience -= wait
            self._clock.sleep(wait)
        return ticket

    def after_call(self, ticket: str, said: Heard) -> None:
        chance = self._chance()
        self._shelf.change(lambda standing: (heard(standing, ticket, said, self._now(), chance), None))

    def _wait_s(self, kind: CallKind, ticket: str) -> float:
        return self._shelf.change(lambda standing: ask(standing, self._limits, kind, ticket, self._now()))

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _throttled(self, wait: float) -> Throttled:
        name = NAMES[self._system]
        return Throttled(f"{name} takes no more calls at the moment", Trace(self._system, code=OUT_OF_TURN), wait)
