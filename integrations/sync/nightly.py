"""The nightly comparison: every id and version that both systems list, against the mirror.

It is the net under the lists of changes. What is new or moved is read by its id; what a complete list no longer names
is missing, and gone the second time, ten minutes later at the earliest (rule R1.4). A list that names nothing, or was
cut short, is evidence of nothing; where it held many, a person is asked. The answers are thin: 200 rows a call in Clio,
1,000 in QuickBooks.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models.fields.json import KT

from integrations.core.blast import FEW
from integrations.core.errors import Forbidden
from integrations.core.ports import Raw
from integrations.core.read import text
from integrations.kinds.catalog import NUMBERED
from integrations.models import Record
from integrations.sync import bookmarks, gather, mirror, reread
from integrations.sync.gather import Progress
from integrations.sync.safety import believes_empty
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

EVERY = timedelta(days=1)
EVERY_ID = "every_id."  # of the cursor that says when a list was last swept


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


def sweep_practice(work: Workspace, sweep: int, progress: Progress) -> None:
    """Each list once a day, and again when something was missing. The first sync has read everything itself.

    ``sweep`` is the run's number. Raises SliceIsOver; the next slice goes on with the next page.
    """
    doubtful = _doubtful(work)
    for swept in SWEPT:
        stream = EVERY_ID + swept.entity
        if _is_due(work, stream) or swept.entity in doubtful:
            progress(f"every id of {swept.entity}")
            with suppress(Forbidden):
                _sweep(work, swept, stream, sweep, progress)
    work.cursors.keep()


def _is_due(work: Workspace, stream: str) -> bool:
    """Whether a day has passed since; what was never swept was read whole just now."""
    now, last = work.clock.now(), work.cursors.at(stream)
    if last is None:
        work.cursors.move(stream, now, at_once=False)
        return False
    return now - last >= EVERY


def _doubtful(work: Workspace) -> set[str]:
    """Lists that something was missing from, long enough ago to ask again."""
    entities = [swept.entity for swept in SWEPT]
    found = Record.objects.of(work.firm).filter(pairing=work.pairing, entity__in=entities, is_deleted=False)
    missing = found.filter(missing_since__lte=work.clock.now() - mirror.ABSENT_AFTER)
    return set(missing.values_list("entity", flat=True).distinct())


def _sweep(work: Workspace, swept: Swept, stream: str, sweep: int, progress: Progress) -> None:
    mark = bookmarks.of(work, stream)
    begun, sweep = (mark.as_of, mark.sweep) if mark else (work.clock.now(), sweep)
    for page in bookmarks.pages(work, mark, swept.listed, None, swept.filters):
        ids, found = [text(row, "id") for row in page.rows], _read_what_moved(work, swept, page.rows)
        with transaction.atomic():
            work.hold.check()
            mirror.keep_practice(work.pairing, swept.entity, found, sweep=sweep)
            mirror.note_listed(work.pairing, swept.entity, ids, sweep)
            bookmarks.put(work, stream, page.following, begun, sweep)
        if page.following:
            progress(f"every id of {swept.entity}")
            work.pause()
    _miss(work, swept, sweep)
    bookmarks.drop(work, stream)
    work.cursors.move(stream, work.clock.now(), at_once=False)


def _read_what_moved(work: Workspace, swept: Swept, listed: Sequence[Raw]) -> list[Raw]:
    """What is listed and not held, or held as another version."""
    versions = {text(row, "id"): text(row, "etag") for row in listed}
    held = Record.objects.of(work.firm).filter(pairing=work.pairing, entity=swept.entity, is_deleted=False)
    of_these = held.filter(external_id__in=list(versions)).annotate(etag=KT("data__etag"))
    known = dict(of_these.values_list("external_id", "etag"))
    moved = [id for id, etag in versions.items() if id not in known or (etag and etag != known[id])]
    work.apart["clio_swept_up"] += len(moved)
    found = [row for page in work.practice.pages(swept.entity, ids=moved) for row in page.rows] if moved else []
    reread.parts_of_moved(work, swept.entity, found)
    return found


def _miss(work: Workspace, swept: Swept, sweep: int) -> None:
    """What the plain list should name and did not: what we hold and is neither gone nor void."""
    rows = Record.objects.of(work.firm).filter(
        pairing=work.pairing, side=Record.Side.PRACTICE, entity=swept.entity, is_deleted=False
    )
    said = rows.alias(said=KT(swept.by))
    held = said.exclude(said__in=swept.gone) if swept.gone else said.filter(said__isnull=True)
    unmissed = held.filter(missing_since=None).count()
    if rows.filter(sweep=sweep).exists() or (unmissed > FEW and believes_empty(work.pairing, swept.entity, unmissed)):
        mirror.note_missed(held.filter(sweep__lt=sweep), work.clock)


def sweep_ledger(work: Workspace, progress: Progress) -> None:
    """Once a day. The first sync, and one after a long pause, has read everything itself. Raises SliceIsOver."""
    for entity in gather.OURS_AND_PAYMENTS:
        stream = EVERY_ID + entity
        if not _is_due(work, stream):
            continue
        known = {row.id: text(row.data, "SyncToken") for row in mirror.live(work.pairing, entity)}
        if known:
            progress(f"every id of {entity}")
            _compare_documents(work, entity, known)
        work.cursors.move(stream, work.clock.now())
        work.pause()
    work.cursors.keep()


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
