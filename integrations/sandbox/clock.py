"""The stand-ins' clock as the portal's: waiting moves it on instead of taking time."""

from datetime import datetime

from integrations.sandbox.store import Store


class SandboxClock:
    """``slept_s`` adds up what a real clock would have waited."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.slept_s = 0.0

    def now(self) -> datetime:
        return self._store.now()

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self._store.advance(seconds)
