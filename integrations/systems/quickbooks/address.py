"""Where a write goes within a company: its resource, and what the address says beside that."""

from collections.abc import Mapping

from integrations.systems.transport import Params

# Intuit API reference: only these two can be voided, each in its own way.
VOID: Mapping[str, Params] = {
    "Invoice": [("operation", "void")],
    "Payment": [("operation", "update"), ("include", "void")],
}


def of_write(entity: str, operation: str, request_id: str) -> tuple[str, Params]:
    """A write that travels alone. Resource names are the entity's in lower case."""
    return entity.lower(), [*(VOID[entity] if operation == "void" else ()), ("requestid", request_id)]


def of_batch(request_id: str) -> tuple[str, Params]:
    return "batch", [("requestid", request_id)]
