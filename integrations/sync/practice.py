"""Writing to Clio: mapped fields of linked contacts, and nothing else (rules R1.3, R7).

Clio knows no request ids. A write names the version it was made for (If-Match), so it is done at most once; and
before each write, and after one without a clean answer, the contact is read again and compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from integrations.core.changes import Books, Change, Problem
from integrations.core.errors import Garbled, Malformed, NotFound, Refused, RemoteError, Stale, Trace
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, nested, text
from integrations.core.records import Side
from integrations.kinds import contact_fields
from integrations.kinds.contact import Contact, decode
from integrations.kinds.contact_drafts import CONTACTS, ContactDraft
from integrations.kinds.contact_rows import holds
from integrations.models import Dispatch, SyncRun
from integrations.sync import dispatches, mirror, refusals
from integrations.sync.dispatches import Intent
from integrations.sync.workspace import Workspace
from integrations.systems.wire import encode, parse

MOST_PER_RUN = 200  # two calls each, of Clio's 50 a minute: bills must not wait for them; the rest follows
LOOK_AFTER_S = 5.0
OVER_AFTER = timedelta(seconds=150)  # by then a request that went unanswered is no longer on its way
OPEN = (Dispatch.State.SENT, Dispatch.State.UNKNOWN)
CLIO = Trace("clio")
WHOLE = ("name", "email_addresses", "phone_numbers", "addresses")  # an answer without these is read again


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write. ``waits``: the next run tries again; ``moved``: the plan no longer fits."""

    problem: Problem | None = None
    waits: bool = False
    moved: bool = False


DONE, WAITS, MOVED = Outcome(), Outcome(waits=True), Outcome(waits=True, moved=True)


def write(work: Workspace, run: SyncRun, change: Change, books: Books) -> Outcome:
    """Carries out one change of a contact in Clio. Where Clio takes no writes at all, the ledger's side goes on."""
    if work.practice_closed or work.practice_writes >= MOST_PER_RUN:
        return WAITS
    if dispatches.of_document(work, change.ref, Side.PRACTICE).filter(state__in=OPEN).exists():
        return Outcome(refusals.unresolved_in_clio(change))
    try:
        return _write(work, run, change, books)
    except RemoteError as error:
        work.practice_closed = error
        return WAITS


def _write(work: Workspace, run: SyncRun, change: Change, books: Books) -> Outcome:
    draft = change.draft
    assert isinstance(draft, ContactDraft)
    now = read(work, change.ref.practice_id)
    if now is None:
        return WAITS  # that it is gone has to be seen twice before it counts
    if not _is_as_planned(draft.contact, now):
        return MOVED
    data = draft.encode(books, now)
    body = encode({"data": data})
    if last := dispatches.refused_before(work, change.ref, body, Side.PRACTICE):
        return Outcome(refusals.refused_by_clio(change, last.error))
    (dispatch,) = dispatches.prepare(work, run, [Intent(change, body)])
    return _send(work, dispatch, change, text(now, "etag"), data)


def _send(work: Workspace, dispatch: Dispatch, change: Change, etag: str, data: Raw) -> Outcome:
    """Raises RemoteError where the connection or its permissions are at fault; then nothing was done."""
    work.practice_writes += 1
    try:
        answer = work.practice.update_contact(change.ref.practice_id, etag, data)
    except Garbled as error:
        return _unanswered(work, dispatch, change, error)
    except Stale as error:
        dispatches.withdraw(work, dispatch, error)
        read(work, change.ref.practice_id)
        return MOVED
    except (Refused, Malformed) as error:
        dispatches.refuse(work, dispatch, error)
        return Outcome(refusals.refused_by_clio(change, error.message))
    except NotFound as error:
        dispatches.withdraw(work, dispatch, error)
        return WAITS
    except RemoteError as error:
        dispatches.withdraw(work, dispatch, error)
        raise
    if any(name not in answer for name in WHOLE):
        return _unanswered(work, dispatch, change, Garbled("Clio's answer does not show the whole contact", CLIO))
    dispatches.complete_practice(work, dispatch, answer)
    return DONE


def _unanswered(work: Workspace, dispatch: Dispatch, change: Change, error: Garbled) -> Outcome:
    """Looks for the effect; where it is not to be seen, it may still come, and the next runs look again."""
    dispatches.leave_open(work, dispatch, error)
    work.clock.sleep(LOOK_AFTER_S)
    try:
        is_done = _find(work, dispatch)
    except RemoteError:
        is_done = False
    return DONE if is_done else Outcome(refusals.unresolved_in_clio(change))


def _find(work: Workspace, dispatch: Dispatch) -> bool:
    """Completes the write where the contact says what was sent. Raises RemoteError."""
    now = read(work, dispatch.practice_id)
    if now is None or not holds(now, _data(dispatch)):
        return False
    dispatches.complete_practice(work, dispatch, now)
    return True


def recover(work: Workspace) -> None:
    """Finds out about writes of unknown outcome; what is over without effect is planned anew. Raises RemoteError."""
    found = Dispatch.objects.of(work.firm).filter(pairing=work.pairing, side=Side.PRACTICE, state__in=OPEN)
    for dispatch in found.order_by("id"):
        age = work.clock.now() - (dispatch.sent_at or dispatch.prepared_at)
        if not _find(work, dispatch) and age > OVER_AFTER:
            dispatches.give_up(work, dispatch, "Clio never received it, or somebody changed the contact since")


def was_refused(work: Workspace, change: Change, books: Books) -> bool:
    """Whether Clio refused this very write before."""
    kept = mirror.one(work.pairing, CONTACTS, change.ref.practice_id)
    if kept is None or change.draft is None:
        return False
    body = encode({"data": change.draft.encode(books, kept.data)})
    return dispatches.refused_before(work, change.ref, body, Side.PRACTICE) is not None


def read(work: Workspace, contact_id: str) -> Raw | None:
    """The contact as it is now, kept in the mirror; None where Clio does not show it. Raises RemoteError."""
    found = [row for page in work.practice.pages(CONTACTS, ids=[contact_id]) for row in page.rows]
    mirror.keep_practice(work.pairing, CONTACTS, found)
    if not found:
        mirror.note_unseen(work.pairing, CONTACTS, [contact_id], work.clock)
    return found[0] if found else None


def _is_as_planned(planned: Contact, now: Raw) -> bool:
    try:
        return contact_fields.of_contact(decode(now)) == contact_fields.of_contact(planned)
    except Unreadable:
        return False


def _data(dispatch: Dispatch) -> Raw:
    body = parse(bytes(dispatch.body))
    assert isinstance(body, Mapping)
    return nested(body, "data")
