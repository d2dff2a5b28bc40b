"""What people do in QuickBooks to journal entries, checks, credit memos and deposits. Each returns what was done."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.pages.given import Given, Unfit
from integrations.sandbox.pages.parts import cash
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Doc

Office = QuickBooksOffice
Work = Callable[[Office, str, str, Given], str]
ENTITIES = ("JournalEntry", "Purchase", "CreditMemo", "Deposit")
NUMBERED = ("JournalEntry", "Purchase", "CreditMemo")
_DETAILS = ("SalesItemLineDetail", "JournalEntryLineDetail", "AccountBasedExpenseLineDetail")


def _edit(office: Office, entity: str, id: str, given: Given) -> str:
    """Date, number and note, as a person changes them in the document."""
    members: dict[str, Any] = {"TxnDate": given.day("on").isoformat(), "PrivateNote": given.text("note") or None}
    if entity in NUMBERED:
        members["DocNumber"] = given.text("number") or None
    office.edit(entity, id, **members)
    return "Saved."


def _amount(office: Office, entity: str, id: str, given: Given) -> str:
    """Makes the document worth something else: every line of an entry, the first line of anything else."""
    amount = given.amount("amount")
    kept = [line for line in office.get(entity, id).get("Line", []) if line["DetailType"] in _DETAILS]
    if not kept or (entity == "JournalEntry" and len(kept) != 2):
        raise Unfit("Only a document of one amount can be changed here.")
    count = 2 if entity == "JournalEntry" else 1
    office.edit(entity, id, Line=[_worth(line, amount) for line in kept[:count]] + kept[count:])
    return f"It comes to {cash(amount)} now."


def _worth(line: Doc, amount: Decimal) -> Doc:
    name = line["DetailType"]
    detail = {key: value for key, value in line[name].items() if key not in ("Qty", "UnitPrice")}
    return {**line, "Amount": amount, name: detail}


def _apply(office: Office, entity: str, id: str, given: Given) -> str:
    """Sets a credit memo against an invoice of its customer."""
    if entity != "CreditMemo":
        raise Unfit("Only a credit memo can be applied.")
    memo, amount = office.get(entity, id), given.amount("amount")
    office.apply_credit(memo["CustomerRef"]["value"], id, given.words("invoice", "Invoice"), amount)
    return f"{cash(amount)} of the credit memo is applied."


def _void(office: Office, entity: str, id: str, given: Given) -> str:
    office.void(entity, id)
    return "Voided."


def _delete(office: Office, entity: str, id: str, given: Given) -> str:
    office.delete(entity, id)
    return "The document is deleted."


DOCUMENT: Mapping[str, Work] = {
    "edit": _edit,
    "amount": _amount,
    "apply": _apply,
    "void": _void,
    "delete": _delete,
}


def journal(office: Office, given: Given) -> str:
    """An entry of two lines, both with the customer's name where one is given."""
    amount, customer = given.amount("amount"), given.text("customer")
    lines = [
        (given.words("debit", "Debit"), amount, customer),
        (given.words("credit", "Credit"), -amount, customer),
    ]
    office.journal(lines, **_head(given))
    return f"Entry over {cash(amount)} written."


def check(office: Office, given: Given) -> str:
    """A check by hand; the payee is a customer or a supplier by its name, or nobody."""
    detail: Doc = {"AccountRef": {"value": given.words("account", "For")}}
    if given.text("customer"):
        detail["CustomerRef"] = {"value": given.text("customer")}
    amount = given.amount("amount")
    line = {"DetailType": "AccountBasedExpenseLineDetail", "Amount": amount, "AccountBasedExpenseLineDetail": detail}
    bank = {"value": given.words("bank", "From")}
    payee = {"EntityRef": _payee(office, given.text("payee"))} if given.text("payee") else {}
    office.create("Purchase", {"PaymentType": "Check", "AccountRef": bank, "Line": [line], **_head(given), **payee})
    return f"Check over {cash(amount)} written."


def supplier(office: Office, given: Given) -> str:
    made = office.create_vendor(given.words("name", "Name"))
    return f"{made['DisplayName']} is supplier {made['Id']}."


ENTRIES: Mapping[str, Callable[[Office, Given], str]] = {"journal": journal, "check": check, "supplier": supplier}


def credit_memo(office: Office, id: str, given: Given) -> str:
    """A credit memo written by hand for a customer."""
    line = (given.words("item", "Item"), given.amount("amount"), given.text("description"))
    made = office.create_credit_memo(id, [line], number=given.text("number") or None, **_dated(given.day("on")))
    return f"Credit memo {made.get('DocNumber', made['Id'])} is written."


def apply_payment(office: Office, id: str, given: Given) -> str:
    """Puts money of a payment that is left on an invoice of the same customer."""
    invoice, amount = given.words("invoice", "Invoice"), given.amount("amount")
    lines = [dict(line) for line in office.get("Payment", id).get("Line", [])]
    link = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
    office.edit("Payment", id, Line=[*lines, link])
    return f"{cash(amount)} of the payment is applied."


def unapply_payment(office: Office, id: str, given: Given) -> str:
    office.edit("Payment", id, Line=[])
    return "The payment is applied to nothing now."


def _payee(office: Office, name: str) -> Doc:
    for kind in ("Customer", "Vendor", "Employee"):
        for doc in office.all(kind):
            if doc["DisplayName"].casefold() == name.casefold():
                return {"value": doc["Id"], "name": doc["DisplayName"], "type": kind}
    raise Unfit(f"Nobody is called “{name}” in QuickBooks.")


def _head(given: Given) -> Doc:
    head: Doc = {**_dated(given.day("on")), "DocNumber": given.text("number"), "PrivateNote": given.text("note")}
    return {name: value for name, value in head.items() if value}


def _dated(on: date) -> Doc:
    return {"TxnDate": on.isoformat()}
