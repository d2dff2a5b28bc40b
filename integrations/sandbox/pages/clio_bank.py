"""Pages of a Clio account's money: bank accounts and their rows, payments."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.pages import clio_bank_actions as actions
from integrations.sandbox.pages import clio_bank_forms as forms
from integrations.sandbox.pages.clio_shell import address, crumbs, name_of, office_page, tabs
from integrations.sandbox.pages.given import perform
from integrations.sandbox.pages.index import home
from integrations.sandbox.pages.parts import Cell, Link, Page, Table, beside, cash, heads, newest, number, page_number
from integrations.sandbox.store import Doc

_ROWS = heads("Date", "Contact", "From or payee", "Reference", "Description", "Amount#", "Balance#", "Id")


@office_page
def accounts(request: HttpRequest, office: ClioOffice) -> HttpResponse:
    if request.method == "POST":
        perform(request, {name: partial(work, office) for name, work in actions.ACCOUNTS.items()})
        return redirect(address(office, "bank_accounts"))
    rows = [_account_row(office, one) for one in office.all("bank_account")]
    return Page(
        office.account["name"],
        crumbs=[home()],
        tabs=tabs(office, "bank_accounts"),
        tables=[Table("Bank accounts", heads("Name", "Type", "Balance#", "Id"), rows)],
        forms=[forms.NEW_ACCOUNT],
    ).answer(request)


def _account_row(office: ClioOffice, account: Doc) -> list[Cell]:
    link = Cell(account["name"], address(office, "bank_account", account["id"]))
    return [link, Cell(account["type"]), number(account["balance"]), Cell(str(account["id"]))]


@office_page
def account(request: HttpRequest, office: ClioOffice, bank_id: int) -> HttpResponse:
    known = office.take("bank_account", bank_id)
    if request.method == "POST":
        perform(request, {"entry": partial(actions.operating_entry, office, bank_id)})
        return redirect(address(office, "bank_account", bank_id))
    page = page_number(request)
    found, more = newest(office.store, office.space, "bank_transaction", page, _on(bank_id))
    return Page(
        known["name"],
        crumbs=crumbs(office),
        tabs=tabs(office, ""),
        facts=[("Type", known["type"]), ("Balance", cash(known["balance"]))],
        tables=[Table("Rows", _ROWS, [_row_cells(office, row) for row in found])],
        forms=forms.of_account(office, known),
        pager=beside(request, page, more),
    ).answer(request)


def _on(bank_id: int) -> object:
    return lambda row: row["bank_account_id"] == bank_id


def _row_cells(office: ClioOffice, row: Doc) -> list[Cell]:
    return [
        Cell(row["date"], address(office, "bank_row", row["id"])),
        Cell(name_of(office, row["client_id"])),
        Cell(row["source"]),
        Cell(row["confirmation"]),
        Cell(row["description"]),
        number(row["signed"]),
        number(row["running"]),
        Cell(str(row["id"])),
    ]


@office_page
def row(request: HttpRequest, office: ClioOffice, row_id: int) -> HttpResponse:
    known = office.take("bank_transaction", row_id)
    back = address(office, "bank_account", known["bank_account_id"])
    if request.method == "POST":
        done = perform(request, {name: partial(work, office, row_id) for name, work in actions.ROW.items()})
        return redirect(back if done == "delete" else address(office, "bank_row", row_id))
    paid = known["payment_id"]
    return Page(
        f"Row {row_id}",
        crumbs=[*crumbs(office), Link(office.take("bank_account", known["bank_account_id"])["name"], back)],
        tabs=tabs(office, ""),
        note=f"This row belongs to payment {paid}; edit the payment." if paid else "",
        facts=[
            ("Date", known["date"]),
            ("Contact", name_of(office, known["client_id"])),
            ("Matter", str(known["matter_id"] or "")),
            ("Amount", cash(known["signed"])),
            ("From or payee", known["source"]),
            ("Reference", known["confirmation"]),
            ("Description", known["description"]),
        ],
        forms=forms.of_row(known),
    ).answer(request)


@office_page
def payments(request: HttpRequest, office: ClioOffice) -> HttpResponse:
    page = page_number(request)
    found, more = newest(office.store, office.space, "payment", page)
    columns = heads("Date", "Contact", "Reference", "State", "Received#", "Id")
    return Page(
        office.account["name"],
        crumbs=[home()],
        tabs=tabs(office, "clio_payments"),
        tables=[Table("Payments", columns, [_payment_row(office, one) for one in found])],
        pager=beside(request, page, more),
    ).answer(request)


def _payment_row(office: ClioOffice, payment: Doc) -> list[Cell]:
    return [
        Cell(payment["date"], address(office, "clio_payment", payment["id"])),
        Cell(name_of(office, payment["contact_id"])),
        Cell(payment["reference"]),
        Cell(_state(payment)),
        number(payment["amount"]),
        Cell(str(payment["id"])),
    ]


def _state(payment: Doc) -> str:
    return "deleted" if payment["voided_at"] and payment["status"] == "completed" else str(payment["status"])


@office_page
def payment(request: HttpRequest, office: ClioOffice, payment_id: int) -> HttpResponse:
    known = office.take("payment", payment_id)
    if request.method == "POST":
        perform(request, {name: partial(work, office, payment_id) for name, work in actions.PAYMENT.items()})
        return redirect(address(office, "clio_payment", payment_id))
    return Page(
        f"Payment {payment_id}",
        crumbs=[*crumbs(office), Link("Payments", address(office, "clio_payments"))],
        tabs=tabs(office, ""),
        facts=[
            ("Contact", name_of(office, known["contact_id"])),
            ("State", _state(known)),
            ("Date", known["date"]),
            ("Received", cash(known["amount"])),
            ("From", _account_name(office, known["source_bank_account_id"])),
            ("Into", _account_name(office, known["destination_bank_account_id"])),
            ("Reference", known["reference"]),
        ],
        tables=[_parts_table(office, payment_id)],
        forms=forms.of_payment(office, known),
    ).answer(request)


def _account_name(office: ClioOffice, account_id: int | None) -> str:
    found = office.look("bank_account", account_id)
    return str(found["name"]) if found else ""


def _parts_table(office: ClioOffice, payment_id: int) -> Table:
    rows = [
        [Cell(office.bill(bill_id)["number"], address(office, "bill", bill_id)), number(amount)]
        for bill_id, amount in office.allocated_to(payment_id)
    ]
    return Table("Pays", heads("Bill", "Amount#"), rows, "No bill.")
