"""What was asked of the queue last, and the changes of the last preview."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from firms.models import Firm
from integrations.models import Errand, Pairing, PlannedChange, SyncRun
from integrations.queries import links
from integrations.queries.paging import Page, page_from, words
from integrations.queries.postings import Line, lines

SIZE = 25
ACTIONS = {"create": "Create", "update": "Update", "void": "Void", "adopt": "Adopt"}
WORDS = ACTIONS | {"accept": "Accept", "unlink": "Unlink", "move": "Relink"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a preview."""

    action: str
    word: str
    kind: str
    title: str
    amount: Decimal
    data: dict[str, Any]
    lines: tuple[Line, ...]
    record_url: str
    ledger_url: str
    position: int


def latest(pairing: Pairing | None, purpose: str) -> Errand | None:
    if pairing is None:
        return None
    mine = Errand.objects.of(pairing.firm).filter(pairing=pairing, purpose=purpose)
    return mine.select_related("asked_by").order_by("-id").first()


def last_done(pairing: Pairing | None, purpose: str) -> Errand | None:
    if pairing is None:
        return None
    mine = Errand.objects.of(pairing.firm).filter(pairing=pairing, purpose=purpose, state=Errand.State.DONE)
    return mine.select_related("asked_by", "pairing__practice", "pairing__ledger").order_by("-id").first()


def run_of(errand: Errand | None) -> SyncRun | None:
    """The run that keeps others out while a preview is made; its step says how far that is."""
    if errand is None or errand.state != Errand.State.WORKING or errand.purpose != Errand.Purpose.PREVIEW:
        return None
    return SyncRun.objects.of(errand.firm_id).filter(pairing_id=errand.pairing_id, finished_at=None).first()


def changes(firm: Firm, errand: Errand, asked: QueryDict) -> Page[Change]:
    """The changes in the order they would be made, by ?kind= and ?action=."""
    found = PlannedChange.objects.of(firm).filter(errand=errand)
    if kind := words(asked, "kind"):
        found = found.filter(kind=kind)
    if action := words(asked, "action"):
        found = found.filter(action=action)
    page = page_from(found, asked, lambda row: row.position, size=SIZE)
    return Page([_change(firm, errand, row) for row in page.rows], page.newer, page.older)


def _change(firm: Firm, errand: Errand, row: PlannedChange) -> Change:
    data = row.data
    return Change(
        row.action,
        WORDS.get(row.action, row.action),
        row.kind,
        str(data.get("title") or ""),
        Decimal(str(data.get("amount") or 0)),
        data,
        lines(data.get("lines") or ()),
        links.record_page(firm, row.kind, row.practice_id),
        links.in_ledger(errand.pairing.ledger, str(data.get("entity") or ""), str(data.get("ledger_id") or "")),
        row.position,
    )


@dataclass(frozen=True, slots=True)
class CountRow:
    kind: str
    label: str
    cells: tuple[tuple[str, int], ...]


def count_table(errand: Errand) -> list[CountRow]:
    """How many of each kind are created, updated, voided and adopted."""
    counts = errand.result.get("counts") or {}
    return [
        CountRow(kind, links.KINDS.get(kind, kind), tuple((action, counts[kind].get(action, 0)) for action in ACTIONS))
        for kind in links.KINDS
        if kind in counts
    ]


def totals(errand: Errand) -> tuple[Line, ...]:
    """What the changes do to each account."""
    return lines(errand.result.get("totals") or ())


def is_outdated(made: Errand | None, last: SyncRun | None) -> bool:
    """Whether a run finished after the errand did."""
    if made is None or last is None or made.finished_at is None or last.finished_at is None:
        return False
    return last.finished_at > made.finished_at
