"""What the forms of a QuickBooks company do, through its office. Each returns what was done, in words."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.pages.given import Given, Unfit
from integrations.sandbox.pages.parts import cash
from integrations.sandbox.pages.quickbooks_document_actions import apply_payment, credit_memo, unapply_payment
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Doc

Office = QuickBooksOffice
Work = Callable[[Office, str, Given], str]


def _amount_of(office: Office, id: str, given: Given) -> str:
    """Makes the first line of an invoice worth something else."""
    lines = office.get("Invoice", id)["Line"]
    place = next((n for n, line in enumerate(lines) if line["DetailType"] == "SalesItemLineDetail"), None)
    if place is None:
        raise Unfit("The invoice has no line with an amount.")
    detail = {k: v for k, v in lines[place]["SalesItemLineDetail"].items() if k not in ("Qty", "UnitPrice")}
    changed = {**lines[place], "Amount": given.amount("amount"), "SalesItemLineDetail": detail}
    kept = [line for line in lines if line["DetailType"] != "SubTotalLineDetail"]
    office.edit_invoice(id, Line=[changed if line is lines[place] else line for line in kept])
    return f"The invoice comes to {cash(office.get('Invoice', id)['TotalAmt'])} now."


def _dates_of(office: Office, id: str, given: Given) -> str:
    days = {"TxnDate": given.day("issued", "Date").isoformat(), "DueDate": given.day("due", "Due").isoformat()}
    office.edit_invoice(id, **days)
    return "Dates changed."


def _renumber(office: Office, id: str, given: Given) -> str:
    office.renumber_invoice(id, given.words("number", "Number"))
    return f"The invoice has the number {given.text('number')} now."


def _void_invoice(office: Office, id: str, given: Given) -> str:
    office.void_invoice(id)
    return "Voided."


def _delete_invoice(office: Office, id: str, given: Given) -> str:
    office.delete_invoice(id)
    return "The invoice is deleted."


def _receive(office: Office, id: str, given: Given) -> str:
    invoice, amount = office.get("Invoice", id), given.amount("amount")
    applied = min(amount, Decimal(invoice["Balance"]))
    owner, on = invoice["CustomerRef"]["value"], given.day("on").isoformat()
    office.receive_payment(owner, amount, {id: applied} if applied > 0 else None, TxnDate=on)
    return f"Payment received; {cash(office.get('Invoice', id)['Balance'])} is still open."


INVOICE: Mapping[str, Work] = {
    "amount": _amount_of,
    "dates": _dates_of,
    "renumber": _renumber,
    "void": _void_invoice,
    "delete": _delete_invoice,
    "receive": _receive,
}


def create_customer(office: Office, given: Given) -> str:
    made = office.create_customer(given.words("name", "Name"), **_people(given, {}))
    return f"{made['DisplayName']} is customer {made['Id']}."


def _edit_customer(office: Office, id: str, given: Given) -> str:
    known = office.get("Customer", id)
    changes: dict[str, Any] = {"DisplayName": given.words("name", "Name")} if known["Active"] else {}
    office.edit_customer(id, **changes, **_people(given, known))
    return "Saved."


def _people(given: Given, known: Doc) -> dict[str, Any]:
    """Members as typed; one that was emptied is cleared, one that is still empty is not sent."""
    typed: dict[str, Any] = {
        "GivenName": given.text("given"),
        "FamilyName": given.text("family"),
        "CompanyName": given.text("company"),
        "PrimaryEmailAddr": {"Address": given.text("email")} if given.text("email") else "",
        "PrimaryPhone": {"FreeFormNumber": given.text("phone")} if given.text("phone") else "",
    }
    street = {"Line1": given.text("street"), "City": given.text("city"), "PostalCode": given.text("postal_code")}
    kept = {name: value for name, value in street.items() if value}
    typed["BillAddr"] = kept or ""
    return {name: value or None for name, value in typed.items() if value or name in known}


def _deactivate(office: Office, id: str, given: Given) -> str:
    office.deactivate("Customer", id)
    return "The customer is inactive."


def _reactivate(office: Office, id: str, given: Given) -> str:
    office.reactivate("Customer", id)
    return "The customer is active."


def _merge(office: Office, id: str, given: Given) -> str:
    survivor = str(given.id("survivor", "Customer"))
    office.merge_customers(id, survivor)
    return f"Merged into customer {survivor}."


def _invoice(office: Office, id: str, given: Given) -> str:
    lines = [(given.words("item", "Item"), given.amount("amount"), given.text("description"))]
    days = {"TxnDate": given.day("issued").isoformat(), "DueDate": given.day("due", "Due").isoformat()}
    made = office.create_invoice(
        id, lines, number=given.text("number") or None, duplicate_ok=given.flag("duplicate_ok"), **days
    )
    return f"Invoice {made.get('DocNumber', made['Id'])} is written."


def _payment(office: Office, id: str, given: Given) -> str:
    made = office.receive_payment(id, given.amount("amount"), TxnDate=given.day("on").isoformat())
    return f"Payment of {cash(made['TotalAmt'])} received and not applied."


CUSTOMER: Mapping[str, Work] = {
    "edit": _edit_customer,
    "deactivate": _deactivate,
    "reactivate": _reactivate,
    "merge": _merge,
    "invoice": _invoice,
    "payment": _payment,
    "credit_memo": credit_memo,
}


def deposit(office: Office, given: Given) -> str:
    chosen = given.many("payment")
    if not chosen:
        raise Unfit("Choose the payments to deposit.")
    made = office.deposit_payments(chosen, given.text("bank"))
    return f"{len(chosen)} payments, {cash(made['TotalAmt'])} in all, are deposited."


def _void_payment(office: Office, id: str, given: Given) -> str:
    office.void("Payment", id)
    return "Voided."


def _delete_payment(office: Office, id: str, given: Given) -> str:
    office.delete("Payment", id)
    return "The payment is deleted."


def _edit_payment(office: Office, id: str, given: Given) -> str:
    office.edit("Payment", id, TotalAmt=given.amount("amount"), TxnDate=given.day("on").isoformat())
    return "Saved."


PAYMENT: Mapping[str, Work] = {
    "edit": _edit_payment,
    "apply": apply_payment,
    "unapply": unapply_payment,
    "void": _void_payment,
    "delete": _delete_payment,
}


def set_numbers(office: Office, given: Given) -> str:
    office.set_custom_numbers(given.flag("on"))
    return f"Custom transaction numbers are {_on(given)}."


def set_warning(office: Office, given: Given) -> str:
    office.set_preference("OtherPrefs", "WarnDuplicateBillNumber", given.flag("on"))
    return f"The warning about duplicate bill numbers is {_on(given)}."


def set_closing(office: Office, given: Given) -> str:
    day = given.day("date").isoformat() if given.text("date") else None
    office.close_books(day)
    return f"The books are closed up to {day}." if day else "The books are open."


def set_credits(office: Office, given: Given) -> str:
    office.set_preference("SalesFormsPrefs", "AutoApplyCredit", given.flag("on"))
    return f"Automatic application of credits is {_on(given)}."


def set_payments(office: Office, given: Given) -> str:
    office.set_preference("SalesFormsPrefs", "AutoApplyPayments", given.flag("on"))
    return f"Automatic application of payments is {_on(given)}."


def disconnect(office: Office, given: Given) -> str:
    office.disconnect_apps()
    return "Every app is disconnected from this company."


SETTINGS: Mapping[str, Callable[[Office, Given], str]] = {
    "numbers": set_numbers,
    "warning": set_warning,
    "closing": set_closing,
    "credits": set_credits,
    "payments": set_payments,
    "disconnect": disconnect,
}


def _on(given: Given) -> str:
    return "on" if given.flag("on") else "off"
