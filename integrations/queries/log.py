"""The log: every event of a firm, the latest first, narrowed by what people know of what they look for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict

from firms.models import Firm
from integrations.models import Pairing, SyncEvent
from integrations.queries.days import within
from integrations.queries.events import EventRow, clients_of, event_row, key_of, reason_of, title_of, word_of
from integrations.queries.links import KINDS
from integrations.queries.paging import Page, Take, older_than, page_by_moment, take
from integrations.queries.subjects import Search, subjects

ROWS_AT_ONCE = 1000
WRITTEN = "written"  # any of what a sync does to a document
OF_WRITING = ("created", "updated", "voided", "adopted")
COLUMNS = (
    "When",
    "Kind",
    "What",
    "Whose",
    "Happened",
    "Reason",
    "Message",
    "Amount",
    "Currency",
    "By",
    "Run",
    "Clio id",
    "QuickBooks type",
    "QuickBooks id",
    "Code",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """``since`` and ``until`` are days in the firm's zone, both included; ``id`` is Clio's id of one record."""

    search: Search = field(default_factory=Search)
    kind: str = ""
    outcome: str = ""
    code: str = ""
    since: date | None = None
    until: date | None = None
    run: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """``is_cut``: more records fit the search than are looked at. ``is_unknown``: none does."""

    page: Page[EventRow]
    is_cut: bool = False
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class _Narrowed:
    rows: QuerySet[SyncEvent]
    by: Take = take
    is_cut: bool = False
    is_unknown: bool = False


def log(firm: Firm, pairing: Pairing | None, filters: Filters, asked: QueryDict) -> Log:
    """A page of it: five queries at most."""
    narrowed = _narrowed(firm, pairing, filters)
    rows = narrowed.rows.select_related("actor").defer("postings")
    page = page_by_moment(rows, asked, by=narrowed.by)
    shown = Page(_described(firm, pairing, page.rows), page.newer, page.older)
    return Log(shown, narrowed.is_cut, narrowed.is_unknown)


def _described(firm: Firm, pairing: Pairing | None, events: Sequence[SyncEvent]) -> list[EventRow]:
    clients = clients_of(pairing, events) if pairing else {}
    known = _pairings(firm, pairing, {event.pairing_id for event in events})
    return [event_row(firm, known[event.pairing_id], event, clients.get(key_of(event), "")) for event in events]


def _pairings(firm: Firm, pairing: Pairing | None, ids: set[int]) -> dict[int, Pairing]:
    """By their ids; only of those before the live one the database is asked."""
    known = {pairing.pk: pairing} if pairing else {}
    if earlier := ids - known.keys():
        rows = Pairing.objects.of(firm).filter(pk__in=earlier).select_related("practice", "ledger")
        known |= {row.pk: row for row in rows}
    return known


def _narrowed(firm: Firm, pairing: Pairing | None, filters: Filters) -> _Narrowed:
    rows = _of_columns(firm, filters)
    if not filters.search:
        return _Narrowed(rows)
    if pairing is None:
        return _Narrowed(rows.none(), is_unknown=True)
    found = subjects(pairing, filters.search)
    if not found:
        return _Narrowed(rows.none(), is_unknown=True)
    return _Narrowed(rows.filter(pairing=pairing), found.take, found.is_cut)


def _of_columns(firm: Firm, filters: Filters) -> QuerySet[SyncEvent]:
    """By what the journal itself says; each has its index in the order of time."""
    rows = SyncEvent.objects.of(firm)
    if filters.outcome == WRITTEN:
        rows = rows.filter(outcome__in=OF_WRITING)
    outcome = "" if filters.outcome == WRITTEN else filters.outcome
    exact = {"kind": filters.kind, "outcome": outcome, "code": filters.code, "practice_id": filters.id}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if filters.run is not None:
        rows = rows.filter(run_id=filters.run)
    return rows.filter(within(firm, "at", filters.since, filters.until))


def exported(firm: Firm, pairing: Pairing | None, filters: Filters) -> Iterator[Sequence[str | Decimal | None]]:
    """All pages as rows of a file under their heading, two queries for every thousand."""
    yield COLUMNS
    narrowed, zone = _narrowed(firm, pairing, filters), ZoneInfo(firm.timezone)
    rows = narrowed.rows.select_related("actor").defer("postings")
    chunk = narrowed.by(rows, ROWS_AT_ONCE)
    while chunk:
        clients = clients_of(pairing, chunk) if pairing else {}
        yield from (_cells(event, clients.get(key_of(event), ""), zone) for event in chunk)
        last = chunk[-1]
        chunk = narrowed.by(older_than(rows, last.at, last.pk), ROWS_AT_ONCE) if len(chunk) == ROWS_AT_ONCE else []


def _cells(event: SyncEvent, client: str, zone: ZoneInfo) -> tuple[str | Decimal | None, ...]:
    return (
        event.at.astimezone(zone).isoformat(timespec="seconds"),
        KINDS.get(event.kind, event.kind),
        title_of(event),
        client,
        word_of(event),
        reason_of(event.code),
        event.message,
        event.amount,
        event.currency,
        event.actor.get_full_name() if event.actor else "",
        str(event.run_id or ""),
        event.practice_id,
        event.ledger_entity,
        event.ledger_id,
        event.code,
    )


# From code to code in the index: as many steps as there are codes, however many events have each.
_CODES = """
WITH RECURSIVE found AS (
  (SELECT code FROM integrations_syncevent WHERE firm_id = %(f)s AND code <> '' ORDER BY code LIMIT 1)
  UNION ALL
  SELECT (SELECT event.code FROM integrations_syncevent event
          WHERE event.firm_id = %(f)s AND event.code <> '' AND event.code > found.code ORDER BY event.code LIMIT 1)
  FROM found WHERE found.code IS NOT NULL)
SELECT code FROM found WHERE code IS NOT NULL
"""


def codes(firm: Firm) -> list[str]:
    """The codes that occur in the firm's history."""
    with connection.cursor() as cursor:
        cursor.execute(_CODES, {"f": firm.pk})
        return [code for (code,) in cursor.fetchall()]
