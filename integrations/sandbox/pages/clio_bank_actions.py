"""What the forms about a Clio account's money do: trust money of a contact, bank rows, payments."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.pages.clio_actions import Work
from integrations.sandbox.pages.given import Given, Unfit
from integrations.sandbox.pages.parts import cash

_TEXTS = ("source", "reference", "description")


def _deposit(office: ClioOffice, contact_id: int, given: Given) -> str:
    amount = _positive(given)
    office.trust_deposit(contact_id, amount, given.day("on"), **_place(given), **_texts(given))
    return f"{cash(amount)} is held in trust."


def _withdraw(office: ClioOffice, contact_id: int, given: Given) -> str:
    """``source`` is the payee and ``reference`` the cheque number; both may be missing."""
    amount = _positive(given)
    office.trust_withdrawal(contact_id, amount, given.day("on"), **_place(given), **_texts(given))
    return f"{cash(amount)} is paid out of trust."


def _transfer(office: ClioOffice, contact_id: int, given: Given) -> str:
    amount = _positive(given)
    office.trust_transfer(
        amount,
        given.day("on"),
        contact_id=contact_id,
        to_contact_id=_chosen(given, "to_contact", "To contact"),
        to_matter_id=_chosen(given, "to_matter", "To matter"),
        to_bank_account_id=_chosen(given, "to_account", "To account"),
        **_place(given),
    )
    return f"{cash(amount)} is transferred."


TRUST: Mapping[str, Work] = {"deposit": _deposit, "withdraw": _withdraw, "transfer": _transfer}


def open_account(office: ClioOffice, given: Given) -> str:
    name = given.words("name", "Name")
    office.add_bank_account(name, given.words("type", "Type"))
    return f"{name} is open."


def operating_entry(office: ClioOffice, bank_account_id: int, given: Given) -> str:
    """A row typed into an operating account; below zero it is money out, as for a refund."""
    client = _chosen(given, "contact", "Contact")
    amount = given.amount("amount")
    if office.take("bank_account", bank_account_id)["type"] != "Operating":
        raise Unfit("Trust money is moved on the page of its contact.")
    office.operating_entry(amount, given.day("on"), contact_id=client, bank_account_id=bank_account_id, **_texts(given))
    return f"{cash(amount)} is entered."


def _edit_row(office: ClioOffice, row_id: int, given: Given) -> str:
    changes: dict[str, Any] = {
        "date": given.day("on"),
        "amount": given.amount("amount"),
        "contact_id": _chosen(given, "contact", "Contact"),
        "matter_id": _chosen(given, "matter", "Matter"),
        **_texts(given),
    }
    office.edit_bank_transaction(row_id, **changes)
    return "Saved."


def _delete_row(office: ClioOffice, row_id: int, given: Given) -> str:
    office.delete_bank_transaction(row_id)
    return "The row is deleted."


ROW: Mapping[str, Work] = {"edit": _edit_row, "delete": _delete_row}


def _edit_payment(office: ClioOffice, payment_id: int, given: Given) -> str:
    office.edit_payment(
        payment_id,
        amount=given.amount("amount"),
        on=given.day("on"),
        reference=given.text("reference"),
        destination_id=_chosen(given, "into", "Into"),
    )
    return "Saved."


def _allocate(office: ClioOffice, payment_id: int, given: Given) -> str:
    """What the payment pays on one bill; zero takes the bill out of it. What was received stays as it is."""
    bill_id, amount = given.id("bill", "Bill"), given.amount("amount")
    office.bill(bill_id)
    parts = {**dict(office.allocated_to(payment_id)), bill_id: amount}
    received = Decimal(str(office.payment(payment_id)["amount"]))
    office.edit_payment(payment_id, [(id, part) for id, part in parts.items() if part], amount=received)
    return f"{cash(amount)} of the payment is on this bill."


def _refund(office: ClioOffice, payment_id: int, given: Given) -> str:
    amount = given.amount("amount")
    office.refund_payment(payment_id, amount, given.day("on"), reference=given.text("reference"))
    return f"{cash(amount)} is refunded."


def _replace(office: ClioOffice, payment_id: int, given: Given) -> str:
    new = office.replace_payment(payment_id, given.day("on"), reference=given.text("reference"))
    return f"Deleted, and entered again as payment {new}."


def _delete_payment(office: ClioOffice, payment_id: int, given: Given) -> str:
    office.delete_payment(payment_id)
    return "The payment is deleted."


def _complete(office: ClioOffice, payment_id: int, given: Given) -> str:
    office.complete_payment(payment_id)
    return "The card payment has arrived."


def _fail(office: ClioOffice, payment_id: int, given: Given) -> str:
    office.fail_payment(payment_id)
    return "The bank refused the card payment."


PAYMENT: Mapping[str, Work] = {
    "edit": _edit_payment,
    "allocate": _allocate,
    "refund": _refund,
    "replace": _replace,
    "delete": _delete_payment,
    "complete": _complete,
    "fail": _fail,
}
ACCOUNTS: Mapping[str, Callable[[ClioOffice, Given], str]] = {"open_account": open_account}


def _place(given: Given) -> dict[str, Any]:
    account, matter = _chosen(given, "account", "Account"), _chosen(given, "matter", "Matter")
    return {"bank_account_id": account, "matter_id": matter}


def _texts(given: Given) -> dict[str, Any]:
    return {name: given.text(name) for name in _TEXTS}


def _chosen(given: Given, name: str, label: str) -> int | None:
    return given.id(name, label) if given.text(name) else None


def _positive(given: Given) -> Decimal:
    amount = given.amount("amount")
    if amount <= 0:
        raise Unfit("The amount is more than zero.")
    return amount
