"""Records that a webhook marked: read again by their ids wherever the lists of changes did not show them.

What a webhook says is never used, only whose turn it is. A mark goes once its record was read after the mark was made.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.core.ports import Raw
from integrations.core.read import nested, text
from integrations.models import Record, StaleMark
from integrations.sync import gather, mirror, reread
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

LISTS = ("bills", "contacts")
COUNTED_AS_LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Marks:
    """What was marked when the run began to read."""

    began: datetime
    rows: tuple[StaleMark, ...]

    def ids(self, side: str, entity: str) -> list[str]:
        return [row.external_id for row in self.rows if (row.side, row.entity) == (side, entity) and row.external_id]

    def on(self, side: str) -> bool:
        return any(row.side == side for row in self.rows)


def taken(work: Workspace) -> Marks:
    return Marks(work.clock.now(), tuple(StaleMark.objects.of(work.firm).filter(pairing=work.pairing)))


def read_practice(work: Workspace, marks: Marks) -> None:
    """Clio's lists of changes may leave out what changed without another time of change, and what is gone (R1.4)."""
    for entity in LISTS:
        ids, seen = marks.ids(Record.Side.PRACTICE, entity), set[str]()
        for page in work.practice.pages(entity, ids=ids) if ids else ():
            reread.parts_of_moved(work, entity, page.rows)
            mirror.keep_practice(work.pairing, entity, page.rows)
            seen |= {text(row, "id") for row in page.rows}
        mirror.note_absent(work.pairing, entity, set(ids) - seen, work.clock)
    _forget(work, marks, Record.Side.PRACTICE)


def read_ledger(work: Workspace, marks: Marks, told: gather.Told | None) -> None:
    """``told`` is what QuickBooks's changes showed just now; None where everything was read."""
    for entity in gather.LEDGER_ENTITIES if told is not None else ():
        unseen = [id for id in marks.ids(Record.Side.LEDGER, entity) if (entity, id) not in (told or {})]
        _read_documents(work, entity, unseen)
    if marks.on(Record.Side.LEDGER):
        _note_heard(work, marks.began)
    elif told:
        _note_unheard(work, told.values())
    _forget(work, marks, Record.Side.LEDGER)


def _read_documents(work: Workspace, entity: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for where in query.within_each("Id", sorted(ids)):
        for page in work.ledger.pages(entity, query.both(where, _even_inactive(entity))):
            gather.keep_entity(work, entity, page.rows)
            seen |= {text(row, "Id") for row in page.rows}
    mirror.mark_deleted(work.pairing, entity, set(ids) - seen)


def _even_inactive(entity: str) -> str:
    return query.EVERY_ACTIVE_STATE if entity in gather.NAMES else ""


def _note_heard(work: Workspace, at: datetime | None) -> None:
    work.pairing.ledger_heard_at = at
    work.pairing.save(update_fields=["ledger_heard_at"])


def _note_unheard(work: Workspace, changed: Iterable[Raw]) -> None:
    """A change of some minutes ago that no webhook told of: the stream is taken for dead until it is heard again."""
    heard, late = work.pairing.ledger_heard_at, work.clock.now() - COUNTED_AS_LATE
    times = [at for row in changed if (at := _changed_at(row))]
    if heard is not None and any(heard < at <= late for at in times):
        _note_heard(work, None)


def _changed_at(row: Raw) -> datetime | None:
    try:
        at = datetime.fromisoformat(text(nested(row, "MetaData"), "LastUpdatedTime"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _forget(work: Workspace, marks: Marks, side: str) -> None:
    """Of the marks that were there when the reading began, those nobody has renewed since."""
    read = [row.pk for row in marks.rows if row.side == side]
    if read:
        StaleMark.objects.of(work.firm).filter(pk__in=read, since__lte=marks.began).delete()
