"""What a preview shows of a plan, and a run that does what a preview showed and nothing else."""

from dataclasses import dataclass, field, replace

from integrations.core.blast import shown_digest
from integrations.core.changes import LOCAL, Change, Plan
from integrations.core.mapping import Policy
from integrations.core.ports import Raw
from integrations.core.records import Ref, Side
from integrations.kinds.catalog import Catalog
from integrations.kinds.shown import Field, fields_of
from integrations.models import PlannedChange, SyncRun
from integrations.sync import dispatches, practice
from integrations.sync.execute import Executor
from integrations.sync.jobs import Job
from integrations.systems.wire import encode


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that would be made, and what it does to the fields of a document that is there."""

    change: Change
    fields: list[Field]


def would_do(executor: Executor, job: Job, policy: Policy) -> list[Planned]:
    """What of the plan would be made: not the writes QuickBooks refused before, nor what waits behind them."""
    found: list[Planned] = []
    stuck: set[Ref] = set()
    for change in job.plan.changes:
        current = executor.currents([change]).get(change.ledger_id) if change.side is Side.LEDGER else None
        if change.after & stuck or _was_refused(executor, change, current):
            stuck.add(change.ref)
        else:
            found.append(Planned(change, _fields(executor, change, current, job, policy)))
    return found


def _was_refused(executor: Executor, change: Change, current: Raw | None) -> bool:
    if change.side is Side.PRACTICE:
        return practice.was_refused(executor.work, change, executor)
    if change.action in LOCAL or (change.ledger_id and current is None):
        return False
    try:
        body = encode(executor.content(change, current))
    except KeyError:  # it needs a document that is not there yet, so it was never sent
        return False
    return dispatches.refused_before(executor.work, change.ref, body) is not None


def _fields(executor: Executor, change: Change, current: Raw | None, job: Job, policy: Policy) -> list[Field]:
    try:
        return fields_of(change, current, executor, job.group, policy, executor.catalog)
    except KeyError:  # what it applies to is created first
        return []


@dataclass
class Shown:
    """The changes a person was shown; ``left`` are those that were not among them, by digest.

    A document that is ``begun``, such as a payment that let go and is to take hold again, is carried through.
    """

    digests: frozenset[str]
    left: set[str] = field(default_factory=set)
    begun: set[Ref] = field(default_factory=set)

    def only(self, plan: Plan, catalog: Catalog) -> Plan:
        """The plan without what nobody was shown, and without what waits for that."""
        kept: list[Change] = []
        waits: set[Ref] = set()
        for change in plan.changes:
            was_shown = change.ref in self.begun or shown_digest(change) in self.digests
            if was_shown and not change.after & waits:
                kept.append(change)
            else:
                waits.add(change.ref)
                self.left.add(shown_digest(change))
                catalog.forget(change.ref)
        return replace(plan, changes=tuple(kept), waiting=(*plan.waiting, *sorted(waits))) if waits else plan


def shown_to(run: SyncRun) -> Shown | None:
    """None where the run does whatever there is to do."""
    if run.exactly_id is None:
        return None
    rows = PlannedChange.objects.of(run.firm).filter(errand_id=run.exactly_id)
    return Shown(frozenset(rows.values_list("digest", flat=True)))
