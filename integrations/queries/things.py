"""The documents and people an issue is about, each with its page here, in Clio and in QuickBooks."""

from collections.abc import Iterator
from dataclasses import dataclass

from integrations.core.lookalikes import BILL, CONTACT
from integrations.kinds.problems import DOCUMENTS
from integrations.models import Issue, Pairing
from integrations.queries import links

# What a person does about it, for lists that have no room for more.
ADVICE = {
    "duplicate_number": "Renumber the bill in Clio, or the other document.",
    "duplicate_in_clio": "Renumber one of the two in Clio.",
    "duplicate_in_quickbooks": "Renumber one of them.",
    "near_duplicate_number": "See whether they are one; if not, renumber one, or accept it.",
    "similar_contacts": "Merge them if they are one person; if not, accept it.",
    "invoice_exists": "Adopt the invoice that is there.",
    "payment_exists": "Adopt the payment that is there, or say that it is another.",
    "probable_match": "Choose the customer, or create one.",
    "contact_conflict": "Choose for each field which side counts.",
    "drift": "Restore ours, or accept theirs.",
    "deleted_in_ledger": "Restore it, or unlink it.",
}
_KINDS = {BILL: "invoice", CONTACT: "contact"}  # Clio's side


@dataclass(frozen=True, slots=True)
class Thing:
    """One of them. Addresses are empty where there is no such page."""

    label: str
    page: str
    practice_url: str
    ledger_url: str


def things(issue: Issue, pairing: Pairing) -> tuple[Thing, ...]:
    """What the issue names besides the one record it is filed under; empty where that is all."""
    return tuple(_alike(issue, pairing) if issue.details.get("alike") else _clash(issue, pairing))


def _alike(issue: Issue, pairing: Pairing) -> Iterator[Thing]:
    for member in issue.details["alike"]:
        yield _thing(pairing, str(member["entity"]), str(member["id"]), str(member["label"]))


def _thing(pairing: Pairing, entity: str, id: str, label: str) -> Thing:
    kind = _KINDS.get(entity)
    if kind is None:
        return Thing(label, "", "", links.in_ledger(pairing.ledger, entity, id))
    page = links.record_page(pairing.firm, kind, id)
    return Thing(label, page, links.in_practice(pairing.practice, kind, id), "")


def _clash(issue: Issue, pairing: Pairing) -> Iterator[Thing]:
    """The bill that was refused and who has its number."""
    if issue.code != "duplicate_number":
        return
    details, number = issue.details, issue.details.get("number") or ""
    yield _thing(pairing, BILL, issue.practice_id, issue.title or f"Bill {number}")
    entity, id, other = (str(details.get(key) or "") for key in ("holder_entity", "holder_id", "holder_practice_id"))
    ledger_url = links.in_ledger(pairing.ledger, entity, id)
    if other:
        bill = _thing(pairing, BILL, other, f"Bill {number}, posted under this number")
        yield Thing(bill.label, bill.page, bill.practice_url, ledger_url)
    elif entity:
        kind = DOCUMENTS.get(entity, entity).split(" ", 1)[-1]
        yield Thing(f"{kind.capitalize()} {number} in QuickBooks", "", "", ledger_url)
