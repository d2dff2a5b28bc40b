"""Carries requests to a stand-in in the same process: a ``requests`` adapter without a socket."""

import io
from collections.abc import Mapping
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import NewConnectionError

from integrations.sandbox.http import Handler, Request, Response


class InProcessAdapter(BaseAdapter):
    """Answers every request below ``base`` by calling ``handle``; anything else is a refused connection.

    Mount it on a session: ``session.mount(base, InProcessAdapter(world.handle, base))``. A handler may raise a
    ``requests`` exception to play a network that fails.
    """

    def __init__(self, handle: Handler, base: str) -> None:
        super().__init__()
        self._handle = handle
        self._base = base.rstrip("/")

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        return to_requests(self._handle(self.to_stand_in(request)), request)

    def to_stand_in(self, request: requests.PreparedRequest) -> Request:
        """The same request as the stand-ins see it. Raises ConnectionError for an address outside ``base``."""
        url = request.url or ""
        rest = url[len(self._base) :]
        if not url.startswith(self._base) or rest[:1] not in ("", "/", "?"):
            nobody = NewConnectionError(None, f"nothing is served at {url}")  # type: ignore[arg-type]
            raise requests.ConnectionError(nobody, request=request)
        parts = urlsplit(rest)
        return Request(
            method=request.method or "GET",
            path=unquote(parts.path) or "/",
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): _text(value) for name, value in request.headers.items()},
            body=_bytes(request.body),
            base=self._base,
        )

    def close(self) -> None:
        """Holds no connection."""


def to_requests(answer: Response, request: requests.PreparedRequest) -> requests.Response:
    """A stand-in's answer as ``requests`` would have read it from a socket."""
    response = requests.Response()
    response.status_code = answer.status
    response.reason = responses.get(answer.status, "")
    response.headers.update(answer.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = io.BytesIO(answer.body)
    response.url = request.url or ""
    response.request = request
    return response


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)
