"""Contacts: Clio's people and companies, QuickBooks's customers (rules R2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.core.ports import Raw
from integrations.core.read import Unreadable, identifier, nested, text, truth
from integrations.core.records import Kind, Ref, fingerprint, mark
from integrations.core.text import clean, clean_lines, clean_name, clip
from integrations.kinds.contact_rows import PHONES, address_row, email_rows, phone_row

# Lengths: QuickBooks API reference, Customer; address lines: its physical-address type.
DISPLAY_NAME_LENGTH = 500
NAME_PART_LENGTH = 100
COMPANY_LENGTH = 100
EMAIL_LENGTH = 100
PHONE_LENGTH = 30
ADDRESS_LINE_LENGTH = 500
CITY_LENGTH = 255
POSTAL_CODE_LENGTH = 30
NOTES_LENGTH = 2000

DELETED_SUFFIX = " (deleted)"  # QuickBooks appends it to the name of an inactive customer


@dataclass(frozen=True, slots=True)
class Address:
    street: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""
    country: str = ""

    def __bool__(self) -> bool:
        return any((self.street, self.city, self.province, self.postal_code, self.country))


@dataclass(frozen=True, slots=True)
class Contact:
    """The mapped fields of a Clio contact, each cut and cleaned as QuickBooks takes it."""

    id: str
    is_company: bool
    name: str
    given: str = ""
    middle: str = ""
    family: str = ""
    company: str = ""
    email: str = ""
    emails: tuple[str, ...] = ()
    phone: str = ""
    mobile: str = ""
    home: str = ""
    fax: str = ""
    billing: Address = field(default_factory=Address)
    shipping: Address = field(default_factory=Address)

    @property
    def ref(self) -> Ref:
        return Ref(Kind.CONTACT, self.id)

    def fingerprint(self) -> str:
        return fingerprint(self)


@dataclass(frozen=True, slots=True)
class Customer:
    """What is needed of a QuickBooks customer to match, name and compare it."""

    id: str
    sync_token: str
    display_name: str
    given: str
    family: str
    company: str
    emails: tuple[str, ...]
    active: bool
    notes: str
    currency: str

    @property
    def plain_name(self) -> str:
        """The display name without the mark QuickBooks puts on inactive customers."""
        return self.display_name.removesuffix(DELETED_SUFFIX)


def decode(raw: Raw) -> Contact:
    """A Clio contact. Raises Unreadable for one that Clio redacts or that has no name."""
    if truth(raw, "redacted"):
        raise Unreadable("Clio hides this contact from the user who connected it")
    is_company = text(raw, "type") == "Company"
    parts = tuple(clean(text(raw, key)) for key in ("first_name", "middle_name", "last_name"))
    name = clean_name(text(raw, "name")) or clean_name(" ".join(part for part in parts if part))
    if not name:
        raise Unreadable("a contact without a name")
    given, middle, family = ("", "", "") if is_company else (clip(part, NAME_PART_LENGTH) for part in parts)
    emails = _emails(raw)
    return Contact(
        id=identifier(raw),
        is_company=is_company,
        name=name,
        given=given,
        middle=middle,
        family=family,
        company=clip(name, COMPANY_LENGTH) if is_company else "",
        email=emails[0] if emails else "",
        emails=emails,
        billing=_clean_address(address_row(raw, "billing_address")),
        shipping=_clean_address(address_row(raw, "work_address")),
        **{name: _phone(phone_row(raw, name)) for name in PHONES},
    )


def _emails(raw: Raw) -> tuple[str, ...]:
    """The primary e-mail first; addresses QuickBooks would refuse are left out."""
    found = [text(raw, "primary_email_address"), *(text(row, "address") for row in email_rows(raw))]
    return tuple(dict.fromkeys(mail for mail in map(clean, found) if acceptable_email(mail)))


def acceptable_email(mail: str) -> bool:
    """QuickBooks API reference: an address holds an @ and a dot and has at most 100 characters."""
    head, _, domain = mail.rpartition("@")
    return bool(head) and "." in domain and " " not in mail and len(mail) <= EMAIL_LENGTH


def _phone(row: Raw | None) -> str:
    return clip(clean(text(row, "number")), PHONE_LENGTH) if row else ""


def _clean_address(row: Raw | None) -> Address:
    if row is None:
        return Address()
    return Address(
        street=clip(clean_lines(text(row, "street")), ADDRESS_LINE_LENGTH),
        city=clip(clean(text(row, "city")), CITY_LENGTH),
        province=clip(clean(text(row, "province")), CITY_LENGTH),
        postal_code=clip(clean(text(row, "postal_code")), POSTAL_CODE_LENGTH),
        country=clip(clean(text(row, "country")), CITY_LENGTH),
    )


def display_name(contact: Contact, template: str | None = None) -> str:
    """The plain name, or the name by the firm's template; at most 500 characters, the template's id kept whole."""
    if template is None:
        return clip(contact.name, DISPLAY_NAME_LENGTH)
    # Not str.format: a firm writes the template, and a stray brace in it must not stop the run.
    filled = template.replace("{id}", contact.id)
    room = max(DISPLAY_NAME_LENGTH - len(filled.replace("{name}", "")), 0)
    return clip(clean_name(filled.replace("{name}", clip(contact.name, room))), DISPLAY_NAME_LENGTH)


def customer_body(contact: Contact, name: str, slug: str) -> dict[str, object]:
    """The QuickBooks members of a new customer."""
    body: dict[str, object] = {"DisplayName": name, **mapped_members(contact)}
    return {key: value for key, value in body.items() if value not in ("", None, {})} | {
        "Notes": mark(contact.ref, slug)
    }


def with_mark(notes: str, ref: Ref, slug: str, limit: int = NOTES_LENGTH) -> str:
    """``notes`` with our mark as their last line, once."""
    line = mark(ref, slug)
    kept = [part for part in notes.splitlines() if part.strip() != line]
    head = clip("\n".join(kept).rstrip(), limit - len(line) - 1)
    return f"{head}\n{line}" if head else line


def mapped_members(contact: Contact) -> dict[str, object]:
    return {
        "GivenName": contact.given,
        "MiddleName": contact.middle,
        "FamilyName": contact.family,
        "CompanyName": contact.company,
        "PrimaryEmailAddr": {"Address": contact.email} if contact.email else {},
        "PrimaryPhone": free_form(contact.phone),
        "Mobile": free_form(contact.mobile),
        "AlternatePhone": free_form(contact.home),
        "Fax": free_form(contact.fax),
        "BillAddr": physical(contact.billing),
        "ShipAddr": physical(contact.shipping),
    }


def free_form(number: str) -> dict[str, str]:
    return {"FreeFormNumber": number} if number else {}


def physical(address: Address) -> dict[str, str]:
    lines = address.street.splitlines()
    members = {f"Line{index}": line for index, line in enumerate(lines[:4], start=1)}
    if len(lines) > 4:
        members["Line5"] = clip(", ".join(lines[4:]), ADDRESS_LINE_LENGTH)
    members |= {
        "City": address.city,
        "CountrySubDivisionCode": address.province,
        "PostalCode": address.postal_code,
        "Country": address.country,
    }
    return {key: value for key, value in members.items() if value}


def decode_customer(raw: Raw) -> Customer:
    mails = text(nested(raw, "PrimaryEmailAddr"), "Address")
    return Customer(
        id=identifier(raw, "Id"),
        sync_token=text(raw, "SyncToken"),
        display_name=text(raw, "DisplayName"),
        given=text(raw, "GivenName"),
        family=text(raw, "FamilyName"),
        company=text(raw, "CompanyName"),
        emails=tuple(part.strip().lower() for part in mails.replace(";", ",").split(",") if part.strip()),
        active=raw.get("Active") is not False,
        notes=text(raw, "Notes"),
        currency=text(nested(raw, "CurrencyRef"), "value"),
    )


def customer_fingerprint(raw: Raw) -> str:
    """A digest of the mapped members as QuickBooks returned them; its own bookkeeping is left out."""
    members: Mapping[str, object] = {
        **{key: text(raw, key) for key in ("DisplayName", "GivenName", "MiddleName", "FamilyName", "CompanyName")},
        "PrimaryEmailAddr": text(nested(raw, "PrimaryEmailAddr"), "Address"),
        **{
            key: text(nested(raw, key), "FreeFormNumber") for key in ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")
        },
        **{key: _address_members(nested(raw, key)) for key in ("BillAddr", "ShipAddr")},
        "Active": raw.get("Active") is not False,
    }
    return fingerprint(members)


def _address_members(raw: Raw) -> dict[str, str]:
    names = ("Line1", "Line2", "Line3", "Line4", "Line5", "City", "CountrySubDivisionCode", "PostalCode", "Country")
    return {name: text(raw, name) for name in names}
