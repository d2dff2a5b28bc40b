"""Carrying out a plan: each change of a group in its order, what depends on a refused one waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.core.changes import LOCAL, Action, Change, Problem
from integrations.core.errors import Garbled, RemoteError, Stale
from integrations.core.ports import Raw
from integrations.core.read import money, text
from integrations.core.records import Kind, Ref, Side
from integrations.kinds.catalog import Catalog, Holder
from integrations.kinds.contact import decode_customer
from integrations.kinds.contact_drafts import CustomerDraft
from integrations.kinds.credit_note import CreditMemoDraft, EmptiedMemo
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.group import LinkState
from integrations.kinds.invoice_draft import InvoiceDraft
from integrations.kinds.payment import applied_by
from integrations.models import Dispatch, EntityLink, SyncRun
from integrations.sync import dispatches, mirror, practice, refusals
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query
from integrations.systems.wire import encode

REPLAYS = 2  # the same bytes under the same request id, while the first try is young
REPLAY_AFTER_S = 5.0


@dataclass
class Result:
    """What became of one group's changes; ``ended_by`` is set where no further write of the run makes sense."""

    done: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    waiting: list[Ref] = field(default_factory=list)
    ended_by: RemoteError | None = None
    again: bool = False  # what was done shows more to do, or no longer fits the plan


class Executor:
    """Applies the plan of one group; what drafts need to know of the ledger meanwhile (``Books``) is asked here."""

    def __init__(self, work: Workspace, run: SyncRun, catalog: Catalog, links: Mapping[Ref, LinkState]) -> None:
        self.work, self.run, self.catalog = work, run, catalog
        self._ids = {ref: link.ledger_id for ref, link in links.items() if not link.is_voided}
        self._moved: set[tuple[str, str]] = set()  # documents that our own writes gave another SyncToken

    def ledger_id(self, ref: Ref) -> str:
        return self._ids[ref]

    def is_ours(self, txn_type: str, txn_id: str) -> bool:
        return (txn_type, txn_id) in self.catalog.owners

    def apply(self, changes: tuple[Change, ...], unresolved: set[Ref]) -> Result:
        """Applies the changes in order; what depends on a refused one waits behind the same issue (rule R1.5).

        ``unresolved`` are documents with a write of unknown outcome; they and what depends on them wait too.
        """
        result = Result()
        stuck: set[Ref] = set()
        for change in changes:
            if change.side is Side.PRACTICE:
                self._to_practice(change, result)
                continue
            if change.after & stuck:
                stuck.add(change.ref)
                result.waiting.append(change.ref)
                continue
            try:
                problem = refusals.unresolved(change) if change.ref in unresolved else self._apply_one(change)
            except RemoteError as error:
                result.ended_by = error
                return result
            if problem is None:
                result.done.append(change)
                result.again |= _shows_more(change)
                continue
            if not self._is_there(change):
                stuck.add(change.ref)
            result.problems.append(problem)
        return result

    def _to_practice(self, change: Change, result: Result) -> None:
        """Nothing in the ledger waits for a change in Clio."""
        outcome = practice.write(self.work, self.run, change, self)
        result.again |= outcome.moved or outcome == practice.DONE
        if outcome.problem:
            result.problems.append(outcome.problem)
        elif outcome.waits:
            result.waiting.append(change.ref)
        else:
            result.done.append(change)

    def _is_there(self, change: Change) -> bool:
        """A customer that cannot be changed is still there, so its bills go on."""
        return change.ref.kind is Kind.CONTACT and change.ref in self._ids

    def would_send(self, changes: tuple[Change, ...]) -> list[Change]:
        """Of a plan that is only looked at: without the writes QuickBooks refused before and what waits behind them."""
        found: list[Change] = []
        stuck: set[Ref] = set()
        for change in changes:
            if change.after & stuck or self._was_refused(change):
                stuck.add(change.ref)
            else:
                found.append(change)
        return found

    def _was_refused(self, change: Change) -> bool:
        if change.side is Side.PRACTICE:
            return practice.was_refused(self.work, change, self)
        current = self._current(change)
        if change.action in LOCAL or (change.ledger_id and current is None):
            return False
        try:
            body = encode(self._body(change, current))
        except KeyError:  # it needs a document that is not there yet, so it was never sent
            return False
        return dispatches.refused_before(self.work, change.ref, body) is not None

    def _apply_one(self, change: Change) -> Problem | None:
        """None once the change is done. Raises RemoteError where the connection is at fault."""
        if change.action in LOCAL:
            return self._record(change)
        current = self._current(change)
        if change.action is not Action.CREATE and current is None:
            return refusals.unread(change)
        try:
            return self._write(change, current)
        except Stale:
            return self._once_more(change, current)

    def _once_more(self, change: Change, planned_on: Raw | None) -> Problem | None:
        """After 5010: the same change again where only QuickBooks's own bookkeeping moved, else nothing."""
        now = self._reread(change)
        if now is None or planned_on is None or not _same(change.entity, now, planned_on):
            return refusals.moved_meanwhile(change)
        try:
            return self._write(change, now)
        except Stale:
            return refusals.moved_meanwhile(change)

    def _write(self, change: Change, current: Raw | None) -> Problem | None:
        body = encode(self._body(change, current))
        if last := dispatches.refused_before(self.work, change.ref, body):
            return refusals.refusal(change, last.error_code, last.error)
        dispatch = dispatches.prepare(self.work, self.run, change, body)
        try:
            answer = self._send(dispatch)
        except Garbled as error:
            return self._unknown(dispatch, change, error)
        except RemoteError as error:
            return self._refused(dispatch, change, error)
        dispatches.complete(self.work, dispatch, answer)
        return self._after(change, current, answer)

    def _body(self, change: Change, current: Raw | None) -> dict[str, object]:
        if change.draft is not None:
            return change.draft.encode(self, current)
        assert current is not None  # only creates have nothing current
        return {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken"), "sparse": True}

    def _current(self, change: Change) -> Raw | None:
        """The document as we last saw it; read afresh only where our own writes have touched it since."""
        if not change.ledger_id:
            return None
        if (change.entity, change.ledger_id) in self._moved:
            return self._reread(change)
        kept = mirror.one(self.work.pairing, change.entity, change.ledger_id)
        return None if kept is None or kept.is_deleted else kept.data

    def _reread(self, change: Change) -> Raw | None:
        self._moved.discard((change.entity, change.ledger_id))
        pages = self.work.ledger.pages(change.entity, query.equals("Id", change.ledger_id))
        found = [row for page in pages for row in page.rows]
        mirror.keep_ledger(self.work.pairing, change.entity, found)
        return found[0] if found else None

    def _send(self, dispatch: Dispatch) -> Raw:
        """The write, and while it is young the same bytes again under the same request id.

        Once a try went unanswered, no refusal of a later one tells what became of it: Garbled is raised.
        """
        unanswered: Garbled | None = None
        for _ in range(REPLAYS + 1):
            if unanswered:
                self.work.clock.sleep(REPLAY_AFTER_S)
            try:
                return dispatches.send(self.work, dispatch)
            except Garbled as error:
                unanswered = error
            except RemoteError:
                if unanswered is None:
                    raise
                break
        assert unanswered is not None
        raise unanswered

    def _unknown(self, dispatch: Dispatch, change: Change, error: RemoteError) -> Problem:
        dispatches.leave_open(self.work, dispatch, error.message)
        return refusals.unresolved(change)

    def _refused(self, dispatch: Dispatch, change: Change, error: RemoteError) -> Problem:
        """Raises ``error`` where the record is not what it is about."""
        if isinstance(error, Stale) or refusals.ends_run(error):
            dispatches.withdraw(self.work, dispatch, error)
            raise error
        dispatches.refuse(self.work, dispatch, error)
        if error.code == "6240" and isinstance(change.draft, CustomerDraft):
            self.catalog.claim_name(change.draft.name or "", "somebody else")
        return refusals.refusal(change, error.code, error.message)

    def _after(self, change: Change, current: Raw | None, answer: Raw) -> Problem | None:
        """Keeps the indexes current, and checks that QuickBooks did not change the amount (rule R3.3)."""
        ledger_id = text(answer, "Id")
        for over in (change.replaces, change.closes):
            if over:
                self._ids.pop(over, None)
        if change.entity == "Payment":
            for entity in ("Invoice", "CreditMemo"):
                touched = {*applied_by(current or {}, entity), *applied_by(answer, entity)}
                self._moved |= {(entity, id) for id in touched}
        if change.action is Action.VOID:
            self._ids.pop(change.ref, None)
            return None
        self._ids |= dict.fromkeys([change.ref, *([change.joins] if change.joins else [])], ledger_id)
        self.catalog.owners[change.entity, ledger_id] = change.ref
        if change.entity == "Customer":
            self.catalog.add_customers([decode_customer(answer)])
        if isinstance(change.draft, InvoiceDraft | CreditMemoDraft):
            self.catalog.add_number(change.draft.number, Holder(change.entity, ledger_id, change.ref))
            if money(answer, "TotalAmt") != change.draft.amount:
                return self._take_back(change, answer)
        return None

    def _take_back(self, change: Change, answer: Raw) -> Problem:
        """Rule R3.3: an invoice whose total QuickBooks changed is voided at once, a credit memo emptied."""
        reason = "QuickBooks changed its total"
        draft = None
        if isinstance(change.draft, CreditMemoDraft):
            draft = EmptiedMemo(change.ref, change.title, answer, change.draft.policy)
        void = Change(Action.VOID, change.ref, change.entity, change.title, reason, text(answer, "Id"), draft)
        voided = self._apply_one(void) is None
        if voided:
            links = EntityLink.objects.of(self.work.firm).filter(pairing=self.work.pairing)
            ours = links.filter(ledger_entity=change.entity, ledger_id=text(answer, "Id"))
            ours.update(base={"refused_total_under": self.work.pairing.ledger_profile.get("tax_engine", "")})
        return refusals.total_changed(change, money(answer, "TotalAmt"), voided=voided)

    def _record(self, change: Change) -> Problem | None:
        """A change of the links only; nothing is sent to either system."""
        if change.action is Action.UNLINK:
            dispatches.unlink(self.work, self.run, change)
            self._ids.pop(change.ref, None)
            self._disown(change)
            return None
        kept = mirror.one(self.work.pairing, change.entity, change.ledger_id)
        raw = kept.data if kept and not kept.is_deleted else self.catalog.whole(change.entity, change.ledger_id)
        if raw is None and change.action is Action.ACCEPT and kept:
            dispatches.accept_absence(self.work, self.run, change)
            return None
        if raw is None:
            return refusals.unread(change)
        dispatches.record(self.work, self.run, change, raw)
        self._ids[change.ref] = change.ledger_id
        self.catalog.owners[change.entity, change.ledger_id] = change.ref
        return None

    def _disown(self, change: Change) -> None:
        document = change.entity, change.ledger_id
        if self.catalog.owners.get(document) == change.ref:
            del self.catalog.owners[document]


def _shows_more(change: Change) -> bool:
    """A customer that was there before: now that it is linked, its fields can be compared. Money or credit that is
    ours no more: what it pays is paid by somebody else's.
    """
    draft = change.draft
    if change.action is Action.UNLINK:
        return change.ref.kind in (Kind.PAYMENT, Kind.CREDIT_NOTE)
    return isinstance(draft, CustomerDraft) and (change.action is Action.ADOPT or draft.reactivate)


def _same(entity: str, one: Raw, other: Raw) -> bool:
    return ledger_fingerprint(entity, one) == ledger_fingerprint(entity, other)
