"""What is written of a contact: a customer in QuickBooks, and the mapped fields of the contact in Clio."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integrations.core.changes import Action, Books
from integrations.core.mapping import Policy
from integrations.core.merge import Agreed
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.posting import Posting
from integrations.core.read import text
from integrations.core.records import Ref
from integrations.kinds import contact_fields
from integrations.kinds.contact import Contact, customer_body, decode, with_mark
from integrations.kinds.contact_fields import Base, Values

CONTACTS = "contacts"  # Clio's list, as the mirror and the journal name it


@dataclass(frozen=True, slots=True)
class _OfContact:
    """What is written of a contact posts nothing, and has neither an amount nor a date."""

    contact: Contact

    @property
    def ref(self) -> Ref:
        return self.contact.ref

    @property
    def title(self) -> str:
        return self.contact.name

    @property
    def amount(self) -> Decimal:
        return ZERO

    @property
    def dated(self) -> date | None:
        return None

    @property
    def fingerprint(self) -> str:
        return self.contact.fingerprint()

    def postings(self) -> tuple[Posting, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class CustomerDraft(_OfContact):
    """A customer as it should be; ``name`` is None where the display name stays as it is.

    ``values`` are the fields an existing customer is given. A person's own notes stay above our mark.
    """

    name: str | None
    policy: Policy
    reactivate: bool = False
    values: Values = field(default_factory=dict)
    entity: str = "Customer"

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        if current is None:
            return customer_body(self.contact, self.name or self.contact.name, self.policy.slug)
        head: dict[str, object] = {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken"), "sparse": True}
        if self.reactivate:
            return {**head, "Active": True}
        name = {} if self.name is None else {"DisplayName": self.name}
        notes = with_mark(text(current, "Notes"), self.ref, self.policy.slug)
        return {**head, **contact_fields.members(self.values, current), **name, "Notes": notes}

    def base(self, action: Action) -> dict[str, object]:
        """What a link learns once this is written: the name it was planned for, and Clio's side of what was sent.

        Of a customer that was there before nothing is agreed on yet, but its name is left as it is.
        """
        ours = contact_fields.of_contact(self.contact)
        sent = ours if action is Action.CREATE else {name: ours[name] for name in self.values}
        keeps_its_name = action is Action.UPDATE and self.name is None and not self.reactivate
        named = {} if keeps_its_name else {"name": self.contact.name}
        return {**named, "sent": contact_fields.plain(sent), "is_company": self.contact.is_company}


@dataclass(frozen=True, slots=True)
class ContactDraft(_OfContact):
    """Fields of a linked contact as Clio should say them; ``contact`` is what Clio said when that was planned."""

    values: Values
    entity: str = CONTACTS

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        return contact_fields.patch(current or {}, self.contact, self.values)

    def base(self) -> dict[str, object]:
        """What a link learns once this is written: QuickBooks's side of what was sent."""
        return {"sent": contact_fields.plain(self.values)}


def after_ledger(base: Mapping[str, object], learnt: Mapping[str, object], customer: Raw) -> dict[str, object]:
    """The base once QuickBooks answered a write with ``customer``."""
    sent = contact_fields.read_plain(learnt.get("sent"))
    theirs = contact_fields.of_customer(customer, is_company=bool(learnt.get("is_company")))
    known = contact_fields.to_json({name: Agreed(sent[name], theirs[name]) for name in sent})
    told = {key: value for key, value in learnt.items() if key not in ("sent", "is_company")}
    return {**told, "name": learnt.get("name", base.get("name", "")), "fields": fields_with(base, known)}


def after_practice(base: Mapping[str, object], learnt: Mapping[str, object], answer: Raw) -> dict[str, object]:
    """The base once Clio answered a write with this contact. Raises Unreadable."""
    sent, ours = contact_fields.read_plain(learnt.get("sent")), contact_fields.of_contact(decode(answer))
    known: Base = {name: Agreed(ours[name], sent[name]) for name in sent if name in ours}
    return {**base, "fields": fields_with(base, contact_fields.to_json(known))}


def fields_with(base: Mapping[str, object], known: Mapping[str, object]) -> dict[str, object]:
    kept = base.get("fields")
    return {**(kept if isinstance(kept, Mapping) else {}), **known}
