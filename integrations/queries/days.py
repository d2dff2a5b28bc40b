"""Days of a firm's own zone, as lists are narrowed by them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from firms.models import Firm


def within(firm: Firm, field: str, since: date | None, until: date | None) -> Q:
    """Moments from the first day to the last, both included; None is no bound."""
    zone, found = ZoneInfo(firm.timezone), Q()
    if since:
        found &= Q(**{f"{field}__gte": _midnight(since, zone)})
    if until:
        found &= Q(**{f"{field}__lt": _midnight(until + timedelta(days=1), zone)})
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
