"""Writes as rows: committed before they are sent, alone or as a batch, and judged one by one after the answer."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from integrations.core.changes import Action, Change, Problem, request_id
from integrations.core.errors import Garbled, RemoteError, Stale
from integrations.core.ports import Operation, Raw, Verdict, Write
from integrations.core.read import text
from integrations.core.records import Kind, Ref, Side
from integrations.faults import fault_point
from integrations.models import Batch, Dispatch, SyncRun
from integrations.sync import completion
from integrations.sync.completion import Done
from integrations.sync.lease import beat
from integrations.sync.refusals import ends_run
from integrations.sync.workspace import Workspace
from integrations.systems.wire import encode

SAME_REFUSAL_FOR = timedelta(hours=24)  # an unchanged write that was refused is not sent again before that
OPERATIONS: Mapping[Action, Operation] = {Action.CREATE: "create", Action.UPDATE: "update", Action.VOID: "void"}
SETTLED = (Dispatch.State.ANSWERED, Dispatch.State.REFUSED)
JUDGED = ("state", "answered_at", "ledger_id", "error_code", "error", "vendor_id", "plan", "answer")
_NAMESPACE = uuid.UUID("5d7c1a52-2a0b-5c1e-8f0f-3f6f0c8f5b7d")


@dataclass(frozen=True, slots=True)
class Intent:
    """A change and the exact bytes it is written with."""

    change: Change
    body: bytes


@dataclass(frozen=True, slots=True)
class Past:
    """What was written before for one document on one side: the last write, and how many had a clean answer."""

    last: Dispatch | None = None
    settled: int = 0


def of_document(work: Workspace, ref: Ref, side: Side = Side.LEDGER) -> QuerySet[Dispatch]:
    """Every write there ever was for this document on one side."""
    return _of_side(work, side).filter(kind=ref.kind, practice_id=ref.practice_id, leg=ref.leg)


def _of_side(work: Workspace, side: Side) -> QuerySet[Dispatch]:
    return Dispatch.objects.of(work.firm).filter(pairing=work.pairing, side=side)


def ref_of(dispatch: Dispatch) -> Ref:
    return Ref(Kind(dispatch.kind), dispatch.practice_id, dispatch.leg)


def pasts(work: Workspace, refs: Iterable[Ref], side: Side = Side.LEDGER) -> dict[Ref, Past]:
    """What was written before for these documents, in one statement."""
    found = {ref: Past() for ref in refs}
    known = _of_side(work, side).filter(
        kind__in={r.kind for r in found}, practice_id__in={r.practice_id for r in found}
    )
    for dispatch in known.defer("body", "answer").order_by("id"):
        if (before := found.get(ref_of(dispatch))) is not None:
            found[ref_of(dispatch)] = Past(dispatch, before.settled + (dispatch.state in SETTLED))
    return found


def known_refusal(work: Workspace, past: Past, body: bytes) -> Dispatch | None:
    """The last write, where it was this very one and was refused lately: sending it again is no use."""
    last = past.last
    if last is None or last.state != Dispatch.State.REFUSED or last.body_sha256 != _sha(body):
        return None
    if work.clock.now() - last.prepared_at > SAME_REFUSAL_FOR or last.plan.get("again"):
        return None
    return last


def refused_before(work: Workspace, ref: Ref, body: bytes, side: Side = Side.LEDGER) -> Dispatch | None:
    return known_refusal(work, pasts(work, [ref], side)[ref], body)


def prepare(
    work: Workspace, run: SyncRun, intents: Sequence[Intent], known: Mapping[Ref, Past] | None = None
) -> list[Dispatch]:
    """Commits what is about to be sent: one write, or several of one kind as a batch; unless another worker has the run
    meanwhile: whoever takes it over later sees the intent.

    The revision counts clean answers, so only an unanswered write keeps its id. Raises TakenOver.
    """
    side = intents[0].change.side
    known = known or pasts(work, [intent.change.ref for intent in intents], side)
    dispatches = [_dispatch(work, run, intent, known[intent.change.ref].settled) for intent in intents]
    with transaction.atomic():
        beat(work, run)
        if len(dispatches) > 1:
            _put_together(work, run, dispatches)
        made = Dispatch.objects.of(work.firm).bulk_create(dispatches)
    fault_point("intent")
    return made


def _dispatch(work: Workspace, run: SyncRun, intent: Intent, revision: int) -> Dispatch:
    change, digest, now = intent.change, _sha(intent.body), work.clock.now()
    to = work.pairing.practice if change.side is Side.PRACTICE else work.pairing.ledger
    return Dispatch(
        firm=work.firm,
        pairing=work.pairing,
        run=run,
        side=change.side,
        kind=change.ref.kind,
        practice_id=change.ref.practice_id,
        leg=change.ref.leg,
        action=change.action,
        entity=change.entity,
        operation=operation_of(change),
        request_id=request_id(to.external_account_id, change.ref, change.action, revision, digest),
        revision=revision,
        body=intent.body,
        body_sha256=digest,
        state=Dispatch.State.SENT,
        attempts=1,
        prepared_at=now,
        sent_at=now,
        plan=completion.completion_of(change),
    )


def _put_together(work: Workspace, run: SyncRun, dispatches: Sequence[Dispatch]) -> None:
    """Makes them items of one batch. Its request id comes of theirs, each item's name of its place and its id."""
    for place, dispatch in enumerate(dispatches, start=1):
        dispatch.item = f"{place}-{dispatch.request_id[:6]}"
    batch = Batch.objects.of(work.firm).create(
        firm=work.firm,
        pairing=work.pairing,
        run=run,
        entity=dispatches[0].entity,
        operation=dispatches[0].operation,
        request_id=str(uuid.uuid5(_NAMESPACE, "|".join(dispatch.request_id for dispatch in dispatches))),
        body=work.ledger.batch_body({dispatch.item: _write(dispatch) for dispatch in dispatches}),
        sent_at=dispatches[0].prepared_at,
    )
    for dispatch in dispatches:
        dispatch.batch = batch


def send(work: Workspace, dispatches: Sequence[Dispatch]) -> list[Verdict]:
    """Sends one committed request once, its exact bytes under its request id, and tells what became of each write.

    ``dispatches`` are a single write, or all items of one batch. An error of the whole request is each one's.
    """
    batch = dispatches[0].batch
    try:
        if batch is None:
            (alone,) = dispatches
            return [work.ledger.write(_write(alone))]
        entities = {dispatch.item: dispatch.entity for dispatch in dispatches}
        found = work.ledger.write_batch(bytes(batch.body), batch.request_id, entities)
    except RemoteError as error:
        return [error] * len(dispatches)
    return [found[dispatch.item] for dispatch in dispatches]


def _write(dispatch: Dispatch) -> Write:
    operation: Operation = OPERATIONS[Action(dispatch.operation)]
    return Write(dispatch.entity, operation, bytes(dispatch.body), dispatch.request_id)


def operation_of(change: Change) -> Operation:
    """A document that is emptied, because QuickBooks cannot void its kind, is updated."""
    if change.action is Action.VOID and change.draft is not None:
        return "update"
    return OPERATIONS[change.action]


def settle(work: Workspace, judged: Sequence[tuple[Dispatch, Verdict]]) -> None:
    """Records what became of one request's writes: in one transaction, in a few statements. Raises TakenOver."""
    fault_point("answer")
    with transaction.atomic():
        work.hold.check()
        _complete(work, [(dispatch, verdict) for dispatch, verdict in judged if not isinstance(verdict, RemoteError)])
        _refuse(work, [(d, error) for d, error in judged if isinstance(error, RemoteError) and _is_refusal(error)])
        _withdraw(work, [(d, error) for d, error in judged if isinstance(error, RemoteError) and _is_vain(error)])
        _leave_open([(dispatch, error) for dispatch, error in judged if isinstance(error, Garbled)])
    fault_point("completion")


def _is_vain(error: RemoteError) -> bool:
    """Nothing was done, and not because of the record."""
    return not isinstance(error, Garbled) and (isinstance(error, Stale) or ends_run(error))


def _is_refusal(error: RemoteError) -> bool:
    return not isinstance(error, Garbled) and not _is_vain(error)


def _complete(work: Workspace, answered: Sequence[tuple[Dispatch, Raw]]) -> None:
    """The writes are answered; links, our copies and the history say so."""
    for dispatch, answer in answered:
        _answered(work, dispatch, answer)
        dispatch.ledger_id = text(answer, "Id")
    _save([dispatch for dispatch, _ in answered])
    completion.keep(work, [_done(dispatch, answer) for dispatch, answer in answered])


def _answered(work: Workspace, dispatch: Dispatch, answer: Raw) -> None:
    dispatch.state, dispatch.answered_at = Dispatch.State.ANSWERED, work.clock.now()
    dispatch.answer = encode(dict(answer))


def _done(dispatch: Dispatch, answer: Raw) -> Done:
    ref, plan, entity, ledger_id = ref_of(dispatch), dispatch.plan, dispatch.entity, dispatch.ledger_id
    return Done(ref, plan, entity, ledger_id, answer, dispatch.run_id, dispatch)


def complete_practice(work: Workspace, dispatch: Dispatch, answer: Raw) -> None:
    """The same for a write to Clio that was done; ``answer`` is the contact as Clio says it now. Raises TakenOver."""
    _answered(work, dispatch, answer)
    fault_point("answer")
    with transaction.atomic():
        work.hold.check()
        _save([dispatch])
        completion.keep_practice(work, ref_of(dispatch), dispatch, answer)
    fault_point("completion")


def refuse(work: Workspace, dispatch: Dispatch, error: RemoteError) -> None:
    """Records a known refusal: nothing was done. Raises TakenOver."""
    with transaction.atomic():
        work.hold.check()
        _refuse(work, [(dispatch, error)])


def withdraw(work: Workspace, dispatch: Dispatch, error: RemoteError) -> None:
    """Nothing was done and the record is not at fault. Raises TakenOver."""
    with transaction.atomic():
        work.hold.check()
        _withdraw(work, [(dispatch, error)])


def leave_open(work: Workspace, dispatch: Dispatch, error: RemoteError) -> None:
    """Nobody can tell whether it was done. Raises TakenOver."""
    with transaction.atomic():
        work.hold.check()
        _leave_open([(dispatch, error)])


def _refuse(work: Workspace, refused: Sequence[tuple[Dispatch, RemoteError]]) -> None:
    _note_refusals(work, refused)
    _save([dispatch for dispatch, _ in refused])
    completion.note_refused(work, refused)


def _withdraw(work: Workspace, refused: Sequence[tuple[Dispatch, RemoteError]]) -> None:
    """The very same write may be sent as soon as it can be."""
    _note_refusals(work, refused)
    for dispatch, _ in refused:
        dispatch.plan = {**dispatch.plan, "again": True}
    _save([dispatch for dispatch, _ in refused])


def _leave_open(unanswered: Sequence[tuple[Dispatch, RemoteError]]) -> None:
    for dispatch, error in unanswered:
        dispatch.state, dispatch.error = Dispatch.State.UNKNOWN, error.message
    _save([dispatch for dispatch, _ in unanswered])


def give_up(work: Workspace, dispatch: Dispatch, reason: str) -> None:
    """Nothing was done. "again" lets the very same body be sent anew, as a new write."""
    dispatch.plan = {**dispatch.plan, "again": True}
    dispatch.state, dispatch.error, dispatch.answered_at = Dispatch.State.REFUSED, reason, work.clock.now()
    _save([dispatch])


def free(work: Workspace, problems: Iterable[Problem]) -> None:
    """A plan that stops short of a refused write sees its cause; once that is gone the write may be sent as it is."""
    refs = {problem.ref for problem in problems if problem.blocks}
    if not refs:
        return
    refused = _of_side(work, Side.LEDGER).filter(state=Dispatch.State.REFUSED)
    for dispatch in refused.filter(practice_id__in={ref.practice_id for ref in refs}):
        if ref_of(dispatch) in refs and not dispatch.plan.get("again"):
            dispatch.plan = {**dispatch.plan, "again": True}
            dispatch.save(update_fields=["plan"])


def _note_refusals(work: Workspace, refused: Sequence[tuple[Dispatch, RemoteError]]) -> None:
    now = work.clock.now()
    for dispatch, error in refused:
        dispatch.state, dispatch.answered_at = Dispatch.State.REFUSED, now
        dispatch.error_code, dispatch.error = error.code[:32], error.message
        dispatch.vendor_id = error.trace.vendor_id[:64]


def _save(dispatches: Sequence[Dispatch]) -> None:
    """In one statement. That of several names each value by a case, which is dear where there is but one."""
    if len(dispatches) == 1:
        dispatches[0].save(update_fields=JUDGED)
    elif dispatches:
        Dispatch.objects.of(dispatches[0].firm_id).bulk_update(dispatches, JUDGED)


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
