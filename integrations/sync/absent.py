"""Contacts that are gone: Clio tells of no deletion and no merge, so linked contacts are asked for by their ids."""

from datetime import timedelta

from integrations.core.read import text
from integrations.core.records import Kind
from integrations.kinds.contact_drafts import CONTACTS
from integrations.models import Cursor, EntityLink, Record
from integrations.sync import mirror
from integrations.sync.workspace import Workspace

STREAM = "contacts.linked"
AT_LEAST = timedelta(minutes=10)
PER_HUNDRED = timedelta(minutes=12)  # a hundred are one call, so this makes five calls an hour


def look_for_contacts(work: Workspace) -> None:
    """Reads the linked contacts again from time to time, and each time those that were missing (rule R1.4).

    This also finds what Clio's list of changes may leave out: an entry of a contact that changed, and nothing else.
    """
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing, kind=Kind.CONTACT)
    linked = list(links.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", flat=True))
    records = Record.objects.of(work.firm).filter(pairing=work.pairing, entity=CONTACTS, external_id__in=linked)
    missing = records.filter(is_deleted=False).exclude(missing_since=None)
    wanted = linked if _is_time(work, len(linked)) else list(missing.values_list("external_id", flat=True))
    known = set(missing.values_list("external_id", flat=True))
    unseen = sorted(set(wanted) - _read(work, CONTACTS, wanted))
    _read_bills(work, [id for id in unseen if id not in known])
    mirror.note_absent(work.pairing, CONTACTS, unseen, work.clock)


def _is_time(work: Workspace, linked: int) -> bool:
    """Whether all of them are due; notes that they are read now."""
    now, every = work.clock.now(), max(AT_LEAST, PER_HUNDRED * linked / 100)
    cursor, made = Cursor.objects.of(work.firm).get_or_create(
        pairing=work.pairing, stream=STREAM, defaults={"firm": work.firm, "at": now}
    )
    if made or now - cursor.at < every:
        return False
    cursor.at = now
    cursor.save(update_fields=["at"])
    return True


def _read(work: Workspace, entity: str, ids: list[str]) -> set[str]:
    """The ids that are there."""
    seen: set[str] = set()
    for page in work.practice.pages(entity, ids=ids) if ids else ():
        mirror.keep_practice(work.pairing, entity, page.rows)
        seen |= {text(row, "id") for row in page.rows}
    return seen


def _read_bills(work: Workspace, contact_ids: list[str]) -> None:
    """A merge may move bills to another contact without a trace in the list of changes."""
    bills = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="bills", owner_id__in=contact_ids)
    _read(work, "bills", list(bills.values_list("external_id", flat=True)))
