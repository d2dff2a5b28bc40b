"""Pages of a Clio account: bills, one bill, contacts, one contact."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.sandbox.clio.billing import TRANSITIONS
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.pages import clio_actions as actions
from integrations.sandbox.pages import clio_forms as forms
from integrations.sandbox.pages.clio_bank_actions import TRUST
from integrations.sandbox.pages.clio_shell import address, crumbs, name_of, office_page, tabs
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
from integrations.sandbox.store import Doc


@office_page
def bills(request: HttpRequest, office: ClioOffice) -> HttpResponse:
    wanted, state, page = request.GET.get("number", "").strip(), request.GET.get("state", ""), page_number(request)
    found, more = newest(office.store, office.space, "bill", page, _bill_filter(wanted, state))
    rows = [_bill_row(office, bill) for bill in found]
    columns = heads("Number", "Contact", "Issued", "Due", "State", "Total#", "Balance#", "Id")
    states = [("", "any"), *((name, name.replace("_", " ")) for name in TRANSITIONS)]
    return Page(
        office.account["name"],
        crumbs=[home()],
        tabs=tabs(office, "bills"),
        tables=[Table("Bills", columns, rows, "No bill fits.")],
        filters=[
            Field("number", "Number", value=wanted, required=False),
            Field("state", "State", "select", state, states, required=False),
        ],
        pager=beside(request, page, more),
    ).answer(request)


def _bill_filter(wanted: str, state: str) -> Callable[[Doc], bool] | None:
    if not wanted and not state:
        return None
    return lambda bill: wanted in ("", bill["number"]) and state in ("", bill["state"])


def _bill_row(office: ClioOffice, bill: Doc) -> list[Cell]:
    return [
        Cell(bill["number"], address(office, "bill", bill["id"])),
        Cell(name_of(office, bill["client_id"])),
        Cell(bill["issued_at"]),
        Cell(bill["due_at"] or ""),
        Cell(bill["state"].replace("_", " ")),
        number(bill["due"]),
        number(bill["balance"]),
        Cell(str(bill["id"])),
    ]


@office_page
def bill(request: HttpRequest, office: ClioOffice, bill_id: int) -> HttpResponse:
    office.take("bill", bill_id)
    if request.method == "POST":
        perform(request, {name: partial(work, office, bill_id) for name, work in actions.BILL.items()})
        return redirect("sandbox:bill", office.region, office.account_id, bill_id)
    known = office.bill(bill_id)
    lines = office.find("line_item", "bill_id", bill_id) or office.find("trust_line_item", "bill_id", bill_id)
    parts = [row for row in office.find("allocation", "bill_id", bill_id) if not row["voided_at"]]
    contact = address(office, "contact", known["client_id"])
    return Page(
        f"Bill {known['number']}",
        crumbs=[*crumbs(office), Link(name_of(office, known["client_id"]), contact)],
        tabs=tabs(office, ""),
        facts=_bill_facts(known),
        tables=[_line_table(lines), _allocation_table(office, parts), _charge_table(office, bill_id)],
        forms=forms.of_bill(office, known, lines, parts),
    ).answer(request)


def _bill_facts(known: Doc) -> list[tuple[str, str]]:
    taxes = f"{cash(known['tax_sum'])} + {cash(known['secondary_tax_sum'])}"
    facts = [
        ("State", known["state"].replace("_", " ")),
        ("Issued, due", f"{known['issued_at']}, {known['due_at']}"),
        ("Sub-total", cash(known["sub_total"])),
        ("Discount", cash(known["discount_amount"])),
        ("Taxes", taxes),
        ("Interest", cash(known["interest_total"])),
        ("Due", cash(known["due"])),
        ("Paid", cash(known["payments"])),
        ("Credited", cash(known["credits"])),
        ("Balance", cash(known["balance"])),
    ]
    return [(name, value) for name, value in facts if value not in ("0.00", "0.00 + 0.00") or name == "Balance"]


def _line_table(lines: list[Doc]) -> Table:
    rows = [
        [
            Cell(line.get("description") or line.get("note") or ""),
            Cell(line.get("type", "TrustLineItem")),
            Cell("" if line.get("displayed", True) else "hidden"),
            number(line.get("quantity", 1)),
            number(line.get("price", line.get("total"))),
            number(line.get("gross", line.get("total"))),
        ]
        for line in lines
    ]
    return Table("Lines", heads("Description", "Type", "Shown", "Quantity#", "Price#", "Amount#"), rows)


def _allocation_table(office: ClioOffice, parts: list[Doc]) -> Table:
    rows = [
        [
            Cell(row["date"]),
            _parent(office, row["parent"]),
            Cell("interest" if row["interest"] else ""),
            number(row["amount"]),
        ]
        for row in parts
    ]
    return Table("Payments and credits", heads("Date", "From", "", "Amount#"), rows)


def _parent(office: ClioOffice, parent: Doc) -> Cell:
    is_payment = parent["type"] == "Payment"
    return Cell(parent["identifier"], address(office, "clio_payment", parent["id"]) if is_payment else "")


def _charge_table(office: ClioOffice, bill_id: int) -> Table:
    charges = office.find("interest_charge", "bill_id", bill_id)
    rows = [[Cell(charge["date"]), Cell(charge["description"]), number(charge["total"])] for charge in charges]
    return Table("Interest", heads("Date", "Description", "Amount#"), rows, "None charged.")


@office_page
def contacts(request: HttpRequest, office: ClioOffice) -> HttpResponse:
    if request.method == "POST":
        perform(request, {"create_contact": partial(actions.create_contact, office)})
        return redirect("sandbox:contacts", office.region, office.account_id)
    wanted, page = request.GET.get("name", "").strip().casefold(), page_number(request)
    keep = (lambda contact: wanted in contact["name"].casefold()) if wanted else None
    found, more = newest(office.store, office.space, "contact", page, keep)
    return Page(
        office.account["name"],
        crumbs=[home()],
        tabs=tabs(office, "contacts"),
        tables=[Table("Contacts", heads("Name", "Type", "E-mail", "Id"), [_contact_row(office, one) for one in found])],
        filters=[Field("name", "Name contains", value=request.GET.get("name", ""), required=False)],
        forms=[forms.NEW_CONTACT],
        pager=beside(request, page, more),
    ).answer(request)


def _contact_row(office: ClioOffice, contact: Doc) -> list[Cell]:
    return [
        Cell(contact["name"], address(office, "contact", contact["id"])),
        Cell(contact["type"]),
        Cell(actions.main_row(contact, "email_addresses").get("address", "")),
        Cell(str(contact["id"])),
    ]


@office_page
def contact(request: HttpRequest, office: ClioOffice, contact_id: int) -> HttpResponse:
    known = office.take("contact", contact_id)
    if request.method == "POST":
        work = {name: partial(one, office, contact_id) for name, one in {**actions.CONTACT, **TRUST}.items()}
        if perform(request, work) in ("delete", "merge"):
            return redirect("sandbox:contacts", office.region, office.account_id)
        return redirect("sandbox:contact", office.region, office.account_id, contact_id)
    owned = office.find("bill", "client_id", contact_id)[-50:]
    columns = heads("Number", "Contact", "Issued", "Due", "State", "Total#", "Balance#", "Id")
    return Page(
        known["name"],
        crumbs=crumbs(office),
        tabs=tabs(office, ""),
        facts=_contact_facts(office, known),
        tables=[Table("Bills", columns, [_bill_row(office, one) for one in owned], "Never billed.")],
        forms=forms.of_contact(office, known),
    ).answer(request)


def _contact_facts(office: ClioOffice, known: Doc) -> list[tuple[str, str]]:
    rows: list[tuple[str, Any]] = [("Type", known["type"])]
    for collection, value in (("email_addresses", "address"), ("phone_numbers", "number"), ("addresses", "street")):
        rows += [(row["name"], row[value]) for row in known[collection]]
    held = [fund for fund in office.find("fund", "client_id", known["id"]) if fund["balance"]]
    names = {account["id"]: account["name"] for account in office.all("bank_account")}
    return rows + [(f"Held in {names.get(fund['bank_account_id'], '')}", cash(fund["balance"])) for fund in held]
