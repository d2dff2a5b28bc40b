"""What each answer of the two systems means."""

import pytest

from integrations.core import errors
from integrations.core.errors import Remedy, RemoteError, Trace
from integrations.sandbox.http import Response, html_response, json_response
from integrations.systems.decipher import Answer, decipher
from tests.systems.fakes import fault


def read(system: str, response: Response, **headers: str) -> object:
    lower = {name.lower(): value for name, value in {**response.headers, **headers}.items()}
    trace = Trace(system, "GET", "/x")
    return decipher(Answer(response.status, lower, response.body), trace)


def clio(status: int, type_: str = "Some") -> Response:
    return json_response(status, {"error": {"type": type_, "message": "no"}}, {"X-Request-Id": "req-1"})


CLIO = [
    (clio(400, "InvalidFields"), errors.Malformed, Remedy.BUG, "InvalidFields"),
    (clio(401), errors.Unauthorized, Remedy.RECONNECT, "Some"),
    (
        json_response(401, {"error": "invalid_token", "error_description": "expired"}),
        errors.Unauthorized,
        Remedy.RECONNECT,
        "invalid_token",
    ),
    (html_response(401, "<html>"), errors.Unauthorized, Remedy.RECONNECT, ""),
    (clio(403, "ForbiddenError"), errors.Forbidden, Remedy.ASK, "ForbiddenError"),
    (clio(404), errors.NotFound, Remedy.REPLAN, "Some"),
    (clio(409), errors.Refused, Remedy.ASK, "Some"),
    (clio(410), errors.Malformed, Remedy.BUG, "Some"),
    (clio(412), errors.Stale, Remedy.REPLAN, "Some"),
    (clio(422, "ArgumentError"), errors.Refused, Remedy.ASK, "ArgumentError"),
    (clio(429), errors.Throttled, Remedy.RETRY, "Some"),
    (clio(500), errors.Garbled, Remedy.RETRY, "Some"),
    (html_response(503, "<h1>Maintenance</h1>"), errors.Garbled, Remedy.RETRY, ""),
    (html_response(404, "<h1>Not here</h1>"), errors.Garbled, Remedy.RETRY, ""),
    (html_response(200, "<h1>Please sign in</h1>"), errors.Garbled, Remedy.RETRY, ""),
    (Response(200, b""), errors.Garbled, Remedy.RETRY, ""),
    (Response(200, b'{"data":[{"id":1'), errors.Garbled, Remedy.RETRY, ""),
    (json_response(302, {}), errors.Garbled, Remedy.RETRY, ""),
]

QUICKBOOKS = [
    (fault("3200", 401, upper=False), errors.Unauthorized, Remedy.RECONNECT),
    (fault("3100", 403, upper=False), errors.Forbidden, Remedy.ASK),
    (fault("120", 400), errors.Forbidden, Remedy.RECONNECT),
    (fault("5020", 400), errors.Forbidden, Remedy.ASK),
    (fault("6190", 400), errors.Forbidden, Remedy.ASK),
    (fault("3001", 429, upper=False), errors.Throttled, Remedy.RETRY),
    (fault("3001", 429), errors.Throttled, Remedy.RETRY),
    (html_response(429, "slow down"), errors.Throttled, Remedy.RETRY),
    (fault("5010"), errors.Stale, Remedy.REPLAN),
    *[(fault(code), errors.Malformed, Remedy.BUG) for code in ("500", "2010", "2020", "4000", "4001")],
    *[
        (fault(code), errors.Refused, Remedy.ASK)
        for code in ["610", "620", "2040", "2050", "2500", "6000", "6070", "6140", "6210", "6240", "6540", "99999"]
    ],
    (fault("10000", 500), errors.Garbled, Remedy.RETRY),
    (fault("10000", 400), errors.Garbled, Remedy.RETRY),
    (fault("2010", 500), errors.Garbled, Remedy.RETRY),
    (fault("6000", 200), errors.Refused, Remedy.ASK),
    (Response(504, b"stream timeout"), errors.Garbled, Remedy.RETRY),
    (Response(400, b""), errors.Garbled, Remedy.RETRY),
]


@pytest.mark.parametrize(("response", "kind", "remedy", "code"), CLIO)
def test_clio_answers(response: Response, kind: type[RemoteError], remedy: Remedy, code: str) -> None:
    error = read("clio", response)
    assert type(error) is kind
    assert isinstance(error, RemoteError)
    assert (error.remedy, error.code, error.trace.status) == (remedy, code, response.status)


@pytest.mark.parametrize(("response", "kind", "remedy"), QUICKBOOKS)
def test_quickbooks_answers(response: Response, kind: type[RemoteError], remedy: Remedy) -> None:
    error = read("quickbooks", response)
    assert type(error) is kind
    assert isinstance(error, RemoteError)
    assert error.remedy is remedy


def test_every_error_carries_the_vendors_request_id() -> None:
    refused, hidden = read("quickbooks", fault("6140")), read("clio", clio(403))
    assert isinstance(refused, RemoteError) and isinstance(hidden, RemoteError)
    assert (refused.trace.vendor_id, refused.code) == ("tid-1", "6140")
    assert hidden.trace.vendor_id == "req-1"


def test_the_vendors_words_are_kept_for_the_bookkeeper() -> None:
    error = read("quickbooks", fault("6140", message="Duplicate Document Number Error", detail="TxnId=17984"))
    assert str(error) == "QuickBooks: Duplicate Document Number Error: TxnId=17984"


def test_the_part_of_a_token_that_intuit_repeats_is_not_kept() -> None:
    error = read("quickbooks", fault("3200", 401, detail="Token expired: AB0123", upper=False))
    assert "AB0123" not in f"{error!r} {vars(error)}"


def test_among_several_errors_a_stale_object_is_the_one_that_counts() -> None:
    entries = [{"Message": "a", "code": "2020"}, {"Message": "b", "code": "5010"}]
    assert isinstance(read("quickbooks", json_response(400, {"Fault": {"Error": entries}})), errors.Stale)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "Tue, 24 Nov 2026 12:00:30 GMT", "Date": "Tue, 24 Nov 2026 12:00:00 GMT"}, 30),
    ],
)
def test_how_long_a_throttled_call_waits(headers: dict[str, str], seconds: float) -> None:
    error = read("clio", clio(429), **headers)
    assert isinstance(error, errors.Throttled)
    assert error.retry_after_s == seconds


def test_a_good_answer_is_its_json_and_204_an_empty_one() -> None:
    assert read("clio", json_response(200, {"data": []})) == {"data": []}
    assert read("clio", Response(204)) == {}
