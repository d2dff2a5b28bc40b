"""Planning contacts: who of a group's clients becomes, or already is, a customer (rules R1.3, R2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integrations.core.changes import Action, Books, Change, Problem
from integrations.core.mapping import Policy
from integrations.core.match import Exact, Probable
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.posting import Posting
from integrations.core.records import Ref
from integrations.kinds.contact import Contact, customer_body, customer_update, display_name
from integrations.kinds.group import Draftbook, LinkState, contact_ref


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """A customer as it should be; ``name`` is None where the display name stays as it is."""

    contact: Contact
    name: str | None
    policy: Policy
    reactivate: bool = False
    before: Mapping[str, object] = field(default_factory=dict)  # the mapped members when both sides last agreed
    entity: str = "Customer"
    amount: Decimal = ZERO
    dated: date | None = None

    @property
    def ref(self) -> Ref:
        return self.contact.ref

    @property
    def title(self) -> str:
        return self.contact.name

    @property
    def fingerprint(self) -> str:
        return self.contact.fingerprint()

    def postings(self) -> tuple[Posting, ...]:
        return ()

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        if current is None:
            return customer_body(self.contact, self.name or self.contact.name, self.policy.slug)
        if self.reactivate:
            return {"Id": current["Id"], "SyncToken": current["SyncToken"], "sparse": True, "Active": True}
        return customer_update(self.contact, current, self.name, self.policy.slug, self.before)


def plan_contact(book: Draftbook, contact_id: str) -> None:
    """Adds what has to happen so that bills of this contact have a customer."""
    ref = contact_ref(contact_id)
    contact, link = book.group.contacts.get(contact_id), book.link(ref)
    if link and book.is_deleted(ref):
        title = contact.name if isinstance(contact, Contact) else f"Contact {contact_id}"
        return book.report(_deleted(ref, title, link))
    if isinstance(contact, Contact):
        return _plan_linked(book, contact, link) if link else _plan_unlinked(book, contact)
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


def _plan_linked(book: Draftbook, contact: Contact, link: LinkState) -> None:
    if contact.fingerprint() == link.practice_fingerprint:
        return book.keep(contact.ref)
    if book.has_drifted(link):
        return book.report(_conflict(contact, link))
    name = None
    if link.base.get("name") != contact.name:
        name = _name_for(book, contact, link.ledger_id)
        if name is None:
            return book.report(_name_taken(book, contact, link.ledger_id))
        book.catalog.claim_name(name, link.ledger_id)
    before = link.base.get("fields")
    draft = CustomerDraft(contact, name, book.policy, before=before if isinstance(before, Mapping) else {})
    return book.add(_change(Action.UPDATE, draft, link.ledger_id, "changed in Clio"))


def _plan_unlinked(book: Draftbook, contact: Contact) -> None:
    decision = book.decision(contact.ref, "probable_match")
    if decision and decision.action == "link":
        return _adopt(book, contact, decision.value, "chosen by a person")
    found = book.group.matches.get(contact.id)
    if isinstance(found, Probable) and not (decision and decision.action == "create"):
        return book.report(_probable(book, contact, found))
    if isinstance(found, Exact):
        return _adopt(book, contact, found.customer_id, "same name and e-mail")
    return _create(book, contact)


def _create(book: Draftbook, contact: Contact) -> None:
    name = _name_for(book, contact, "")
    if name is None:
        return book.report(_name_taken(book, contact, ""))
    book.catalog.claim_name(name, f"contact {contact.id}")
    said = "" if name == display_name(contact) else f"the name “{display_name(contact)}” is taken"
    return book.add(_change(Action.CREATE, CustomerDraft(contact, name, book.policy), "", said))


def _name_taken(book: Draftbook, contact: Contact, ledger_id: str) -> Problem:
    """A customer that is there keeps its name and everything else until one is free; its bills go on."""
    plain, templated = display_name(contact), display_name(contact, book.policy.name_template)
    return Problem(
        "name_taken",
        contact.ref,
        f"QuickBooks already has “{plain}” and “{templated}”, so {contact.name} cannot be "
        f"{'renamed' if ledger_id else 'created'}. Rename one of them in QuickBooks, or change the name template.",
        title=contact.name,
        ledger_id=ledger_id,
        blocks=not ledger_id,
    )


def _conflict(contact: Contact, link: LinkState) -> Problem:
    return Problem(
        "contact_conflict",
        contact.ref,
        f"{contact.name} was changed in Clio and in QuickBooks since both last agreed; neither was overwritten.",
        title=contact.name,
        ledger_id=link.ledger_id,
        blocks=False,
    )


def _deleted(ref: Ref, title: str, link: LinkState) -> Problem:
    return Problem(
        "deleted_in_ledger",
        ref,
        f"The customer of {title} was deleted or merged into another one in QuickBooks; the contact's bills wait.",
        title=title,
        ledger_id=link.ledger_id,
    )


def _name_for(book: Draftbook, contact: Contact, own_id: str) -> str | None:
    """Rule R2.2: the plain name, else the firm's template; None where both belong to somebody else."""
    for name in (display_name(contact), display_name(contact, book.policy.name_template)):
        if book.catalog.name_is_free(name, own_id):
            return name
    return None


def _adopt(book: Draftbook, contact: Contact, customer_id: str, reason: str) -> None:
    customer = book.catalog.customers.get(customer_id)
    if customer is None or ("Customer", customer_id) in book.catalog.owners or _is_claimed(book, customer_id):
        return book.report(_gone_customer(contact, customer_id))
    if customer.active:
        return book.add(_change(Action.ADOPT, CustomerDraft(contact, None, book.policy), customer_id, reason))
    wanted = book.decision(contact.ref, "customer_inactive")
    if book.policy.reactivate_customers or (wanted and wanted.action == "reactivate"):
        draft = CustomerDraft(contact, None, book.policy, reactivate=True)
        return book.add(_change(Action.UPDATE, draft, customer_id, "made active again"))
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


def _change(action: Action, draft: CustomerDraft, ledger_id: str, reason: str) -> Change:
    return Change(
        action=action,
        ref=draft.ref,
        entity=draft.entity,
        title=draft.title,
        reason=reason,
        ledger_id=ledger_id,
        draft=draft,
        practice_fingerprint=draft.fingerprint,
    )


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
