"""Applying the plans of many groups together, so that their independent writes of one kind share requests."""

from collections.abc import Sequence
from itertools import batched

from integrations.core.errors import NotBatched, Stale
from integrations.core.ports import Verdict
from integrations.models import SyncRun
from integrations.sync import batches, dispatches
from integrations.sync.execute import Executor, Step
from integrations.sync.workspace import Workspace


def apply(work: Workspace, run: SyncRun, executors: Sequence[Executor]) -> None:
    """Carries out every plan, unless the connection is at fault: then that executor's result says so. Raises TakenOver.

    A wave holds the next writes of all groups that are of one kind and stage. What is furthest back goes first, so
    that the groups stay in step and the batches full.
    """
    waiting = {id(executor): executor.ready() for executor in executors}
    while ready := [step for steps in waiting.values() for step in steps]:
        if any(executor.result.ended_by for executor in executors):
            return
        key = min(step.key for step in ready)
        wave = [step for step in ready if step.key == key]
        if not _write(work, run, wave):
            return
        for executor in {id(step.group): step.group for step in wave}.values():
            waiting[id(executor)] = executor.ready()


def _write(work: Workspace, run: SyncRun, wave: Sequence[Step]) -> bool:
    """False where no further write of the run makes sense."""
    known = dispatches.pasts(work, [step.change.ref for step in wave])
    fresh = []
    for step in wave:
        refused = dispatches.known_refusal(work, known[step.change.ref], step.body)
        if refused:
            step.group.refuse(step, refused)
        else:
            fresh.append(step)
    for steps in batched(fresh, batches.BATCH_ITEMS, strict=False):
        verdicts = batches.write(work, run, steps, known)
        if not _conclude(list(zip(steps, verdicts, strict=True))):
            return False
    return True


def _conclude(judged: Sequence[tuple[Step, Verdict]]) -> bool:
    """Once the connection is at fault nothing more is sent; what was answered is taken note of all the same."""
    is_over = False
    for step, verdict in judged:
        if is_over and isinstance(verdict, Stale | NotBatched):
            continue
        step.group.conclude(step, verdict)
        is_over |= step.group.result.ended_by is not None
    return not is_over
