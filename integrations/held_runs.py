"""What becomes of the list of a held run when a person discards it."""

from collections.abc import Iterable
from itertools import batched

from firms.models import User
from integrations.core.ports import Clock
from integrations.issue_codes import ACTIONS, code
from integrations.kinds.set_aside import SET_ASIDE
from integrations.models import HeldChange, Issue, SyncEvent

CODE = "run_held"
ROWS_AT_ONCE = 1000

Document = tuple[str, str, str]  # kind, practice id, leg


def has_list(issue: Issue) -> bool:
    """Whether the run was held for what it would do, and not for what it could not read."""
    return bool(issue.details.get("sorts"))


def set_aside(issue: Issue, user: User | None, clock: Clock, note: str) -> None:
    """Every document of the list is left as it is: accepted, one by one, until something else would be done to it.

    So each can be opened again by itself, and ``reconcile`` knows why the two sides differ.
    """
    if not has_list(issue):
        return
    rows = HeldChange.objects.of(issue.firm).filter(pairing=issue.pairing)
    documents: dict[Document, list[HeldChange]] = {}
    for row in rows.order_by("position"):
        documents.setdefault((row.kind, row.practice_id, row.leg), []).append(row)
    _forget_earlier(issue, documents, clock)
    for batch in batched(documents.values(), ROWS_AT_ONCE):
        Issue.objects.of(issue.firm).bulk_create(_accepted(issue, held, user, clock, note) for held in batch)
        SyncEvent.objects.of(issue.firm).bulk_create(_told(issue, held, user, clock, note) for held in batch)
    rows.delete()


def _forget_earlier(issue: Issue, documents: Iterable[Document], clock: Clock) -> None:
    """What was set aside before of the same documents is over; something else would be done to them now."""
    mine = Issue.objects.of(issue.firm).filter(pairing=issue.pairing, code=SET_ASIDE).exclude(state=Issue.State.CLOSED)
    again = set(documents)
    over = [pk for pk, *document in mine.values_list("pk", "kind", "practice_id", "leg") if tuple(document) in again]
    mine.filter(pk__in=over).update(state=Issue.State.CLOSED, closed_at=clock.now())


def _accepted(issue: Issue, held: list[HeldChange], user: User | None, clock: Clock, note: str) -> Issue:
    first, now = held[0], clock.now()
    why = f" ({first.data['reason']})" if first.data.get("reason") else ""
    what = "take it back" if first.action == "void" else "change it"
    return Issue(
        firm=issue.firm,
        pairing=issue.pairing,
        code=SET_ASIDE,
        severity=code(SET_ASIDE).severity,
        state=Issue.State.ACCEPTED,
        kind=first.kind,
        practice_id=first.practice_id,
        leg=first.leg,
        ledger_id=first.data.get("ledger_id", ""),
        title=first.data.get("title", "")[:600],
        message=f"The sync would {what}{why}. A person discarded that, so it stays as it is.",
        details={"changes": sorted(row.digest for row in held)},
        opened_at=now,
        action="discard",
        note=note,
        decided_by=user,
        decided_at=now,
    )


def _told(issue: Issue, held: list[HeldChange], user: User | None, clock: Clock, note: str) -> SyncEvent:
    first = held[0]
    return SyncEvent(
        firm=issue.firm,
        pairing=issue.pairing,
        at=clock.now(),
        actor=user,
        kind=first.kind,
        practice_id=first.practice_id,
        leg=first.leg,
        ledger_id=first.data.get("ledger_id", ""),
        outcome=SyncEvent.Outcome.DECIDED,
        code=SET_ASIDE,
        title=first.data.get("title", "")[:600],
        message=ACTIONS["discard"] + (f": {note}" if note else ""),
    )
