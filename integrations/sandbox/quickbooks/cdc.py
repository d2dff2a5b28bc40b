"""Change data capture: what changed since an instant, tombstones included (30 days, 1000 objects, no paging)."""

from datetime import timedelta

from integrations.sandbox.quickbooks.books import Books
from integrations.sandbox.quickbooks.faults import Refusal, missing
from integrations.sandbox.quickbooks.query import instant
from integrations.sandbox.quickbooks.shapes import ENTITIES
from integrations.sandbox.store import Doc

MAX_OBJECTS, MAX_DAYS = 1000, 30
_NOT_CAPTURED = ("TaxCode", "CompanyInfo", "Preferences")


def answer(books: Books, entities: str, changed_since: str) -> list[Doc]:
    """The CDCResponse. Raises Refusal for an unknown entity, a malformed or too old instant."""
    names = [name.strip() for name in entities.split(",") if name.strip()]
    if not names:
        raise missing("entities")
    if not changed_since:
        raise missing("changedSince")
    for name in names:
        if name not in ENTITIES or name in _NOT_CAPTURED:
            raise _refused(f"{name} is not supported by change data capture")
    try:
        since = instant(changed_since, books)
    except ValueError:
        raise _refused(f"changedSince {changed_since!r} is not a date") from None
    if since < books.company.store.now() - timedelta(days=MAX_DAYS):
        raise _refused(f"changedSince is more than {MAX_DAYS} days ago")
    changed = [(name, doc) for name in names for doc in books.company.changed_since(name, since)]
    kept = _capped(books, changed)
    return [{"QueryResponse": [_response(books, name, kept) for name in names]}]


def _capped(books: Books, changed: list[tuple[str, Doc]]) -> list[tuple[str, Doc]]:
    newest = books.company.switch("cdc_over_cap") == "newest_first"
    if len(changed) <= MAX_OBJECTS:
        return changed
    return sorted(changed, key=lambda row: str(row[1]["MetaData"]["LastUpdatedTime"]), reverse=newest)[:MAX_OBJECTS]


def _response(books: Books, name: str, kept: list[tuple[str, Doc]]) -> Doc:
    docs = [doc for entity, doc in kept if entity == name]
    if not docs:
        return {}
    shown = [doc if doc.get("status") == "Deleted" else books.shown(name, doc) for doc in docs]
    return {name: shown, "startPosition": 1, "maxResults": len(shown), "totalCount": len(shown)}


def _refused(detail: str) -> Refusal:
    return Refusal("4001", "Invalid query", f"QueryValidationError: {detail}")
