"""Intuit's OAuth 2: apps, consent, codes, tokens that rotate and expire on the stand-ins' clock."""

import base64
import binascii
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from integrations.sandbox.http import Request, Response, html_response, json_response, redirect
from integrations.sandbox.quickbooks import consent
from integrations.sandbox.quickbooks.faults import GatewayRefusal, token_expired, wrong_company
from integrations.sandbox.quickbooks.switches import switch
from integrations.sandbox.store import Doc, Store

SPACE = "qbo-oauth"
SCOPES = frozenset(
    (
        "com.intuit.quickbooks.accounting",
        "com.intuit.quickbooks.payment",
        "openid",
        "profile",
        "email",
        "phone",
        "address",
    )
)
CODE_S, ACCESS_S, REFRESH_S, HARD_S = 600, 3600, 8_726_400, 5 * 365 * 86_400
DEFAULT_CLIENT = {"id": "sandbox-quickbooks", "secret": "sandbox-quickbooks-secret", "redirect_uris": []}
_REMEMBERED_TOKENS = 50
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "testserver")


class OAuthServer:
    """Who may act for which company. A grant is one consent: its tokens die with it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register_client(self, client_id: str, secret: str, redirect_uris: list[str]) -> None:
        """Adds an app; its redirect addresses have to match exactly."""
        self._put("Client", {"id": client_id, "secret": secret, "redirect_uris": redirect_uris}, id=client_id)

    def discovery(self, base: str) -> Response:
        authorize, token = f"{base}/connect/oauth2", f"{base}/oauth2/v1/tokens/bearer"
        return json_response(
            200,
            {
                "issuer": f"{base}/op/v1",
                "authorization_endpoint": authorize,
                "token_endpoint": token,
                "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{base}/op/v1/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": sorted(SCOPES),
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
            },
        )

    # Consent

    def authorize(self, request: Request) -> Response:
        """The consent page, or the way back to the app with a code or an error."""
        client = self._client(request.param("client_id"))
        target = request.param("redirect_uri")
        if client is None or not _redirect_allowed(client, target):
            return html_response(400, consent.error_page("The app or its redirect address is not known to Intuit."))
        if request.param("response_type") != "code":
            return _back(target, request, {"error": "unsupported_response_type"})
        scopes = set(request.param("scope").split())
        if not scopes or scopes - SCOPES:
            return _back(target, request, {"error": "invalid_scope"})
        if request.method == "GET":
            return html_response(200, consent.page(request, self._companies()))
        return self._decide(request, target)

    def _decide(self, request: Request, target: str) -> Response:
        form = request.form()
        realm = form.get("company", "")
        if form.get("decision") != "connect":
            return _back(target, request, {"error": "access_denied"})
        if realm not in (known for known, _ in self._companies()):
            return html_response(400, consent.error_page("That company does not exist."))
        return _back(target, request, {"code": self.grant_code(request, realm), "realmId": realm})

    def grant_code(self, request: Request, realm: str) -> str:
        code = secrets.token_urlsafe(24)
        self._put(
            "Code",
            {
                "key": code,
                "client": request.param("client_id"),
                "redirect_uri": request.param("redirect_uri"),
                "realm": realm,
                "at": self._now().isoformat(),
                "openid": "openid" in request.param("scope").split(),
            },
        )
        return code

    def _companies(self) -> list[tuple[str, str]]:
        spaces = self._store.spaces("qbo:")
        found = [(space[4:], self._store.get(space, "_Company", 1)) for space in spaces]
        return [(realm, str(company["name"])) for realm, company in found if company]

    # Tokens

    def token(self, request: Request) -> Response:
        client = self._authenticated(request)
        if client is None:
            return json_response(401, {"error": "invalid_client"})
        form = request.form()
        match form.get("grant_type"):
            case "authorization_code":
                grant = self._redeem(client, form)
            case "refresh_token":
                grant = self._refreshed(client, form)
            case _:
                return json_response(400, {"error": "unsupported_grant_type"})
        if grant is None:
            return json_response(400, {"error": "invalid_grant"})
        return json_response(200, self._tokens(grant, request), {"cache-control": "no-store"})

    def _redeem(self, client: Doc, form: dict[str, str]) -> Doc | None:
        code = self._one("Code", form.get("code", ""))
        if code is None:
            return None
        if code.get("used"):
            self._end(code["used"])
            return None
        late = self._age(code["at"]) > CODE_S
        if late or code["client"] != client["id"] or code["redirect_uri"] != form.get("redirect_uri"):
            return None
        grant = self._new_grant(client, code)
        self._replace("Code", {**code, "used": grant["key"]})
        return grant

    def _new_grant(self, client: Doc, code: Doc) -> Doc:
        now = self._now().isoformat()
        return self._put(
            "Grant",
            {
                "key": secrets.token_urlsafe(12),
                "client": client["id"],
                "realm": code["realm"],
                "at": now,
                "live": True,
                "refresh": _opaque("RT1"),
                "refresh_at": now,
                "used_at": now,
                "old": {},
            },
        )

    def _refreshed(self, client: Doc, form: dict[str, str]) -> Doc | None:
        sent = form.get("refresh_token", "")
        grant = self._grant_of_refresh_token(sent)
        if grant is None or grant["client"] != client["id"] or not grant["live"]:
            return None
        if self._age(grant["used_at"]) > REFRESH_S or self._age(grant["at"]) > HARD_S:
            return None
        if sent != grant["refresh"] and not self._in_grace(grant["old"].get(sent)):
            return None
        return self._rotated(grant)

    def _in_grace(self, superseded_at: str | None) -> bool:
        if superseded_at is None or switch(self._store, "refresh_grace") == "none":
            return False
        return self._age(superseded_at) <= 86_400

    def _rotated(self, grant: Doc) -> Doc:
        rule = switch(self._store, "refresh_rotation")
        now = self._now().isoformat()
        due = rule == "every_call" or (rule == "daily" and self._age(grant["refresh_at"]) >= 86_400)
        if due:
            old = dict([*grant["old"].items(), (grant["refresh"], now)][-_REMEMBERED_TOKENS:])
            grant = {**grant, "old": old, "refresh": _opaque("RT1"), "refresh_at": now}
            self._index_refresh(grant)
        grant = {**grant, "used_at": now}
        self._replace("Grant", grant)
        return grant

    def _grant_of_refresh_token(self, token: str) -> Doc | None:
        known = self._one("Refresh", token)
        return self._one("Grant", known["grant"]) if known else None

    def _index_refresh(self, grant: Doc) -> None:
        self._put("Refresh", {"key": grant["refresh"], "grant": grant["key"]})

    def _tokens(self, grant: Doc, request: Request) -> Doc:
        if self._one("Refresh", grant["refresh"]) is None:
            self._index_refresh(grant)
        access = _opaque("eyJ")
        self._put("Access", {"key": access, "grant": grant["key"], "at": self._now().isoformat()})
        body: Doc = {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": ACCESS_S,
            "refresh_token": grant["refresh"],
            "x_refresh_token_expires_in": int(min(REFRESH_S, HARD_S - self._age(grant["at"]))),
        }
        if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true":
            body["x_refresh_token_hard_expires_in"] = int(HARD_S - self._age(grant["at"]))
        return body

    def revoke(self, request: Request) -> Response:
        client = self._authenticated(request)
        if client is None:
            return json_response(401, {"error": "invalid_client"})
        try:
            token = str(request.json()["token"])
        except (ValueError, KeyError, TypeError):
            return json_response(400, {"error": "invalid_request"})
        access = self._one("Access", token)
        grant = self._one("Grant", access["grant"]) if access else self._grant_of_refresh_token(token)
        if grant is None or grant["client"] != client["id"]:
            return json_response(400, {"error": "invalid_request"})
        self._end(grant["key"])
        return json_response(200, {})

    def disconnect(self, realm: str) -> None:
        """A person disconnects every app from the company in QuickBooks: all its tokens die."""
        for grant in self._store.find(SPACE, "Grant", "realm", realm):
            self._end(grant["key"])

    def check(self, request: Request, realm: str | None) -> Doc:
        """The grant behind a call. Raises GatewayRefusal 401/3200 or, for another company, 403/3100."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise token_expired("Malformed bearer token: no token was sent")
        access = self._one("Access", token)
        grant = self._one("Grant", access["grant"]) if access else None
        if access is None or grant is None or not grant["live"]:
            raise token_expired("Token revoked or unknown")
        if self._age(access["at"]) >= ACCESS_S:
            raise token_expired(f"Token expired: {token[:8]}..")
        if realm is not None and grant["realm"] != realm:
            raise wrong_company()
        return grant

    def userinfo(self, request: Request) -> Response:
        try:
            self.check(request, None)
        except GatewayRefusal as refusal:
            return json_response(401, refusal.body(int(self._now().timestamp() * 1000)), refusal.headers())
        return json_response(200, {"sub": "sandbox-person", "email": "owner@example.com", "emailVerified": True})

    # Storage

    def _authenticated(self, request: Request) -> Doc | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        client = self._client(id)
        matches = client is not None and secrets.compare_digest(str(client["secret"]).encode(), secret.encode())
        return client if matches else None

    def _client(self, client_id: str) -> Doc | None:
        if client_id == DEFAULT_CLIENT["id"]:
            return dict(DEFAULT_CLIENT)
        return self._one("Client", client_id)

    def _end(self, grant_key: str) -> None:
        grant = self._one("Grant", grant_key)
        if grant:
            self._replace("Grant", {**grant, "live": False})

    def _put(self, kind: str, doc: Doc, id: str = "") -> Doc:
        doc = {**doc, "key": id or doc["key"], "_id": self._store.next_id(f"{SPACE}:{kind}")}
        return self._replace(kind, doc)

    def _replace(self, kind: str, doc: Doc) -> Doc:
        keys: dict[str, Any] = {"key": doc["key"], "realm": doc.get("realm")}
        self._store.put(SPACE, kind, doc["_id"], doc, keys)
        return doc

    def _one(self, kind: str, key: str) -> Doc | None:
        found = self._store.find(SPACE, kind, "key", key) if key else []
        return found[-1] if found else None

    def _now(self) -> datetime:
        return self._store.now()

    def _age(self, at: str) -> float:
        return (self._now() - datetime.fromisoformat(at)) / timedelta(seconds=1)


def _opaque(prefix: str) -> str:
    return f"{prefix}-{secrets.token_urlsafe(32)}"


def _redirect_allowed(client: Doc, target: str) -> bool:
    if target in client["redirect_uris"]:
        return True
    parts = urlsplit(target)
    own = client["id"] == DEFAULT_CLIENT["id"]
    return own and parts.scheme in ("http", "https") and parts.hostname in _LOCAL_HOSTS


def _back(target: str, request: Request, answer: dict[str, str]) -> Response:
    state = {"state": request.param("state")} if request.param("state") else {}
    joiner = "&" if urlsplit(target).query else "?"
    return redirect(target + joiner + urlencode({**answer, **state}))
