"""Carrying out the plan of one group: each change in its order, what depends on a refused one waits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from integrations.core.changes import LOCAL, Action, Change, Problem
from integrations.core.errors import Garbled, NotBatched, RemoteError, Stale
from integrations.core.ports import Operation, Raw, Verdict
from integrations.core.read import money, rows, text
from integrations.core.records import Kind, Ref, Side
from integrations.kinds.catalog import NUMBERED, Catalog
from integrations.kinds.contact import decode_customer
from integrations.kinds.contact_drafts import CustomerDraft
from integrations.kinds.credit_note import CreditMemoDraft, EmptiedMemo
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.group import LinkState
from integrations.kinds.invoice_draft import InvoiceDraft
from integrations.kinds.order import stage
from integrations.kinds.payment import applied_by
from integrations.models import Dispatch, EntityLink, SyncRun
from integrations.sync import batches, completion, dispatches, mirror, practice, recover, refusals
from integrations.sync.recover import Unresolved
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query
from integrations.systems.wire import encode

LOOK_AHEAD = 100  # so many changes of one kind are looked through for ones that do not wait for each other


@dataclass
class Result:
    """What became of one group's changes; ``ended_by`` is set where no further write of the run makes sense."""

    done: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    waiting: list[Ref] = field(default_factory=list)
    ended_by: RemoteError | None = None
    is_complete: bool = False  # every change was done, or is told of
    again: bool = False  # what was done shows more to do, or no longer fits the plan


@dataclass(frozen=True, slots=True)
class Step:
    """A write that nothing stands before any more. ``current`` is the document that ``content`` is written over."""

    group: "Executor"
    change: Change
    current: Raw | None
    content: Raw
    body: bytes
    is_second: bool = False  # made anew after the document had moved

    @property
    def key(self) -> tuple[int, str, Operation]:
        """What goes into one batch."""
        return key_of(self.change)


def key_of(change: Change) -> tuple[int, str, Operation]:
    return stage(change), change.entity, dispatches.operation_of(change)


class Executor:
    """The changes of one group on their way; drafts ask it what they need to know of the ledger meanwhile (``Books``).

    ``unresolved`` are documents with a write of unknown outcome; they and what depends on them wait (rule R1.5).
    """

    def __init__(
        self,
        work: Workspace,
        run: SyncRun,
        catalog: Catalog,
        links: Mapping[Ref, LinkState],
        changes: Iterable[Change] = (),
        unresolved: Unresolved | None = None,
    ) -> None:
        self.work, self.run, self.catalog = work, run, catalog
        self.result = Result()
        self._left = list(changes)
        self._unresolved = unresolved or {}
        self._stuck: set[Ref] = set()
        self._ids = {ref: link.ledger_id for ref, link in links.items() if not link.is_voided}
        self._unsure = {ref for ref, link in links.items() if not link.practice_fingerprint}
        self._moved: set[tuple[str, str]] = set()  # documents that our own writes gave another SyncToken

    def ledger_id(self, ref: Ref) -> str:
        return self._ids[ref]

    def is_ours(self, txn_type: str, txn_id: str) -> bool:
        return (txn_type, txn_id) in self.catalog.owners

    def ready(self) -> list[Step]:
        """The next writes, all of one key and none touching what another one touches; each has to be concluded.

        What needs no write to the ledger and comes before them is done on the way. Empty once nothing is left.
        """
        try:
            while self._left and self.result.ended_by is None:
                self._pass_over()
                if steps := self._take():
                    return steps
        except RemoteError as error:
            self.result.ended_by = error
        self.result.is_complete = self.result.ended_by is None
        return []

    def _pass_over(self) -> None:
        """Up to the next change that has to be written to the ledger."""
        while self._left and not self._is_write(self._left[0]):
            change = self._left.pop(0)
            if change.side is Side.PRACTICE:
                self._to_practice(change)
            elif change.after & self._stuck:
                self._stuck.add(change.ref)
                self.result.waiting.append(change.ref)
            elif change.ref in self._unresolved:
                self._finish(change, self._unresolved[change.ref])
            elif self._is_taken(change):
                self._stuck.add(change.ref)
                self.result.waiting.append(change.ref)
                self.result.again = True
            else:
                self._finish(change, self._record(change))

    def _is_taken(self, change: Change) -> bool:
        """Whether another group, planned at the same time, has linked this very document; the next plan knows of it."""
        if change.action is Action.UNLINK or not change.ledger_id:
            return False
        links = EntityLink.objects.of(self.work.firm).exclude(state=EntityLink.State.UNLINKED)
        others = links.filter(
            pairing=self.work.pairing, kind=change.ref.kind, ledger_id=change.ledger_id, leg=change.ref.leg
        ).exclude(practice_id=change.ref.practice_id)
        return others.exclude(practice_id=change.replaces.practice_id if change.replaces else "").exists()

    def _is_write(self, change: Change) -> bool:
        held_up = change.after & self._stuck or change.ref in self._unresolved
        return change.side is Side.LEDGER and change.action not in LOCAL and not held_up

    def _take(self) -> list[Step]:
        """Of the changes of one key that are next, those that can be made at the same time."""
        steps: list[Step] = []
        touched: set[tuple[str, str]] = set()
        ahead: set[Ref] = set()  # not done yet when a later one of them is made
        alike = self._alike()
        currents = self.currents(alike)
        for change in alike:
            if change.after & ahead:
                break
            if change.ledger_id and change.ledger_id not in currents:
                self._left.remove(change)
                self._finish(change, refusals.unread(change))
                continue
            step = self._step(change, currents.get(change.ledger_id))
            if self._is_so_already(step):
                self._left.remove(change)
                self._keep_as_it_is(step)
                continue
            touches = _touches(step)
            if not touches & touched:
                steps.append(step)
            touched |= touches
            ahead.add(change.ref)
        taken = [step.change for step in steps]
        self._left = [change for change in self._left if change not in taken]  # one contact may change on both sides
        return steps

    def _is_so_already(self, step: Step) -> bool:
        """Of a document that was found by its mark, whose link does not know what Clio said when it was written."""
        change, current = step.change, step.current
        if change.ref not in self._unsure or change.action is not Action.UPDATE or current is None:
            return False
        if change.entity in NUMBERED and money(current, "TotalAmt") != change.amount:
            return False
        return recover.says(change.entity, current, step.content)

    def _keep_as_it_is(self, step: Step) -> None:
        assert step.current is not None
        kept = replace(step.change, action=Action.ACCEPT)
        completion.record(self.work, self.run, kept, step.current)
        self._finish(kept, None)

    def _alike(self) -> list[Change]:
        if not self._left:
            return []
        key = key_of(self._left[0])
        return list(takewhile(lambda c: self._is_write(c) and key_of(c) == key, self._left[:LOOK_AHEAD]))

    def _step(self, change: Change, current: Raw | None, *, is_second: bool = False) -> Step:
        content = self.content(change, current)
        return Step(self, change, current, content, encode(content), is_second)

    def conclude(self, step: Step, verdict: Verdict) -> None:
        """Takes note of what became of a write of this group."""
        try:
            self._finish(step.change, self._outcome(step, verdict))
        except RemoteError as error:
            self.result.ended_by = error

    def refuse(self, step: Step, refused: Dispatch) -> None:
        """The very same write was refused before and is not sent again."""
        self._finish(step.change, refusals.refusal(step.change, refused.error_code, refused.error))

    def _finish(self, change: Change, problem: Problem | None) -> None:
        if problem is None:
            self.result.done.append(change)
            self.result.again |= _shows_more(change)
            return
        if not self._is_there(change):
            self._stuck.add(change.ref)
        self.result.problems.append(problem)

    def _to_practice(self, change: Change) -> None:
        """Nothing in the ledger waits for a change in Clio."""
        result = self.result
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

    def _outcome(self, step: Step, verdict: Verdict) -> Problem | None:
        """None once the change is done. Raises RemoteError where the connection is at fault."""
        change = step.change
        match verdict:
            case Garbled():
                return refusals.unresolved(change.ref, change.title)
            case Stale():
                return refusals.moved_meanwhile(change) if step.is_second else self._once_more(step)
            case NotBatched():
                return self._alone(step)
            case RemoteError():
                return self._refused(change, verdict)
        return self._after(change, step.current, verdict)

    def _once_more(self, step: Step) -> Problem | None:
        """After 5010: the same change again where only QuickBooks's own bookkeeping moved, else nothing."""
        now = self._reread(step.change.entity, [step.change.ledger_id]).get(step.change.ledger_id)
        if now is None or step.current is None or not _same(step.change.entity, now, step.current):
            return refusals.moved_meanwhile(step.change)
        return self._alone(self._step(step.change, now, is_second=True))

    def _alone(self, step: Step) -> Problem | None:
        """The write in a request of its own."""
        if last := dispatches.refused_before(self.work, step.change.ref, step.body):
            return refusals.refusal(step.change, last.error_code, last.error)
        (verdict,) = batches.write(self.work, self.run, [step])
        return self._outcome(step, verdict)

    def _refused(self, change: Change, error: RemoteError) -> Problem:
        """Raises ``error`` where the record is not what it is about."""
        if refusals.ends_run(error):
            raise error
        if error.code == "6240" and isinstance(change.draft, CustomerDraft):
            self.catalog.claim_name(change.draft.name or "", "somebody else")
        return refusals.refusal(change, error.code, error.message)

    def content(self, change: Change, current: Raw | None) -> dict[str, object]:
        if change.draft is not None:
            return change.draft.encode(self, current)
        assert current is not None  # only creates have nothing current
        return {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken"), "sparse": True}

    def currents(self, changes: Sequence[Change]) -> dict[str, Raw]:
        """The documents as we last saw them; read afresh only where our own writes have touched them since."""
        if not changes:
            return {}
        entity, ids = changes[0].entity, [change.ledger_id for change in changes if change.ledger_id]
        moved = [id for id in ids if (entity, id) in self._moved]
        kept = mirror.load(self.work.pairing, entity, ids=ids) if ids else ()
        found = {row.id: row.data for row in kept if not row.is_deleted and row.id not in moved}
        return found | self._reread(entity, moved)

    def _reread(self, entity: str, ids: Sequence[str]) -> dict[str, Raw]:
        self._moved -= {(entity, id) for id in ids}
        wheres = query.within_each("Id", ids)
        found = [row for where in wheres for page in self.work.ledger.pages(entity, where) for row in page.rows]
        mirror.keep_ledger(self.work.pairing, entity, found)
        return {text(row, "Id"): row for row in found}

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
        self.catalog.owners.put((change.entity, ledger_id), change.ref)
        if change.entity == "Customer":
            self.catalog.add_customer(decode_customer(answer))
        if isinstance(change.draft, InvoiceDraft | CreditMemoDraft):
            self.catalog.add_number(change.draft.number, (change.entity, ledger_id))
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
        voided = self._alone(self._step(void, self.currents([void])[void.ledger_id])) is None
        if voided:
            links = EntityLink.objects.of(self.work.firm).filter(pairing=self.work.pairing)
            ours = links.filter(ledger_entity=change.entity, ledger_id=text(answer, "Id"))
            ours.update(base={"refused_total_under": self.work.pairing.ledger_profile.get("tax_engine", "")})
        return refusals.total_changed(change, money(answer, "TotalAmt"), voided=voided)

    def _record(self, change: Change) -> Problem | None:
        """A change of the links only; nothing is sent to either system."""
        if change.action is Action.UNLINK:
            completion.unlink(self.work, self.run, change)
            self._ids.pop(change.ref, None)
            self._disown(change)
            return None
        if change.action is Action.MOVE:
            completion.hand_over(self.work, self.run, change)
            self._now_of(change)
            return None
        kept = mirror.one(self.work.pairing, change.entity, change.ledger_id)
        raw = kept.data if kept and not kept.is_deleted else self.catalog.whole(change.entity, change.ledger_id)
        if raw is None and change.action is Action.ACCEPT and kept:
            completion.accept_absence(self.work, self.run, change)
            return None
        if raw is None:
            return refusals.unread(change)
        completion.record(self.work, self.run, change, raw)
        self._now_of(change)
        return None

    def _now_of(self, change: Change) -> None:
        if change.replaces:
            self._ids.pop(change.replaces, None)
        self._ids[change.ref] = change.ledger_id
        self.catalog.owners.put((change.entity, change.ledger_id), change.ref)

    def _disown(self, change: Change) -> None:
        document = change.entity, change.ledger_id
        if self.catalog.owners.get(document) == change.ref:
            self.catalog.owners.put(document, None)
        self.catalog.settling.forget()  # what was ours may pay something of ours


def _shows_more(change: Change) -> bool:
    """A customer that was there before: now that it is linked, its fields can be compared. Money or credit that is
    ours no more: what it pays is paid by somebody else's. A link in other hands: what differs is said of those.
    """
    draft = change.draft
    if change.action is Action.MOVE:
        return True
    if change.action is Action.UNLINK:
        return change.ref.kind in (Kind.PAYMENT, Kind.CREDIT_NOTE)
    return isinstance(draft, CustomerDraft) and (change.action is Action.ADOPT or draft.reactivate)


def _touches(step: Step) -> set[tuple[str, str]]:
    """Every document and link that the write moves: what it applies and applied itself to gets another SyncToken."""
    change = step.change
    found = {(change.entity, change.ledger_id)} if change.ledger_id else set()
    found |= {("", str(ref)) for ref in (change.ref, change.replaces, change.closes, change.joins) if ref}
    for raw in (step.current or {}, step.content):
        linked = [txn for line in rows(raw, "Line") for txn in rows(line, "LinkedTxn")]
        found |= {(text(txn, "TxnType"), text(txn, "TxnId")) for txn in linked}
    return found


def _same(entity: str, one: Raw, other: Raw) -> bool:
    return ledger_fingerprint(entity, one) == ledger_fingerprint(entity, other)
