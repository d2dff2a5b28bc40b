"""What one run works with: a pairing, its two systems, a clock, and what was learnt of the ledger's settings."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from firms.models import Firm
from integrations.core.errors import RemoteError
from integrations.core.ports import Clock, Ledger, Practice
from integrations.models import Bookmark, Pairing
from integrations.sync.cursors import Cursors
from integrations.sync.lease import Hold, SliceIsOver


class Desk(Protocol):
    """What keeping issues true takes: whose they are, and what time it is."""

    @property
    def firm(self) -> Firm: ...
    @property
    def pairing(self) -> Pairing: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True)
class Bystander:
    """Somebody who tells of a pairing while no run is under way; neither system is asked anything."""

    pairing: Pairing
    clock: Clock

    @property
    def firm(self) -> Firm:
        return self.pairing.firm


@dataclass
class Workspace:
    """Everything a pass needs."""

    pairing: Pairing
    practice: Practice
    ledger: Ledger
    clock: Clock
    requests: Callable[[], dict[str, int]]  # so far, as ``sync --json`` prints them
    hold: Hold
    ledger_is_fresh: bool = False  # whether this run has read what changed in QuickBooks
    practice_closed: RemoteError | None = None  # why nothing more is written to Clio in this run
    practice_writes: int = 0
    banks_closed: bool = False  # Clio does not let its Operating accounts be read
    apart: Counter[str] = field(default_factory=Counter)  # of these, what is counted apart as well
    ends_at: datetime | None = None  # when this slice of the work is over

    def pause(self, next_takes: timedelta = timedelta(0)) -> None:
        """Called where everything so far is kept. Raises SliceIsOver where there is no time for the next part."""
        if self.ends_at is not None and self.clock.now() + next_takes >= self.ends_at:
            raise SliceIsOver

    @property
    def firm(self) -> Firm:
        return self.pairing.firm

    @cached_property
    def cursors(self) -> Cursors:
        return Cursors(self.pairing)

    @cached_property
    def bookmarks(self) -> dict[str, Bookmark]:
        """Of lists whose reading an earlier slice or run did not end, by stream."""
        rows = Bookmark.objects.of(self.firm).filter(pairing=self.pairing)
        return {row.stream: row for row in rows}

    @property
    def ledger_is_unconfirmed(self) -> bool:
        """Nothing is written before a person has confirmed that this is the right company."""
        return self.pairing.ledger.confirmed_at is None
