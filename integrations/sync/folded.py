"""What mirrored objects are sorted, compared and searched by: folded once, when they are kept."""

from typing import NamedTuple

from integrations.core.lookalikes import number_keys
from integrations.core.ports import Raw
from integrations.core.read import nested, rows, text
from integrations.core.text import clean, search_key
from integrations.kinds.contact import DELETED_SUFFIX

NUMBER = "number:"  # entity prefix of the index of document numbers
LENGTH = 200
PHONES = ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")


class Folded(NamedTuple):
    """Empty where nobody sorts, compares or searches."""

    key: str = ""
    other_key: str = ""
    words: str = ""


def folded_of(entity: str, row: Raw) -> Folded:
    """By entity as the mirror names it."""
    match entity:
        case "bills":
            return _numbered(text(row, "number"))
        case "contacts":
            return _contact(row)
        case "Customer":
            return _customer(row)
        case "Vendor" | "Employee":
            return Folded(search_key(text(row, "DisplayName"))[:LENGTH])
        case "Purchase":
            return Folded(number_keys(text(row, "DocNumber"))[0][:LENGTH])
        case _ if entity.startswith(NUMBER):
            return _numbered(text(row, "DocNumber"))
        case _:
            return Folded()


def _numbered(number: str) -> Folded:
    key, joined = number_keys(number)
    return Folded(key[:LENGTH], joined[:LENGTH])


def _contact(row: Raw) -> Folded:
    parts = (text(row, name) for name in ("first_name", "middle_name", "last_name"))
    name = text(row, "name") or " ".join(parts)
    phones = [text(phone, "number") for phone in rows(row, "phone_numbers")]
    mails = [text(mail, "address") for mail in rows(row, "email_addresses")]
    email = text(row, "primary_email_address") or next(iter(mails), "")
    return _party(name, email, [*mails, email, text(nested(row, "company"), "name")], phones)


def _customer(row: Raw) -> Folded:
    name = text(row, "DisplayName").removesuffix(DELETED_SUFFIX)
    email = text(nested(row, "PrimaryEmailAddr"), "Address")
    others = [text(row, key) for key in ("FullyQualifiedName", "CompanyName", "GivenName", "FamilyName")]
    phones = [text(nested(row, phone), "FreeFormNumber") for phone in PHONES]
    return _party(name, email, [*others, email], phones)


def _party(name: str, email: str, others: list[str], phones: list[str]) -> Folded:
    """Phones are found as they are written and as their digits alone."""
    digits = ["".join(char for char in phone if char.isdecimal()) for phone in phones]
    words = dict.fromkeys(search_key(part) for part in (name, *others, *phones, *digits))
    return Folded(search_key(name)[:LENGTH], email_key(email)[:LENGTH], " | ".join(filter(None, words)))


def email_key(email: str) -> str:
    """What two e-mail addresses are compared by."""
    return clean(email).casefold()
