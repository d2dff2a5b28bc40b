"""The forms of a Clio account's pages: what can be done to a bill in its state, and to a contact."""

from collections.abc import Sequence

from integrations.sandbox.clio.billing import DRAFT, GONE, OPEN
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.pages.clio_actions import main_row
from integrations.sandbox.pages.clio_bank_forms import accounts_of, of_trust
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

_LABELS = [(name, name) for name in ("Work", "Home", "Mobile", "Fax", "Pager", "Other")]
_PLACES = [(name, name) for name in ("Work", "Home", "Billing", "Other")]
_REACH = [
    Field("collection", "Kind", "select", "", (("phone_numbers", "Number"), ("email_addresses", "E-mail"))),
    Field("label", "Label", "select", "Work", _LABELS),
    Field("value", "Value; empty removes it", required=False),
]


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
    forms += _interest_removal(office, bill)
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


def _interest_removal(office: ClioOffice, bill: Doc) -> list[Form]:
    charges = office.find("interest_charge", "bill_id", bill["id"])
    choices = {str(one["id"]): f"{one['date']}, {cash(one['total'])}" for one in charges}
    return (
        [Form("drop_interest", "Remove interest", [_select("charge", "Charge", choices)], danger=True)]
        if choices
        else []
    )


def _money(office: ClioOffice, bill: Doc) -> list[Form]:
    account_type = "Trust" if bill["kind"] == "trust_kind" else "Operating"
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
                Field("into", "Into", "select", "", accounts_of(office, account_type)),
                Field("card", "By card, still pending", "check", required=False),
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
    return [
        Form("edit", "Save contact", [*_names(contact), *_reach(contact)]),
        Form("reach", "Save e-mail or number", _REACH),
        Form("address", "Save address", [Field("label", "Label", "select", "Billing", _PLACES), *_place({})]),
        Form("bill", "Write bill", bill),
        *_several(office, contact, today),
        *of_trust(office, contact),
        Form("merge", "Merge", [Field("survivor", "Into contact number")], danger=True),
        Form("delete", "Delete contact", danger=True),
    ]


def _several(office: ClioOffice, contact: Doc, today: str) -> list[Form]:
    """One payment on several bills, offered where several are open."""
    owed = [one for one in office.find("bill", "client_id", contact["id"]) if one["state"] == "awaiting_payment"]
    choices = [
        (str(one["id"]), f"{one['number']} · {cash(one['balance'])}") for one in owed if one["kind"] != "trust_kind"
    ]
    if len(choices) < 2:
        return []
    fields = [
        Field("bill", "Bills, the first is paid first", "many", "", choices),
        Field("amount", "Received", "amount"),
        Field("on", "Date", "date", today),
        Field("reference", "Reference", required=False),
    ]
    return [Form("pay_bills", "Record one payment", fields)]


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
        *_place(address),
    ]


def _place(address: Doc) -> list[Field]:
    return [
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
