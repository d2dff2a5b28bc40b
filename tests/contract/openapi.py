"""Checks requests and answers against Clio's published API description, where SPEC_DIR holds one.

The description is an OpenAPI 3.0 file with known gaps: nothing is nullable, ``meta`` and ``offset`` are in no schema,
``ids[]`` is typed as one integer, tax bases are integers, and the label of a phone number reads a shorter list than
it writes. Those are allowed for here; everything else is strict, down to names that are in no schema.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Pairs = Iterable[tuple[str, str]]

_FILE = "clio/openapi-subset.json"
_LENIENT = {("PhoneNumber_base", "name"), ("BankAccount_base", "type"), ("Activity_base", "currency")}
_UNDESCRIBED = {"offset"}  # Clio API docs: paging


def available() -> bool:
    """Whether SPEC_DIR points at a folder with the description."""
    return bool(os.environ.get("SPEC_DIR")) and (Path(os.environ["SPEC_DIR"]) / _FILE).exists()


def check_request(method: str, path: str, query: Pairs = (), body: Any = None) -> None:
    """Raises AssertionError for an operation, parameter, value or field Clio does not describe.

    ``path`` starts at ``/api/v4`` or below it; ``body`` is the parsed JSON of a write.
    """
    operation = _operation(method, path)
    declared = {entry["name"]: entry["schema"] for entry in operation["parameters"] if entry["in"] == "query"}
    for name, value in query:
        assert name in declared or name in _UNDESCRIBED, f"{method} {path} has no parameter {name}"
        if name == "fields":
            _check_fields(_answer_schema(operation, "200", "201"), value)
        elif name in declared:
            _check_value(name, value, declared[name])
    if body is not None:
        content = operation["requestBody"]["content"]["application/json"]["schema"]
        _validate(_converted(content), body, f"{method} {path} body")


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Raises AssertionError for a status or a body that is not what Clio describes for this operation.

    ``body`` is parsed JSON, None when there is none.
    """
    responses = _operation(method, path)["responses"]
    assert str(status) in responses, f"{method} {path} does not answer {status}"
    content = responses[str(status)].get("content")
    if not content:
        assert body is None, f"{method} {path} answers {status} without a body"
        return
    (media,) = content.values()
    if status == 401 and isinstance(body, dict) and isinstance(body.get("error"), str):
        return  # the token layer answers in its own form (Clio support: invalid_token)
    kept = {name: value for name, value in body.items() if name != "meta"}
    _validate(_converted(media["schema"]), kept, f"{method} {path} {status}")


def all_fields(method: str, path: str) -> str:
    """A ``fields`` value that asks for every name of the operation's answer, nested ones included."""
    schema = _answer_schema(_operation(method, path), "200", "201")
    return ",".join(_asked(name, part) for name, part in _properties(schema).items())


def parameters(method: str, path: str) -> set[str]:
    """Names of the parameters described for an operation."""
    return {entry["name"] for entry in _operation(method, path)["parameters"]}


def operations() -> list[tuple[str, str]]:
    """Every (method, path) described."""
    methods = ("get", "post", "patch", "delete")
    return [(method.upper(), path) for path, item in _spec()["paths"].items() for method in methods if method in item]


@cache
def _spec() -> Mapping[str, Any]:
    return json.loads((Path(os.environ["SPEC_DIR"]) / _FILE).read_text())  # type: ignore[no-any-return]


def _operation(method: str, path: str) -> Mapping[str, Any]:
    wanted = "/" + path.split("?")[0].removeprefix("/api/v4").strip("/").removesuffix(".json") + ".json"
    exact = [wanted] if wanted in _spec()["paths"] else [name for name in _spec()["paths"] if _matches(name, wanted)]
    assert exact, f"there is no address {wanted}"
    found = _spec()["paths"][exact[0]].get(method.lower())
    assert found, f"{wanted} does not take {method}"
    return found  # type: ignore[no-any-return]


def _matches(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{[^}]*\\\}", r"\\d+", re.escape(template))
    return re.fullmatch(pattern, path) is not None


def _deref(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return _spec()["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of a schema with its ``allOf`` parts merged, loosened where the description is known to be wrong."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    whole = _deref(schema)
    found: dict[str, Any] = {}
    for part in whole.get("allOf", ()):
        found |= _properties(part)
    found |= {key: {} if (name, key) in _LENIENT else value for key, value in whole.get("properties", {}).items()}
    return found


def _answer_schema(operation: Mapping[str, Any], *statuses: str) -> Mapping[str, Any]:
    """The schema of one record in the operation's answer."""
    response = next(operation["responses"][status] for status in statuses if status in operation["responses"])
    (media,) = response["content"].values()
    data = _properties(media["schema"])["data"]
    return data["items"] if data.get("type") == "array" else data  # type: ignore[no-any-return]


def _inner(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema a name leads to, None for a plain value."""
    target = schema.get("items", schema) if schema.get("type") == "array" else schema
    return target if "$ref" in target else None


def _asked(name: str, schema: Mapping[str, Any]) -> str:
    inner = _inner(schema)
    return name if inner is None else f"{name}{{{','.join(_properties(inner))}}}"


def _check_fields(schema: Mapping[str, Any], text: str) -> None:
    known = _properties(schema)
    assert re.fullmatch(r"\w+(\{\w+(,\w+)*\})?(,\w+(\{\w+(,\w+)*\})?)*", text), f"fields is malformed: {text}"
    for name, braces in re.findall(r"(\w+)(?:\{([^}]*)\})?", text):
        assert name in known, f"there is no field {name}"
        if braces:
            inner = _inner(known[name])
            assert inner is not None, f"{name} is a plain field"
            allowed = _properties(inner).keys() | _properties(_whole(inner)).keys()
            unknown = set(braces.split(",")) - allowed
            assert not unknown, f"{name} has no {unknown}"


def _whole(base: Mapping[str, Any]) -> Mapping[str, Any]:
    """The full entity of a nested one: its associations may be named bare."""
    reference = base["$ref"].removesuffix("_base")
    return {"$ref": reference} if reference.rsplit("/", 1)[1] in _spec()["components"]["schemas"] else base


def _check_value(name: str, value: str, schema: Mapping[str, Any]) -> None:
    if schema.get("type") == "integer" and name not in ("parent_type", "query"):
        assert re.fullmatch(r"-?\d+|null", value), f"{name} must be an integer, not {value}"
    if schema.get("type") == "boolean":
        assert value in ("true", "false"), f"{name} must be true or false"
    if schema.get("format") == "date":
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", value), f"{name} must be a date"
    if schema.get("format") == "date-time":
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$", value), f"{name} must be an instant"
    if "enum" in schema and not name.endswith("[]"):
        assert set(value.split(",")) <= set(schema["enum"]), f"{name} has no value {value}"
    if name == "limit":
        assert 1 <= int(value) <= 200, "limit is 1 to 200"


def _converted(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema as JSON Schema: references resolved, everything nullable, unknown names refused."""
    whole = _deref(schema)
    properties = _properties(schema)
    if properties:
        inner = {name: _converted(part) for name, part in properties.items()}
        required = [name for name in whole.get("required", ()) if name in ("data", "error", "type", "message")]
        allowed = {"redacted": {"type": "boolean"}, **inner}
        return {"type": ["object", "null"], "properties": allowed, "additionalProperties": False, "required": required}
    if whole.get("type") == "array":
        return {"type": ["array", "null"], "items": _converted(whole["items"])}
    if "enum" in whole:
        return {"enum": [*whole["enum"], None]}
    if whole.get("format") in ("date", "date-time"):
        pattern = r"^\d{4}-\d\d-\d\d" + ("$" if whole["format"] == "date" else "T.*(Z|[+-]\\d\\d:\\d\\d)$")
        return {"type": ["string", "null"], "pattern": pattern}
    kind = whole.get("type")
    return {"type": ["number" if kind == "integer" else kind, "null"]} if kind else {}


def _validate(schema: Mapping[str, Any], value: Any, what: str) -> None:
    problems = [
        f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(schema).iter_errors(value)
    ]
    assert not problems, f"{what}: " + "; ".join(problems[:5])
