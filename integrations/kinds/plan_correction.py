"""A bill that is gone in Clio and whose invoice cannot be voided: a credit memo dated today, once confirmed (R3.8)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integrations.core import words
from integrations.core.changes import Action, Change, Problem
from integrations.core.mapping import Target
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import money, nested, rows, text
from integrations.core.records import Kind, Ref, fingerprint
from integrations.kinds.credit_note import ApplicationDraft, CreditMemoDraft, EmptiedMemo
from integrations.kinds.group import Draftbook, contact_ref
from integrations.kinds.invoice import Bill
from integrations.kinds.invoice_draft import DraftLine
from integrations.kinds.payment import PaymentLine, applied_by
from integrations.kinds.problems import dated
from integrations.kinds.theirs import GONE

CORRECTION = "correction"
CODE = "void_blocked"
CONFIRMED = "confirmed by a person"


@dataclass(frozen=True, slots=True)
class CorrectionApplication(ApplicationDraft):
    """The payment of nothing that sets a correction against the invoice it corrects."""

    @property
    def title(self) -> str:
        return f"Application of credit note {correction_number(self.memo)}"


def correction_ref(invoice: Ref) -> Ref:
    leg = f"{CORRECTION}-{invoice.leg}" if invoice.leg else CORRECTION
    return Ref(Kind.INVOICE, invoice.practice_id, leg)


def correction_apply_ref(invoice: Ref) -> Ref:
    return Ref(Kind.INVOICE, invoice.practice_id, f"{correction_ref(invoice).leg}-apply")


def correction_number(correction: Ref) -> str:
    """CN-B and the bill's id; for an interest invoice CN-BI and the charge's."""
    charge = correction.leg.removeprefix(CORRECTION).rpartition("-")[2]
    return f"CN-BI{charge}" if charge else f"CN-B{correction.practice_id}"


def is_corrected(book: Draftbook, invoice: Ref) -> bool:
    """Whether a credit memo stands against this invoice already, so that it must not be voided as well."""
    return _standing(book, correction_ref(invoice)) is not None


def plan_correction(book: Draftbook, bill: Bill, invoice: Ref, problem: Problem | None) -> bool:
    """Whether the invoice is corrected by a credit memo, or is to be. ``problem`` says why it cannot be voided."""
    document, decision = book.document(invoice), book.decision(invoice, CODE)
    raw = document.raw if document else None
    standing = _standing(book, correction_ref(invoice))
    wanted = problem is not None and decision is not None and decision.action == "credit_memo"
    if raw is None or book.group.run_date is None or (standing is None and not wanted):
        return False
    draft = _draft(book, bill, invoice, raw, dated(standing) or book.group.run_date)
    if standing is None:
        book.add(Change.of(Action.CREATE, draft, reason=CONFIRMED, after={draft.contact}))
    else:
        book.keep(draft.ref)
    _apply(book, draft, invoice, raw)
    book.report(_corrected(book, bill, invoice, draft))
    return True


def undo_correction(book: Draftbook, invoice: Ref) -> None:
    """The bill is back in Clio: the application is voided, then the memo is emptied."""
    ref, applying = correction_ref(invoice), correction_apply_ref(invoice)
    raw, link, applied = _standing(book, ref), book.link(ref), book.link(applying)
    if raw is None or link is None:
        return
    title, reason = f"Credit note {correction_number(ref)}", "the bill is back in Clio"
    if applied and not applied.is_voided and not book.is_deleted(applying):
        head = Change(Action.VOID, applying, "Payment", f"Application of {title.lower()}", reason, applied.ledger_id)
        book.add(replace(head, practice_fingerprint=GONE))
    emptied = Change(
        Action.VOID, ref, "CreditMemo", title, reason, link.ledger_id, EmptiedMemo(ref, title, raw, book.policy)
    )
    book.add(replace(emptied, practice_fingerprint=GONE, amount=money(raw, "TotalAmt"), after=frozenset({applying})))


def _standing(book: Draftbook, ref: Ref) -> Raw | None:
    """The credit memo as it is in QuickBooks; None where there is none, or somebody deleted it."""
    link, document = book.link(ref), book.document(ref)
    return document.raw if link and not link.is_voided and document else None


def _draft(book: Draftbook, bill: Bill, invoice: Ref, raw: Raw, on: date) -> CreditMemoDraft:
    """Takes back what the invoice itself brought, line by line."""
    ref, amount = correction_ref(invoice), money(raw, "TotalAmt")
    number = text(raw, "DocNumber")
    return CreditMemoDraft(
        ref=ref,
        number=correction_number(ref),
        contact=contact_ref(bill.contact_id),
        dated=on,
        lines=tuple(_lines(book, raw, f"Correction of invoice {number}")),
        amount=amount,
        note=f"Bill {bill.number} is no longer valid in Clio",
        policy=book.policy,
        fingerprint=fingerprint([str(ref), amount]),
    )


def _lines(book: Draftbook, raw: Raw, description: str) -> Iterable[DraftLine]:
    accounts = {target.ledger_id: target for key, target in book.policy.targets.items() if key.startswith("item:")}
    for line in rows(raw, "Line"):
        item = nested(nested(line, "SalesItemLineDetail"), "ItemRef")
        id, name = text(item, "value"), text(item, "name")
        if id and money(line, "Amount"):
            yield DraftLine(money(line, "Amount"), description, accounts.get(id) or Target(id, name, name or "Income"))


def _apply(book: Draftbook, draft: CreditMemoDraft, invoice: Ref, raw: Raw) -> None:
    """Sets the memo against what is still open of the invoice; the rest stays the customer's credit."""
    ref = correction_apply_ref(invoice)
    link, memo = book.link(ref), book.link(draft.ref)
    if link and not link.is_voided and not book.is_deleted(ref):
        return book.keep(ref)
    used = book.catalog.settlements("CreditMemo", memo.ledger_id) if memo else []
    left = draft.amount - sum((payment.credits[memo.ledger_id] for payment in used if memo), ZERO)
    part = min(_open(book, invoice, raw), left)
    if part <= 0:
        return None
    if book.policy.auto_apply_credit and draft.ref in book.changes:
        return book.wait(ref)  # QuickBooks may apply it by itself; what it did is known when it is next read
    lines = (PaymentLine(invoice, part),)
    applying = CorrectionApplication(ref, draft.contact, draft.dated, draft.ref, lines, book.policy)
    return book.add(Change.of(Action.CREATE, applying, reason=CONFIRMED, after={draft.contact, draft.ref, invoice}))


def _open(book: Draftbook, invoice: Ref, raw: Raw) -> Decimal:
    """What nobody has paid of the invoice yet, whether or not its own balance in our copy is the latest."""
    link = book.link(invoice)
    id = link.ledger_id if link else ""
    paid = sum((payment.invoices[id] for payment in book.catalog.settlements("Invoice", id)), ZERO)
    for ref, other in book.group.links.items():
        document = book.document(ref)
        if other.entity == "Payment" and document and document.raw:
            paid += applied_by(document.raw).get(id, ZERO)
    return max(money(raw, "TotalAmt") - paid, ZERO)


def _corrected(book: Draftbook, bill: Bill, invoice: Ref, draft: CreditMemoDraft) -> Problem:
    link = book.link(invoice)
    return Problem(
        CODE,
        invoice,
        f"Bill {bill.number} is no longer valid in Clio and its invoice could not be voided: credit memo "
        f"{draft.number} of {words.day(draft.dated)} takes back {words.amount(draft.amount)}.",
        title=f"Bill {bill.number}",
        ledger_id=link.ledger_id if link else "",
        blocks=False,
        accepted=True,
        details={"credit_memo": draft.number, "amount": f"{draft.amount:.2f}", "without": ["credit_memo", "retry"]},
    )
