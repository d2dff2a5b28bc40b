"""Throttling per company, on the stand-ins' clock (Intuit: 500 a minute, 10 a second, 40 batches a minute)."""

import threading
from collections import defaultdict, deque

from integrations.sandbox.quickbooks.faults import throttled
from integrations.sandbox.store import Store

# setting -> (default, window in seconds); 0 turns a limit off
LIMITS = {"qbo:limit:minute": (500, 60.0), "qbo:limit:second": (10, 1.0), "qbo:limit:batch_minute": (40, 60.0)}


class Throttle:
    """Counts the calls of the last minute and second; a refused call is not counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def count(self, realm: str, *, batch: bool) -> None:
        """Raises GatewayRefusal 429."""
        names = [name for name in LIMITS if batch or name != "qbo:limit:batch_minute"]
        now = self._store.now().timestamp()
        with self._lock:
            if any(self._is_full(realm, name, now) for name in names):
                raise throttled()
            for name in names:
                self._calls[realm, name].append(now)

    def _is_full(self, realm: str, name: str, now: float) -> bool:
        default, window = LIMITS[name]
        limit = int(self._store.setting(name, default))
        calls = self._calls[realm, name]
        while calls and calls[0] <= now - window:
            calls.popleft()
        return bool(limit) and len(calls) >= limit
