"""The v4 API of one region: routes, lists, single records, conditional requests, writes."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from integrations.sandbox.clio import gate, webhooks, writes
from integrations.sandbox.clio.errors import Refusal, Unauthenticated
from integrations.sandbox.clio.fields import InvalidFields, Selection, parse
from integrations.sandbox.clio.gate import Caller, Meter
from integrations.sandbox.clio.lists import listing
from integrations.sandbox.clio.render import Renderer
from integrations.sandbox.clio.resources import RESOURCES, Resource
from integrations.sandbox.clio.schema import KINDS, Entity, entity
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.http import Request, Response, json_response
from integrations.sandbox.store import Doc, Store

ROOT = "/api/v4/"
_ROWS = {"email_addresses": "EmailAddress", "phone_numbers": "PhoneNumber"}


class Api:
    """Answers ``/api/v4/...``, with and without ``.json``."""

    def __init__(self, store: Store, region: str) -> None:
        self._store = store
        self._region = region

    def handle(self, request: Request) -> Response:
        switches = Switches(self._store)
        meter = Meter(self._store, self._region, switches)
        headers = meter.untouched()
        try:
            caller, grant = gate.caller(self._store, self._region, request)
            with self._store.transaction():
                headers = meter.count(grant)
            answer = self._answer(request, caller, switches)
        except Unauthenticated as unknown:
            answer = unknown.response()
        except Refusal as refused:
            answer = refused.response(switches["clio_error_names"])
        if answer.status == 304 and switches["clio_not_modified_counts"] == "no":
            meter.give_back(grant)
        return Response(answer.status, answer.body, {**headers, **answer.headers})

    def _answer(self, request: Request, caller: Caller, switches: Switches) -> Response:
        version = gate.version(request)
        try:
            found = Call(request, caller, switches).answer()
        except InvalidFields as invalid:
            raise Refusal(400, str(invalid), "InvalidFields") from None
        return Response(found.status, found.body, {**found.headers, "x-api-version": version})


class Call:
    """One authenticated call."""

    def __init__(self, request: Request, caller: Caller, switches: Switches) -> None:
        self._request = request
        self._caller = caller
        self._office = caller.office
        self._switches = switches
        self._renderer = Renderer(caller.office, switches)

    def answer(self) -> Response:
        parts = self._request.path.removeprefix(ROOT).removesuffix(".json").strip("/").split("/")
        match self._request.method, parts:
            case "GET", ["users", "who_am_i"]:
                return self._show(entity("User"), self._caller.user)
            case "GET", ["settings", "billing"]:
                self._caller.need("settings")
                return self._show(entity("BillingSetting"), self._billing_setting())
            case "GET", ["contacts", id, rows] if rows in _ROWS:
                return self._contact_rows(id, rows)
            case "PUT", ["webhooks", id, "activate"]:
                return self._activate(id)
            case _, [name] if name in RESOURCES:
                return self._collection(RESOURCES[name])
            case _, [name, id] if name in RESOURCES:
                return self._member(RESOURCES[name], id)
        raise Refusal(404, "There is no such address.")

    def _collection(self, resource: Resource) -> Response:
        if self._request.method == "GET":
            self._caller.need(resource.scope)
            return self._list(resource)
        if self._request.method == "POST" and resource.entity == "Contact":
            self._caller.need(resource.scope, write=True)
            self._selection(entity("Contact"))
            id = writes.create_contact(self._office, writes.data_of(self._request))
            return self._one(entity("Contact"), self._office.take("contact", id), status=201)
        if self._request.method == "POST" and resource.entity == "Webhook":
            return self._subscribe()
        raise Refusal(404, "There is no such address.")

    def _member(self, resource: Resource, id: str) -> Response:
        method = self._request.method
        if method == "GET" and resource.show:
            self._caller.need(resource.scope)
            return self._show(entity(resource.entity), self._find(resource, id))
        if method == "PATCH" and resource.entity in ("Contact", "Bill"):
            self._caller.need(resource.scope, write=True)
            return self._patch(resource, self._find(resource, id))
        if method == "DELETE" and resource.entity == "Bill":
            self._caller.need(resource.scope, write=True)
            writes.delete_bill(self._office, self._find(resource, id)["id"])
            return Response(204)
        if method in ("PATCH", "DELETE") and resource.entity == "Webhook":
            return self._resubscribe(int(self._find(resource, id)["id"]))
        raise Refusal(404, "There is no such address.")

    def _subscribe(self) -> Response:
        data = writes.data_of(self._request)
        self._caller.need("webhooks", write=True)
        self._caller.need(webhooks.MODELS[webhooks.model_of(data.get("model"))][2])
        with self._office.store.transaction():
            made = webhooks.create(self._office, self._caller.user["id"], data)
        return self._one(entity("Webhook"), made, status=201)

    def _resubscribe(self, id: int) -> Response:
        """A change of a webhook, or its end."""
        self._caller.need("webhooks", write=True)
        with self._office.store.transaction():
            if self._request.method == "DELETE":
                self._office.drop("webhook", id)
                return Response(204)
            return self._one(entity("Webhook"), webhooks.change(self._office, id, writes.data_of(self._request)))

    def _activate(self, id: str) -> Response:
        self._caller.need("webhooks", write=True)
        found = self._find(RESOURCES["webhooks"], id)
        secret = self._request.headers.get("x-hook-secret", "")
        return self._one(entity("Webhook"), webhooks.activate(self._office, found["id"], secret))

    def _list(self, resource: Resource) -> Response:
        owner = entity(resource.entity)
        selection = self._selection(owner)
        page = listing(resource, self._request, self._office, self._switches)
        body: Doc = {"data": [self._renderer.record(owner, doc, selection) for doc in page.rows]}
        if self._switches["clio_last_page"] != "no_meta" or page.meta:
            body["meta"] = page.meta
        return json_response(200, body)

    def _contact_rows(self, id: str, collection: str) -> Response:
        self._caller.need("contacts")
        owner = entity(_ROWS[collection])
        selection = self._selection(owner)
        rows = self._find(RESOURCES["contacts"], id)[collection]
        data = [self._renderer.record(owner, row, selection) for row in rows]
        return json_response(200, {"data": data, "meta": {"paging": {}}})

    def _show(self, owner: Entity, doc: Doc) -> Response:
        if self._unchanged(doc):
            return Response(304, b"", _marks(doc))
        return self._one(owner, doc)

    def _one(self, owner: Entity, doc: Doc, status: int = 200) -> Response:
        data = self._renderer.record(owner, doc, self._selection(owner))
        return json_response(status, {"data": data}, _marks(doc))

    def _patch(self, resource: Resource, doc: Doc) -> Response:
        owner = entity(resource.entity)
        self._selection(owner)
        data = writes.data_of(self._request)
        with self._office.store.transaction():
            self._match(self._office.take(KINDS[owner.name], doc["id"]))
            if owner.name == "Contact":
                writes.patch_contact(self._office, doc["id"], data)
            else:
                writes.patch_bill(self._office, doc["id"], data, self._switches)
        return self._one(owner, self._office.take(KINDS[owner.name], doc["id"]))

    def _match(self, doc: Doc) -> None:
        wanted = self._request.headers.get("if-match")
        if wanted and wanted not in ("*", doc["etag"]):
            raise Refusal(412, "The record has changed since it was read.")

    def _find(self, resource: Resource, id: str) -> Doc:
        kind = KINDS.get(resource.entity)
        doc = self._office.look(kind, int(id)) if kind and id.isdigit() else None
        if doc is None or (kind == "webhook" and webhooks.is_gone(self._office, doc)):
            raise Refusal(404, f"{resource.entity} not found.")
        if doc.get("hidden"):
            raise Refusal(int(self._switches["clio_hidden_contact"]), f"{resource.entity} not found.")
        return doc

    def _billing_setting(self) -> Doc:
        return self._office.take("billing_setting", self._office.account["billing_setting_id"])

    def _selection(self, owner: Entity) -> Selection:
        return parse(owner, self._request.param("fields"))

    def _unchanged(self, doc: Mapping[str, Any]) -> bool:
        headers = self._request.headers
        if known := headers.get("if-none-match"):
            return bool(known == doc["etag"])
        if since := headers.get("if-modified-since"):
            return datetime.fromisoformat(doc["updated_at"]) <= _instant(since)
        return False


def _marks(doc: Mapping[str, Any]) -> dict[str, str]:
    updated = datetime.fromisoformat(doc["updated_at"])
    return {"etag": doc["etag"], "last-modified": format_datetime(updated, usegmt=True)}


def _instant(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        raise Refusal(400, "If-Modified-Since is not a date of RFC 2822.") from None
