"""What payments pay, what bills still ask for and what each customer owes, in both systems.

A figure that is off only because of a document that is named already is not named a second time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from integrations.core.money import ZERO
from integrations.core.records import Kind, Ref
from integrations.kinds.credit_note import APPLY, memo_ref
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import Demands
from integrations.kinds.proof.compare import Comparison, compare_documents, difference
from integrations.kinds.proof.contacts import NOBODY, People, compare_contacts
from integrations.kinds.proof.corrections import cancelled, is_applying, is_correction
from integrations.kinds.proof.words import Difference, Expected, Found, What
from integrations.kinds.refund import is_refund

PAYING = frozenset({Kind.PAYMENT, Kind.CREDIT_NOTE})


@dataclass(frozen=True, slots=True)
class Owed:
    """Open balances and open credit of one contact's records, in Clio and in our QuickBooks documents."""

    contact_id: str
    clio: Decimal
    quickbooks: Decimal
    credit_clio: Decimal
    credit_quickbooks: Decimal

    @property
    def is_equal(self) -> bool:
        return self.clio - self.credit_clio == self.quickbooks - self.credit_quickbooks


class Applied:
    """What our live documents pay of each of our invoices."""

    def __init__(self, books: OurBooks) -> None:
        self.of_invoice: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for document in (one for ref in books.refs() if _is_paying(ref) for one in books.every_live(ref)):
            for invoice_id, amount in books.pays(document).items():
                self.of_invoice[invoice_id] += amount


def _is_paying(ref: Ref) -> bool:
    """Whether it is money or a credit memo; what applies a memo, or gives money back, is counted with those."""
    return ref.kind in PAYING and ref.leg != APPLY and not is_refund(ref)


def compare(asked: Demands, books: OurBooks, people: People = NOBODY) -> tuple[Comparison, list[Owed]]:
    """Documents first; then each sum, where only what nothing before it explains is named."""
    asked = _as_far_as_read(asked, books)
    comparison, sums = compare_documents(asked, books), owed(asked, books)
    compare_contacts(comparison, asked, books, people)
    comparison.differences += compare_applications(asked, books, comparison.differences)
    comparison.differences += compare_balances(asked, books, comparison.differences)
    comparison.differences += compare_owed(sums, asked, books, comparison.differences)
    return comparison, sums


def _as_far_as_read(asked: Demands, books: OurBooks) -> Demands:
    """Where Clio does not show what was received above the bills, what QuickBooks has of it cannot be told wrong."""
    found = dict(asked.documents)
    for ref, expected in asked.documents.items():
        live = books.live(ref) if expected.at_least else None
        if live is not None and books.net(ref, live) > expected.amount:
            found[ref] = replace(expected, amount=books.net(ref, live))
    return replace(asked, documents=found)


def compare_applications(asked: Demands, books: OurBooks, known: Iterable[Difference]) -> list[Difference]:
    """Payments and credits that pay other invoices than in Clio, or another part of them."""
    troubled = {one.ref for one in known}
    found = []
    for ref, expected in sorted(asked.documents.items()):
        live = books.live(ref)
        if live is None or ref in troubled or not _is_paying(ref):
            continue
        parts = _parts(expected, live, books).items()
        wrong = {invoice: pair for invoice, pair in parts if invoice not in troubled | asked.unsplit}
        clio = {invoice: in_clio for invoice, (in_clio, here) in wrong.items() if in_clio != here}
        if clio:
            here = {invoice: wrong[invoice][1] for invoice in clio}
            one = difference(ref, expected, live, What.APPLIED, _said(clio, asked), _said(here, asked))
            found.append(_of_application(one, books) if ref.kind is Kind.CREDIT_NOTE else one)
    return found


def _of_application(one: Difference, books: OurBooks) -> Difference:
    """The memo is as it should be; what is wrong is the payment of nothing that applies it."""
    ref = Ref(one.ref.kind, one.ref.practice_id, APPLY)
    document = books.linked.get(ref)
    if not books.is_linked(ref):
        return replace(one, ref=ref)
    what = What.MISSING if document is None else What.VOIDED if document.is_void else one.what
    return replace(one, ref=ref, what=what, ledger_id=books.id_of(ref), is_gone=what is not one.what)


def _parts(expected: Expected, live: Found, books: OurBooks) -> dict[Ref, tuple[Decimal, Decimal]]:
    """Each of our invoices with what Clio and what QuickBooks pays of it; documents of others do not count."""
    here = {ref: amount for id, amount in books.pays(live).items() for ref in books.owners.get(("Invoice", id), ())}
    return {
        ref: (expected.applied.get(ref, ZERO), here.get(ref, ZERO)) for ref in dict.fromkeys([*expected.applied, *here])
    }


def _said(parts: Mapping[Ref, Decimal], asked: Demands) -> str:
    named = ((asked.documents[ref].title if ref in asked.documents else str(ref), part) for ref, part in parts.items())
    return ", ".join(f"{part} of {title[:1].lower()}{title[1:]}" for title, part in named)


def compare_balances(asked: Demands, books: OurBooks, known: list[Difference]) -> list[Difference]:
    """Bills whose invoices ask for more or less than Clio, although nothing of ours explains it."""
    touched, applied = _touched_bills(asked, books, known), Applied(books)
    found = []
    for bill_id, legs in asked.legs.items():
        live = [document for ref in legs if (document := books.live(ref))]
        if len(live) != len(legs):
            continue
        balance = sum((document.balance for document in live), ZERO)
        strange = sum((one.amount - one.balance - applied.of_invoice[one.id] for one in live), ZERO)
        if balance != asked.balances[bill_id] and (strange or bill_id not in touched):
            main, clio = asked.documents[legs[0]], str(asked.balances[bill_id])
            found.append(difference(main.ref, main, live[0], What.BALANCE, clio, str(balance)))
    return found


def _touched_bills(asked: Demands, books: OurBooks, known: Iterable[Difference]) -> set[str]:
    """Bills whose balance may be off because of a document that is already named."""
    touched: set[str] = set()
    for one in known:
        touched |= {ref.practice_id for ref in (one.ref, *_paid_by(one.ref, asked, books)) if ref.kind is Kind.INVOICE}
    return touched


def _paid_by(ref: Ref, asked: Demands, books: OurBooks) -> Iterator[Ref]:
    """The invoices this document pays, in Clio or in QuickBooks; what applies a credit memo pays what the memo does."""
    ref = memo_ref(ref.practice_id) if ref.leg == APPLY else ref
    if ref in asked.documents:
        yield from asked.documents[ref].applied
    for document in books.every_live(ref):
        for invoice_id in books.pays(document):
            yield from books.owners.get(("Invoice", invoice_id), ())


def owed(asked: Demands, books: OurBooks) -> list[Owed]:
    """Per contact, the open balances of posted bills and the open credit of posted payments.

    What pays an invoice that no bill asks for any more is credit as soon as a correction takes that invoice back
    (rule R3.8): in Clio it pays nothing that is left.
    """
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
    for contact_id, column, amount in (*_in_clio(asked, books), *_in_quickbooks(asked, books)):
        sums[contact_id][column] += amount
    return [Owed(contact_id, *columns) for contact_id, columns in sorted(sums.items())]


def _in_clio(asked: Demands, books: OurBooks) -> Iterator[tuple[str, int, Decimal]]:
    for bill_id, legs in asked.legs.items():
        if any(_is_posted(ref, books) for ref in legs):
            yield asked.documents[legs[0]].contact_id, 0, asked.balances[bill_id]
    for ref, expected in asked.documents.items():
        if _is_paying(ref) and _is_posted(ref, books):
            paid = (part for invoice, part in expected.applied.items() if _counts(invoice, asked))
            yield expected.contact_id, 2, expected.amount - sum(paid, ZERO)


def _counts(invoice: Ref, asked: Demands) -> bool:
    """Whether a bill still asks for this invoice, or may do so."""
    return invoice in asked.documents or invoice in asked.kept or invoice in asked.unclear


def _is_posted(ref: Ref, books: OurBooks) -> bool:
    return books.live(ref) is not None or books.is_linked(ref)


def _in_quickbooks(asked: Demands, books: OurBooks) -> Iterator[tuple[str, int, Decimal]]:
    contacts, over = books.contacts(), cancelled(asked, books)
    over_ids = {books.id_of(ref) for ref in over if not is_correction(ref)}
    for ref in books.refs() - asked.kept - asked.unclear.keys():
        if is_applying(ref) or (ref.kind is not Kind.INVOICE and not _is_paying(ref)):
            continue
        expected = asked.documents.get(ref)
        for document in books.every_live(ref)[1 if ref in over else 0 :]:
            contact_id = expected.contact_id if expected else contacts.get(document.customer_id, "")
            if document.entity == "Invoice":
                yield contact_id, 1, document.balance
            else:
                paid = (part for id, part in books.pays(document).items() if _is_asked_for(id, books, over_ids))
                yield contact_id, 3, books.net(ref, document) - sum(paid, ZERO)


def _is_asked_for(invoice_id: str, books: OurBooks, over_ids: set[str]) -> bool:
    """Whether it is an invoice of ours that is not taken back."""
    return ("Invoice", invoice_id) in books.owners and invoice_id not in over_ids


def compare_owed(sums: Iterable[Owed], asked: Demands, books: OurBooks, known: list[Difference]) -> list[Difference]:
    """Customers who owe another amount than in Clio, although no document of theirs says why."""
    touched = _touched_contacts(asked, books, known)
    return [
        Difference(
            ref=Ref(Kind.CONTACT, one.contact_id),
            ledger_id=books.customer_of(one.contact_id),
            what=What.RECEIVABLE,
            clio=str(one.clio - one.credit_clio),
            quickbooks=str(one.quickbooks - one.credit_quickbooks),
            title=books.customers.get(books.customer_of(one.contact_id), f"Contact {one.contact_id}"),
            contact_id=one.contact_id,
        )
        for one in sums
        if not one.is_equal and one.contact_id not in touched
    ]


def _touched_contacts(asked: Demands, books: OurBooks, known: list[Difference]) -> set[str]:
    """Contacts of whose records a difference is already named; those of bills it pays, and of what pays it, too."""
    contacts, bills = books.contacts(), {one.ref.practice_id for one in known if one.ref.kind is Kind.INVOICE}
    touched = {one.contact_id for one in known if one.what is not What.FIELD}
    touched |= {expected.contact_id for expected in asked.documents.values() if expected.bills & bills}
    for bill_id in _touched_bills(asked, books, known):
        touched |= {asked.documents[ref].contact_id for ref in asked.legs.get(bill_id, ())}
    for one in known:
        touched |= {contacts.get(document.customer_id, "") for document in books.every_live(one.ref)}
    return touched
