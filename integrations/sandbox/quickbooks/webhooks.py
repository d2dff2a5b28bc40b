"""Intuit's webhooks: one address for every company, posts that name what changed (Intuit docs: webhooks)."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from integrations.sandbox import outbox
from integrations.sandbox.http import Response, dumps
from integrations.sandbox.quickbooks.switches import switch
from integrations.sandbox.store import Doc, Store

ENDPOINT = "qbo:webhook_endpoint"
WAITS_MIN = (20, 30, 50)
EVENTS_PER_POST = 50
TOLD_OF = frozenset(
    "Account CreditMemo Customer Deposit Employee Estimate Invoice Item JournalEntry Payment PaymentMethod Preferences"
    " Purchase RefundReceipt SalesReceipt Term Transfer Vendor".split()
)
_OPERATIONS = {"created": "Create", "updated": "Update", "deleted": "Delete", "merged": "Merge", "voided": "Void"}


def set_endpoint(store: Store, url: str, verifier: str) -> None:
    """What is entered in Intuit's developer portal: where posts go, and what they are signed with."""
    store.set_setting(ENDPOINT, {"url": url, "verifier": verifier})


def note(store: Store, realm: str, entity: str, id: str, event: str, merged: str = "") -> None:
    if entity in TOLD_OF and store.setting(ENDPOINT):
        what = {"entity": entity, "record": id, "event": event, "merged": merged}
        outbox.note(store, "quickbooks", realm, **what)


def enclose(store: Store, events: Sequence[Doc]) -> None:
    """Posts of up to fifty events, of whatever companies; only those with a live grant are told of."""
    endpoint = store.setting(ENDPOINT)
    told = [event for event in events if endpoint and _is_granted(store, event["space"])]
    for start in range(0, len(told), EVENTS_PER_POST):
        some = told[start : start + EVENTS_PER_POST]
        older = switch(store, "webhook_form") == "event_notifications"
        body = dumps(_older_form(some) if older else [_cloud_event(event) for event in some]).encode()
        signature = b64encode(hmac.new(endpoint["verifier"].encode(), body, sha256).digest()).decode()
        headers = {"content-type": "application/json", "intuit-signature": signature}
        outbox.enclose(store, endpoint["url"], headers, body, WAITS_MIN, system="quickbooks")


def settle(store: Store, about: Doc, answer: Response) -> bool:
    return answer.status == 200


def _is_granted(store: Store, realm: str) -> bool:
    return any(grant["live"] for grant in store.find("qbo-oauth", "Grant", "realm", realm))


def _cloud_event(event: Doc) -> Doc:
    return {
        "specversion": "1.0",
        "id": sha256(f"{event['space']}/{event['id']}".encode()).hexdigest()[:32],
        "source": "intuit.sandbox",
        "type": f"qbo.{event['entity'].lower()}.{event['event']}.v1",
        "datacontenttype": "application/json",
        "time": event["at"].replace("+00:00", "Z"),
        "intuitentityid": event["record"],
        "intuitaccountid": event["space"],
        "data": {"deletedid": event["merged"]} if event["merged"] else {},
    }


def _older_form(events: Sequence[Doc]) -> Doc:
    by_realm: dict[str, list[Doc]] = {}
    for event in events:
        merged = {"deletedID": event["merged"]} if event["merged"] else {}
        named = {"name": event["entity"], "id": event["record"], "operation": _OPERATIONS[event["event"]]}
        by_realm.setdefault(event["space"], []).append({**named, "lastUpdated": event["at"][:19] + "+0000", **merged})
    parts = [{"realmId": realm, "dataChangeEvent": {"entities": rows}} for realm, rows in by_realm.items()]
    return {"eventNotifications": parts}
