"""Runs and the history they wrote."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, QuerySet
from django.http import QueryDict

from firms.models import Firm
from integrations.models import SyncEvent, SyncRun
from integrations.queries import links
from integrations.queries.days import within
from integrations.queries.events import OUTCOMES, EventRow, event_row
from integrations.queries.paging import Page, page_by_id, page_by_moment, words

# What has to be done before anybody says how long the rest takes.
LEAST_BILLS, LEAST_PERCENT, LEAST_TIME = 10, 2, timedelta(seconds=10)
WORDS = ("created", "updated", "voided", "adopted", "unchanged", "waiting", "issues")


@dataclass(frozen=True, slots=True)
class KindCounts:
    kind: str
    label: str
    cells: tuple[tuple[str, int], ...]


def runs_of(firm: Firm) -> QuerySet[SyncRun]:
    return SyncRun.objects.of(firm).select_related("started_by", "pairing__practice", "pairing__ledger")


def listed(firm: Firm, asked: QueryDict, outcome: str, since: date | None, until: date | None) -> Page[SyncRun]:
    """``since`` and ``until`` are the days on which they ended, both included."""
    found = runs_of(firm).filter(within(firm, "finished_at", since, until))
    return page_by_id(found.filter(outcome=outcome) if outcome else found, asked)


def written(run: SyncRun) -> int:
    """How many documents a run created, updated, voided or adopted."""
    return sum(kind.get(word, 0) for kind in run.counts.values() for word in WORDS[:4])


def so_far(run: SyncRun) -> list[tuple[str, int]]:
    """What a run has done to documents, by what it did: an outcome and how many."""
    sums = {word: sum(kind.get(word, 0) for kind in run.counts.values()) for word in WORDS[:4]}
    return [(word, number) for word, number in sums.items() if number]


def time_left(run: SyncRun, now: datetime) -> timedelta | None:
    """At the pace since it began to write; None while too little is done to tell."""
    if run.writing_at is None or run.done >= run.total or run.done < max(LEAST_BILLS, run.total * LEAST_PERCENT // 100):
        return None
    spent = now - run.writing_at
    return spent / run.done * (run.total - run.done) if spent >= LEAST_TIME else None


def table(run: SyncRun) -> list[KindCounts]:
    return [
        KindCounts(kind, links.KINDS.get(kind, kind), tuple((word, counts.get(word, 0)) for word in WORDS))
        for kind, counts in run.counts.items()
    ]


def events(firm: Firm, run: SyncRun, asked: QueryDict) -> Page[EventRow]:
    """What a run did and found, filtered by ?kind= and ?outcome=."""
    found = SyncEvent.objects.of(firm).filter(run=run)
    if kind := words(asked, "kind"):
        found = found.filter(kind=kind)
    if outcome := words(asked, "outcome"):
        found = found.filter(outcome=outcome)
    page = page_by_moment(found, asked)
    return Page([event_row(firm, run.pairing, event) for event in page.rows], page.newer, page.older)


def outcomes(firm: Firm, run: SyncRun) -> list[tuple[str, str, int]]:
    """(outcome, its words, how many) of a run's events."""
    found = SyncEvent.objects.of(firm).filter(run=run).order_by().values_list("outcome").annotate(n=Count("pk"))
    return sorted((outcome, OUTCOMES[outcome][1], number) for outcome, number in found)
