"""Carrying out a plan: every write is committed before it is sent and completed in one transaction after it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction

from integrations.core.changes import Action, Change, Problem, request_id
from integrations.core.errors import Garbled, Malformed, NotFound, Refused, RemoteError, Stale
from integrations.core.money import ZERO
from integrations.core.ports import Operation, Raw, Write
from integrations.core.read import money, text
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Catalog, Holder
from integrations.kinds.contact import decode_customer
from integrations.kinds.group import LinkState
from integrations.kinds.invoice_draft import InvoiceDraft
from integrations.kinds.plan_contacts import CustomerDraft
from integrations.models import Dispatch, EntityLink, SyncEvent, SyncRun
from integrations.sync import mirror
from integrations.sync.groups import FINGERPRINT
from integrations.systems.wire import encode
from integrations.sync.workspace import Workspace

SAME_REFUSAL_FOR = timedelta(hours=24)  # an unchanged write that was refused is not sent again before that
REPLAYS = 2  # the same bytes under the same request id, while the first try is young
REPLAY_AFTER_S = 5.0

OUTCOME = {
    Action.CREATE: SyncEvent.Outcome.CREATED,
    Action.UPDATE: SyncEvent.Outcome.UPDATED,
    Action.VOID: SyncEvent.Outcome.VOIDED,
    Action.ADOPT: SyncEvent.Outcome.ADOPTED,
}
# QuickBooks error code to the issue it becomes (Intuit docs: error codes).
CODES = {"6140": "duplicate_number", "6240": "name_taken", "6540": "deposited_payment", "6210": "period_closed"}


@dataclass
class Result:
    """What became of one group's changes."""

    done: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    waiting: list[Ref] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.problems and not self.waiting


class Executor:
    """Applies plans of one run. Raises RemoteError only where no further write makes sense (see ``_ends_run``)."""

    def __init__(self, work: Workspace, run: SyncRun, catalog: Catalog, links: Mapping[Ref, LinkState]) -> None:
        self.work, self.run, self.catalog = work, run, catalog
        self._ids = {ref: link.ledger_id for ref, link in links.items() if not link.is_voided}
        self._links = dict(links)

    # Books

    def ledger_id(self, ref: Ref) -> str:
        return self._ids[ref]

    def is_ours(self, txn_type: str, txn_id: str) -> bool:
        return (txn_type, txn_id) in self.catalog.owners

    # Applying

    def apply(self, changes: tuple[Change, ...], unresolved: set[Ref]) -> Result:
        """Applies the changes in order; what depends on a refused one waits behind the same issue (rule R1.5).

        ``unresolved`` are documents with a write of unknown outcome; they and what depends on them wait too.
        """
        result = Result()
        stuck: set[Ref] = set()
        for change in changes:
            if change.ref in unresolved:
                stuck.add(change.ref)
                result.problems.append(_unresolved(change))
                continue
            if change.after & stuck:
                stuck.add(change.ref)
                result.waiting.append(change.ref)
                continue
            problem = self._apply_one(change)
            if problem is None:
                result.done.append(change)
                continue
            stuck.add(change.ref)
            result.problems.append(problem)
        return result

    def _apply_one(self, change: Change) -> Problem | None:
        if change.action is Action.ADOPT:
            self._complete_adoption(change)
            return None
        current = self._current(change)
        if change.action is not Action.CREATE and current is None:
            return _unread(change)
        body = encode(self._body(change, current))
        if refused := self._refused_before(change, body):
            return refused
        dispatch = self._prepare(change, body)
        try:
            answer = self._send(dispatch)
        except Garbled as error:
            return self._unknown(dispatch, change, error)
        except RemoteError as error:
            return self._refused(dispatch, change, error)
        complete(self.work, dispatch, answer)
        return self._after(change, answer)

    def _body(self, change: Change, current: Raw | None) -> dict[str, object]:
        if change.draft is not None:
            return change.draft.encode(self, current)
        assert current is not None  # only creates have nothing current
        return {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken"), "sparse": True}

    def _current(self, change: Change) -> Raw | None:
        if not change.ledger_id:
            return None
        kept = mirror.one(self.work.pairing, change.entity, change.ledger_id)
        return None if kept is None or kept.is_deleted else kept.data

    def _refused_before(self, change: Change, body: bytes) -> Problem | None:
        """The very write that QuickBooks refused: sent again only once something in it changed, or a day later."""
        last = _dispatches(self.work, change.ref).order_by("-id").first()
        if last is None or last.state != Dispatch.State.REFUSED or last.body_sha256 != _sha(body):
            return None
        if self.work.clock.now() - last.prepared_at > SAME_REFUSAL_FOR or last.plan.get("again"):
            return None
        return _refusal(change, last.error_code, last.error)

    def _prepare(self, change: Change, body: bytes) -> Dispatch:
        """Commits the intent. The revision counts clean answers, so only an unanswered write keeps its id."""
        digest = _sha(body)
        past = _dispatches(self.work, change.ref)
        revision = past.filter(state__in=[Dispatch.State.ANSWERED, Dispatch.State.REFUSED]).count()
        realm = self.work.pairing.ledger.external_account_id
        now = self.work.clock.now()
        return Dispatch.objects.of(self.work.firm).create(
            firm=self.work.firm,
            pairing=self.work.pairing,
            run=self.run,
            kind=change.ref.kind,
            practice_id=change.ref.practice_id,
            leg=change.ref.leg,
            action=change.action,
            entity=change.entity,
            operation=change.action,
            request_id=request_id(realm, change.ref, change.action, revision, digest),
            revision=revision,
            body=body,
            body_sha256=digest,
            state=Dispatch.State.SENT,
            attempts=1,
            prepared_at=now,
            sent_at=now,
            plan=_completion(change),
        )

    def _send(self, dispatch: Dispatch) -> Raw:
        """The write, and while it is young the same bytes again under the same request id."""
        for attempt in range(REPLAYS + 1):
            try:
                return send(self.work, dispatch)
            except Garbled:
                if attempt == REPLAYS:
                    raise
                self.work.clock.sleep(REPLAY_AFTER_S)
        raise AssertionError("unreachable")

    def _unknown(self, dispatch: Dispatch, change: Change, error: RemoteError) -> Problem:
        dispatch.state, dispatch.error = Dispatch.State.UNKNOWN, error.message
        dispatch.save(update_fields=["state", "error"])
        return _unresolved(change)

    def _refused(self, dispatch: Dispatch, change: Change, error: RemoteError) -> Problem:
        refuse(self.work, dispatch, error)
        if _ends_run(error):
            raise error
        if error.code == "6240" and isinstance(change.draft, CustomerDraft):
            self.catalog.claim_name(change.draft.name or "", "somebody else")
        return _refusal(change, error.code, error.message)

    def _after(self, change: Change, answer: Raw) -> Problem | None:
        """Keeps the indexes current, and checks that QuickBooks did not change the amount (rule R3.3)."""
        ledger_id = text(answer, "Id")
        if change.replaces:
            self._ids.pop(change.replaces, None)
        if change.action is Action.VOID:
            self._ids.pop(change.ref, None)
            return None
        self._ids[change.ref] = ledger_id
        self.catalog.owners[change.entity, ledger_id] = change.ref
        if change.entity == "Customer":
            self.catalog.add_customers([decode_customer(answer)])
        if isinstance(change.draft, InvoiceDraft):
            self.catalog.add_number(change.draft.number, Holder("Invoice", ledger_id, change.ref))
            if money(answer, "TotalAmt") != change.draft.amount:
                return self._take_back(change, answer)
        return None

    def _take_back(self, change: Change, answer: Raw) -> Problem:
        """Rule R3.3: an invoice whose total QuickBooks changed is voided at once."""
        assert change.draft is not None
        void = Change(
            Action.VOID, change.ref, change.entity, change.title, "QuickBooks changed its total", text(answer, "Id")
        )
        self._apply_one(void)
        links = EntityLink.objects.of(self.work.firm).filter(
            pairing=self.work.pairing, ledger_entity=change.entity, ledger_id=text(answer, "Id")
        )
        tax_engine = self.work.pairing.ledger_profile.get("tax_engine", "")
        links.update(base={"refused_total_under": tax_engine})
        return Problem(
            "total_mismatch",
            change.ref,
            f"QuickBooks made {money(answer, 'TotalAmt')} of {change.title}, which is {change.draft.amount} in Clio "
            "(its tax engine adds tax). The invoice was voided at once. Switch automatic sales tax off in QuickBooks; "
            "the portal tries again when the setting has changed.",
            title=change.title,
            ledger_id=text(answer, "Id"),
        )

    def _complete_adoption(self, change: Change) -> None:
        with transaction.atomic():
            kept = mirror.one(self.work.pairing, change.entity, change.ledger_id)
            raw = kept.data if kept else self.catalog.invoices.get(change.ledger_id, {})
            if kept is None:
                mirror.keep_ledger(self.work.pairing, change.entity, [raw], settled=True)
            plan = _completion(change)
            _link(self.work, change.ref, plan, change.entity, change.ledger_id, raw)
            _event(self.work, self.run, None, change.ref, plan, change.entity, change.ledger_id)
        self._ids[change.ref] = change.ledger_id
        self.catalog.owners[change.entity, change.ledger_id] = change.ref


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _dispatches(work: Workspace, ref: Ref):
    return Dispatch.objects.of(work.firm).filter(
        pairing=work.pairing, kind=ref.kind, practice_id=ref.practice_id, leg=ref.leg
    )


def _completion(change: Change) -> dict[str, object]:
    """What has to be recorded once the write is known to have been done, whoever finds that out."""
    draft = change.draft
    base = {"name": draft.contact.name} if isinstance(draft, CustomerDraft) else {}
    replaces = change.replaces
    return {
        "action": change.action,
        "practice_fingerprint": change.practice_fingerprint,
        "title": change.title,
        "reason": change.reason,
        "amount": str(draft.amount if draft else change.amount),
        "base": base,
        "replaces": [replaces.kind, replaces.practice_id, replaces.leg] if replaces else None,
        "postings": [
            {"account": line.account, "debit": str(line.debit), "credit": str(line.credit)} for line in change.postings()
        ],
    }


def send(work: Workspace, dispatch: Dispatch) -> Raw:
    """Sends a committed dispatch once, its exact bytes under its request id."""
    operation: Operation = "create"
    if dispatch.operation == Action.UPDATE:
        operation = "update"
    elif dispatch.operation == Action.VOID:
        operation = "void"
    return work.ledger.write(Write(dispatch.entity, operation, bytes(dispatch.body), dispatch.request_id))


def complete(work: Workspace, dispatch: Dispatch, answer: Raw) -> None:
    """One transaction: the dispatch is answered, the link, our copy and the history say so."""
    ref = Ref(Kind(dispatch.kind), dispatch.practice_id, dispatch.leg)
    ledger_id = text(answer, "Id")
    with transaction.atomic():
        dispatch.state, dispatch.answered_at, dispatch.ledger_id = Dispatch.State.ANSWERED, work.clock.now(), ledger_id
        dispatch.save(update_fields=["state", "answered_at", "ledger_id"])
        mirror.keep_ledger(work.pairing, dispatch.entity, [answer], settled=True)
        if dispatch.entity == "Invoice":
            mirror.keep_numbers(work.pairing, "Invoice", [answer])
        _link(work, ref, dispatch.plan, dispatch.entity, ledger_id, answer)
        _event(work, dispatch.run, dispatch, ref, dispatch.plan, dispatch.entity, ledger_id)


def refuse(work: Workspace, dispatch: Dispatch, error: RemoteError) -> None:
    """Records a known refusal: nothing was done."""
    dispatch.state, dispatch.answered_at = Dispatch.State.REFUSED, work.clock.now()
    dispatch.error_code, dispatch.error, dispatch.vendor_id = error.code[:32], error.message, error.trace.vendor_id[:64]
    with transaction.atomic():
        dispatch.save(update_fields=["state", "answered_at", "error_code", "error", "vendor_id"])
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


def _link(work: Workspace, ref: Ref, plan: Mapping[str, object], entity: str, ledger_id: str, raw: Raw) -> None:
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing).exclude(state=EntityLink.State.UNLINKED)
    if isinstance(moved := plan.get("replaces"), list):
        links.filter(kind=moved[0], practice_id=moved[1], leg=moved[2]).update(state=EntityLink.State.UNLINKED)
    is_void = plan["action"] == Action.VOID
    links.update_or_create(
        pairing=work.pairing,
        kind=ref.kind,
        practice_id=ref.practice_id,
        leg=ref.leg,
        defaults={
            "state": EntityLink.State.VOIDED if is_void else EntityLink.State.LIVE,
            "ledger_entity": entity,
            "ledger_id": ledger_id,
            "practice_fingerprint": plan["practice_fingerprint"],
            "ledger_fingerprint": FINGERPRINT[ref.kind](raw),
            "base": plan.get("base") or {},
        },
        create_defaults={
            "firm": work.firm,
            "pairing": work.pairing,
            "kind": ref.kind,
            "practice_id": ref.practice_id,
            "leg": ref.leg,
            "state": EntityLink.State.LIVE,
            "ledger_entity": entity,
            "ledger_id": ledger_id,
            "practice_fingerprint": plan["practice_fingerprint"],
            "ledger_fingerprint": FINGERPRINT[ref.kind](raw),
            "base": plan.get("base") or {},
        },
    )


def _event(
    work: Workspace,
    run: SyncRun,
    dispatch: Dispatch | None,
    ref: Ref,
    plan: Mapping[str, object],
    entity: str,
    ledger_id: str,
) -> None:
    amount = str(plan.get("amount") or ZERO)
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
        amount=None if ref.kind is Kind.CONTACT else amount,
        currency="" if ref.kind is Kind.CONTACT else work.pairing.ledger.currency,
        postings=plan.get("postings") or [],
    )


def _ends_run(error: RemoteError) -> bool:
    """Whether the connection, not the record, is at fault: no other write would fare better."""
    return not isinstance(error, Refused | Malformed | NotFound | Stale)


def _refusal(change: Change, code: str, message: str) -> Problem:
    """The issue a refusal becomes, in the bookkeeper's words with the vendor's beside them."""
    issue = CODES.get(code, "rejected")
    if issue == "name_taken" and change.entity != "Customer":
        issue = "rejected"
    said = f"QuickBooks said: {message}" + (f" (code {code})" if code else "")
    text_ = {
        "duplicate_number": f"{change.title} cannot be posted: its number is already used in QuickBooks.",
        "name_taken": f"{change.title} cannot be created: a vendor, employee or customer already has the name. The next "
        "run uses the firm's name template.",
        "deposited_payment": f"{change.title} is part of a bank deposit in QuickBooks, so it cannot be changed. Take it "
        "out of the deposit there; the portal then makes the change. Nothing was half-applied.",
        "period_closed": f"{change.title} falls in a period that is closed in QuickBooks. It is not re-dated.",
        "rejected": f"QuickBooks refused {change.title}. It is tried again when the bill, the mapping or the "
        "QuickBooks document has changed.",
    }[issue]
    return Problem(issue, change.ref, f"{text_} {said}", title=change.title, ledger_id=change.ledger_id)


def _unresolved(change: Change) -> Problem:
    return Problem(
        "unresolved_write",
        change.ref,
        f"QuickBooks gave no clean answer when {change.title} was written, so it may or may not be there. The next "
        "runs find out before anything else is written for it.",
        title=change.title,
    )


def _unread(change: Change) -> Problem:
    return Problem(
        "rejected",
        change.ref,
        f"{change.title}: QuickBooks's side ({change.entity} {change.ledger_id}) could not be read, so it was not changed.",
        title=change.title,
        ledger_id=change.ledger_id,
    )

