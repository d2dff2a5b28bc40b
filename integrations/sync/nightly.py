"""The nightly comparison: every id and version that both systems list, against the mirror.

It is the net under the lists of changes. What is new or moved is read by its id; what a complete list no longer names
is missing, and gone the second time, ten minutes later at the earliest (rule R1.4). A list that names nothing, or was
cut short, is evidence of nothing; where it held many, a person is asked. The answers are thin: 200 rows a call in Clio,
1,000 in QuickBooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from integrations.core.blast import FEW
from integrations.core.errors import Forbidden
from integrations.core.read import text
from integrations.kinds.catalog import NUMBERED
from integrations.models import Record
from integrations.sync import gather, mirror
from integrations.sync.gather import Progress
from integrations.sync.safety import believes_empty
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """One list of Clio; ``gone`` are values of ``by`` that the plain list may leave out."""

    entity: str
    listed: str
    filters: Mapping[str, str]
    by: str
    gone: tuple[str, ...] = ()


SWEPT = (
    Swept("bills", "bill_ids", {"type": "revenue"}, "data__state", ("void", "deleted")),
    Swept("allocations", "allocation_ids", {"status": "valid"}, "data__voided_at"),
    Swept("credit_memos", "credit_memo_ids", {}, "data__voided_at"),
)


def sweep_practice(work: Workspace, progress: Progress) -> None:
    """Once a day, and again when something was missing. The first sync has read everything itself."""
    now, last = work.clock.now(), work.pairing.practice_swept_at
    if last is None:
        _note(work, "practice_swept_at")
        return
    if now - last < EVERY and not _is_to_confirm(work):
        return
    for swept in SWEPT:
        progress(f"every id of {swept.entity}")
        try:
            listed = _listed(work, swept)
        except Forbidden:
            continue
        _compare(work, swept, listed)
    _note(work, "practice_swept_at")


def _note(work: Workspace, column: str) -> None:
    setattr(work.pairing, column, work.clock.now())
    work.pairing.save(update_fields=[column])


def _is_to_confirm(work: Workspace) -> bool:
    entities = [swept.entity for swept in SWEPT]
    found = Record.objects.of(work.firm).filter(pairing=work.pairing, entity__in=entities, is_deleted=False)
    return found.filter(missing_since__lte=work.clock.now() - mirror.ABSENT_AFTER).exists()


def _listed(work: Workspace, swept: Swept) -> dict[str, str]:
    """Id to version of everything on a list."""
    pages = work.practice.pages(swept.listed, filters=swept.filters)
    return {text(row, "id"): text(row, "etag") for page in pages for row in page.rows}


def _held(work: Workspace, swept: Swept) -> QuerySet[Record]:
    """What the plain list should name: what we hold and is neither gone nor void."""
    rows = Record.objects.of(work.firm).filter(
        pairing=work.pairing, side=Record.Side.PRACTICE, entity=swept.entity, is_deleted=False
    )
    said = rows.alias(said=KT(swept.by))
    return said.exclude(said__in=swept.gone) if swept.gone else said.filter(said__isnull=True)


def _compare(work: Workspace, swept: Swept, listed: dict[str, str]) -> None:
    every = Record.objects.of(work.firm).filter(pairing=work.pairing, entity=swept.entity)
    known = dict(every.annotate(etag=KT("data__etag")).values_list("external_id", "etag"))
    moved = [id for id, etag in listed.items() if id not in known or (etag and etag != known[id])]
    for page in work.practice.pages(swept.entity, ids=moved) if moved else ():
        mirror.keep_practice(work.pairing, swept.entity, page.rows)
    work.apart["clio_swept_up"] += len(moved)
    held = _held(work, swept)
    unmissed = held.filter(missing_since=None).count()
    if listed or (unmissed > FEW and believes_empty(work.pairing, swept.entity, unmissed)):
        ids = set(held.values_list("external_id", flat=True))
        mirror.note_unlisted(work.pairing, swept.entity, ids, listed.keys(), work.clock)


def sweep_ledger(work: Workspace, progress: Progress) -> None:
    """Once a day. The first sync, and one after a long pause, has read everything itself."""
    last = work.pairing.ledger_swept_at
    if last is not None and work.clock.now() - last < EVERY:
        return
    for entity in gather.OURS_AND_PAYMENTS if last else ():
        known = {row.id: text(row.data, "SyncToken") for row in mirror.live(work.pairing, entity)}
        if known:
            progress(f"every id of {entity}")
            _compare_documents(work, entity, known)
    _note(work, "ledger_swept_at")


def _compare_documents(work: Workspace, entity: str, known: dict[str, str]) -> None:
    """Documents that moved are read whole; one that is neither listed nor there when asked for by its id is deleted."""
    listed = _versions(work, entity)
    moved = [id for id, version in known.items() if listed.get(id) != version]
    new = listed.keys() - known.keys() if entity == "Payment" else ()  # people's own payments matter too (rule R4.5)
    seen: set[str] = set()
    for where in query.within_each("Id", sorted((*moved, *new))):
        for page in work.ledger.pages(entity, where):
            gather.keep_entity(work, entity, page.rows)
            seen |= {text(row, "Id") for row in page.rows}
    work.apart["quickbooks_swept_up"] += len(seen)
    if not listed and not seen and not believes_empty(work.pairing, entity, len(known)):
        return
    mirror.mark_deleted(work.pairing, entity, set(moved) - seen)


def _versions(work: Workspace, entity: str) -> dict[str, str]:
    """Id to version of every document since shortly before the start date; the numbers of sales forms are kept."""
    versions: dict[str, str] = {}
    is_numbered = entity in NUMBERED
    fields = "Id, SyncToken, DocNumber" if is_numbered else "Id, SyncToken"
    for page in work.ledger.pages(entity, gather.since_start(work), fields):
        if is_numbered:
            mirror.keep_numbers(work.pairing, entity, page.rows)
        versions |= {text(row, "Id"): text(row, "SyncToken") for row in page.rows}
    return versions
