"""What our copies of both systems hold of one record and of what it pays, is paid by or bills: one query."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from integrations.kinds.credit_note import APPLY
from integrations.models import EntityLink, Pairing, Record
from integrations.queries.allocated import ALLOCATED, kind_of, put_together
from integrations.queries.records import LISTS, is_in_scope

MOST = 100  # of a contact's bills, the newest
DOCUMENTS = ("Customer", "Invoice", "CreditMemo", "Payment", "JournalEntry", "Purchase")


class Mirrored(NamedTuple):
    """One object of either system."""

    pk: int
    side: str
    entity: str
    id: str
    owner_id: str
    peer_id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Around:
    """The objects in the order in which they were first seen."""

    pairing: Pairing
    rows: tuple[Mirrored, ...]

    def of(self, entity: str) -> dict[str, dict[str, Any]]:
        """Clio's objects of one list, by id."""
        return {row.id: row.data for row in self.rows if row.entity == entity and row.side == Record.Side.PRACTICE}

    def parts(self, kind: str) -> list[Mirrored]:
        """The allocations of payments, or of credit notes."""
        return [row for row in self.rows if row.entity == "allocations" and row.peer_id and kind_of(row.data) == kind]

    def allocated(self, kind: str) -> dict[str, dict[str, Any]]:
        """Payments or credit notes, by id, each as one object."""
        return put_together(kind, [(row.peer_id, row.data) for row in self.parts(kind)], self.of("credit_memos"))

    def known(self, kind: str) -> dict[str, dict[str, Any]]:
        """Whatever there is of a kind, by id."""
        return self.allocated(kind) if kind in ALLOCATED else self.of(LISTS[kind])

    @property
    def documents(self) -> dict[tuple[str, str], dict[str, Any]]:
        """QuickBooks's, by entity and id."""
        return {(row.entity, row.id): row.data for row in self.rows if row.side == Record.Side.LEDGER}

    @property
    def in_scope(self) -> frozenset[str]:
        """Those of the bills that payments may pay in QuickBooks."""
        bills = self.of("bills")
        return frozenset(id for id, bill in bills.items() if is_in_scope(self.pairing, bill))


def around(pairing: Pairing, kind: str, practice_id: str) -> Around:
    """Each part is looked up by an index of its own, so none is read in search of another."""
    arms = list(_arms(pairing, kind, practice_id))
    columns = ("pk", "side", "entity", "external_id", "owner_id", "peer_id", "data")
    first, *more = (arm.values_list(*columns) for arm in arms)
    found = {row[0]: Mirrored(*row) for row in first.union(*more, all=True)}
    return Around(pairing, tuple(found[pk] for pk in sorted(found)))


def _arms(pairing: Pairing, kind: str, practice_id: str) -> Iterator[QuerySet[Record]]:
    yield _documents(pairing, _links(pairing).filter(kind=kind, practice_id=practice_id))
    if kind not in ALLOCATED:
        yield _list(pairing, LISTS[kind]).filter(external_id=practice_id)
    if kind == "contact":
        yield _list(pairing, "bills").filter(owner_id=practice_id).order_by("-pk")[:MOST]
    elif kind == "invoice":
        yield from _paying(pairing, practice_id)
    elif kind in ALLOCATED:
        parts = _list(pairing, "allocations").filter(peer_id=practice_id)
        yield parts
        yield _list(pairing, "credit_memos").filter(external_id=practice_id)
        yield _list(pairing, "bills").filter(external_id__in=parts.values("owner_id"))


def _paying(pairing: Pairing, bill_id: str) -> Iterator[QuerySet[Record]]:
    """What pays and reduces a bill, in Clio with all their other parts, and in QuickBooks."""
    peers = _list(pairing, "allocations").filter(owner_id=bill_id).exclude(peer_id="").values("peer_id")
    yield _list(pairing, "allocations").filter(peer_id__in=peers)
    yield _list(pairing, "credit_memos").filter(external_id__in=peers)
    paid = _links(pairing).filter(Q(kind="payment") | Q(kind="credit_note", leg=APPLY), practice_id__in=peers)
    yield _documents(pairing, paid.filter(state=EntityLink.State.LIVE), "Payment")


def _links(pairing: Pairing) -> QuerySet[EntityLink]:
    return EntityLink.objects.of(pairing.firm).filter(pairing=pairing).exclude(state=EntityLink.State.UNLINKED)


def _list(pairing: Pairing, entity: str) -> QuerySet[Record]:
    found = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity=entity)
    return found.order_by()


def _documents(pairing: Pairing, links: QuerySet[EntityLink], *entities: str) -> QuerySet[Record]:
    found = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.LEDGER, is_deleted=False)
    ids = links.order_by().values("ledger_id")
    return found.filter(entity__in=entities or DOCUMENTS, external_id__in=ids).order_by()
