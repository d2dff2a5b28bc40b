"""Customers in a reconciliation: each contact whose records are posted has one, which says what Clio says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from integrations.core.merge import merge
from integrations.core.ports import Raw
from integrations.core.records import Kind, Ref
from integrations.kinds.contact import Contact
from integrations.kinds.contact_fields import LABELS, Base, ContactRules, of_contact, of_customer, shown
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import Demands
from integrations.kinds.proof.compare import NOTHING, Comparison
from integrations.kinds.proof.words import Difference, What


@dataclass(frozen=True, slots=True)
class People:
    """Linked contacts as Clio has them, active customers by their id, and what each contact's link is agreed on."""

    contacts: Mapping[str, Contact] = field(default_factory=dict)
    customers: Mapping[str, Raw] = field(default_factory=dict)
    agreed: Mapping[str, Base] = field(default_factory=dict)


NOBODY = People()


def compare_contacts(found: Comparison, asked: Demands, books: OurBooks, people: People) -> None:
    """Adds what is to be said of the customers of everybody that Clio's records ask for, or that is linked."""
    for contact_id in sorted({*_asked_for(asked), *people.contacts}):
        ref = Ref(Kind.CONTACT, contact_id)
        linked, marked = books.customer_of(contact_id), books.bearers.get(ref, [])
        if linked:
            others = [_doubled(ref, linked, id, books) for id in marked if id != linked]
            found.add(ref.kind, [*others, *_fields(ref, linked, people)])
        elif marked:
            found.add(ref.kind, [_difference(ref, marked[0], What.NOT_LINKED, NOTHING, books)])


def _asked_for(asked: Demands) -> Iterable[str]:
    documents = {expected.contact_id for expected in asked.documents.values()}
    return {*documents, *(demand.row.contact_id for demand in asked.trust.demands.values())} - {""}


def _fields(ref: Ref, customer_id: str, people: People) -> Iterable[Difference]:
    """Fields with which a sync would have something to do (rule R7), beyond spelling, case and punctuation."""
    contact, customer = people.contacts.get(ref.practice_id), people.customers.get(customer_id)
    if contact is None or customer is None:
        return
    ours, theirs = of_contact(contact), of_customer(customer, is_company=contact.is_company)
    rules = ContactRules(theirs)
    merged = merge(ours, theirs, people.agreed.get(contact.id, {}), rules)
    for name in (name for name in ours if name not in merged.agreed):
        said = shown(ours[name]), shown(theirs[name])
        if not rules.same(name, ours[name], theirs[name]):
            yield Difference(ref, customer_id, What.FIELD, *said, title=contact.name, field=LABELS[name])


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
