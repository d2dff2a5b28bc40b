"""Intuit's webhooks: how a post is signed and which objects of which companies it names (Intuit docs: webhooks)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from integrations.core.ports import Raw
from integrations.core.read import nested, text
from integrations.systems import wire
from integrations.systems.signatures import equal, in_base64

SIGNATURE = "intuit-signature"
ENTITIES = (
    "Account Bill BillPayment Budget Class CreditMemo Currency Customer Department Deposit Employee Estimate Invoice "
    "Item JournalCode JournalEntry Payment PaymentMethod Preferences Purchase PurchaseOrder RefundReceipt SalesReceipt "
    "TaxAgency Term TimeActivity Transfer Vendor VendorCredit"
).split()
_SPELLED = {name.lower(): name for name in ENTITIES}
_TYPE = re.compile(r"qbo\.([a-z]+)\.[a-z]+\.v[0-9]+")
_ID = re.compile(r"[0-9]{1,32}")
_COMPANIES = 500  # as many are looked for in a post of a shape nobody knows


@dataclass(frozen=True, slots=True)
class Told:
    """One object of one company. Without ``entity`` anything of the company may have changed."""

    realm: str
    entity: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """``understood`` is False where any part of it was of no known shape."""

    told: tuple[Told, ...]
    understood: bool

    @property
    def realms(self) -> list[str]:
        return sorted({one.realm for one in self.told})


def is_signed(verifier: str, body: bytes, signature: str) -> bool:
    return bool(verifier) and equal(signature, [in_base64(verifier.encode(), body)])


def read(body: bytes) -> Post:
    """What a post says, in the CloudEvents form or the older one. Never raises."""
    try:
        value = wire.parse(body)
    except (wire.NotJson, RecursionError):
        return Post((), understood=False)
    events = list(_events(value))
    told = [event for event in events if event is not None]
    if None in events or (not told and value != []):
        told += [Told(realm) for realm in _companies(value)]
        return Post(tuple(dict.fromkeys(told)), understood=False)
    return Post(tuple(dict.fromkeys(told)), understood=all(event.entity for event in told))


def _events(value: object) -> Iterator[Told | None]:
    """None for each part that names no company."""
    if isinstance(value, list):
        for event in value:
            yield from _cloud_event(event) if isinstance(event, Mapping) else (None,)
    elif isinstance(value, Mapping) and isinstance(value.get("eventNotifications"), list):
        for company in value["eventNotifications"]:
            yield from _older_form(company) if isinstance(company, Mapping) else (None,)


def _cloud_event(event: Raw) -> Iterator[Told | None]:
    realm, kind = text(event, "intuitaccountid"), _TYPE.fullmatch(text(event, "type"))
    entity = kind[1] if kind else ""
    yield _told(realm, entity, text(event, "intuitentityid"))
    if merged := text(nested(event, "data"), "deletedid"):
        yield _told(realm, entity, merged)


def _older_form(company: Raw) -> Iterator[Told | None]:
    realm, entities = text(company, "realmId"), nested(company, "dataChangeEvent").get("entities")
    if not isinstance(entities, list):
        yield None
        return
    for entity in entities:
        if not isinstance(entity, Mapping):
            yield None
            continue
        name = text(entity, "name")
        yield _told(realm, name, text(entity, "id"))
        if merged := text(entity, "deletedID"):
            yield _told(realm, name, merged)


def _told(realm: str, entity: str, id_: str) -> Told | None:
    """Of an entity nobody knows yet the company is known all the same."""
    if not _ID.fullmatch(realm):
        return None
    known = _SPELLED.get(entity.lower(), "")
    return Told(realm, known, id_) if known and _ID.fullmatch(id_) else Told(realm)


def _companies(value: object) -> list[str]:
    """Whatever may be the number of a company, wherever it stands."""
    found: dict[str, None] = {}
    left = [value]
    while left and len(found) < _COMPANIES:
        one = left.pop()
        if isinstance(one, Mapping):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
        elif isinstance(one, str | int) and not isinstance(one, bool) and _ID.fullmatch(str(one)):
            found[str(one)] = None
    return list(found)
