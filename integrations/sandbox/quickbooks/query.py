"""Answers queries: which members can be filtered, the comparison of each kind of value, pages and projections."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from integrations.sandbox.quickbooks.books import Books
from integrations.sandbox.quickbooks.faults import query_invalid
from integrations.sandbox.quickbooks.grammar import Condition, Query, parse
from integrations.sandbox.quickbooks.members import SHAPES
from integrations.sandbox.quickbooks.shapes import ENTITIES, NAME_LISTS, Group, Many
from integrations.sandbox.store import Doc

_ALWAYS = ("Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime")
_PERSON = (
    "DisplayName",
    "GivenName",
    "MiddleName",
    "FamilyName",
    "CompanyName",
    "PrintOnCheckName",
    "Active",
    "FullyQualifiedName",
    "PrimaryEmailAddr",
)
_SALES = ("DocNumber", "TxnDate", "DueDate", "CustomerRef", "Balance", "TotalAmt", "SalesTermRef", "ProjectRef")
_LIST = ("Name", "Active", "FullyQualifiedName")
FILTERABLE: Mapping[str, tuple[str, ...]] = {
    "Customer": (*_PERSON, "Balance"),
    "Vendor": (*_PERSON, "Balance"),
    "Employee": _PERSON,
    "Invoice": _SALES,
    "CreditMemo": tuple(name for name in _SALES if name not in ("DueDate", "TotalAmt")),
    "SalesReceipt": ("DocNumber", "TxnDate", "CustomerRef", "TotalAmt", "Balance"),
    "Estimate": ("DocNumber", "TxnDate", "CustomerRef", "TotalAmt"),
    "RefundReceipt": ("DocNumber", "TxnDate", "CustomerRef", "TotalAmt", "Balance"),
    "Payment": ("TotalAmt", "CustomerRef", "TxnDate", "PaymentMethodRef", "PaymentRefNum"),
    "JournalEntry": ("DocNumber", "TxnDate"),
    "Deposit": ("TxnDate", "DepositToAccountRef"),
    "Transfer": ("TxnDate",),
    "Purchase": ("TxnDate", "DocNumber", "PaymentType", "AccountRef"),
    "Account": (*_LIST, "AccountType", "AccountSubType", "Classification", "CurrentBalance"),
    "Item": (*_LIST, "Type", "Taxable", "SubItem", "Sku"),
    "Class": _LIST,
    "Department": _LIST,
    "Term": ("Name", "Active"),
    "PaymentMethod": ("Name", "Active", "Type"),
    "TaxCode": ("Name", "Active"),
    "CompanyInfo": (),
    "Preferences": (),
}
_SORTABLE: Mapping[str, tuple[str, ...]] = {"Customer": ("BalanceWithJobs",)}
_COMPUTED = ("Balance", "BalanceWithJobs", "CurrentBalance")
Test = Callable[[Doc], bool]


def answer(books: Books, text: str) -> Doc:
    """The QueryResponse of a query. Raises Refusal 4000 or 4001."""
    query = parse(text)
    entity = next((name for name in ENTITIES if name.casefold() == query.entity.casefold()), None)
    if entity is None:
        raise query_invalid(f"invalid context declaration: {query.entity}")
    members = tuple(_selectable(entity, name) for name in query.members)
    since = _direct_since(books, entity, query)
    if query.count:
        everything = since is not None and not query.where
        total = books.company.store.count(books.company.space, entity) if everything else None
        return {"totalCount": sum(1 for _ in _rows(books, entity, query)) if total is None else total}
    skipped = query.start - 1
    if since is None:
        found: Iterable[Doc] = islice(_rows(books, entity, query), skipped, skipped + query.rows)
    else:
        found = _direct_page(books, entity, query, since)
    page = [books.shown(entity, doc) for doc in found]
    if not page:
        return {}
    if members:
        page = [_projected(doc, members) for doc in page]
    return {entity: page, "startPosition": query.start, "maxResults": len(page)}


def _rows(books: Books, entity: str, query: Query) -> Iterator[Doc]:
    tests = [_test(books, entity, condition) for condition in query.where]
    if entity in NAME_LISTS and not any(one.member.casefold() == "active" for one in query.where):
        tests.append(lambda doc: doc.get("Active", True) is not False)
    order = [(_filterable(entity, name, sort=True), descending) for name, descending in query.order]
    docs = _candidates(books, entity, query)
    if any(name in _COMPUTED for name in (*_named(entity, query), *(name for name, _ in order))):
        docs = (books.shown(entity, doc) for doc in docs)
    found = (doc for doc in docs if all(test(doc) for test in tests))
    return found if _by_id(query) else iter(_sorted(found, order))


def _named(entity: str, query: Query) -> list[str]:
    return [_filterable(entity, one.member) for one in query.where]


def _candidates(books: Books, entity: str, query: Query) -> Iterable[Doc]:
    """The fewest documents that hold every answer: by id, by a key of the store, by time, or all of the kind."""
    company = books.company
    if entity == "TaxCode":
        return company.tax_codes()
    for condition in query.where:
        name = _filterable(entity, condition.member)
        if condition.operator not in ("=", "IN"):
            continue
        if name == "Id":
            ids = sorted({value for value in condition.values if value.isdigit()}, key=int)
            return [doc for doc in (company.read(entity, id) for id in ids) if doc]
        key = {"DocNumber": "number", "CustomerRef": "customer"}.get(name)
        if key:
            values = dict.fromkeys(value.casefold() for value in condition.values)
            docs = {doc["Id"]: doc for value in values for doc in company.find(entity, key, value)}
            return [docs[id] for id in sorted(docs, key=int)]
    for condition in query.where:
        if condition.operator in (">", ">=") and condition.member.casefold() == "metadata.lastupdatedtime":
            since = _comparable(books, "MetaData.LastUpdatedTime", condition.values[0])
            return company.store.scan(company.space, entity, updated_since=since)
    return company.scan(entity)


def _by_id(query: Query) -> bool:
    return all(name.casefold() == "id" and not descending for name, descending in query.order)


def _direct_since(books: Books, entity: str, query: Query) -> datetime | None:
    """Since when the store itself can cut the page, or None when documents have to be judged one by one."""
    hidden = entity in NAME_LISTS and books.company.find(entity, "inactive", "1")
    if hidden or not _by_id(query) or entity == "TaxCode" or len(query.where) > 1:
        return None
    if not query.where:
        return datetime.fromtimestamp(0, UTC)
    condition = query.where[0]
    if condition.member.casefold() != "metadata.lastupdatedtime" or condition.operator not in (">", ">="):
        return None
    since: datetime = _comparable(books, "MetaData.LastUpdatedTime", condition.values[0])
    return since if condition.operator == ">=" else since.replace(microsecond=0) + timedelta(seconds=1)


def _direct_page(books: Books, entity: str, query: Query, since: datetime) -> list[Doc]:
    store, space = books.company.store, books.company.space
    return store.scan(space, entity, updated_since=since, limit=query.rows, offset=query.start - 1)


def _filterable(entity: str, name: str, *, sort: bool = False) -> str:
    allowed = (*_ALWAYS, *FILTERABLE[entity], *(_SORTABLE.get(entity, ()) if sort else ()))
    for one in allowed:
        if one.casefold() == name.casefold():
            return one
    raise _refused(entity, name)


def _refused(entity: str, name: str) -> Exception:
    head = name.split(".")[0].casefold()
    if any(known.casefold() == head for known in SHAPES.get(entity, {})):
        return query_invalid(f"property '{name}' is not queryable")
    return query_invalid(f"Property {name} not found for Entity {entity}")


def _selectable(entity: str, name: str) -> str:
    if name.casefold() in (one.casefold() for one in ("MetaData", *_ALWAYS)):
        return str(next(one for one in ("MetaData", *_ALWAYS) if one.casefold() == name.casefold()))
    for known, shape in SHAPES.get(entity, {}).items():
        if known.casefold() == name.casefold() and not isinstance(shape, Group | Many) and known != "InvoiceLink":
            return known
    raise query_invalid(f"Property {name} not found for Entity {entity}")


def _projected(doc: Doc, members: tuple[str, ...]) -> Doc:
    row: Doc = {}
    for name in members:
        head, _, tail = name.partition(".")
        if tail:
            row.setdefault(head, {})[tail] = doc[head][tail]
        elif head in doc:
            row[head] = doc[head]
    return {**row, "domain": "QBO", "sparse": True}


def _test(books: Books, entity: str, condition: Condition) -> Test:
    name = _filterable(entity, condition.member)
    if name == "Id" and condition.operator not in ("=", "IN"):
        raise query_invalid(f"operator {condition.operator} is not supported for property 'Id'")
    if condition.operator == "LIKE":
        pattern = _like(condition.values[0])
        return lambda doc: bool(pattern.fullmatch(str(_value(doc, name) or "")))
    wanted = [_comparable(books, name, value) for value in condition.values]
    compare = _COMPARE[condition.operator]

    def test(doc: Doc) -> bool:
        actual = _actual(name, _value(doc, name))
        return actual is not None and compare(actual, wanted)

    return test


_COMPARE: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "=": lambda actual, wanted: actual == wanted[0],
    "IN": lambda actual, wanted: actual in wanted,
    "<": lambda actual, wanted: actual < wanted[0],
    ">": lambda actual, wanted: actual > wanted[0],
    "<=": lambda actual, wanted: actual <= wanted[0],
    ">=": lambda actual, wanted: actual >= wanted[0],
}
_NUMBERS = ("Balance", "BalanceWithJobs", "TotalAmt", "CurrentBalance")
_FLAGS = ("Active", "Taxable", "SubItem")


def _like(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("%")), re.IGNORECASE | re.DOTALL)


def _value(doc: Doc, name: str) -> Any:
    head, _, tail = name.partition(".")
    value = doc.get(head)
    if tail:
        return (value or {}).get(tail)
    if isinstance(value, dict):
        return value.get("value", value.get("Address"))
    return value


def _actual(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _NUMBERS:
        return Decimal(value)
    if name.startswith("MetaData."):
        return datetime.fromisoformat(value)
    return value if isinstance(value, bool) else str(value).casefold()


def _comparable(books: Books, name: str, value: str) -> Any:
    """The query's value as the member's own kind. Raises Refusal 4001 if it is not one."""
    try:
        if name in _NUMBERS:
            return Decimal(value)
        if name.startswith("MetaData."):
            return instant(value, books)
        if name in ("TxnDate", "DueDate"):
            today = value.casefold() == "current_date"
            return books.company.today() if today else date.fromisoformat(value[:10]).isoformat()
    except (ValueError, InvalidOperation):
        raise query_invalid(f"value {value!r} is not valid for property '{name}'") from None
    if name in _FLAGS:
        if value.casefold() not in ("true", "false"):
            raise query_invalid(f"value {value!r} is not valid for property '{name}'")
        return value.casefold() == "true"
    return value.casefold()


def instant(text: str, books: Books) -> datetime:
    """An ISO date or time; without a zone it is the company's. Raises ValueError."""
    value = datetime.fromisoformat(text.replace(" ", "+"))
    return (value if value.tzinfo else value.replace(tzinfo=books.company.zone())).astimezone(UTC)


def _sorted(docs: Iterable[Doc], order: list[tuple[str, bool]]) -> list[Doc]:
    found = list(docs)
    for name, descending in reversed(order):
        found.sort(key=lambda doc, name=name: _sort_key(name, _value(doc, name)), reverse=descending)  # type: ignore[misc]
    return found


def _sort_key(name: str, value: Any) -> tuple[bool, Any]:
    if name == "Id":
        return True, int(value)
    actual = _actual(name, value)
    return actual is not None, actual if actual is not None else 0
