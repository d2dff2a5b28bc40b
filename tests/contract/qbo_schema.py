"""Judges QuickBooks requests and answers by Intuit's schemas, where SPEC_DIR names the folder that holds them."""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from integrations.sandbox.http import dumps

_FILE = Path("qbo") / "qbo-entities.schema.json"
_ENVELOPES = {
    "QueryResponse": "QueryEnvelope",
    "CDCResponse": "CDCEnvelope",
    "BatchItemResponse": "BatchResponse",
    "Fault": "FaultEnvelope",
    "fault": "GatewayFaultEnvelope",
}


def available() -> bool:
    """Whether the schemas are at hand."""
    folder = os.environ.get("SPEC_DIR")
    return bool(folder) and (Path(str(folder)) / _FILE).is_file()


def check_request(entity: str, operation: str, body: Any) -> None:
    """``operation`` is create, update, void, delete or batch (entity ignored). Raises AssertionError."""
    if operation == "batch":
        _check("BatchRequest", body)
        for item in body["BatchItemRequest"]:
            for name, value in item.items():
                if name[0].isupper() and name != "Query":
                    void = item.get("optionsData") == "void"
                    check_request(name, "void" if void else item["operation"], value)
        return
    profile = {"create": "create", "update": "update", "void": "key", "delete": "key"}[operation]
    name = f"{entity}.{profile}"
    _check(name if name in _definitions() else entity, body)


def check_answer(body: Mapping[str, Any]) -> None:
    """Any JSON answer of the service or the gateway: its envelope tells which schema. Raises AssertionError."""
    for member, profile in _ENVELOPES.items():
        if member in body:
            _check(profile, body)
            return
    entity = next(name for name in body if name != "time")
    _check(f"{entity}.response", body)


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema, or the definition its $ref points at."""
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = _definitions()[schema["$ref"].rsplit("/", 1)[-1]]
    return found


def _check(profile: str, body: Any) -> None:
    errors = sorted(_validator(profile).iter_errors(json.loads(dumps(body))), key=str)
    told = "; ".join(f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message}" for error in errors[:5])
    assert not errors, f"{profile}: {told}"


@cache
def _definitions() -> Mapping[str, Any]:
    found: Mapping[str, Any] = _document()["$defs"]
    return found


@cache
def _document() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((Path(os.environ["SPEC_DIR"]) / _FILE).read_text())
    return found


@cache
def _validator(profile: str) -> Draft202012Validator:
    document = _document()
    assert profile in document["$defs"], f"no schema {profile}"
    registry = Registry().with_resource(document["$id"], Resource.from_contents(document))
    return Draft202012Validator({"$ref": f"{document['$id']}#/$defs/{profile}"}, registry=registry)
