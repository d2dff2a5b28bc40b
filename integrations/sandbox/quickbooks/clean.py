"""Judges a request body member by member against the shapes, and fills the names of what it refers to."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks import faults
from integrations.sandbox.quickbooks.company import Company
from integrations.sandbox.quickbooks.members import SHAPES
from integrations.sandbox.quickbooks.shapes import (
    Choice,
    Day,
    Email,
    Flag,
    Group,
    Many,
    Number,
    ReadOnly,
    Reference,
    Shape,
    Text,
)

CLEARED = None  # in a cleaned body: the member is to be removed
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MAX_AMOUNT = Decimal("99999999999.99999")


def clean(company: Company, entity: str, body: Any) -> dict[str, Any]:
    """The writable members of ``body``; a member sent empty is None. Raises Refusal at the first fault."""
    if not isinstance(body, dict):
        raise faults.unknown_property()
    return _Cleaner(company).group(SHAPES[entity], body)


class _Cleaner:
    def __init__(self, company: Company) -> None:
        self._company = company
        self._narrow = company.is_us and company.switch("characters_beyond_latin1") == "refused"
        self._references: dict[tuple[tuple[str, ...], str, str], dict[str, Any]] = {}

    def group(self, shapes: Mapping[str, Shape], body: Mapping[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name, value in body.items():
            shape = shapes.get(name)
            if shape is None:
                raise faults.unknown_property(name)
            if value is None or isinstance(shape, ReadOnly):
                continue
            cleaned[name] = CLEARED if _is_empty(shape, value) else self.value(shape, value, name)
        return cleaned

    def value(self, shape: Shape, value: Any, name: str) -> Any:
        match shape:
            case Text():
                return self._text(shape, value, name)
            case Number():
                return _number(value, name)
            case Flag():
                return _of_type(bool, value, name)
            case Day():
                return _day(value, name)
            case Choice(values):
                if value not in values:
                    raise faults.bad_choice(value, name)
                return value
            case Reference():
                return self._reference(shape, value, name)
            case Group(members):
                return _without_cleared(self.group(members, _of_type(dict, value, name)))
            case Many(item):
                return [self.value(item, one, name) for one in _of_type(list, value, name)]
            case _:
                return value

    def _text(self, shape: Text, value: Any, name: str) -> str:
        text = str(_of_type(str, value, name))
        if len(text) > shape.max:
            raise faults.wrong_length(name, shape.max, len(text))
        if _CONTROL.search(text) or any(character in text for character in shape.forbid):
            raise faults.bad_characters(text, name)
        if self._narrow and not _is_latin1(text):
            raise faults.bad_characters(text, name)
        if isinstance(shape, Email) and not _EMAIL.fullmatch(text):
            raise faults.bad_email(name)
        return text

    def _reference(self, shape: Reference, value: Any, name: str) -> dict[str, Any]:
        body = _of_type(dict, value, name)
        if set(body) - {"value", "name", "type"}:
            raise faults.unknown_property(name)
        id = _of_type(str, body.get("value"), name)
        if not shape.kinds:
            return dict(body)
        known = (shape.kinds, id, str(body.get("type", "")))
        if known not in self._references:
            self._references[known] = self._resolve(shape, id, str(body.get("type", "")))
        return dict(self._references[known])

    def _resolve(self, shape: Reference, id: str, type_: str) -> dict[str, Any]:
        kind = shape.kinds[0]
        if len(shape.kinds) > 1:
            kind = next((one for one in shape.kinds if one.casefold() == type_.casefold()), kind)
        return reference(self._company, kind, id, shape.element or kind, with_type=len(shape.kinds) > 1)


def reference(company: Company, kind: str, id: str, element: str, *, with_type: bool = False) -> dict[str, Any]:
    """{value, name[, type]} of a live document. Raises Refusal 2500 if unknown, 610 or 2500 if inactive."""
    if kind == "TaxCode" and company.is_us and id not in ("TAX", "NON"):
        raise faults.wrong_tax_code()
    found = company.read(kind, id)
    if found is None:
        raise faults.bad_reference(element, id)
    if found.get("Active") is False:
        raise inactive(company)
    if kind == "TaxCode" and company.is_us:
        return {"value": id}
    name = found.get("DisplayName") or found.get("Name", "")
    return {"value": id, "name": name, **({"type": kind} if with_type else {})}


def inactive(company: Company) -> faults.Refusal:
    if company.switch("inactive_reference_code") == "610":
        return faults.not_found()
    return faults.Refusal("2500", "Invalid Reference Id", f"Invalid Reference Id : {faults.INACTIVE}", "Reference Id")


def _is_empty(shape: Shape, value: Any) -> bool:
    if isinstance(shape, Reference) and isinstance(value, dict):
        return value.get("value") in ("", None)
    if isinstance(shape, Group):
        return value == {} or (shape.members.keys() == {"value"} and value == {"value": ""})
    return value == "" and not isinstance(shape, Many)


def _without_cleared(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if value is not CLEARED}


def _of_type(kind: type, value: Any, name: str) -> Any:
    if not isinstance(value, kind):
        raise faults.unknown_property(name)
    return value


def _number(value: Any, name: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise faults.unknown_property(name)
    if abs(Decimal(value)) > _MAX_AMOUNT:
        raise faults.business(f"{name} is out of range", name)
    return value


def _day(value: Any, name: str) -> str:
    text = str(_of_type(str, value, name))
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise faults.unknown_property(name) from None


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
