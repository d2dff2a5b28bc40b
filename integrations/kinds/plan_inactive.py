"""Customers made inactive after they were linked: noticed when something has to be written for them (rule R8)."""

from dataclasses import replace

from integrations.core.changes import LOCAL, Action, Change, Draft, Problem
from integrations.core.read import nested, text
from integrations.core.records import Kind, Ref
from integrations.kinds.contact import Contact
from integrations.kinds.contact_drafts import CustomerDraft
from integrations.kinds.credit_note import EmptiedMemo
from integrations.kinds.group import Draftbook, LinkState
from integrations.kinds.trust_drafts import JournalDraft


def plan_inactive(book: Draftbook) -> None:
    """Once everything else is planned: who of those that are written for has to be made active first."""
    for change in list(book.changes.values()):
        _add_named(book, change)
    needed = {ref for change in book.changes.values() if _is_written(change) for ref in change.after}
    for ref in sorted(ref for ref in needed - book.blocked if ref.kind is Kind.CONTACT):
        link = book.link(ref)
        if link and _is_inactive(book, link.ledger_id) and _stays(book, ref, link):
            _plan(book, ref, link)
    for change in list(book.changes.values()):
        _hold_what_is_taken_back(book, change)


def _hold_what_is_taken_back(book: Draftbook, change: Change) -> None:
    """What is gone in Clio stays for want of a customer, which its contact's issue does not tell: it has its own."""
    owners = {id: book.catalog.owners.get(("Customer", id)) for id in _named(change.draft)}
    if held := [id for id, owner in owners.items() if owner in book.blocked and _is_inactive(book, id)]:
        book.drop(change)
        book.report(_waits_for(book, change, held[0]))


def _is_written(change: Change) -> bool:
    """Whether a document is sent that names people; QuickBooks's own void names nobody."""
    is_void = change.action is Action.VOID and change.draft is None
    return change.ref.kind is not Kind.CONTACT and change.action not in LOCAL and not is_void


def _is_inactive(book: Draftbook, customer_id: str) -> bool:
    customer = book.catalog.customers.get(customer_id)
    return customer is not None and not customer.active


def _add_named(book: Draftbook, change: Change) -> None:
    """A document that names customers as QuickBooks has them comes after whoever they stand for in Clio."""
    named = _named(change.draft)
    owners = {id: book.catalog.owners.get(("Customer", id)) for id in named}
    strangers = [id for id, owner in owners.items() if owner is None or book.link(owner) is None]
    if idle := [id for id in strangers if _is_inactive(book, id)]:
        book.drop(change)
        return book.report(_waits_for(book, change, idle[0]))
    if named:
        book.add(replace(change, after=change.after | {owner for owner in owners.values() if owner}))


def _named(draft: Draft | None) -> list[str]:
    """Ids of the customers that are written back as they were read."""
    if isinstance(draft, JournalDraft):
        return [line.name[1] for line in draft.lines if line.name and line.name[0] == "Customer"]
    if isinstance(draft, EmptiedMemo):
        return [text(nested(draft.raw, "CustomerRef"), "value")]
    return []


def _waits_for(book: Draftbook, change: Change, customer_id: str) -> Problem:
    name = book.catalog.customers[customer_id].plain_name
    return Problem(
        "customer_inactive",
        change.ref,
        f"{change.title} names “{name}”, who was made inactive in QuickBooks, and QuickBooks takes nothing for an "
        "inactive customer. Make it active there; until then this waits.",
        title=change.title,
        ledger_id=customer_id,
        details={"without": ["reactivate"]},
    )


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
