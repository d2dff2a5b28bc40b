"""Previews that are kept: what a run would do as rows, worked out in slices, and what it all comes to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import batched
from typing import Any

import msgspec
from django.db import transaction

from integrations.core.blast import shown_digest
from integrations.core.changes import Action, Change, Problem
from integrations.core.money import ZERO
from integrations.issue_codes import MATCHES
from integrations.kinds.catalog import Claim
from integrations.models import Errand, PlannedChange, SyncRun
from integrations.reports import change_report
from integrations.sync import issues
from integrations.sync.foreseeing import Begun, Foreseen, foresee
from integrations.sync.kept import Kept
from integrations.sync.lease import SliceIsOver, TakenOver, is_free, let_go, say, take
from integrations.sync.previewed import Planned
from integrations.sync.run import open_run
from integrations.sync.workspace import Workspace

ROWS_AT_ONCE = 500
MOVES_MONEY = frozenset({Action.CREATE, Action.VOID})  # what an update or an adoption shows is in the books already
RUN = "run"  # in what was wanted: the run that keeps others out from the first slice to the last
BEGUN, CHUNKS = "begun", "chunks"


@dataclass
class Chunk:
    """What is kept of one chunk beside its rows; ``totals`` are debits and credits of each account."""

    claims: list[Claim]
    problems: list[Problem]
    counts: dict[str, dict[str, int]]
    totals: dict[str, tuple[Decimal, Decimal]]


def make(errand: Errand, work: Workspace, kept: Kept) -> dict[str, Any]:
    """What the changes come to; each is a row. Raises SliceIsOver, and goes on from there when it is called again;
    RunIsOpen, RemoteError, NotReady.
    """
    run, sketch = _run(errand, work, kept), Drawn(kept)
    try:
        foresee(work, run, sketch)
    except SliceIsOver:
        let_go(work, run, got_somewhere=True)
        raise
    except TakenOver:
        raise
    except Exception:
        run.delete()
        raise
    run.delete()
    return _finished(errand, work, sketch)


def over(errand: Errand) -> None:
    """Nothing is kept out any more."""
    SyncRun.objects.of(errand.firm_id).filter(pk=errand.wanted.get(RUN), is_dry=True, finished_at=None).delete()


def _run(errand: Errand, work: Workspace, kept: Kept) -> SyncRun:
    """The run of the slices before, or a new one: others may have run since, so what was planned is planned anew."""
    runs = SyncRun.objects.of(errand.firm).filter(pairing=errand.pairing, is_dry=True, finished_at=None)
    with transaction.atomic():
        work.hold.check()
        known = runs.filter(pk=errand.wanted.get(RUN)).select_for_update(of=("self",)).first()
        if known is not None:
            return take(known, work.clock)
        runs.filter(is_free(work.clock.now())).delete()
        kept.drop(BEGUN, CHUNKS)
        run = open_run(errand.pairing, work.clock, SyncRun.Trigger.PERSON, errand.asked_by, is_dry=True)
        errand.wanted = {**errand.wanted, RUN: run.pk}
        say(errand, work.clock.now(), wanted=errand.wanted)
    return run


class Drawn:
    """A preview as rows of the database, for whichever worker has the next slice."""

    def __init__(self, kept: Kept) -> None:
        self._kept, self._errand = kept, kept.errand
        self._rows = PlannedChange.objects.of(kept.errand.firm).filter(errand=kept.errand)

    def begun(self) -> Begun | None:
        found = [msgspec.json.decode(body, type=Begun) for _, body in self._kept.parts(BEGUN)]
        return found[0] if found else None

    def begin(self, begun: Begun) -> None:
        with self._kept.adding(BEGUN, msgspec.json.encode(begun)):
            self._kept.drop(BEGUN, CHUNKS)
            self._rows.delete()

    def chunks(self) -> int:
        last = self._kept.last(CHUNKS)
        return last.number if last else 0

    def claims(self) -> Iterator[Claim]:
        for chunk in self.kept_chunks():
            yield from chunk.claims

    def keep(self, found: Foreseen) -> None:
        changes = [one.change for one in found.planned]
        asked = [problem for problem in found.problems if problem.code in MATCHES]
        chunk = Chunk(found.claims, asked, _counts(changes), _totals(changes))
        first = self._rows.count()
        with self._kept.adding(CHUNKS, msgspec.json.encode(chunk)):
            for batch in batched(enumerate(found.planned, start=first), ROWS_AT_ONCE):
                self._rows.bulk_create(self._row(position, one) for position, one in batch)

    def kept_chunks(self) -> Iterator[Chunk]:
        return (msgspec.json.decode(body, type=Chunk) for _, body in self._kept.parts(CHUNKS))

    def _row(self, position: int, planned: Planned) -> PlannedChange:
        change = planned.change
        return PlannedChange(
            pairing=self._errand.pairing,
            errand=self._errand,
            position=position,
            kind=change.ref.kind,
            action=change.action,
            practice_id=change.ref.practice_id,
            digest=shown_digest(change),
            data={**change_report(change), "fields": planned.fields},
        )


def _finished(errand: Errand, work: Workspace, sketch: Drawn) -> dict[str, Any]:
    """The sums of all chunks; the rows take the place of the last preview's."""
    chunks = list(sketch.kept_chunks())
    with transaction.atomic():
        work.hold.check()
        PlannedChange.objects.of(errand.firm).filter(pairing=errand.pairing).exclude(errand=errand).delete()
        if not SyncRun.objects.of(errand.firm).filter(pairing=errand.pairing, is_dry=False).exists():
            issues.foresee(work, MATCHES, [problem for chunk in chunks for problem in chunk.problems])
    counts = _added(chunk.counts for chunk in chunks)
    number = sum(sum(actions.values()) for actions in counts.values())
    return {"count": number, "counts": counts, "totals": _summed(chunk.totals for chunk in chunks)}


def _counts(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """Kind to action to how many."""
    counted = Counter((str(change.ref.kind), str(change.action)) for change in changes)
    table: dict[str, dict[str, int]] = defaultdict(dict)
    for (kind, action), number in counted.items():
        table[kind][action] = number
    return dict(table)


def _added(found: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for counts in found:
        for kind, actions in counts.items():
            table[kind].update(actions)
    return {kind: dict(actions) for kind, actions in table.items()}


def _totals(changes: Iterable[Change]) -> dict[str, tuple[Decimal, Decimal]]:
    """What the changes do to each account, as debit and credit sums."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for change in changes:
        for line in change.postings() if change.action in MOVES_MONEY else ():
            debit, credit = sums.get(line.account, (ZERO, ZERO))
            sums[line.account] = (debit + line.debit, credit + line.credit)
    return sums


def _summed(found: Iterable[Mapping[str, tuple[Decimal, Decimal]]]) -> list[dict[str, str]]:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for totals in found:
        for account, (debit, credit) in totals.items():
            debits, credits = sums.get(account, (ZERO, ZERO))
            sums[account] = (debits + debit, credits + credit)
    accounts = sorted(sums, key=str.casefold)
    return [{"account": name, "debit": str(sums[name][0]), "credit": str(sums[name][1])} for name in accounts]
