"""Contacts that are gone: Clio tells of no deletion and no merge, so linked contacts are asked for by their ids."""

from datetime import timedelta

from integrations.core.read import text
from integrations.core.records import Kind
from integrations.kinds.contact_drafts import CONTACTS
from integrations.models import Cursor, EntityLink, Record
from integrations.sync import mirror, reread
from integrations.sync.safety import believes_empty
from integrations.sync.workspace import Workspace

STREAM = "contacts.linked"
AT_LEAST = timedelta(minutes=10)
PER_HUNDRED = timedelta(minutes=12)  # a hundred are one call, so this makes five calls an hour


def look_for_contacts(work: Workspace) -> None:
    """Reads the linked contacts again from time to time, and each time those that were missing (rule R1.4).

    This also finds what Clio's list of changes may leave out: an entry of a contact that changed, and nothing else.
    """
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing, kind=Kind.CONTACT)
    linked = links.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", flat=True)
    records = Record.objects.of(work.firm).filter(pairing=work.pairing, entity=CONTACTS, external_id__in=linked)
    missing = records.filter(is_deleted=False).exclude(missing_since=None)
    known = set(missing.values_list("external_id", flat=True))
    is_time = _is_time(work, linked.count())
    wanted = list(linked) if is_time else sorted(known)
    seen = _read(work, CONTACTS, wanted)
    is_believed = bool(seen) or believes_empty(work.pairing, CONTACTS, len(set(wanted) - known))
    if is_time:
        _note_time(work)
    if not is_believed:
        return
    unseen = sorted(set(wanted) - seen)
    _read_bills(work, [id for id in unseen if id not in known])
    mirror.note_absent(work.pairing, CONTACTS, unseen, work.clock)


def _is_time(work: Workspace, linked: int) -> bool:
    """Whether all of them are due; the first time somebody asks, they have only just been read."""
    every = max(AT_LEAST, PER_HUNDRED * linked / 100)
    cursor, made = Cursor.objects.of(work.firm).get_or_create(
        pairing=work.pairing, stream=STREAM, defaults={"firm": work.firm, "at": work.clock.now()}
    )
    return not made and work.clock.now() - cursor.at >= every


def _note_time(work: Workspace) -> None:
    """Notes that all of them are read now."""
    cursors = Cursor.objects.of(work.firm).filter(pairing=work.pairing, stream=STREAM)
    cursors.update(at=work.clock.now())


def _read(work: Workspace, entity: str, ids: list[str]) -> set[str]:
    """The ids that are there."""
    seen: set[str] = set()
    for page in work.practice.pages(entity, ids=ids) if ids else ():
        reread.parts_of_moved(work, entity, page.rows)
        mirror.keep_practice(work.pairing, entity, page.rows)
        seen |= {text(row, "id") for row in page.rows}
    return seen


def _read_bills(work: Workspace, contact_ids: list[str]) -> None:
    """A merge may move bills to another contact without a trace in the list of changes."""
    bills = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="bills", owner_id__in=contact_ids)
    _read(work, "bills", list(bills.values_list("external_id", flat=True)))
