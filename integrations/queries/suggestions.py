"""Who or what an issue says it may be: the candidates, the likest first, each with the reasons and its page."""

from dataclasses import dataclass
from typing import Any

from integrations.core import words
from integrations.core.likeness import Likeness, Profile, likeness
from integrations.models import Issue, Pairing, Record
from integrations.queries import links
from integrations.queries.candidates import about_contact, profile_of_contact

MOST = 110  # the score of two that share e-mail, name and phone
ENTITIES = {"probable_match": "Customer", "payment_exists": "Payment", "check_exists": "Purchase"}
# What makes a document a candidate; the planner names no others.
REASONS = {
    "payment_exists": ("same customer", "same amount"),
    "check_exists": ("same check number", "same amount", "same trust account"),
}
PHONES = ("PrimaryPhone", "Mobile", "AlternatePhone")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A QuickBooks customer or document an issue may be about. ``score`` orders people, and is 0 for documents."""

    id: str
    name: str
    about: str
    url: str
    reasons: tuple[str, ...]
    score: int = 0


@dataclass(frozen=True, slots=True)
class Suggestions:
    """``subject`` is what tells who it is in Clio, to compare the candidates with."""

    candidates: tuple[Candidate, ...] = ()
    subject: str = ""


def suggestions(issue: Issue, pairing: Pairing) -> Suggestions:
    """With enough to tell them apart; two queries at most."""
    entity = ENTITIES.get(issue.code)
    ids = [str(id) for id in issue.details.get("candidates") or ()]
    if not ids or entity is None:
        return Suggestions()
    mirrored = Record.objects.of(pairing.firm).filter(pairing=pairing)
    found = mirrored.filter(side=Record.Side.LEDGER, entity=entity, external_id__in=ids)
    by_id = dict(found.values_list("external_id", "data"))
    if entity != "Customer":
        return Suggestions(tuple(_document(issue, pairing, entity, id, by_id.get(id, {})) for id in ids))
    contacts = mirrored.filter(side=Record.Side.PRACTICE, entity="contacts", external_id=issue.practice_id)
    contact = contacts.values_list("data", flat=True).first() or {}
    wanted = profile_of_contact(contact)
    people = [_customer(issue, pairing, wanted, id, by_id.get(id, {})) for id in ids]
    likest = tuple(sorted(people, key=lambda candidate: -candidate.score))
    return Suggestions(likest, about_contact(contact, wanted.phones))


def _customer(issue: Issue, pairing: Pairing, wanted: Profile, id: str, data: dict[str, Any]) -> Candidate:
    name = (issue.details.get("names") or {}).get(id) or data.get("DisplayName") or f"Customer {id}"
    like = likeness(wanted, _profile(data)) if data else Likeness(0, ())
    url = links.in_ledger(pairing.ledger, "Customer", id)
    return Candidate(id, str(name), about(data), url, like.reasons, like.score)


def _document(issue: Issue, pairing: Pairing, entity: str, id: str, data: dict[str, Any]) -> Candidate:
    word = "Payment" if entity == "Payment" else "Check"
    name = f"{word} {data.get('DocNumber') or data.get('PaymentRefNum') or id}"
    return Candidate(id, name, about(data), links.in_ledger(pairing.ledger, entity, id), REASONS[issue.code])


def _profile(data: dict[str, Any]) -> Profile:
    """What is known of a customer."""
    own = " ".join(filter(None, (str(data.get(key) or "") for key in ("GivenName", "FamilyName"))))
    names = (str(data.get("DisplayName") or ""), str(data.get("CompanyName") or ""), own)
    mails = _member(data, "PrimaryEmailAddr", "Address").replace(";", ",").split(",")
    return Profile(names, tuple(mails), tuple(_member(data, key, "FreeFormNumber") for key in PHONES))


def about(data: dict[str, Any]) -> str:
    """What tells one customer from another: e-mail, phone, town, balance."""
    parts = (
        _member(data, "PrimaryEmailAddr", "Address"),
        _member(data, "PrimaryPhone", "FreeFormNumber"),
        _member(data, "BillAddr", "City"),
        "inactive" if data.get("Active") is False else "",
        words.amount(data["TotalAmt"]) if data.get("TotalAmt") else "",
        words.day(str(data.get("TxnDate") or "")),
    )
    return " · ".join(part for part in parts if part)


def _member(data: dict[str, Any], name: str, key: str) -> str:
    value = data.get(name)
    return str(value.get(key) or "") if isinstance(value, dict) else ""
