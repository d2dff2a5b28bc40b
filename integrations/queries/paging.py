"""Keyset paging: a page is found by the row it begins after, so that a long list costs what a short one does."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

SIZE = 50
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
PLACE = re.compile(r"[0-9]{1,17}")


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


def page_by_id[T](
    rows: QuerySet[Any, T], asked: QueryDict, *, field: str = "id", within: str = "", size: int = SIZE
) -> Page[T]:
    """A page of rows, the highest ``field`` first, by ``?before=`` or ``?after=``.

    ``within`` is the column that an index has before that, where all rows are alike in it: with it in the order, the
    planner takes that index and does not walk through rows of every other sort in search of a few.
    """
    after, before = number(asked, "after"), number(asked, "before")
    key = operator.attrgetter(field)
    if after is not None:
        order = [within, field] if within else [field]
        found = list(rows.filter(**{f"{field}__gt": after}).order_by(*order)[: size + 1])
        return _page(found, asked, size, key, is_after=True)
    narrowed = rows if before is None else rows.filter(**{f"{field}__lt": before})
    order = [f"-{within}", f"-{field}"] if within else [f"-{field}"]
    return _page(list(narrowed.order_by(*order)[: size + 1]), asked, size, key, is_before=before is not None)


def _page[T](
    found: list[T],
    asked: QueryDict,
    size: int,
    key: Callable[[T], object],
    *,
    is_after: bool = False,
    is_before: bool = False,
) -> Page[T]:
    """One row more than a page holds says that there are more, in the direction that was read."""
    has_more = len(found) > size
    shown = found[:size][::-1] if is_after else found[:size]
    if not shown:
        return Page((), newer=_address(asked) if is_after or is_before else "")
    return Page(
        shown,
        newer=_address(asked, after=key(shown[0])) if (has_more if is_after else is_before) else "",
        older=_address(asked, before=key(shown[-1])) if is_after or has_more else "",
    )


class Take(Protocol):
    """The first so many rows, the latest first or the oldest."""

    def __call__(self, rows: QuerySet[Any, Any], number: int, *, oldest_first: bool = False) -> Sequence[Any]: ...


def in_time(*, oldest_first: bool = False) -> tuple[str, str]:
    return ("at", "id") if oldest_first else ("-at", "-id")


def take[T](rows: QuerySet[Any, T], number: int, *, oldest_first: bool = False) -> Sequence[T]:
    return list(rows.order_by(*in_time(oldest_first=oldest_first))[:number])


def page_by_moment[T](rows: QuerySet[Any, T], asked: QueryDict, *, by: Take = take, size: int = SIZE) -> Page[T]:
    """A page of rows, the latest first; ``?before=`` and ``?after=`` name the moment and the id of a row."""
    after, before = _moment(asked, "after"), _moment(asked, "before")
    if after is not None:
        at, id = after
        later = rows.filter(at__gte=at).exclude(at=at, id__lte=id)
        return _page(list(by(later, size + 1, oldest_first=True)), asked, size, _place, is_after=True)
    narrowed = rows if before is None else older_than(rows, *before)
    return _page(list(by(narrowed, size + 1)), asked, size, _place, is_before=before is not None)


def older_than[T](rows: QuerySet[Any, T], at: datetime, id: int) -> QuerySet[Any, T]:
    return rows.filter(at__lte=at).exclude(at=at, id__gte=id)


def _place(row: Any) -> str:
    return f"{(row.at - EPOCH) // MICROSECOND}-{row.id}"


def _moment(asked: QueryDict, name: str) -> tuple[datetime, int] | None:
    """What ``_place`` wrote; None for anything else."""
    at, _, id = asked.get(name, "").partition("-")
    if not (PLACE.fullmatch(at) and PLACE.fullmatch(id)):
        return None
    return EPOCH + int(at) * MICROSECOND, int(id)


def _address(asked: QueryDict, **place: object) -> str:
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
