"""What Clio and Intuit post, and how they sign it; shapes as in Clio's and Intuit's own documentation."""

import hmac
import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from django.http import HttpResponse
from django.test import Client

from firms.models import Firm
from integrations import hook_secrets
from integrations.models import Connection, StaleMark, Subscription
from tests.models.rows import subscription_of

VERIFIER = "sandbox-verifier"
SECRET = "told-in-the-handshake"
TOKENS = {"bill": "token-for-bills", "contact": "token-for-contacts"}
QUICKBOOKS = "/hooks/quickbooks/"


def subscribed(connection: Connection, model: str = "bill", secret: str = SECRET) -> Subscription:
    """An enabled subscription at ``/hooks/clio/<TOKENS[model]>-<firm>/``."""
    token = hook_secrets.digest(f"{TOKENS[model]}-{connection.firm.slug}")
    made = subscription_of(connection, model=model, state="enabled", token_digest=token, external_id=str(connection.pk))
    hook_secrets.keep(made, [secret])
    return made


def address(subscription: Subscription) -> str:
    return f"/hooks/clio/{TOKENS[subscription.model]}-{subscription.firm.slug}/"


def clio_body(id_: int = 152, event: str = "updated", **data: Any) -> bytes:
    told = {"data": {"id": id_, "etag": f'"{id_}"', **data}, "meta": {"event": event, "webhook_id": 1234}}
    return json.dumps(told).encode()


def hex_signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()


def base64_signature(body: bytes, secret: str = VERIFIER) -> str:
    return b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


def cloud_event(realm: str, entity: str = "invoice", id_: str = "1234", did: str = "updated", **more: Any) -> dict:
    return {
        "specversion": "1.0",
        "id": f"88cd52aa-{entity}-{id_}-{did}",
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": f"qbo.{entity}.{did}.v1",
        "datacontenttype": "application/json",
        "time": "2025-09-10T21:31:25.179851517Z",
        "intuitentityid": id_,
        "intuitaccountid": realm,
        "data": {},
        **more,
    }


def older_form(realm: str, *entities: dict[str, str]) -> dict[str, Any]:
    return {"realmId": realm, "dataChangeEvent": {"entities": list(entities)}}


def older_entity(name: str, id_: str, operation: str = "Update", **more: str) -> dict[str, str]:
    return {"name": name, "id": id_, "operation": operation, "lastUpdated": "2015-10-05T14:42:19-0700", **more}


def post_clio(subscription: Subscription, body: bytes, signature: str | None = None) -> HttpResponse:
    sent = hex_signature(body) if signature is None else signature
    return post(address(subscription), body, {"X-Hook-Signature": sent})


def post_intuit(said: Any, signature: str | None = None) -> HttpResponse:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return post(QUICKBOOKS, body, {"intuit-signature": base64_signature(body) if signature is None else signature})


@cache
def vendor() -> Client:
    """No session and no token of a form; one for all tests, because a new one loads every middleware."""
    return Client(enforce_csrf_checks=True)


def post(path: str, body: bytes, headers: dict[str, str]) -> HttpResponse:
    return vendor().post(path, body, content_type="application/json", headers=headers)


def marks(firm: Firm) -> list[tuple[str, str, str]]:
    rows = StaleMark.objects.of(firm).order_by("side", "entity", "external_id")
    return list(rows.values_list("side", "entity", "external_id"))
