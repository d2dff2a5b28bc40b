"""What is left of what both systems allow, in words: a number is only ever shown with what it counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, OuterRef, Subquery

from firms.models import Firm
from integrations.budgets import standing_from
from integrations.core import words
from integrations.metering import HARD, Reads, companies, next_month, reads_of
from integrations.models import CallBudget, Connection, System
from integrations.queries.state import moment
from integrations.systems.budget import LIMITS
from integrations.systems.pace import Standing, is_blocked, left_in_window


@dataclass(frozen=True, slots=True)
class Left:
    """One line; ``tone`` is the pill's."""

    text: str
    tone: str = "ok"


def health(firm: Firm, connections: Iterable[Connection], now: datetime) -> list[tuple[Connection, list[Left]]]:
    """What each connection has left: calls at this moment, and of QuickBooks the metered reads of the month."""
    known = list(connections)
    standings, sharing = _kept(firm, known)
    return [(connection, _left(firm, connection, standings[connection.pk], sharing, now)) for connection in known]


def _kept(firm: Firm, known: list[Connection]) -> tuple[dict[int, Standing], int]:
    """What is known of each connection, and how many companies share the metered reads: one query."""
    budget = CallBudget.objects.of(firm).filter(connection=OuterRef("pk")).values("standing")[:1]
    counted = companies().order_by().values("system").annotate(n=Count("pk")).values("n")
    mine = Connection.objects.of(firm).filter(pk__in=[connection.pk for connection in known])
    rows = list(mine.values_list("pk", Subquery(budget), Subquery(counted)))
    standings = {pk: standing_from(kept, pk) if kept else Standing() for pk, kept, _ in rows}
    return standings, next((sharing or 0 for _, _, sharing in rows), 0)


def _left(firm: Firm, connection: Connection, standing: Standing, sharing: int, now: datetime) -> list[Left]:
    found = [_calls(firm, connection, standing, now)]
    if connection.system == System.QUICKBOOKS:
        found.append(_reads(reads_of(connection, now, standing, sharing), now))
    return found


def _calls(firm: Firm, connection: Connection, standing: Standing, now: datetime) -> Left:
    name, at = connection.get_system_display(), now.timestamp()
    if is_blocked(standing, at):
        again = datetime.fromtimestamp(max(standing.blocked_until, at), UTC)
        return Left(f"{name} asks to wait; the next call is tried at {moment(firm, again)}", "warn")
    if connection.system == System.QUICKBOOKS:
        limits = LIMITS["quickbooks"]
        left = left_in_window(standing, limits, at)
        return Left(f"{left} of {limits.per_minute} calls a minute left")
    left = left_in_window(standing, LIMITS["clio"], at)
    if left is None:
        return Left("No call in the last minute, so all of Clio’s calls are left")
    ends = datetime.fromtimestamp(standing.window_ends, UTC)
    of = f" of {standing.limit}" if standing.limit else ""
    return Left(f"{left}{of} calls left until {moment(firm, ends)}")


def _reads(reads: Reads, now: datetime) -> Left:
    used = f"{reads.used:,} of {reads.share:,} metered reads used this month ({reads.percent} %)"
    again = words.short_day(next_month(now))
    if reads.must_wait:
        return Left(f"{used}, so it is read once a day until {again}; posting goes on", "warn")
    if reads.is_high:
        return Left(f"{used}; from {HARD} % on it is read once a day until {again}", "warn")
    return Left(used)
