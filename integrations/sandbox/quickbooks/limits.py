"""Throttling, on the stand-ins' clock (Intuit: 500 a minute, 10 a second, 10 at once, 40 batches a minute).

Answered reads are metered for the whole app (Intuit: app partner program); past the month's quota reads are refused.
"""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from integrations.sandbox.quickbooks.faults import throttled
from integrations.sandbox.store import Store

# setting -> (default, window in seconds); 0 turns a limit off
WINDOWS = {"qbo:limit:minute": (500, 60.0), "qbo:limit:second": (10, 1.0), "qbo:limit:batch_minute": (40, 60.0)}
AT_ONCE, METERED = "qbo:limit:at_once", "qbo:limit:metered_month"
LIMITS = {**{name: limit for name, (limit, _) in WINDOWS.items()}, AT_ONCE: 10, METERED: 500_000}


class Throttle:
    """Counts the calls of the last minute and second; a refused call is not counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._flying: Counter[str] = Counter()
        self._metered: Counter[str] = Counter()

    def count(self, realm: str, *, batch: bool) -> None:
        """Raises GatewayRefusal 429."""
        names = [name for name in WINDOWS if batch or name != "qbo:limit:batch_minute"]
        now = self._store.now().timestamp()
        with self._lock:
            if any(self._is_full(realm, name, now) for name in names):
                raise throttled()
            for name in names:
                self._calls[realm, name].append(now)

    @contextmanager
    def in_flight(self, realm: str) -> Iterator[None]:
        """While a call is being answered. Raises GatewayRefusal 429."""
        most = self._limit(AT_ONCE)
        with self._lock:
            if most and self._flying[realm] >= most:
                raise throttled()
            self._flying[realm] += 1
        try:
            yield
        finally:
            with self._lock:
                self._flying[realm] -= 1

    def allow_read(self) -> None:
        """Raises GatewayRefusal 429 once the month's metered reads of the app are used up."""
        quota = self._limit(METERED)
        if quota and self._metered[self._month()] >= quota:
            raise throttled("The monthly quota of metered calls is used up")

    def meter(self, reads: int) -> None:
        with self._lock:
            self._metered[self._month()] += reads

    @property
    def metered(self) -> int:
        """Reads of this month, as the app's owner is billed for them."""
        return self._metered[self._month()]

    def _month(self) -> str:
        return f"{self._store.now():%Y-%m}"

    def _limit(self, name: str) -> int:
        return int(self._store.setting(name, LIMITS[name]))

    def _is_full(self, realm: str, name: str, now: float) -> bool:
        limit, window = self._limit(name), WINDOWS[name][1]
        calls = self._calls[realm, name]
        while calls and calls[0] <= now - window:
            calls.popleft()
        return bool(limit) and len(calls) >= limit
