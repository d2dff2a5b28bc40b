"""One Clio account's documents: reading, saving with etag and updated_at, ids, and the errors people see."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from typing import Any, cast

from integrations.sandbox import outbox
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.store import Doc, Store

CENT = Decimal("0.01")
ZERO = Decimal(0)

# Values a document can be found by; ``matter`` and ``parent`` keys are added in _keys.
_KEYS = {
    "contact": ("company_id",),
    "matter": ("client_id",),
    "bill": ("client_id", "original_bill_id"),
    "line_item": ("bill_id", "matter_id", "activity_id"),
    "allocation": ("bill_id", "contact_id", "matter_id", "parent_id"),
    "payment": ("contact_id",),
    "credit_memo": ("contact_id", "bill_id"),
    "bank_transaction": ("client_id", "matter_id", "bank_account_id", "payment_id"),
    "interest_charge": ("bill_id",),
    "activity": ("matter_id", "bill_id"),
    "trust_line_item": ("bill_id", "matter_id", "client_id"),
    "fund": ("owner", "client_id", "matter_id"),
}


TOLD_OF = ("contact", "bill", "matter", "activity")  # the kinds that have webhooks


class OfficeError(Exception):
    """Clio's own screens refuse this; the message says why."""


class NoSuchRecord(OfficeError):
    """There is no such record in this account."""


def money(value: object) -> Decimal:
    """Cents, half up."""
    return Decimal(str(value or 0)).quantize(CENT, rounding=ROUND_HALF_UP)


def day(value: object) -> str | None:
    """A calendar date as ISO text; takes a date or text."""
    return str(value) if value else None


def atomic[F: Callable[..., Any]](work: F) -> F:
    """One thing a person does at a Desk is kept whole or not at all."""

    @wraps(work)
    def wrapped(self: "Desk", *args: Any, **kwargs: Any) -> Any:
        with self.store.transaction():
            return work(self, *args, **kwargs)

    return cast(F, wrapped)


class Desk:
    """Documents of one Clio account."""

    def __init__(self, store: Store, region: str, account_id: int) -> None:
        self.store = store
        self.region = region
        self.account_id = account_id
        self.space = f"clio:{region}:{account_id}"

    @property
    def switches(self) -> Switches:
        return Switches(self.store)

    def now(self) -> str:
        return instant(self.store.now())

    def new_id(self) -> int:
        """One sequence for all kinds, so that an id of one kind is never one of another."""
        return self.store.next_id("clio", int(self.store.setting("first_id:clio", 1001)))

    def find(self, kind: str, name: str, value: object) -> list[Doc]:
        return self.store.find(self.space, kind, name, value)

    def all(self, kind: str) -> Iterator[Doc]:
        """Every document of a kind, lowest id first, read in pieces."""
        after = 0
        while rows := self.store.scan(self.space, kind, after=after, limit=1000):
            yield from rows
            after = rows[-1]["id"]

    def look(self, kind: str, id: int | None) -> Doc | None:
        return self.store.get(self.space, kind, id) if id else None

    def take(self, kind: str, id: int) -> Doc:
        """The document; NoSuchRecord when there is none."""
        found = self.look(kind, id)
        if found is None:
            raise NoSuchRecord(f"There is no {kind.replace('_', ' ')} {id}.")
        return found

    def add(self, kind: str, /, **values: Any) -> Doc:
        now = self.now()
        doc: Doc = {"id": self.new_id(), "version": 0, "created_at": now, "updated_at": now, **values}
        return self._told(kind, self._put(kind, doc), "created")

    def save(self, kind: str, doc: Doc, *, touch: bool = True) -> Doc:
        """Writes the document; ``touch`` moves updated_at and etag as every visible change does."""
        if touch:
            doc["updated_at"] = self.now()
            doc["version"] += 1
        gone = kind == "bill" and doc["state"] == "deleted" and self.switches["clio_deleted_bill_event"] == "deleted"
        return self._told(kind, self._put(kind, doc), "deleted" if gone else "updated")

    def drop(self, kind: str, id: int) -> None:
        doc = self.look(kind, id)
        self.store.remove(self.space, kind, id)
        if doc:
            self._told(kind, doc, "deleted")

    def _told(self, kind: str, doc: Doc, event: str) -> Doc:
        """Notes what webhooks may have to tell of, where there are any."""
        if kind in TOLD_OF and self.store.count(self.space, "webhook"):
            whose = {"region": self.region, "account": self.account_id}
            what = {"kind": kind, "record": doc["id"], "event": event, "etag": doc["etag"]}
            outbox.note(self.store, "clio", self.space, **whose, **what)
        return doc

    def _put(self, kind: str, doc: Doc) -> Doc:
        mark = f"{self.space}/{kind}/{doc['id']}/{doc['version']}"
        doc["etag"] = f'"{hashlib.md5(mark.encode(), usedforsecurity=False).hexdigest()}"'
        updated = datetime.fromisoformat(doc["updated_at"])
        self.store.put(self.space, kind, doc["id"], doc, _keys(kind, doc), updated=updated)
        return doc


def instant(moment: datetime) -> str:
    """ISO text in UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _keys(kind: str, doc: Doc) -> dict[str, object]:
    found: dict[str, object] = {name: doc.get(name) for name in _KEYS.get(kind, ())}
    for matter_id in doc.get("matter_ids") or ():
        found[f"matter:{matter_id}"] = 1
    return found
