"""Clio's webhooks: what is asked for, how a post is signed and what it says (Clio API docs: Webhooks)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integrations.core.read import nested_id
from integrations.systems import wire
from integrations.systems.signatures import equal, in_base64, in_hex

SIGNATURE = "X-Hook-Signature"
SECRET = "X-Hook-Secret"  # noqa: S105  the name of a header
EVENTS = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class Watch:
    """``entity`` is the list its records are read from; ``fields`` decide which updates are told, not what is used.

    Whether ``updated_at`` alone makes every update count is not documented, so the fields that matter are named too.
    It also makes two posts about one record differ.
    """

    entity: str
    fields: str


# Payments, credit notes, lines and trust rows have no webhooks; a bill's sums tell of most of them. Activities have,
# but tell of every hour that somebody works, long before it is billed.
WATCHED: Mapping[str, Watch] = {
    "bill": Watch(
        "bills",
        "id,etag,updated_at,number,state,kind,issued_at,due_at,subject,balance,total,due,paid,pending,credits_issued,"
        "sub_total,tax_sum,secondary_tax_sum",
    ),
    "contact": Watch(
        "contacts",
        "id,etag,updated_at,type,name,first_name,middle_name,last_name,prefix,title,primary_email_address,"
        "primary_phone_number",
    ),
}


def is_signed(secrets: Sequence[str], body: bytes, signature: str) -> bool:
    """Lowercase hex is what is seen; Clio's documentation leaves the encoding open, so base64 is taken too."""
    keys = [secret.encode() for secret in secrets]
    return equal(signature, [encoded(key, body) for key in keys for encoded in (in_hex, in_base64)])


def changed_id(body: bytes) -> str:
    """The id of the record a post is about; "" where it is of no known shape."""
    try:
        told = wire.parse(body)
    except (wire.NotJson, RecursionError):
        return ""
    id_ = nested_id(told, "data") if isinstance(told, Mapping) else ""
    return id_ if id_.isascii() and id_.isdigit() and len(id_) <= 32 else ""
