"""What people did to our documents in QuickBooks: found, said with both versions, and decided (rule R8).

For every kind: ``met`` before a linked document is kept or changed, ``met_gone`` before it is voided, ``is_left``
before one is created.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

from integrations.core.changes import Action, Books, Change, Draft, Problem
from integrations.core.mapping import Policy
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, money, rows, text, truth
from integrations.core.records import Ref
from integrations.kinds.catalog import Catalog
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.facts import Difference, differences, said
from integrations.kinds.group import Document, Draftbook, LinkState, Merged, contact_of
from integrations.kinds.payment import applied_by

GONE = "void"  # the practice fingerprint of what is no longer in Clio
GIVEN_UP = "given_up"  # in a link's base: what a person accepted or unlinked, and how the link was before
VOIDABLE = frozenset({"Invoice", "Payment"})
EMPTIED = VOIDABLE | {"CreditMemo"}  # worth nothing once it is void
GIVING_UP = {"accept_theirs": Action.ACCEPT, "unlink": Action.UNLINK}
SAYING = {"accept_theirs": "QuickBooks's version was accepted", "unlink": "kept by hand from now on"}
LIGHT = frozenset({"Due date", "Reference"})  # neither money nor whose it is


class Way(StrEnum):
    """How the plan goes on with a linked document."""

    ON = "on"  # as if nothing had happened: keep it, change it or void it
    RESTORE = "restore"  # write ours over it, in place
    ANEW = "anew"  # create it again; its link moves to the new document
    SAID = "said"  # done with: reported, accepted or unlinked


@dataclass(frozen=True, slots=True)
class _Case:
    """One linked document. Without a draft Clio no longer has it, and ``reason`` says why."""

    link: LinkState
    title: str
    draft: Draft | None
    reason: str = ""
    extra: tuple[Difference, ...] = ()

    @property
    def fingerprint(self) -> str:
        return self.draft.fingerprint if self.draft else GONE

    @property
    def is_changed(self) -> bool:
        """Whether Clio says something else than when both sides last agreed."""
        revived = self.link.is_voided and self.draft is not None
        return revived or self.fingerprint != self.link.practice_fingerprint

    @property
    def given_up(self) -> Raw:
        found = self.link.base.get(GIVEN_UP)
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class _Finding:
    """``is_over``: voided or deleted, so that nothing can be applied to it. ``agrees``: it says what Clio says."""

    code: str
    message: str
    fields: tuple[Difference, ...] = ()
    is_over: bool = False
    agrees: bool = False
    blocks: bool = True

    @property
    def severity(self) -> str:
        return "warning" if self.fields and all(row["label"] in LIGHT for row in self.fields) else ""


def met(book: Draftbook, link: LinkState, draft: Draft, title: str = "", extra: Sequence[Difference] = ()) -> Way:
    """What a person did to the document that should be as ``draft`` says; said and decided here.

    ``extra`` are differences that the document's own form does not show. Of a draft that Clio has changed they are no
    finding, and are accepted with what is found.
    """
    return _met(book, _Case(link, title or draft.title, draft, extra=tuple(extra)))


def met_gone(book: Draftbook, link: LinkState, title: str, reason: str) -> Way:
    """The same for a document that is to be voided or reversed, because ``reason``."""
    return _met(book, _Case(link, title, None, reason))


def is_left(book: Draftbook, ref: Ref) -> bool:
    """Whether a person unlinked this document and keeps it by hand: it is listed, and never posted again."""
    if ref not in book.group.left or book.link(ref):
        return False
    book.report(_as_before(ref, book.group.left[ref]))
    book.by_hand.add(ref)
    return True


def with_difference(
    book: Draftbook, change: Change, draft: Draft, fields: Sequence[Difference], message: str
) -> Change:
    """The change of a document that keeps something of a person's: listed as accepted until Clio changes."""
    link = LinkState(change.ref, change.entity, change.ledger_id, draft.fingerprint, "")
    finding = _Finding("drift", message, tuple(fields))
    base = _remembered(_Case(link, change.title, draft), finding)
    book.report(_as_before(change.ref, cast(Raw, base[GIVEN_UP])))
    return replace(change, base=base)


def _met(book: Draftbook, case: _Case) -> Way:
    document = book.document(case.link.ref)
    if document and document.raw and (merged := _merged_only(book, case, document.raw)):
        return _met_merged(book, case, document, merged)
    finding = _finding(book, case, document) if document else None
    if finding is None or _is_known(case, finding):
        return _on(book, case)
    if finding.agrees:
        return _agree(book, case, document)
    return _decided(book, case, finding, document)


def _merged_only(book: Draftbook, case: _Case, raw: Raw) -> Merged | None:
    """The merge of its customer, where that is all that happened to the document."""
    contact = getattr(case.draft, "contact", None) or contact_of(book, case.link.ref)
    merged = book.merged.get(contact) if isinstance(contact, Ref) else None
    if merged is None or _digest(case.link.entity, raw) == case.link.ledger_fingerprint:
        return None
    before = _renamed(raw, merged.survivor, merged.old)
    is_all = isinstance(before, Mapping) and _digest(case.link.entity, before) == case.link.ledger_fingerprint
    return merged if is_all else None


def _renamed(value: object, survivor: str, old: str, member: str = "") -> object:
    """The same document before the merge."""
    if isinstance(value, Mapping):
        is_who = member in ("CustomerRef", "EntityRef") and text(value, "value") == survivor
        renamed = {name: _renamed(item, survivor, old, name) for name, item in value.items()}
        return {**renamed, "value": old} if is_who else renamed
    if isinstance(value, list):
        return [_renamed(item, survivor, old, member) for item in value]
    return value


def _met_merged(book: Draftbook, case: _Case, document: Document, merged: Merged) -> Way:
    """It goes with the survivor; where the contact gets a customer of its own again it moves there."""
    if merged.leaves and case.draft is not None:
        book.restored[case.link.ref] = False
        return Way.RESTORE
    if merged.follows and not case.is_changed:
        return _agree(book, case, document)
    return Way.ON


def _is_known(case: _Case, finding: _Finding) -> bool:
    """A deleted document stays deleted: what was accepted of it is nothing new, until Clio changes."""
    deleted = finding.code == case.given_up.get("code") == "deleted_in_ledger"
    return deleted and not case.is_changed and not finding.agrees


def _on(book: Draftbook, case: _Case) -> Way:
    """Nothing new; what a person accepted stays listed until Clio changes, or is decided anew."""
    if case.is_changed or not case.given_up:
        return Way.ON
    ref, before = case.link.ref, case.given_up
    decision = book.decision(ref, text(before, "code"))
    if decision and decision.action == "restore":
        return _restored(book, case, is_over=truth(before, "is_over"), is_deleted=book.is_deleted(ref))
    if truth(before, "is_over"):
        book.over.add(ref)
        book.by_hand.add(ref)
    book.report(_as_before(ref, before))
    book.keep(ref)
    return Way.SAID


def _finding(book: Draftbook, case: _Case, document: Document) -> _Finding | None:
    if document.raw is None:
        message = f"{case.title} was deleted in QuickBooks. It is not created again by itself."
        fields = ({"label": "State", "ours": "posted", "theirs": "deleted"},)
        return _Finding("deleted_in_ledger", message, fields, is_over=True, agrees=case.draft is None)
    known = list(rows(case.given_up, "extra"))
    if document.fingerprint == case.link.ledger_fingerprint and (case.is_changed or list(case.extra) == known):
        return None
    if case.draft is None:
        return _of_gone(case, document.raw)
    return _of_draft(book, case, case.draft, document.raw, document.fingerprint)


def _of_gone(case: _Case, raw: Raw) -> _Finding:
    """What applies a credit is worth nothing as long as it lives, so what it applies counts for it."""
    total = _total(raw) if case.link.entity != "Payment" else _worth(raw)
    message = f"{case.title} was changed in QuickBooks, and {case.reason}; nothing was overwritten."
    fields = ({"label": "Amount", "ours": "0.00", "theirs": total},) if case.link.entity in EMPTIED else ()
    return _Finding("drift", message, fields, agrees=case.link.entity in EMPTIED and total == "0.00")


def _of_draft(book: Draftbook, case: _Case, draft: Draft, raw: Raw, fingerprint: str) -> _Finding:
    entity, ours = case.link.entity, as_ours(draft, raw, _Planned(book))
    extra = () if case.is_changed else case.extra
    if not extra and _digest(entity, ours) == fingerprint:
        return _Finding("drift", "", agrees=True)
    meanwhile = ", and it was changed in Clio too" if case.is_changed else ""
    if entity in VOIDABLE and draft.amount and _total(raw) == "0.00":
        amount = {"label": "Amount", "ours": f"{draft.amount:.2f}", "theirs": "0.00"}
        message = f"{case.title} was voided in QuickBooks{meanwhile}. It is not posted again by itself."
        return _Finding("drift", message, ({"label": "State", "ours": "posted", "theirs": "voided"}, amount), True)
    fields = (*differences(entity, ours, raw, named(book.policy, book.catalog)), *extra)
    what = f" ({said(fields)})" if fields else ""
    message = f"{case.title} was changed in QuickBooks{what}{meanwhile}; nothing was overwritten."
    blocks = case.is_changed or (entity == "Invoice" and _is_less(raw, draft))
    return _Finding("drift", message, fields, blocks=blocks)


def _decided(book: Draftbook, case: _Case, finding: _Finding, document: Document | None) -> Way:
    ref = case.link.ref
    decision = book.decision(ref, finding.code)
    action = decision.action if decision else ""
    if action == "restore":
        is_deleted = document is None or document.raw is None
        return _restored(book, case, is_over=finding.is_over, is_deleted=is_deleted)
    if finding.is_over:
        book.over.add(ref)
    if action in GIVING_UP:
        book.add(_local(GIVING_UP[action], case, SAYING[action], _remembered(case, finding)))
    if action == "unlink" or (action == "accept_theirs" and finding.is_over):
        book.by_hand.add(ref)
    book.report(_problem(case, finding, accepted=action in GIVING_UP))
    return Way.SAID


def _restored(book: Draftbook, case: _Case, *, is_over: bool, is_deleted: bool) -> Way:
    """In place; a payment that was voided, and whatever was deleted, is created anew."""
    book.restored[case.link.ref] = is_over
    if case.draft is None:
        return Way.ON
    anew = is_deleted or (is_over and case.link.entity == "Payment")
    return Way.ANEW if anew else Way.RESTORE


def _agree(book: Draftbook, case: _Case, document: Document | None) -> Way:
    """Both sides say the same again, whoever saw to it; only the link has to be told."""
    ref = case.link.ref
    if document is None or document.raw is None:
        book.keep(ref)
        return Way.SAID
    change = _local(Action.ACCEPT, case, "both sides say the same", {})
    book.add(replace(change, closes=ref) if case.draft is None else change)
    return Way.SAID


def _local(action: Action, case: _Case, reason: str, base: Mapping[str, object]) -> Change:
    link = case.link
    return Change(
        action=action,
        ref=link.ref,
        entity=link.entity,
        title=case.title,
        reason=reason,
        ledger_id=link.ledger_id,
        practice_fingerprint=case.fingerprint,
        amount=case.draft.amount if case.draft else ZERO,
        base=base,
    )


def _problem(case: _Case, finding: _Finding, *, accepted: bool) -> Problem:
    return Problem(
        finding.code,
        case.link.ref,
        finding.message,
        title=case.title,
        ledger_id=case.link.ledger_id,
        blocks=finding.blocks and not (accepted and not finding.is_over),
        accepted=accepted,
        severity=finding.severity,
        details={"fields": list(finding.fields)},
    )


def _remembered(case: _Case, finding: _Finding) -> dict[str, object]:
    """What the link needs to go on listing the difference, and to be as it was when it is opened again."""
    link = case.link
    before = {
        "code": finding.code,
        "title": case.title,
        "message": finding.message,
        "ledger_id": link.ledger_id,
        "severity": finding.severity,
        "is_over": finding.is_over,
        "fields": list(finding.fields),
        "extra": list(case.extra),
        "practice_fingerprint": link.practice_fingerprint,
        "ledger_fingerprint": link.ledger_fingerprint,
    }
    return {**link.base, GIVEN_UP: before}


def _as_before(ref: Ref, before: Raw) -> Problem:
    """The problem a person accepted, word for word, so that it stays accepted."""
    return Problem(
        text(before, "code"),
        ref,
        text(before, "message"),
        title=text(before, "title"),
        ledger_id=text(before, "ledger_id"),
        blocks=truth(before, "is_over"),
        accepted=True,
        severity=text(before, "severity"),
        details={"fields": [dict(row) for row in rows(before, "fields")]},
    )


class _Planned:
    """Ids as the plan knows them; what does not exist yet has none."""

    def __init__(self, book: Draftbook) -> None:
        self._book = book

    def ledger_id(self, ref: Ref) -> str:
        change, link = self._book.changes.get(ref), self._book.link(ref)
        return (change.ledger_id if change else "") or (link.ledger_id if link else "")

    def is_ours(self, txn_type: str, txn_id: str) -> bool:
        return (txn_type, txn_id) in self._book.catalog.owners


def as_ours(draft: Draft, raw: Raw, books: Books) -> Raw:
    """The document as it would be, were ours written over it."""
    total = {} if draft.entity == "JournalEntry" else {"TotalAmt": draft.amount}
    return {**raw, **draft.encode(books, raw), **total}


def named(policy: Policy, catalog: Catalog) -> Callable[[str, str], str]:
    """What the customers, items and accounts that a document refers to are called; "" for what nobody knows."""

    def name(member: str, id: str) -> str:
        if member in ("CustomerRef", "EntityRef"):
            customer = catalog.customers.get(id)
            return customer.plain_name if customer else ""
        prefix = "item:" if member == "ItemRef" else "account:"
        targets = (target for key, target in policy.targets.items() if key.startswith(prefix))
        return next((target.name for target in targets if target.ledger_id == id), "")

    return name


def _digest(entity: str, raw: Raw) -> str:
    try:
        return ledger_fingerprint(entity, raw)
    except Unreadable:
        return ""


def _total(raw: Raw) -> str:
    try:
        return f"{money(raw, 'TotalAmt'):.2f}"
    except Unreadable:
        return text(raw, "TotalAmt")


def _worth(raw: Raw) -> str:
    """What a payment is worth, or applies where it is one of nothing."""
    try:
        return f"{money(raw, 'TotalAmt') or sum(applied_by(raw).values(), ZERO):.2f}"
    except Unreadable:
        return text(raw, "TotalAmt")


def _is_less(raw: Raw, draft: Draft) -> bool:
    """Whether an invoice asks for less than it should, so that what pays it may find no room."""
    try:
        return money(raw, "TotalAmt") < draft.amount
    except Unreadable:
        return True
