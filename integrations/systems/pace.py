"""How fast one connection may call: pure bookkeeping of its calls and answers, wherever that is kept.

Instants are seconds since 1970 by the clock of whoever calls; what lies absurdly far ahead is another machine's wrong
clock and is not believed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from integrations.systems.clio import limits as clio
from integrations.systems.decipher import http_date
from integrations.systems.quickbooks import limits as quickbooks

CallKind = Literal["read", "write", "batch"]

MINUTE_S = 60.0
SLOT_S = 150.0  # longer than any call is answered for; by then the process that made it has died
SLOT_POLL_S = 0.5
PROBE_S = 60.0  # a probe without an end by then was killed
PROBE_POLL_S = 2.0
BRIEF_BLOCK_S = 3.0  # a limit per second is over by then; if it was the one per minute, the next wait is the long one
LONGEST_BLOCK_S = 3600.0  # whatever a header asks for, once an hour somebody looks
MANY_REFUSALS = 15  # a quarter of an hour of them: no burst of ours, so it is asked about less often
SKEW_S = 5.0  # how far the clocks of two machines may be apart and still be believed
SPREAD = 0.2  # how much of a block's length chance may add, so that not every firm asks in the same second


@dataclass(frozen=True, slots=True)
class Limits:
    """What a system allows; 0 means that it has no such limit."""

    per_second: int = 0
    per_minute: int = 0
    burst: int = 0  # how many calls may be made at once before those of the minute are spread out
    batches_per_minute: int = 0
    batch_burst: int = 0
    in_flight: int = 0
    reserve: int = 0  # of the calls that it says are left, how many nobody uses


CLIO = Limits(reserve=clio.RATE_RESERVE)
QUICKBOOKS = Limits(
    per_second=quickbooks.CALLS_PER_SECOND,
    per_minute=quickbooks.CALLS_PER_MINUTE,
    burst=quickbooks.CALLS_AT_ONCE,
    batches_per_minute=quickbooks.BATCHES_PER_MINUTE,
    batch_burst=quickbooks.BATCHES_AT_ONCE,
    in_flight=quickbooks.CALLS_IN_FLIGHT,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What was called and heard so far."""

    recent: tuple[float, ...] = ()  # the calls of the last second
    minute_until: float = 0.0  # when the calls made so far are paid for, at the pace of the minute
    batches_until: float = 0.0
    flying: Mapping[str, float] = field(default_factory=dict)  # ticket to when it lapses
    limit: int | None = None  # as the system's headers say: calls a window has,
    left: int | None = None  # and how many of them are left
    window_ends: float = 0.0
    blocked_until: float = 0.0
    refusals: int = 0  # in a row
    prober: str = ""  # the ticket of the one call that finds out whether the block is over
    probe_ends: float = 0.0
    month: str = ""  # of the metered reads below: "2026-11", in UTC
    metered: int = 0  # answered reads that the system bills for

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Standing":
        """What was kept, by this or another version of the portal; raises TypeError or ValueError for nonsense."""
        return cls(
            recent=tuple(float(at) for at in kept.get("recent", ())),
            flying={str(ticket): float(ends) for ticket, ends in dict(kept.get("flying", {})).items()},
            prober=str(kept.get("prober", "")),
            **{name: float(kept.get(name, 0.0)) for name in _INSTANTS},
            limit=_number(kept.get("limit")),
            left=_number(kept.get("left")),
            refusals=int(kept.get("refusals", 0)),
            month=str(kept.get("month", "")),
            metered=int(kept.get("metered", 0)),
        )


_INSTANTS = ("minute_until", "batches_until", "window_ends", "blocked_until", "probe_ends")


def _number(kept: Any) -> int | None:
    return None if kept is None else int(kept)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a call: header names in lower case; ``answered`` is False where no answer arrived.

    ``refused_for_s`` is the wait that a refusal for too many calls asks for; ``named`` whether the system named it.
    """

    answered: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    refused_for_s: float | None = None
    named: bool = False
    metered: int = 0  # reads in it that the system bills for


LOST = Heard()


def ask(standing: Standing, limits: Limits, kind: CallKind, ticket: str, now: float) -> tuple[Standing, float]:
    """The standing with the call taken and 0, or the same standing and how long to wait before asking again."""
    known = _believed(standing, now)
    waits = (
        _block_s(known, now),
        SLOT_POLL_S if limits.in_flight and len(known.flying) >= limits.in_flight else 0.0,
        _second_s(known, limits, now),
        _bucket_s(known.minute_until, limits.per_minute, limits.burst, now),
        _bucket_s(known.batches_until, limits.batches_per_minute, limits.batch_burst, now) if kind == "batch" else 0.0,
        _window_s(known, limits, now),
    )
    if max(waits) > 0:
        return standing, max(waits)
    return _taken(known, limits, kind, ticket, now), 0.0


def heard(standing: Standing, ticket: str, said: Heard, now: float, chance: float = 0.0) -> Standing:
    """The standing once a call has ended; ``chance`` (0 to 1) lengthens a block a little."""
    known = _believed(standing, now)
    known = replace(known, flying={other: ends for other, ends in known.flying.items() if other != ticket})
    known = _metered(_announced(known, said.headers, now), said.metered, now)
    if said.refused_for_s is not None:
        return _refused(known, ticket, said, now, chance)
    if ticket != known.prober:
        return known
    if said.answered:
        return replace(known, prober="", refusals=0, blocked_until=0.0)
    return replace(known, prober="", blocked_until=now + BRIEF_BLOCK_S)


def left_in_window(standing: Standing, limits: Limits, now: float) -> int | None:
    """How many calls could be made at once; None where nothing is known, because nothing was called lately."""
    known = _believed(standing, now)
    if limits.per_minute:
        owed = max(known.minute_until - now, 0.0) * limits.per_minute / MINUTE_S
        return max(limits.per_minute - round(owed), 0)
    return known.left


def metered_reads(standing: Standing, now: float) -> int:
    """Reads of this month that the system bills for."""
    return standing.metered if standing.month == _month(now) else 0


def _metered(known: Standing, reads: int, now: float) -> Standing:
    if not reads:
        return known
    return replace(known, month=_month(now), metered=metered_reads(known, now) + reads)


def _month(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m}"


def is_blocked(standing: Standing, now: float) -> bool:
    """Whether the system refuses calls, as far as anyone knows."""
    return _believed(standing, now).refusals > 0


def _believed(standing: Standing, now: float) -> Standing:
    """Without what is over, and without what cannot be so."""
    recent = tuple(at for at in standing.recent if now - 1.0 < at <= now + SKEW_S)
    flying = {ticket: ends for ticket, ends in standing.flying.items() if now < ends <= now + SLOT_S + SKEW_S}
    blocked_until = standing.blocked_until if standing.blocked_until <= now + LONGEST_BLOCK_S * (1 + SPREAD) else now
    window_ends = standing.window_ends if standing.window_ends <= now + clio.RATE_WINDOW_S + 1.0 + SKEW_S else now
    return replace(
        standing,
        recent=recent,
        flying=flying,
        minute_until=_near(standing.minute_until, now),
        batches_until=_near(standing.batches_until, now),
        blocked_until=blocked_until,
        window_ends=window_ends,
        left=standing.left if now < window_ends else None,
    )


def _near(until: float, now: float) -> float:
    """Nobody owes more than a minute's calls and the one just made."""
    return until if until <= now + 2 * MINUTE_S + SKEW_S else now


def _block_s(known: Standing, now: float) -> float:
    """While the block lasts, its rest; then, as long as another's probe is under way, a little."""
    if not known.refusals:
        return 0.0
    if now < known.blocked_until:
        return known.blocked_until - now
    return PROBE_POLL_S if known.prober and now < known.probe_ends <= now + PROBE_S + SKEW_S else 0.0


def _second_s(known: Standing, limits: Limits, now: float) -> float:
    if not limits.per_second or len(known.recent) < limits.per_second:
        return 0.0
    return max(known.recent[-limits.per_second] + 1.0 - now, 0.001)


def _bucket_s(until: float, per_minute: int, burst: int, now: float) -> float:
    """A bucket that fills at the pace of the minute; whoever finds it empty waits for several calls' worth."""
    if not per_minute:
        return 0.0
    over = max(until - now, 0.0) - (burst - 1) * MINUTE_S / per_minute
    return max(over, 1.0) if over > 0 else 0.0


def _window_s(known: Standing, limits: Limits, now: float) -> float:
    if known.left is None or known.left > limits.reserve:
        return 0.0
    return max(known.window_ends - now, 0.0)


def _taken(known: Standing, limits: Limits, kind: CallKind, ticket: str, now: float) -> Standing:
    if known.refusals:
        known = replace(known, prober=ticket, probe_ends=now + PROBE_S)
    return replace(
        known,
        recent=tuple(sorted((*known.recent, now))) if limits.per_second else (),
        minute_until=_paid(known.minute_until, limits.per_minute, now),
        batches_until=_paid(known.batches_until, limits.batches_per_minute if kind == "batch" else 0, now),
        flying={**known.flying, ticket: now + SLOT_S} if limits.in_flight else {},
        left=None if known.left is None else known.left - 1,
    )


def _paid(until: float, per_minute: int, now: float) -> float:
    if not per_minute:
        return until
    return min(max(until, now), now + MINUTE_S) + MINUTE_S / per_minute


def _announced(known: Standing, headers: Mapping[str, str], now: float) -> Standing:
    """What X-RateLimit headers say (Clio API docs: rate limits), reckoned by the vendor's own clock.

    Calls in flight were counted when they were made, so within a window the lower number is the true one.
    """
    left, reset = _whole(headers, "x-ratelimit-remaining"), _whole(headers, "x-ratelimit-reset")
    if left is None or reset is None:
        return known
    answered = http_date(headers.get("date", ""))
    vendor_now = answered.timestamp() if answered else now
    ends = now + min(max(reset - vendor_now, 0.0), clio.RATE_WINDOW_S) + 1.0
    same = known.left is not None and abs(ends - known.window_ends) < SKEW_S
    limit = _whole(headers, "x-ratelimit-limit")
    return replace(known, limit=limit, left=min(left, known.left or 0) if same else left, window_ends=ends)


def _refused(known: Standing, ticket: str, said: Heard, now: float, chance: float) -> Standing:
    """A block for everybody. Calls that were under way when it began are refused too, and say nothing new."""
    asked = min(said.refused_for_s or 0.0, LONGEST_BLOCK_S)
    if known.refusals and ticket != known.prober:
        return replace(known, blocked_until=max(known.blocked_until, now + asked if said.named else 0.0))
    if not said.named:
        asked = BRIEF_BLOCK_S if not known.refusals else asked * (5 if known.refusals > MANY_REFUSALS else 1)
    until = now + asked * (1 + SPREAD * chance)
    return replace(known, blocked_until=until, refusals=known.refusals + 1, prober="", probe_ends=0.0)


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() else None
