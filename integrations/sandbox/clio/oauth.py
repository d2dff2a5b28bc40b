"""Clio's OAuth pages and endpoints: authorize, approve, token, deauthorize."""

from html import escape
from urllib.parse import urlencode

from integrations.sandbox.clio.grants import Grants
from integrations.sandbox.clio.office import ClioOffice, accounts
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.http import Request, Response, html_response, json_response, redirect
from integrations.sandbox.store import Doc, Store

_CARRIED = ("client_id", "redirect_uri", "state", "redirect_on_decline")


class OAuth:
    """OAuth of one region. The person chooses which of the region's accounts to connect."""

    def __init__(self, store: Store, region: str) -> None:
        self._store = store
        self._region = region
        self._grants = Grants(store, region)

    def handle(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/oauth/authorize":
                return self._authorize(request)
            case "POST", "/oauth/approve":
                return self._approve(request)
            case "POST", "/oauth/token":
                return self._token(request)
            case "POST", "/oauth/deauthorize":
                return self._deauthorize(request)
        return html_response(404, _page("Not found", "<p>There is no such page.</p>"))

    def _authorize(self, request: Request) -> Response:
        asked = {name: request.param(name) for name in _CARRIED}
        if problem := self._problem(asked):
            return html_response(400, _page("Cannot connect", f"<p>{escape(problem)}</p>"))
        if request.param("response_type") != "code":
            return html_response(400, _page("Cannot connect", "<p>response_type must be code.</p>"))
        return html_response(200, _page("Connect to Clio", self._form(request.base, asked)))

    def _approve(self, request: Request) -> Response:
        form = request.form()
        asked = {name: form.get(name, "") for name in _CARRIED}
        if problem := self._problem(asked):
            return html_response(400, _page("Cannot connect", f"<p>{escape(problem)}</p>"))
        if form.get("decision") != "approve":
            return self._declined(asked)
        office = self._chosen(form.get("account_id", ""))
        if office is None:
            return html_response(400, _page("Cannot connect", "<p>Choose an account.</p>"))
        client = self._grants.client(asked["client_id"]) or {}
        user_id = int(form["user_id"]) if form.get("user_id", "").isdigit() else office.account["owner_id"]
        code = self._grants.new_code(
            asked["client_id"], asked["redirect_uri"], office.account_id, user_id, client["scopes"]
        )
        return _back(asked, {"code": code})

    def _token(self, request: Request) -> Response:
        form = request.form()
        client = self._grants.client(form.get("client_id", ""))
        if client is None or client["secret"] != form.get("client_secret"):
            return _error(401, "invalid_client", "Client authentication failed.")
        match form.get("grant_type"):
            case "authorization_code":
                return self._first_token(form)
            case "refresh_token":
                return self._next_token(form)
        return _error(400, "unsupported_grant_type", "The grant type is not supported.")

    def _first_token(self, form: dict[str, str]) -> Response:
        grant = self._grants.use_code(form.get("code", ""), form["client_id"], form.get("redirect_uri", ""))
        if grant is None:
            return _error(400, "invalid_grant", "The authorization code is invalid, expired or used.")
        return _tokens(*self._grants.issue(grant, Switches(self._store), refresh=True))

    def _next_token(self, form: dict[str, str]) -> Response:
        grant = self._grants.refresh(form.get("refresh_token", ""), form["client_id"])
        if grant is None:
            return _error(400, "invalid_grant", "The refresh token is invalid or revoked.")
        switches = Switches(self._store)
        rotates = switches["clio_refresh_rotates"] == "yes"
        if switches["clio_refresh_revokes"] == "yes":
            self._grants.end(grant, "access")
        if rotates:
            self._grants.end(grant, "refresh")
        return _tokens(*self._grants.issue(grant, switches, refresh=rotates))

    def _deauthorize(self, request: Request) -> Response:
        bearer = request.headers.get("authorization", "").partition(" ")[2].strip()
        grant = self._grants.live(request.form().get("token") or bearer)
        if grant is None or self._grants.live(bearer) is None:
            return _error(401, "invalid_token", "The access token is invalid, expired or revoked")
        self._grants.end(grant, "access")
        if Switches(self._store)["clio_deauthorize_ends_refresh"] == "yes":
            self._grants.end(grant, "refresh")
        return Response(200)

    def _problem(self, asked: dict[str, str]) -> str:
        client = self._grants.client(asked["client_id"])
        if client is None:
            return "This application is not known in this region."
        return "" if self._grants.may_redirect(client, asked["redirect_uri"]) else "The redirect URI is not registered."

    def _declined(self, asked: dict[str, str]) -> Response:
        always = Switches(self._store)["clio_decline_returns"] == "always"
        if always or asked["redirect_on_decline"] == "true":
            return _back(asked, {"error": "access_denied"})
        return html_response(200, _page("Declined", "<p>The application was not connected.</p>"))

    def _chosen(self, account_id: str) -> ClioOffice | None:
        return next(
            (office for office in accounts(self._store, self._region) if str(office.account_id) == account_id), None
        )

    def _form(self, base: str, asked: dict[str, str]) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in asked.items()
        )
        offices = accounts(self._store, self._region)
        if not offices:
            return "<p>There is no account in this region yet.</p>"
        choices = "".join(_choice(office.account, first=office is offices[0]) for office in offices)
        buttons = (
            '<button name="decision" value="approve">Allow access</button>'
            '<button name="decision" value="decline">Decline</button>'
        )
        return f'<form method="post" action="{escape(base)}/oauth/approve">{hidden}{choices}<p>{buttons}</p></form>'


def _choice(account: Doc, *, first: bool) -> str:
    checked = " checked" if first else ""
    radio = f'<input type="radio" name="account_id" value="{account["id"]}"{checked}>'
    return f"<p><label>{radio} {escape(account['name'])} (account {account['id']})</label></p>"


def _back(asked: dict[str, str], values: dict[str, str]) -> Response:
    if asked["state"]:
        values = {**values, "state": asked["state"]}
    uri = asked["redirect_uri"]
    return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(values)}")


def _tokens(access: str, renewal: str | None, life_s: int) -> Response:
    body = {"token_type": "bearer", "access_token": access, "expires_in": life_s}
    return json_response(200, body | ({"refresh_token": renewal} if renewal else {}))


def _error(status: int, error: str, description: str) -> Response:
    return json_response(status, {"error": error, "error_description": description})


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Clio stand-in</title></head>'
        f"<body><main><h1>{title}</h1><p>Clio stand-in</p>{body}</main></body></html>"
    )
