"""Planning payments: what has to happen to the payments on a group's bills (rule R4)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from integrations.core import mapping, words
from integrations.core.changes import Action, Change, Problem
from integrations.core.money import ZERO
from integrations.core.posting import gathered, post
from integrations.core.read import money, nested, text
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import LoosePayment
from integrations.kinds.facts import APPLIED, Difference
from integrations.kinds.group import Document, Draftbook, LinkState, is_posted
from integrations.kinds.invoice import id_order
from integrations.kinds.payment import Payment, PaymentDraft, applied_by, posted_title
from integrations.kinds.payment_drafts import Desired, desired_payments
from integrations.kinds.plan_deposited import plan_deposited
from integrations.kinds.plan_kept import (
    UNPROVEN,
    is_unproven,
    keep_for,
    kept_for,
    note_loose,
    note_unproven,
)
from integrations.kinds.plan_otherwise import paid_otherwise
from integrations.kinds.problems import MAPPING_NAMES, closed_period, dated, kept_by_hand
from integrations.kinds.refund import is_refund, refund_ref
from integrations.kinds.theirs import GONE, Way, is_left, met, met_gone, with_difference

RESTORED = "what was changed in QuickBooks is undone"


def plan_payments(book: Draftbook) -> None:
    """Adds the changes of every payment of the group that pays a bill in scope."""
    desired = desired_payments(book)
    replaced = _replacements(book, desired)
    book.replaced = {old: new for new, old in replaced.items()}
    for draft in desired.drafts.values():
        _plan_draft(book, desired, draft, replaced.get(draft.ref))
    for ref, link in _linked_payments(book):
        if ref not in desired.drafts and ref not in book.replaced:
            _plan_left(book, desired, ref, link)


def _linked_payments(book: Draftbook) -> list[tuple[Ref, LinkState]]:
    links = book.group.links.items()
    return sorted((ref, link) for ref, link in links if ref.kind is Kind.PAYMENT and not is_refund(ref))


def _replacements(book: Draftbook, desired: Desired) -> dict[Ref, Ref]:
    """Rule R4.7: new payment to the linked one it replaces: gone in Clio, same contact, any same bill."""
    gone = [
        ref
        for ref, link in _linked_payments(book)
        if ref not in desired.drafts and not link.is_voided and not book.is_deleted(ref) and _is_gone(book, ref)
        if not book.link(refund_ref(ref))  # that money is given back already
    ]
    found: dict[Ref, Ref] = {}
    for ref, draft in desired.drafts.items():
        if book.link(ref):
            continue
        bills = book.group.payments[ref.practice_id].bill_ids
        fitting = [old for old in gone if old.leg == ref.leg and book.group.payments[old.practice_id].bill_ids & bills]
        if fitting:
            found[ref] = min(fitting, key=lambda old: (_difference(book, old, draft), id_order(old.practice_id)))
            gone.remove(found[ref])
    return found


def _is_gone(book: Draftbook, ref: Ref) -> bool:
    """Nothing of it is left in Clio, neither on a bill nor, as far as is known, in its bank account."""
    payment = book.group.payments.get(ref.practice_id)
    if payment is None or payment.valid:
        return False
    if payment.standing:
        book.recheck.add(payment.id)
    return not payment.standing


def _difference(book: Draftbook, old: Ref, draft: PaymentDraft) -> Decimal:
    document = book.document(old)
    return abs(money(document.raw, "TotalAmt") - draft.amount) if document and document.raw else ZERO


def _plan_draft(book: Draftbook, desired: Desired, draft: PaymentDraft, replaces: Ref | None) -> None:
    link = book.link(replaces) if replaces else book.link(draft.ref)
    if is_left(book, draft.ref):
        return None
    live = link if link and not link.is_voided else None
    if live and not replaces and (gone := kept_for(book, live)):
        return keep_for(book, live, gone)
    if live and replaces and book.has_drifted(live):
        book.blocked.add(draft.ref)
        return book.add(_handed_over(draft, live))
    unchanged = live is not None and not replaces and live.practice_fingerprint == draft.fingerprint
    way = met(book, live, draft, extra=_taken_off(book, draft, live)) if live else Way.ANEW
    if way is Way.SAID:
        return None
    is_known = draft.amount > 0 and draft.ref.practice_id not in desired.partly_unseen
    may_be_held = way is not Way.ANEW and is_known and (not unchanged or book.link(refund_ref(draft.ref)))
    if live and may_be_held and plan_deposited(book, live, draft, replaces=replaces, after=_grown(book, draft, live)):
        return None
    if way is Way.ON and live and unchanged and not _has_to_be_applied_again(book, draft, live):
        return book.keep(draft.ref)
    if refused := _refusal(book, desired, draft, link) or _kept_by_hand(book, draft):
        if live and replaces:
            book.report(_stays_too(refused, replaces, live))
        return book.report(refused)
    if not all(book.will_exist(line.invoice) for line in draft.lines) or not book.will_exist(draft.contact):
        return book.wait(draft.ref)
    if live is None or way is Way.ANEW:
        return _plan_new(book, desired, draft)
    if paid := paid_otherwise(book, desired.drafts.values(), draft, live):
        return book.report(paid)
    reason = "entered anew in Clio" if replaces else "changed in Clio" if not unchanged else RESTORED
    after = {draft.contact} | _grown(book, draft, live)
    return book.add(replace(Change.of(Action.UPDATE, draft, live.ledger_id, reason, after), replaces=replaces))


def _handed_over(draft: PaymentDraft, link: LinkState) -> Change:
    """What a person did to it in QuickBooks is said and decided of the payment that took its place in Clio."""
    return Change(
        action=Action.MOVE,
        ref=draft.ref,
        entity="Payment",
        title=draft.title,
        reason=f"entered anew in Clio in place of payment {link.ref.practice_id}",
        ledger_id=link.ledger_id,
        practice_fingerprint=link.practice_fingerprint,
        amount=draft.amount,
        replaces=link.ref,
    )


def _stays_too(refused: Problem, replaced: Ref, link: LinkState) -> Problem:
    """What the other one cannot replace stays as it is, though it is gone in Clio; its record says so as well."""
    title = f"Payment {replaced.practice_id}"
    message = f"{title} was entered anew in Clio as {refused.title}, and stays as it is until that can be posted. "
    return replace(refused, ref=replaced, title=title, ledger_id=link.ledger_id, message=message + refused.message)


def _refusal(book: Draftbook, desired: Desired, draft: PaymentDraft, link: LinkState | None) -> Problem | None:
    """What makes this payment impossible to post or to change, whatever else is true."""
    if draft.amount <= 0 or draft.applied > draft.amount:
        message = (
            f"{draft.title} adds up to {words.amount(draft.amount)} in Clio and pays {words.amount(draft.applied)} of "
            "bills; it is not posted."
        )
        return Problem("total_mismatch", draft.ref, message, title=draft.title)
    if key := desired.unmapped.get(draft.ref):
        message = f"{draft.title} needs an account for {MAPPING_NAMES[key]}. Map one that fits; the payment "
        return Problem("mapping_missing", draft.ref, f"{message}follows by itself.", title=draft.title)
    if link and not link.is_voided and draft.ref.practice_id in desired.partly_unseen:
        message = f"{draft.title} changed in Clio, but not all the bills it pays can be read; it stays as it is."
        return Problem("permission_lost", draft.ref, message, title=draft.title, ledger_id=link.ledger_id)
    document = book.document(link.ref) if link and not link.is_voided else None
    return closed_period(book.policy, draft.ref, draft.title, (draft.dated, dated(document.raw) if document else None))


def _taken_off(book: Draftbook, draft: PaymentDraft, link: LinkState) -> list[Difference]:
    """Rule R8: where a person took the payment off one of our live invoices, or applied less of it there."""
    document = book.document(link.ref)
    if document is None or document.raw is None:
        return []
    applied = applied_by(document.raw)
    found: list[Difference] = []
    for line in draft.lines:
        invoice, paid = book.link(line.invoice), book.document(line.invoice)
        if invoice is None or line.invoice in book.restored.keys() | book.over or not book.will_exist(line.invoice):
            continue
        still, number = applied.get(invoice.ledger_id, ZERO), text(paid.raw, "DocNumber") if paid and paid.raw else ""
        if still < line.amount:
            label = f"{APPLIED} {number or invoice.ledger_id}"
            found.append({"label": label, "ours": f"{line.amount:.2f}", "theirs": f"{still:.2f}"})
    return found


def _has_to_be_applied_again(book: Draftbook, draft: PaymentDraft, link: LinkState) -> bool:
    """Whether an invoice it pays is being restored, and what a person did to that one took the payment off it."""
    grown = _grown(book, draft, link)
    restored = [line.invoice for line in draft.lines if line.invoice in book.restored]
    return any(book.restored[ref] or ref in grown for ref in restored)


def _kept_by_hand(book: Draftbook, draft: PaymentDraft) -> Problem | None:
    """A new or changed payment of an invoice that a person has given up or unlinked (rule R8)."""
    numbers = [
        book.group.bills[line.invoice.practice_id].number for line in draft.lines if line.invoice in book.by_hand
    ]
    return kept_by_hand(draft.ref, draft.title, numbers) if numbers else None


def _plan_new(book: Draftbook, desired: Desired, draft: PaymentDraft) -> None:
    after = {draft.contact, *(line.invoice for line in draft.lines)}
    decision = book.decision(draft.ref, "payment_exists")
    customer = book.link(draft.contact) or book.changes.get(draft.contact)
    near = book.catalog.loose_payments(customer.ledger_id, draft.amount, draft.dated) if customer else []
    if decision and decision.action == "adopt" and _is_unclaimed(book, decision.value):
        return book.add(_adoption(book, draft, decision.value, near, after))
    loose = [payment for payment in near if _is_unclaimed(book, payment.ledger_id)]
    if not loose or (decision and decision.action == "post"):
        if paid := paid_otherwise(book, desired.drafts.values(), draft, None):
            return book.report(paid)
        return book.add(Change.of(Action.CREATE, draft, after=after))
    return book.report(
        Problem(
            "payment_exists",
            draft.ref,
            f"QuickBooks already has a payment of {words.amount(draft.amount)} from this customer dated "
            f"{words.day(loose[0].date)}, and Clio has one of {words.day(draft.dated)}. Adopt it, or say that "
            "they are two payments.",
            title=draft.title,
            ledger_id=loose[0].ledger_id,
            details={"candidates": [payment.ledger_id for payment in loose]},
        )
    )


def _adoption(
    book: Draftbook, draft: PaymentDraft, ledger_id: str, near: Sequence[LoosePayment], after: set[Ref]
) -> Change:
    """Takes a person's payment for Clio's; of one in a deposit the date stays, since QuickBooks refuses another."""
    change = Change.of(Action.UPDATE, replace(draft, keeps_reference=True), ledger_id, "already in QuickBooks", after)
    theirs = next((payment for payment in near if payment.ledger_id == ledger_id), None)
    if theirs is None or not theirs.is_deposited or theirs.date == draft.dated:
        return change
    fields = [{"label": "Date", "ours": str(draft.dated), "theirs": str(theirs.date)}]
    on = words.day(theirs.date)
    message = f"{draft.title} keeps its date in QuickBooks, {on}, because it is part of a bank deposit there."
    kept = replace(change, draft=replace(draft, keeps_reference=True, dated=theirs.date))
    return with_difference(book, kept, draft, fields, message)


def _is_unclaimed(book: Draftbook, ledger_id: str) -> bool:
    """Whether this QuickBooks payment stands for no payment of Clio yet, in this plan neither."""
    claimed = any(change.entity == "Payment" and change.ledger_id == ledger_id for change in book.changes.values())
    return ledger_id != "" and ("Payment", ledger_id) not in book.catalog.owners and not claimed


def _grown(book: Draftbook, draft: PaymentDraft, link: LinkState) -> set[Ref]:
    """Invoices this payment will pay more of than now: those have to be changed before it."""
    document = book.document(link.ref)
    applied = applied_by(document.raw) if document and document.raw else {}
    grown = set()
    for line in draft.lines:
        invoice = book.link(line.invoice)
        if invoice is None or line.amount > applied.get(invoice.ledger_id, ZERO):
            grown.add(line.invoice)
    return grown


def _plan_left(book: Draftbook, desired: Desired, ref: Ref, link: LinkState) -> None:
    """A linked payment that nothing asks for any more: voided once Clio says that nothing of it is left."""
    payment = book.group.payments.get(ref.practice_id)
    if ref in book.blocked:
        return None
    if link.is_voided:
        return _plan_over(book, link, payment)
    if payment is None or payment.id in desired.as_they_are or any(_may_be_for(book, ref, payment)):
        return book.keep(ref)
    if gone := kept_for(book, link):
        return keep_for(book, link, gone)
    document = book.document(ref)
    title = posted_title(document.raw if document else None, ref.practice_id)
    if met_gone(book, link, title, "it was deleted in Clio") is Way.SAID:
        return None
    if payment.standing and not any(draft.practice_id == payment.id for draft in desired.drafts):
        return note_loose(book, payment, link.ref)
    if plan_deposited(book, link, None):
        return None
    if closed := closed_period(book.policy, ref, title, (dated(document.raw) if document else None,)):
        return book.report(closed)
    change = _void(ref, title, link, document)
    if is_unproven(book, payment):
        note_unproven(book, link, f"{change.amount:.2f}")
        change = replace(change, base={**link.base, UNPROVEN: f"{change.amount:.2f}"})
    return book.add(change)


def _plan_over(book: Draftbook, link: LinkState, payment: Payment | None) -> None:
    """One that was voided: said for as long as nothing tells that its money was given back."""
    book.keep(link.ref)
    amount = text(link.base, UNPROVEN)
    if amount and payment and not payment.valid and (payment.standing or not payment.is_traced):
        book.recheck |= {payment.id} if payment.standing else set()
        note_unproven(book, link, amount)


def _may_be_for(book: Draftbook, ref: Ref, payment: Payment) -> list[str]:
    """Valid allocations that may still be this customer's: to its posted bills, or to bills that are not known now."""
    bills = book.group.bills
    return [
        a.id
        for a in payment.valid
        if a.bill_id not in bills or (bills[a.bill_id].contact_id == ref.leg and is_posted(book, a.bill_id))
    ]


def _void(ref: Ref, title: str, link: LinkState, document: Document | None) -> Change:
    raw = document.raw if document and document.raw else {}
    amount = money(raw, "TotalAmt")
    account = text(nested(raw, "DepositToAccountRef"), "name") or "Undeposited Funds"
    return Change(
        action=Action.VOID,
        ref=ref,
        entity="Payment",
        title=title,
        reason="deleted in Clio",
        ledger_id=link.ledger_id,
        practice_fingerprint=GONE,
        amount=amount,
        reverses=gathered([post(mapping.RECEIVABLE, amount), post(account, -amount)]),
    )
