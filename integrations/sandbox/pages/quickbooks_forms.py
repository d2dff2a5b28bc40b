"""The forms of a QuickBooks company's pages."""

from integrations.sandbox.pages.parts import Field, Form
from integrations.sandbox.pages.quickbooks_document_forms import applied_to, credit_memo
from integrations.sandbox.quickbooks.company import Company
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Doc


def _nested(doc: Doc, group: str, member: str) -> str:
    return str((doc.get(group) or {}).get(member, ""))


def _people(doc: Doc) -> list[Field]:
    return [
        Field("name", "Display name", value=doc.get("DisplayName", "")),
        Field("given", "First name", value=doc.get("GivenName", ""), required=False),
        Field("family", "Last name", value=doc.get("FamilyName", ""), required=False),
        Field("company", "Company", value=doc.get("CompanyName", ""), required=False),
        Field("email", "E-mail", value=_nested(doc, "PrimaryEmailAddr", "Address"), required=False),
        Field("phone", "Phone", value=_nested(doc, "PrimaryPhone", "FreeFormNumber"), required=False),
        Field("street", "Street", "lines", _nested(doc, "BillAddr", "Line1"), required=False),
        Field("city", "City", value=_nested(doc, "BillAddr", "City"), required=False),
        Field("postal_code", "Postal code", value=_nested(doc, "BillAddr", "PostalCode"), required=False),
    ]


NEW_CUSTOMER = Form("create_customer", "Create customer", _people({}))


def of_customer(office: QuickBooksOffice, customer: Doc) -> list[Form]:
    today = Company(office.store, office.realm).today()
    active = customer.get("Active", True)
    items = [(item["Id"], item["Name"]) for item in office.all("Item") if item.get("Active", True)]
    invoice = [
        Field("item", "Item", "select", "", items),
        Field("amount", "Amount", "amount"),
        Field("description", "Description", required=False),
        Field("issued", "Date", "date", today),
        Field("due", "Due", "date", today),
        Field("number", "Number, else the next", required=False),
        Field("duplicate_ok", "Use the number even if it is taken", "check", required=False),
    ]
    payment = [Field("amount", "Amount", "amount"), Field("on", "Date", "date", today)]
    return [
        Form("edit", "Save customer", _people(customer)),
        Form("invoice", "Write invoice", invoice),
        Form("payment", "Receive payment", payment),
        credit_memo(office),
        Form("deactivate", "Make inactive", danger=True) if active else Form("reactivate", "Make active"),
        Form("merge", "Merge", [Field("survivor", "Into customer number")], danger=True),
    ]


def of_invoice(office: QuickBooksOffice, invoice: Doc) -> list[Form]:
    today = Company(office.store, office.realm).today()
    dates = [
        Field("issued", "Date", "date", invoice["TxnDate"]),
        Field("due", "Due", "date", invoice.get("DueDate", invoice["TxnDate"])),
    ]
    received = [Field("amount", "Amount", "amount", str(invoice["Balance"])), Field("on", "Date", "date", today)]
    return [
        Form("receive", "Receive payment", received),
        Form("amount", "Change amount", [Field("amount", "Amount of the first line", "amount")]),
        Form("dates", "Change dates", dates),
        Form("renumber", "Renumber", [Field("number", "Number", value=invoice.get("DocNumber", ""))]),
        Form("void", "Void", danger=True),
        Form("delete", "Delete", danger=True),
    ]


def of_payment(office: QuickBooksOffice, payment: Doc) -> list[Form]:
    amount = Field("amount", "Amount", "amount", str(payment["TotalAmt"]))
    left = [Form("apply", "Apply to an invoice", applied_to(office, payment["CustomerRef"]["value"]))]
    return [
        Form("edit", "Save payment", [amount, Field("on", "Date", "date", payment["TxnDate"])]),
        *(left if payment["UnappliedAmt"] else []),
        *([Form("unapply", "Apply to nothing")] if payment.get("Line") else []),
        Form("void", "Void", danger=True),
        Form("delete", "Delete", danger=True),
    ]


def of_deposit(office: QuickBooksOffice, waiting: list[tuple[str, str]]) -> list[Form]:
    """``waiting`` are the payments in Undeposited Funds: id and what a person calls it."""
    if not waiting:
        return []
    banks = [(account["Id"], account["Name"]) for account in office.all("Account") if account["AccountType"] == "Bank"]
    which = Field("payment", "Payments", "many", "", waiting)
    return [Form("deposit", "Deposit", [which, Field("bank", "Into", "select", "", banks)])]


def of_settings(company: Company) -> list[Form]:
    sales = company.preferences().get("SalesFormsPrefs", {})
    closed = company.preference("AccountingInfoPrefs", "BookCloseDate") or ""

    def switch(action: str, label: str, on: object) -> Form:
        return Form(action, "Save", [Field("on", label, "check", "on" if on else "", required=False)])

    return [
        switch("numbers", "Custom transaction numbers", sales.get("CustomTxnNumbers")),
        switch("warning", "Warn if duplicate bill number is used", company.other_preference("WarnDuplicateBillNumber")),
        switch("credits", "Automatically apply credits", sales.get("AutoApplyCredit")),
        switch("payments", "Automatically apply payments", sales.get("AutoApplyPayments")),
        Form("closing", "Save", [Field("date", "Closing date; empty opens the books", "date", closed, required=False)]),
        Form("disconnect", "Disconnect every app", danger=True),
    ]
