"""How QuickBooks says no: one exception per envelope, and a builder per documented code."""

from collections.abc import Mapping
from html import escape
from typing import Any

VALIDATION = "ValidationFault"
INACTIVE = (
    "Something you're trying to use has been made inactive."
    " Check the fields with accounts, customers, items, vendors or employees."
)


class Refusal(Exception):
    """A service fault: upper-case envelope, HTTP 400 unless said otherwise."""

    def __init__(self, code: str, message: str, detail: str, element: str = "", status: int = 400) -> None:
        super().__init__(f"{code} {message}: {detail}")
        self.code, self.message, self.detail, self.element, self.status = code, message, detail, element, status

    def fault(self) -> dict[str, Any]:
        error = {"Message": self.message, "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Error": [error], "type": "SystemFault" if self.code == "10000" else VALIDATION}


class GatewayRefusal(Exception):
    """A fault of the layer before the service: lower-case envelope, 401, 403 or 429."""

    def __init__(self, status: int, code: str, name: str, detail: str, type_: str) -> None:
        super().__init__(f"{code} {name}: {detail}")
        self.status, self.code, self.name, self.detail, self.type = status, code, name, detail, type_

    def body(self, now_ms: int) -> dict[str, Any]:
        message = f"message={self.name}; errorCode={self.code.zfill(6)}; statusCode={self.status}"
        error = {"message": message, "detail": self.detail, "code": self.code, "element": None}
        empty = dict.fromkeys(("warnings", "intuitObject", "report", "queryResponse", "attachableResponse"))
        lists: dict[str, Any] = {"batchItemResponse": [], "syncErrorResponse": None, "requestId": None, "status": None}
        return {**empty, "fault": {"error": [error], "type": self.type}, **lists, "time": now_ms, "cdcresponse": []}

    def headers(self) -> Mapping[str, str]:
        if self.status != 401:
            return {}
        return {"www-authenticate": 'Bearer realm="Intuit", error="invalid_token"'}


def as_xml(refusal: Refusal) -> bytes:
    error = (
        f'<Error code="{refusal.code}"><Message>{escape(refusal.message)}</Message>'
        f"<Detail>{escape(refusal.detail)}</Detail></Error>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3">'
        f'<Fault type="{VALIDATION}">{error}</Fault></IntuitResponse>'
    ).encode()


def only_json() -> Refusal:
    return Refusal(
        "2010",
        "Request has invalid or unsupported property",
        "The service answers XML unless Accept is application/json; this stand-in speaks JSON only.",
    )


def token_expired(detail: str) -> GatewayRefusal:
    return GatewayRefusal(401, "3200", "AuthenticationFailed", detail, "AUTHENTICATION")


def wrong_company() -> GatewayRefusal:
    detail = "The token was not issued for this company"
    return GatewayRefusal(403, "3100", "ApplicationAuthorizationFailed", detail, "AUTHORIZATION")


def throttled(detail: str = "The request limit was reached; wait a minute") -> GatewayRefusal:
    return GatewayRefusal(429, "3001", "ThrottleExceeded", detail, "SERVICE")


def unsupported_operation(what: str) -> Refusal:
    return Refusal("500", "Unsupported Operation", f"Operation {what} is not supported.")


def not_found(detail: str = "Object Not Found : " + INACTIVE) -> Refusal:
    return Refusal("610", "Object Not Found", detail)


def cannot_link(detail: str = "Cannot validate linked transactions") -> Refusal:
    return Refusal("620", "TxnID Cannot Be Linked", detail)


def unknown_property(name: str = "") -> Refusal:
    detail = "Property Name:failed to parse json object; a property specified is unsupported or invalid"
    return Refusal("2010", "Request has invalid or unsupported property", detail, name)


def missing(name: str) -> Refusal:
    message = "Required param missing, need to supply the required value for the API"
    return Refusal("2020", message, f"Required parameter {name} is missing in the request", name)


def bad_characters(text: str, name: str) -> Refusal:
    message = "Invalid String. The String may contain unsupported or illegal chars"
    return Refusal("2040", message, f"Element contains invalid characters. {text}", name)


def wrong_length(name: str, limit: int, actual: int) -> Refusal:
    detail = f"String length specified does not match the supported length. Min:0 Max:{limit:,} supported."
    return Refusal(
        "2050",
        "String length is either shorter or longer than supported by specification",
        f"{detail} Supplied length:{actual:,}",
        name,
    )


def bad_choice(value: object, name: str) -> Refusal:
    return Refusal("2170", "Invalid Enumeration", f"Invalid Enumeration : {value}", name)


def bad_email(name: str) -> Refusal:
    return Refusal(
        "2210", "Invalid Email Address format", "Email Address does not conform to the syntax rules of RFC 822.", name
    )


def bad_reference(kind: str, id: object) -> Refusal:
    detail = f"Invalid Reference Id : {kind} element id {id} not found"
    return Refusal("2500", "Invalid Reference Id", detail, "Reference Id")


def query_syntax(detail: str) -> Refusal:
    return Refusal("4000", "Error parsing query", f"QueryParserError: {detail}")


def query_invalid(detail: str) -> Refusal:
    return Refusal("4001", "Invalid query", f"QueryValidationError: {detail}")


def stale() -> Refusal:
    detail = (
        "Stale Object Error : You and root were working on this at the same time."
        " root finished before you did, so your work was not saved."
    )
    return Refusal("5010", "Stale Object Error", detail)


def business(detail: str, element: str = "") -> Refusal:
    message = "A business validation error has occurred while processing your request"
    return Refusal("6000", message, f"Business Validation Error: {detail}", element)


def wrong_amount() -> Refusal:
    return Refusal(
        "6070",
        "Amount calculation incorrect in the request",
        "Amount calculation incorrect in the request. Amount is not equal to UnitPrice * Qty.",
    )


def wrong_tax_code() -> Refusal:
    return Refusal("6100", "Invalid Line TaxCode in the request", "Line TaxCode should be TAX or NON")


def duplicate_number(number: str, kind: str, id: str) -> Refusal:
    message = "Duplicate Document Number Error"
    detail = (
        f"{message} : You must specify a different number. This number has already been used."
        f" DocNumber={number} is assigned to TxnType={kind} with TxnId={id}"
    )
    return Refusal("6140", message, detail)


def period_closed() -> Refusal:
    return Refusal(
        "6210",
        "Account Period Closed, Cannot Update Through Services API",
        "Account Period Closed, Cannot Update Through Services API: the account period has closed.",
    )


def duplicate_name(people: bool = True) -> Refusal:
    who = " Another customer, vendor or employee is already using this name." if people else ""
    detail = f"The name supplied already exists. :{who} Please use a different name."
    return Refusal("6240", "Duplicate Name Exists Error", detail)


def wrong_account_type(detail: str = "choose a different account type for this transaction") -> Refusal:
    return Refusal("6430", "Invalid account type", f"Invalid account type used : {detail}")


def deposited() -> Refusal:
    return Refusal(
        "6540",
        "Deposited Transaction cannot be changed",
        "Deposited Transaction cannot be changed: this transaction has been deposited."
        " To change it, edit the deposit first.",
    )


def application_error() -> Refusal:
    return Refusal(
        "10000",
        "An application error has occurred while processing your request",
        "System Failure Error: unexpected internal error",
        status=500,
    )
