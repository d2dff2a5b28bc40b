"""The OAuth2Session that talks to token endpoints: no redirects, no tokens in logs, failures as RemoteErrors."""

import logging
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth2Session  # type: ignore[import-untyped]

from integrations.core.errors import (
    Forbidden,
    Garbled,
    Refused,
    RemoteError,
    Throttled,
    Trace,
    Unauthorized,
)
from integrations.core.ports import SystemName
from integrations.systems import wire
from integrations.systems.decipher import NAMES, Fault, find_fault, retry_after_s, vendor_id
from integrations.systems.origin import checked_base, is_loopback, origin
from integrations.systems.session import lost, new_session

_CLIENT_REFUSED = frozenset({"invalid_client", "unauthorized_client"})


class _NoDebug(logging.Filter):
    """requests-oauthlib logs tokens and bodies below WARNING; those lines are dropped where they arise."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


logging.getLogger("requests_oauthlib.oauth2_session").addFilter(_NoDebug())


class TokenSession(OAuth2Session):  # type: ignore[misc]
    """Asks one endpoint for one thing. ``carrier`` is the session whose adapters carry the request."""

    def __init__(
        self,
        system: SystemName,
        client_id: str,
        *,
        redirect_uri: str = "",
        scope: list[str] | None = None,
        credentials: str = "the client id and secret",
        carrier: requests.Session | None = None,
    ) -> None:
        super().__init__(client_id, redirect_uri=redirect_uri, scope=scope)
        carrier = carrier or new_session()
        for prefix, adapter in carrier.adapters.items():
            self.mount(prefix, adapter)
        self.max_redirects = 0  # the request carries secrets; they go nowhere else
        self._system: SystemName = system
        self._credentials = credentials

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises RemoteError for anything but a 200 without an error in it."""
        trace = Trace(self._system, method, urlsplit(url).path)
        try:
            response: requests.Response = super().request(method, url, *args, **kwargs)
        except requests.RequestException as error:
            raise lost(error, trace) from None  # the cause holds the request
        refusal = self._refusal(response, trace)
        if refusal:
            raise refusal
        return response

    def guarded(self, url: str) -> str:
        """``url`` as oauthlib accepts it: https.

        A stand-in on this machine is served over http. Its address is handed to oauthlib as https and an adapter
        of this one session takes it back, so that the library's check stays on for the whole process.
        Raises WrongAddress for http to any other machine.
        """
        checked_base(url)
        if is_loopback(origin(url)[1]):
            self.trust_env = False
        if not url.startswith("http://"):
            return url
        secure = as_https(url)
        self.mount(secure, _LoopbackAdapter(self.get_adapter(url)))
        return secure

    def _refusal(self, response: requests.Response, trace: Trace) -> RemoteError | None:
        headers = {name.lower(): value for name, value in response.headers.items()}
        fault = _fault(response)
        if response.status_code == 200 and fault is None:
            return None
        code = fault.code if fault else ""
        trace = Trace(trace.system, trace.method, trace.path, response.status_code, code, vendor_id(headers))
        name = NAMES[self._system]
        if response.status_code == 429:
            return Throttled(f"{name} asks to wait", trace, retry_after_s(headers))
        if fault is None or response.status_code >= 500:
            return Garbled(f"{name} answered {response.status_code} when asked about a token", trace)
        if code in ("invalid_grant", "invalid_token"):
            return Unauthorized(f"{name} no longer accepts this connection; it has to be connected again", trace)
        if code in _CLIENT_REFUSED:
            return Forbidden(f"{name} does not accept {self._credentials}", trace)
        return Refused(f"{name} refused to give a token ({code})", trace)


class _LoopbackAdapter(BaseAdapter):
    """Sends an https request for this machine over http, through the adapter that serves the http address."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self._inner = inner

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = "http://" + (request.url or "").removeprefix("https://")
        return self._inner.send(request, *args, **kwargs)

    def close(self) -> None:
        """The adapter behind belongs to the carrier."""


def as_https(url: str) -> str:
    return "https://" + url.partition("://")[2]


def _fault(response: requests.Response) -> Fault | None:
    try:
        return find_fault(wire.parse(response.content))
    except wire.NotJson:
        return None
