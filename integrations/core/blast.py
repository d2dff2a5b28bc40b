"""How much of what is linked one run may take back or change before a person has looked at it (the blast radius)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from integrations.core.changes import Action, Change
from integrations.core.posting import Posting
from integrations.core.records import Kind, Ref, Side, fingerprint


@dataclass(frozen=True, slots=True)
class Limit:
    """So many records are always allowed, and so many per cent of those of a kind that are linked."""

    least: int
    per_cent: int

    def allows(self, number: int, linked: int) -> bool:
        return number <= self.least or number * 100 <= self.per_cent * linked


LIMITS = {Action.VOID: Limit(5, 2), Action.UPDATE: Limit(25, 30)}
FEW = LIMITS[Action.VOID].least  # a list that held no more than these may well be empty one day

Sort = tuple[Kind, Action]  # what is counted together


@dataclass(frozen=True, slots=True)
class Touch:
    """A change of a record that is linked; ``action`` is VOID for whatever takes it back, and UPDATE.

    ``record`` is whose document it is, ``digest`` the same as long as the same thing would be done.
    """

    change: Change
    action: Action
    record: str
    digest: str

    @property
    def sort(self) -> Sort:
        return self.change.ref.kind, self.action


def touches(changes: Iterable[Change], linked: Collection[Ref], decided: Collection[Ref]) -> list[Touch]:
    """Those of these changes that touch a record which is linked already.

    Creating and adopting take nothing away, and what a person decided of a record has been looked at.
    """
    known = {(ref.kind, ref.practice_id) for ref in linked}
    asked = {(ref.kind, ref.practice_id) for ref in decided}
    found = []
    for change in changes:
        ref, action = change.replaces or change.ref, _counts_as(change)
        if action and (ref.kind, ref.practice_id) in known and (ref.kind, ref.practice_id) not in asked:
            found.append(Touch(change, action, ref.practice_id, digest_of(change)))
    return found


def _counts_as(change: Change) -> Action | None:
    """An entry that is reversed and a record that is let go are taken back like one that is voided."""
    if change.action is Action.CREATE:
        return Action.VOID if change.closes else None
    if change.action in (Action.VOID, Action.UNLINK):
        return Action.VOID
    return Action.UPDATE if change.action is Action.UPDATE else None


def digest_of(change: Change) -> str:
    """Tells one thing that would be done to a document from another; when it is done makes no difference."""
    what = [change.action, change.side, change.entity, change.ledger_id]
    return fingerprint([*what, *(_says(change) if change.action is Action.UPDATE else ())])


def shown_digest(change: Change) -> str:
    """Tells the very change that somebody was shown from any other, also where it creates something."""
    what = [str(change.ref), change.action, change.side, change.entity, change.ledger_id]
    return fingerprint([*what, *_says(change)])


def _says(change: Change) -> list[object]:
    draft = change.draft
    if draft is None:
        return []
    lines: list[Posting] = [] if change.side is Side.PRACTICE else list(draft.postings())
    return [draft.fingerprint, draft.title, draft.amount, draft.dated, getattr(draft, "values", {}), lines]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person saw of a run that was held, and let through: (document, digest), and the sorts it was held for."""

    keys: frozenset[tuple[Ref, str]] = frozenset()
    sorts: frozenset[Sort] = frozenset()


def too_many(
    found: Iterable[Touch],
    linked: Mapping[Kind, int],
    shown: Shown,
    earlier: Mapping[Sort, Collection[str]],
) -> dict[Sort, int]:
    """The sorts of change of which there are more than a run may make, and how many records each has.

    ``linked`` is how many records of a kind are linked, ``earlier`` which ones the run has already touched in a slice
    before this one. What was let through does not count; of a sort that was held and takes back, nothing else may come.
    """
    counted: dict[Sort, set[str]] = {sort: set(ids) for sort, ids in earlier.items()}
    new: dict[Sort, set[str]] = {}
    for touch in found:
        if (touch.change.ref, touch.digest) not in shown.keys:
            new.setdefault(touch.sort, set()).add(touch.record)
    for sort, ids in new.items():
        counted[sort] = counted.get(sort, set()) | ids
    held = {sort for sort in new if sort in shown.sorts and sort[1] is Action.VOID}
    return {
        sort: len(counted[sort])
        for sort in new
        if sort in held or not LIMITS[sort[1]].allows(len(counted[sort]), linked.get(sort[0], 0))
    }
