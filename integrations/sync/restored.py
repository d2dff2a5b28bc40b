"""After the portal's data came back from a backup: QuickBooks holds documents of ours that nobody here knows of.

Their marks cannot be asked for, so before anything is written every document is read and its mark looked at. What is
found is linked again; where several carry one mark, a person is asked. That is done by each run until one has got
through everything.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import batched

from django.db import transaction

from integrations.core.changes import Action
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, money, text
from integrations.core.records import Kind, Ref, Side, parse_mark
from integrations.kinds import contact
from integrations.kinds.contact_drafts import CONTACTS
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.plan_trust_back import REVERSAL
from integrations.kinds.theirs import GONE
from integrations.kinds.trust_entry import REVERSAL_LEG, TRANSFER_LEG, decode_row, entries_of
from integrations.kinds.trust_ledger import transfers as transfers_among
from integrations.models import EntityLink, Pairing, Record, SyncRun
from integrations.sync import completion, due, gather, mirror, refusals
from integrations.sync.completion import Done
from integrations.sync.cursors import reset_cursors
from integrations.sync.policy import NotReady
from integrations.sync.recover import PROBE_AFTER, Unresolved, is_void
from integrations.sync.workspace import Workspace

TOGETHER = 100  # links written by one call
REASON = "found again after the portal's data was restored"


def note(pairing: Pairing, now: datetime) -> None:
    """Notes that what is known of this firm's two systems is older than they are: everything is read again."""
    with transaction.atomic():
        reset_cursors(pairing)
        mirror.unsettle_everything(pairing)
        due.note_new(pairing)
        again = Pairing.objects.of(pairing.firm).filter(pk=pairing.pk)
        again.update(restored_at=now, next_sync_at=now, settings_checked_at=None)


def wait(work: Workspace) -> None:
    """Until no request of before the restore can be on its way any more, so that a look shows everything."""
    if at := work.pairing.restored_at:
        work.clock.sleep(max((at + PROBE_AFTER - work.clock.now()).total_seconds(), 0.0))


def relink(work: Workspace, run: SyncRun) -> Unresolved:
    """Links every document with our mark again; returns those there are several of. Raises RemoteError, NotReady."""
    if not _is_read(work):
        raise NotReady("QuickBooks has to be read as a whole before anything is written: the data was restored.")
    found: list[Done] = []
    several: Unresolved = {}
    transfers = _transfers(work)
    for ref, hits in _unknown(work).items():
        entity, last = hits[-1]
        live = [row for entity, row in hits if not is_void(entity, row)]
        if len(live) > 1:
            several[ref] = refusals.more_than_one(ref, _title(ref), entity, [text(row, "Id") for row in live])
        else:
            found.append(_done(work, run, ref, entity, live[0] if live else last, transfers))
    for some in _apart(found):
        with transaction.atomic():
            work.hold.check()
            completion.keep(work, some)
    _note_gone(work, [one.ref.practice_id for one in found if _takes_back(one.ref)])
    return several


def _is_read(work: Workspace) -> bool:
    """Whether everything of the company was read since the restore was noted."""
    return work.cursors.at(gather.ledger_stream(work)) is not None


def _note_gone(work: Workspace, ids: list[str]) -> None:
    """Trust rows that Clio does not list, and whose entry was taken back: that they are gone was proved before."""
    rows = Record.objects.of(work.firm).filter(pairing=work.pairing, entity="trust_transactions", external_id__in=ids)
    rows.filter(missing_since__isnull=False).update(is_deleted=True)


def _apart(found: list[Done]) -> Iterator[tuple[Done, ...]]:
    """What takes another entry back comes after all that may have to be there first."""
    for takes_back in (False, True):
        yield from batched((one for one in found if _takes_back(one.ref) is takes_back), TOGETHER, strict=False)


def _takes_back(ref: Ref) -> bool:
    return ref.leg.startswith(REVERSAL_LEG)


def over(work: Workspace, unresolved: Unresolved) -> None:
    """A run got through everything; while a person has to tell documents apart, the next one looks as well."""
    if work.pairing.restored_at and not any(problem.details for problem in unresolved.values()):
        work.pairing.restored_at = None
        work.pairing.save(update_fields=["restored_at"])


def _unknown(work: Workspace) -> dict[Ref, list[tuple[str, Raw]]]:
    """Documents with our mark that no link tells of, by what they stand for; a link to a deleted one tells nothing."""
    links = list(EntityLink.objects.of(work.firm).filter(pairing=work.pairing))
    told = {(link.ledger_entity, link.ledger_id) for link in links}
    gone = set(_gone(work))
    held = {
        Ref(Kind(link.kind), link.practice_id, link.leg)
        for link in links
        if link.state != EntityLink.State.UNLINKED and (link.ledger_entity, link.ledger_id) not in gone
    }
    found: dict[Ref, list[tuple[str, Raw]]] = {}
    for entity, row in _documents(work):
        ref = parse_mark(text(row, "PrivateNote") or text(row, "Notes"), work.firm.slug)
        if ref and ref not in held and (entity, text(row, "Id")) not in told and _is_readable(entity, row):
            found.setdefault(ref, []).append((entity, row))
    return found


def _gone(work: Workspace) -> Iterator[tuple[str, str]]:
    rows = Record.objects.of(work.firm).filter(pairing=work.pairing, side=Side.LEDGER, is_deleted=True)
    yield from rows.values_list("entity", "external_id")


def _documents(work: Workspace) -> Iterator[tuple[str, Raw]]:
    for entity in ("Customer", "Payment"):  # the full read before has just kept them whole
        yield from ((entity, kept.data) for kept in mirror.live(work.pairing, entity))
    for entity in gather.OURS:
        for page in work.ledger.pages(entity, gather.since_start(work)):
            yield from ((entity, row) for row in page.rows)


def _is_readable(entity: str, row: Raw) -> bool:
    try:
        ledger_fingerprint(entity, row)
    except Unreadable:
        return False
    return True


def _done(work: Workspace, run: SyncRun, ref: Ref, entity: str, row: Raw, transfers: Mapping[str, str]) -> Done:
    """What Clio said when it was written nobody knows any more, so the next plan compares it with what it says now."""
    plan: dict[str, object] = {
        "action": Action.VOID if is_void(entity, row) else Action.ADOPT,
        "practice_fingerprint": GONE if is_void(entity, row) else "",
        "title": _title(ref),
        "reason": REASON,
        "amount": str(_amount(row)),
        "base": {"name": _name(work, ref)} if ref.kind is Kind.CONTACT else {},
    }
    if ref.kind is Kind.TRUST_ENTRY:
        plan |= _reversal(ref, row) if _takes_back(ref) else _transfer(ref, row, transfers)
    return Done(ref, plan, entity, text(row, "Id"), row, run.pk)


def _reversal(ref: Ref, row: Raw) -> dict[str, object]:
    """The entry it takes back is over with it."""
    original = Ref(ref.kind, ref.practice_id, ref.leg.removeprefix(REVERSAL_LEG).lstrip("-"))
    reason = next(
        (said for line in text(row, "PrivateNote").splitlines() if (said := line.partition(", because ")[2])), ""
    )
    return {
        "closes": completion.key_of(original),
        "practice_fingerprint": REVERSAL,
        "base": {"dated": text(row, "TxnDate"), "reason": reason},
    }


def _transfer(ref: Ref, row: Raw, transfers: Mapping[str, str]) -> dict[str, object]:
    """An entry between two clients stands for the money-in row as well."""
    whose = {line.name for line in entries_of("JournalEntry", row) if line.name}
    into = transfers.get(ref.practice_id, "")
    return {"joins": completion.key_of(Ref(ref.kind, into, TRANSFER_LEG))} if into and len(whose) > 1 else {}


def _transfers(work: Workspace) -> dict[str, str]:
    rows = []
    for kept in mirror.load(work.pairing, "trust_transactions"):
        with suppress(Unreadable):
            rows.append(decode_row(kept.data))
    return transfers_among(rows)


def _amount(row: Raw) -> object:
    try:
        return money(row, "TotalAmt")
    except Unreadable:  # a journal entry may leave it out
        return 0


def _name(work: Workspace, ref: Ref) -> str:
    """The name the customer was planned for, as far as anybody knows: the one it has in Clio."""
    kept = mirror.one(work.pairing, CONTACTS, ref.practice_id)
    try:
        return contact.decode(kept.data).name if kept else ""
    except Unreadable:
        return ""


def _title(ref: Ref) -> str:
    return f"{ref.kind.replace('_', ' ').capitalize()} {ref.practice_id}"
