"""Keyset paging: a page is found by the id it begins after, so that a long list costs what a short one does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

SIZE = 50


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Rows, and the query strings of the neighbouring pages ("" where there is none)."""

    rows: Sequence[T]
    newer: str = ""
    older: str = ""

    @property
    def shown(self) -> str:
        return "" if not (self.newer or self.older) else f"{len(self.rows)} on this page"


def words(asked: QueryDict, name: str, limit: int = 200) -> str:
    """A search word or filter value of a query string; PostgreSQL has no NUL in text."""
    return asked.get(name, "").replace("\x00", "").strip()[:limit]


def number(asked: QueryDict, name: str) -> int | None:
    value = asked.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def page_by_id[T](rows: QuerySet[Any, T], asked: QueryDict, *, field: str = "id", size: int = SIZE) -> Page[T]:
    """A page of rows, the highest ``field`` first, by ``?before=`` or ``?after=``."""
    return page(rows, asked, field, lambda row: row[field] if isinstance(row, dict) else getattr(row, field), size=size)


def page[T](
    rows: QuerySet[Any, T], asked: QueryDict, field: str, key: Callable[[T], int], *, size: int = SIZE
) -> Page[T]:
    after, before = number(asked, "after"), number(asked, "before")
    if after is not None:
        found = list(rows.filter(**{f"{field}__gt": after}).order_by(field)[: size + 1])
        shown, more_newer, more_older = found[:size][::-1], len(found) > size, True
    else:
        narrowed = rows if before is None else rows.filter(**{f"{field}__lt": before})
        found = list(narrowed.order_by(f"-{field}")[: size + 1])
        shown, more_newer, more_older = found[:size], before is not None, len(found) > size
    if not shown:
        return Page((), newer=_address(asked) if before is not None or after is not None else "")
    return Page(
        shown,
        newer=_address(asked, after=key(shown[0])) if more_newer else "",
        older=_address(asked, before=key(shown[-1])) if more_older else "",
    )


def _address(asked: QueryDict, **place: int) -> str:
    """The same filters at another place."""
    kept = [(name, value) for name, value in asked.items() if name not in ("before", "after")]
    return "?" + urlencode([*kept, *place.items()])


def page_from[T](rows: QuerySet[Any, T], asked: QueryDict, place: Callable[[T], int], *, size: int) -> Page[T]:
    """A page of rows in the order of their position, by ``?from=``; ``newer`` leads to the first page."""
    found = list(rows.filter(position__gte=number(asked, "from") or 0).order_by("position")[: size + 1])
    kept = asked.copy()
    begun = kept.pop("from", None)
    first = f"?{kept.urlencode()}" if begun else ""
    if len(found) <= size:
        return Page(found, newer=first)
    kept["from"] = str(place(found[size]))
    return Page(found[:size], newer=first, older=f"?{kept.urlencode()}")
