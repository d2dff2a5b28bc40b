"""Reading fields out of a system's JSON, where any member may be missing, null or of a neighbouring type."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from integrations.core.money import amount
from integrations.core.ports import Raw


class Unreadable(ValueError):
    """A record lacks what no record can lack, or may not be seen; it is treated as not read."""


def text(raw: Raw, name: str) -> str:
    value = raw.get(name)
    return "" if value is None else str(value)


def identifier(raw: Raw, name: str = "id") -> str:
    """A required id as text. Raises Unreadable."""
    value = raw.get(name)
    if value is None or isinstance(value, bool) or str(value) == "":
        raise Unreadable(f"a record without {name}")
    return str(value)


def nested(raw: Raw, name: str) -> Raw:
    value = raw.get(name)
    return value if isinstance(value, Mapping) else {}


def nested_id(raw: Raw, name: str) -> str:
    return text(nested(raw, name), "id")


def rows(raw: Raw, name: str) -> Iterator[Raw]:
    value = raw.get(name)
    for item in value if isinstance(value, list | tuple) else ():
        if isinstance(item, Mapping):
            yield item


def money(raw: Raw, name: str) -> Decimal:
    """Whole cents; null is zero. Raises Unreadable on a value that is no amount."""
    try:
        return amount(raw.get(name))
    except ValueError as error:
        raise Unreadable(f"{name}: {error}") from error


def truth(raw: Raw, name: str) -> bool:
    value = raw.get(name)
    return value is True or str(value).lower() == "true"


def day(raw: Raw, name: str) -> date | None:
    """A calendar date, cut from the text as it stands: no time zone is ever applied to it."""
    value = text(raw, name)
    if not value:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError as error:
        raise Unreadable(f"{name}: not a date: {value!r}") from error


def instant(raw: Raw, name: str) -> datetime | None:
    value = text(raw, name)
    if not value:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise Unreadable(f"{name}: not a time: {value!r}") from error
