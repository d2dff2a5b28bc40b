"""HTTP without a socket: the stand-ins take a Request and give a Response, whoever carries them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """One HTTP request. ``path`` starts below ``base``; ``base`` is the absolute address this stand-in is served at."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    body: bytes = b""
    base: str = ""

    def param(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.query if key == name), default)

    def params(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """Parsed body; numbers with a fraction are Decimal. Raises ValueError on anything but JSON."""
        return json.loads(self.body, parse_float=Decimal)


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response]


def dumps(value: Any) -> str:
    """JSON with Decimals as numbers; amounts have at most 15 digits, which a double carries exactly."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":"))


def _number(value: Any) -> float | int:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    content_type = {"content-type": "application/json; charset=utf-8"}
    return Response(status, dumps(value).encode(), {**content_type, **(headers or {})})


def html_response(status: int, markup: str) -> Response:
    return Response(status, markup.encode(), {"content-type": "text/html; charset=utf-8"})


def redirect(location: str) -> Response:
    return Response(302, b"", {"location": location})
