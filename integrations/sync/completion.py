"""What a write leaves behind once it is known to have been done: the link, our copy, a line of history.

Everything is recorded for many writes at once, in a few statements; the caller holds the transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.core.changes import Action, Change
from integrations.core.errors import RemoteError
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, money
from integrations.core.records import Kind, Ref
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
from integrations.sync.workspace import Workspace

OUTCOME = {
    Action.CREATE: SyncEvent.Outcome.CREATED,
    Action.UPDATE: SyncEvent.Outcome.UPDATED,
    Action.VOID: SyncEvent.Outcome.VOIDED,
    Action.ADOPT: SyncEvent.Outcome.ADOPTED,
    Action.UNLINK: SyncEvent.Outcome.UNLINKED,
    Action.ACCEPT: SyncEvent.Outcome.ACCEPTED,
    Action.MOVE: SyncEvent.Outcome.ADOPTED,
}
LINKED = ("state", "ledger_entity", "ledger_id", "practice_fingerprint", "ledger_fingerprint", "base")


@dataclass(frozen=True, slots=True)
class Done:
    """One document that is what ``plan`` (see ``completion_of``) wanted it to be, and ``raw`` as QuickBooks says it."""

    ref: Ref
    plan: Mapping[str, Any]
    entity: str
    ledger_id: str
    raw: Raw
    run_id: int
    dispatch: Dispatch | None = None


def completion_of(change: Change) -> dict[str, object]:
    """What has to be recorded once the write is known to have been done, whoever finds that out."""
    draft = change.draft
    return {
        "action": change.action,
        "practice_fingerprint": change.practice_fingerprint,
        "title": change.title,
        "reason": change.reason,
        "amount": str(draft.amount if draft else change.amount),
        "base": dict(change.base) if change.base is not None else _learnt(change),
        "replaces": key_of(change.replaces),
        "closes": key_of(change.closes),
        "joins": key_of(change.joins),
        "postings": [
            {"account": line.account, "debit": str(line.debit), "credit": str(line.credit)}
            for line in change.postings()
        ],
    }


def keep(work: Workspace, done: Sequence[Done]) -> None:
    """The documents as they were answered, their links, and a line of history for each."""
    for entity in dict.fromkeys(one.entity for one in done):
        rows = [one.raw for one in done if one.entity == entity]
        mirror.keep_ledger(work.pairing, entity, rows, settled=True)
        if entity in NUMBERED:
            mirror.keep_numbers(work.pairing, entity, rows)
    _link(work, done)
    _event(work, [_line(work, one) for one in done])


def record(work: Workspace, run: SyncRun, change: Change, raw: Raw) -> None:
    """Links a document that is already there, or takes it as it is now; nothing is written to QuickBooks."""
    done = Done(change.ref, completion_of(change), change.entity, change.ledger_id, raw, run.pk)
    with transaction.atomic():
        mirror.keep_ledger(work.pairing, change.entity, [raw], settled=True)
        _link(work, [done])
        _event(work, [_line(work, done)])


def unlink(work: Workspace, run: SyncRun, change: Change) -> None:
    """Forgets a link; the row stays as a tombstone, with what the plan has it remember."""
    remembered = {} if change.base is None else {"base": dict(change.base)}
    _note(work, run, change, {"state": EntityLink.State.UNLINKED, **remembered})


def hand_over(work: Workspace, run: SyncRun, change: Change) -> None:
    """Moves a link to the record that took the other one's place; what both sides last agreed on stays known."""
    assert change.replaces
    _note(work, run, change, {"practice_id": change.ref.practice_id, "leg": change.ref.leg}, of=change.replaces)


def accept_absence(work: Workspace, run: SyncRun, change: Change) -> None:
    """Takes it as agreed that the document is no longer in QuickBooks; the link stays, so nothing takes its place."""
    _note(work, run, change, {"practice_fingerprint": change.practice_fingerprint, "base": dict(change.base or {})})


def _note(work: Workspace, run: SyncRun, change: Change, values: Mapping[str, object], of: Ref | None = None) -> None:
    done = Done(change.ref, completion_of(change), change.entity, change.ledger_id, {}, run.pk)
    with transaction.atomic():
        _links(work, [of or change.ref]).update(**values)
        _event(work, [_line(work, done)])


def keep_practice(work: Workspace, ref: Ref, dispatch: Dispatch, answer: Raw) -> None:
    """The same for a write to Clio; ``answer`` is the contact as Clio says it now."""
    mirror.keep_practice(work.pairing, CONTACTS, [answer])
    link = _links(work, [ref]).first()
    if link is not None:
        link.base = _after_practice(link.base, dispatch.plan.get("base") or {}, answer)
        link.save(update_fields=["base"])
    of = (link.ledger_entity, link.ledger_id) if link else ("", "")
    _event(work, [_line(work, Done(ref, dispatch.plan, *of, answer, dispatch.run_id, dispatch))])


def _after_practice(base: dict[str, object], learnt: Mapping[str, object], answer: Raw) -> dict[str, object]:
    try:
        return after_practice(base, learnt, answer)
    except Unreadable:  # the next plan sees for itself that both sides say the same
        return base


def note_agreed(work: Workspace, agreed: Mapping[Ref, Mapping[str, object]]) -> None:
    """Fields of linked contacts that both sides say alike: what later changes are measured against."""
    for ref, known in agreed.items():
        for link in _links(work, [ref]):
            link.base = {**link.base, "fields": fields_with(link.base, known)}
            link.save(update_fields=["base"])


def note_refused(work: Workspace, refused: Iterable[tuple[Dispatch, RemoteError]]) -> None:
    """A line of history for each write that was refused."""
    lines = [
        SyncEvent(
            firm=work.firm,
            pairing=work.pairing,
            run_id=dispatch.run_id,
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
        for dispatch, error in refused
    ]
    _event(work, lines)


def _learnt(change: Change) -> dict[str, object]:
    """What the link of a contact learns of its fields."""
    if isinstance(change.draft, CustomerDraft):
        return change.draft.base(change.action)
    return change.draft.base() if isinstance(change.draft, ContactDraft) else {}


def key_of(ref: Ref | None) -> list[str] | None:
    """A Ref as a plan keeps it."""
    return [ref.kind, ref.practice_id, ref.leg] if ref else None


def _ref(key: object) -> Ref | None:
    return Ref(Kind(key[0]), key[1], key[2]) if isinstance(key, list) else None


def _links(work: Workspace, refs: Iterable[Ref]) -> QuerySet[EntityLink]:
    """The links of these documents that are no tombstones."""
    wanted = Q(pk__in=[])
    for ref in refs:
        wanted |= Q(kind=ref.kind, practice_id=ref.practice_id, leg=ref.leg)
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing).exclude(state=EntityLink.State.UNLINKED)
    return links.filter(wanted)


def _link(work: Workspace, done: Sequence[Done]) -> None:
    """Makes each link say what was done; the writes of one call have no link in common."""
    _end(work, done)
    wanted = {ref: one for one in done for ref in (one.ref, _ref(one.plan.get("joins"))) if ref}
    standing = {Ref(Kind(link.kind), link.practice_id, link.leg): link for link in _links(work, wanted)}
    made, moved = [], []
    for ref, one in wanted.items():
        values = _values(one, standing.get(one.ref))
        link = standing.get(ref)
        if link is None:
            who = {"kind": ref.kind, "practice_id": ref.practice_id, "leg": ref.leg}
            made.append(EntityLink(firm=work.firm, pairing=work.pairing, **who, **values))
            continue
        for name, value in values.items():
            setattr(link, name, value)
        moved.append(link)
    links = EntityLink.objects.of(work.firm)
    links.bulk_update(moved, LINKED)
    links.bulk_create(made)


def _end(work: Workspace, done: Sequence[Done]) -> None:
    """Links that are over: they move to another document, or what they stand for is taken back."""
    for name, state in (("replaces", EntityLink.State.UNLINKED), ("closes", EntityLink.State.VOIDED)):
        over = [ref for one in done if (ref := _ref(one.plan.get(name)))]
        if over:
            _links(work, over).update(state=state)


def _values(one: Done, known: EntityLink | None) -> dict[str, Any]:
    """What the link says from now on; ``known`` is what it was."""
    plan, learnt = _as_answered(one), one.plan.get("base") or {}
    is_void = plan["action"] == Action.VOID or plan.get("closes") == key_of(one.ref)
    if one.entity == "Customer":  # what was agreed on with one customer says nothing of another
        before = dict(known.base) if known is not None and known.ledger_id == one.ledger_id else {}
        learnt = after_ledger(before, learnt, one.raw)
    return {
        "state": EntityLink.State.VOIDED if is_void else EntityLink.State.LIVE,
        "ledger_entity": one.entity,
        "ledger_id": one.ledger_id,
        "practice_fingerprint": plan["practice_fingerprint"],
        "ledger_fingerprint": ledger_fingerprint(one.entity, one.raw),
        "base": learnt,
    }


def _as_answered(one: Done) -> Mapping[str, Any]:
    """The plan; where QuickBooks made another amount of a sales form, one that has to be put right (rule R3.3)."""
    is_document = one.dispatch is not None and one.entity in NUMBERED and one.dispatch.operation != Action.VOID
    if is_document and money(one.raw, "TotalAmt") != Decimal(one.plan["amount"]):
        return {**one.plan, "practice_fingerprint": ""}
    return one.plan


def _event(work: Workspace, lines: Sequence[SyncEvent]) -> None:
    SyncEvent.objects.of(work.firm).bulk_create(lines)


def _line(work: Workspace, one: Done) -> SyncEvent:
    moves_money = one.ref.kind is not Kind.CONTACT
    return SyncEvent(
        firm=work.firm,
        pairing=work.pairing,
        run_id=one.run_id,
        dispatch=one.dispatch,
        at=work.clock.now(),
        kind=one.ref.kind,
        practice_id=one.ref.practice_id,
        leg=one.ref.leg,
        ledger_entity=one.entity,
        ledger_id=one.ledger_id,
        outcome=OUTCOME[Action(str(one.plan["action"]))],
        title=str(one.plan.get("title", ""))[:600],
        message=str(one.plan.get("reason", "")),
        amount=Decimal(str(one.plan.get("amount") or ZERO)) if moves_money else None,
        currency=work.pairing.ledger.currency if moves_money else "",
        postings=one.plan.get("postings") or [],
    )
