"""What a sandbox page is made of, as values that two templates draw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from integrations.sandbox.store import Doc, Store

ROWS = 50
_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Field:
    """One input. ``kind`` is text, lines, amount, date, select, check or many (several of ``options``)."""

    name: str
    label: str
    kind: str = "text"
    value: Any = ""
    options: Sequence[tuple[str, str]] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """Posts to the page it is on; ``action`` says what to do."""

    action: str
    label: str
    fields: Sequence[Field] = ()
    danger: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    url: str = ""
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    empty: str = "Nothing yet."


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Pager:
    """Addresses of the neighbouring pages of a table; empty where there is none."""

    older: str = ""
    newer: str = ""


@dataclass(slots=True)
class Page:
    """``filters`` is a form that asks (GET)."""

    title: str
    crumbs: Sequence[Link] = ()
    tabs: Sequence[Link] = ()
    note: str = ""
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    forms: Sequence[Form] = ()
    filters: Sequence[Field] = field(default_factory=tuple)
    pager: Pager = Pager()

    def answer(self, request: HttpRequest) -> HttpResponse:
        return render(request, "sandbox/page.html", {"page": self})


def heads(*names: str) -> list[Cell]:
    """Column heads; a name that ends in # is of numbers."""
    return [Cell(name.rstrip("#"), numeric=name.endswith("#")) for name in names]


def cash(value: object) -> str:
    return f"{Decimal(str(value or 0)):,.2f}".replace("-", "−")


def number(value: object) -> Cell:
    return Cell(cash(value), numeric=True)


def newest(store: Store, space: str, kind: str, page: int, keep: Any = None) -> tuple[list[Doc], bool]:
    """Documents of one page (from 1), newest first, and whether there are older ones; ``keep`` filters."""
    first, wanted = (page - 1) * ROWS, page * ROWS + 1
    if keep is None:
        return _tail(store, space, kind, first)
    found: list[Doc] = []
    for doc in _backwards(store, space, kind):
        if keep(doc):
            found.append(doc)
        if len(found) == wanted:
            break
    return found[first : first + ROWS], len(found) == wanted


def _tail(store: Store, space: str, kind: str, first: int) -> tuple[list[Doc], bool]:
    end = store.count(space, kind) - first
    start = max(0, end - ROWS)
    docs = store.scan(space, kind, limit=end - start, offset=start) if end > 0 else []
    return docs[::-1], start > 0


def _backwards(store: Store, space: str, kind: str) -> Iterable[Doc]:
    end = store.count(space, kind)
    while end > 0:
        start = max(0, end - _BLOCK)
        yield from reversed(store.scan(space, kind, limit=end - start, offset=start))
        end = start


def page_number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return min(max(int(asked), 1), 1_000_000) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


def beside(request: HttpRequest, page: int, more: bool) -> Pager:
    """Addresses of the older and the newer page, with the filters kept."""

    def address(wanted: int) -> str:
        query = request.GET.copy()
        query["page"] = str(wanted)
        return f"?{query.urlencode()}"

    return Pager(address(page + 1) if more else "", address(page - 1) if page > 1 else "")
