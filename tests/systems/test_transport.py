"""When a call is repeated, and when never."""

import logging
import socket
import threading

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError

from integrations.core import errors
from integrations.sandbox.http import Response, html_response
from integrations.systems.budget import OUT_OF_TURN
from integrations.systems.origin import WrongAddress
from integrations.systems.pace import LOST, CallKind
from integrations.systems.session import new_session
from integrations.systems.transport import READ_TRIES, THROTTLE_TRIES, Call, Transport
from tests.systems.fakes import ROOT, FakeClock, FreeBudget, Remote, Tokens, answer, fault

GOOD = answer({"data": {"id": 1}})
BUSY = fault("3001", 429, upper=False)
EXPIRED = fault("3200", 401, upper=False)
BROKEN = html_response(502, "<html>Bad gateway</html>")
TIMED_OUT = requests.ReadTimeout("read timed out")
WRITE = Call("POST", "invoice", body=b'{"Id":"1"}', kind="write")


class Bench:
    """A transport with everything around it in sight."""

    def __init__(self, *steps: Response | Exception, base: str = ROOT) -> None:
        self.remote = Remote(*steps, base=base)
        self.clock, self.budget, self.tokens = FakeClock(), FreeBudget(), Tokens()
        self.transport = Transport(
            system="quickbooks",
            base=f"{base}/v3/company/1",
            session=self.remote.session(),
            token=self.tokens,
            clock=self.clock,
            budget=self.budget,
            jitter=lambda: 0.5,
        )


@pytest.mark.parametrize("failure", [BROKEN, TIMED_OUT, requests.ConnectionError("reset"), Response(200, b"")])
def test_a_write_without_a_clean_answer_is_never_sent_again(failure: Response | Exception) -> None:
    bench = Bench(failure, GOOD)
    with pytest.raises(errors.Garbled) as caught:
        bench.transport.write(WRITE)
    assert caught.value.sent
    assert len(bench.remote.seen) == 1


@pytest.mark.parametrize("code", ["5010", "6140", "2010"])
def test_a_refused_write_is_never_sent_again(code: str) -> None:
    bench = Bench(fault(code), GOOD)
    with pytest.raises(errors.RemoteError):
        bench.transport.write(WRITE)
    assert len(bench.remote.seen) == 1


def test_a_throttled_write_was_not_done_and_is_sent_again_with_the_same_bytes() -> None:
    bench = Bench(BUSY, GOOD)
    bench.transport.write(WRITE)
    assert [request.body for request in bench.remote.seen] == [WRITE.body, WRITE.body]


def test_a_write_that_never_left_says_so() -> None:
    bench = Bench(requests.ConnectTimeout("no route"))
    with pytest.raises(errors.Unreachable) as caught:
        bench.transport.write(WRITE)
    assert not caught.value.sent
    assert len(bench.remote.seen) == 1


def test_a_refused_connection_is_unreachable() -> None:
    bench = Bench(GOOD)
    bench.remote.base = "https://elsewhere.test"
    transport = Transport(
        system="clio",
        base=f"{ROOT}/api",
        session=bench.remote.session(),
        token=bench.tokens,
        clock=bench.clock,
        budget=bench.budget,
    )
    with pytest.raises(errors.Unreachable):
        transport.read("x")


def test_an_expired_token_is_renewed_once_even_for_a_write() -> None:
    bench = Bench(EXPIRED, GOOD)
    bench.transport.write(WRITE)
    assert [request.headers["authorization"] for request in bench.remote.seen] == ["Bearer secret-0", "Bearer secret-1"]


def test_a_token_that_stays_dead_is_not_renewed_for_ever() -> None:
    bench = Bench(EXPIRED)
    with pytest.raises(errors.Unauthorized):
        bench.transport.read("customer")
    assert (bench.tokens.renewals, len(bench.remote.seen)) == (1, 2)


def test_a_lost_read_is_repeated_a_few_times() -> None:
    bench = Bench(BROKEN, TIMED_OUT, GOOD)
    assert bench.transport.read("customer").data == {"data": {"id": 1}}
    assert bench.clock.slept == [1.0, 4.0]


def test_a_read_that_stays_lost_fails() -> None:
    bench = Bench(BROKEN)
    with pytest.raises(errors.Garbled):
        bench.transport.read("customer")
    assert len(bench.remote.seen) == READ_TRIES


def test_a_throttled_read_waits_a_bounded_number_of_times() -> None:
    bench = Bench(BUSY)
    with pytest.raises(errors.Throttled):
        bench.transport.read("customer")
    assert len(bench.remote.seen) == THROTTLE_TRIES


def test_the_budget_hears_of_every_end_of_a_call() -> None:
    bench = Bench(GOOD, answer({}, 429, Retry_After="20"), BUSY, TIMED_OUT, GOOD)
    for _ in range(2):
        bench.transport.read("customer")
    good, named, busy, lost, again = bench.budget.told
    assert (good.answered, good.refused_for_s, again.answered) == (True, None, True)
    assert (named.refused_for_s, named.named, named.headers["retry-after"]) == (20.0, True, "20")
    assert (busy.refused_for_s, busy.named) == (60.0, False)
    assert lost == LOST


def test_a_batch_whose_items_were_throttled_is_a_refusal_to_the_budget() -> None:
    throttled = {"Fault": {"Error": [{"code": "3001", "Message": "ThrottleExceeded"}], "type": "SERVICE"}}
    bench = Bench(answer({"BatchItemResponse": [{"bId": "1", "Customer": {}}, {"bId": "2", **throttled}]}))
    bench.transport.write(Call("POST", "batch", body=b"{}", kind="batch"))
    assert (bench.budget.told[0].refused_for_s, bench.budget.asked) == (60.0, ["batch"])


class NoTurn(FreeBudget):
    def before_call(self, kind: CallKind) -> str:
        self.asked.append(kind)
        raise errors.Throttled("no turn", errors.Trace("quickbooks", code=OUT_OF_TURN), 300.0)


def test_a_call_whose_turn_does_not_come_is_not_sent_and_not_tried_again() -> None:
    bench = Bench(GOOD)
    bench.transport._budget = NoTurn()
    with pytest.raises(errors.Throttled):
        bench.transport.write(WRITE)
    assert (bench.remote.seen, bench.transport.calls.total) == ([], 0)
    assert bench.transport._budget.asked == ["write"]


def test_a_read_that_is_refused_is_not_repeated() -> None:
    bench = Bench(fault("4001"), GOOD)
    with pytest.raises(errors.Malformed):
        bench.transport.read("query")
    assert len(bench.remote.seen) == 1


class NoToken:
    """A provider whose renewals fail: at once, or once the token it has is refused."""

    def __init__(self, error: errors.RemoteError, *, at_once: bool) -> None:
        self.error, self.at_once, self.asked = error, at_once, 0

    def __call__(self, force: bool) -> str:
        self.asked += 1
        if force or self.at_once:
            raise self.error
        return "secret-0"


TRACE = errors.Trace("quickbooks", "POST", "/token")


@pytest.mark.parametrize("error", [errors.Garbled("502", TRACE), errors.Unauthorized("dead", TRACE)])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_write_for_which_no_token_could_be_had_was_not_sent(error: errors.RemoteError, at_once: bool) -> None:
    bench = Bench(EXPIRED)
    provider = NoToken(error, at_once=at_once)
    bench.transport._token = provider
    with pytest.raises(errors.RemoteError) as caught:
        bench.transport.write(WRITE)
    assert caught.value is error
    assert not error.sent
    assert provider.asked == (1 if at_once else 2), "a dead grant is not renewed a second time"


def test_a_token_endpoint_that_asks_to_wait_is_not_asked_again_at_once() -> None:
    bench = Bench(GOOD)
    provider = NoToken(errors.Throttled("wait", TRACE, 60.0), at_once=True)
    bench.transport._token = provider
    with pytest.raises(errors.Throttled):
        bench.transport.read("customer")
    assert (provider.asked, bench.remote.seen) == (1, [])


def served(reply: bytes) -> tuple[str, threading.Thread]:
    """A server on this machine that answers one request with these bytes and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", thread


def over_a_socket(base: str) -> Transport:
    clock = FakeClock()
    return Transport(
        system="clio", base=f"{base}/api", session=new_session(), token=Tokens(), clock=clock, budget=FreeBudget()
    )


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"nonsense\r\n\r\n",
    ],
)
def test_a_connection_that_breaks_off_leaves_the_effect_unknown(reply: bytes) -> None:
    base, thread = served(reply)
    with pytest.raises(errors.Garbled) as caught:
        over_a_socket(base).write(WRITE)
    assert caught.value.sent
    thread.join(5)


def test_a_machine_that_does_not_listen_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(errors.Unreachable):
        over_a_socket(f"http://127.0.0.1:{port}").write(WRITE)


def test_a_name_that_nobody_has_is_unreachable() -> None:
    unknown = NameResolutionError("vendor.test", None, socket.gaierror("unknown"))  # type: ignore[arg-type]
    bench = Bench(requests.ConnectionError(MaxRetryError(None, "/", unknown)))  # type: ignore[arg-type]
    with pytest.raises(errors.Unreachable):
        bench.transport.write(WRITE)


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.test/v3/company/1/customer",
        "http://vendor.test/v3/company/1/customer",
        "https://vendor.test:444/v3/company/1/customer",
        "https://vendor.test@evil.test/v3/company/1/customer",
        "https://vendor.test/v3/company/2/customer",
        "https://vendor.test/v3/company/12/customer",
        "../2/customer",
        "%2e%2e/2/customer",
        "customer/..%2f..%2f2",
        "https://vendor.test\\@evil.test/v3/company/1/customer",
        "file:///etc/passwd",
    ],
)
def test_an_address_outside_the_company_is_never_called(path: str) -> None:
    bench = Bench(GOOD)
    with pytest.raises(errors.Malformed):
        bench.transport.read(path)
    assert bench.remote.seen == []


@pytest.mark.parametrize(
    "base", ["http://vendor.test", "ftp://vendor.test", "https://me:pw@vendor.test", "vendor.test"]
)
def test_a_base_that_is_not_https_is_refused(base: str) -> None:
    with pytest.raises(WrongAddress):
        Bench(GOOD, base=base)


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000/sandbox", "http://localhost:9", "http://[::1]:9"])
def test_a_stand_in_on_this_machine_may_be_plain_http(base: str) -> None:
    bench = Bench(GOOD, base=base)
    bench.transport.read("customer")
    assert bench.remote.seen[0].path == "/v3/company/1/customer"


def test_a_redirect_of_a_read_is_followed_on_the_same_host_only() -> None:
    here = Bench(Response(307, b"", {"location": "/v3/company/1/other?x=1"}), GOOD)
    here.transport.read("customer")
    assert [request.path for request in here.remote.seen] == ["/v3/company/1/customer", "/v3/company/1/other"]
    away = Bench(Response(307, b"", {"location": "https://evil.test/v3/company/1/other"}), GOOD)
    with pytest.raises(errors.RemoteError):
        away.transport.read("customer")
    assert len(away.remote.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_write_is_not_followed(status: int) -> None:
    bench = Bench(Response(status, b"", {"location": f"{ROOT}/v3/company/1/other"}), GOOD)
    with pytest.raises(errors.Garbled):
        bench.transport.write(WRITE)
    assert len(bench.remote.seen) == 1


def test_calls_are_paced_and_counted_by_kind() -> None:
    bench = Bench(BROKEN, GOOD, GOOD)
    bench.transport.read("customer")
    bench.transport.write(WRITE)
    calls = bench.transport.calls
    assert bench.budget.asked == ["read", "read", "write"]
    assert (calls.reads, calls.writes, calls.total) == (2, 1, 3)
    assert calls.metered == 1, "a failed read is not metered, nor is a write"


def test_a_failure_holds_no_query_and_no_token() -> None:
    bench = Bench(TIMED_OUT)
    with pytest.raises(errors.Garbled) as caught:
        bench.transport.read("query", [("query", "select * from Customer where DisplayName = 'Ann Lee'")])
    error = caught.value
    assert (error.trace.path, error.trace.method) == ("/query", "GET")
    assert "Ann" not in f"{error!r} {error.trace} {error.__cause__}"
    assert error.__suppress_context__


def test_the_log_names_the_call_and_neither_token_nor_query_nor_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench(fault("6140", detail="Ann Lee has it"), GOOD)
    with pytest.raises(errors.Refused):
        bench.transport.write(Call("POST", "invoice", [("requestid", "r-1")], body=b'{"Name":"Ann Lee"}', kind="write"))
    assert (
        "system=quickbooks method=POST path=/invoice status=400 outcome=Refused code=6140 vendor_id=tid-1"
        in caplog.text
    )
    assert not any(word in caplog.text for word in ("secret", "Ann", "r-1"))


def test_the_instant_of_an_answer_is_the_vendors() -> None:
    bench = Bench(answer({}, Date="Tue, 24 Nov 2026 09:30:00 GMT"))
    assert bench.transport.read("x").at.isoformat() == "2026-11-24T09:30:00+00:00"
