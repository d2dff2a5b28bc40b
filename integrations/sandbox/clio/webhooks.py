"""Clio's webhooks: records of what is subscribed to, the handshake, and posts about what changed (Clio API docs)."""

import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox import outbox
from integrations.sandbox.clio.desk import Desk, instant
from integrations.sandbox.clio.errors import Refusal
from integrations.sandbox.clio.fields import InvalidFields, parse
from integrations.sandbox.clio.render import Renderer
from integrations.sandbox.clio.schema import KINDS, entity
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.http import Response, dumps
from integrations.sandbox.store import Doc, Store

# model: its number, the entity its fields are of, the permission it needs, and what it tells of
MODELS: Mapping[str, tuple[int, str, str, tuple[str, ...]]] = {
    "matter": (1, "Matter", "matters", ("created", "updated", "deleted")),
    "activity": (2, "Activity", "activities", ("created", "updated", "deleted")),
    "bill": (3, "Bill", "billing", ("created", "updated", "deleted")),
    "contact": (6, "Contact", "contacts", ("created", "updated", "deleted")),
}
MOST_CHARACTERS = 1000
DEFAULT_LIFE, LONGEST_LIFE = timedelta(days=3), timedelta(days=31)
WAITS_MIN = (2, 4, 8, 16, 32)
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "testserver")
_CHANGEABLE = frozenset(("url", "fields", "events", "expires_at"))


def model_of(value: object) -> str:
    """The name of a model given by name or number. Raises Refusal 422."""
    for name, (number, *_) in MODELS.items():
        if str(value) in (name, str(number)):
            return name
    raise Refusal(422, f"There is no model {value}.")


def create(desk: Desk, user_id: int, data: Mapping[str, Any]) -> Doc:
    """A webhook that waits for its handshake. Raises Refusal 422."""
    for name in ("url", "model", "fields", "events"):
        if not data.get(name):
            raise Refusal(422, f"{name} is missing.")
    if unknown := data.keys() - {*_CHANGEABLE, "model"}:
        raise Refusal(422, f"Unknown: {', '.join(sorted(unknown))}.")
    model = model_of(data["model"])
    values = _checked(desk, model, {"expires_at": None, **data})
    made = desk.add("webhook", **values, model=model, user_id=user_id, status="pending", shared_secret=_secret())
    _shake_hands(desk, made)
    return made


def change(desk: Desk, id: int, data: Mapping[str, Any]) -> Doc:
    """Raises Refusal 422. A new address has to be confirmed anew."""
    if unknown := data.keys() - _CHANGEABLE:
        raise Refusal(422, f"Unknown: {', '.join(sorted(unknown))}.")
    doc = desk.take("webhook", id)
    moved = "url" in data and data["url"] != doc["url"]
    doc |= _checked(desk, doc["model"], data)
    if moved:
        doc |= {"status": "pending", "shared_secret": _secret()}
    saved = desk.save("webhook", doc)
    if moved:
        _shake_hands(desk, saved)
    return saved


def activate(desk: Desk, id: int, secret: str) -> Doc:
    """The delayed form of the handshake. Raises Refusal 422 for another secret."""
    doc = desk.take("webhook", id)
    if not hmac.compare_digest(secret.encode(), doc["shared_secret"].encode()):
        raise Refusal(422, "This is not the webhook's secret.")
    return desk.save("webhook", doc | {"status": "enabled"})


def _secret() -> str:
    return secrets.token_hex(32)


def _checked(desk: Desk, model: str, data: Mapping[str, Any]) -> Doc:
    values: Doc = {name: data[name] for name in _CHANGEABLE & data.keys()}
    if "url" in values:
        _check_url(str(values["url"]))
    if "fields" in values:
        _check_fields(model, str(values["fields"]))
    if "events" in values and not (
        isinstance(values["events"], list) and set(values["events"]) <= set(MODELS[model][3])
    ):
        raise Refusal(422, f"These are no events of {model}.")
    if "expires_at" in values:
        values["expires_at"] = _expiry(desk.store.now(), values["expires_at"])
    return values


def _check_url(url: str) -> None:
    """Clio takes https alone; the stand-in takes http too, on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise Refusal(422, "The url has to be https.")


def _check_fields(model: str, fields: str) -> None:
    if len(fields) > MOST_CHARACTERS:
        raise Refusal(422, f"fields has more than {MOST_CHARACTERS} characters.")
    try:
        parse(entity(MODELS[model][1]), fields)
    except InvalidFields as wrong:
        raise Refusal(422, str(wrong)) from None


def _expiry(now: datetime, asked: object) -> str:
    if asked is None:
        return instant(now + DEFAULT_LIFE)
    try:
        at = datetime.fromisoformat(str(asked))
    except ValueError:
        raise Refusal(422, "expires_at is not a time.") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not now < at <= now + LONGEST_LIFE:
        raise Refusal(422, "expires_at has to be within the next 31 days.")
    return instant(at)


def _shake_hands(desk: Desk, doc: Doc) -> None:
    headers = {"content-type": "application/json", "x-hook-secret": doc["shared_secret"]}
    body = dumps({"data": {"webhook_id": doc["id"]}}).encode()
    outbox.enclose(desk.store, doc["url"], headers, body, WAITS_MIN, **_about(desk, doc), handshake=True)


def _about(desk: Desk, doc: Doc) -> Doc:
    return {"system": "clio", "region": desk.region, "account": desk.account_id, "webhook": doc["id"]}


def enclose(store: Store, events: Sequence[Doc]) -> None:
    """A post to every webhook that tells of each event."""
    for event in events:
        desk = Desk(store, event["region"], event["account"])
        for webhook in list(desk.all("webhook")):
            if is_live(store, webhook) and webhook["model"] == event["kind"] and event["event"] in webhook["events"]:
                for body in _bodies(desk, webhook, event):
                    signature = hmac.new(webhook["shared_secret"].encode(), body, sha256).hexdigest()
                    headers = {"content-type": "application/json", "x-hook-signature": signature}
                    outbox.enclose(store, webhook["url"], headers, body, WAITS_MIN, **_about(desk, webhook))


def is_gone(desk: Desk, webhook: Doc) -> bool:
    return _is_over(desk.store, webhook) and desk.switches["clio_expired_webhook"] == "gone"


def _is_over(store: Store, webhook: Doc) -> bool:
    return store.now() >= datetime.fromisoformat(webhook["expires_at"])


def is_live(store: Store, webhook: Doc) -> bool:
    return webhook["status"] == "enabled" and not _is_over(store, webhook)


def _bodies(desk: Desk, webhook: Doc, event: Doc) -> Iterator[bytes]:
    """One body, or none: an update is told where a watched field changed, and the first one always."""
    owner = entity(MODELS[webhook["model"]][1])
    record = desk.look(KINDS[owner.name], event["record"])
    data: Doc = {"id": event["record"], "etag": event["etag"]}
    if record is not None and event["event"] != "deleted":
        if record.get("hidden"):
            return
        data |= Renderer(desk, Switches(desk.store)).record(owner, record, parse(owner, webhook["fields"]))
    seen = sha256(dumps(data).encode()).hexdigest()
    told = desk.store.get(f"told:{webhook['id']}", "told", event["record"])
    if event["event"] == "updated" and told == {"seen": seen}:
        return
    desk.store.put(f"told:{webhook['id']}", "told", event["record"], {"seen": seen})
    yield dumps({"data": data, "meta": {"event": event["event"], "webhook_id": webhook["id"]}}).encode()


def settle(store: Store, about: Doc, answer: Response) -> bool:
    """Whether the post counts as taken: 2xx, 3xx and 410 do, a handshake only with its secret given back."""
    desk = Desk(store, about["region"], about["account"])
    webhook = desk.look("webhook", about["webhook"])
    if webhook is None:
        return True
    if answer.status == 410:
        desk.save("webhook", webhook | {"status": "suspended"})
        return True
    if about.get("handshake"):
        given_back = answer.status == 200 and answer.headers.get("x-hook-secret") == webhook["shared_secret"]
        if given_back and webhook["status"] == "pending":
            desk.save("webhook", webhook | {"status": "enabled"})
        return given_back
    return 200 <= answer.status < 400
