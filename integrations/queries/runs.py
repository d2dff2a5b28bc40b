"""Runs and the history they wrote."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.http import QueryDict

from firms.models import Firm
from integrations.models import Connection, SyncEvent, SyncRun
from integrations.queries import links
from integrations.queries.paging import Page, page_by_id, words

WORDS = ("created", "updated", "voided", "adopted", "unchanged", "waiting", "issues")


@dataclass(frozen=True, slots=True)
class KindCounts:
    kind: str
    label: str
    cells: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    event: SyncEvent
    record_url: str
    ledger_url: str

    @property
    def title(self) -> str:
        event = self.event
        return event.title or (
            f"{links.ONE.get(event.kind, event.kind)} {event.practice_id}" if event.kind else "The firm"
        )


def runs_of(firm: Firm) -> QuerySet[SyncRun]:
    return SyncRun.objects.of(firm).select_related("started_by", "pairing__ledger")


def listed(firm: Firm, asked: QueryDict) -> Page[SyncRun]:
    found = runs_of(firm)
    outcome = words(asked, "outcome")
    return page_by_id(found.filter(outcome=outcome) if outcome else found, asked)


def last(firm: Firm, limit: int = 5) -> list[SyncRun]:
    return list(runs_of(firm).order_by("-id")[:limit])


def written(run: SyncRun) -> int:
    """How many documents a run created, updated, voided or adopted."""
    return sum(kind.get(word, 0) for kind in run.counts.values() for word in WORDS[:4])


def table(run: SyncRun) -> list[KindCounts]:
    return [
        KindCounts(kind, links.KINDS.get(kind, kind), tuple((word, counts.get(word, 0)) for word in WORDS))
        for kind, counts in run.counts.items()
    ]


def events(firm: Firm, run: SyncRun, asked: QueryDict) -> Page[EventRow]:
    """What a run did and found, filtered by ?kind= and ?outcome=."""
    found = SyncEvent.objects.of(firm).filter(run=run).select_related("dispatch")
    if kind := words(asked, "kind"):
        found = found.filter(kind=kind)
    if outcome := words(asked, "outcome"):
        found = found.filter(outcome=outcome)
    page = page_by_id(found, asked)
    return Page([event_row(firm, run.pairing.ledger, event) for event in page.rows], page.newer, page.older)


def event_row(firm: Firm, ledger: Connection, event: SyncEvent) -> EventRow:
    return EventRow(
        event,
        links.record_page(firm, event.kind, event.practice_id),
        links.in_ledger(ledger, event.ledger_entity, event.ledger_id),
    )


def outcomes(firm: Firm, run: SyncRun) -> list[tuple[str, str, int]]:
    """(outcome, its words, how many) of a run's events."""
    found = SyncEvent.objects.of(firm).filter(run=run).order_by().values_list("outcome").annotate(n=Count("pk"))
    labels = dict(SyncEvent.Outcome.choices)
    return sorted((outcome, labels.get(outcome, outcome), number) for outcome, number in found)
