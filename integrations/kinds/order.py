"""The order of a group's changes: let go, change the invoice, take hold; what cannot follow waits (rule R1.5)."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from integrations.core.changes import Action, Change, ordered
from integrations.core.money import ZERO
from integrations.core.read import money, nested, text
from integrations.core.records import Kind, Ref
from integrations.kinds.credit_note import APPLY, ApplicationDraft
from integrations.kinds.group import Draftbook
from integrations.kinds.invoice_draft import InvoiceDraft
from integrations.kinds.payment import PaymentDraft, applied_by
from integrations.kinds.plan_applications import void_application

AS_IT_IS = (Action.ACCEPT, Action.UNLINK, Action.MOVE)  # the document stays what it is
Applying = PaymentDraft | ApplicationDraft  # what holds on to invoices: money, and credit set against them


def arranged(book: Draftbook) -> tuple[Change, ...]:
    """The changes of the plan, each after those that make room for it; what depends on a blocked one waits as well."""
    moving = _moving(book)
    releases = _releases(book, moving)
    for change in list(book.changes.values()):
        room = _made_room(book, change, releases) | _moved_first(book, change, moving)
        book.add(replace(change, after=change.after | room))
    while taking := _waits_for_itself(book):
        book.add(_only_letting_go(book, taking, moving))
        book.wait(taking.ref)
        book.again = True
    hold_back(book)
    return ordered(tuple(book.changes.values()), stage)


def stage(change: Change) -> int:
    """Contacts; applications, then payments that let go; emptied credit memos; invoices; payments; credits; trust.

    Payments come before credit memos, since where QuickBooks applies credits by itself it takes any open invoice.
    """
    kind, is_void = change.ref.kind, change.action is Action.VOID
    if kind is Kind.CONTACT:
        return 0
    if kind is Kind.TRUST_ENTRY:
        return 8
    if kind is Kind.PAYMENT:
        return 2 if is_void else 5
    if kind is Kind.CREDIT_NOTE and change.ref.leg == APPLY:
        return 1 if is_void else 7
    if kind is Kind.CREDIT_NOTE:
        return 3 if is_void else 6
    return 4


def _applies(ref: Ref) -> bool:
    """Whether the document holds on to invoices."""
    return ref.kind is Kind.PAYMENT or (ref.kind is Kind.CREDIT_NOTE and ref.leg == APPLY)


def _moving(book: Draftbook) -> set[str]:
    """Ids of invoices that get another customer: whatever is applied to them has to let go and take hold again."""
    found = set()
    for change in book.changes.values():
        document = book.document(change.ref)
        if isinstance(change.draft, InvoiceDraft) and change.ledger_id and document and document.raw:
            held_by = text(nested(document.raw, "CustomerRef"), "value")
            if _customer_id(book, change.draft.contact) != held_by:
                found.add(change.ledger_id)
    return found


def _customer_id(book: Draftbook, contact: Ref) -> str:
    """The customer this plan leaves the contact with; "" for one that is created by it."""
    change, link = book.changes.get(contact), book.link(contact)
    if change is not None and (change.ledger_id or change.action is Action.CREATE):
        return change.ledger_id
    return link.ledger_id if link else ""


def _moved_first(book: Draftbook, change: Change, moving: set[str]) -> set[Ref]:
    """Invoices whose customer changes before this payment can be applied to them."""
    if not isinstance(change.draft, Applying):
        return set()
    links = (book.link(line.invoice) for line in change.draft.lines)
    return {link.ref for link in links if link and link.ledger_id in moving}


def _releases(book: Draftbook, moving: set[str]) -> dict[str, set[Ref]]:
    """Invoice id in QuickBooks to what will pay less of it than now, or that cannot say what it will."""
    moved = (c for c in book.changes.values() if c.action not in AS_IT_IS)
    changes = {c.ledger_id: c for c in moved if _applies(c.ref) and c.ledger_id}
    found: dict[str, set[Ref]] = {}
    for ref, link in book.group.links.items():
        document = book.document(ref)
        if not _applies(ref) or link.is_voided or document is None or document.raw is None:
            continue
        change = changes.get(link.ledger_id)
        payer = change.ref if change else book.replaced.get(ref, ref)
        if change is None and payer not in book.blocked:
            continue
        wanted = _wanted(book, change)
        for invoice_id, applied in applied_by(document.raw).items():
            if applied > wanted.get(invoice_id, ZERO) or invoice_id in moving:
                found.setdefault(invoice_id, set()).add(payer)
    return found


def _wanted(book: Draftbook, change: Change | None) -> Mapping[str, Decimal]:
    """Invoice id to what the changed payment or application applies to it."""
    draft = change.draft if change else None
    if not isinstance(draft, Applying):
        return {}
    links = ((book.link(line.invoice), line.amount) for line in draft.lines)
    return {link.ledger_id: amount for link, amount in links if link}


def _made_room(book: Draftbook, change: Change, releases: Mapping[str, set[Ref]]) -> set[Ref]:
    """What has to let go before this change can be made."""
    if isinstance(change.draft, Applying):
        wanted = (book.link(line.invoice) for line in change.draft.lines)
        taken = {link.ledger_id for link in wanted if link and link.ref in change.after}
        return {ref for id in taken for ref in releases.get(id, ()) if ref in book.changes} - {change.ref}
    if change.entity != "Invoice" or change.action in AS_IT_IS or not _needs_room(book, change):
        return set()
    return releases.get(change.ledger_id, set())


def _needs_room(book: Draftbook, change: Change) -> bool:
    """Whether the invoice cannot be changed while what is applied to it stays: voided, too small, another customer."""
    document = book.document(change.ref)
    if document is None or document.raw is None or not isinstance(change.draft, InvoiceDraft):
        return True
    applied = money(document.raw, "TotalAmt") - money(document.raw, "Balance")
    held_by = text(nested(document.raw, "CustomerRef"), "value")
    return change.amount < applied or _customer_id(book, change.draft.contact) != held_by


def _waits_for_itself(book: Draftbook) -> Change | None:
    """What has to let go before it can take hold: two payments that change places, a credit whose customer moves."""
    for change in sorted(book.changes.values(), key=lambda change: change.ref):
        if change.action is not Action.UPDATE or not isinstance(change.draft, Applying):
            continue
        seen: set[Ref] = set()
        ahead = list(change.after & book.changes.keys())
        while ahead:
            ref = ahead.pop()
            if ref == change.ref:
                return change
            if ref not in seen:
                seen.add(ref)
                ahead += book.changes[ref].after & book.changes.keys()
    return None


def _only_letting_go(book: Draftbook, change: Change, moving: set[str]) -> Change:
    """The change without what it takes; the rest follows with the next plan, since the two do not agree yet."""
    if not isinstance(change.draft, PaymentDraft):
        return void_application(change.ref, change.ledger_id, "applied anew by the next sync")
    document = book.document(change.replaces or change.ref)
    applied = applied_by(document.raw) if document and document.raw else {}
    lines = []
    for line in change.draft.lines:
        link = book.link(line.invoice)
        amount = min(applied.get(link.ledger_id, ZERO), line.amount) if link else ZERO
        if link and amount and link.ledger_id not in moving:
            lines.append(replace(line, amount=amount))
    draft = replace(change.draft, lines=tuple(lines))
    after = frozenset({draft.contact})
    return replace(change, draft=draft, practice_fingerprint=draft.fingerprint, after=after)


def hold_back(book: Draftbook) -> None:
    """Takes out changes whose way is barred by a document that cannot be changed now."""
    while held := [c for c in book.changes.values() if (c.after & book.blocked) - _going_on(book)]:
        for change in held:
            book.drop(change)
            book.wait(change.ref)


def _going_on(book: Draftbook) -> set[Ref]:
    """What is changed by this plan; a link in other hands is only the beginning, and the next plan goes on."""
    return {ref for ref, change in book.changes.items() if change.action is not Action.MOVE}
