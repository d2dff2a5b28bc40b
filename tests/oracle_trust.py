"""The trust part of the independent check: whose money is held, client by client."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

Doc = Mapping[str, Any]
ZERO = Decimal(0)


def held_by_client(
    clio: Mapping[str, list[Doc]], quickbooks: Mapping[str, list[Doc]], rows: Iterable[Doc], liability: str
) -> list[str]:
    """Per client: by how much these rows change what is held, and what QuickBooks says of it on that account."""
    owed: dict[int | None, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        owed[row["client_id"]] += row["signed"]
    found = _posted(clio["contacts"], quickbooks, liability)
    return [
        f"contact {client} has {owed[client]} in trust in Clio, {found[client]} in QuickBooks"
        for client in sorted({*owed, *found}, key=str)
        if owed[client] != found[client]
    ]


def is_transfer(row: Doc, rows: Iterable[Doc]) -> bool:
    """Whether another row of the account takes exactly this money the other way on the same day, by no payment."""
    return any(
        other["signed"] == -row["signed"]
        and (other["date"], other["bank_account_id"]) == (row["date"], row["bank_account_id"])
        and not (other["payment_id"] or row["payment_id"])
        for other in rows
    )


def _posted(
    clients: list[Doc], quickbooks: Mapping[str, list[Doc]], liability: str
) -> defaultdict[int | None, Decimal]:
    """The names on the lines of entries and checks tell whose money it is."""
    mails = {
        row["address"].casefold(): one["id"] for one in clients for row in one["email_addresses"] if row["address"]
    }
    contacts = {doc["Id"]: contact_of(doc, mails) for doc in quickbooks["Customer"]}
    found: defaultdict[int | None, Decimal] = defaultdict(lambda: ZERO)
    for account, customer, amount in _lines(quickbooks):
        if account == liability:
            found[contacts.get(customer)] -= amount
    return found


def contact_of(customer: Doc, mails: Mapping[str, int]) -> int | None:
    """The contact whose mark the customer's notes end with; of one who was there before, the one with its e-mail."""
    lines = str(customer.get("Notes") or "").strip().splitlines()
    words = lines[-1].split() if lines else []
    if words[:2] == ["Clio", "contact"]:
        return int(words[2])
    return mails.get(str((customer.get("PrimaryEmailAddr") or {}).get("Address", "")).casefold())


def _lines(quickbooks: Mapping[str, list[Doc]]) -> Iterable[tuple[str, str, Decimal]]:
    """(account, customer, amount with debits positive) of every line of an entry or a check."""
    for entry in quickbooks["JournalEntry"]:
        for line in entry.get("Line", []):
            detail = line.get("JournalEntryLineDetail")
            if detail:
                sign = 1 if detail["PostingType"] == "Debit" else -1
                name = (detail.get("Entity") or {}).get("EntityRef") or {}
                yield detail["AccountRef"]["value"], name.get("value", ""), sign * line["Amount"]
    for paid in quickbooks["Purchase"]:
        for line in paid.get("Line", []):
            detail = line.get("AccountBasedExpenseLineDetail")
            if detail:
                yield detail["AccountRef"]["value"], (detail.get("CustomerRef") or {}).get("value", ""), line["Amount"]
