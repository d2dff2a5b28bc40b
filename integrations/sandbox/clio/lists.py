"""Lists: filtering, order, pages of at most 200, and the addresses of the next and previous page."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.clio import filters
from integrations.sandbox.clio.balances import outstanding_balances
from integrations.sandbox.clio.desk import Desk
from integrations.sandbox.clio.errors import Refusal
from integrations.sandbox.clio.resources import Resource
from integrations.sandbox.clio.schema import KINDS
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.clio.views import VIEWS
from integrations.sandbox.http import Request
from integrations.sandbox.store import Doc

MAX_LIMIT = 200
MAX_OFFSET = 10_000
# Filters that pick few documents and are keys of the store.
_KEYED = {"bill_id", "client_id", "contact_id", "parent_id", "activity_id"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One page: its documents and ``meta``."""

    rows: list[Doc]
    meta: Doc


def listing(resource: Resource, request: Request, desk: Desk, switches: Switches) -> Listing:
    """The page asked for. Raises Refusal: 400 for what cannot be read, 422 past 10,000 by offset."""
    limit = _limit(request)
    order, descending = _order(resource, request)
    token = _token(request)
    offset = _offset(request, token)
    if order == "id" and not descending and offset is None:
        rows = _walk(resource, request, desk, switches, token.get("after", 0), limit + 1)
        following = {"after": rows[limit - 1]["id"]} if len(rows) > limit else None
        return _page(request, switches, rows[:limit], following, None)
    start = offset or 0
    rows = sorted(_walk(resource, request, desk, switches, 0, -1), key=lambda doc: _rank(desk, doc, order))
    if descending:
        rows.reverse()
    following = {"offset": start + limit} if len(rows) > start + limit else None
    previous = {"offset": max(0, start - limit)} if start else None
    return _page(request, switches, rows[start : start + limit], following, previous)


def _page(
    request: Request, switches: Switches, rows: list[Doc], following: Doc | None, previous: Doc | None
) -> Listing:
    paging = {name: _address(request, to) for name, to in (("previous", previous), ("next", following)) if to}
    meta: Doc = {"paging": paging}
    if not paging and switches["clio_last_page"] != "empty_paging":
        meta = {}
    if switches["clio_records_count"] == "yes":
        meta["records"] = len(rows)
    return Listing(rows, meta)


def _walk(resource: Resource, request: Request, desk: Desk, switches: Switches, after: int, wanted: int) -> list[Doc]:
    """Documents with id above ``after`` that pass every filter, lowest id first; all of them when ``wanted`` is -1."""
    tests = filters.tests(resource, request, switches, desk.now()[:10])
    since = filters.moment("updated_since", request.param("updated_since")) if request.param("updated_since") else None
    if since and resource.since and switches["clio_updated_since"] == "exclusive":
        tests.append(lambda doc: datetime.fromisoformat(doc["updated_at"]) > since)
    computed = any(name in _computed(resource) for name, _ in request.query)
    found: list[Doc] = []
    for doc in _candidates(resource, request, desk, after, since if resource.since else None):
        if filters.all_pass(tests, _viewed(resource, desk, switches, doc) if computed else doc):
            found.append(doc)
        if len(found) == wanted:
            break
    return found


def _candidates(resource: Resource, request: Request, desk: Desk, after: int, since: datetime | None) -> Iterator[Doc]:
    """The cheapest set of documents that surely holds all that are wanted."""
    kept = _picked(resource, request, desk)
    if kept is None:
        yield from _scan(desk, KINDS[resource.entity], after, since)
        return
    for doc in kept:
        if doc["id"] > after and (since is None or datetime.fromisoformat(doc["updated_at"]) >= since):
            yield doc


def _picked(resource: Resource, request: Request, desk: Desk) -> list[Doc] | None:
    if resource.entity == "OutstandingClientBalance":
        return outstanding_balances(desk)
    kind = KINDS[resource.entity]
    ids = filters.ids_of(request) if resource.ids else None
    if ids is not None:
        return [doc for id in sorted(set(ids)) if (doc := desk.look(kind, id))]
    for name in _KEYED & resource.filters.keys():
        if request.param(name).isdigit():
            return desk.find(kind, name, int(request.param(name)))
    return None


def _scan(desk: Desk, kind: str, after: int, since: datetime | None) -> Iterator[Doc]:
    while rows := desk.store.scan(desk.space, kind, after=after, updated_since=since, limit=MAX_LIMIT + 1):
        yield from rows
        after = rows[-1]["id"]


def _computed(resource: Resource) -> set[str]:
    """Filters on values that only the view of a document has."""
    return {"client_only", "email_only", "clio_connect_only"} & resource.filters.keys()


def _viewed(resource: Resource, desk: Desk, switches: Switches, doc: Doc) -> Doc:
    view = VIEWS.get(resource.entity)
    return view(desk, switches, doc) if view else doc


def _limit(request: Request) -> int:
    text = request.param("limit", str(MAX_LIMIT))
    if not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise Refusal(400, f"limit must be between 1 and {MAX_LIMIT}.")
    return int(text)


def _order(resource: Resource, request: Request) -> tuple[str, bool]:
    """The name to order by and whether it runs down. Lists without an order parameter ignore one."""
    text = request.param("order") if resource.orders else ""
    name, _, direction = (text or resource.default_order).partition("(")
    if resource.orders and (name not in resource.orders or direction not in ("asc)", "desc)")):
        raise Refusal(400, f"order has no value {text}.")
    return name, direction == "desc)"


def _token(request: Request) -> dict[str, int]:
    text = request.param("page_token")
    if not text:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode()))
        return {str(name): int(value) for name, value in found.items()}
    except (binascii.Error, ValueError, AttributeError):
        raise Refusal(400, "page_token could not be understood.") from None


def _offset(request: Request, token: dict[str, int]) -> int | None:
    text = request.param("offset")
    if not text:
        return token.get("offset")
    if not text.isdigit():
        raise Refusal(400, "offset must be a whole number.")
    if int(text) >= MAX_OFFSET:
        raise Refusal(422, f"offset reaches {MAX_OFFSET} records at most.", "ArgumentError")
    return int(text)


def _address(request: Request, to: Doc) -> str:
    """The same request at another place, as an absolute address; an offset stays an offset."""
    kept = [(name, value) for name, value in request.query if name not in ("page_token", "offset")]
    if request.param("offset") and "offset" in to:
        kept.append(("offset", str(to["offset"])))
    else:
        kept.append(("page_token", base64.urlsafe_b64encode(json.dumps(to).encode()).decode()))
    return f"{request.base}{request.path}?{urlencode(kept)}"


def _rank(desk: Desk, doc: Doc, order: str) -> tuple[bool, Any, int]:
    """Sort key: records without the value come last, equal ones by id."""
    value = _ordered_value(desk, doc, order)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value is None, Decimal(value), doc["id"]
    return value is None, str(value or "").casefold(), doc["id"]


def _ordered_value(desk: Desk, doc: Doc, order: str) -> Any:
    if order in ("client_name", "client.name"):
        return (desk.look("contact", doc["client_id"]) or {}).get("name", "")
    if order == "matter_display_number":
        return (desk.look("matter", (doc["matter_ids"] or [0])[0]) or {}).get("display_number", "")
    return doc.get(order)
