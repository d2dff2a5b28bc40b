"""What Clio and Intuit post, and how they sign it; shapes as in Clio's and Intuit's own documentation."""

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

VERIFIER = "sandbox-verifier"
SECRET = "told-in-the-handshake"


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
