"""Who in Clio a customer of QuickBooks may be: contacts of our mirror that are like it, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from integrations.core.likeness import Likeness, Profile, likeness, telling_words
from integrations.core.read import nested, rows, text
from integrations.core.text import search_key
from integrations.models import EntityLink, Pairing, Record
from integrations.models.words import found_by
from integrations.queries import links
from integrations.queries.customers import Customer

SHOWN = 8
READ = 400  # contacts that share a word, an address or a phone; the likest of them are shown


@dataclass(frozen=True, slots=True)
class Candidate:
    """``taken`` is the customer this contact stands for already, as an address in QuickBooks or a word."""

    contact_id: str
    name: str
    about: str
    reasons: tuple[str, ...]
    score: int
    page: str
    practice_url: str
    taken: str = ""


def candidates(pairing: Pairing, customer: Customer, search: str = "") -> list[Candidate]:
    """The likest first; with ``search`` the contacts in whose names, addresses or phones all its words are."""
    wanted_words = search_key(search).split()
    near = found_by(pairing.pk, wanted_words) if wanted_words else _near(customer)
    if near is None:
        return []
    contacts = Record.objects.of(pairing.firm).filter(pairing=pairing, entity="contacts", is_deleted=False)
    read = contacts.filter(near).order_by("key", "pk").values_list("external_id", "data")[:READ]
    wanted = _profile_of_customer(customer)
    found = ((likeness(wanted, profile_of_contact(data)), id, data) for id, data in read)
    likely = [one for one in found if one[0].score or search]
    shown = sorted(likely, key=lambda one: -one[0].score)[:SHOWN]
    return _with_taken(pairing, [_candidate(pairing, *one) for one in shown])


def _near(customer: Customer) -> Q | None:
    """What a contact has to have in common to be worth comparing; None where nothing is known of the customer."""
    profile = _profile_of_customer(customer)
    digits = {"".join(char for char in phone if char.isdecimal())[-10:] for phone in profile.phones}
    parts = [Q(words__contains=word) for word in sorted(telling_words(profile.names))]
    parts += [Q(words__contains=phone) for phone in sorted(digits) if len(phone) > 6]
    parts += [Q(other_key=mail.strip().casefold()) for mail in profile.emails if mail.strip()]
    parts += [Q(key=search_key(name)) for name in profile.names if search_key(name)]
    return reduce(or_, parts) if parts else None


def _profile_of_customer(customer: Customer) -> Profile:
    names = [detail.text for detail in customer.details if detail.label in ("Name", "Person", "Company")]
    phones = [detail.text for detail in customer.phones]
    return Profile(tuple(names), tuple(customer.email.replace(";", ",").split(",")), tuple(phones))


def _candidate(pairing: Pairing, like: Likeness, id: str, data: dict[str, Any]) -> Candidate:
    return Candidate(
        id,
        text(data, "name") or f"Contact {id}",
        about_contact(data),
        like.reasons,
        like.score,
        links.record_page(pairing.firm, "contact", id),
        links.in_practice(pairing.practice, "contact", id),
    )


def profile_of_contact(data: dict[str, Any]) -> Profile:
    own = " ".join(filter(None, (text(data, key) for key in ("first_name", "last_name"))))
    mails = (text(data, "primary_email_address"), *(text(row, "address") for row in rows(data, "email_addresses")))
    return Profile((text(data, "name"), own), mails, tuple(text(row, "number") for row in rows(data, "phone_numbers")))


def about_contact(data: dict[str, Any], phones: Sequence[str] = ()) -> str:
    """What tells one contact from another."""
    town = next((text(row, "city") for row in rows(data, "addresses")), "")
    company = text(nested(data, "company"), "name")
    parts = (text(data, "type"), company, text(data, "primary_email_address"), *phones, town)
    return " · ".join(part for part in parts if part)


def _with_taken(pairing: Pairing, shown: list[Candidate]) -> list[Candidate]:
    """Notes who of them stands for a customer already, and so cannot be linked."""
    ids = [candidate.contact_id for candidate in shown]
    linked = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind="contact", practice_id__in=ids)
    taken = dict(linked.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", "ledger_id"))
    return [
        replace(candidate, taken=links.in_ledger(pairing.ledger, "Customer", customer) or customer)
        if (customer := taken.get(candidate.contact_id))
        else candidate
        for candidate in shown
    ]
