"""What a run did, counted by kind, as `sync --json` prints it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from integrations.core.changes import Action, Change
from integrations.core.records import Kind, Ref
from integrations.kinds.credit_note import APPLY, memo_ref
from integrations.models import EntityLink, Issue, Pairing, SyncRun
from integrations.sync.execute import Result

COUNTED = {Action.CREATE: "created", Action.UPDATE: "updated", Action.VOID: "voided", Action.ADOPT: "adopted"}


@dataclass
class Tally:
    """Counts by kind, as `sync --json` prints them."""

    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    people: set[Ref] = field(default_factory=set)  # a contact counts once, whichever side was written to
    waiting: set[Ref] = field(default_factory=set)

    @classmethod
    def of(cls, run: SyncRun) -> "Tally":
        """What earlier slices of the run already did."""
        return cls(Counter({(kind, word): n for kind, words in run.counts.items() for word, n in words.items()}))

    def by_kind(self) -> dict[str, dict[str, int]]:
        """As a run keeps them while it is under way."""
        table: dict[str, dict[str, int]] = {}
        for (kind, word), n in self.done.items():
            table.setdefault(kind, {})[word] = n
        return table

    def add(self, result: Result) -> None:
        self.done.update(_counted([change for change in result.done if self._is_first(change)]))

    def _is_first(self, change: Change) -> bool:
        if change.ref in self.people:
            return False
        if change.ref.kind is Kind.CONTACT and change.action in COUNTED:
            self.people.add(change.ref)
        return True

    def wait(self, refs: Iterable[Ref]) -> None:
        self.waiting |= {_whole(ref) for ref in refs}

    def counts(self, pairing: Pairing) -> dict[str, dict[str, int]]:
        links = EntityLink.objects.of(pairing.firm).filter(pairing=pairing).exclude(state=EntityLink.State.UNLINKED)
        linked = _by_kind(links.exclude(kind=Kind.CREDIT_NOTE, leg=APPLY))
        open_ = Issue.objects.of(pairing.firm).filter(
            pairing=pairing, state__in=[Issue.State.OPEN, Issue.State.DECIDED]
        )
        issued = _by_kind(open_)
        return {kind: self._of(kind, linked.get(kind, 0), issued.get(kind, 0)) for kind in Kind}

    def _of(self, kind: Kind, linked: int, issued: int) -> dict[str, int]:
        done = {word: self.done[kind, word] for word in COUNTED.values()}
        waiting = sum(ref.kind is kind for ref in self.waiting)
        unchanged = max(linked - sum(done.values()), 0)
        return {**done, "unchanged": unchanged, "waiting": waiting, "issues": issued}


def _by_kind(rows: QuerySet[EntityLink] | QuerySet[Issue]) -> dict[str, int]:
    return dict(rows.order_by().values_list("kind").annotate(Count("pk")))


def _whole(ref: Ref) -> Ref:
    """The record a document counts for: a credit memo and its application are one credit note."""
    return memo_ref(ref.practice_id) if ref.kind is Kind.CREDIT_NOTE else ref


def _counted(done: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """(kind, what was done) of every record; a change of its application alone makes a credit note an updated one."""
    changed = {change.ref for change in done}
    for change in done:
        if change.ref == _whole(change.ref):
            if change.action in COUNTED:
                yield change.ref.kind, COUNTED[change.action]
        elif _whole(change.ref) not in changed:
            yield change.ref.kind, "updated"
