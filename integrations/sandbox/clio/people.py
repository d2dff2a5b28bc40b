"""Office work on people and matters: contacts with their rows, users, matters, categories, currencies."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.desk import Desk, OfficeError, atomic, day, money
from integrations.sandbox.store import Doc

ROW_LIMIT = 20  # Clio API changelog, 4.0.13

# Rows of a contact: collection -> (value names, labels accepted on writing, name of the "main one" flag on writing).
ROWS: Mapping[str, tuple[tuple[str, ...], frozenset[str], str]] = {
    "email_addresses": (("address",), frozenset(("Work", "Home", "Other")), "default_email"),
    "phone_numbers": (
        ("number",),
        frozenset(("Work", "Home", "Mobile", "Fax", "Pager", "Skype", "Other")),
        "default_number",
    ),
    "addresses": (
        ("street", "city", "province", "postal_code", "country"),
        frozenset(("Work", "Home", "Billing", "Other")),
        "",
    ),
    "web_sites": (
        ("address",),
        frozenset(("Work", "Personal", "Twitter", "Facebook", "LinkedIn", "Instant Messenger", "Other")),
        "default_web_site",
    ),
}
_PLAIN = (
    "first_name",
    "middle_name",
    "last_name",
    "prefix",
    "title",
    "date_of_birth",
    "sales_tax_number",
    "ledes_client_id",
)


class People(Desk):
    """Contacts, users and matters of one account."""

    @atomic
    def create_contact(self, values: Mapping[str, Any] | None = None, **more: Any) -> int:
        """A person or a company, in the API's spelling of a write; returns its id.

        ``type`` is Person or Company; rows are lists of mappings, as in
        ``email_addresses=[{"name": "Work", "address": "a@example.com"}]``.
        """
        data = {"type": "Person", **(values or {}), **more}
        doc: Doc = {
            "type": data["type"],
            "company_id": None,
            "hidden": False,
            **dict.fromkeys(_PLAIN, ""),
            "date_of_birth": None,
        }
        doc |= {collection: [] for collection in ROWS}
        self._write_contact(doc, data)
        return int(self.add("contact", **doc)["id"])

    @atomic
    def edit_contact(self, contact_id: int, values: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Changes what is named; a row with ``id`` is edited, without is added, with ``_destroy`` is removed."""
        doc = self.take("contact", contact_id)
        before, own = repr(doc), repr(_without_rows(doc))
        self._write_contact(doc, {**(values or {}), **more})
        if repr(doc) != before:
            touch = repr(_without_rows(doc)) != own or self.switches["clio_row_touches_contact"] == "yes"
            self.save("contact", doc, touch=touch)

    @atomic
    def delete_contact(self, contact_id: int) -> None:
        """The contact is gone; what it was the client of stays and points at nobody."""
        self.take("contact", contact_id)
        self.drop("contact", contact_id)

    @atomic
    def merge_contacts(self, keep: int, gone: int) -> None:
        """Everything of ``gone`` becomes ``keep``'s, and ``gone`` no longer exists."""
        self.take("contact", keep)
        self.take("contact", gone)
        touch = self.switches["clio_merge_touches_bills"] == "yes"
        for kind, name in _POINTERS:
            for doc in self.find(kind, name, gone):
                doc[name] = keep
                self.save(kind, doc, touch=touch)
        for fund in self.find("fund", "client_id", gone):
            self._merge_fund(fund, keep)
        self.drop("contact", gone)

    @atomic
    def hide_contact(self, contact_id: int, hidden: bool = True) -> None:
        """With restricted visibility the authorising person does not see this contact: it is redacted when nested."""
        doc = self.take("contact", contact_id)
        doc["hidden"] = hidden
        self.save("contact", doc, touch=False)

    @atomic
    def add_user(self, name: str, email: str = "", roles: Sequence[str] = (), rate: Decimal = Decimal(250)) -> int:
        """A timekeeper; returns the user's id."""
        first, _, last = name.rpartition(" ")
        doc = self.add(
            "user",
            name=name,
            first_name=first,
            last_name=last,
            email=email,
            roles=list(roles),
            rate=rate,
            enabled=True,
            account_owner=False,
            subscription_type="Attorney",
            time_zone="Pacific Time (US & Canada)",
            initials="".join(word[0] for word in name.split()),
            phone_number="",
            account_id=self.account_id,
            forbidden=[],
        )
        return int(doc["id"])

    @atomic
    def forbid(self, user_id: int, *resources: str) -> None:
        """Takes the role for these resources (``billing``, ``accounting``...) from a user: their calls answer 403."""
        doc = self.take("user", user_id)
        doc["forbidden"] = list(resources)
        self.save("user", doc)

    @atomic
    def add_currency(self, code: str, sign: str = "$") -> int:
        return int(self.add("currency", code=code, sign=sign)["id"])

    @atomic
    def add_expense_category(self, name: str, entry_type: str = "unassociated", rate: Decimal | None = None) -> int:
        """``entry_type`` is hard_cost, soft_cost or unassociated."""
        doc = self.add(
            "expense_category",
            name=name,
            entry_type=entry_type,
            rate=rate,
            accessible_to_user=True,
            tax_setting="tax_1_only",
            xero_expense_code="",
        )
        return int(doc["id"])

    @atomic
    def rename_expense_category(self, category_id: int, name: str) -> None:
        doc = self.take("expense_category", category_id)
        doc["name"] = name
        self.save("expense_category", doc)

    @atomic
    def create_matter(
        self, contact_id: int, description: str = "", display_number: str = "", opened: date | str | None = None
    ) -> int:
        """A matter of this contact; returns its id."""
        self.take("contact", contact_id)
        account = self.take("account", self.account_id)
        account["matters"] = account.get("matters", 0) + 1
        self.save("account", account, touch=False)
        doc = self.add(
            "matter",
            number=account["matters"],
            display_number=display_number or f"{account['matters']:05d}",
            custom_number="",
            description=description,
            status="Open",
            location="",
            client_reference="",
            client_id=contact_id,
            billable=True,
            billing_method="hourly",
            open_date=day(opened) or self.now()[:10],
            shared=False,
            has_tasks=False,
            user_id=account["owner_id"],
            responsible_attorney_id=account["owner_id"],
        )
        return int(doc["id"])

    def _write_contact(self, doc: Doc, data: Mapping[str, Any]) -> None:
        if data.get("type", doc["type"]) not in ("Person", "Company"):
            raise OfficeError("Type must be Person or Company.")
        doc["type"] = data.get("type", doc["type"])
        doc |= {name: data[name] or "" for name in _PLAIN if name in data}
        doc["date_of_birth"] = day(doc["date_of_birth"])
        _name(doc, data)
        if "company" in data:
            doc["company_id"] = self._company(data["company"])
        for collection in ROWS:
            if collection in data:
                self._write_rows(doc, collection, data[collection] or [])

    def _company(self, company: Mapping[str, Any] | None) -> int | None:
        if not company or not company.get("id"):
            return None
        found = self.look("contact", int(company["id"]))
        if not found or found["type"] != "Company":
            raise OfficeError("Company must be a contact of type Company.")
        return int(found["id"])

    def _write_rows(self, doc: Doc, collection: str, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._write_row(doc[collection], collection, row)
        if len(doc[collection]) > ROW_LIMIT:
            raise OfficeError(f"A contact can have at most {ROW_LIMIT} {collection.replace('_', ' ')}.")
        if doc[collection] and not any(row["primary"] for row in doc[collection]):
            doc[collection][0]["primary"] = True

    def _write_row(self, kept: list[Doc], collection: str, row: Mapping[str, Any]) -> None:
        values, labels, flag = ROWS[collection]
        if row.get("name") is not None and row["name"] not in labels:
            raise OfficeError(f"{row['name']} is not a valid name for {collection.replace('_', ' ')}.")
        if row.get("id") and row.get("_destroy"):
            kept.remove(_row(kept, collection, row["id"]))
            return
        found = _row(kept, collection, row["id"]) if row.get("id") else self._new_row(kept, values)
        before = repr(found)
        found |= {name: row[name] or "" for name in (*values, "name") if name in row}
        if flag and row.get(flag):
            for other in kept:
                other["primary"] = other is found
        if repr(found) != before:
            found["updated_at"] = self.now()
            found["etag"] = f'"{zlib.crc32(repr(found).encode()):08x}{found["id"]:x}"'

    def _new_row(self, kept: list[Doc], values: Sequence[str]) -> Doc:
        row: Doc = {"id": self.new_id(), "name": "Work", "primary": False, "created_at": self.now()}
        row |= dict.fromkeys(values, "")
        kept.append(row)
        return row

    def _merge_fund(self, fund: Doc, keep: int) -> None:
        """Money held for one contact is held for another."""
        owner = f"{fund['bank_account_id']}:{keep}:{fund['matter_id'] or ''}"
        existing = self.find("fund", "owner", owner)
        if existing:
            existing[0]["balance"] = money(existing[0]["balance"]) + money(fund["balance"])
            self.save("fund", existing[0])
            self.drop("fund", fund["id"])
            return
        self.save("fund", {**fund, "client_id": keep, "owner": owner})


_POINTERS = (
    ("matter", "client_id"),
    ("bill", "client_id"),
    ("allocation", "contact_id"),
    ("payment", "contact_id"),
    ("credit_memo", "contact_id"),
    ("bank_transaction", "client_id"),
    ("trust_line_item", "client_id"),
    ("contact", "company_id"),
)


def _row(kept: Sequence[Doc], collection: str, id: object) -> Doc:
    for row in kept:
        if str(row["id"]) == str(id):
            return row
    raise OfficeError(f"There is no row {id} in {collection.replace('_', ' ')}.")


def _without_rows(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if name not in ROWS}


def _name(doc: Doc, data: Mapping[str, Any]) -> None:
    """A company is named by ``name``; a person by its parts, or by a ``name`` that can be split."""
    if doc["type"] == "Company":
        doc["name"] = str(data.get("name") or ("" if "name" in data else doc.get("name") or "")).strip()
        if not doc["name"]:
            raise OfficeError("Name can't be blank.")
        return
    if data.get("name") and not ({"first_name", "last_name"} & data.keys()):
        first, _, last = str(data["name"]).strip().rpartition(" ")
        doc["first_name"], _, doc["middle_name"] = first.partition(" ")
        doc["last_name"] = last
    if not (doc["first_name"] or doc["last_name"]):
        raise OfficeError("A person must have at least one of first name or last name.")
    doc["name"] = " ".join(part for part in (doc["first_name"], doc["middle_name"], doc["last_name"]) if part)
