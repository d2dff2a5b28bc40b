"""JSON as it travels: exact Decimals both ways, the same bytes for the same value."""

import json
import re
from decimal import Decimal

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NotJson(ValueError):
    """The bytes are empty, cut off, markup, or otherwise no JSON."""


def parse(body: bytes) -> object:
    """Plain dicts, lists and values; every number with a fraction or an exponent is a Decimal. Raises NotJson.

    Characters that no database text can hold (NUL, half of a surrogate pair) become U+FFFD, so that one
    record with broken text does not make its whole page unreadable.
    """
    try:
        value = _decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, ArithmeticError, UnicodeDecodeError):
        return _lenient(body)
    return _storable(value) if b"\\u0000" in body else value


def _lenient(body: bytes) -> object:
    try:
        return _storable(json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse))
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise NotJson(str(error)) from error


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _storable(value: object) -> object:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_UNSTORABLE.sub("\ufffd", key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def encode(value: object) -> bytes:
    """JSON with sorted keys and Decimals as numbers, digit for digit. Raises ValueError for floats and NaN."""
    return _encoder.encode(_plain(value))


def laid_out(value: object) -> str:
    """The same JSON over several lines, for people; every figure keeps its digits."""
    return msgspec.json.format(encode(value), indent=2).decode()


def _plain(value: object) -> object:
    """The same value, each Decimal written out where it would have an exponent."""
    if isinstance(value, float) or (isinstance(value, Decimal) and not value.is_finite()):
        raise ValueError(f"not an amount JSON can carry exactly: {value!r}")
    if isinstance(value, Decimal):
        return Decimal(format(value, "f"))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def shape(body: bytes) -> str:
    """How JSON is built, by the names in it and without its values: ``{data{etag,id},meta{event}}``."""
    try:
        return _names(parse(body), depth=4)
    except (NotJson, RecursionError):
        return "no JSON"


def _names(value: object, depth: int) -> str:
    if isinstance(value, dict):
        inner = [f"{name[:40]}{_names(item, depth - 1)}" for name, item in sorted(value.items())[:20]] if depth else []
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list):
        return f"[{_names(value[0], depth - 1) if value and depth else ''}]"
    return ""
