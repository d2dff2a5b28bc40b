"""Pages of what else is in a QuickBooks company: journal entries, checks, credit memos, deposits."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from integrations.sandbox.pages import quickbooks_document_actions as actions
from integrations.sandbox.pages import quickbooks_document_forms as forms
from integrations.sandbox.pages.given import perform
from integrations.sandbox.pages.index import home
from integrations.sandbox.pages.parts import Cell, Link, Page, Table, beside, cash, heads, newest, number, page_number
from integrations.sandbox.pages.quickbooks_shell import company_of, crumbs, office_page, tabs
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Doc

TITLES = {
    "JournalEntry": ("Journal entries", "Journal entry"),
    "Purchase": ("Checks and expenses", "Check or expense"),
    "CreditMemo": ("Credit memos", "Credit memo"),
    "Deposit": ("Bank deposits", "Bank deposit"),
}


@office_page
def documents(request: HttpRequest, office: QuickBooksOffice) -> HttpResponse:
    company, page = company_of(office), page_number(request)
    if request.method == "POST":
        perform(request, {name: partial(work, office) for name, work in actions.ENTRIES.items()})
        return redirect("sandbox:documents", office.realm)
    found = {entity: newest(office.store, company.space, entity, page) for entity in actions.ENTITIES}
    return Page(
        company.config["name"],
        crumbs=[home()],
        tabs=tabs(office, "documents"),
        tables=[_table(office, entity, docs) for entity, (docs, _) in found.items()],
        forms=forms.entries(office),
        pager=beside(request, page, any(more for _, more in found.values())),
    ).answer(request)


def _table(office: QuickBooksOffice, entity: str, docs: list[Doc]) -> Table:
    columns = heads("Number", "Date", "Who", "Amount#", "Id")
    rows = [
        [
            Cell(doc.get("DocNumber") or "without number", _address(office, entity, doc["Id"])),
            Cell(doc["TxnDate"]),
            Cell(_who(doc)),
            number(_amount(doc)),
            Cell(str(doc["Id"])),
        ]
        for doc in docs
    ]
    return Table(TITLES[entity][0], columns, rows)


def _address(office: QuickBooksOffice, entity: str, id: str) -> str:
    return reverse("sandbox:document", args=[office.realm, entity, id])


def _who(doc: Doc) -> str:
    names = [doc.get("CustomerRef") or doc.get("EntityRef") or {}]
    names += [(_detail(line).get("Entity") or {}).get("EntityRef") or {} for line in doc.get("Line", [])]
    return str(next((name["name"] for name in names if name.get("name")), ""))


def _amount(doc: Doc) -> Any:
    """What the document is worth; an entry reports no total, so its debits are added up."""
    debits = [line["Amount"] for line in doc.get("Line", []) if _detail(line).get("PostingType") == "Debit"]
    return sum(debits) if debits else doc.get("TotalAmt", 0)


def _detail(line: Doc) -> Doc:
    found = line.get(line.get("DetailType", ""))
    return found if isinstance(found, dict) else {}


@office_page
def document(request: HttpRequest, office: QuickBooksOffice, entity: str, id: str) -> HttpResponse:
    if entity not in actions.ENTITIES:
        raise Http404
    known = office.get(entity, id)
    if request.method == "POST":
        work = {name: partial(one, office, entity, id) for name, one in actions.DOCUMENT.items()}
        if perform(request, work) == "delete":
            return redirect("sandbox:documents", office.realm)
        return redirect("sandbox:document", office.realm, entity, id)
    return Page(
        f"{TITLES[entity][1]} {known.get('DocNumber') or id}",
        crumbs=[*crumbs(office), Link("Other documents", reverse("sandbox:documents", args=[office.realm]))],
        tabs=tabs(office, ""),
        facts=[
            ("Date", known["TxnDate"]),
            ("Who", _who(known)),
            ("Amount", cash(_amount(known))),
            ("Left", cash(known["Balance"]) if "Balance" in known else ""),
            ("Memo", known.get("PrivateNote", "")),
        ],
        tables=[Table("Lines", heads("Description", "Account or item", "Debit or credit", "Amount#"), _lines(known))],
        forms=forms.of_document(office, entity, known),
    ).answer(request)


def _lines(doc: Doc) -> list[list[Cell]]:
    return [
        [
            Cell(line.get("Description", "")),
            Cell(str((_detail(line).get("AccountRef") or _detail(line).get("ItemRef") or {}).get("name", ""))),
            Cell(str(_detail(line).get("PostingType", ""))),
            number(line.get("Amount")),
        ]
        for line in doc.get("Line", [])
    ]
