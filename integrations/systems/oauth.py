"""OAuth 2 with Clio and Intuit: where a person consents, and getting, renewing and giving back a grant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
from requests.auth import HTTPBasicAuth

from integrations.core.errors import Garbled, Refused, Trace, Unauthorized
from integrations.core.ports import SystemName
from integrations.systems.decipher import NAMES
from integrations.systems.oauth_session import TokenSession
from integrations.systems.origin import checked_base

TIMEOUT_S = (5, 15)  # renewals happen while a row is locked
DEFAULT_EXPIRES_S = 3600  # for a system that does not say how long its token lives
QUICKBOOKS_SCOPE = "com.intuit.quickbooks.accounting"
# Intuit's PHP SDK, July 2026: asks for the day after which no renewal helps any more.
HARD_EXPIRY_HEADER = "x-include-refresh-token-hard-expires-in"

# What oauthlib raises for an answer that is JSON but no token; it does not check what kind of JSON.
_UNUSABLE = (OAuth2Error, AttributeError, TypeError, ValueError, Warning)


@dataclass(frozen=True, slots=True)
class Provider:
    """One registered app at one system. ``auth``: client id and secret go into the form body, or as Basic.

    ``credentials`` names the settings that hold them, for messages.
    """

    system: SystemName
    authorize_url: str
    token_url: str
    revoke_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scope: str = ""
    auth: Literal["body", "basic"] = "basic"
    credentials: str = "the client id and secret"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a system granted. Lifetimes are seconds from the answer; None where the system does not say."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    refresh_expires_in_s: int | None = None
    hard_expires_in_s: int | None = None


def clio_provider(
    root: str,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    credentials: str = "CLIO_CLIENT_ID and CLIO_CLIENT_SECRET",
) -> Provider:
    """Clio's endpoints below the root of one region (Clio API docs: authorization). Raises WrongAddress."""
    root = checked_base(root)
    return Provider(
        system="clio",
        authorize_url=f"{root}/oauth/authorize",
        token_url=f"{root}/oauth/token",
        revoke_url=f"{root}/oauth/deauthorize",
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=redirect_uri,
        auth="body",
        credentials=credentials,
    )


def authorize_url(provider: Provider, state: str) -> str:
    """Where the person's browser is sent to consent. Raises WrongAddress."""
    extra = {"redirect_on_decline": "true"} if provider.system == "clio" else {}
    session = _session(provider, None)
    session.scope = provider.scope.split() or None
    url, _ = session.authorization_url(session.guarded(provider.authorize_url), state=state, **extra)
    return urlsplit(str(url))._replace(scheme=urlsplit(provider.authorize_url).scheme).geturl()


def exchange(provider: Provider, code: str, session: requests.Session | None = None) -> Grant:
    """Redeems the code of a callback, once. Raises RemoteError, WrongAddress."""
    tokens = _session(provider, session)
    url = tokens.guarded(provider.token_url)
    client: dict[str, Any] = {"auth": _basic(provider)}
    if provider.auth == "body":
        client = {"include_client_id": True, "client_secret": provider.client_secret}
    try:
        answer = tokens.fetch_token(url, code=code, timeout=TIMEOUT_S, headers=_headers(provider), **client)
    except _UNUSABLE:
        raise _unusable(provider) from None
    return _grant(provider, answer)


def refresh(provider: Provider, refresh_token: str, session: requests.Session | None = None) -> Grant:
    """A renewed grant; it carries the refresh token to keep: the new one, or the old where none came back.

    Raises Unauthorized (reconnect) when the grant is dead, Garbled or Unreachable when trying again may help,
    WrongAddress.
    """
    tokens = _session(provider, session)
    url = tokens.guarded(provider.token_url)
    client: dict[str, Any] = {"auth": _basic(provider)}
    if provider.auth == "body":
        client = {"client_id": provider.client_id, "client_secret": provider.client_secret}
    try:
        answer = tokens.refresh_token(
            url,
            refresh_token=refresh_token,
            timeout=TIMEOUT_S,
            headers=_headers(provider),
            **client,
        )
    except _UNUSABLE:
        raise _unusable(provider) from None
    return _grant(provider, answer)


def revoke(provider: Provider, grant: Grant, session: requests.Session | None = None) -> bool:
    """Gives the grant back; False where the system no longer knew it. Raises RemoteError, WrongAddress."""
    tokens = _session(provider, session)
    url, headers = tokens.guarded(provider.revoke_url), {"Accept": "application/json"}
    if provider.auth == "body":
        headers["Authorization"] = f"Bearer {grant.access_token}"
        asked: dict[str, Any] = {"data": {"token": grant.access_token}}
    else:
        asked = {"json": {"token": grant.refresh_token}, "auth": _basic(provider)}
    try:
        tokens.post(url, withhold_token=True, headers=headers, timeout=TIMEOUT_S, **asked)
    except (Unauthorized, Refused):
        return False
    return True


def _session(provider: Provider, carrier: requests.Session | None) -> TokenSession:
    return TokenSession(
        provider.system,
        provider.client_id,
        redirect_uri=provider.redirect_uri,
        credentials=provider.credentials,
        carrier=carrier,
    )


def _basic(provider: Provider) -> HTTPBasicAuth:
    return HTTPBasicAuth(provider.client_id.encode(), provider.client_secret.encode())


def _headers(provider: Provider) -> dict[str, str]:
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    return headers | ({HARD_EXPIRY_HEADER: "true"} if provider.system == "quickbooks" else {})


def _grant(provider: Provider, answer: Mapping[str, object]) -> Grant:
    """Raises Garbled for an answer that lacks a token."""
    access, renewal = answer.get("access_token"), answer.get("refresh_token")
    if not (isinstance(access, str) and access and isinstance(renewal, str) and renewal):
        raise _unusable(provider)
    return Grant(
        access_token=access,
        refresh_token=renewal,
        expires_in_s=_seconds(answer.get("expires_in")) or DEFAULT_EXPIRES_S,
        refresh_expires_in_s=_seconds(answer.get("x_refresh_token_expires_in")),
        hard_expires_in_s=_seconds(answer.get("x_refresh_token_hard_expires_in")),
    )


def _seconds(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return max(int(value), 0)
    except ValueError:
        return None


def _unusable(provider: Provider) -> Garbled:
    trace = Trace(provider.system, "POST", urlsplit(provider.token_url).path, 200)
    return Garbled(f"{NAMES[provider.system]} sent no usable token", trace)
