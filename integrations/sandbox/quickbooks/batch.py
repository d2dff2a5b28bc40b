"""The batch endpoint: up to 30 independent items, each with its own answer or fault."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from integrations.sandbox.http import dumps, json_response
from integrations.sandbox.quickbooks import faults, posting, query, replay
from integrations.sandbox.quickbooks.books import Books
from integrations.sandbox.quickbooks.numbering import Options
from integrations.sandbox.quickbooks.replay import MAX_BID
from integrations.sandbox.quickbooks.shapes import ENTITIES
from integrations.sandbox.store import Doc

MAX_ITEMS = 30
_OPERATIONS = ("create", "update", "delete")


class Stopped(Exception):
    """The service went down before all items of a batch were done."""


def answer(make_books: Callable[[], Books], body: Any, *, request_id: str, only: int | None = None) -> list[Doc]:
    """The BatchItemResponse list; every item is a transaction of its own.

    Raises Refusal for a malformed batch, Stopped once ``only`` so many items were done.
    """
    found = []
    for place, item in enumerate(_items(body, with_request_id=bool(request_id))):
        if place == only:
            raise Stopped
        found.append({"bId": item["bId"], **_recalled(make_books, request_id, item)})
    return found


def _recalled(make_books: Callable[[], Books], request_id: str, item: Doc) -> Doc:
    """An item that was done before under the same names is not done again, where that is what is remembered."""
    books = make_books()
    if not request_id or books.company.switch("requestid_of_batch") != "each_item":
        return _answer_item(books, item)
    key, body = f"{request_id}/{item['bId']}", dumps(item).encode()
    if kept := replay.recall(books.company, key, body):
        return dict(json.loads(kept.body, parse_float=Decimal))
    found = _answer_item(books, item)
    if "Fault" not in found:
        replay.keep(books.company, key, body, json_response(200, found))
    return found


def _items(body: Any, *, with_request_id: bool) -> list[Doc]:
    if not isinstance(body, dict) or set(body) - {"BatchItemRequest"}:
        raise faults.unknown_property()
    items = body.get("BatchItemRequest")
    if not isinstance(items, list) or not items:
        raise faults.missing("BatchItemRequest")
    if len(items) > MAX_ITEMS:
        raise faults.business(f"A batch has at most {MAX_ITEMS} items.", "BatchItemRequest")
    ids = [item.get("bId") if isinstance(item, dict) else None for item in items]
    if any(not isinstance(id, str) or not id for id in ids):
        raise faults.missing("bId")
    if len(set(ids)) < len(ids):
        raise faults.business("Each bId has to be unique within its batch.", "bId")
    if with_request_id and any(len(str(id)) > MAX_BID for id in ids):
        raise faults.wrong_length("bId", MAX_BID, max(len(str(id)) for id in ids))
    return items


def _answer_item(books: Books, item: Doc) -> Doc:
    try:
        with books.company.store.transaction():
            return _acted(books, item)
    except faults.Refusal as refusal:
        return {"Fault": refusal.fault()}


def _acted(books: Books, item: Doc) -> Doc:
    if "Query" in item:
        return {"QueryResponse": query.answer(books, str(item["Query"]))}
    members = set(item) - {"bId", "operation", "optionsData"}
    if len(members) != 1 or not members <= set(ENTITIES):
        raise faults.unknown_property(",".join(sorted(members)))
    entity, operation = members.pop(), item.get("operation")
    if operation not in _OPERATIONS:
        raise faults.unsupported_operation(str(operation))
    include = frozenset(part.strip() for part in str(item.get("optionsData", "")).split(",") if part.strip())
    if "void" in include and operation != "update":
        raise faults.unsupported_operation(f"{operation} with void")
    return {entity: act(books, entity, "void" if "void" in include else operation, item[entity], Options(include))}


def act(books: Books, entity: str, operation: str, body: Any, options: Options) -> Doc:
    """Does one write and returns the member of the answer. Raises Refusal."""
    match operation:
        case "create":
            return posting.create(books, entity, body, options)
        case "update":
            return books.shown(entity, books.update(entity, body, options))
        case "void":
            return books.shown(entity, books.void(entity, body, options))
        case "delete":
            doc = books.delete(entity, body, options)
            return {"domain": "QBO", "status": "Deleted", "Id": doc["Id"]}
    raise faults.unsupported_operation(operation)
