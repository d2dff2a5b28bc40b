"""Planning invoices: what has to happen to the invoice of each bill and of each interest charge (rules R1.2, R3)."""

from decimal import Decimal

from integrations.core import mapping
from integrations.core.changes import Action, Change, Problem
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.posting import Posting, gathered, post
from integrations.core.read import Unreadable, money, nested, rows, text
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Holder
from integrations.kinds.group import Document, Draftbook, LinkState, contact_ref
from integrations.kinds.invoice import Bill, InterestCharge, TotalMismatch, bill_amount, id_order, in_scope
from integrations.kinds.invoice_draft import InvoiceDraft, MappingMissing, bill_draft, interest_draft, interest_leg
from integrations.kinds.payment import payment_title
from integrations.kinds.plan_correction import is_corrected, plan_correction, undo_correction
from integrations.kinds.plan_kept import kept_payments
from integrations.kinds.plan_otherwise import held_by_others
from integrations.kinds.problems import (
    bill_problem,
    closed_period,
    dated,
    duplicate_number,
    mapping_missing,
    unreadable_bill,
    unusable_number,
)
from integrations.kinds.theirs import GONE, Way, is_left, met, met_gone

PROPOSED = "Or have a credit memo dated today posted, which takes the invoice back and leaves the money as credit."
# What settles an invoice in QuickBooks; other linked transactions (estimates, time) are not money.
SETTLING = frozenset({"Payment", "CreditMemo", "JournalEntry", "Deposit"})


def scoped_bills(book: Draftbook) -> list[Bill]:
    """Bills that are in scope or already have an invoice, oldest first."""
    found = [b for b in book.group.bills.values() if book.link(b.ref) or in_scope(b, book.policy.start_date)]
    return sorted(found, key=lambda bill: (str(bill.issued_at), id_order(bill.id)))


def plan_unreadable_bills(book: Draftbook) -> None:
    """Rule R1.4: a bill that could not be read is evidence of nothing, but somebody has to know."""
    for bill_id, reason in sorted(book.group.unreadable_bills.items(), key=lambda item: id_order(item[0])):
        book.report(unreadable_bill(Ref(Kind.INVOICE, bill_id), reason))


def plan_bill(book: Draftbook, bill: Bill) -> None:
    """Adds the changes of a bill's own invoice and of its interest charges."""
    if bill.is_gone or bill.id in book.group.absent_bills:
        return _plan_gone(book, bill)
    if not bill.is_live:
        return _plan_back_in_draft(book, bill)
    try:
        legs = _legs(book, bill)
    except TotalMismatch as error:
        book.reread.add(bill.id)
        message = f"Bill {bill.number} does not add up: {error}."
        return book.report(bill_problem("total_mismatch", bill.ref, bill, message))
    except MappingMissing as error:
        return book.report(mapping_missing(bill, str(error)))
    book.legs[bill.id] = {draft.ref: draft.amount for draft in legs}
    book.invoices |= {draft.ref: draft for draft in legs}
    for draft in legs:
        _plan_leg(book, bill, draft)
    for draft in legs:
        undo_correction(book, draft.ref)
    for ref, link in _stale_legs(book, bill):
        _void(book, ref, link, f"an interest charge on bill {bill.number} was removed in Clio")
    return None


def _legs(book: Draftbook, bill: Bill) -> list[InvoiceDraft]:
    """The invoices a bill needs; their amounts add up to what the contact was ever to pay (R3.1)."""
    whole = bill_amount(bill, book.group.allocations.get(bill.id, ()))
    book.pending |= whole.pending_ids
    charges = _charges(book, bill)
    interest = sum((charge.total for _, charge in charges), ZERO)
    lines = book.group.lines.get(bill.id, ())
    main = bill_draft(bill, whole.whole - interest, lines, book.policy)
    return [main, *(interest_draft(bill, charge, index, book.policy) for index, charge in charges)]


def _charges(book: Draftbook, bill: Bill) -> list[tuple[int, InterestCharge]]:
    """The bill's charges with their place in its series; a removed charge keeps its place (R3.4)."""
    if bill.is_interest_bill:
        return []
    known = sorted(book.group.charges.get(bill.id, ()), key=lambda charge: id_order(charge.id))
    numbered = enumerate(known, start=1)
    return [(i, charge) for i, charge in numbered if charge.total and charge.id not in book.group.gone_charges]


def _stale_legs(book: Draftbook, bill: Bill) -> list[tuple[Ref, LinkState]]:
    live = book.legs[bill.id]
    return [(ref, link) for ref, link in _invoice_links(book, bill) if ref not in live and not link.is_voided]


def _invoice_links(book: Draftbook, bill: Bill) -> list[tuple[Ref, LinkState]]:
    links = book.group.links.items()
    own = ((ref, link) for ref, link in links if ref.kind is Kind.INVOICE and ref.practice_id == bill.id)
    return sorted((ref, link) for ref, link in own if link.entity == "Invoice")


def interest_legs(book: Draftbook, bill: Bill) -> dict[Ref, Decimal]:
    """Live interest invoices of a bill that is not planned now, with what each is worth in Clio."""
    worth = {interest_leg(charge): charge.total for charge in book.group.charges.get(bill.id, ())}
    live = [ref for ref, link in _invoice_links(book, bill) if ref.leg in worth and not link.is_voided]
    return {ref: worth[ref.leg] for ref in live}


def _plan_leg(book: Draftbook, bill: Bill, draft: InvoiceDraft) -> None:
    contact, link = contact_ref(bill.contact_id), book.link(draft.ref)
    if is_left(book, draft.ref):
        return None
    unchanged = _is_unchanged(draft, link)
    if not unchanged and (refused := _refusal(book, bill, draft, link)):
        return book.report(refused)
    way = met(book, link, draft, f"Invoice {draft.number}") if link else Way.ANEW
    if way is Way.SAID:
        return None
    if way is Way.ON and unchanged:
        return book.keep(draft.ref)
    if unchanged and (refused := _refusal(book, bill, draft, link)):
        return book.report(refused)
    if link is None or way is Way.ANEW:
        return _plan_new(book, bill, draft, contact)
    if not book.policy.numbering_on or not book.will_exist(contact):
        return book.wait(draft.ref)
    if held := held_by_others(book, draft, link):
        return book.report(held)
    book.catalog.claim_number(draft.number, draft.ref)
    reason = "changed in Clio" if way is Way.ON else "what was changed in QuickBooks is undone"
    return book.add(Change.of(Action.UPDATE, draft, link.ledger_id, reason, {contact}))


def _is_unchanged(draft: InvoiceDraft, link: LinkState | None) -> bool:
    return link is not None and link.practice_fingerprint == draft.fingerprint and not link.is_voided


def _plan_new(book: Draftbook, bill: Bill, draft: InvoiceDraft, contact: Ref) -> None:
    if not book.policy.numbering_on or not book.will_exist(contact):
        return book.wait(draft.ref)
    holder = book.catalog.holder(draft.number, draft.ref)
    if holder is None:
        book.catalog.claim_number(draft.number, draft.ref)
        return book.add(Change.of(Action.CREATE, draft, after={contact}))
    if not _is_same_invoice(book, holder, draft):
        return book.report(duplicate_number(book, bill, draft.ref, draft.number, holder))
    decision = book.decision(draft.ref, "invoice_exists")
    if decision and decision.action == "adopt":
        return book.add(Change.of(Action.ADOPT, draft, holder.ledger_id, "already in QuickBooks", {contact}))
    return book.report(
        bill_problem(
            "invoice_exists",
            draft.ref,
            bill,
            f"Invoice {draft.number} is already in QuickBooks with the same customer, date and amount. "
            "Adopt it and the portal keeps it in step; nothing is posted twice.",
            holder.ledger_id,
        )
    )


def _is_same_invoice(book: Draftbook, holder: Holder, draft: InvoiceDraft) -> bool:
    """Rule R3.5: number, matched customer, date and amount are equal, and nobody in Clio owns the invoice."""
    raw = book.catalog.invoices.get(holder.ledger_id) if holder.entity == "Invoice" and not holder.ref else None
    if raw is None or ("Invoice", holder.ledger_id) in book.catalog.owners:
        return False
    link = book.link(draft.contact)
    planned = book.changes.get(draft.contact)
    customer_id = link.ledger_id if link else planned.ledger_id if planned else ""
    is_theirs = customer_id == text(nested(raw, "CustomerRef"), "value") != ""
    try:
        return is_theirs and dated(raw) == draft.dated and money(raw, "TotalAmt") == draft.amount
    except Unreadable:
        return False


def _refusal(book: Draftbook, bill: Bill, draft: InvoiceDraft, link: LinkState | None) -> Problem | None:
    """What makes this invoice impossible to post or to change, whatever else is true."""
    if not bill.contact_id:
        message = f"Bill {bill.number} names no client, so no customer can owe it. Give it one in Clio."
        return bill_problem("contact_missing", draft.ref, bill, message)
    if refused := _other_currency(book, bill, draft.ref) or unusable_number(bill, draft.ref, draft.number):
        return refused
    if link and (holder := book.catalog.holder(draft.number, draft.ref, link.ledger_id)):
        return duplicate_number(book, bill, draft.ref, draft.number, holder)
    if link and refused_total(link, book.policy.tax_engine):
        return _tax_added(bill, draft, link)
    document = book.document(draft.ref)
    days = (draft.dated, dated(document.raw) if document else None)
    return closed_period(book.policy, draft.ref, f"Bill {bill.number}", days)


def _other_currency(book: Draftbook, bill: Bill, ref: Ref) -> Problem | None:
    if bill.currency in ("", book.policy.currency):
        return None
    return bill_problem(
        "currency_mismatch",
        ref,
        bill,
        f"Bill {bill.number} is in {bill.currency}, the QuickBooks company keeps its books in {book.policy.currency}. "
        "Post it by hand, then accept this here.",
    )


def _tax_added(bill: Bill, draft: InvoiceDraft, link: LinkState) -> Problem:
    return bill_problem(
        "total_mismatch",
        draft.ref,
        bill,
        f"QuickBooks added tax of its own to invoice {draft.number}, so it was voided. Switch automatic sales tax off "
        "for these items in QuickBooks; the portal tries again when the setting has changed.",
        link.ledger_id,
    )


def refused_total(link: LinkState | None, tax_engine: str) -> bool:
    """Rule R3.3: the invoice came back with another total under these very tax settings."""
    return bool(link and link.is_voided and link.base.get("refused_total_under") == tax_engine)


def _plan_back_in_draft(book: Draftbook, bill: Bill) -> None:
    link = book.link(bill.ref)
    if link and not link.is_voided:
        message = (
            f"Bill {bill.number} went back to draft in Clio. Its invoice stays as it is until it is approved again."
        )
        book.report(bill_problem("bill_in_draft", bill.ref, bill, message, link.ledger_id, blocks=False))
    for ref, _ in _invoice_links(book, bill):
        book.keep(ref)


def _plan_gone(book: Draftbook, bill: Bill) -> None:
    """Rule R3.8: every live leg is voided, after our own applications on it are undone."""
    word = "voided" if bill.state == "void" else "deleted"
    reason = f"bill {bill.number} was {word} in Clio"
    for ref, link in _invoice_links(book, bill):
        if link.is_voided:
            book.keep(ref)
        elif is_corrected(book, ref):
            plan_correction(book, bill, ref, None)
        elif blocked := _stays(book, bill, ref, link, reason):
            if not plan_correction(book, bill, ref, blocked):
                book.report(blocked)
        else:
            _void(book, ref, link, reason)


def _stays(book: Draftbook, bill: Bill, ref: Ref, link: LinkState, reason: str) -> Problem | None:
    """Why the invoice cannot be voided, where its money stays in Clio, or something in QuickBooks holds it."""
    if money_that_stays := _money_that_stays(book, bill):
        return _paid_in_clio(book, bill, ref, link, reason, money_that_stays)
    if kept := kept_payments(book, bill):
        return _kept_in_clio(book, bill, ref, link, reason, kept)
    document = book.document(ref)
    if document is None or document.raw is None or book.has_drifted(link):
        return None  # what a person did to it is said first
    return _void_blocked(book, ref, link, document.raw, reason)


def _money_that_stays(book: Draftbook, bill: Bill) -> list[str]:
    """Payments in Clio that still pay the bill that is gone."""
    allocations = book.group.allocations.get(bill.id, ())
    return sorted({a.parent_id for a in allocations if a.is_valid and a.is_payment and a.amount}, key=id_order)


def _paid_in_clio(book: Draftbook, bill: Bill, ref: Ref, link: LinkState, reason: str, payments: list[str]) -> Problem:
    return Problem(
        "void_blocked",
        ref,
        f"{_sentence(reason)}, but Clio still has it paid: {_named(book, payments)}. Take the payment off the bill in "
        f"Clio. {PROPOSED}",
        title=f"Bill {bill.number}",
        ledger_id=link.ledger_id,
        details={"clio_payments": payments},
    )


def _kept_in_clio(book: Draftbook, bill: Bill, ref: Ref, link: LinkState, reason: str, payments: list[str]) -> Problem:
    return Problem(
        "void_blocked",
        ref,
        f"{_sentence(reason)}, but Clio kept what was paid on it: its bank account still has the money of "
        f"{_named(book, payments)}. If it was given back, record that in Clio: delete the payment or enter its refund. "
        "Or take the payment off the invoice in QuickBooks; the invoice is then voided. "
        f"{PROPOSED}",
        title=f"Bill {bill.number}",
        ledger_id=link.ledger_id,
        details={"clio_payments": payments},
    )


def _named(book: Draftbook, payments: list[str]) -> str:
    known = (book.group.payments.get(id) for id in payments)
    titles = [payment_title(one) if one else f"Payment {id}" for id, one in zip(payments, known, strict=True)]
    return ", ".join(title.replace("Payment", "payment", 1) for title in titles)


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _void(book: Draftbook, ref: Ref, link: LinkState, reason: str) -> None:
    document = book.document(ref)
    number = text(document.raw, "DocNumber") if document and document.raw else ref.practice_id
    if met_gone(book, link, f"Invoice {number}", reason) is Way.SAID:
        return None
    if document and document.raw and (blocked := _void_blocked(book, ref, link, document.raw, reason)):
        return book.report(blocked)
    return book.add(
        Change(
            action=Action.VOID,
            ref=ref,
            entity="Invoice",
            title=f"Bill {number}",
            reason=reason,
            ledger_id=link.ledger_id,
            practice_fingerprint=GONE,
            reverses=_reversed(book, document),
        )
    )


def _void_blocked(book: Draftbook, ref: Ref, link: LinkState, raw: Raw, reason: str) -> Problem | None:
    title = f"Bill {text(raw, 'DocNumber')}"
    if closed := closed_period(book.policy, ref, title, (dated(raw),)):
        message = f"{_sentence(reason)}, but {closed.message} {PROPOSED}"
        return Problem("void_blocked", ref, message, title, link.ledger_id, details=closed.details)
    strangers = [
        text(txn, "TxnId")
        for txn in rows(raw, "LinkedTxn")
        if text(txn, "TxnType") in SETTLING and (text(txn, "TxnType"), text(txn, "TxnId")) not in book.catalog.owners
    ]
    strangers += [paid.ledger_id for paid in book.catalog.settlements("Invoice", link.ledger_id)]
    if not strangers:
        return None
    return Problem(
        "void_blocked",
        ref,
        f"{_sentence(reason)}, but in QuickBooks its invoice is paid by a payment that did not come from Clio. "
        f"Take that payment off the invoice in QuickBooks. {PROPOSED}",
        title=title,
        ledger_id=link.ledger_id,
        details={"payments": sorted(set(strangers))},
    )


def _reversed(book: Draftbook, document: Document | None) -> tuple[Posting, ...]:
    """What a void takes back, as far as the invoice itself tells."""
    if document is None or document.raw is None:
        return ()
    accounts = {target.ledger_id: target.account for key, target in book.policy.targets.items() if key[:5] == "item:"}
    lines = []
    for line in rows(document.raw, "Line"):
        if text(line, "DetailType") == "SalesItemLineDetail":
            item = nested(nested(line, "SalesItemLineDetail"), "ItemRef")
            account = accounts.get(text(item, "value")) or text(item, "name") or "Income"
            lines.append(post(account, money(line, "Amount")))
    return gathered([*lines, post(mapping.RECEIVABLE, -money(document.raw, "TotalAmt"))])
