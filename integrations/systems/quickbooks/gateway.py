"""QuickBooks Online as the ledger: queries, change data capture, and writes, alone or in a batch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from integrations.core.errors import Garbled, Malformed, NotBatched, NotFound, Refused, Stale
from integrations.core.ports import Changes, Identity, Page, Raw, SystemName, Verdict, Write
from integrations.core.read import nested, rows, text
from integrations.systems.decipher import find_fault, of_part, vendor_id
from integrations.systems.quickbooks import address, batch, limits, query, trial_balance
from integrations.systems.transport import Call, Params, Reply, Transport

# Nothing else is ever written.
WRITABLE = frozenset(
    {"Account", "CreditMemo", "Customer", "Deposit", "Invoice", "Item", "JournalEntry", "Payment", "Purchase"}
)


class QuickBooksGateway:
    """One company file; every address holds its realm."""

    name: SystemName = "quickbooks"

    def __init__(self, transport: Transport, realm: str) -> None:
        if not realm.isdigit() or not transport.base.endswith(f"/v3/company/{realm}"):
            raise ValueError("the transport belongs to another company")
        self._transport = transport
        self._realm = realm

    def identity(self) -> Identity:
        """The company, with its home currency. Raises RemoteError."""
        reply = self._transport.read(f"companyinfo/{self._realm}", _params(), label="/companyinfo")
        company = self._object(reply, "CompanyInfo", "GET")
        currency = nested(nested(self.preferences(), "CurrencyPrefs"), "HomeCurrency")
        return Identity(
            external_account_id=self._realm,
            name=text(company, "CompanyName"),
            country=text(company, "Country"),
            currency=text(currency, "value"),
            edition=next(
                (text(row, "Value") for row in rows(company, "NameValue") if row.get("Name") == "OfferingSku"), ""
            ),
        )

    def preferences(self) -> Raw:
        return self._object(self._transport.read("preferences", _params()), "Preferences", "GET")

    def pages(self, entity: str, where: str = "", fields: str = "*", *, place: str = "") -> Iterator[Page]:
        """Every page of a query by id, or from ``place`` on. Raises RemoteError; ValueError for a query that cannot be
        built.
        """
        start = int(place or 1)
        while True:
            text_ = query.select(entity, where, fields, start)
            reply = self._transport.read("query", _params(("query", text_)), label=f"/query/{entity.lower()}")
            found = self._found(reply, entity)
            is_last = len(found) < limits.QUERY_ROWS
            start += len(found)
            yield Page(found, _as_of(reply), "" if is_last else str(start))
            if is_last:
                return

    def changes(self, entities: Sequence[str], since: datetime) -> Changes:
        """What changed at ``since`` or later, which may lie at most 30 days back. Raises RemoteError, ValueError."""
        if since.tzinfo is None or not entities:
            raise ValueError("changes are asked for some entities, since a time with a zone")
        asked = _params(("entities", ",".join(entities)), ("changedSince", since.isoformat(timespec="seconds")))
        reply = self._transport.read("cdc", asked)
        blocks = self._blocks(reply)
        live: dict[str, list[Raw]] = {entity: [] for entity in entities}
        deleted: dict[str, list[str]] = {entity: [] for entity in entities}
        for block in blocks:
            for entity in entities:
                for row in rows(block, entity):
                    gone = text(row, "status") == "Deleted"
                    deleted[entity].append(text(row, "Id")) if gone else live[entity].append(row)
        return Changes(
            rows={entity: tuple(found) for entity, found in live.items()},
            deleted={entity: tuple(ids) for entity, ids in deleted.items()},
            as_of=_as_of(reply),
            complete=_is_complete(blocks, entities),
        )

    def balances(self, on: date) -> Mapping[str, Decimal]:
        """Debits less credits of each account at the end of a day, by its id. Raises RemoteError."""
        day = on.isoformat()
        asked = _params(("start_date", day), ("end_date", day), ("accounting_method", "Accrual"))
        reply = self._transport.read("reports/TrialBalance", asked, label="/reports/trialbalance")
        if not isinstance(reply.data, Mapping) or not trial_balance.is_one(reply.data):
            raise Garbled("QuickBooks's answer holds no trial balance", self._transport.trace("GET", "reports"))
        return trial_balance.balances(reply.data)

    def write(self, write: Write) -> Raw:
        """The object as QuickBooks returns it. Raises RemoteError; ValueError for a write that is never sent."""
        _check(write)
        path, params = address.of_write(write.entity, write.operation, _request_id(write))
        headers = {"Content-Type": "application/json"}
        call = Call("POST", path, _params(*params), headers, write.body, kind="write")
        written = self._object(self._transport.write(call), write.entity, "POST")
        if not text(written, "Id"):
            raise Garbled("QuickBooks answered without the id of what it wrote", self._transport.trace("POST", path))
        return written

    def batch_body(self, writes: Mapping[str, Write]) -> bytes:
        """Raises ValueError for a write that is never sent, or not in a batch."""
        for write in writes.values():
            _check(write)
        return batch.body_of(writes)

    def write_batch(self, body: bytes, request_id: str, entities: Mapping[str, str]) -> Mapping[str, Verdict]:
        """Raises RemoteError for the whole batch; NotBatched where QuickBooks refuses the batch as such."""
        if not 0 < len(request_id) <= limits.BATCH_REQUEST_ID_LENGTH:
            raise ValueError("a batch carries a request id of at most 36 characters")
        headers = {"Content-Type": "application/json"}
        path, params = address.of_batch(request_id)
        call = Call("POST", path, _params(*params), headers, body, kind="batch")
        try:
            reply = self._transport.write(call)
        except (Refused, Malformed, NotFound, Stale) as error:
            raise NotBatched(error.message, error.trace) from error
        trace = replace(self._transport.trace("POST", path), vendor_id=vendor_id(reply.headers))
        return batch.verdicts(reply.data, entities, trace)

    def _object(self, reply: Reply, entity: str, method: str) -> Raw:
        """Raises Garbled where the answer holds another entity, or none."""
        found = reply.data.get(entity) if isinstance(reply.data, Mapping) else None
        if not isinstance(found, Mapping):
            raise Garbled(f"QuickBooks's answer holds no {entity}", self._transport.trace(method, entity.lower()))
        return found

    def _found(self, reply: Reply, entity: str) -> tuple[Raw, ...]:
        """An answer without QueryResponse is no empty list: raises Garbled."""
        answer = self._object(reply, "QueryResponse", "GET")
        found = answer.get(entity, [])
        if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
            raise Garbled("QuickBooks's answer holds no list", self._transport.trace("GET", "query"))
        return tuple(found)

    def _blocks(self, reply: Reply) -> tuple[Raw, ...]:
        """The lists of a change data capture answer. Raises the error of a fault among them, Garbled for none."""
        trace = self._transport.trace("GET", "cdc")
        answer = reply.data if isinstance(reply.data, Mapping) else {}
        if not isinstance(answer.get("CDCResponse"), list):
            raise Garbled("QuickBooks's answer holds no changes", trace)
        responses = list(rows(answer, "CDCResponse"))
        for part in (*responses, *(block for response in responses for block in rows(response, "QueryResponse"))):
            fault = find_fault(part)
            if fault:
                raise of_part(fault, trace)
        return tuple(block for response in responses for block in rows(response, "QueryResponse"))


def _params(*more: tuple[str, str]) -> Params:
    return [*more, ("minorversion", limits.MINOR_VERSION)]


def _check(write: Write) -> None:
    if write.entity not in WRITABLE:
        raise ValueError(f"{write.entity} is never written")
    if write.operation == "void" and write.entity not in address.VOID:
        raise ValueError(f"QuickBooks cannot void a {write.entity}")


def _request_id(write: Write) -> str:
    if not 0 < len(write.request_id) <= limits.REQUEST_ID_LENGTH:
        raise ValueError("a write carries a request id of at most 50 characters")
    return write.request_id


def _is_complete(blocks: Sequence[Raw], entities: Sequence[str]) -> bool:
    """An answer with as many objects as fit may have been cut off, and so may one that counts more than it holds."""
    held = sum(len(list(rows(block, entity))) for block in blocks for entity in entities)
    return held < limits.CDC_OBJECTS and not any(
        isinstance(count := block.get("totalCount"), int)
        and count > sum(len(list(rows(block, entity))) for entity in entities)
        for block in blocks
    )


def _as_of(reply: Reply) -> datetime:
    """QuickBooks's clock when it answered: ``time`` of the body, else the Date header."""
    stated = text(reply.data, "time") if isinstance(reply.data, Mapping) else ""
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        return reply.at
    return moment if moment.tzinfo else reply.at
