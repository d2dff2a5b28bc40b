"""One QuickBooks company in the store: its documents, their ids, tokens and stamps, its preferences."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from integrations.sandbox.quickbooks import webhooks
from integrations.sandbox.quickbooks.shapes import NAME_LISTS, TRANSACTIONS
from integrations.sandbox.quickbooks.switches import switch
from integrations.sandbox.store import Doc, Store

CENT = Decimal("0.01")
ZERO = Decimal(0)
DELETED = " (deleted)"
TOMBSTONE = "_Deleted:"
_US_TAX_CODES = ({"Id": "TAX", "Name": "TAX", "Taxable": True}, {"Id": "NON", "Name": "NON", "Taxable": False})
_OTHER_TAX_CODES = (
    {"Id": "2", "Name": "Standard", "Taxable": True},
    {"Id": "3", "Name": "Zero-rated", "Taxable": True},
    {"Id": "4", "Name": "Exempt", "Taxable": False},
)
TAX_RATES: Mapping[str, Decimal] = {"2": Decimal("0.20"), "3": ZERO, "4": ZERO}


def money(value: Any) -> Decimal:
    """An amount rounded to the cent, half up, as QuickBooks keeps it."""
    return Decimal(value or 0).quantize(CENT, ROUND_HALF_UP)


def public(doc: Mapping[str, Any]) -> Doc:
    """The document as the API shows it: without the stand-in's own members."""
    return {name: value for name, value in doc.items() if name[0] != "_"}


def ref_id(doc: Mapping[str, Any], member: str) -> str:
    """The id a reference member points at, or an empty string."""
    return str((doc.get(member) or {}).get("value", ""))


class Company:
    """Reads and writes documents of one realm. Made for one request: preferences are read once."""

    def __init__(self, store: Store, realm: str) -> None:
        self.store, self.realm, self.space = store, realm, f"qbo:{realm}"
        self._config: Doc | None = None
        self._preferences: Doc | None = None

    def switch(self, name: str) -> Any:
        return switch(self.store, name)

    # Facts of the company

    @property
    def config(self) -> Doc:
        """name, country, currency, roles {role: account id}, utc_offset_h. Raises KeyError if there is no company."""
        if self._config is None:
            doc = self.store.get(self.space, "_Company", 1)
            if doc is None:
                raise KeyError(f"no company {self.realm}")
            self._config = doc
        return self._config

    def save_config(self, config: Doc) -> None:
        self._config = config
        self.store.put(self.space, "_Company", 1, config)

    @property
    def is_us(self) -> bool:
        return bool(self.config["country"] == "US")

    @property
    def currency(self) -> str:
        return str(self.config["currency"])

    def role(self, name: str) -> str:
        """The id of the account QuickBooks itself uses for ``name`` (receivable, undeposited, ...)."""
        return str(self.config["roles"][name])

    def preferences(self) -> Doc:
        if self._preferences is None:
            doc = self.store.get(self.space, "Preferences", 1)
            assert doc is not None
            self._preferences = doc
        return self._preferences

    def preference(self, group: str, name: str, default: Any = None) -> Any:
        return self.preferences().get(group, {}).get(name, default)

    def other_preference(self, name: str) -> bool:
        """A setting of OtherPrefs.NameValue; an absent one counts as false."""
        pairs = self.preference("OtherPrefs", "NameValue", [])
        return any(pair["Name"] == name and pair["Value"] == "true" for pair in pairs)

    # Time

    def zone(self) -> timezone:
        return timezone(timedelta(hours=float(self.config.get("utc_offset_h", -8))))

    def now(self) -> datetime:
        return self.store.now().astimezone(self.zone())

    def today(self) -> str:
        return self.now().date().isoformat()

    # Documents

    def read(self, entity: str, id: object) -> Doc | None:
        if entity == "TaxCode":
            return next((code for code in self.tax_codes() if code["Id"] == str(id)), None)
        text = str(id)
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            return None
        return self.store.get(self.space, entity, int(text))

    def find(self, entity: str, key: str, value: object) -> list[Doc]:
        return self.store.find(self.space, entity, key, value)

    def scan(self, entity: str, chunk: int = 1000) -> Iterator[Doc]:
        after = 0
        while docs := self.store.scan(self.space, entity, after=after, limit=chunk):
            yield from docs
            after = int(docs[-1]["Id"])

    def tax_codes(self) -> list[Doc]:
        codes = _US_TAX_CODES if self.is_us else _OTHER_TAX_CODES
        return [{**code, "Active": True, "SyncToken": "0", "domain": "QBO", "sparse": False} for code in codes]

    def insert(self, entity: str, doc: Doc) -> Doc:
        """Gives the document its Id, SyncToken and MetaData and writes it."""
        stamp, when = self._stamp()
        head = {"Id": self._next_id(entity), "SyncToken": "0", "domain": "QBO", "sparse": False}
        meta = {"CreateTime": stamp, "LastUpdatedTime": stamp}
        doc = {**doc, **head, "MetaData": meta}
        self.store.put(self.space, entity, int(doc["Id"]), doc, keys(entity, doc), when)
        webhooks.note(self.store, self.realm, entity, doc["Id"], "created")
        return doc

    def replace(self, entity: str, doc: Doc, *, bump: bool = True) -> Doc:
        """Writes a changed document; ``bump`` moves its SyncToken."""
        stamp, when = self._stamp()
        doc["MetaData"] = {**doc["MetaData"], "LastUpdatedTime": stamp}
        if bump:
            doc["SyncToken"] = str(int(doc["SyncToken"]) + 1)
        doc["sparse"] = False
        if entity == "Preferences":
            self._preferences = doc
        self.store.put(self.space, entity, int(doc["Id"]), doc, keys(entity, doc), when)
        webhooks.note(self.store, self.realm, entity, doc["Id"], "voided" if doc.get("_voided") else "updated")
        return doc

    def erase(self, entity: str, doc: Doc) -> None:
        """Deletes a document and leaves the tombstone that change data capture shows."""
        stamp, when = self._stamp()
        id = int(doc["Id"])
        self.store.remove(self.space, entity, id)
        grave = {"domain": "QBO", "status": "Deleted", "Id": doc["Id"], "MetaData": {"LastUpdatedTime": stamp}}
        self.store.put(self.space, TOMBSTONE + entity, id, grave, None, when)
        webhooks.note(self.store, self.realm, entity, doc["Id"], "deleted")

    def changed_since(self, entity: str, since: datetime) -> list[Doc]:
        """Documents and tombstones touched at or after ``since``."""
        live = self.store.scan(self.space, entity, updated_since=since)
        return live + self.store.scan(self.space, TOMBSTONE + entity, updated_since=since)

    def _stamp(self) -> tuple[str, datetime]:
        when = self.now().replace(microsecond=0)
        return when.isoformat(), when.astimezone(UTC)

    def _next_id(self, entity: str) -> str:
        sequence = "txn" if entity in TRANSACTIONS else entity
        start = int(self.store.setting("qbo:first_id", 1))
        return str(self.store.next_id(f"{self.space}:{sequence}", start))


def plain_name(doc: Mapping[str, Any]) -> str:
    """The name a list entry was given, without the suffix of a deactivated one."""
    name = str(doc.get("DisplayName") or doc.get("Name") or "")
    return name if doc.get("Active", True) else name.removesuffix(DELETED)


def keys(entity: str, doc: Mapping[str, Any]) -> Mapping[str, object]:
    """What documents of ``entity`` can be found by without a scan."""
    if entity in NAME_LISTS:
        found: dict[str, object] = {"name": plain_name(doc).casefold()}
        if "ParentRef" in doc:
            found["parent"] = ref_id(doc, "ParentRef")
        if doc.get("Active") is False:
            found["inactive"] = "1"
        return found
    number = doc.get("DocNumber")
    customer = ref_id(doc, "CustomerRef")
    open_amount = doc.get("Balance") or doc.get("UnappliedAmt")
    return {
        "number": str(number).casefold() if number else None,
        "customer": customer or None,
        "open": customer if customer and open_amount else None,
    }
