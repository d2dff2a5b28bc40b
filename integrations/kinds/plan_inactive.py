"""Customers made inactive after they were linked: noticed when something has to be written for them (rule R8)."""

from dataclasses import replace

from integrations.core.changes import LOCAL, Action, Change, Problem
from integrations.core.records import Kind, Ref
from integrations.kinds.contact import Contact
from integrations.kinds.contact_drafts import CustomerDraft
from integrations.kinds.group import Draftbook, LinkState


def plan_inactive(book: Draftbook) -> None:
    """Once everything else is planned: who of those that are written for has to be made active first."""
    for ref in sorted({ref for change in book.changes.values() for ref in _needs(change)}):
        link = book.link(ref)
        customer = book.catalog.customers.get(link.ledger_id) if link else None
        if link and customer and not customer.active and _stays(book, ref, link):
            _plan(book, ref, link)


def _needs(change: Change) -> list[Ref]:
    """The contacts a written document names; a void names nobody."""
    if change.ref.kind is Kind.CONTACT or change.action in LOCAL or change.action is Action.VOID:
        return []
    return [ref for ref in change.after if ref.kind is Kind.CONTACT]


def _stays(book: Draftbook, ref: Ref, link: LinkState) -> bool:
    """Whether the contact keeps this customer: it is neither made active anyway, nor does its link move."""
    change = book.changes.get(ref)
    return change is None or (change.ledger_id == link.ledger_id and not _reactivates(change))


def _reactivates(change: Change) -> bool:
    return isinstance(change.draft, CustomerDraft) and change.draft.reactivate


def _plan(book: Draftbook, ref: Ref, link: LinkState) -> None:
    contact = book.group.contacts.get(ref.practice_id)
    wanted = book.decision(ref, "customer_inactive")
    asked = book.policy.reactivate_customers or (wanted and wanted.action == "reactivate")
    if asked and isinstance(contact, Contact):
        draft = CustomerDraft(contact, None, book.policy, reactivate=True)
        change = Change.of(Action.UPDATE, draft, link.ledger_id, "made active again")
        return book.add(replace(change, practice_fingerprint=link.practice_fingerprint, base=link.base))
    book.changes.pop(ref, None)
    title = contact.name if isinstance(contact, Contact) else f"Contact {ref.practice_id}"
    return book.report(
        Problem(
            "customer_inactive",
            ref,
            f"The customer of {title} was made inactive in QuickBooks, and QuickBooks takes nothing for an inactive "
            "customer. Make it active there, or let the portal do so; what has to be written for it waits.",
            title=title,
            ledger_id=link.ledger_id,
        )
    )
