"""Adding up the history by day. Events are only ever added, so what is summed up stays as it is.

What came within the last minutes is left for the next time: an event bears the time at which it was noted, and is seen
only once its transaction is through.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q

from firms.models import Firm
from integrations.core.ports import Clock
from integrations.models import DaySum, Pairing, SummedUp

LAG = timedelta(minutes=10)
EVERY = timedelta(minutes=20)
SHOWN = timedelta(days=35)  # how far back a firm that was never summed up is
FIRMS_AT_ONCE = 50
COUNTED = ("created", "updated", "voided", "adopted", "issue", "failed")

_ADD = """
INSERT INTO integrations_daysum (firm_id, day, kind, outcome, currency, number, amount)
SELECT firm_id, (at AT TIME ZONE %(zone)s)::date, kind, outcome, currency, count(*), COALESCE(sum(amount), 0)
FROM integrations_syncevent
WHERE firm_id = %(firm)s AND outcome = ANY(%(outcomes)s) AND at >= %(since)s AND at < %(until)s
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (firm_id, day, kind, outcome, currency) DO UPDATE
SET number = integrations_daysum.number + EXCLUDED.number, amount = integrations_daysum.amount + EXCLUDED.amount
"""


def look(clock: Clock) -> None:
    """Sums up the firms whose sums are oldest."""
    now = clock.now()
    fresh = SummedUp.all_firms.filter(until__gt=now - EVERY, zone=F("firm__timezone")).values("firm_id")
    stale = Pairing.all_firms.filter(archived_at=None).exclude(firm_id__in=fresh)
    for pairing in stale.select_related("firm").order_by("firm_id")[:FIRMS_AT_ONCE]:
        sum_up(pairing.firm, now)


def sum_up(firm: Firm, now: datetime) -> None:
    """Adds what came since the last time; in another zone than then everything anew."""
    until = now - LAG
    with transaction.atomic():
        Firm.objects.select_for_update(of=("self",), no_key=True).get(pk=firm.pk)
        mark = SummedUp.objects.of(firm).filter(Q(zone=firm.timezone)).first()
        if mark is None:
            DaySum.objects.of(firm).delete()
        since = mark.until if mark else now - SHOWN
        if since >= until:
            return
        _add(firm, since, until)
        SummedUp.objects.of(firm).update_or_create(defaults={"until": until, "zone": firm.timezone})


def _add(firm: Firm, since: datetime, until: datetime) -> None:
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"firm": firm.pk, "zone": firm.timezone, "since": since, "until": until}
        cursor.execute(_ADD, {**asked, "outcomes": list(COUNTED)})
