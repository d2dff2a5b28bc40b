"""The entries of a Clio contact: which of them each mapped field is read from, and how a new value goes back there.

Nothing here ever removes an entry. A field that has none yet gets one of its own.
"""

from collections.abc import Iterable, Mapping

from integrations.core.ports import Raw
from integrations.core.read import nested, rows, text, truth
from integrations.core.text import clean

PHONES = {"phone": "Work", "mobile": "Mobile", "home": "Home", "fax": "Fax"}  # the label a new entry gets
ADDRESSES = {"billing_address": "Billing", "work_address": "Work"}
EMAILS = {"primary_email": "Work"}


def phone_row(raw: Raw, name: str) -> Raw | None:
    """The phone number behind a field: by its label, and for ``phone`` the primary one before that of the office."""
    listed = [row for row in rows(raw, "phone_numbers") if text(row, "number").strip()]
    primary = next((row for row in listed if truth(row, "primary")), None) if name == "phone" else None
    label = PHONES[name].lower()
    return primary or next((row for row in listed if text(row, "name").lower() == label), None)


def email_rows(raw: Raw) -> list[Raw]:
    """The primary one first."""
    return sorted(rows(raw, "email_addresses"), key=lambda row: not truth(row, "primary"))


def address_row(raw: Raw, name: str) -> Raw | None:
    """The address with the field's label; for billing, where there is none, the primary one."""
    listed = list(rows(raw, "addresses"))
    chosen = next((row for row in listed if text(row, "name") == ADDRESSES[name]), None)
    if chosen is None and name == "billing_address":
        chosen = next((row for row in listed if truth(row, "primary")), None) or nested(raw, "primary_address") or None
    return chosen


def phone_entries(raw: Raw, numbers: Mapping[str, str]) -> list[dict[str, object]]:
    """What to send for these phone fields. Two fields with one entry behind both get one each."""
    entries: list[dict[str, object]] = []
    taken: list[Raw] = []
    for name in sorted(numbers, key=lambda name: name == "phone"):  # a labelled number stays with its label
        row = phone_row(raw, name)
        shared = row is not None and any(row is other for other in taken)
        if row is None or shared or not text(row, "id"):
            entries.append(_new_phone(name, numbers[name]))
        else:
            taken.append(row)
            entries.append({"id": _id(row), "number": numbers[name]})
    return entries


def _new_phone(name: str, number: str) -> dict[str, object]:
    entry: dict[str, object] = {"name": PHONES[name], "number": number}
    return {**entry, "default_number": True} if name == "phone" else entry


def email_entries(raw: Raw, old: str, new: str) -> list[dict[str, object]]:
    """An address that the contact has already becomes the primary one; else the entry that held ``old`` changes."""
    listed = [row for row in email_rows(raw) if text(row, "id")]
    known = next((row for row in listed if clean(text(row, "address")).lower() == new.lower()), None)
    if known is not None and clean(text(known, "address")) == new and not truth(known, "primary"):
        return [{"id": _id(known), "default_email": True}]
    held = known or next((row for row in listed if old and clean(text(row, "address")) == old), None)
    if held is not None:
        return [{"id": _id(held), "address": new}]
    return [{"name": EMAILS["primary_email"], "address": new, "default_email": True}]


def address_entries(raw: Raw, addresses: Mapping[str, Mapping[str, str]]) -> list[dict[str, object]]:
    """What to send for these address fields.

    Where the billing address is only borrowed from the office's, each keeps to itself: a new billing address gets an
    entry of its own, and so does the old one when the office moves.
    """
    found = {name: address_row(raw, name) for name in ADDRESSES}
    office = found["work_address"]
    borrowed = office is not None and found["billing_address"] is office
    wanted = {name: dict(address) for name, address in addresses.items()}
    if borrowed and office is not None and wanted.keys() == {"work_address"}:
        wanted["billing_address"] = {part: text(office, part) for part in wanted["work_address"]}
    return [
        _address(None if borrowed and name == "billing_address" else found[name], name, wanted[name]) for name in wanted
    ]


def _address(row: Raw | None, name: str, parts: Mapping[str, str]) -> dict[str, object]:
    if row is None or not text(row, "id"):
        return {"name": ADDRESSES[name], **parts}
    return {"id": _id(row), **parts}


def _id(row: Raw) -> int | str:
    value = text(row, "id")
    return int(value) if value.isdigit() else value


def holds(raw: Raw, data: Raw) -> bool:
    """Whether the contact says what a write of ``data`` would make it say."""
    return all(
        _holds_rows(raw, name, data) if isinstance(data[name], list) else _says(raw, data, name) for name in data
    )


def _holds_rows(raw: Raw, name: str, data: Raw) -> bool:
    return all(any(_is(row, entry) for row in rows(raw, name)) for entry in rows(data, name))


def _is(row: Raw, entry: Raw) -> bool:
    """Whether ``row`` is what ``entry`` asked for. Clio may read a label otherwise than it was written."""
    flags = {"default_email": "primary", "default_number": "primary"}
    asked: Iterable[str] = [name for name in entry if name != "name"]
    return all(truth(row, flags[name]) if name in flags else _says(row, entry, name) for name in asked)


def _says(one: Raw, other: Raw, name: str) -> bool:
    return text(one, name).strip() == text(other, name).strip()
