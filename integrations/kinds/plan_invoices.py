"""Planning invoices: what has to happen to the invoice of each bill and of each interest charge (rules R1.2, R3)."""

from decimal import Decimal

from integrations.core import mapping
from integrations.core.changes import Action, Change, Problem
from integrations.core.money import ZERO
from integrations.core.posting import Posting, gathered, post
from integrations.core.read import day, money, nested, rows, text
from integrations.core.records import Ref
from integrations.kinds.catalog import Holder
from integrations.kinds.group import Document, Draftbook, LinkState, contact_ref
from integrations.kinds.invoice import (
    GONE_STATES,
    NUMBER_LENGTH,
    Bill,
    InterestCharge,
    TotalMismatch,
    bill_amount,
    in_scope,
    int_or_zero,
)
from integrations.kinds.invoice_draft import (
    InvoiceDraft,
    MappingMissing,
    bill_draft,
    interest_draft,
    interest_leg,
)
from integrations.kinds.payment import applied_by

MAPPING_NAMES = {
    mapping.SERVICE: "services",
    mapping.HARD_COST: "hard costs",
    mapping.SOFT_COST: "soft costs",
    mapping.TAX: "tax",
    mapping.SECONDARY_TAX: "the second tax",
    mapping.DISCOUNT: "discounts",
    mapping.INTEREST: "interest",
    mapping.ROUNDING: "rounding differences",
    mapping.IN_TRANSIT: "trust money in transit",
}


def scoped_bills(book: Draftbook) -> list[Bill]:
    """Bills that are in scope or already have an invoice, oldest first."""
    found = [
        b
        for b in book.group.bills.values()
        if book.link(b.ref) or in_scope(b, book.policy.start_date)
    ]
    return sorted(found, key=lambda bill: (str(bill.issued_at), int_or_zero(bill.id)))


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
        return book.report(
            _problem(
                "total_mismatch",
                bill.ref,
                bill,
                f"Bill {bill.number} does not add up: {error}.",
            )
        )
    except MappingMissing as error:
        return book.report(_mapping_missing(bill, str(error)))
    book.legs[bill.id] = {draft.ref: draft.amount for draft in legs}
    for draft in legs:
        _plan_leg(book, bill, draft)
    for ref, link in _stale_legs(book, bill):
        _void(
            book,
            ref,
            link,
            f"an interest charge on bill {bill.number} was removed in Clio",
        )


def _legs(book: Draftbook, bill: Bill) -> list[InvoiceDraft]:
    """The invoices a bill needs; their amounts add up to what the contact was ever to pay (R3.1)."""
    group = book.group
    whole = bill_amount(bill, group.allocations.get(bill.id, ()))
    book.pending |= whole.pending_ids
    known = sorted(
        group.charges.get(bill.id, ()), key=lambda charge: int_or_zero(charge.id)
    )
    numbered = (
        []
        if bill.is_interest_bill
        else [(i, c) for i, c in enumerate(known, start=1) if c.total]
    )
    charges = [
        (index, charge)
        for index, charge in numbered
        if charge.id not in group.gone_charges
    ]
    interest = sum((charge.total for _, charge in charges), ZERO)
    main = bill_draft(
        bill, whole.whole - interest, group.lines.get(bill.id, ()), book.policy
    )
    return [
        main,
        *(
            interest_draft(bill, charge, index, book.policy)
            for index, charge in charges
        ),
    ]


def _stale_legs(book: Draftbook, bill: Bill) -> list[tuple[Ref, LinkState]]:
    live = book.legs[bill.id]
    return [
        (ref, link)
        for ref, link in book.group.links.items()
        if ref.kind == bill.ref.kind
        and ref.practice_id == bill.id
        and ref not in live
        and not link.is_voided
    ]


def _plan_leg(book: Draftbook, bill: Bill, draft: InvoiceDraft) -> None:
    contact, link = contact_ref(bill.contact_id), book.link(draft.ref)
    if refused := _refusal(book, bill, draft, link):
        return book.report(refused)
    if link is None:
        return _plan_new(book, bill, draft, contact)
    if book.is_deleted(draft.ref):
        return book.report(_deleted(bill, draft, link))
    unchanged = link.practice_fingerprint == draft.fingerprint and not link.is_voided
    if book.has_drifted(link):
        return book.report(_drift(bill, draft, link, both=not unchanged))
    if unchanged:
        return book.keep(draft.ref)
    if not book.will_exist(contact):
        return book.wait(draft.ref)
    _change(
        book,
        Action.UPDATE,
        draft,
        link.ledger_id,
        "changed in Clio",
        after={contact} | _undone_first(book, draft),
    )


def _plan_new(book: Draftbook, bill: Bill, draft: InvoiceDraft, contact: Ref) -> None:
    if not book.policy.numbering_on or not book.will_exist(contact):
        return book.wait(draft.ref)
    holder = book.catalog.holder(draft.number, draft.ref)
    if holder is None:
        book.catalog.claim_number(draft.number, draft.ref)
        return _change(book, Action.CREATE, draft, "", "", after={contact})
    if not _is_same_invoice(book, holder, draft):
        return book.report(_duplicate(bill, draft, holder))
    decision = book.decision(draft.ref, "invoice_exists")
    if decision and decision.action == "adopt":
        return _change(
            book,
            Action.ADOPT,
            draft,
            holder.ledger_id,
            "already in QuickBooks",
            after={contact},
        )
    book.report(
        _problem(
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
    raw = (
        book.catalog.invoices.get(holder.ledger_id)
        if holder.entity == "Invoice" and not holder.ref
        else None
    )
    if raw is None or ("Invoice", holder.ledger_id) in book.catalog.owners:
        return False
    link = book.link(draft.contact)
    planned = book.changes.get(draft.contact)
    customer_id = link.ledger_id if link else planned.ledger_id if planned else ""
    return (
        customer_id == text(nested(raw, "CustomerRef"), "value") != ""
        and day(raw, "TxnDate") == draft.dated
        and money(raw, "TotalAmt") == draft.amount
    )


def _refusal(
    book: Draftbook, bill: Bill, draft: InvoiceDraft, link: LinkState | None
) -> Problem | None:
    """What makes this invoice impossible to post or to change, whatever else is true."""
    if link and link.practice_fingerprint == draft.fingerprint and not link.is_voided:
        return None
    if bill.currency and bill.currency != book.policy.currency:
        return _problem(
            "currency_mismatch",
            draft.ref,
            bill,
            f"Bill {bill.number} is in {bill.currency}, the QuickBooks company keeps its books in "
            f"{book.policy.currency}. Post it by hand, then accept this here.",
        )
    if not draft.number:
        return _problem(
            "number_missing",
            draft.ref,
            bill,
            f"Bill {bill.id} has no number. Give it one in Clio.",
        )
    if len(draft.number) > NUMBER_LENGTH:
        return _problem(
            "number_too_long",
            draft.ref,
            bill,
            f"“{draft.number}” has {len(draft.number)} characters; QuickBooks takes {NUMBER_LENGTH}. "
            "Give the bill a shorter number in Clio.",
        )
    if link and (
        holder := book.catalog.holder(draft.number, draft.ref, link.ledger_id)
    ):
        return _duplicate(bill, draft, holder)
    if refused_total(link, book.policy.tax_engine):
        return _problem(
            "total_mismatch",
            draft.ref,
            bill,
            f"QuickBooks added tax of its own to invoice {draft.number}, so it was voided. Switch automatic sales "
            "tax off for these items in QuickBooks; the portal tries again when the setting has changed.",
            link.ledger_id if link else "",
        )
    return closed_period(book, draft.ref, bill.number, draft.dated)


def refused_total(link: LinkState | None, tax_engine: str) -> bool:
    """Rule R3.3: the invoice came back with another total under these very tax settings."""
    return bool(
        link and link.is_voided and link.base.get("refused_total_under") == tax_engine
    )


def closed_period(book: Draftbook, ref: Ref, number: str, on: object) -> Problem | None:
    closed = book.policy.close_date
    if closed is None or str(on) > closed.isoformat():
        return None
    return Problem(
        "period_closed",
        ref,
        f"{number} is dated {on}, and QuickBooks's books are closed up to {closed}. It is not re-dated: reopen the "
        "period in QuickBooks, or post it by hand and accept this here.",
        title=f"Bill {number}",
    )


def _plan_back_in_draft(book: Draftbook, bill: Bill) -> None:
    link = book.link(bill.ref)
    if link and not link.is_voided:
        book.report(
            _problem(
                "bill_in_draft",
                bill.ref,
                bill,
                f"Bill {bill.number} went back to draft in Clio. Its invoice stays as it is until the bill is "
                "approved again.",
                link.ledger_id,
                blocks=False,
            )
        )
    book.keep(bill.ref)


def _plan_gone(book: Draftbook, bill: Bill) -> None:
    """Rule R3.8: every live leg is voided, after our own applications on it are undone."""
    word = (
        "deleted"
        if bill.state not in GONE_STATES
        else "voided"
        if bill.state == "void"
        else "deleted"
    )
    for ref, link in book.group.links.items():
        if ref.kind == bill.ref.kind and ref.practice_id == bill.id:
            if link.is_voided:
                book.keep(ref)
            else:
                _void(book, ref, link, f"bill {bill.number} was {word} in Clio")


def _void(book: Draftbook, ref: Ref, link: LinkState, reason: str) -> None:
    document = book.document(ref)
    if book.is_deleted(ref):
        return book.keep(ref)
    number = (
        text(document.raw, "DocNumber")
        if document and document.raw
        else ref.practice_id
    )
    if blocked := _void_blocked(book, ref, link, document, number, reason):
        return book.report(blocked)
    book.add(
        Change(
            action=Action.VOID,
            ref=ref,
            entity="Invoice",
            title=f"Bill {number}",
            reason=reason,
            ledger_id=link.ledger_id,
            practice_fingerprint="void",
            after=frozenset(_payers(book, link.ledger_id)),
            reverses=_reversed(document),
        )
    )


def _void_blocked(
    book: Draftbook,
    ref: Ref,
    link: LinkState,
    document: Document | None,
    number: str,
    reason: str,
) -> Problem | None:
    if document is None or document.raw is None:
        return None
    if day(document.raw, "TxnDate") and (
        closed := closed_period(book, ref, number, day(document.raw, "TxnDate"))
    ):
        return Problem(
            "void_blocked",
            ref,
            f"{reason.capitalize()}, but {closed.message}",
            closed.title,
            link.ledger_id,
        )
    strangers = [
        text(txn, "TxnId")
        for txn in rows(document.raw, "LinkedTxn")
        if text(txn, "TxnType") == "Payment"
        and ("Payment", text(txn, "TxnId")) not in book.catalog.owners
    ]
    if not strangers:
        return None
    return Problem(
        "void_blocked",
        ref,
        f"{reason.capitalize()}, but in QuickBooks its invoice is paid by a payment that did not come from Clio. "
        "Take that payment off the invoice in QuickBooks, or enter a credit memo dated today.",
        title=f"Bill {number}",
        ledger_id=link.ledger_id,
        details={"payments": strangers},
    )


def _payers(book: Draftbook, invoice_id: str) -> set[Ref]:
    """Our payments that pay this invoice in QuickBooks."""
    return {
        ref
        for ref, document in book.group.documents.items()
        if document.raw is not None
        and ref.kind == "payment"
        and invoice_id in applied_by(document.raw)
    }


def _undone_first(book: Draftbook, draft: InvoiceDraft) -> set[Ref]:
    """Payments that have to let go before this invoice can become smaller or change its customer."""
    link, document = book.link(draft.ref), book.document(draft.ref)
    if link is None or document is None or document.raw is None:
        return set()
    applied = money(document.raw, "TotalAmt") - money(document.raw, "Balance")
    return _payers(book, link.ledger_id) if draft.amount < applied else set()


def _reversed(document: Document | None) -> tuple[Posting, ...]:
    """What a void takes back, as far as the invoice itself tells."""
    if document is None or document.raw is None:
        return ()
    lines = [
        post(
            text(nested(nested(line, "SalesItemLineDetail"), "ItemRef"), "name")
            or "Income",
            money(line, "Amount"),
        )
        for line in rows(document.raw, "Line")
        if text(line, "DetailType") == "SalesItemLineDetail"
    ]
    return gathered(
        [*lines, post(mapping.RECEIVABLE, -money(document.raw, "TotalAmt"))]
    )


def _change(
    book: Draftbook,
    action: Action,
    draft: InvoiceDraft,
    ledger_id: str,
    reason: str,
    after: set[Ref],
) -> None:
    book.add(
        Change(
            action=action,
            ref=draft.ref,
            entity="Invoice",
            title=draft.title,
            reason=reason,
            ledger_id=ledger_id,
            draft=draft,
            practice_fingerprint=draft.fingerprint,
            amount=draft.amount,
            after=frozenset(after),
        )
    )


def _problem(
    code: str,
    ref: Ref,
    bill: Bill,
    message: str,
    ledger_id: str = "",
    *,
    blocks: bool = True,
) -> Problem:
    return Problem(
        code,
        ref,
        message,
        title=f"Bill {bill.number}",
        ledger_id=ledger_id,
        blocks=blocks,
    )


def _mapping_missing(bill: Bill, key: str) -> Problem:
    name = MAPPING_NAMES.get(key, key)
    return _problem(
        "mapping_missing",
        bill.ref,
        bill,
        f"Bill {bill.number} needs an item for {name}, and none is mapped. Map it; the bill follows by itself.",
    )


def _duplicate(bill: Bill, draft: InvoiceDraft, holder: Holder) -> Problem:
    if holder.ref is not None:
        who, where = f"Clio bill {holder.ref.practice_id}, which is posted under it", ""
    else:
        who, where = (
            f"{holder.entity} {holder.ledger_id} in QuickBooks",
            holder.ledger_id,
        )
    return Problem(
        "duplicate_number",
        draft.ref,
        f"Number {draft.number} already belongs to {who}. Renumber the bill in Clio, or the other document.",
        title=f"Bill {bill.number}",
        details={
            "holder_entity": holder.entity,
            "holder_id": where,
            "number": draft.number,
        },
    )


def _deleted(bill: Bill, draft: InvoiceDraft, link: LinkState) -> Problem:
    return _problem(
        "deleted_in_ledger",
        draft.ref,
        bill,
        f"Invoice {draft.number} was deleted in QuickBooks. It is not created again by itself.",
        link.ledger_id,
    )


def _drift(bill: Bill, draft: InvoiceDraft, link: LinkState, *, both: bool) -> Problem:
    also = " and the bill was changed in Clio" if both else ""
    return _problem(
        "drift",
        draft.ref,
        bill,
        f"Invoice {draft.number} was changed in QuickBooks{also}; nothing was overwritten.",
        link.ledger_id,
        blocks=both,
    )


def interest_refs(
    bill: Bill, charges: tuple[InterestCharge, ...]
) -> list[tuple[Ref, Decimal]]:
    """Interest legs of a bill, oldest charge first, with what each is worth."""
    ordered = sorted(charges, key=lambda charge: int_or_zero(charge.id))
    return [
        (Ref(bill.ref.kind, bill.id, interest_leg(charge)), charge.total)
        for charge in ordered
    ]
