"""The forms about a Clio account's money: on a contact, a bank account, one of its rows, and a payment."""

from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.pages.parts import Field, Form, cash
from integrations.sandbox.store import Doc

NEW_ACCOUNT = Form(
    "open_account",
    "Open account",
    [
        Field("name", "Name"),
        Field("type", "Type", "select", "Trust", (("Operating", "Operating"), ("Trust", "Trust"))),
    ],
)


def of_trust(office: ClioOffice, contact: Doc) -> list[Form]:
    """What can be done to the money held for a contact."""
    accounts = accounts_of(office, "Trust")
    if not accounts:
        return []
    amount, today = Field("amount", "Amount", "amount"), Field("on", "Date", "date", office.now()[:10])
    account = Field("account", "Account", "select", "", accounts)
    matters = [("", "no matter"), *((str(one["id"]), _matter(one)) for one in _matters(office, contact["id"]))]
    matter = Field("matter", "Matter", "select", "", matters, required=False)
    source = Field("source", "From", value=contact["name"], required=False)
    payee, cheque = Field("source", "Payee", required=False), Field("reference", "Cheque number", required=False)
    reference = Field("reference", "Reference", required=False)
    purpose = Field("description", "Description", required=False)
    to_account = Field("to_account", "To account", "select", "", [("", "the same"), *accounts], required=False)
    target = [
        to_account,
        Field("to_contact", "To contact number, else the same", required=False),
        Field("to_matter", "To matter number", required=False),
    ]
    return [
        Form("deposit", "Deposit into trust", [account, matter, amount, today, source, reference, purpose]),
        Form("withdraw", "Pay out of trust", [account, matter, amount, today, payee, cheque, purpose]),
        Form("transfer", "Transfer trust money", [account, matter, amount, today, *target]),
    ]


def of_account(office: ClioOffice, account: Doc) -> list[Form]:
    if account["type"] != "Operating":
        return []
    fields = [
        Field("amount", "Amount, below zero for money out", "amount"),
        Field("on", "Date", "date", office.now()[:10]),
        Field("contact", "Contact number", required=False),
        Field("source", "From or to", required=False),
        Field("reference", "Reference", required=False),
        Field("description", "Description", value="Refund", required=False),
    ]
    return [Form("entry", "Enter row", fields)]


def of_row(row: Doc) -> list[Form]:
    if row["payment_id"]:
        return []
    fields = [
        Field("on", "Date", "date", row["date"]),
        Field("amount", "Amount, below zero for money out", "amount", str(row["signed"])),
        Field("contact", "Contact number", value=row["client_id"] or "", required=False),
        Field("matter", "Matter number", value=row["matter_id"] or "", required=False),
        Field("source", "From or payee", value=row["source"], required=False),
        Field("reference", "Reference or cheque number", value=row["confirmation"], required=False),
        Field("description", "Description", value=row["description"], required=False),
    ]
    return [Form("edit", "Save row", fields), Form("delete", "Delete row", danger=True)]


def of_payment(office: ClioOffice, payment: Doc) -> list[Form]:
    if payment["status"] == "pending":
        return [Form("complete", "The money arrives"), Form("fail", "The bank refuses", danger=True)]
    if payment["voided_at"]:
        return []
    today, reference = Field("on", "Date", "date", office.now()[:10]), Field("reference", "Reference", required=False)
    forms = [
        Form("edit", "Save payment", _edit(office, payment)),
        Form("allocate", "Pay a bill with it", [_bills(office, payment), Field("amount", "Amount", "amount")]),
        Form("replace", "Delete and enter again", [today, reference], danger=True),
        Form("delete", "Delete", danger=True),
    ]
    if not payment["source_bank_account_id"]:
        forms.insert(2, Form("refund", "Refund", [Field("amount", "Amount", "amount"), today, reference]))
    return forms


def _edit(office: ClioOffice, payment: Doc) -> list[Field]:
    into = payment["destination_bank_account_id"]
    type = office.take("bank_account", into)["type"]
    return [
        Field("amount", "Received", "amount", str(payment["amount"])),
        Field("on", "Date", "date", payment["date"]),
        Field("reference", "Reference", value=payment["reference"], required=False),
        Field("into", "Into", "select", str(into), accounts_of(office, type)),
    ]


def _bills(office: ClioOffice, payment: Doc) -> Field:
    paid = {id for id, _ in office.allocated_to(payment["id"])}
    owned = office.find("bill", "client_id", payment["contact_id"])
    fit = [one for one in owned if one["id"] in paid or one["state"] == "awaiting_payment"]
    choices = [(str(one["id"]), f"{one['number']} · {cash(one['balance'])} owed") for one in fit]
    return Field("bill", "Bill", "select", "", choices)


def accounts_of(office: ClioOffice, type: str) -> list[tuple[str, str]]:
    return [(str(one["id"]), one["name"]) for one in office.all("bank_account") if one["type"] == type]


def _matters(office: ClioOffice, contact_id: int) -> list[Doc]:
    return office.find("matter", "client_id", contact_id)


def _matter(matter: Doc) -> str:
    return f"{matter['display_number']} {matter['description']}"
