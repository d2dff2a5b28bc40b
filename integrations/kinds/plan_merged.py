"""Customers that people merged in QuickBooks: who survives is told by the documents of ours that moved (rule R8)."""

from dataclasses import dataclass

from integrations.core.changes import Action, Change, Problem
from integrations.core.read import nested, text
from integrations.core.records import Ref
from integrations.kinds.contact import Contact
from integrations.kinds.contact_drafts import CustomerDraft
from integrations.kinds.group import Draftbook, LinkState, Merged, contact_of
from integrations.kinds.plan_contact_fields import name_for, name_taken

CODE = "customers_merged"


@dataclass(frozen=True, slots=True)
class _Who:
    ref: Ref
    contact: Contact | str | None
    link: LinkState

    @property
    def title(self) -> str:
        return self.contact.name if isinstance(self.contact, Contact) else f"Contact {self.ref.practice_id}"


def plan_merged(book: Draftbook, ref: Ref, contact: Contact | str | None, link: LinkState) -> bool:
    """Whether this contact's customer was merged into another one, and is planned or reported here."""
    survivor = _survivor(book, ref, link)
    if not survivor:
        return False
    who, owner = _Who(ref, contact, link), book.catalog.owners.get(("Customer", survivor)) or ref
    decision = book.decision(ref, CODE)
    if owner == ref:
        book.merged[ref] = Merged(link.ledger_id, survivor, follows=True)
        _move(book, who, survivor)
    elif isinstance(contact, Contact) and decision and decision.action == "create":
        book.merged[ref] = Merged(link.ledger_id, survivor, leaves=True)
        _create(book, contact)
    else:
        book.merged[ref] = Merged(link.ledger_id, survivor)
        # Where the other one is gone in Clio it lets go of the customer in this very run.
        book.again = book.again or owner.practice_id not in book.group.contacts.keys() - book.group.absent_contacts
        book.report(_shared(book, who, owner, survivor))
    return True


def _survivor(book: Draftbook, ref: Ref, link: LinkState) -> str:
    """The one customer that all our documents of this contact now name, while its own is gone or inactive."""
    document, customer = book.document(ref), book.catalog.customers.get(link.ledger_id)
    is_over = document is not None and (document.raw is None or document.raw.get("Active") is False)
    if not is_over and (customer is None or customer.active):
        return ""
    named = _named_by_documents(book, ref)
    found = next(iter(named)) if len(named) == 1 else ""
    survivor = book.catalog.customers.get(found)
    return found if survivor and survivor.active and found != link.ledger_id else ""


def _named_by_documents(book: Draftbook, ref: Ref) -> set[str]:
    found = set()
    for other, link in book.group.links.items():
        document = book.document(other)
        if document and document.raw and link.entity != "Customer" and contact_of(book, other) == ref:
            found.add(text(nested(document.raw, "CustomerRef"), "value"))
    return found - {""}


def _move(book: Draftbook, who: _Who, survivor: str) -> None:
    """The contact's link goes to the survivor by itself; nothing is written to QuickBooks."""
    name = book.catalog.customers[survivor].plain_name
    reason = f"its customer was merged into “{name}” in QuickBooks"
    if isinstance(who.contact, Contact):
        return book.add(Change.of(Action.ADOPT, CustomerDraft(who.contact, None, book.policy), survivor, reason))
    fingerprint = who.link.practice_fingerprint
    return book.add(
        Change(Action.ADOPT, who.ref, "Customer", who.title, reason, survivor, practice_fingerprint=fingerprint)
    )


def _create(book: Draftbook, contact: Contact) -> None:
    name = name_for(book, contact, "")
    if name is None:
        return book.report(name_taken(book, contact, ""))
    book.catalog.claim_name(name, f"contact {contact.id}")
    draft = CustomerDraft(contact, name, book.policy)
    return book.add(Change.of(Action.CREATE, draft, reason="a customer of its own, chosen by a person"))


def _shared(book: Draftbook, who: _Who, owner: Ref, survivor: str) -> Problem:
    name = book.catalog.customers[survivor].plain_name
    other = book.group.contacts.get(owner.practice_id)
    theirs = other.name if isinstance(other, Contact) else f"contact {owner.practice_id} of Clio"
    return Problem(
        CODE,
        who.ref,
        f"The customers of {who.title} and of {theirs} were merged into “{name}” in QuickBooks, and Clio has two "
        "contacts. Merge the contacts in Clio as well, or have a customer created for this one again: its invoices and "
        "payments then move to it. Until then they stay where they are, and new ones wait.",
        title=who.title,
        ledger_id=survivor,
        details={"survivor": survivor, "other": owner.practice_id},
    )
