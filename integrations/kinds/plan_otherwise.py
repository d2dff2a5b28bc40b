"""Invoices that somebody paid in QuickBooks alone: what QuickBooks would then refuse is said and waits (rule R8)."""

from collections.abc import Iterable

from integrations.core import words
from integrations.core.changes import Problem
from integrations.core.money import ZERO
from integrations.core.read import nested, text
from integrations.kinds.catalog import Settlement
from integrations.kinds.group import Draftbook, LinkState
from integrations.kinds.invoice_draft import InvoiceDraft
from integrations.kinds.payment import PaymentDraft, PaymentLine, applied_by
from integrations.kinds.plan_foreign import is_foreign, named

CODE = "paid_otherwise"


def paid_otherwise(
    book: Draftbook, every: Iterable[PaymentDraft], draft: PaymentDraft, live: LinkState | None
) -> Problem | None:
    """What QuickBooks would refuse: a new or larger application than is left once ``every`` draft is applied.

    ``live`` is the payment as it is posted, if it is.
    """
    drafts, document = list(every), book.document(live.ref) if live else None
    applied = applied_by(document.raw) if document and document.raw else {}
    for line in draft.lines:
        invoice, worth = book.link(line.invoice), book.legs.get(line.invoice.practice_id, {}).get(line.invoice)
        if invoice is None or worth is None or line.amount <= applied.get(invoice.ledger_id, ZERO):
            continue
        theirs = _theirs(book, invoice)
        ours = sum((one.amount for other in drafts for one in other.lines if one.invoice == line.invoice), ZERO)
        if theirs and ours + sum((one.invoices[invoice.ledger_id] for one in theirs), ZERO) > worth:
            return _problem(book, draft, line, invoice, theirs)
    return None


def held_by_others(book: Draftbook, draft: InvoiceDraft, link: LinkState) -> Problem | None:
    """A posted invoice that is to go to another customer, or to become less than what others pay of it."""
    document, theirs = book.document(link.ref), _theirs(book, link)
    if document is None or document.raw is None or not theirs:
        return None
    customer = book.changes.get(draft.contact) or book.link(draft.contact)
    moves = customer is None or customer.ledger_id != text(nested(document.raw, "CustomerRef"), "value")
    if not moves and sum((one.invoices[link.ledger_id] for one in theirs), ZERO) <= draft.amount:
        return None
    what = "is another client's now" if moves else f"is {words.amount(draft.amount)} now"
    return Problem(
        CODE,
        draft.ref,
        f"Bill {draft.number} {what} in Clio. In QuickBooks something that did not come from Clio pays its invoice, "
        f"which cannot change that way meanwhile: {_listed(theirs, link)}. Take that off the invoice in QuickBooks; "
        "the change follows by itself.",
        title=f"Bill {draft.number}",
        ledger_id=link.ledger_id,
    )


def _theirs(book: Draftbook, invoice: LinkState) -> list[Settlement]:
    """What pays the invoice and is nothing of Clio's, after this plan neither."""
    adopted = {change.ledger_id for change in book.changes.values() if change.entity == "Payment"}
    known = book.catalog.settlements("Invoice", invoice.ledger_id)
    return [one for one in known if is_foreign(book, one, adopted)]


def _problem(
    book: Draftbook, draft: PaymentDraft, line: PaymentLine, invoice: LinkState, theirs: list[Settlement]
) -> Problem:
    number = book.group.bills[line.invoice.practice_id].number
    return Problem(
        CODE,
        draft.ref,
        f"{draft.title} pays {words.amount(line.amount)} of bill {number} in Clio. In QuickBooks less than that is "
        "left of its invoice, because something that did not come from Clio pays it too: "
        f"{_listed(theirs, invoice)}. If that is the same money, delete it in QuickBooks; if it is other money, take "
        "it off the invoice there and record it in Clio. Then this follows by itself.",
        title=draft.title,
        ledger_id=theirs[0].ledger_id,
    )


def _listed(theirs: list[Settlement], invoice: LinkState) -> str:
    return ", ".join(named(one, invoice.ledger_id) for one in theirs)
