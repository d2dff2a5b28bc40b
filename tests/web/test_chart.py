"""The last thirty days on the dashboard: each day's figures, whoever added them up, and what each leads to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.test import Client

from firms.models import Firm
from integrations import daysums
from integrations.models import DaySum, Pairing, SummedUp, SyncEvent, SyncRun
from integrations.queries.chart import Chart, Series, chart
from tests.portal import Portal

NOW = datetime(2026, 11, 26, 15, tzinfo=UTC)


class Still:
    """A clock that stands."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits")


def happened(
    pairing: Pairing,
    at: datetime,
    outcome: str = "created",
    *,
    kind: str = "invoice",
    amount: Decimal | None = Decimal("100.00"),
    currency: str = "USD",
) -> None:
    mine = SyncEvent.objects.of(pairing.firm)
    mine.create(pairing=pairing, at=at, outcome=outcome, kind=kind, practice_id="1", amount=amount, currency=currency)


def series(found: Chart) -> dict[str, Series]:
    return {one.name: one for one in found.series}


def totals(firm: Firm, now: datetime = NOW) -> dict[str, int | Decimal]:
    return {one.name: one.total.value for one in chart(firm, now, "USD").series}


def a_month(pairing: Pairing) -> None:
    happened(pairing, NOW - timedelta(minutes=1))
    happened(pairing, NOW - timedelta(days=3), "updated")
    happened(pairing, NOW - timedelta(days=3), kind="payment", amount=Decimal("40.00"))
    happened(pairing, NOW - timedelta(days=3), "issue", amount=None)
    happened(pairing, NOW - timedelta(days=29), "failed")
    happened(pairing, NOW - timedelta(days=31))
    happened(pairing, NOW - timedelta(days=2), "closed", amount=None)


def ran(pairing: Pairing, ended: datetime, outcome: str) -> None:
    at: Any = {"started_at": ended, "heartbeat_at": ended, "finished_at": ended, "state": "finished"}
    SyncRun.objects.of(pairing.firm).create(pairing=pairing, trigger="schedule", outcome=outcome, **at)


COUNTED = {
    "Synced": 3,
    "Issues opened": 1,
    "Refused": 1,
    "Failed runs": 0,
    "Invoiced": Decimal("100.00"),
    "Paid": Decimal("40.00"),
}


def test_thirty_days_are_counted_by_what_came_of_them(portal: Portal) -> None:
    a_month(portal.pairing)
    assert totals(portal.firm) == COUNTED


def test_what_is_summed_up_and_what_came_since_are_counted_once_each(portal: Portal) -> None:
    a_month(portal.pairing)
    daysums.look(Still(NOW))
    assert DaySum.objects.of(portal.firm).exists()
    assert totals(portal.firm) == COUNTED
    happened(portal.pairing, NOW + timedelta(minutes=1))
    assert totals(portal.firm, NOW + timedelta(minutes=2))["Synced"] == 4
    for minutes in (5, 30, 30, 60):  # however often, and however soon after the last time
        daysums.look(Still(NOW + timedelta(minutes=minutes)))
        assert totals(portal.firm, NOW + timedelta(hours=1))["Synced"] == 4
    assert SummedUp.objects.of(portal.firm).get().until == NOW + timedelta(minutes=50)


def test_what_is_noted_while_the_sums_are_made_is_left_for_the_next_time(portal: Portal) -> None:
    daysums.look(Still(NOW))
    happened(portal.pairing, NOW - timedelta(minutes=9))
    daysums.look(Still(NOW + timedelta(hours=1)))
    assert totals(portal.firm, NOW + timedelta(hours=1))["Synced"] == 1


def test_days_are_those_of_the_firm_and_another_zone_is_summed_up_anew(portal: Portal) -> None:
    happened(portal.pairing, datetime(2026, 11, 21, 2, tzinfo=UTC))
    for zone, day in (("America/New_York", 20), ("Asia/Tokyo", 21)):
        Firm.objects.filter(pk=portal.firm.pk).update(timezone=zone)
        portal.firm.refresh_from_db()
        for summed in (False, True):
            if summed:
                daysums.look(Still(NOW))
            synced = series(chart(portal.firm, NOW, "USD"))["Synced"]
            assert [cell.day.day for cell in synced.cells if cell.value] == [day], (zone, summed)


def test_today_is_today_where_the_firm_is(portal: Portal) -> None:
    Firm.objects.filter(pk=portal.firm.pk).update(timezone="Asia/Tokyo")
    portal.firm.refresh_from_db()
    late = datetime(2026, 11, 26, 20, tzinfo=UTC)
    assert chart(portal.firm, late, "USD").last == late.astimezone(ZoneInfo("Asia/Tokyo")).date()


def test_runs_that_failed_are_counted_on_the_day_they_ended(alice_client: Client, portal: Portal) -> None:
    now = datetime.now(UTC)
    for days, outcome in ((0, "failed"), (2, "failed"), (2, "failed"), (2, "issues"), (31, "failed")):
        ran(portal.pairing, now - timedelta(days=days), outcome)
    found = alice_client.get("/f/acme/").context["overview"].chart
    failed = series(found)["Failed runs"]
    assert failed.total.value == 3 and series(found)["Refused"].total.value == 0
    assert [cell.value for cell in failed.cells if cell.value] == [2, 1]
    for cell in (failed.total, *(cell for cell in failed.cells if cell.value)):
        assert len(alice_client.get(cell.url).context["page"].rows) == cell.value, cell.url


def test_the_history_of_another_firm_is_never_counted(portal: Portal, globex: Firm) -> None:
    a_month(portal.pairing)
    daysums.look(Still(NOW))
    assert chart(globex, NOW, "USD").is_empty


def test_every_figure_leads_to_the_part_of_the_log_that_it_counts(alice_client: Client, synced: Portal) -> None:
    found = alice_client.get("/f/acme/").context["overview"].chart
    by_name = series(found)
    assert (by_name["Synced"].total.value, by_name["Invoiced"].total.value) == (6, Decimal("1250.00"))
    for one in by_name.values():
        cells = [one.total, *(cell for cell in one.cells if cell.value)]
        for cell in cells if one.total.value else ():
            rows = alice_client.get(cell.url).context["found"].page.rows
            counted = sum(row.event.amount for row in rows) if one.is_money else len(rows)
            assert counted == cell.value, one.name


def test_money_of_another_currency_is_not_added_to_this_one(portal: Portal) -> None:
    happened(portal.pairing, NOW - timedelta(days=3))
    happened(portal.pairing, NOW - timedelta(days=3), currency="CAD")
    for summed in (False, True):
        if summed:
            daysums.look(Still(NOW))
        found = totals(portal.firm)
        assert (found["Synced"], found["Invoiced"]) == (2, Decimal("100.00")), summed


def test_bars_are_as_high_as_what_they_stand_for_and_small_ones_are_seen(portal: Portal) -> None:
    for _ in range(100):
        happened(portal.pairing, NOW - timedelta(days=1))
    happened(portal.pairing, NOW)
    *_, yesterday, today = series(chart(portal.firm, NOW, "USD"))["Synced"].cells
    assert (yesterday.height, yesterday.top, today.height) == (48, 0, 2)
    assert today.top + today.height == 48


def test_the_drawing_has_a_table_behind_it(alice_client: Client, synced: Portal) -> None:
    page = alice_client.get("/f/acme/").content.decode()
    assert "The last 30 days" in page and "Day by day" in page
    assert '<svg viewBox="0 0 298 49" preserveAspectRatio="none" aria-hidden="true"' in page


def test_a_month_in_which_nothing_happened_says_so(alice_client: Client, portal: Portal) -> None:
    portal.run()
    assert "Nothing was synced or found since" in alice_client.get("/f/acme/").content.decode()
