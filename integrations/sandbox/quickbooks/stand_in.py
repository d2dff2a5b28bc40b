"""The QuickBooks Online stand-in: takes a Request, gives a Response; whoever carries them."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from integrations.sandbox.http import Request, Response, html_response, json_response
from integrations.sandbox.quickbooks import batch, cdc, faults, query, replay, reports
from integrations.sandbox.quickbooks.books import Books
from integrations.sandbox.quickbooks.company import Company
from integrations.sandbox.quickbooks.limits import Throttle
from integrations.sandbox.quickbooks.numbering import Options
from integrations.sandbox.quickbooks.oauth import OAuthServer
from integrations.sandbox.quickbooks.shapes import ENTITIES
from integrations.sandbox.store import Store

_BY_PATH = {name.lower(): name for name in ENTITIES}
_DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")
_JSON = "application/json"
FAILURES = ("500_before", "500_after", "html_503", "timeout_after", "cut_after", "batch_stops")


class QuickBooksStandIn:
    """Every company of a store behind one address."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.oauth = OAuthServer(store)
        self._throttle = Throttle(store)
        self._one_at_a_time = threading.RLock()  # a request id is looked up and kept as one step

    def register_client(self, client_id: str, secret: str, redirect_uris: list[str]) -> None:
        """Adds an app beside the default one; its redirect addresses have to match exactly."""
        with self.store.transaction():
            self.oauth.register_client(client_id, secret, redirect_uris)

    def fail_next(self, kind: str, times: int = 1, *, items: int = 0) -> None:
        """The next ``times`` API calls fail: before or after acting, as 500, HTML, a 504 without a body, or cut off.

        Where a batch stops, ``items`` of it were done and nothing tells of them.
        """
        if kind not in FAILURES:
            raise ValueError(f"a failure is one of {FAILURES}, not {kind!r}")
        self.store.set_setting("qbo:failure", {"kind": kind, "left": times, "items": items})

    def handle(self, request: Request) -> Response:
        response = self._routed(request)
        now = self.store.now()
        headers = {
            "intuit_tid": f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
            "date": format_datetime(now, usegmt=True),
            "qbo-version": "sandbox",
        }
        return replace(response, headers={**headers, **response.headers})

    def _routed(self, request: Request) -> Response:
        path = request.path.rstrip("/")
        if path.startswith("/v3/company/"):
            return self._api(request, path.removeprefix("/v3/company/"))
        with self.store.transaction():
            if path in _DISCOVERY:
                return self.oauth.discovery(request.base)
            match request.method, path:
                case (("GET" | "POST"), "/connect/oauth2"):
                    return self.oauth.authorize(request)
                case "POST", "/oauth2/v1/tokens/bearer":
                    return self.oauth.token(request)
                case "POST", "/v2/oauth2/tokens/revoke":
                    return self.oauth.revoke(request)
                case "GET", "/v1/openid_connect/userinfo":
                    return self.oauth.userinfo(request)
        return html_response(404, "<!doctype html><title>404 Not Found</title><h1>Not Found</h1>")

    def _api(self, request: Request, path: str) -> Response:
        realm, _, rest = path.partition("/")
        try:
            self.oauth.check(request, realm)
            company = Company(self.store, realm)
            if self.store.get(company.space, "_Company", 1) is None:
                raise faults.wrong_company()
            if rest != "batch" or company.switch("batch_throttle") == "whole_request":
                self._throttle.count(realm, batch=rest == "batch")
            if request.method == "GET":
                self._throttle.allow_read()
            with self._throttle.in_flight(realm):
                return self._served(company, request, rest)
        except faults.GatewayRefusal as refusal:
            return self._gateway(refusal)

    def _served(self, company: Company, request: Request, rest: str) -> Response:
        if _JSON not in request.headers.get("accept", ""):
            return Response(400, faults.as_xml(faults.only_json()), {"content-type": "application/xml"})
        with self._one_at_a_time:
            answer = self._with_failures(_Call(self, company, request, rest))
        if request.method == "GET" and answer.status == 200:
            self._throttle.meter(1)
        return answer

    @property
    def metered(self) -> int:
        """Reads that the app's owner is billed for this month."""
        return self._throttle.metered

    def _gateway(self, refusal: faults.GatewayRefusal) -> Response:
        headers = dict(refusal.headers())
        if refusal.status == 429 and self.store.setting("switch:retry_after_header", "absent") == "present":
            headers["retry-after"] = "60"
        return json_response(refusal.status, refusal.body(int(self.store.now().timestamp() * 1000)), headers)

    def _with_failures(self, call: "_Call") -> Response:
        failure = self.store.setting("qbo:failure") or {}
        if not failure.get("left"):
            return call.answer()
        self.store.set_setting("qbo:failure", {**failure, "left": failure["left"] - 1})
        match failure["kind"]:
            case "500_before":
                return call.fault(faults.application_error())
            case "html_503":
                return html_response(503, "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>")
            case "500_after":
                call.answer()
                return call.fault(faults.application_error())
            case "cut_after":
                whole = call.answer()
                return replace(whole, body=whole.body[: len(whole.body) // 2])
            case "batch_stops":
                return call.answer(only=failure["items"])
        call.answer()
        return _timed_out()

    def meter(self, reads: int) -> None:
        self._throttle.meter(reads)

    def throttle_batch(self, realm: str) -> None:
        """Raises GatewayRefusal 429."""
        self._throttle.count(realm, batch=True)


class _Call:
    """One authorised call on one company."""

    def __init__(self, stand_in: QuickBooksStandIn, company: Company, request: Request, path: str) -> None:
        self._stand_in, self._company, self._request, self._path = stand_in, company, request, path
        self._only: int | None = None

    def answer(self, only: int | None = None) -> Response:
        """The answer, from the request id's memory where there is one. Of a batch ``only`` so many items are done."""
        self._only = only
        request_id = self._request.param("requestid") if self._request.method == "POST" else ""
        try:
            with self._company.store.transaction():
                self._judge_request_id(request_id)
                is_kept = bool(request_id) and not self._is_kept_by_item()
                kept = replay.recall(self._company, request_id, self._request.body) if is_kept else None
        except faults.Refusal as refusal:
            return self.fault(refusal)
        if kept is not None:
            return kept
        response = self._fresh()
        if is_kept:
            replay.keep(self._company, request_id, self._request.body, response)
        return response

    def _is_kept_by_item(self) -> bool:
        return self._path == "batch" and self._company.switch("requestid_of_batch") == "each_item"

    def _judge_request_id(self, request_id: str) -> None:
        limit = replay.MAX_LENGTH_BATCH if self._path == "batch" else replay.MAX_LENGTH
        if len(request_id) > limit:
            raise faults.wrong_length("requestid", limit, len(request_id))

    def _fresh(self) -> Response:
        try:
            if self._path == "batch" and self._request.method == "POST":
                return self._batch()
            with self._company.store.transaction():
                if self._path.startswith("reports/") and self._request.method == "GET":
                    return json_response(200, reports.answer(self._company, self._path, self._request.param))
                return self._reply(self._acted())
        except faults.Refusal as refusal:
            return self.fault(refusal)

    def _batch(self) -> Response:
        body = self._body()
        try:
            if self._company.switch("batch_throttle") == "per_item":
                self._stand_in.throttle_batch(self._company.realm)
        except faults.GatewayRefusal as refusal:
            return self._reply({"BatchItemResponse": _throttled_items(body, refusal)})
        try:
            answers = batch.answer(self._books, body, request_id=self._request.param("requestid"), only=self._only)
        except batch.Stopped:
            return _timed_out()
        self._stand_in.meter(sum("QueryResponse" in item for item in answers))
        return self._reply({"BatchItemResponse": answers})

    def _books(self) -> Books:
        return Books(Company(self._company.store, self._company.realm))

    def _acted(self) -> dict[str, Any]:
        request, books = self._request, Books(self._company)
        head, _, tail = self._path.partition("/")
        if head == "query" and not tail:
            return {"QueryResponse": query.answer(books, self._query_text())}
        if head == "cdc" and not tail and request.method == "GET":
            return {"CDCResponse": cdc.answer(books, request.param("entities"), request.param("changedSince"))}
        entity = _BY_PATH.get(head)
        if entity is None:
            raise faults.unsupported_operation(f"{request.method} {head}")
        if request.method == "GET":
            return {entity: self._read(books, entity, tail)}
        if request.method != "POST" or tail:
            raise faults.unsupported_operation(f"{request.method} {self._path}")
        return {entity: self._write(books, entity)}

    def _query_text(self) -> str:
        if self._request.method == "GET":
            return self._request.param("query")
        if not self._request.headers.get("content-type", "").startswith("application/text"):
            raise faults.unsupported_operation("query with another content type than application/text")
        return self._request.body.decode("utf-8", "replace")

    def _read(self, books: Books, entity: str, tail: str) -> dict[str, Any]:
        if entity == "Preferences" and not tail:
            return books.shown(entity, books.read(entity, 1))
        if entity == "CompanyInfo" and tail == self._company.realm:
            return books.shown(entity, books.read(entity, 1))
        if not tail:
            raise faults.unsupported_operation(f"GET {entity}")
        return books.shown(entity, books.read(entity, tail))

    def _write(self, books: Books, entity: str) -> dict[str, Any]:
        body = self._body()
        include = frozenset(part for value in self._request.params("include") for part in value.split(",") if part)
        operation = _operation(entity, self._request.param("operation"), include, body)
        return batch.act(books, entity, operation, body, Options(include))

    def _body(self) -> Any:
        if not self._request.headers.get("content-type", "").startswith(_JSON):
            raise faults.unsupported_operation("POST with another content type than application/json")
        try:
            return self._request.json()
        except ValueError:
            raise faults.unknown_property() from None

    def fault(self, refusal: faults.Refusal) -> Response:
        return self._reply({"Fault": refusal.fault()}, refusal.status)

    def _reply(self, body: Mapping[str, Any], status: int = 200) -> Response:
        return json_response(status, {**body, "time": self._company.now().isoformat(timespec="milliseconds")})


def _timed_out() -> Response:
    return Response(504, b"stream timeout", {"content-type": "text/plain"})


def _operation(entity: str, sent: str, include: frozenset[str], body: Any) -> str:
    """create, update, void or delete. Raises Refusal 500 for a combination QuickBooks does not know."""
    if "void" in include:
        if sent != "update" or entity == "Invoice":
            raise faults.unsupported_operation(f"include=void on {entity}")
        return "void"
    if sent == "void" and entity != "Invoice":
        raise faults.unsupported_operation(f"void {entity}")
    if sent in ("delete", "update", "void"):
        return sent
    if sent:
        raise faults.unsupported_operation(sent)
    return "update" if isinstance(body, dict) and body.get("Id") else "create"


def _throttled_items(body: Any, refusal: faults.GatewayRefusal) -> list[dict[str, Any]]:
    items = body.get("BatchItemRequest", []) if isinstance(body, dict) else []
    error = {
        "Message": f"message={refusal.name}; errorCode=003001; statusCode=429",
        "Detail": refusal.detail,
        "code": refusal.code,
        "element": "",
    }
    return [{"bId": item.get("bId", ""), "Fault": {"Error": [error], "type": "SERVICE"}} for item in items]
