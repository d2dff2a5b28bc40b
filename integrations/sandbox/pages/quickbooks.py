"""Pages of a QuickBooks company: invoices, customers, payments, settings, accounts."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from integrations.sandbox.pages import quickbooks_actions as actions
from integrations.sandbox.pages import quickbooks_forms as forms
from integrations.sandbox.pages.given import perform
from integrations.sandbox.pages.index import home
from integrations.sandbox.pages.parts import (
    Cell,
    Field,
    Link,
    Page,
    Table,
    beside,
    cash,
    heads,
    newest,
    number,
    page_number,
)
from integrations.sandbox.pages.quickbooks_shell import back, company_of, crumbs, office_page, tabs
from integrations.sandbox.quickbooks.company import Company, money, public, ref_id
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Doc

_INVOICES = heads("Number", "Customer", "Date", "Due", "Total#", "Balance#", "Id")


@office_page
def invoices(request: HttpRequest, office: QuickBooksOffice) -> HttpResponse:
    company, wanted, page = company_of(office), request.GET.get("number", "").strip(), page_number(request)
    if wanted:
        found, more = company.find("Invoice", "number", wanted.casefold()), False
    else:
        found, more = newest(office.store, company.space, "Invoice", page)
    return Page(
        company.config["name"],
        crumbs=[home()],
        tabs=tabs(office, "invoices"),
        tables=[Table("Invoices", _INVOICES, [_invoice_row(office, one) for one in found], "No invoice fits.")],
        filters=[Field("number", "Number", value=wanted, required=False)],
        pager=beside(request, page, more),
    ).answer(request)


def _invoice_row(office: QuickBooksOffice, doc: Doc) -> list[Cell]:
    shown = doc.get("DocNumber") or "without number"
    return [
        Cell(shown, reverse("sandbox:invoice", args=[office.realm, doc["Id"]])),
        Cell(doc["CustomerRef"].get("name", "")),
        Cell(doc["TxnDate"]),
        Cell(doc.get("DueDate", "")),
        number(doc["TotalAmt"]),
        number(doc["Balance"]),
        Cell(str(doc["Id"])),
    ]


@office_page
def invoice(request: HttpRequest, office: QuickBooksOffice, id: str) -> HttpResponse:
    known = office.get("Invoice", id)
    if request.method == "POST":
        done = perform(request, {name: partial(work, office, id) for name, work in actions.INVOICE.items()})
        return back(office, done, "invoice", "invoices", id)
    lines = [
        [Cell(line.get("Description", "")), Cell(_item(line)), number(line.get("Amount"))] for line in known["Line"]
    ]
    owner = reverse("sandbox:customer", args=[office.realm, ref_id(known, "CustomerRef")])
    return Page(
        f"Invoice {known.get('DocNumber', '')}",
        crumbs=[*crumbs(office), Link(known["CustomerRef"].get("name", "Customer"), owner)],
        tabs=tabs(office, ""),
        facts=[
            ("Date, due", f"{known['TxnDate']}, {known.get('DueDate', '')}"),
            ("Total", cash(known["TotalAmt"])),
            ("Balance", cash(known["Balance"])),
            ("Note", known.get("PrivateNote", "")),
        ],
        tables=[Table("Lines", heads("Description", "Item", "Amount#"), lines), _linked_table(office, known)],
        forms=forms.of_invoice(office, known),
    ).answer(request)


def _item(line: Doc) -> str:
    return str((line.get("SalesItemLineDetail") or {}).get("ItemRef", {}).get("name", line["DetailType"]))


def _linked_table(office: QuickBooksOffice, known: Doc) -> Table:
    rows = []
    for link in known.get("LinkedTxn", []):
        paid = link["TxnType"] == "Payment"
        url = reverse("sandbox:payment", args=[office.realm, link["TxnId"]]) if paid else ""
        rows.append([Cell(link["TxnType"]), Cell(link["TxnId"], url)])
    return Table("Linked", heads("Kind", "Id"), rows, "Nothing is applied.")


@office_page
def customers(request: HttpRequest, office: QuickBooksOffice) -> HttpResponse:
    if request.method == "POST":
        perform(request, {"create_customer": partial(actions.create_customer, office)})
        return redirect("sandbox:customers", office.realm)
    company, wanted, page = company_of(office), request.GET.get("name", "").strip().casefold(), page_number(request)
    keep = (lambda doc: wanted in doc["DisplayName"].casefold()) if wanted else None
    found, more = newest(office.store, company.space, "Customer", page, keep)
    columns = heads("Name", "E-mail", "Active", "Balance#", "Id")
    rows = [_customer_row(office, office.books.shown("Customer", doc)) for doc in found]
    return Page(
        company.config["name"],
        crumbs=[home()],
        tabs=tabs(office, "customers"),
        tables=[Table("Customers", columns, rows, "No customer fits.")],
        filters=[Field("name", "Name contains", value=request.GET.get("name", ""), required=False)],
        forms=[forms.NEW_CUSTOMER],
        pager=beside(request, page, more),
    ).answer(request)


def _customer_row(office: QuickBooksOffice, doc: Doc) -> list[Cell]:
    return [
        Cell(doc["DisplayName"], reverse("sandbox:customer", args=[office.realm, doc["Id"]])),
        Cell((doc.get("PrimaryEmailAddr") or {}).get("Address", "")),
        Cell("yes" if doc.get("Active", True) else "no"),
        number(doc["Balance"]),
        Cell(str(doc["Id"])),
    ]


@office_page
def customer(request: HttpRequest, office: QuickBooksOffice, id: str) -> HttpResponse:
    known = office.get("Customer", id)
    if request.method == "POST":
        done = perform(request, {name: partial(work, office, id) for name, work in actions.CUSTOMER.items()})
        return back(office, "delete" if done == "merge" else done, "customer", "customers", id)
    owned = company_of(office).find("Invoice", "customer", id)[-50:]
    facts = [
        ("Active", "yes" if known.get("Active", True) else "no"),
        ("Balance", cash(known["Balance"])),
        ("Notes", known.get("Notes", "")),
    ]
    return Page(
        known["DisplayName"],
        crumbs=crumbs(office),
        tabs=tabs(office, ""),
        facts=facts,
        tables=[Table("Invoices", _INVOICES, [_invoice_row(office, public(doc)) for doc in owned])],
        forms=forms.of_customer(office, known),
    ).answer(request)


@office_page
def payments(request: HttpRequest, office: QuickBooksOffice) -> HttpResponse:
    if request.method == "POST":
        perform(request, {"deposit": partial(actions.deposit, office)})
        return redirect("sandbox:payments", office.realm)
    company, page = company_of(office), page_number(request)
    found, more = newest(office.store, company.space, "Payment", page)
    columns = heads("Date", "Customer", "Reference", "Amount#", "Unapplied#", "Deposited", "Id")
    waiting = [
        (doc["Id"], f"{doc['TxnDate']} · {doc['CustomerRef'].get('name', '')} · {cash(doc['TotalAmt'])}")
        for doc in found
        if _is_undeposited(company, doc)
    ]
    return Page(
        company.config["name"],
        crumbs=[home()],
        tabs=tabs(office, "payments"),
        tables=[Table("Payments", columns, [_payment_row(office, doc) for doc in found])],
        forms=forms.of_deposit(office, waiting),
        pager=beside(request, page, more),
    ).answer(request)


def _is_undeposited(company: Company, doc: Doc) -> bool:
    held = ref_id(doc, "DepositToAccountRef") == company.role("undeposited")
    return held and "_deposit" not in doc and money(doc["TotalAmt"]) > 0


def _payment_row(office: QuickBooksOffice, doc: Doc) -> list[Cell]:
    return [
        Cell(doc["TxnDate"], reverse("sandbox:payment", args=[office.realm, doc["Id"]])),
        Cell(doc["CustomerRef"].get("name", "")),
        Cell(doc.get("PaymentRefNum", "")),
        number(doc["TotalAmt"]),
        number(doc["UnappliedAmt"]),
        Cell("yes" if "_deposit" in doc else ""),
        Cell(str(doc["Id"])),
    ]


@office_page
def payment(request: HttpRequest, office: QuickBooksOffice, id: str) -> HttpResponse:
    known = office.get("Payment", id)
    if request.method == "POST":
        done = perform(request, {name: partial(work, office, id) for name, work in actions.PAYMENT.items()})
        return back(office, done, "payment", "payments", id)
    rows = [[*_target(office, line["LinkedTxn"][0]), number(line["Amount"])] for line in known.get("Line", [])]
    return Page(
        f"Payment {known.get('PaymentRefNum') or known['Id']}",
        crumbs=crumbs(office),
        tabs=tabs(office, ""),
        facts=[
            ("Customer", known["CustomerRef"].get("name", "")),
            ("Date", known["TxnDate"]),
            ("Amount", cash(known["TotalAmt"])),
            ("Not applied", cash(known["UnappliedAmt"])),
            ("Into", known["DepositToAccountRef"].get("name", "")),
            ("Note", known.get("PrivateNote", "")),
        ],
        tables=[Table("Applied to", heads("Kind", "Id", "Amount#"), rows, "Nothing.")],
        forms=forms.of_payment(office, known),
    ).answer(request)


def _target(office: QuickBooksOffice, link: Doc) -> list[Cell]:
    is_invoice = link["TxnType"] == "Invoice"
    url = reverse("sandbox:invoice", args=[office.realm, link["TxnId"]]) if is_invoice else ""
    return [Cell(link["TxnType"]), Cell(link["TxnId"], url)]


@office_page
def settings(request: HttpRequest, office: QuickBooksOffice) -> HttpResponse:
    if request.method == "POST":
        perform(request, {name: partial(work, office) for name, work in actions.SETTINGS.items()})
        return redirect("sandbox:company_settings", office.realm)
    company = company_of(office)
    return Page(
        company.config["name"],
        crumbs=[home()],
        tabs=tabs(office, "company_settings"),
        facts=[("Country", company.config["country"]), ("Currency", company.currency), ("Company ID", office.realm)],
        forms=forms.of_settings(company),
    ).answer(request)


@office_page
def accounts(request: HttpRequest, office: QuickBooksOffice) -> HttpResponse:
    totals: dict[str, Any] = office.trial_balance()
    rows, debits, credits = [], money(0), money(0)
    for account in office.all("Account"):
        total = totals.get(account["Id"], money(0))
        debits, credits = debits + max(total, money(0)), credits - min(total, money(0))
        debit, credit = (cash(total), "") if total > 0 else ("", cash(-total) if total else "")
        cells = [Cell(account["Name"]), Cell(account["AccountType"]), Cell(debit, "", True), Cell(credit, "", True)]
        rows.append([*cells, Cell(account["Id"])])
    rows.append([Cell("Total"), Cell(""), number(debits), number(credits), Cell("")])
    columns = heads("Account", "Type", "Debit#", "Credit#", "Id")
    return Page(
        company_of(office).config["name"],
        crumbs=[home()],
        tabs=tabs(office, "accounts"),
        tables=[Table("Trial balance", columns, rows)],
    ).answer(request)
