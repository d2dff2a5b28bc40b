"""Planning contacts: who of a group's clients becomes, or already is, a customer (rules R1.3, R2)."""

from integrations.core.changes import Action, Change, Decision, Problem
from integrations.core.match import Exact, Probable
from integrations.core.records import Kind, Ref
from integrations.kinds.contact import Contact, display_name
from integrations.kinds.contact_drafts import CustomerDraft
from integrations.kinds.group import Draftbook, LinkState, contact_ref
from integrations.kinds.plan_contact_fields import contact_gone, name_for, name_taken, plan_fields
from integrations.kinds.plan_merged import plan_merged

FILLS = "then what only one side knows is filled in on the other"


def linked_contacts(book: Draftbook) -> set[str]:
    """Contacts whose customer is there: they are kept in step, whatever became of their bills."""
    refs = {ref for ref in book.group.links if ref.kind is Kind.CONTACT}
    return {ref.practice_id for ref in refs if not book.is_deleted(ref)}


def chosen_contacts(book: Draftbook) -> set[str]:
    """Contacts whose customer a person has chosen: they are linked, whether or not a bill of theirs is in scope."""
    chosen = {ref for (ref, code), decision in book.group.decisions.items() if _is_link(code, decision)}
    return {id for id in book.group.contacts if contact_ref(id) in chosen}


def _is_link(code: str, decision: Decision) -> bool:
    return code == "probable_match" and decision.action == "link"


def plan_contact(book: Draftbook, contact_id: str) -> None:
    """Adds what has to happen so that bills of this contact have a customer."""
    ref = contact_ref(contact_id)
    contact, link = book.group.contacts.get(contact_id), book.link(ref)
    if link and plan_merged(book, ref, contact, link):
        return None
    if link and book.is_deleted(ref):
        return _plan_deleted(book, ref, contact, link)
    if link and contact_id in book.group.absent_contacts:
        return _let_go(book, ref, contact, link)
    if isinstance(contact, Contact):
        return plan_fields(book, contact, link) if link else _plan_unlinked(book, contact)
    if link:
        return book.keep(ref)
    reason = contact or "it was not in what Clio let us read"
    return book.report(
        Problem(
            "permission_lost",
            ref,
            f"Contact {contact_id} is on bills that are in scope, but {reason}. Its bills wait. Connect Clio as a "
            "user who can see every contact and bill.",
            title=f"Contact {contact_id}",
        )
    )


def _let_go(book: Draftbook, ref: Ref, contact: Contact | str | None, link: LinkState) -> None:
    """Rule R7: a contact that is gone leaves its customer behind; the link goes once nothing of Clio's needs it."""
    title = contact.name if isinstance(contact, Contact) else f"Contact {ref.practice_id}"
    book.report(contact_gone(ref, title, link))
    named = {bill.contact_id for bill in book.group.bills.values()}
    if ref.practice_id in named | {row.contact_id for row in book.group.trust.values()}:
        return book.keep(ref)
    return book.add(Change(Action.UNLINK, ref, link.entity, title, "gone in Clio", link.ledger_id))


def _plan_unlinked(book: Draftbook, contact: Contact) -> None:
    decision = book.decision(contact.ref, "probable_match")
    if decision and decision.action == "link":
        return _adopt(book, contact, decision.value, f"chosen by a person; {FILLS}")
    found = book.group.matches.get(contact.id)
    if isinstance(found, Probable) and not (decision and decision.action == "create"):
        return book.report(_probable(book, contact, found))
    if isinstance(found, Exact):
        return _adopt(book, contact, found.customer_id, f"same name and e-mail; {FILLS}")
    return _create(book, contact)


def _create(book: Draftbook, contact: Contact) -> None:
    name = name_for(book, contact, "")
    if name is None:
        return book.report(name_taken(book, contact, ""))
    book.catalog.claim_name(name, f"contact {contact.id}")
    said = "" if name == display_name(contact) else f"the name “{display_name(contact)}” is taken"
    return book.add(Change.of(Action.CREATE, CustomerDraft(contact, name, book.policy), reason=said))


def _plan_deleted(book: Draftbook, ref: Ref, contact: Contact | str | None, link: LinkState) -> None:
    """QuickBooks only hides customers, but where one is gone a person says whether it is created again."""
    decision = book.decision(ref, "deleted_in_ledger")
    if decision and decision.action == "restore" and isinstance(contact, Contact):
        return _create(book, contact)
    title = contact.name if isinstance(contact, Contact) else f"Contact {ref.practice_id}"
    message = f"The customer of {title} was deleted or merged into another one in QuickBooks; the contact's bills wait."
    details = {"without": ["accept_theirs", "unlink"]}
    return book.report(Problem("deleted_in_ledger", ref, message, title, link.ledger_id, details=details))


def _adopt(book: Draftbook, contact: Contact, customer_id: str, reason: str) -> None:
    customer = book.catalog.customers.get(customer_id)
    if customer is None or ("Customer", customer_id) in book.catalog.owners or _is_claimed(book, customer_id):
        return book.report(_gone_customer(contact, customer_id))
    if customer.active:
        return book.add(Change.of(Action.ADOPT, CustomerDraft(contact, None, book.policy), customer_id, reason))
    wanted = book.decision(contact.ref, "customer_inactive")
    if book.policy.reactivate_customers or (wanted and wanted.action == "reactivate"):
        draft = CustomerDraft(contact, None, book.policy, reactivate=True)
        return book.add(Change.of(Action.UPDATE, draft, customer_id, "made active again"))
    return book.report(
        Problem(
            "customer_inactive",
            contact.ref,
            f"{contact.name} is the inactive customer “{customer.plain_name}” in QuickBooks. Make it active there, "
            "or let the portal do so.",
            title=contact.name,
            ledger_id=customer_id,
        )
    )


def _is_claimed(book: Draftbook, customer_id: str) -> bool:
    """Whether another contact of this very plan is already to become this customer."""
    return any(change.entity == "Customer" and change.ledger_id == customer_id for change in book.changes.values())


def _probable(book: Draftbook, contact: Contact, found: Probable) -> Problem:
    known = [book.catalog.customers[cid] for cid in found.customer_ids if cid in book.catalog.customers]
    names = ", ".join(
        f"“{c.plain_name}”" + (f" <{c.emails[0]}>" if c.emails else " without an e-mail address") for c in known
    )
    mail = f" <{contact.email}>" if contact.email else " without an e-mail address"
    return Problem(
        "probable_match",
        contact.ref,
        f"{contact.name}{mail} in Clio may be {names} in QuickBooks. Choose the customer, or create a new one; "
        "the contact's bills wait until then.",
        title=contact.name,
        details={"candidates": [c.id for c in known], "names": {c.id: c.plain_name for c in known}},
    )


def _gone_customer(contact: Contact, customer_id: str) -> Problem:
    return Problem(
        "probable_match",
        contact.ref,
        f"Customer {customer_id}, chosen for {contact.name}, is linked to another contact or no longer in QuickBooks. "
        "Choose again.",
        title=contact.name,
        details={"candidates": []},
    )
