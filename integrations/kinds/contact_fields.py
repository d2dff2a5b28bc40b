"""The fields of a contact that are kept in step both ways (rules R2.3, R7), as both systems say them."""

from collections.abc import Mapping
from dataclasses import asdict, fields

from integrations.core.merge import Agreed, Objection
from integrations.core.ports import Raw
from integrations.core.read import nested, text
from integrations.core.records import Side
from integrations.core.text import clean, clean_lines, fold
from integrations.kinds.contact import Address, Contact, acceptable_email, free_form, physical
from integrations.kinds.contact_rows import ADDRESSES, EMAILS, PHONES, address_entries, email_entries, phone_entries

Value = str | Address
Values = Mapping[str, Value]
Base = Mapping[str, Agreed[Value]]

PERSON = {"given_name": "GivenName", "middle_name": "MiddleName", "family_name": "FamilyName"}
COMPANY = {"company_name": "CompanyName"}
MEMBERS: Mapping[str, str] = {
    **PERSON,
    **COMPANY,
    "primary_email": "PrimaryEmailAddr",
    "phone": "PrimaryPhone",
    "mobile": "Mobile",
    "home": "AlternatePhone",
    "fax": "Fax",
    "billing_address": "BillAddr",
    "work_address": "ShipAddr",
}
IN_CLIO = {"given_name": "first_name", "middle_name": "middle_name", "family_name": "last_name", "company_name": "name"}
LABELS: Mapping[str, str] = {
    "given_name": "Given name",
    "middle_name": "Middle name",
    "family_name": "Family name",
    "company_name": "Company name",
    "primary_email": "E-mail",
    "phone": "Phone",
    "mobile": "Mobile",
    "home": "Home phone",
    "fax": "Fax",
    "billing_address": "Billing address",
    "work_address": "Work address",
}
LINES = ("Line1", "Line2", "Line3", "Line4", "Line5")
PLACE = ("City", "CountrySubDivisionCode", "PostalCode", "Country")


def of_contact(contact: Contact) -> dict[str, Value]:
    """Clio's side, as QuickBooks takes it: what was cut or cleaned on the way is no change."""
    names = (
        {"company_name": contact.company}
        if contact.is_company
        else {"given_name": contact.given, "middle_name": contact.middle, "family_name": contact.family}
    )
    return {
        **names,
        "primary_email": contact.email,
        **{name: getattr(contact, name) for name in PHONES},
        "billing_address": contact.billing,
        "work_address": contact.shipping,
    }


def of_customer(raw: Raw, *, is_company: bool) -> dict[str, Value]:
    """QuickBooks's side; of a person the company is not ours, of a company the person is not."""
    return {
        **{name: clean(text(raw, MEMBERS[name])) for name in (COMPANY if is_company else PERSON)},
        "primary_email": clean(text(nested(raw, "PrimaryEmailAddr"), "Address")),
        **{name: clean(text(nested(raw, MEMBERS[name]), "FreeFormNumber")) for name in PHONES},
        **{name: _address(nested(raw, MEMBERS[name])) for name in ADDRESSES},
    }


def _address(raw: Raw) -> Address:
    city, province, postal_code, country = (clean(text(raw, name)) for name in PLACE)
    street = clean_lines("\n".join(text(raw, line) for line in LINES))
    return Address(street, city, province, postal_code, country)


def members(values: Values, current: Raw) -> dict[str, object]:
    """The QuickBooks members that say ``values``; what was emptied is cleared, lines an address lost as well."""
    return {MEMBERS[name]: _member(name, value, nested(current, MEMBERS[name])) for name, value in values.items()}


def _member(name: str, value: Value, current: Raw) -> object:
    if isinstance(value, Address):
        new = physical(value)
        gone = dict.fromkeys((part for part in (*LINES, *PLACE) if text(current, part) and part not in new), "")
        return {**gone, **new} if new else {}
    if name in EMAILS:
        return {"Address": value} if value else {}
    return free_form(value) if name in PHONES else value


def patch(raw: Raw, contact: Contact, values: Values) -> dict[str, object]:
    """What to send to Clio so that the contact says ``values``; each goes back to the entry it came from."""
    plain = {name: value for name, value in values.items() if isinstance(value, str)}
    data: dict[str, object] = {IN_CLIO[name]: value for name, value in plain.items() if name in IN_CLIO}
    if numbers := {name: value for name, value in plain.items() if name in PHONES}:
        data["phone_numbers"] = phone_entries(raw, numbers)
    if "primary_email" in plain:
        data["email_addresses"] = email_entries(raw, contact.email, plain["primary_email"])
    if places := {name: asdict(value) for name, value in values.items() if isinstance(value, Address)}:
        data["addresses"] = address_entries(raw, places)
    return data


class ContactRules:
    """What the merge has to know of these fields. ``theirs`` is QuickBooks's side of the contact."""

    def __init__(self, theirs: Values) -> None:
        self._theirs = theirs

    def same(self, name: str, practice: Value, ledger: Value) -> bool:
        """Spelling, case and punctuation do not tell two names or places apart; of several e-mails one will do."""
        if isinstance(practice, Address) or isinstance(ledger, Address):
            return fold(shown(practice)) == fold(shown(ledger))
        if name in EMAILS:
            return practice.lower() in several(ledger.lower())
        if name in PHONES:
            return _digits(practice) == _digits(ledger) != ""
        return fold(practice) == fold(ledger)

    def objects(self, side: Side, name: str, value: Value, over: Value) -> Objection | None:
        if side is Side.LEDGER:
            is_list = isinstance(over, str) and name in EMAILS and len(several(over)) > 1
            return Objection("QuickBooks holds several e-mail addresses here.", final=False) if is_list else None
        if not value:
            return self._cleared(name)
        if isinstance(value, str) and name in EMAILS and (len(several(value)) > 1 or not acceptable_email(value)):
            return Objection("Clio takes one e-mail address in this field, and this is not one.")
        return None

    def _cleared(self, name: str) -> Objection:
        """Rule R7: what was cleared in QuickBooks is never removed from Clio by itself."""
        if name not in IN_CLIO:
            return Objection("It was cleared in QuickBooks; the portal never removes an entry in Clio.")
        nameless = not any(self._theirs.get(part) for part in ("given_name", "family_name", "company_name"))
        return Objection("It was cleared in QuickBooks; Clio needs a name.", final=nameless)


def several(emails: str) -> list[str]:
    """The addresses in one e-mail field of QuickBooks."""
    return [part for part in (piece.strip() for piece in emails.replace(";", ",").split(",")) if part]


def _digits(number: str) -> str:
    return "".join(char for char in number if char.isdigit())


def shown(value: Value) -> str:
    """A value in one line, for people."""
    if isinstance(value, Address):
        return ", ".join(part for part in (*value.street.splitlines(), *list(asdict(value).values())[1:]) if part)
    return value


def plain(values: Values) -> dict[str, object]:
    """Values as JSON."""
    return {name: asdict(value) if isinstance(value, Address) else value for name, value in values.items()}


def read_plain(kept: object) -> dict[str, Value]:
    """Values out of JSON; what is no field of ours is left out."""
    return {name: _value(name, value) for name, value in _items(kept) if name in MEMBERS}


def to_json(base: Base) -> dict[str, object]:
    """A base as a link keeps it: field to what Clio and what QuickBooks said."""
    ours = plain({name: both.practice for name, both in base.items()})
    theirs = plain({name: both.ledger for name, both in base.items()})
    return {name: [ours[name], theirs[name]] for name in base}


def from_json(kept: object) -> dict[str, Agreed[Value]]:
    """The base of a link; fields of which nothing readable is kept were never agreed on."""
    return {
        name: Agreed(_value(name, both[0]), _value(name, both[1]))
        for name, both in _items(kept)
        if name in MEMBERS and isinstance(both, list) and len(both) == 2
    }


def _items(kept: object) -> list[tuple[str, object]]:
    return [(str(name), value) for name, value in kept.items()] if isinstance(kept, Mapping) else []


def _value(name: str, kept: object) -> Value:
    if name not in ADDRESSES:
        return kept if isinstance(kept, str) else ""
    parts = kept if isinstance(kept, Mapping) else {}
    return Address(**{part.name: text(parts, part.name) for part in fields(Address)})
