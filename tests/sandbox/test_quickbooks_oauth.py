"""Connecting to the QuickBooks stand-in: consent, tokens, rotation, expiry; and the caller the other tests use."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.sandbox.http import Request, Response, dumps
from integrations.sandbox.quickbooks.office import QuickBooksOffice, open_company
from integrations.sandbox.quickbooks.stand_in import QuickBooksStandIn
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sandbox.store import Store

BASE = "http://localhost:9000/quickbooks"
REDIRECT = "http://localhost:8000/oauth/quickbooks/callback/"
SCOPE = "com.intuit.quickbooks.accounting"
BASIC = "Basic " + base64.b64encode(b"sandbox-quickbooks:sandbox-quickbooks-secret").decode()
FORM = "application/x-www-form-urlencoded"


class Caller:
    """One company and an app connected to it, over Request and Response; limits are off."""

    def __init__(self, **company: Any) -> None:
        self.store = Store()
        self.office: QuickBooksOffice = open_company(self.store, "Acme Law", **company)
        self.stand_in = QuickBooksStandIn(self.store)
        self.watch: Callable[[Mapping[str, Any]], None] = lambda body: None
        self.limits(minute=0, second=0, batch_minute=0)
        self.token = self.connect()["access_token"]

    def limits(self, **limits: int) -> None:
        for name, value in limits.items():
            self.store.set_setting(f"qbo:limit:{name}", value)

    def switch(self, name: str, value: Any) -> None:
        set_switch(self.store, name, value)

    def authorize(self, method: str = "GET", form: str = "", **changes: str) -> Response:
        params = {
            "client_id": "sandbox-quickbooks",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": SCOPE,
            "state": "s1",
            **changes,
        }
        request = Request(method, "/connect/oauth2", tuple(params.items()), {}, form.encode(), BASE)
        return self.stand_in.handle(request)

    def consented(self, decision: str = "connect") -> dict[str, str]:
        answer = self.authorize("POST", f"decision={decision}&company={self.office.realm}")
        assert answer.status == 302
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def token_call(self, form: str, basic: str = BASIC, **headers: str) -> Response:
        sent = {"authorization": basic, "content-type": FORM, "accept": "application/json", **headers}
        return self.stand_in.handle(Request("POST", "/oauth2/v1/tokens/bearer", (), sent, form.encode(), BASE))

    def connect(self) -> dict[str, Any]:
        code = self.consented()["code"]
        answer = self.token_call(f"grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}")
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Response:
        headers = {
            "authorization": f"Bearer {self.token}",
            "accept": "application/json",
            "content-type": "application/json",
        }
        data = b"" if body is None else dumps(body).encode()
        full = f"/v3/company/{self.office.realm}/{path}"
        answer = self.stand_in.handle(Request(method, full, tuple(query.items()), headers, data, BASE))
        if answer.headers["content-type"].startswith("application/json"):
            self.watch(parsed(answer))
        return answer

    def post(self, path: str, body: Any, **query: str) -> dict[str, Any]:
        """The document answered to a write that has to succeed."""
        answer = self.call("POST", path, body, **query)
        assert answer.status == 200, answer.body
        return next(dict(value) for name, value in parsed(answer).items() if name != "time")

    def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = self.call("GET", path, **query)
        assert answer.status == 200, answer.body
        return next(dict(value) for name, value in parsed(answer).items() if name != "time")

    def query(self, text: str) -> dict[str, Any]:
        return self.get("query", query=text)

    def refused(self, path: str, body: Any, **query: str) -> str:
        """The code a write is refused with."""
        return code_of(self.call("POST", path, body, **query))

    def item(self, **members: Any) -> str:
        name = members.pop("name", "Legal Fees")
        found = [one["Id"] for one in self.office.all("Item") if one["Name"] == name]
        if found:
            return str(found[0])
        return str(self.office.create_item(name, self.office.account_id("services"), **members)["Id"])

    def customer(self, name: str = "Ann Lee", **members: Any) -> str:
        return str(self.office.create_customer(name, **members)["Id"])

    def invoice_body(self, customer: str, *amounts: str, **members: Any) -> dict[str, Any]:
        lines = [sales_line(self.item(), amount) for amount in amounts or ("100",)]
        return {"CustomerRef": {"value": customer}, "TxnDate": "2026-03-01", "Line": lines, **members}

    def invoice(self, customer: str, *amounts: str, **members: Any) -> dict[str, Any]:
        return self.post("invoice", self.invoice_body(customer, *amounts, **members))

    def balanced(self) -> bool:
        """The running totals equal those added up afresh, and debits equal credits."""
        accounts, customers = self.office.recomputed_balances()
        running = self.office.trial_balance()
        return running == accounts and self.office.balances_by_customer() == customers and not sum(running.values())


def sales_line(item: str, amount: str, **detail: Any) -> dict[str, Any]:
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": Decimal(amount),
        "SalesItemLineDetail": {"ItemRef": {"value": item}, "TaxCodeRef": {"value": "NON"}, **detail},
    }


def applied(id: str, amount: str, kind: str = "Invoice", **extra: str) -> dict[str, Any]:
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": id, "TxnType": kind, **extra}]}


def key(doc: Mapping[str, Any]) -> dict[str, Any]:
    return {"Id": doc["Id"], "SyncToken": doc["SyncToken"]}


def parsed(answer: Response) -> dict[str, Any]:
    return dict(json.loads(answer.body, parse_float=Decimal))


def code_of(answer: Response) -> str:
    body = parsed(answer)
    assert "Fault" in body, body
    assert answer.status == 400
    return str(body["Fault"]["Error"][0]["code"])


def test_discovery_names_endpoints_below_the_address_it_is_served_at() -> None:
    stand_in = Caller().stand_in
    for path in ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration/"):
        found = parsed(stand_in.handle(Request("GET", path, base=BASE)))
        assert found["authorization_endpoint"] == f"{BASE}/connect/oauth2"
        assert found["token_endpoint"] == f"{BASE}/oauth2/v1/tokens/bearer"
        assert found["revocation_endpoint"] == f"{BASE}/v2/oauth2/tokens/revoke"


def test_the_consent_page_lists_every_company_and_escapes_names() -> None:
    caller = Caller()
    open_company(caller.store, "Bob & <Sons>")
    page = caller.authorize().body.decode()
    assert "Acme Law" in page
    assert "Bob &amp; &lt;Sons&gt;" in page
    assert "<script" not in page
    assert "style=" not in page


def test_consent_sends_code_state_and_realm_to_the_app() -> None:
    caller = Caller()
    back = caller.consented()
    assert back["state"] == "s1"
    assert back["realmId"] == caller.office.realm
    assert back["code"]


def test_cancelling_the_consent_sends_access_denied() -> None:
    assert Caller().consented("cancel") == {"error": "access_denied", "state": "s1"}


def test_an_unknown_scope_sends_invalid_scope() -> None:
    answer = Caller().authorize(scope="everything")
    assert "error=invalid_scope" in answer.headers["location"]


@pytest.mark.parametrize("changes", [{"client_id": "stranger"}, {"redirect_uri": "https://evil.example/cb"}])
def test_an_unknown_app_or_address_is_never_redirected_to(changes: dict[str, str]) -> None:
    assert Caller().authorize(**changes).status == 400


def test_a_registered_app_needs_its_exact_redirect_address() -> None:
    caller = Caller()
    caller.stand_in.register_client("other", "secret", ["https://app.example/cb"])
    assert caller.authorize(client_id="other", redirect_uri="https://app.example/cb").status == 200
    assert caller.authorize(client_id="other", redirect_uri="https://app.example/cb/x").status == 400


def test_a_code_works_once_and_a_repeat_kills_its_tokens() -> None:
    caller = Caller()
    form = f"grant_type=authorization_code&code={caller.consented()['code']}&redirect_uri={REDIRECT}"
    caller.token = parsed(caller.token_call(form))["access_token"]
    assert caller.call("GET", "preferences").status == 200
    again = caller.token_call(form)
    assert (again.status, parsed(again)) == (400, {"error": "invalid_grant"})
    assert caller.call("GET", "preferences").status == 401


def test_a_token_call_with_a_wrong_secret_is_invalid_client() -> None:
    wrong = "Basic " + base64.b64encode(b"sandbox-quickbooks:nope").decode()
    answer = Caller().token_call("grant_type=refresh_token&refresh_token=x", basic=wrong)
    assert (answer.status, parsed(answer)) == (401, {"error": "invalid_client"})


def refresh(caller: Caller, token: str, **headers: str) -> Response:
    return caller.token_call(f"grant_type=refresh_token&refresh_token={token}", **headers)


def test_a_refresh_answers_with_a_new_token_and_the_old_one_is_dead() -> None:
    caller = Caller()
    first = caller.connect()["refresh_token"]
    second = parsed(refresh(caller, first))["refresh_token"]
    assert second != first
    assert parsed(refresh(caller, first)) == {"error": "invalid_grant"}
    assert refresh(caller, second).status == 200


def test_with_the_grace_switch_a_superseded_token_works_for_a_day() -> None:
    caller = Caller()
    caller.switch("refresh_grace", "24h")
    first = caller.connect()["refresh_token"]
    refresh(caller, first)
    assert refresh(caller, first).status == 200
    caller.store.advance(timedelta(hours=25).total_seconds())
    assert refresh(caller, first).status == 400


@pytest.mark.parametrize(
    ("rule", "hours", "rotates"), [("daily", 1, False), ("daily", 25, True), ("never", 999, False)]
)
def test_rotation_follows_its_switch(rule: str, hours: int, rotates: bool) -> None:
    caller = Caller()
    caller.switch("refresh_rotation", rule)
    first = caller.connect()["refresh_token"]
    caller.store.advance(hours * 3600)
    assert (parsed(refresh(caller, first))["refresh_token"] != first) is rotates


def test_a_refresh_token_dies_after_101_days_without_use() -> None:
    caller = Caller()
    first = caller.connect()["refresh_token"]
    caller.store.advance(102 * 86_400)
    assert refresh(caller, first).status == 400


def test_the_hard_expiry_is_told_when_asked_for_and_ends_the_chain() -> None:
    caller = Caller()
    token = caller.connect()["refresh_token"]
    told = parsed(refresh(caller, token, **{"x-include-refresh-token-hard-expires-in": "true"}))
    assert told["x_refresh_token_hard_expires_in"] <= 5 * 365 * 86_400
    token = told["refresh_token"]
    for _ in range(19):
        caller.store.advance(99 * 86_400)
        answer = refresh(caller, token)
        if answer.status == 400:
            return
        token = parsed(answer)["refresh_token"]
    pytest.fail("the chain never ended")


def test_an_access_token_expires_after_an_hour_of_the_stand_ins_clock() -> None:
    caller = Caller()
    caller.store.advance(3601)
    answer = caller.call("GET", "preferences")
    body = parsed(answer)
    assert answer.status == 401
    assert body["fault"]["error"][0]["code"] == "3200"
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert isinstance(body["time"], int)
    assert "invalid_token" in answer.headers["www-authenticate"]


def test_a_token_of_another_company_is_403_3100() -> None:
    caller = Caller()
    caller.office = open_company(caller.store, "Other Law")
    answer = caller.call("GET", "preferences")
    assert answer.status == 403
    assert parsed(answer)["fault"]["error"][0]["code"] == "3100"


def test_revoking_either_token_ends_the_connection() -> None:
    for name in ("access_token", "refresh_token"):
        caller = Caller()
        tokens = caller.connect()
        caller.token = tokens["access_token"]
        headers = {"authorization": BASIC, "content-type": "application/json"}
        body = dumps({"token": tokens[name]}).encode()
        answer = caller.stand_in.handle(Request("POST", "/v2/oauth2/tokens/revoke", (), headers, body, BASE))
        assert answer.status == 200
        assert caller.call("GET", "preferences").status == 401
        assert refresh(caller, tokens["refresh_token"]).status == 400


def test_a_person_who_disconnects_the_apps_ends_every_token() -> None:
    caller = Caller()
    caller.office.disconnect_apps()
    assert caller.call("GET", "preferences").status == 401
