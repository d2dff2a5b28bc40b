"""The only builder of QuickBooks queries (Intuit developer: query operations and syntax)."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from integrations.systems.quickbooks import limits

_ENTITY = re.compile(r"[A-Za-z]+")
_PROPERTY = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)*")
_FIELDS = re.compile(r"\*|[A-Za-z.]+(, ?[A-Za-z.]+)*")

EVERY_ACTIVE_STATE = "Active IN (true, false)"  # name lists hide inactive ones unless asked


def select(
    entity: str,
    where: str = "",
    fields: str = "*",
    start: int = 1,
    max_rows: int = limits.QUERY_ROWS,
) -> str:
    """One page of a query ordered by id; ``where`` comes from the helpers below. Raises ValueError."""
    _check(_FIELDS, fields)
    if start < 1 or not 1 <= max_rows <= limits.QUERY_ROWS:
        raise ValueError("a page starts at 1 or later and holds 1 to 1000 rows")
    condition = f" WHERE {where}" if where else ""
    head = f"SELECT {fields} FROM {_check(_ENTITY, entity)}{condition}"  # noqa: S608 - each part is checked
    return f"{head} ORDERBY Id STARTPOSITION {start} MAXRESULTS {max_rows}"


def quoted(value: str) -> str:
    """A value in single quotes, quote and backslash escaped by a backslash. Raises ValueError on control characters."""
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError("a query value holds no control characters")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def equals(name: str, value: str | bool) -> str:
    literal = str(value).lower() if isinstance(value, bool) else quoted(value)
    return f"{_check(_PROPERTY, name)} = {literal}"


def within(name: str, values: Sequence[str]) -> str:
    """``name`` is one of ``values``. Raises ValueError for none at all."""
    if not values:
        raise ValueError("a list to choose from holds something")
    return f"{_check(_PROPERTY, name)} IN ({', '.join(map(quoted, values))})"


def within_each(name: str, values: Sequence[str], size: int = limits.IDS_PER_QUERY) -> Iterator[str]:
    """Conditions that together cover ``values``, at most ``size`` of them in each."""
    for start in range(0, len(values), size):
        yield within(name, values[start : start + size])


def since(moment: datetime) -> str:
    """Changed at ``moment`` or later. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return f"MetaData.LastUpdatedTime >= {quoted(moment.isoformat(timespec='seconds'))}"


def between(name: str, first: date, last: date) -> str:
    """A calendar date from ``first`` to ``last``, both included."""
    _check(_PROPERTY, name)
    return f"{name} >= {quoted(first.isoformat())} AND {name} <= {quoted(last.isoformat())}"


def both(*conditions: str) -> str:
    """All of ``conditions``; empty ones are left out."""
    return " AND ".join(condition for condition in conditions if condition)


def _check(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"not a name QuickBooks knows: {value!r}")
    return value
