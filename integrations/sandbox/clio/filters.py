"""List filters: each query parameter becomes a test on a document; a value Clio cannot read is refused with 400."""

import operator
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from integrations.sandbox.clio.errors import Refusal
from integrations.sandbox.clio.resources import Resource
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.http import Request
from integrations.sandbox.store import Doc

Test = Callable[[Doc], bool]

_COMMON = frozenset(("fields", "limit", "page_token", "offset", "order", "created_since"))
_OPERATORS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq}
_PARENT_NUMBERS = {"1": "Payment", "2": "CreditMemo"}


def tests(resource: Resource, request: Request, switches: Switches, today: str) -> list[Test]:
    """What every listed document must satisfy, beside its id and updated_at."""
    found: list[Test] = []
    for name, value in request.query:
        if name in resource.filters:
            how, field = resource.filters[name]
            found.append(_test(how, field, name, value, switches, today))
        elif name == "created_since":
            found.append(_since("created_at", value, switches))
        elif name not in _COMMON and not _standard(resource, name) and switches["clio_unknown_parameter"] == "refuse":
            raise Refusal(400, f"{name} is not a parameter of this list.")
    return found + _unfiltered(resource, request, switches)


def ids_of(request: Request, name: str = "ids[]") -> list[int] | None:
    """The ids asked for; None when the parameter is absent."""
    values = request.params(name)
    return [_whole(name, value) for value in values] if values else None


def moment(name: str, value: str) -> datetime:
    """An aware instant from ISO-8601 text."""
    try:
        found = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        raise Refusal(400, f"{name} is not an ISO-8601 timestamp.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _standard(resource: Resource, name: str) -> bool:
    return (name == "updated_since" and resource.since) or (name == "ids[]" and resource.ids)


def _unfiltered(resource: Resource, request: Request, switches: Switches) -> list[Test]:
    """What a list leaves out when nobody asked for it."""
    if resource.entity == "Contact":
        return [lambda doc: not doc.get("hidden")]
    if resource.entity == "Bill" and not request.param("state") and switches["clio_void_bills_listed"] == "no":
        return [lambda doc: doc["state"] not in ("void", "deleted")]
    voided = switches["clio_voided_allocations_listed"] == "no"
    if resource.entity == "Allocation" and not request.param("status") and voided:
        return [lambda doc: not doc["voided_at"]]
    return []


def _test(how: str, field: str, name: str, value: str, switches: Switches, today: str) -> Test:
    match how:
        case "ignored":
            return lambda _doc: True
        case "parent_type":
            return _parent_type(value, switches)
        case "overdue":
            return _overdue(name, value, today)
        case "date" | "after" | "before" | "from" | "until":
            return _by_date(how, field, name, value)
    if "|" in how:
        return _one_of(how, field, name, value)
    return _MAKERS[how](field, name, value)


def _whole(name: str, value: str) -> int:
    if not re.fullmatch(r"-?\d{1,19}", value):
        raise Refusal(400, f"{name} must be an integer.")
    return int(value)


def _id(field: str, name: str, value: str) -> Test:
    wanted = _whole(name, value)
    return lambda doc: doc.get(field) == wanted


def _id_or_null(field: str, name: str, value: str) -> Test:
    return (lambda doc: doc.get(field) is None) if value == "null" else _id(field, name, value)


def _matter(field: str, name: str, value: str) -> Test:
    if value == "null":
        return lambda doc: not doc[field]
    wanted = _whole(name, value)
    return lambda doc: wanted in doc[field]


def _bool(field: str, name: str, value: str) -> Test:
    wanted = _truth(name, value)
    return lambda doc: bool(doc.get(field)) is wanted


def _truth(name: str, value: str) -> bool:
    if value not in ("true", "false", "1", "0"):
        raise Refusal(400, f"{name} must be true or false.")
    return value in ("true", "1")


def _displayed(field: str, name: str, value: str) -> Test:
    return (lambda doc: bool(doc[field])) if _truth(name, value) else (lambda _doc: True)


def _text(field: str, name: str, value: str) -> Test:
    return lambda doc: str(doc.get(field) or "").casefold() == value.casefold()


def _search(field: str, name: str, value: str) -> Test:
    wanted = value.casefold()
    rows = ("email_addresses", "phone_numbers", "addresses")

    def found(doc: Doc) -> bool:
        texts = [doc.get(field), doc.get("display_number"), doc.get("title")]
        texts += [part for collection in rows for row in doc.get(collection) or () for part in row.values()]
        return any(wanted in str(text).casefold() for text in texts if isinstance(text, str))

    return found


def _initial(field: str, name: str, value: str) -> Test:
    if not re.fullmatch("[A-Z]", value):
        raise Refusal(400, f"{name} must be one of A to Z.")
    return lambda doc: str(doc.get("last_name") or doc[field]).upper().startswith(value)


def _status(field: str, name: str, value: str) -> Test:
    wanted = value.split(",")
    if not set(wanted) <= {"open", "closed", "pending"}:
        raise Refusal(400, f"{name} must be open, closed or pending.")
    return lambda doc: doc[field].lower() in wanted


def _bill_type(field: str, name: str, value: str) -> Test:
    if value not in ("revenue", "trust"):
        raise Refusal(400, f"{name} must be revenue or trust.")
    return lambda doc: (doc[field] == "trust_kind") == (value == "trust")


def _account_type(field: str, name: str, value: str) -> Test:
    if value not in ("OperatingAccount", "TrustAccount"):
        raise Refusal(400, f"{name} must be OperatingAccount or TrustAccount.")
    return lambda doc: f"{doc[field]}Account" == value


def _valid(field: str, name: str, value: str) -> Test:
    if value not in ("valid", "invalid"):
        raise Refusal(400, f"{name} must be valid or invalid.")
    return lambda doc: (doc[field] is None) == (value == "valid")


def _activity_status(field: str, name: str, value: str) -> Test:
    if value not in ("billed", "draft", "unbilled", "non_billable", "billable", "written_off"):
        raise Refusal(400, f"{name} has no value {value}.")
    wanted = {"billed": True, "unbilled": False}.get(value)
    return lambda doc: wanted is None or (doc[field] is not None) is wanted


def _compare(field: str, name: str, value: str) -> Test:
    found = re.fullmatch(r"(<=|>=|<|>|=)?(\d{4}-\d\d-\d\d)", value)
    if not found:
        raise Refusal(400, f"{name} must be a date with an operator before it.")
    compare, wanted = _OPERATORS[found[1] or "="], found[2]
    return lambda doc: bool(doc.get(field)) and bool(compare(doc[field], wanted))


def _exclude(field: str, name: str, value: str) -> Test:
    unwanted = _whole(name, value)
    return lambda doc: doc["id"] != unwanted


def _one_of(choices: str, field: str, name: str, value: str) -> Test:
    if value not in choices.split("|"):
        raise Refusal(400, f"{name} must be one of {choices.replace('|', ', ')}.")

    def found(doc: Doc) -> bool:
        kept = doc.get(field)
        return value in kept if isinstance(kept, list) else str(kept).lower() == value.lower()

    return found


def _parent_type(value: str, switches: Switches) -> Test:
    reading = switches["clio_parent_type"]
    if reading == "ignored":
        return lambda _doc: True
    wanted = _PARENT_NUMBERS.get(value) if reading == "number" else value
    if wanted not in ("Payment", "CreditMemo"):
        raise Refusal(400, f"parent_type has no value {value}.")
    return lambda doc: doc["parent"]["type"] == wanted


def _overdue(name: str, value: str, today: str) -> Test:
    if name == "status" and value not in ("all", "overdue"):
        raise Refusal(400, "status must be all or overdue.")
    if value == "all" or (name == "overdue_only" and not _truth(name, value)):
        return lambda _doc: True
    return lambda doc: doc["state"] == "awaiting_payment" and str(doc["due_at"]) < today


def _by_date(how: str, field: str, name: str, value: str) -> Test:
    try:
        wanted = date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise Refusal(400, f"{name} is not an ISO-8601 date.") from None
    compare = {"date": operator.eq, "after": operator.gt, "before": operator.lt, "from": operator.ge}.get(
        how, operator.le
    )
    return lambda doc: bool(doc.get(field)) and bool(compare(doc[field][:10], wanted))


def _since(field: str, value: str, switches: Switches) -> Test:
    start = moment("created_since", value)
    compare = operator.ge if switches["clio_updated_since"] == "inclusive" else operator.gt
    return lambda doc: bool(compare(datetime.fromisoformat(doc[field]), start))


_MAKERS: dict[str, Callable[[str, str, str], Test]] = {
    "id": _id,
    "id?": _id_or_null,
    "matter": _matter,
    "bool": _bool,
    "displayed": _displayed,
    "text": _text,
    "search": _search,
    "initial": _initial,
    "status": _status,
    "bill_type": _bill_type,
    "account_type": _account_type,
    "valid": _valid,
    "activity_status": _activity_status,
    "compare": _compare,
    "exclude": _exclude,
}


def all_pass(tests: Sequence[Test], doc: Any) -> bool:
    return all(test(doc) for test in tests)
