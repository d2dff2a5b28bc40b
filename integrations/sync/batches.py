"""Sending independent writes of one kind: several in one request, and what is done while an answer is not clean."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from integrations.core.changes import Change
from integrations.core.errors import Garbled, NotBatched, RemoteError, Trace
from integrations.core.ports import Verdict
from integrations.core.records import Ref
from integrations.models import Dispatch, SyncRun
from integrations.sync import dispatches, recover
from integrations.sync.dispatches import Intent, Past
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks.limits import BATCH_ITEMS as BATCH_ITEMS

REPLAYS = 2  # the same bytes under the same request id, while the first try is young
REPLAY_AFTER_S = 5.0


class Writable(Protocol):
    """A change with the bytes it is written with."""

    @property
    def change(self) -> Change: ...
    @property
    def body(self) -> bytes: ...


def write(
    work: Workspace, run: SyncRun, steps: Sequence[Writable], known: Mapping[Ref, Past] | None = None
) -> list[Verdict]:
    """Writes one document, or several as a batch, and records what became of each. Raises TakenOver."""
    sent = dispatches.prepare(work, run, [Intent(step.change, step.body) for step in steps], known)
    verdicts = _answers(work, sent)
    dispatches.settle(work, list(zip(sent, verdicts, strict=True)))
    work.clock.sleep(max((verdict.wait_s for verdict in verdicts if isinstance(verdict, NotBatched)), default=0.0))
    return verdicts


def _answers(work: Workspace, sent: Sequence[Dispatch]) -> list[Verdict]:
    """The answers, and while the request is young and nothing is known of any part of it, the same once more.

    Once a try went unanswered, no refusal of a later one tells what became of it.
    """
    verdicts = dispatches.send(work, sent)
    for _ in range(REPLAYS):
        if not _are_unanswered(verdicts):
            break
        work.clock.sleep(REPLAY_AFTER_S)
        before, again = verdicts, _seen(work, sent) or dispatches.send(work, sent)
        verdicts = [old if isinstance(new, RemoteError) else new for old, new in zip(before, again, strict=True)]
        if not _are_unanswered(again):
            break
    return verdicts


def _are_unanswered(verdicts: Sequence[Verdict]) -> bool:
    return all(isinstance(verdict, Garbled) for verdict in verdicts)


def _seen(work: Workspace, sent: Sequence[Dispatch]) -> list[Verdict]:
    """What a batch did before its answer was lost; nothing where it did nothing, and may be sent again as it was.

    A batch that was begun is not repeated: whether QuickBooks remembers one it did not finish is not documented.
    """
    if len(sent) == 1:
        return []
    try:
        effects = [recover.effect(work, dispatch) for dispatch in sent]
    except RemoteError as error:
        return [error] * len(sent)
    lost = Garbled("QuickBooks's answer was lost", Trace("quickbooks"))
    return [effect or lost for effect in effects] if any(effects) else []
