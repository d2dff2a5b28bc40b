"""Clio's records of what it tells us by webhook: asked for, looked at, put off, ended (Clio API docs: Webhooks)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.core.errors import Garbled, NotFound
from integrations.core.ports import Raw
from integrations.core.read import rows, text
from integrations.systems import wire
from integrations.systems.clio.limits import PAGE_ROWS
from integrations.systems.clio.webhooks import EVENTS, SECRET, WATCHED
from integrations.systems.transport import Call, Transport

_FIELDS = "id,url,model,status,shared_secret,expires_at"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Hook:
    """One of them as Clio has it. ``status`` is pending, enabled or suspended; ``secret`` may not be shown."""

    id: str
    url: str
    model: str
    status: str
    expires_at: datetime | None
    secret: str = field(default="", repr=False)


class Subscriptions:
    """The webhooks of one Clio account. Everything raises RemoteError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> list[Hook]:
        """All that this app has in the account, a few at most; Clio has no limit that is known."""
        reply = self._transport.read("webhooks.json", [("fields", _FIELDS), ("limit", str(PAGE_ROWS))])
        if not isinstance(reply.data, Mapping) or not isinstance(reply.data.get("data"), list):
            raise Garbled("Clio's answer holds no list", self._transport.trace("GET", "webhooks.json"))
        return [_hook(row) for row in rows(reply.data, "data")]

    def ask(self, model: str, url: str, expires_at: datetime) -> Hook:
        """Asks to be told of ``model`` at ``url``; Clio then shakes hands with that address, perhaps at once."""
        watched = {"model": model, "fields": WATCHED[model].fields, "events": list(EVENTS)}
        return self._sent("POST", "webhooks.json", {**watched, "url": url, "expires_at": _iso(expires_at)})

    def put_off(self, id_: str, expires_at: datetime) -> Hook:
        return self._sent("PATCH", f"webhooks/{id_}.json", {"expires_at": _iso(expires_at)})

    def activate(self, id_: str, secret: str) -> None:
        """The delayed form of the handshake."""
        self._transport.write(Call("PUT", f"webhooks/{id_}/activate", headers={SECRET: secret}, kind="write"))

    def end(self, id_: str) -> None:
        """One that is gone already has ended too."""
        try:
            self._transport.write(Call("DELETE", f"webhooks/{id_}.json", kind="write"))
        except NotFound:
            return

    def _sent(self, method: str, path: str, data: Mapping[str, object]) -> Hook:
        call = Call(method, path, [("fields", _FIELDS)], _JSON, wire.encode({"data": dict(data)}), kind="write")
        reply = self._transport.write(call).data
        record = reply.get("data") if isinstance(reply, Mapping) else None
        if not isinstance(record, Mapping) or not text(record, "id"):
            raise Garbled("Clio's answer holds no webhook", self._transport.trace(method, path))
        return _hook(record)


def _hook(row: Raw) -> Hook:
    return Hook(
        text(row, "id"),
        text(row, "url"),
        text(row, "model"),
        text(row, "status"),
        _instant(text(row, "expires_at")),
        text(row, "shared_secret"),
    )


def _instant(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
