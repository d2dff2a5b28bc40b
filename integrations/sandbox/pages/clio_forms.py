"""The forms of a Clio account's pages: what can be done to a bill in its state, and to a contact."""

from collections.abc import Sequence

from integrations.sandbox.clio.billing import DRAFT, GONE, OPEN
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.pages.clio_actions import main_row
from integrations.sandbox.pages.parts import Field, Form, cash
from integrations.sandbox.store import Doc

NEW_CONTACT = Form(
    "create_contact",
    "Create contact",
    [
        Field("type", "Type", "select", "Person", (("Person", "Person"), ("Company", "Company"))),
        Field("name", "Name"),
        Field("email", "E-mail", required=False),
    ],
)


def of_bill(office: ClioOffice, bill: Doc, lines: Sequence[Doc], parts: Sequence[Doc]) -> list[Form]:
    if bill["state"] in GONE:
        return []
    if bill["state"] in DRAFT:
        return [Form("approve", "Approve"), *_edits(bill, lines), Form("delete", "Delete", danger=True)]
    forms = _money(office, bill) if bill["state"] == "awaiting_payment" else []
    if parts:
        choices = {_key(row): f"{row['parent']['identifier']}, {row['date']}, {cash(row['amount'])}" for row in parts}
        forms.append(Form("undo", "Delete payment or credit", [_select("parent", "Which", choices)], danger=True))
    assert bill["state"] in OPEN
    keep = Field("keep_money", "Keep what was paid as the contact's funds", "check", required=False)
    return [
        *forms,
        *_edits(bill, lines),
        Form("to_draft", "Back to draft"),
        Form("void", "Void", [keep], danger=True),
    ]


def _edits(bill: Doc, lines: Sequence[Doc]) -> list[Form]:
    forms = []
    if lines and bill["kind"] != "trust_kind":
        choices = {
            str(place): f"{line['description'][:40]} · {cash(line['gross'])}"
            for place, line in enumerate(lines)
            if line["type"] != "SummaryLineItem"
        }
        line_fields = [
            _select("line", "Line", choices),
            Field("quantity", "Quantity", "amount", "1"),
            Field("price", "Price", "amount"),
        ]
        forms.append(Form("edit_line", "Change amount", line_fields))
        forms.append(
            Form("add_line", "Add line", [Field("description", "Description"), Field("price", "Amount", "amount")])
        )
    dates = [Field("issued", "Issued", "date", bill["issued_at"]), Field("due", "Due", "date", bill["due_at"])]
    return [
        *forms,
        Form("redate", "Change dates", dates),
        Form("renumber", "Renumber", [Field("number", "Number", value=bill["number"])]),
    ]


def _money(office: ClioOffice, bill: Doc) -> list[Form]:
    today = Field("on", "Date", "date", office.now()[:10])
    owed = Field("amount", "Amount", "amount", str(bill["balance"]))
    matters = {"": "held for the contact"} | {str(id): f"matter {id}" for id in bill["matter_ids"]}
    return [
        Form(
            "pay",
            "Record payment",
            [
                owed,
                Field("received", "Received, if more", "amount", required=False),
                today,
                Field("reference", "Reference", required=False),
            ],
        ),
        Form("pay_from_trust", "Pay from trust", [owed, today, _select("matter", "Money", matters, required=False)]),
        Form("pay_from_funds", "Pay from operating funds", [owed, today]),
        Form(
            "credit",
            "Write credit note",
            [Field("amount", "Amount", "amount"), today, Field("description", "Reason", required=False)],
        ),
        Form("interest", "Charge interest", [Field("amount", "Amount", "amount"), today]),
    ]


def of_contact(office: ClioOffice, contact: Doc) -> list[Form]:
    today = office.now()[:10]
    work = Field("description", "For", value="Legal services")
    bill = [
        work,
        Field("price", "Amount", "amount"),
        Field("issued", "Issued", "date", today),
        Field("due", "Due", "date", today),
        Field("number", "Number, else the next", required=False),
        Field("approve", "Approve at once", "check", "on", required=False),
    ]
    deposit = [
        Field("amount", "Amount", "amount"),
        Field("on", "Date", "date", today),
        Field("source", "From", value=contact["name"], required=False),
        Field("reference", "Reference", required=False),
        Field("description", "Description", value="Advance deposit", required=False),
    ]
    return [
        Form("edit", "Save contact", [*_names(contact), *_reach(contact)]),
        Form("bill", "Write bill", bill),
        Form("deposit", "Deposit into trust", deposit),
        Form("delete", "Delete contact", danger=True),
    ]


def _names(contact: Doc) -> list[Field]:
    if contact["type"] == "Company":
        return [Field("name", "Name", value=contact["name"])]
    return [
        Field("first_name", "First name", value=contact["first_name"], required=False),
        Field("middle_name", "Middle name", value=contact["middle_name"], required=False),
        Field("last_name", "Last name", value=contact["last_name"], required=False),
    ]


def _reach(contact: Doc) -> list[Field]:
    address = main_row(contact, "addresses")
    return [
        Field("email", "E-mail", value=main_row(contact, "email_addresses").get("address", ""), required=False),
        Field("phone", "Phone", value=main_row(contact, "phone_numbers").get("number", ""), required=False),
        Field("street", "Street", "lines", address.get("street", ""), required=False),
        Field("city", "City", value=address.get("city", ""), required=False),
        Field("province", "State or province", value=address.get("province", ""), required=False),
        Field("postal_code", "Postal code", value=address.get("postal_code", ""), required=False),
        Field("country", "Country", value=address.get("country", ""), required=False),
    ]


def _select(name: str, label: str, choices: dict[str, str], *, required: bool = True) -> Field:
    return Field(name, label, "select", "", tuple(choices.items()), required)


def _key(row: Doc) -> str:
    return f"{row['parent']['type']}-{row['parent_id']}"
