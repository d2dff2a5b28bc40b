"""Figures of the whole installation, for a monitor: what waits, how old it is, what failed. No firm is named."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Min

from integrations.line import waiting
from integrations.models import Connection, Dispatch, Issue, Notice, Record, SyncRun, Worker

DAY = timedelta(days=1)
OPEN_WRITES = (Dispatch.State.PREPARED, Dispatch.State.SENT, Dispatch.State.UNKNOWN)
SIDES = {Record.Side.PRACTICE: "clio", Record.Side.LEDGER: "quickbooks"}

Labels = Mapping[str, str]
Samples = Iterable[tuple[Labels, float]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure, or one for each set of labels. An age of which there is nothing yet has no sample."""

    name: str
    help: str
    samples: list[tuple[Labels, float]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Prometheus's text format."""
        yield f"# HELP sync_portal_{self.name} {self.help}"
        yield f"# TYPE sync_portal_{self.name} gauge"
        for labels, value in self.samples:
            inner = ",".join(f'{key}="{_escaped(said)}"' for key, said in labels.items())
            yield f"sync_portal_{self.name}{f'{{{inner}}}' if inner else ''} {value:g}"


def _escaped(said: str) -> str:
    return said.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def exposition(now: datetime) -> str:
    """All of it, as one text."""
    return "\n".join(line for gauge in gauges(now) for line in gauge.lines()) + "\n"


def gauges(now: datetime) -> Iterator[Gauge]:
    yield from _queue(now)
    yield from _runs(now)
    yield from _writes(now)
    yield from _vendors(now)
    yield from _people(now)


def _age(now: datetime, since: datetime | None) -> list[tuple[Labels, float]]:
    return [] if since is None else [({}, max((now - since).total_seconds(), 0.0))]


def _queue(now: datetime) -> Iterator[Gauge]:
    turns = waiting(now)
    oldest = min((turn.since for turn in turns), default=None)
    yield Gauge("queue_length", "Runs and errands that a worker could take up now.", [({}, len(turns))])
    yield Gauge("queue_age_seconds", "How long the first of them has waited.", _age(now, oldest) or [({}, 0)])
    seen = Worker.objects.aggregate(seen=Max("seen_at"))["seen"]
    yield Gauge("worker_heartbeat_age_seconds", "Since when no worker was seen.", _age(now, seen))


def _runs(now: datetime) -> Iterator[Gauge]:
    ended = (
        SyncRun.all_firms.filter(finished_at__gt=now - DAY).order_by().values_list("outcome").annotate(n=Count("pk"))
    )
    counted = dict.fromkeys(SyncRun.Outcome.values, 0) | dict(ended)
    yield Gauge(
        "runs_last_day",
        "Runs that ended within a day, by outcome.",
        [({"outcome": outcome}, number) for outcome, number in counted.items()],
    )
    open_ = SyncRun.all_firms.filter(finished_at=None, is_dry=False)
    found = open_.aggregate(n=Count("pk"), since=Min("started_at"))
    yield Gauge("runs_open", "Runs that are not finished.", [({}, found["n"])])
    yield Gauge("oldest_open_run_age_seconds", "How long ago the first of them began.", _age(now, found["since"]))


def _writes(now: datetime) -> Iterator[Gauge]:
    open_ = Dispatch.all_firms.filter(state__in=OPEN_WRITES).order_by()
    rows = {(side, state): n for side, state, n in open_.values_list("side", "state").annotate(n=Count("pk"))}
    yield Gauge(
        "writes_open",
        "Writes whose outcome is not known yet, by state.",
        [
            ({"system": name, "state": state}, rows.get((side, state), 0))
            for side, name in SIDES.items()
            for state in OPEN_WRITES
        ],
    )
    unknown = open_.filter(state__in=(Dispatch.State.SENT, Dispatch.State.UNKNOWN))
    oldest = unknown.aggregate(since=Min("prepared_at"))["since"]
    said = "How long ago the first of unknown outcome was made."
    yield Gauge("oldest_unknown_write_age_seconds", said, _age(now, oldest))
    refused = Dispatch.all_firms.filter(state=Dispatch.State.REFUSED, prepared_at__gt=now - DAY).order_by()
    counted = dict(refused.values_list("side").annotate(n=Count("pk")))
    yield Gauge(
        "writes_refused_last_day",
        "Writes that a system refused within a day.",
        [({"system": name}, counted.get(side, 0)) for side, name in SIDES.items()],
    )


_CALLS = """
SELECT COALESCE(sum((requests->>'clio')::bigint), 0), COALESCE(sum((requests->>'quickbooks_reads')::bigint), 0),
       COALESCE(sum((requests->>'quickbooks_writes')::bigint), 0)
FROM integrations_syncrun WHERE finished_at > %s
"""
_THROTTLED = """
SELECT link.system, count(*) FILTER (WHERE (pace.standing->>'refusals')::bigint > 0)
FROM integrations_callbudget pace JOIN integrations_connection link ON link.id = pace.connection_id
WHERE link.state = 'connected' GROUP BY link.system
"""


def _vendors(now: datetime) -> Iterator[Gauge]:
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, [now - DAY])
        clio, reads, writes = cursor.fetchone()
        cursor.execute(_THROTTLED)
        throttled = dict(cursor.fetchall())
    yield Gauge(
        "vendor_calls_last_day",
        "Calls made by runs that ended within a day.",
        [
            ({"system": "clio", "kind": "all"}, clio),
            ({"system": "quickbooks", "kind": "read"}, reads),
            ({"system": "quickbooks", "kind": "write"}, writes),
        ],
    )
    yield Gauge(
        "connections_throttled",
        "Connections whose last calls were refused as too many.",
        [({"system": name}, throttled.get(name, 0)) for name in SIDES.values()],
    )
    live = Connection.all_firms.exclude(state=Connection.State.DISCONNECTED).order_by()
    rows = {(system, state): n for system, state, n in live.values_list("system", "state").annotate(n=Count("pk"))}
    yield Gauge(
        "connections",
        "Live connections, by state.",
        [
            ({"system": name, "state": state}, rows.get((name, state), 0))
            for name in SIDES.values()
            for state in (Connection.State.CONNECTED, Connection.State.RECONNECT)
        ],
    )


def _people(now: datetime) -> Iterator[Gauge]:
    open_ = Issue.all_firms.filter(state=Issue.State.OPEN, pairing__archived_at=None).order_by()
    counted = open_.values_list("code", "severity").annotate(n=Count("pk")).order_by("code", "severity")
    yield Gauge(
        "open_issues",
        "Issues that are open, by code.",
        [({"code": code, "severity": severity}, number) for code, severity, number in counted],
    )
    unsent = Notice.all_firms.filter(sent_at=None, dropped_at=None).aggregate(n=Count("pk"), since=Min("made_at"))
    yield Gauge("emails_waiting", "E-mails that are to be sent.", [({}, unsent["n"])])
    said = "How long the first of them has waited."
    yield Gauge("oldest_waiting_email_age_seconds", said, _age(now, unsent["since"]))
