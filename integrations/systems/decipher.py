"""What an answer means: parsed JSON, or the error it stands for. Pure: no network, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from integrations.core.errors import (
    Forbidden,
    Garbled,
    Malformed,
    NotFound,
    Refused,
    Remedy,
    RemoteError,
    Stale,
    Throttled,
    Trace,
    Unauthorized,
)
from integrations.core.read import rows, text
from integrations.systems import wire
from integrations.systems.quickbooks import limits

NAMES = {"clio": "Clio", "quickbooks": "QuickBooks"}
VENDOR_ID_HEADERS = ("intuit_tid", "x-request-id")

THROTTLED_CODE = "3001"
# Intuit developer: "Error codes" and "Handle common errors". The code decides, never the text.
QUICKBOOKS_CODES: Mapping[str, type[RemoteError]] = {
    "3200": Unauthorized,
    "3100": Forbidden,
    "120": Forbidden,
    "5020": Forbidden,
    "5030": Forbidden,
    "6190": Forbidden,
    THROTTLED_CODE: Throttled,
    "5010": Stale,
    "500": Malformed,
    "2010": Malformed,
    "2020": Malformed,
    "2170": Malformed,
    "4000": Malformed,
    "4001": Malformed,
    "5000": Malformed,
    "10000": Garbled,
}
STATUSES: Mapping[int, type[RemoteError]] = {
    400: Malformed,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: Malformed,  # Clio API docs, versioning: an invalid or retired X-API-VERSION
    412: Stale,
    429: Throttled,
}
SPEAKS_BY_STATUS = frozenset({401, 429})  # refused before anything was done, whatever the body looks like


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What the vendor says went wrong."""

    code: str
    message: str


def decipher(answer: Answer, trace: Trace) -> object:
    """Parsed JSON ({} for 204), or the RemoteError the answer stands for (returned, not raised)."""
    trace = replace(trace, status=answer.status, vendor_id=vendor_id(answer.headers))
    if answer.status == 204:
        return {}
    try:
        parsed = wire.parse(answer.body)
    except wire.NotJson:
        return _unreadable(answer, trace)
    fault = find_fault(parsed)
    if 200 <= answer.status < 300 and fault is None:
        return parsed
    return _refusal(answer, replace(trace, code=fault.code if fault else ""), fault)


def of_part(fault: Fault, trace: Trace) -> RemoteError:
    """The error of one part of an answer that is itself a success: of a batch, or of change data capture."""
    return _refusal(Answer(400, {}, b""), replace(trace, status=400, code=fault.code), fault)


def vendor_id(headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in VENDOR_ID_HEADERS if headers.get(name)), "")


def find_fault(parsed: object) -> Fault | None:
    """The fault of either of Intuit's envelopes, of Clio's, or of OAuth's two strings; None where there is none."""
    if not isinstance(parsed, Mapping):
        return None
    for name in ("Fault", "fault"):
        if isinstance(parsed.get(name), Mapping):
            return _intuit_fault(parsed[name])
    error = parsed.get("error")
    if isinstance(error, Mapping):
        return Fault(text(error, "type"), text(error, "message"))
    return Fault(error, text(parsed, "error_description")) if isinstance(error, str) and error else None


def _intuit_fault(fault: Mapping[str, object]) -> Fault:
    """Of several errors the one the vendor lists first, except that a stale object outranks the others."""
    errors = [*rows(fault, "Error"), *rows(fault, "error")]
    if not errors:
        return Fault("", text(fault, "type"))
    chosen = next((error for error in errors if text(error, "code") == "5010"), errors[0])
    message = text(chosen, "Message") or text(chosen, "message")
    detail = text(chosen, "Detail") or text(chosen, "detail")
    return Fault(
        text(chosen, "code"),
        detail if message in detail else f"{message}: {detail}".rstrip(": "),
    )


def _unreadable(answer: Answer, trace: Trace) -> RemoteError:
    if answer.status in SPEAKS_BY_STATUS:
        return _refusal(answer, trace, None)
    kind = "markup instead of JSON" if answer.body.lstrip()[:1] == b"<" else "no readable JSON"
    name = NAMES.get(trace.system, trace.system)
    return Garbled(
        f"{name} answered {answer.status} with {kind if answer.body else 'an empty body'}",
        trace,
    )


def _refusal(answer: Answer, trace: Trace, fault: Fault | None) -> RemoteError:
    kind = _kind(answer.status, trace)
    message = _message(trace, fault)
    if kind is Throttled:
        return Throttled(message, trace, retry_after_s(answer.headers), asked="retry-after" in answer.headers)
    error = kind(message, trace)
    if trace.code == "120":  # Handle common errors: the user who connected lost access; an administrator reconnects
        error.remedy = Remedy.RECONNECT
    return error


def _kind(status: int, trace: Trace) -> type[RemoteError]:
    """The vendor's code first, then the status. An unknown refusal is for a person: never retried by itself."""
    if status >= 500 and trace.code != THROTTLED_CODE:
        return Garbled
    if trace.system == "quickbooks" and trace.code in QUICKBOOKS_CODES:
        return QUICKBOOKS_CODES[trace.code]
    if status < 400 or status >= 500:
        return Refused if status < 300 else Garbled  # 2xx with a fault inside; a redirect answers nothing
    if trace.system == "quickbooks" and status == 400:
        return Refused
    return STATUSES.get(status, Refused)


def _message(trace: Trace, fault: Fault | None) -> str:
    name = NAMES.get(trace.system, trace.system)
    said = fault.message.strip() if fault else ""
    if trace.status == 401:  # Intuit's detail repeats part of the token
        said = "the access token is not accepted"
    return f"{name}: {said}" if said else f"{name} answered {trace.status}"


def retry_after_s(headers: Mapping[str, str]) -> float:
    """The wait a 429 asks for, in seconds: its Retry-After, else a minute."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,6}", value):
        return float(value)
    asked, answered = http_date(value), http_date(headers.get("date", ""))
    if asked and answered:
        return max((asked - answered).total_seconds(), 1.0)
    return limits.THROTTLE_WAIT_S


def http_date(value: str) -> datetime | None:
    """An HTTP date as an aware datetime; None where it is none."""
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError):
        return None
    return parsed if parsed.tzinfo else None
