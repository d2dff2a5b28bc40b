"""The last thirty days: what was synced, found and refused, the runs that failed, and the money, day by day."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import connection
from django.urls import reverse

from firms.models import Firm
from integrations.core.money import ZERO

DAYS = 30
WRITTEN = ("created", "updated", "voided", "adopted")
FAILED_RUN = "failed run"  # as if it were an outcome of events
WIDTH, GAP, HEIGHT = 8, 2, 48  # of a bar, between two, and of the drawing

# What is summed up already, what came since, and the runs that failed; all by the firm's own days.
_SUMS = """
WITH mark AS (SELECT until FROM integrations_summedup WHERE firm_id = %(firm)s AND zone = %(zone)s)
SELECT day, kind, outcome, currency, number, amount FROM integrations_daysum
WHERE firm_id = %(firm)s AND day >= %(first)s AND outcome = ANY(%(outcomes)s) AND EXISTS (SELECT 1 FROM mark)
UNION ALL
SELECT (at AT TIME ZONE %(zone)s)::date, kind, outcome, currency, count(*), COALESCE(sum(amount), 0)
FROM integrations_syncevent
WHERE firm_id = %(firm)s AND outcome = ANY(%(outcomes)s)
  AND at >= GREATEST(%(since)s::timestamptz, (SELECT until FROM mark))
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT (finished_at AT TIME ZONE %(zone)s)::date, '', %(run)s, '', count(*), 0 FROM integrations_syncrun
WHERE firm_id = %(firm)s AND outcome = 'failed' AND finished_at >= %(since)s GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure and the list of what it counts; bars of it are drawn from ``place``, ``top`` and ``height``."""

    value: int | Decimal
    url: str
    day: date
    is_money: bool
    place: int = 0
    top: int = HEIGHT
    height: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """One chart: a figure for each day, the sum of all, and the day that has most."""

    name: str
    tone: str
    total: Cell
    cells: tuple[Cell, ...]
    most: Cell | None

    @property
    def is_money(self) -> bool:
        return self.total.is_money


@dataclass(frozen=True, slots=True)
class Chart:
    series: tuple[Series, ...]
    first: date
    last: date

    @property
    def is_empty(self) -> bool:
        return not any(one.total.value for one in self.series)

    @property
    def days(self) -> list[tuple[date, tuple[Cell, ...]]]:
        """Days on which anything happened, the latest first, with a figure for each series."""
        rows = zip(*(one.cells for one in self.series), strict=True)
        return [(cells[0].day, cells) for cells in rows if any(cell.value for cell in cells)][::-1]


@dataclass(frozen=True, slots=True)
class _Row:
    day: date
    kind: str
    outcome: str
    currency: str
    number: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Sort:
    """What a series counts: events of these outcomes, of one kind or of all, by number or by amount."""

    name: str
    outcomes: tuple[str, ...]
    tone: str
    kind: str = ""
    is_money: bool = False

    def of(self, row: _Row, currency: str) -> int | Decimal:
        """Money of a company the firm had before, in another currency, is not added to this one's."""
        if self.is_money and row.currency not in ("", currency):
            return 0
        if row.outcome not in self.outcomes or (self.kind and row.kind != self.kind):
            return 0
        return row.amount if self.is_money else row.number

    @property
    def list(self) -> str:
        """The page that shows what is counted."""
        return "runs" if self.outcomes == (FAILED_RUN,) else "log"

    @property
    def filters(self) -> dict[str, str]:
        if self.outcomes == (FAILED_RUN,):
            return {"outcome": "failed"}
        outcome = "written" if self.outcomes == WRITTEN else self.outcomes[0]
        return {"outcome": outcome, **({"kind": self.kind} if self.kind else {})}


_SORTS = (
    _Sort("Synced", WRITTEN, "ok"),
    _Sort("Issues opened", ("issue",), "warn"),
    _Sort("Refused", ("failed",), "bad"),
    _Sort("Failed runs", (FAILED_RUN,), "bad"),
    _Sort("Invoiced", ("created",), "info", "invoice", is_money=True),
    _Sort("Paid", ("created",), "info", "payment", is_money=True),
)


def chart(firm: Firm, now: datetime, currency: str) -> Chart:
    """One query, whatever happened."""
    last = firm.day_of(now)
    first = last - timedelta(days=DAYS - 1)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    rows = _rows(firm, first)
    return Chart(tuple(_series(firm, sort, rows, days, currency) for sort in _SORTS), first, last)


def _rows(firm: Firm, first: date) -> list[_Row]:
    since = datetime.combine(first, time.min, ZoneInfo(firm.timezone)).astimezone(UTC)
    outcomes = sorted({outcome for sort in _SORTS for outcome in sort.outcomes})
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {
            "firm": firm.pk,
            "zone": firm.timezone,
            "first": first,
            "since": since,
            "run": FAILED_RUN,
        }
        cursor.execute(_SUMS, {**asked, "outcomes": outcomes})
        return [_Row(*row) for row in cursor.fetchall()]


def _series(firm: Firm, sort: _Sort, rows: list[_Row], days: list[date], currency: str) -> Series:
    zero: int | Decimal = ZERO if sort.is_money else 0
    by_day: dict[date, int | Decimal] = dict.fromkeys(days, zero)
    for row in rows:
        if row.day in by_day:
            by_day[row.day] += sort.of(row, currency)
    url = _list(firm, sort)
    highest = max(by_day.values())
    plain = (Cell(by_day[day], url(day, day), day, sort.is_money) for day in days)
    cells = tuple(_drawn(cell, place, highest) for place, cell in enumerate(plain))
    total = Cell(sum(by_day.values(), zero), url(days[0], days[-1]), days[-1], sort.is_money)
    most = max(cells, key=lambda cell: cell.value) if highest else None
    return Series(sort.name, sort.tone, total, cells, most)


def _drawn(cell: Cell, place: int, highest: int | Decimal) -> Cell:
    """What happened at all is seen: a bar is at least two high."""
    height = max(round(HEIGHT * cell.value / highest), 2) if highest and cell.value > 0 else 0
    return replace(cell, place=place * (WIDTH + GAP), top=HEIGHT - height, height=height)


def _list(firm: Firm, sort: _Sort) -> Callable[[date, date], str]:
    """The address of what is counted between two days."""
    address = reverse(sort.list, kwargs={"firm": firm.slug})
    return lambda since, until: f"{address}?{urlencode({**sort.filters, 'since': since, 'until': until})}"
