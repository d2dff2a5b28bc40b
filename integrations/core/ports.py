"""What the sync needs from the outside world: two kinds of system and a clock."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

from integrations.core.errors import RemoteError

Raw = Mapping[str, object]  # one remote object as parsed JSON; numbers with a fraction are Decimal
Verdict = Raw | RemoteError  # what became of one write: the object as the vendor returned it, or why not
SystemName = Literal["clio", "quickbooks"]


class Clock(Protocol):
    """Time for everything that waits or compares instants. Instants are aware datetimes."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a connection turned out to speak for: shown to a person before the first write."""

    external_account_id: str
    name: str
    country: str = ""
    currency: str = ""
    region: str = ""
    edition: str = ""  # the product the company is subscribed to, where the system tells


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. ``as_of`` is the vendor's clock when it answered, ``following`` where the next page is."""

    rows: tuple[Raw, ...]
    as_of: datetime
    following: str = ""


class Practice(Protocol):
    """A practice-management system (Clio). It has no method that creates anything."""

    name: SystemName

    def identity(self) -> Identity: ...

    def pages(
        self,
        entity: str,
        *,
        since: datetime | None = None,
        ids: Sequence[str] = (),
        filters: Mapping[str, str] | None = None,
        place: str = "",
    ) -> Iterator[Page]:
        """Every page of one list, oldest id first, or from ``place`` on, which a page of the same list named.

        Raises RemoteError; a raised error means the list is incomplete.
        """
        ...

    def update_contact(self, contact_id: str, etag: str, data: Raw) -> Raw:
        """Writes mapped fields of one linked contact; raises Stale when ``etag`` is no longer current."""
        ...


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in the ledger: full objects by entity, ids of deleted ones, and the cursor to continue from.

    ``complete`` is False when the vendor cut the answer short; then a narrower window has to be asked for.
    """

    rows: Mapping[str, tuple[Raw, ...]]
    deleted: Mapping[str, tuple[str, ...]]
    as_of: datetime
    complete: bool


Operation = Literal["create", "update", "void"]


@dataclass(frozen=True, slots=True)
class Write:
    """One write: ``entity`` in the vendor's spelling (``Invoice``), the exact body bytes and its request id."""

    entity: str
    operation: Operation
    body: bytes
    request_id: str


class Ledger(Protocol):
    """An accounting system (QuickBooks Online)."""

    name: SystemName

    def identity(self) -> Identity: ...

    def preferences(self) -> Raw: ...

    def pages(self, entity: str, where: str = "", fields: str = "*", *, place: str = "") -> Iterator[Page]:
        """Every page of a query, ordered by id; ``where`` is built by ``systems.quickbooks.query``. ``place`` is the
        number of the row to begin with, as the page before it named it.
        """
        ...

    def changes(self, entities: Sequence[str], since: datetime) -> Changes: ...

    def balances(self, on: date) -> Mapping[str, Decimal]:
        """Debits less credits of each account at the end of that day, by its id. Raises RemoteError."""
        ...

    def write(self, write: Write) -> Raw:
        """Sends one write and returns the object as the vendor returned it. Raises RemoteError."""
        ...

    def batch_body(self, writes: Mapping[str, Write]) -> bytes:
        """The bytes of a request that carries several independent writes, each under its own name in the batch."""
        ...

    def write_batch(self, body: bytes, request_id: str, entities: Mapping[str, str]) -> Mapping[str, Verdict]:
        """Sends such a request and tells what became of each write, by its name. Raises RemoteError for the whole."""
        ...
