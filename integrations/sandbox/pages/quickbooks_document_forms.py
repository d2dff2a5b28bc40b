"""The forms of journal entries, checks, credit memos and deposits."""

from integrations.sandbox.pages.parts import Field, Form, cash
from integrations.sandbox.pages.quickbooks_document_actions import NUMBERED
from integrations.sandbox.quickbooks.company import Company
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Doc


def entries(office: QuickBooksOffice) -> list[Form]:
    """What a person can enter by hand here."""
    accounts = [(one["Id"], one["Name"]) for one in office.all("Account") if one.get("Active", True)]
    banks = [(one["Id"], one["Name"]) for one in office.all("Account") if one["AccountType"] == "Bank"]
    amount, customer = Field("amount", "Amount", "amount"), Field("customer", "Customer number", required=False)
    head = [
        Field("on", "Date", "date", Company(office.store, office.realm).today()),
        Field("number", "Number", required=False),
        Field("note", "Memo", required=False),
    ]
    debit, credit = (Field(name, name.capitalize(), "select", "", accounts) for name in ("debit", "credit"))
    bank, account = Field("bank", "From", "select", "", banks), Field("account", "For", "select", "", accounts)
    payee = Field("payee", "Payee, by name", required=False)
    return [
        Form("journal", "Write journal entry", [debit, credit, amount, customer, *head]),
        Form("check", "Write check", [bank, account, amount, payee, customer, *head]),
        Form("supplier", "Create supplier", [Field("name", "Name")]),
    ]


def of_document(office: QuickBooksOffice, entity: str, doc: Doc) -> list[Form]:
    edit = [Field("on", "Date", "date", doc["TxnDate"])]
    if entity in NUMBERED:
        edit.append(Field("number", "Number", value=doc.get("DocNumber", ""), required=False))
    edit.append(Field("note", "Memo", "lines", doc.get("PrivateNote", ""), required=False))
    forms = [Form("edit", "Save", edit)]
    if entity != "Deposit":
        forms.append(Form("amount", "Change amount", [Field("amount", "Amount", "amount")]))
    if entity == "CreditMemo" and doc["Balance"]:
        forms.append(Form("apply", "Apply to an invoice", applied_to(office, doc["CustomerRef"]["value"])))
    void = [] if entity == "Deposit" else [Form("void", "Void", danger=True)]
    return [*forms, *void, Form("delete", "Delete", danger=True)]


def applied_to(office: QuickBooksOffice, customer: str) -> list[Field]:
    """An open invoice of the customer, and how much of it."""
    company = Company(office.store, office.realm)
    owed = [
        (one["Id"], f"{one.get('DocNumber', one['Id'])} · {cash(one['Balance'])}")
        for one in company.find("Invoice", "open", customer)
    ]
    return [Field("invoice", "Invoice", "select", "", owed), Field("amount", "Amount", "amount")]


def credit_memo(office: QuickBooksOffice) -> Form:
    items = [(item["Id"], item["Name"]) for item in office.all("Item") if item.get("Active", True)]
    fields = [
        Field("item", "Item", "select", "", items),
        Field("amount", "Amount", "amount"),
        Field("description", "Description", required=False),
        Field("on", "Date", "date", Company(office.store, office.realm).today()),
        Field("number", "Number, else the next", required=False),
    ]
    return Form("credit_memo", "Write credit memo", fields)
