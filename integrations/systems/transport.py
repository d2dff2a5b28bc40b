"""Sends the calls of one connection: paced, authorised, repeated where that is safe, and every answer deciphered."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urljoin

import requests
from requests.auth import AuthBase

from integrations.core.errors import (
    Garbled,
    Malformed,
    RemoteError,
    Throttled,
    Trace,
    Unauthorized,
    Unreachable,
)
from integrations.core.ports import Clock, SystemName
from integrations.core.read import rows
from integrations.systems.budget import OUT_OF_TURN, Budget
from integrations.systems.decipher import (
    NAMES,
    THROTTLED_CODE,
    Answer,
    decipher,
    find_fault,
    http_date,
    retry_after_s,
)
from integrations.systems.origin import (
    WrongAddress,
    checked_base,
    is_loopback,
    joined,
    origin,
    relative,
)
from integrations.systems.pace import LOST, CallKind, Heard
from integrations.systems.session import TIMEOUT_S, lost

logger = logging.getLogger(__name__)

TokenProvider = Callable[[bool], str]
Params = Sequence[tuple[str, str]]

READ_TRIES = 3
NOT_RENEWED = "not_renewed"  # too many renewals: no budget paces them, so the run is tried again later
THROTTLE_TRIES = 3  # between them the budget waits; a system that still refuses is left alone until the next run


@dataclass
class Calls:
    """What a run has asked for. ``metered`` are answered reads that QuickBooks counts against the app's quota."""

    reads: int = 0
    writes: int = 0
    metered: int = 0

    @property
    def total(self) -> int:
        return self.reads + self.writes


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``path`` lies below the base, or is a full address below it; ``label`` stands for it in logs."""

    method: str
    path: str
    params: Params = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    kind: CallKind = "read"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: parsed JSON, and the instant by the vendor's Date header (by our clock where there is none)."""

    data: object
    headers: Mapping[str, str]
    at: datetime


class Transport:
    """Every call of one connection to one system.

    ``token(False)`` gives an access token and ``token(True)`` a freshly renewed one; either may raise RemoteError.
    Reads are repeated when they are throttled or lost. Writes are repeated only where it is certain that
    nothing was done: after a 429, and once after a 401 with a renewed token. ``before_call`` is asked last of all, and
    may raise: then nothing is sent.
    """

    def __init__(
        self,
        *,
        system: SystemName,
        base: str,
        session: requests.Session,
        token: TokenProvider,
        clock: Clock,
        budget: Budget,
        headers: Mapping[str, str] | None = None,
        calls: Calls | None = None,
        jitter: Callable[[], float] = random.random,
        before_call: Callable[[CallKind], object] = bool,
    ) -> None:
        self.system = system
        self.base = checked_base(base)
        self.calls = calls or Calls()
        self._session = session
        self._token = token
        self._clock = clock
        self._budget = budget
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._jitter = jitter
        self._before_call = before_call
        self._local = is_loopback(origin(self.base)[1])

    def read(self, path: str, params: Params = (), *, label: str = "") -> Reply:
        """GETs JSON. Raises RemoteError once repeating has not helped."""
        return self._persist(Call("GET", path, params, label=label))

    def write(self, call: Call) -> Reply:
        """Sends a write. Raises RemoteError; ``sent`` on it is False only where nothing can have been done."""
        return self._persist(call)

    def trace(self, method: str, path: str) -> Trace:
        return Trace(system=self.system, method=method, path=path)

    def _persist(self, call: Call) -> Reply:
        lost = throttled = 0
        while True:
            try:
                return self._authorised(call)
            except Throttled as error:
                throttled += 1
                if throttled >= THROTTLE_TRIES or error.code in (OUT_OF_TURN, NOT_RENEWED):
                    raise
            except (Garbled, Unreachable):
                lost += 1
                if call.kind != "read" or lost >= READ_TRIES:
                    raise
                self._clock.sleep(4.0 ** (lost - 1) * (0.5 + self._jitter()))

    def _authorised(self, call: Call) -> Reply:
        """One call; where the token is not accepted, once more with a renewed one."""
        token = self._access_token(renewed=False)
        try:
            return self._once(call, token)
        except Unauthorized:
            return self._once(call, self._access_token(renewed=True))

    def _access_token(self, *, renewed: bool) -> str:
        """Where none can be had, the call itself was never sent, whatever became of the renewal."""
        try:
            return self._token(renewed)
        except RemoteError as error:
            error.sent = False
            if isinstance(error, Throttled):
                error.trace = replace(error.trace, code=NOT_RENEWED)
            raise

    def _once(self, call: Call, token: str) -> Reply:
        prepared, trace = self._prepare(call, token)
        answer, meaning = self._send(prepared, trace, call)
        self._before_call("read")  # whoever was frozen while the answer came has nothing to do with it any more
        self._log(trace, answer, meaning)
        if isinstance(meaning, RemoteError):
            raise meaning
        return Reply(
            meaning,
            answer.headers,
            http_date(answer.headers.get("date", "")) or self._clock.now(),
        )

    def _prepare(self, call: Call, token: str) -> tuple[requests.PreparedRequest, Trace]:
        """Raises Malformed for an address outside the base: such a request is never sent."""
        trace = self.trace(call.method, call.label or call.path.split("?")[0])
        try:
            url = joined(self.base, call.path)
            request = requests.Request(
                call.method,
                url,
                params=list(call.params),
                headers={**self._headers, **call.headers},
                data=call.body,
                auth=_Bearer(token),
            )
            prepared = self._session.prepare_request(request)
            joined(self.base, prepared.url or "")
        except (WrongAddress, requests.RequestException, UnicodeError) as error:
            refusal = Malformed(f"refused to call {NAMES[self.system]}: {_reason(error)}", trace)
            refusal.sent = False
            raise refusal from None
        return prepared, replace(trace, path=call.label or relative(self.base, url))

    def _send(self, prepared: requests.PreparedRequest, trace: Trace, call: Call) -> tuple[Answer, object]:
        """The answer and what it means, one redirect of a GET on the same host followed.

        Raises Unreachable or Garbled, or Throttled where it is not our turn for too long.
        """
        answer, meaning = self._paced(prepared, trace, call)
        if answer.status == 307 and call.method == "GET":
            target = urljoin(prepared.url or "", answer.headers.get("location", ""))
            follow = replace(call, path=target, params=())
            auth = str(prepared.headers.get("Authorization", "")).removeprefix("Bearer ")
            redirected, _ = self._prepare(follow, auth)
            return self._paced(redirected, trace, call)
        return answer, meaning

    def _paced(self, prepared: requests.PreparedRequest, trace: Trace, call: Call) -> tuple[Answer, object]:
        """One exchange in our turn; the budget hears of its end, whatever that is."""
        ticket, said = self._budget.before_call(call.kind), LOST
        try:
            self._before_call(call.kind)
            self._count(call)
            answer = self._exchange(prepared, trace)
            meaning = decipher(answer, trace)
            said = replace(_said(answer, meaning), metered=self._metered(call, meaning))
            self.calls.metered += said.metered
        finally:
            self._budget.after_call(ticket, said)
        return answer, meaning

    def _metered(self, call: Call, meaning: object) -> int:
        """Answered reads, alone or in a batch (Intuit: app partner program). Writes and failed calls are free."""
        if self.system != "quickbooks" or isinstance(meaning, RemoteError):
            return 0
        if call.kind == "read":
            return 1
        parts = rows(meaning, "BatchItemResponse") if isinstance(meaning, Mapping) else ()
        return sum("QueryResponse" in part for part in parts)

    def _exchange(self, prepared: requests.PreparedRequest, trace: Trace) -> Answer:
        settings = self._session.merge_environment_settings(prepared.url or "", {}, None, None, None)
        if self._local:
            settings["proxies"] = {}
        try:
            response = self._session.send(prepared, timeout=TIMEOUT_S, allow_redirects=False, **settings)
        except requests.RequestException as error:
            self._log(trace, None, error)
            raise lost(error, trace) from None  # the cause holds the whole address
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content)

    def _count(self, call: Call) -> None:
        if call.kind == "read":
            self.calls.reads += 1
        else:
            self.calls.writes += 1

    def _log(self, trace: Trace, answer: Answer | None, meaning: object) -> None:
        failed = meaning if isinstance(meaning, RemoteError) else None
        logger.log(
            logging.WARNING if isinstance(meaning, Exception) else logging.DEBUG,
            "event=call system=%s method=%s path=%s status=%s outcome=%s code=%s vendor_id=%s",
            trace.system,
            trace.method,
            trace.path,
            answer.status if answer else 0,
            type(meaning).__name__ if isinstance(meaning, Exception) else "ok",
            failed.code if failed else "",
            failed.trace.vendor_id if failed else "",
        )


def _said(answer: Answer, meaning: object) -> Heard:
    """What the budget should know; a limit may also show as faults inside a batch that is itself answered."""
    if isinstance(meaning, Throttled):
        return Heard(True, answer.headers, meaning.retry_after_s, meaning.asked)
    parts = rows(meaning, "BatchItemResponse") if isinstance(meaning, Mapping) else ()
    if any(fault.code == THROTTLED_CODE for part in parts if (fault := find_fault(part))):
        return Heard(True, answer.headers, retry_after_s(answer.headers), "retry-after" in answer.headers)
    return Heard(True, answer.headers)


class _Bearer(AuthBase):
    """Sets the token; given as ``auth`` so that requests never looks for credentials elsewhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _reason(error: Exception) -> str:
    """Our own words for a bad address; only the kind of a library's error, whose text may hold the address."""
    return str(error) if isinstance(error, WrongAddress) else type(error).__name__
