"""Intuit's OAuth endpoints, taken from its discovery document."""

from collections.abc import Mapping
from dataclasses import dataclass

import requests

from integrations.core.errors import Garbled, Remedy, RemoteError, Trace
from integrations.core.read import text
from integrations.systems.decipher import Answer, decipher
from integrations.systems.oauth import QUICKBOOKS_SCOPE, Provider
from integrations.systems.origin import WrongAddress, checked_base, is_loopback, origin
from integrations.systems.session import TIMEOUT_S, lost, new_session


@dataclass(frozen=True, slots=True)
class Endpoints:
    authorize_url: str
    token_url: str
    revoke_url: str


# Intuit developer: OAuth 2.0. Used only while Intuit's own discovery document cannot be read.
DOCUMENTED = Endpoints(
    authorize_url="https://appcenter.intuit.com/connect/oauth2",
    token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 - an address
    revoke_url="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
)
_found: dict[str, Endpoints] = {}  # by discovery address, for the life of the process


def discover(discovery_url: str, session: requests.Session | None = None) -> Endpoints:
    """The endpoints the document names. Raises RemoteError, WrongAddress."""
    if discovery_url in _found:
        return _found[discovery_url]
    try:
        checked_base(discovery_url)
        endpoints = _read(discovery_url, session or new_session())
    except RemoteError as error:
        if error.remedy is Remedy.RETRY and _is_intuit(discovery_url):
            return DOCUMENTED
        raise
    _found[discovery_url] = endpoints
    return endpoints


def forget() -> None:
    """Reads the document again next time."""
    _found.clear()


def quickbooks_provider(endpoints: Endpoints, client_id: str, client_secret: str, redirect_uri: str) -> Provider:
    return Provider(
        system="quickbooks",
        authorize_url=endpoints.authorize_url,
        token_url=endpoints.token_url,
        revoke_url=endpoints.revoke_url,
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=redirect_uri,
        scope=QUICKBOOKS_SCOPE,
        auth="basic",
        credentials="QBO_CLIENT_ID and QBO_CLIENT_SECRET",
    )


def _read(url: str, session: requests.Session) -> Endpoints:
    trace = Trace("quickbooks", "GET", "discovery")
    try:
        response = session.get(url, headers={"Accept": "application/json"}, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise lost(error, trace) from None
    meaning = decipher(Answer(response.status_code, {}, response.content), trace)
    if isinstance(meaning, RemoteError):
        raise meaning
    return _endpoints(meaning, url, trace)


def _endpoints(document: object, url: str, trace: Trace) -> Endpoints:
    """Raises Garbled for a document that names no endpoint, or one that must not be called."""
    names = ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
    if not isinstance(document, Mapping) or not all(text(document, name) for name in names):
        raise Garbled("Intuit's discovery document names no endpoints", trace)
    found = Endpoints(*(text(document, name) for name in names))
    try:
        for endpoint in (found.authorize_url, found.token_url, found.revoke_url):
            _check(endpoint, url)
    except WrongAddress as error:
        raise Garbled(f"Intuit's discovery document names an endpoint that is not safe: {error}", trace) from None
    return found


def _check(endpoint: str, discovery_url: str) -> None:
    """Intuit's document may name only Intuit's hosts; a document on another machine none on this one."""
    checked_base(endpoint)
    if _is_intuit(discovery_url) and not _is_intuit(endpoint):
        raise WrongAddress("a host that is not Intuit's")
    if is_loopback(origin(endpoint)[1]) and not is_loopback(origin(discovery_url)[1]):
        raise WrongAddress("an address on this machine")


def _is_intuit(url: str) -> bool:
    scheme, host, _ = origin(url)
    return scheme == "https" and host.endswith(".intuit.com")
