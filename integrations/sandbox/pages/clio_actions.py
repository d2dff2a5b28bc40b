"""What the forms of a Clio account do, through its office. Each returns what was done, in words."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.pages.given import Given, Unfit
from integrations.sandbox.pages.parts import cash
from integrations.sandbox.store import Doc

Work = Callable[[ClioOffice, int, Given], str]
_KINDS = {
    "TimeEntry": "service",
    "ExpenseEntry": "expense",
    "HardCostEntry": "hard_cost",
    "SoftCostEntry": "soft_cost",
}
_TYPES = {"LineItem": "fee", "NoChargeLineItem": "no_charge", "SummaryLineItem": "summary"}


def lines_of(office: ClioOffice, bill_id: int) -> list[BillLine]:
    """The bill's lines as they would be typed again."""
    found = office.find("line_item", "bill_id", bill_id)
    hidden = tuple(place for place, line in enumerate(found) if not line["displayed"])
    return [_line(office, line, hidden) for line in found]


def _line(office: ClioOffice, line: Doc, hidden: tuple[int, ...]) -> BillLine:
    activity = office.look("activity", line["activity_id"]) or {}
    kind = _TYPES.get(line["type"]) or _KINDS[activity.get("type", "TimeEntry")]
    return BillLine(
        line["description"],
        line["price"],
        line["quantity"],
        kind,
        activity.get("expense_category_id"),
        line["user_id"],
        line["date"],
        line["matter_id"],
        line["taxable"],
        line["secondary_taxable"],
        line["note"],
        activity.get("vendor_id"),
        activity.get("reference") or "",
        hidden if kind == "summary" else (),
    )


def main_row(contact: Doc, collection: str) -> Doc:
    """The primary e-mail, number or address, or an empty one."""
    rows: list[Doc] = contact[collection]
    return next((row for row in rows if row["primary"]), rows[0] if rows else {})


def _approve(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.approve(bill_id)
    return "Approved."


def _to_draft(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.back_to_draft(bill_id)
    return "The bill is a draft again."


def _edit_line(office: ClioOffice, bill_id: int, given: Given) -> str:
    lines, place = lines_of(office, bill_id), given.id("line", "Line")
    if place >= len(lines):
        raise Unfit("The bill has no such line.")
    lines[place] = replace(lines[place], price=given.amount("price", "Price"), quantity=given.amount("quantity"))
    office.edit_bill(bill_id, lines)
    return f"The bill comes to {cash(office.bill(bill_id)['due'])} now."


def _add_line(office: ClioOffice, bill_id: int, given: Given) -> str:
    line = BillLine(given.words("description", "Description"), given.amount("price", "Price"), kind="fee")
    office.edit_bill(bill_id, [*lines_of(office, bill_id), line])
    return f"The bill comes to {cash(office.bill(bill_id)['due'])} now."


def _redate(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.edit_bill(bill_id, issued_at=given.day("issued", "Issued"), due_at=given.day("due", "Due"))
    return "Dates changed."


def _renumber(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.renumber(bill_id, given.words("number", "Number"))
    return f"The bill has the number {office.bill(bill_id)['number']} now."


def _void(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.void_bill(bill_id, keep_money=given.flag("keep_money"))
    return "Voided."


def _delete(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.delete_bill(bill_id)
    return "Deleted."


def _pay(office: ClioOffice, bill_id: int, given: Given) -> str:
    bill, allocated = office.bill(bill_id), given.amount("amount")
    received = given.amount("received", "Received") if given.text("received") else None
    into = given.id("into", "Into") if given.text("into") else None
    card = given.flag("card")
    office.record_payment(
        bill["client_id"],
        [(bill_id, allocated)],
        given.day("on"),
        received,
        reference=given.text("reference"),
        destination_id=into,
        pending=card,
    )
    if card:
        return "The card payment is pending."
    return f"Payment recorded; {cash(office.bill(bill_id)['balance'])} is still owed."


def _pay_from_trust(office: ClioOffice, bill_id: int, given: Given) -> str:
    matter = given.id("matter", "Matter") if given.text("matter") else None
    office.pay_from_trust(bill_id, given.amount("amount"), given.day("on"), matter_id=matter)
    return f"Paid from trust; {cash(office.bill(bill_id)['balance'])} is still owed."


def _pay_from_funds(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.pay_from_operating_funds(bill_id, given.amount("amount"), given.day("on"))
    return f"Paid from operating funds; {cash(office.bill(bill_id)['balance'])} is still owed."


def _undo(office: ClioOffice, bill_id: int, given: Given) -> str:
    """Deletes a payment or a credit note that is on the bill."""
    kind, _, typed = given.words("parent", "Payment").partition("-")
    if not (kind in ("Payment", "CreditMemo") and typed.isascii() and typed.isdigit() and len(typed) < 19):
        raise Unfit("Choose a payment or credit note.")
    if kind == "Payment":
        office.delete_payment(int(typed))
        return "The payment is deleted."
    office.delete_credit_note(int(typed))
    return "The credit note is deleted."


def _credit(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.credit_note(bill_id, given.amount("amount"), given.day("on"), given.text("description"))
    return f"Credit note written; {cash(office.bill(bill_id)['balance'])} is still owed."


def _interest(office: ClioOffice, bill_id: int, given: Given) -> str:
    amount = given.amount("amount")
    if amount <= 0:
        raise Unfit("Interest is more than zero.")
    office.charge_interest(bill_id, amount, given.day("on"))
    return "Interest charged."


def _drop_interest(office: ClioOffice, bill_id: int, given: Given) -> str:
    office.delete_interest_charge(given.id("charge", "Charge"))
    return "The interest charge is removed."


BILL: Mapping[str, Work] = {
    "approve": _approve,
    "to_draft": _to_draft,
    "edit_line": _edit_line,
    "add_line": _add_line,
    "redate": _redate,
    "renumber": _renumber,
    "void": _void,
    "delete": _delete,
    "pay": _pay,
    "pay_from_trust": _pay_from_trust,
    "pay_from_funds": _pay_from_funds,
    "undo": _undo,
    "credit": _credit,
    "interest": _interest,
    "drop_interest": _drop_interest,
}


def create_contact(office: ClioOffice, given: Given) -> str:
    mail = given.text("email")
    rows = [{"name": "Work", "address": mail, "default_email": True}] if mail else []
    values: dict[str, Any] = {"type": given.text("type"), "name": given.words("name", "Name"), "email_addresses": rows}
    id = office.create_contact(values)
    return f"{office.take('contact', id)['name']} is contact {id}."


def _edit(office: ClioOffice, contact_id: int, given: Given) -> str:
    known = office.take("contact", contact_id)
    names = ("name",) if known["type"] == "Company" else ("first_name", "middle_name", "last_name")
    changes: dict[str, Any] = {name: given.text(name) for name in names}
    changes |= _row(known, "email_addresses", {"address": given.text("email")})
    changes |= _row(known, "phone_numbers", {"number": given.text("phone")})
    address = {name: given.text(name) for name in ("street", "city", "province", "postal_code", "country")}
    changes |= _row(known, "addresses", address)
    office.edit_contact(contact_id, changes)
    return "Saved."


def _row(known: Doc, collection: str, values: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The change that makes the main row say this: edited, added, or removed where everything is empty."""
    return {collection: _entry(main_row(known, collection), values if any(values.values()) else {})}


def _bill(office: ClioOffice, contact_id: int, given: Given) -> str:
    matters = office.find("matter", "client_id", contact_id)
    line = BillLine(given.words("description", "Description"), given.amount("price", "Amount"), kind="fee")
    issued, due = given.day("issued", "Issued"), given.day("due", "Due")
    matter = matters[0]["id"] if matters else office.create_matter(contact_id, "General")
    bill_id = office.draft_bill(matter, [line], issued, due, number=given.text("number") or None)
    if given.flag("approve"):
        office.approve(bill_id)
    return f"Bill {office.bill(bill_id)['number']} is written."


def _reach(office: ClioOffice, contact_id: int, given: Given) -> str:
    """One e-mail address or number by its label: changed, added, or removed where it is emptied."""
    collection = given.words("collection", "Kind")
    if collection not in ("email_addresses", "phone_numbers"):
        raise Unfit("An entry is an e-mail address or a number.")
    member = "address" if collection == "email_addresses" else "number"
    _label(office, contact_id, collection, given.words("label", "Label"), {member: given.text("value")})
    return "Saved."


def _address(office: ClioOffice, contact_id: int, given: Given) -> str:
    """The address of one label: changed, added, or removed where it is emptied."""
    values = {name: given.text(name) for name in ("street", "city", "province", "postal_code", "country")}
    _label(office, contact_id, "addresses", given.words("label", "Label"), values)
    return "Saved."


def _label(office: ClioOffice, contact_id: int, collection: str, label: str, values: Mapping[str, str]) -> None:
    rows = office.take("contact", contact_id)[collection]
    old: Doc = next((row for row in rows if row["name"] == label), {})
    change = _entry(old, {"name": label, **values} if any(values.values()) else {})
    office.edit_contact(contact_id, {collection: change})


def _entry(old: Doc, values: Mapping[str, str]) -> list[dict[str, Any]]:
    if not values:
        return [{"id": old["id"], "_destroy": True}] if old else []
    return [{**({"id": old["id"]} if old else {}), **values}]


def _pay_bills(office: ClioOffice, contact_id: int, given: Given) -> str:
    """One payment on several bills, the earliest first; what is left stays with the firm as the contact's."""
    left = received = given.amount("amount")
    parts: list[tuple[int, Decimal]] = []
    for typed in given.many("bill"):
        bill = office.bill(int(typed)) if typed.isdigit() else None
        if bill is None:
            raise Unfit("Choose the bills to pay.")
        part = min(left, bill["balance"])
        parts, left = [*parts, (bill["id"], part)] if part > 0 else parts, left - max(part, Decimal(0))
    if not parts:
        raise Unfit("Choose the bills to pay.")
    office.record_payment(contact_id, parts, given.day("on"), received, reference=given.text("reference"))
    return f"{cash(received)} is recorded on {len(parts)} bills."


def _merge(office: ClioOffice, contact_id: int, given: Given) -> str:
    keep = given.id("survivor", "Contact")
    if keep == contact_id:
        raise Unfit("A contact cannot be merged with itself.")
    office.merge_contacts(keep, contact_id)
    return f"Merged into {office.take('contact', keep)['name']}."


def _remove(office: ClioOffice, contact_id: int, given: Given) -> str:
    office.delete_contact(contact_id)
    return "The contact is deleted."


CONTACT: Mapping[str, Work] = {
    "edit": _edit,
    "reach": _reach,
    "address": _address,
    "bill": _bill,
    "pay_bills": _pay_bills,
    "merge": _merge,
    "delete": _remove,
}
