"""Reads of QuickBooks that Intuit bills for: what a firm has used of its share this month, and what follows from that.

The quota belongs to the whole app, so every connected company has an equal share of it. Above the soft mark a firm's
screens say so; above the hard one reads that can wait do, and the rest is kept for what has to be posted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from integrations.budgets import standing_of
from integrations.core import words
from integrations.models import Connection, System
from integrations.systems.pace import Standing, metered_reads

SOFT, HARD = 60, 80  # per cent of the share


@dataclass(frozen=True, slots=True)
class Reads:
    """``used`` of ``share`` metered reads of this month."""

    used: int
    share: int

    @property
    def percent(self) -> int:
        return self.used * 100 // self.share

    @property
    def is_high(self) -> bool:
        return self.percent >= SOFT

    @property
    def must_wait(self) -> bool:
        return self.percent >= HARD


def companies() -> QuerySet[Connection]:
    """Everybody who has a share."""
    return Connection.all_firms.filter(system=System.QUICKBOOKS).exclude(state=Connection.State.DISCONNECTED)


def reads_of(
    connection: Connection, now: datetime, standing: Standing | None = None, sharing: int | None = None
) -> Reads:
    """What a QuickBooks connection has used, whichever process read; ``standing`` is its own and ``sharing`` how many
    companies there are, where they are known.
    """
    share = settings.METERED_READS_A_MONTH // max(companies().count() if sharing is None else sharing, 1)
    return Reads(metered_reads(standing or standing_of(connection), now.timestamp()), max(share, 1))


def next_month(now: datetime) -> datetime:
    """When the count begins anew."""
    return (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)


def findings(reads: Reads, now: datetime) -> dict[str, str]:
    """The firm-wide issue about it, by code."""
    used = f"{reads.used:,} of this firm's {reads.share:,} metered reads of QuickBooks are used this month"
    again = words.short_day(next_month(now))
    if reads.must_wait:
        return {
            "reads_wait": f"{used}, so until {again} QuickBooks is read once a day. What Clio has is posted as ever; "
            "what is changed in QuickBooks is noticed a day later at most, or when you start a sync yourself."
        }
    if reads.is_high:
        return {"reads_low": f"{used}. From {HARD} % on QuickBooks is read once a day until {again}; posting goes on."}
    return {}
