"""How fast a connection may call: waits before a call so that the vendor has no reason to refuse it."""

from collections import deque
from collections.abc import Mapping
from typing import Literal, Protocol

from integrations.core.ports import Clock
from integrations.systems.clio import limits as clio
from integrations.systems.decipher import http_date
from integrations.systems.quickbooks import limits as quickbooks

CallKind = Literal["read", "write", "batch"]


class Budget(Protocol):
    """Paces the calls of one connection; header names are in lower case."""

    def before_call(self, kind: CallKind) -> None:
        """Returns when the call may be made."""
        ...

    def after_answer(self, headers: Mapping[str, str]) -> None:
        """Takes note of what the vendor says is left."""
        ...


class HeaderBudget:
    """Clio's way: each answer says how many calls are left and when the window ends (Clio API docs: rate limits)."""

    def __init__(self, clock: Clock, reserve: int = clio.RATE_RESERVE) -> None:
        self._clock = clock
        self._reserve = reserve
        self._left: int | None = None
        self._window_ends = 0.0  # on our clock, in seconds

    def before_call(self, kind: CallKind) -> None:
        now = self._clock.now().timestamp()
        if self._left is not None and self._left <= self._reserve and now < self._window_ends:
            self._clock.sleep(self._window_ends - now)
        if self._clock.now().timestamp() >= self._window_ends:
            self._left = None
        if self._left is not None:
            self._left -= 1

    def after_answer(self, headers: Mapping[str, str]) -> None:
        left, reset = (
            _whole(headers, "x-ratelimit-remaining"),
            _whole(headers, "x-ratelimit-reset"),
        )
        if left is None or reset is None:
            return
        now = self._clock.now().timestamp()
        answered = http_date(headers.get("date", ""))
        vendor_now = answered.timestamp() if answered else now  # the vendor's clock need not be ours
        self._left = left
        self._window_ends = now + min(max(reset - vendor_now, 0.0), clio.RATE_WINDOW_S) + 1.0


class WindowBudget:
    """QuickBooks's way: fixed limits that no header announces, kept by counting our own calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls = (
            _Window(quickbooks.CALLS_PER_SECOND, 1.0),
            _Window(quickbooks.CALLS_PER_MINUTE, 60.0),
        )
        self._batches = _Window(quickbooks.BATCHES_PER_MINUTE, 60.0)

    def before_call(self, kind: CallKind) -> None:
        windows = (*self._calls, self._batches) if kind == "batch" else self._calls
        wait = max(window.wait_s(self._clock.now().timestamp()) for window in windows)
        if wait > 0:
            self._clock.sleep(wait)
        for window in windows:
            window.add(self._clock.now().timestamp())

    def after_answer(self, headers: Mapping[str, str]) -> None:
        """QuickBooks announces nothing; a refused call is waited for by the transport."""


class _Window:
    """At most ``limit`` calls in any ``span_s`` seconds."""

    def __init__(self, limit: int, span_s: float) -> None:
        self._limit = limit
        self._span_s = span_s
        self._made: deque[float] = deque(maxlen=limit)

    def wait_s(self, now: float) -> float:
        if len(self._made) < self._limit:
            return 0.0
        return max(self._made[0] + self._span_s - now, 0.0)

    def add(self, now: float) -> None:
        self._made.append(now)


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() else None
