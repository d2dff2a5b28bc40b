"""One write and what is recorded of it: committed before it is sent, completed in one transaction after it."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from integrations.core.changes import Action, Change, Problem, request_id
from integrations.core.errors import RemoteError
from integrations.core.money import ZERO
from integrations.core.ports import Operation, Raw, Write
from integrations.core.read import Unreadable, money, text
from integrations.core.records import Kind, Ref, Side
from integrations.faults import fault_point
from integrations.kinds.catalog import NUMBERED
from integrations.kinds.contact_drafts import (
    CONTACTS,
    ContactDraft,
    CustomerDraft,
    after_ledger,
    after_practice,
    fields_with,
)
from integrations.kinds.documents import ledger_fingerprint
from integrations.models import Dispatch, EntityLink, SyncEvent, SyncRun
from integrations.sync import mirror
from integrations.sync.lease import beat
from integrations.sync.workspace import Workspace

SAME_REFUSAL_FOR = timedelta(hours=24)  # an unchanged write that was refused is not sent again before that
OPERATIONS: Mapping[Action, Operation] = {Action.CREATE: "create", Action.UPDATE: "update", Action.VOID: "void"}
OUTCOME = {
    Action.CREATE: SyncEvent.Outcome.CREATED,
    Action.UPDATE: SyncEvent.Outcome.UPDATED,
    Action.VOID: SyncEvent.Outcome.VOIDED,
    Action.ADOPT: SyncEvent.Outcome.ADOPTED,
    Action.UNLINK: SyncEvent.Outcome.UNLINKED,
    Action.ACCEPT: SyncEvent.Outcome.ACCEPTED,
}


def of_document(work: Workspace, ref: Ref, side: Side = Side.LEDGER) -> QuerySet[Dispatch]:
    """Every write there ever was for this document on one side."""
    return Dispatch.objects.of(work.firm).filter(
        pairing=work.pairing, side=side, kind=ref.kind, practice_id=ref.practice_id, leg=ref.leg
    )


def ref_of(dispatch: Dispatch) -> Ref:
    return Ref(Kind(dispatch.kind), dispatch.practice_id, dispatch.leg)


def refused_before(work: Workspace, ref: Ref, body: bytes, side: Side = Side.LEDGER) -> Dispatch | None:
    """The last write, where it was this very one and was refused lately: sending it again is no use."""
    last = of_document(work, ref, side).order_by("-id").first()
    if last is None or last.state != Dispatch.State.REFUSED or last.body_sha256 != _sha(body):
        return None
    if work.clock.now() - last.prepared_at > SAME_REFUSAL_FOR or last.plan.get("again"):
        return None
    return last


def prepare(work: Workspace, run: SyncRun, change: Change, body: bytes) -> Dispatch:
    """Commits the intent, unless another worker has the run meanwhile: whoever takes it over later sees the intent.

    The revision counts clean answers, so only an unanswered write keeps its id. Raises TakenOver.
    """
    digest, now = _sha(body), work.clock.now()
    settled = [Dispatch.State.ANSWERED, Dispatch.State.REFUSED]
    revision = of_document(work, change.ref, change.side).filter(state__in=settled).count()
    to = work.pairing.practice if change.side is Side.PRACTICE else work.pairing.ledger
    with transaction.atomic():
        beat(work, run)
        dispatch = Dispatch.objects.of(work.firm).create(
            firm=work.firm,
            pairing=work.pairing,
            run=run,
            side=change.side,
            kind=change.ref.kind,
            practice_id=change.ref.practice_id,
            leg=change.ref.leg,
            action=change.action,
            entity=change.entity,
            operation=_operation(change),
            request_id=request_id(to.external_account_id, change.ref, change.action, revision, digest),
            revision=revision,
            body=body,
            body_sha256=digest,
            state=Dispatch.State.SENT,
            attempts=1,
            prepared_at=now,
            sent_at=now,
            plan=_completion(change),
        )
    fault_point("intent")
    return dispatch


def send(work: Workspace, dispatch: Dispatch) -> Raw:
    """Sends a committed dispatch once, its exact bytes under its request id. Raises RemoteError."""
    operation: Operation = OPERATIONS[Action(dispatch.operation)]
    return work.ledger.write(Write(dispatch.entity, operation, bytes(dispatch.body), dispatch.request_id))


def _operation(change: Change) -> Operation:
    """A document that is emptied, because QuickBooks cannot void its kind, is updated."""
    if change.action is Action.VOID and change.draft is not None:
        return "update"
    return OPERATIONS[change.action]


def complete(work: Workspace, dispatch: Dispatch, answer: Raw) -> None:
    """One transaction: the dispatch is answered, the link, our copy and the history say so. Raises TakenOver."""
    ref, ledger_id = ref_of(dispatch), text(answer, "Id")
    fault_point("answer")
    with transaction.atomic():
        work.hold.check()
        dispatch.state, dispatch.answered_at, dispatch.ledger_id = Dispatch.State.ANSWERED, work.clock.now(), ledger_id
        dispatch.save(update_fields=["state", "answered_at", "ledger_id"])
        mirror.keep_ledger(work.pairing, dispatch.entity, [answer], settled=True)
        if dispatch.entity in NUMBERED:
            mirror.keep_numbers(work.pairing, dispatch.entity, [answer])
        _link(work, ref, _as_answered(dispatch, answer), dispatch.entity, ledger_id, answer)
        _event(work, dispatch.run, dispatch, ref, dispatch.plan, dispatch.entity, ledger_id)
    fault_point("completion")


def complete_practice(work: Workspace, dispatch: Dispatch, answer: Raw) -> None:
    """The same for a write to Clio; ``answer`` is the contact as Clio says it now."""
    ref, now = ref_of(dispatch), work.clock.now()
    fault_point("answer")
    with transaction.atomic():
        work.hold.check()
        dispatch.state, dispatch.answered_at = Dispatch.State.ANSWERED, now
        dispatch.save(update_fields=["state", "answered_at"])
        mirror.keep_practice(work.pairing, CONTACTS, [answer])
        link = _links(work, ref).first()
        if link is not None:
            link.base = _after_practice(link.base, dispatch.plan.get("base") or {}, answer)
            link.save(update_fields=["base"])
        of = (link.ledger_entity, link.ledger_id) if link else ("", "")
        _event(work, dispatch.run, dispatch, ref, dispatch.plan, *of)
    fault_point("completion")


def _after_practice(base: dict[str, object], learnt: Mapping[str, object], answer: Raw) -> dict[str, object]:
    try:
        return after_practice(base, learnt, answer)
    except Unreadable:  # the next plan sees for itself that both sides say the same
        return base


def note_agreed(work: Workspace, agreed: Mapping[Ref, Mapping[str, object]]) -> None:
    """Fields of linked contacts that both sides say alike: what later changes are measured against."""
    for ref, known in agreed.items():
        for link in _links(work, ref):
            link.base = {**link.base, "fields": fields_with(link.base, known)}
            link.save(update_fields=["base"])


def _as_answered(dispatch: Dispatch, answer: Raw) -> Mapping[str, Any]:
    """The plan; where QuickBooks made another amount of a sales form, one that has to be put right (rule R3.3)."""
    plan: Mapping[str, Any] = dispatch.plan
    is_document = dispatch.entity in NUMBERED and dispatch.operation != Action.VOID
    if is_document and money(answer, "TotalAmt") != Decimal(plan["amount"]):
        return {**plan, "practice_fingerprint": ""}
    return plan


def record(work: Workspace, run: SyncRun, change: Change, raw: Raw) -> None:
    """Links a document that is already there, or takes it as it is now; nothing is written to QuickBooks."""
    with transaction.atomic():
        mirror.keep_ledger(work.pairing, change.entity, [raw], settled=True)
        plan = _completion(change)
        _link(work, change.ref, plan, change.entity, change.ledger_id, raw)
        _event(work, run, None, change.ref, plan, change.entity, change.ledger_id)


def unlink(work: Workspace, run: SyncRun, change: Change) -> None:
    """Forgets a link; the row stays as a tombstone, with what the plan has it remember."""
    remembered = {} if change.base is None else {"base": dict(change.base)}
    _note(work, run, change, {"state": EntityLink.State.UNLINKED, **remembered})


def accept_absence(work: Workspace, run: SyncRun, change: Change) -> None:
    """Takes it as agreed that the document is no longer in QuickBooks; the link stays, so nothing takes its place."""
    _note(work, run, change, {"practice_fingerprint": change.practice_fingerprint, "base": dict(change.base or {})})


def _note(work: Workspace, run: SyncRun, change: Change, values: Mapping[str, object]) -> None:
    with transaction.atomic():
        _links(work, change.ref).update(**values)
        _event(work, run, None, change.ref, _completion(change), change.entity, change.ledger_id)


def refuse(work: Workspace, dispatch: Dispatch, error: RemoteError) -> None:
    """Records a known refusal: nothing was done. Raises TakenOver."""
    _note_refusal(work, dispatch, error)
    with transaction.atomic():
        work.hold.check()
        dispatch.save()
        SyncEvent.objects.of(work.firm).create(
            firm=work.firm,
            pairing=work.pairing,
            run=dispatch.run,
            dispatch=dispatch,
            at=work.clock.now(),
            kind=dispatch.kind,
            practice_id=dispatch.practice_id,
            leg=dispatch.leg,
            ledger_entity=dispatch.entity,
            outcome=SyncEvent.Outcome.FAILED,
            code=error.code[:32],
            title=str(dispatch.plan.get("title", ""))[:600],
            message=error.message,
        )


def withdraw(work: Workspace, dispatch: Dispatch, error: RemoteError) -> None:
    """Nothing was done and the record is not at fault: the very same write may be sent as soon as it can be."""
    _note_refusal(work, dispatch, error)
    dispatch.plan = {**dispatch.plan, "again": True}
    with transaction.atomic():
        work.hold.check()
        dispatch.save()


def leave_open(work: Workspace, dispatch: Dispatch, said: str) -> None:
    """Nobody can tell whether it was done. Raises TakenOver."""
    dispatch.state, dispatch.error = Dispatch.State.UNKNOWN, said
    with transaction.atomic():
        work.hold.check()
        dispatch.save(update_fields=["state", "error"])


def give_up(work: Workspace, dispatch: Dispatch, reason: str) -> None:
    """Nothing was done. "again" lets the very same body be sent anew, as a new write."""
    dispatch.plan = {**dispatch.plan, "again": True}
    dispatch.state, dispatch.error, dispatch.answered_at = Dispatch.State.REFUSED, reason, work.clock.now()
    dispatch.save(update_fields=["plan", "state", "error", "answered_at"])


def free(work: Workspace, problems: Iterable[Problem]) -> None:
    """A plan that stops short of a refused write sees its cause; once that is gone the write may be sent as it is."""
    refs = {problem.ref for problem in problems if problem.blocks}
    if not refs:
        return
    ours = Dispatch.objects.of(work.firm).filter(pairing=work.pairing, side=Side.LEDGER)
    refused = ours.filter(state=Dispatch.State.REFUSED)
    for dispatch in refused.filter(practice_id__in={ref.practice_id for ref in refs}):
        if ref_of(dispatch) in refs and not dispatch.plan.get("again"):
            dispatch.plan = {**dispatch.plan, "again": True}
            dispatch.save(update_fields=["plan"])


def _note_refusal(work: Workspace, dispatch: Dispatch, error: RemoteError) -> None:
    dispatch.state, dispatch.answered_at = Dispatch.State.REFUSED, work.clock.now()
    dispatch.error_code, dispatch.error, dispatch.vendor_id = error.code[:32], error.message, error.trace.vendor_id[:64]


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _learnt(change: Change) -> dict[str, object]:
    """What the link of a contact learns of its fields."""
    if isinstance(change.draft, CustomerDraft):
        return change.draft.base(change.action)
    return change.draft.base() if isinstance(change.draft, ContactDraft) else {}


def _completion(change: Change) -> dict[str, object]:
    """What has to be recorded once the write is known to have been done, whoever finds that out."""
    draft = change.draft
    return {
        "action": change.action,
        "practice_fingerprint": change.practice_fingerprint,
        "title": change.title,
        "reason": change.reason,
        "amount": str(draft.amount if draft else change.amount),
        "base": dict(change.base) if change.base is not None else _learnt(change),
        "replaces": _key(change.replaces),
        "closes": _key(change.closes),
        "joins": _key(change.joins),
        "postings": [
            {"account": line.account, "debit": str(line.debit), "credit": str(line.credit)}
            for line in change.postings()
        ],
    }


def _key(ref: Ref | None) -> list[str] | None:
    return [ref.kind, ref.practice_id, ref.leg] if ref else None


def _ref(key: object) -> Ref | None:
    return Ref(Kind(key[0]), key[1], key[2]) if isinstance(key, list) else None


def _links(work: Workspace, ref: Ref) -> QuerySet[EntityLink]:
    """The link of this document that is not a tombstone."""
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing).exclude(state=EntityLink.State.UNLINKED)
    return links.filter(kind=ref.kind, practice_id=ref.practice_id, leg=ref.leg)


def _link(work: Workspace, ref: Ref, plan: Mapping[str, Any], entity: str, ledger_id: str, raw: Raw) -> None:
    for name, state in (("replaces", EntityLink.State.UNLINKED), ("closes", EntityLink.State.VOIDED)):
        if over := _ref(plan.get(name)):
            _links(work, over).update(state=state)
    is_void = plan["action"] == Action.VOID or plan.get("closes") == _key(ref)
    known, learnt = _links(work, ref).first(), plan.get("base") or {}
    if entity == "Customer":  # what was agreed on with one customer says nothing of another
        before = known.base if known is not None and known.ledger_id == ledger_id else {}
        learnt = after_ledger(before, learnt, raw)
    values = {
        "state": EntityLink.State.VOIDED if is_void else EntityLink.State.LIVE,
        "ledger_entity": entity,
        "ledger_id": ledger_id,
        "practice_fingerprint": plan["practice_fingerprint"],
        "ledger_fingerprint": ledger_fingerprint(entity, raw),
        "base": learnt,
    }
    for one in (ref, _ref(plan.get("joins"))):
        if one:
            who = {"pairing": work.pairing, "kind": one.kind, "practice_id": one.practice_id, "leg": one.leg}
            made = {**who, **values, "firm": work.firm}
            _links(work, one).update_or_create(**who, defaults=values, create_defaults=made)


def _event(
    work: Workspace,
    run: SyncRun,
    dispatch: Dispatch | None,
    ref: Ref,
    plan: Mapping[str, object],
    entity: str,
    ledger_id: str,
) -> None:
    moves_money = ref.kind is not Kind.CONTACT
    SyncEvent.objects.of(work.firm).create(
        firm=work.firm,
        pairing=work.pairing,
        run=run,
        dispatch=dispatch,
        at=work.clock.now(),
        kind=ref.kind,
        practice_id=ref.practice_id,
        leg=ref.leg,
        ledger_entity=entity,
        ledger_id=ledger_id,
        outcome=OUTCOME[Action(str(plan["action"]))],
        title=str(plan.get("title", ""))[:600],
        message=str(plan.get("reason", "")),
        amount=str(plan.get("amount") or ZERO) if moves_money else None,
        currency=work.pairing.ledger.currency if moves_money else "",
        postings=plan.get("postings") or [],
    )
