"""Getting, renewing and giving back a grant, without a word of it in any log."""

import base64
import logging
import os
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from integrations.core import errors
from integrations.core.errors import Remedy
from integrations.sandbox.http import Response, html_response
from integrations.systems import discovery, oauth
from integrations.systems.discovery import DOCUMENTED, discover, quickbooks_provider
from integrations.systems.oauth import Grant, Provider, clio_provider
from integrations.systems.origin import WrongAddress
from tests.systems.fakes import Remote, answer

LOCAL = "http://127.0.0.1:8000/sandbox"
REDIRECT = "https://portal.test/oauth/clio/callback/"
GRANT = Grant("access-secret-1", "refresh-secret-1", 3600)
TOKENS = {
    "token_type": "bearer",
    "access_token": "access-secret-2",
    "refresh_token": "refresh-secret-2",
    "expires_in": 3600,
    "x_refresh_token_expires_in": 8726400,
    "x_refresh_token_hard_expires_in": 157680000,
    "scope": "something.else",
}


def clio(root: str = "https://eu.app.clio.com") -> Provider:
    return clio_provider(root, "client-1", "client-secret-1", REDIRECT)


def quickbooks() -> Provider:
    return quickbooks_provider(DOCUMENTED, "client-1", "client-secret-1", REDIRECT)


PROVIDERS = [(clio, "https://eu.app.clio.com"), (quickbooks, "https://oauth.platform.intuit.com")]


@pytest.fixture(autouse=True)
def _fresh_discovery() -> Iterator[None]:
    discovery.forget()
    yield
    discovery.forget()


def test_clio_consent_is_asked_for_in_its_region_and_without_a_scope() -> None:
    parts = urlsplit(oauth.authorize_url(clio(), "state-1"))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "eu.app.clio.com", "/oauth/authorize")
    assert dict(parse_qsl(parts.query)) == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": REDIRECT,
        "state": "state-1",
        "redirect_on_decline": "true",
    }


def test_intuit_consent_names_the_accounting_scope() -> None:
    parts = urlsplit(oauth.authorize_url(quickbooks(), "state-1"))
    query = dict(parse_qsl(parts.query))
    assert query["scope"] == "com.intuit.quickbooks.accounting"
    assert query["state"] == "state-1"
    assert "redirect_on_decline" not in query


def test_clio_gets_the_secret_in_the_body() -> None:
    remote = Remote(answer(TOKENS), base="https://eu.app.clio.com")
    oauth.exchange(clio(), "code-1", remote.session())
    (request,) = remote.seen
    assert (request.method, request.path) == ("POST", "/oauth/token")
    assert request.form() == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": REDIRECT,
        "client_id": "client-1",
        "client_secret": "client-secret-1",
    }
    assert "authorization" not in request.headers


def test_intuit_gets_the_secret_as_basic_and_is_asked_for_the_hard_expiry() -> None:
    remote = Remote(answer(TOKENS), base="https://oauth.platform.intuit.com")
    grant = oauth.exchange(quickbooks(), "code-1", remote.session())
    (request,) = remote.seen
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"client-1:client-secret-1"
    assert request.form() == {"grant_type": "authorization_code", "code": "code-1", "redirect_uri": REDIRECT}
    assert request.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert grant == Grant("access-secret-2", "refresh-secret-2", 3600, 8726400, 157680000)


def test_clio_keeps_the_refresh_token_that_is_stored() -> None:
    renewed = {key: TOKENS[key] for key in ("token_type", "access_token", "expires_in")}
    remote = Remote(answer(renewed), base="https://eu.app.clio.com")
    grant = oauth.refresh(clio(), "refresh-secret-1", remote.session())
    assert (grant.access_token, grant.refresh_token) == ("access-secret-2", "refresh-secret-1")
    assert remote.seen[0].form() == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-secret-1",
        "client_id": "client-1",
        "client_secret": "client-secret-1",
    }


def test_intuit_rotates_the_refresh_token() -> None:
    remote = Remote(answer(TOKENS), base="https://oauth.platform.intuit.com")
    assert oauth.refresh(quickbooks(), "refresh-secret-1", remote.session()).refresh_token == "refresh-secret-2"
    assert remote.seen[0].form() == {"grant_type": "refresh_token", "refresh_token": "refresh-secret-1"}


REFUSALS = [
    (answer({"error": "invalid_grant"}, 400), errors.Unauthorized, Remedy.RECONNECT),
    (answer({"error": "invalid_grant", "error_description": "revoked"}, 401), errors.Unauthorized, Remedy.RECONNECT),
    (answer({"error": "invalid_client"}, 401), errors.Forbidden, Remedy.ASK),
    (answer({"error": "invalid_scope"}, 400), errors.Refused, Remedy.ASK),
    (answer({"error": {"type": "Odd", "message": "object"}}, 400), errors.Refused, Remedy.ASK),
    (answer({"error": "invalid_grant"}, 200), errors.Unauthorized, Remedy.RECONNECT),
    (html_response(502, "<html>Bad gateway</html>"), errors.Garbled, Remedy.RETRY),
    (answer({"error": "server_error"}, 500), errors.Garbled, Remedy.RETRY),
    (html_response(200, "<html>Sign in</html>"), errors.Garbled, Remedy.RETRY),
    (answer({"token_type": "bearer"}), errors.Garbled, Remedy.RETRY),
    (answer({**TOKENS, "access_token": 5}), errors.Garbled, Remedy.RETRY),
    (answer({**TOKENS, "expires_in": "soon"}), errors.Garbled, Remedy.RETRY),
    (answer([]), errors.Garbled, Remedy.RETRY),
    (Response(200, b""), errors.Garbled, Remedy.RETRY),
    (Response(307, b"", {"location": "https://evil.test/token"}), errors.Garbled, Remedy.RETRY),
    (answer({}, 429, Retry_After="5"), errors.Throttled, Remedy.RETRY),
    (requests.ConnectTimeout("no route"), errors.Unreachable, Remedy.RETRY),
    (requests.ReadTimeout("read timed out"), errors.Garbled, Remedy.RETRY),
]


@pytest.mark.parametrize(("make", "base"), PROVIDERS)
@pytest.mark.parametrize(("step", "kind", "remedy"), REFUSALS)
def test_what_a_token_endpoint_can_answer(
    make: object, base: str, step: Response | Exception, kind: type[errors.RemoteError], remedy: Remedy
) -> None:
    provider = make()  # type: ignore[operator]
    for ask in (oauth.refresh, oauth.exchange):
        remote = Remote(step, base=base)
        with pytest.raises(errors.RemoteError) as caught:
            ask(provider, "refresh-secret-1", remote.session())
        assert type(caught.value) is kind
        assert caught.value.remedy is remedy
        assert len(remote.seen) == 1, "a code is redeemed once"
        assert "secret" not in f"{caught.value!r} {caught.value.trace}".replace("_SECRET", "")


def test_wrong_credentials_name_the_settings_that_hold_them() -> None:
    remote = Remote(answer({"error": "invalid_client"}, 401), base="https://oauth.platform.intuit.com")
    with pytest.raises(errors.Forbidden, match="QBO_CLIENT_ID and QBO_CLIENT_SECRET"):
        oauth.refresh(quickbooks(), "refresh-secret-1", remote.session())


def test_a_grant_is_given_back_to_clio() -> None:
    remote = Remote(Response(200), base="https://eu.app.clio.com")
    assert oauth.revoke(clio(), GRANT, remote.session())
    (request,) = remote.seen
    assert (request.path, request.form()) == ("/oauth/deauthorize", {"token": "access-secret-1"})
    assert request.headers["authorization"] == "Bearer access-secret-1"


def test_a_grant_is_given_back_to_intuit() -> None:
    remote = Remote(Response(200), base="https://developer.api.intuit.com")
    assert oauth.revoke(quickbooks(), GRANT, remote.session())
    (request,) = remote.seen
    assert (request.path, request.json()) == ("/v2/oauth2/tokens/revoke", {"token": "refresh-secret-1"})
    assert request.headers["authorization"].startswith("Basic ")


def test_a_grant_that_was_dead_already_is_given_back_too() -> None:
    dead = Remote(answer({"error": "invalid_token"}, 401), base="https://eu.app.clio.com")
    assert not oauth.revoke(clio(), GRANT, dead.session())
    unknown = Remote(answer({"error": "invalid_request"}, 400), base="https://developer.api.intuit.com")
    assert not oauth.revoke(quickbooks(), GRANT, unknown.session())


def test_a_grant_that_may_still_live_is_an_error() -> None:
    down = Remote(html_response(503, "<html>"), base="https://eu.app.clio.com")
    with pytest.raises(errors.Garbled):
        oauth.revoke(clio(), GRANT, down.session())


def test_no_token_secret_or_code_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    for logger in ("", "requests_oauthlib", "oauthlib", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=logger)
    for make, base in PROVIDERS:
        session = Remote(answer(TOKENS), base=base).session()
        provider = make()
        oauth.exchange(provider, "code-secret-1", session)
        oauth.refresh(provider, "refresh-secret-1", session)
        with pytest.raises(errors.RemoteError):
            oauth.refresh(
                provider, "refresh-secret-1", Remote(answer({"error": "invalid_grant"}, 400), base=base).session()
            )
    oauth.revoke(clio(), GRANT, Remote(Response(200), base="https://eu.app.clio.com").session())
    assert "secret" not in caplog.text


def test_a_grant_and_a_provider_do_not_print_their_secrets() -> None:
    assert "secret" not in f"{GRANT!r} {GRANT} {clio()!r}".replace("CLIO_CLIENT_SECRET", "")


def test_a_stand_in_on_this_machine_works_over_http_while_the_library_stays_strict() -> None:
    before = dict(os.environ)
    provider = clio_provider(f"{LOCAL}/clio", "client-1", "client-secret-1", "http://localhost:8000/cb")
    remote = Remote(answer(TOKENS), base=LOCAL)
    assert oauth.authorize_url(provider, "s").startswith(f"{LOCAL}/clio/oauth/authorize?")
    assert oauth.exchange(provider, "code-1", remote.session()).access_token == "access-secret-2"
    assert oauth.refresh(provider, "refresh-secret-1", remote.session()).refresh_token == "refresh-secret-2"
    assert oauth.revoke(provider, GRANT, remote.session())
    assert [request.path for request in remote.seen] == [
        "/clio/oauth/token",
        "/clio/oauth/token",
        "/clio/oauth/deauthorize",
    ]
    assert dict(os.environ) == before


def test_plain_http_to_another_machine_is_refused() -> None:
    with pytest.raises(WrongAddress):
        clio_provider("http://app.clio.com", "client-1", "client-secret-1", REDIRECT)
    leaky = Provider("clio", "http://x.test/a", "http://x.test/t", "http://x.test/r", "c", "s", REDIRECT)
    remote = Remote(answer(TOKENS), base="http://x.test")
    for ask in (lambda: oauth.refresh(leaky, "r", remote.session()), lambda: oauth.authorize_url(leaky, "s")):
        with pytest.raises(WrongAddress):
            ask()
    assert remote.seen == []


INTUIT = "https://developer.api.intuit.com"
DOCUMENT = f"{INTUIT}/.well-known/openid_configuration/"


def document(host: str) -> dict[str, str]:
    return {
        "authorization_endpoint": f"{host}/connect/oauth2",
        "token_endpoint": f"{host}/oauth2/v1/tokens/bearer",
        "revocation_endpoint": f"{host}/v2/oauth2/tokens/revoke",
    }


def test_endpoints_come_from_the_document_and_are_read_once() -> None:
    remote = Remote(answer(document("https://new.intuit.com")), base=INTUIT)
    for _ in range(2):
        assert discover(DOCUMENT, remote.session()).token_url == "https://new.intuit.com/oauth2/v1/tokens/bearer"
    assert len(remote.seen) == 1


@pytest.mark.parametrize("step", [html_response(503, "<html>"), requests.ConnectTimeout("no route"), answer({})])
def test_only_intuits_own_document_has_a_substitute_and_only_until_it_is_back(step: Response | Exception) -> None:
    assert discover(DOCUMENT, Remote(step, base=INTUIT).session()) == DOCUMENTED
    back = Remote(answer(document("https://new.intuit.com")), base=INTUIT)
    assert discover(DOCUMENT, back.session()).token_url.startswith("https://new.intuit.com")
    with pytest.raises(errors.RemoteError):
        discover(f"{LOCAL}/quickbooks/.well-known/openid_configuration", Remote(step, base=LOCAL).session())


def test_a_stand_ins_document_may_name_a_stand_in() -> None:
    remote = Remote(answer(document(f"{LOCAL}/quickbooks")), base=LOCAL)
    found = discover(f"{LOCAL}/quickbooks/.well-known/openid_configuration", remote.session())
    assert found.authorize_url == f"{LOCAL}/quickbooks/connect/oauth2"


@pytest.mark.parametrize("host", ["https://evil.test", "http://oauth.intuit.com", "http://127.0.0.1"])
def test_intuits_document_cannot_send_secrets_elsewhere(host: str) -> None:
    assert discover(DOCUMENT, Remote(answer(document(host)), base=INTUIT).session()) == DOCUMENTED


def test_a_foreign_document_cannot_point_at_this_machine() -> None:
    remote = Remote(answer(document("http://127.0.0.1:5432")), base="https://vendor.test")
    with pytest.raises(errors.Garbled):
        discover("https://vendor.test/openid", remote.session())
