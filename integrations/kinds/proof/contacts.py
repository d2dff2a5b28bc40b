"""Customers in a reconciliation: each contact whose records are posted has one, and only one that bears its mark."""

from collections.abc import Iterable

from integrations.core.records import Kind, Ref
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import Demands
from integrations.kinds.proof.compare import NOTHING, Comparison
from integrations.kinds.proof.words import Difference, What


def compare_contacts(found: Comparison, asked: Demands, books: OurBooks) -> None:
    """Adds what is to be said of the customers of everybody that Clio's records ask for."""
    for contact_id in sorted(_asked_for(asked)):
        ref = Ref(Kind.CONTACT, contact_id)
        linked, marked = books.customer_of(contact_id), books.bearers.get(ref, [])
        if linked:
            found.add(ref.kind, [_doubled(ref, linked, id, books) for id in marked if id != linked])
        elif marked:
            found.add(ref.kind, [_difference(ref, marked[0], What.NOT_LINKED, NOTHING, books)])


def _asked_for(asked: Demands) -> Iterable[str]:
    documents = {expected.contact_id for expected in asked.documents.values()}
    return {*documents, *(demand.row.contact_id for demand in asked.trust.demands.values())} - {""}


def _doubled(ref: Ref, linked: str, other: str, books: OurBooks) -> Difference:
    return _difference(ref, other, What.DOUBLED, f"one customer, {linked}", books)


def _difference(ref: Ref, customer_id: str, what: What, clio: str, books: OurBooks) -> Difference:
    return Difference(
        ref=ref,
        ledger_id=customer_id,
        what=what,
        clio=clio,
        quickbooks=customer_id,
        title=f"Customer {books.customers.get(customer_id, customer_id)}",
        contact_id=ref.practice_id,
    )
