"""Clio as the practice system: reads its lists, writes mapped fields of contacts, creates nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from integrations.core.errors import Forbidden, Garbled, NotFound
from integrations.core.ports import Identity, Page, Raw, SystemName
from integrations.core.read import nested, nested_id, text
from integrations.systems import wire
from integrations.systems.clio import limits
from integrations.systems.clio.lists import CONTACT_FIELDS, LISTS, List
from integrations.systems.clio.subscriptions import Subscriptions
from integrations.systems.transport import Call, Params, Reply, Transport

OURS = frozenset({"fields", "limit", "order", "page_token", "offset", "updated_since", "ids[]"})


class ClioGateway:
    """One Clio account, in one region."""

    name: SystemName = "clio"

    def __init__(self, transport: Transport, region: str = "us") -> None:
        self._transport = transport
        self._region = region
        self.subscriptions = Subscriptions(transport)

    def identity(self) -> Identity:
        """The firm's account; its currency is empty where the user may not read the billing settings."""
        reply = self._transport.read("users/who_am_i.json", [("fields", "id,name,email,account{id,name}")])
        user = self._record(reply, "users/who_am_i.json")
        account_id = nested_id(user, "account")
        if not account_id:
            raise Garbled(
                "Clio does not say which account this is", self._transport.trace("GET", "users/who_am_i.json")
            )
        return Identity(
            external_account_id=account_id,
            name=text(nested(user, "account"), "name"),
            currency=self._currency(),
            region=self._region,
        )

    def _currency(self) -> str:
        try:
            reply = self._transport.read("settings/billing.json", [("fields", "currency")])
        except (Forbidden, NotFound):
            return ""
        return text(self._record(reply, "settings/billing.json"), "currency")

    def pages(
        self,
        entity: str,
        *,
        since: datetime | None = None,
        ids: Sequence[str] = (),
        filters: Mapping[str, str] | None = None,
        place: str = "",
    ) -> Iterator[Page]:
        """Every page of the list, or of the records with ``ids`` in as many lists as that takes.

        ``place`` is where an interrupted list of these very filters goes on: the address Clio gave of its next page.

        ``filters`` are Clio's own, by name (``{"display": "true"}``). Raises RemoteError; ValueError for an unknown
        list or filter, ids that are no ids, or a ``since`` without a time zone.
        """
        table = LISTS.get(entity)
        if table is None:
            raise ValueError(f"Clio has no list {entity!r} that is read here")
        params = _params(table, since, filters or {})
        if place:
            yield from self._follow(table, self._transport.read(place, label=f"/{table.path}"))
            return
        for chunk in _chunks(table, ids):
            yield from self._follow(table, self._transport.read(table.path, [*params, *chunk]))

    def update_contact(self, contact_id: str, etag: str, data: Raw) -> Raw:
        """The contact as Clio returns it. Raises Stale when ``etag`` is no longer current, and other RemoteErrors."""
        if not contact_id.isdigit() or not etag:
            raise ValueError("a contact is written by its id and the etag it was read with")
        path = contact_path(contact_id)
        call = Call(
            "PATCH",
            path,
            [("fields", CONTACT_FIELDS)],
            {"If-Match": etag, "Content-Type": "application/json"},
            wire.encode({"data": dict(data)}),
            kind="write",
        )
        written = self._record(self._transport.write(call), path)
        if text(written, "id") != contact_id:
            raise Garbled("Clio answered with another contact", self._transport.trace("PATCH", path))
        return written

    def _follow(self, table: List, reply: Reply) -> Iterator[Page]:
        """This page and all after it, by ``meta.paging.next`` as Clio gives it (Clio API docs: paging)."""
        seen: set[str] = set()
        while True:
            following = _next(reply)
            yield Page(self._rows(reply, table.path), reply.at, following)
            if not following:
                return
            if following in seen:
                raise Garbled("Clio's pages go round in a circle", self._transport.trace("GET", table.path))
            seen.add(following)
            reply = self._transport.read(following, label=f"/{table.path}")

    def _rows(self, reply: Reply, path: str) -> tuple[Raw, ...]:
        """A list without ``data`` is no empty list: Raises Garbled."""
        rows = reply.data.get("data") if isinstance(reply.data, Mapping) else None
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise Garbled("Clio's answer holds no list", self._transport.trace("GET", path))
        return tuple(rows)

    def _record(self, reply: Reply, path: str) -> Raw:
        record = reply.data.get("data") if isinstance(reply.data, Mapping) else None
        if not isinstance(record, Mapping):
            raise Garbled("Clio's answer holds no record", self._transport.trace("GET", path))
        return record


def contact_path(contact_id: str) -> str:
    """Where a contact is written."""
    return f"contacts/{contact_id}.json"


def _params(table: List, since: datetime | None, filters: Mapping[str, str]) -> Params:
    params = [("fields", table.fields), ("limit", str(limits.PAGE_ROWS))]
    if table.ordered:
        params.append(("order", "id(asc)"))
    if since is not None:
        if since.tzinfo is None:
            raise ValueError("since needs a time zone")
        params.append(("updated_since", since.isoformat(timespec="seconds")))
    if reserved := OURS & filters.keys():
        raise ValueError(f"not a filter: {', '.join(sorted(reserved))}")
    return [*params, *sorted(filters.items())]


def _chunks(table: List, ids: Sequence[str]) -> Iterator[Params]:
    """The ``ids[]`` parameters of each call; one call without any where no ids are asked for."""
    if not ids:
        yield ()
        return
    if not table.by_id or not all(id_.isdigit() for id_ in ids):
        raise ValueError(f"{table.path} cannot be read by these ids")
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), limits.IDS_PER_CALL):
        yield [("ids[]", id_) for id_ in unique[start : start + limits.IDS_PER_CALL]]


def _next(reply: Reply) -> str:
    meta = reply.data.get("meta") if isinstance(reply.data, Mapping) else None
    return text(nested(meta, "paging"), "next") if isinstance(meta, Mapping) else ""
