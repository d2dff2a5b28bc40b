"""Money that Clio took off a bill and kept: its bank row still stands, so what was received stays in the books (R3.8).

The mirror may still hold a row that is gone, since Clio leaves no trace of it. Whatever is decided here because of a
row is therefore noted in ``book.recheck``; the rows are read again, and the plan is made anew on what was found.
"""

from decimal import Decimal

from integrations.core import words
from integrations.core.changes import Problem
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import money, rows
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Draftbook, LinkState, is_posted
from integrations.kinds.invoice import Bill, id_order
from integrations.kinds.payment import Payment, applied_by, payment_title
from integrations.kinds.plan_correction import correction_ref
from integrations.kinds.refund import is_refund

CODE = "money_kept"
UNPROVEN = "unproven"  # in the link of a voided payment: what it came to, where no bank row told that it was given back


def live_payments(book: Draftbook, payment_id: str) -> list[LinkState]:
    """The QuickBooks payments of a Clio payment, one for each customer."""
    found = [
        link
        for ref, link in book.group.links.items()
        if ref.kind is Kind.PAYMENT and ref.practice_id == payment_id and not link.is_voided and not is_refund(ref)
    ]
    return sorted(found, key=lambda link: link.ref)


def kept_payments(book: Draftbook, bill: Bill) -> list[str]:
    """Clio payments taken off a bill that is gone, whose money Clio kept and QuickBooks still has on its invoices."""
    ids = {a.parent_id for a in book.group.allocations.get(bill.id, ()) if a.is_payment and not a.is_valid}
    links = (link for id in ids for link in live_payments(book, id))
    return sorted({link.ref.practice_id for link in links if bill in kept_for(book, link)}, key=id_order)


def kept_for(book: Draftbook, link: LinkState) -> list[Bill]:
    """Bills that are gone and whose invoices this payment pays in QuickBooks with money that Clio kept.

    What a person changed on the payment there is said first.
    """
    payment, document = book.group.payments.get(link.ref.practice_id), book.document(link.ref)
    if payment is None or document is None or document.raw is None or book.has_drifted(link):
        return []
    if _is_for_another(book, payment, link.ref.leg):
        return []
    gone = {a.bill_id for a in payment.allocations if not a.is_valid and a.amount and _is_gone(book, a.bill_id)}
    applied = applied_by(document.raw)
    found = [book.group.bills[id] for id in sorted(gone, key=id_order) if applied.keys() & _invoices(book, id)]
    if not found or loose(payment) <= _unapplied(book, payment):
        return []
    book.recheck.add(payment.id)
    return found


def _is_for_another(book: Draftbook, payment: Payment, contact_id: str) -> bool:
    """Whether all its bills that stand are another contact's now: what was received goes there, with what was kept."""
    owners = {book.group.bills[a.bill_id].contact_id for a in payment.valid if is_posted(book, a.bill_id)}
    return bool(owners) and contact_id not in owners


def loose(payment: Payment) -> Decimal:
    """What was received, and not given back, beyond what Clio has on bills."""
    return payment.amount + payment.standing - sum((a.amount for a in payment.valid), ZERO)


def _unapplied(book: Draftbook, payment: Payment) -> Decimal:
    """What of it is the customer's open credit in QuickBooks already."""
    documents = (book.document(link.ref) for link in live_payments(book, payment.id))
    open_ = (_open(document.raw) for document in documents if document and document.raw)
    return sum(open_, ZERO)


def _open(raw: Raw) -> Decimal:
    return money(raw, "TotalAmt") - sum((money(line, "Amount") for line in rows(raw, "Line")), ZERO)


def _is_gone(book: Draftbook, bill_id: str) -> bool:
    bill = book.group.bills.get(bill_id)
    return bill is not None and (bill.is_gone or bill_id in book.group.absent_bills)


def _invoices(book: Draftbook, bill_id: str) -> set[str]:
    links = book.group.links.items()
    own = (link for ref, link in links if ref.kind is Kind.INVOICE and ref.practice_id == bill_id)
    return {link.ledger_id for link in own if link.entity == "Invoice" and not link.is_voided}


def keep_for(book: Draftbook, link: LinkState, bills: list[Bill]) -> None:
    """The payment stays as it is until a person has decided what becomes of the invoices of these bills."""
    payment, document = book.group.payments[link.ref.practice_id], book.document(link.ref)
    assert document is not None and document.raw is not None  # kept_for found what it pays
    whole, left = money(document.raw, "TotalAmt"), loose(payment)
    numbers = ", ".join(bill.number or bill.id for bill in bills)
    message = (
        f"{payment_title(payment)} was taken off bill {numbers} in Clio, which is gone there, and Clio's bank account "
        f"still shows {words.amount(left)} of it that no bill has. It stays {words.amount(whole)} in QuickBooks, as "
        "it is, until it is decided what becomes of the invoice. If the money was given back, record that in "
        "Clio: delete the payment or enter its refund."
    )
    done = whole == left and all(book.will_exist(correction_ref(bill.ref)) for bill in bills)
    book.report(_problem(book, link.ref, payment, message, left, blocks=True, accepted=done))


def note_loose(book: Draftbook, payment: Payment, ref: Ref) -> None:
    """The payment is worth in QuickBooks what Clio's bank shows of it, and a person is told."""
    left = loose(payment)
    book.recheck.add(payment.id)
    message = (
        f"{payment_title(payment)} was taken off a bill in Clio, and Clio's bank account still shows "
        f"{words.amount(left)} of it that no bill has. That stays the customer's open credit in QuickBooks. If the "
        "money was given back, record that in Clio: delete the payment or enter its refund."
    )
    book.report(_problem(book, ref, payment, message, left, blocks=False))


def note_unproven(book: Draftbook, link: LinkState, amount: str) -> None:
    """A payment that was voided with its bill: nothing Clio shows tells whether its money was given back."""
    message = (
        f"Payment {link.ref.practice_id} of {words.amount(amount)} was voided in QuickBooks because Clio voided it "
        "with its bill, and no bank row that the portal can read in Clio says whether the money was given back. Look "
        "at the payment in Clio: if the firm still has the money, enter it in QuickBooks as a payment of the customer."
    )
    title = f"Payment {link.ref.practice_id}"
    book.report(Problem("money_unproven", link.ref, message, title, link.ledger_id, blocks=False))


def is_unproven(book: Draftbook, payment: Payment) -> bool:
    """Whether the payment ended together with one of its bills, and Clio's bank rows do not tell of its money."""
    return not payment.is_traced and any(_is_gone(book, bill_id) for bill_id in payment.bill_ids)


def _problem(
    book: Draftbook, ref: Ref, payment: Payment, message: str, left: Decimal, *, blocks: bool, accepted: bool = False
) -> Problem:
    link = book.link(ref)
    return Problem(
        CODE,
        ref,
        message,
        title=payment_title(payment),
        ledger_id=link.ledger_id if link else "",
        blocks=blocks,
        accepted=accepted,
        details={"clio": f"{left:.2f}"},
    )
