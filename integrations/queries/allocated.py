"""Payments and credit notes of Clio, put together from what they pay: Clio shows payments in no other way."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q, QuerySet

from integrations.kinds.credit_note import credit_number
from integrations.models import Pairing, Record

ALLOCATED = ("payment", "credit_note")  # known by what they pay
# A missing key is neither equal nor unequal, so it is asked for by itself.
_OF: Mapping[str, Q] = {
    "payment": Q(data__parent__type__isnull=True) | ~Q(data__parent__type="CreditMemo"),
    "credit_note": Q(data__parent__type="CreditMemo"),
}


def parts(pairing: Pairing, kind: str) -> QuerySet[Record]:
    """The allocations of every payment, or of every credit note."""
    found = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity="allocations")
    return found.filter(of_kind(kind))


def of_kind(kind: str) -> Q:
    """Which allocations are parts of payments, or of credit notes."""
    return ~Q(peer_id="") & _OF[kind]


def kind_of(allocation: Mapping[str, Any]) -> str:
    """The same said of one that is read already."""
    parent = allocation.get("parent")
    return "credit_note" if isinstance(parent, dict) and parent.get("type") == "CreditMemo" else "payment"


def allocated(pairing: Pairing, kind: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Each of them as one object, with what Clio's own list of credit notes says: one query."""
    wanted = list(ids)
    asked = Q(of_kind(kind), entity="allocations", peer_id__in=wanted)
    if kind == "credit_note":
        asked |= Q(entity="credit_memos", external_id__in=wanted)
    found = Record.objects.of(pairing.firm).filter(asked, pairing=pairing, side=Record.Side.PRACTICE).order_by("id")
    rows = list(found.values_list("entity", "external_id", "peer_id", "data"))
    memos = {id: data for entity, id, _, data in rows if entity == "credit_memos"}
    return put_together(kind, [(peer, data) for entity, _, peer, data in rows if entity == "allocations"], memos)


def put_together(
    kind: str, parts: Iterable[tuple[str, dict[str, Any]]], memos: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Each payment or credit note as one object: sum, date, contact, and its parts."""
    by_parent = defaultdict(list)
    for parent_id, data in parts:
        by_parent[parent_id].append(data)
    if kind == "payment":
        return {id: _one(rows, {}) for id, rows in by_parent.items()}
    return {id: {**_one(rows, memos.get(id, {})), "number": credit_number(id)} for id, rows in by_parent.items()}


def _one(rows: list[dict[str, Any]], memo: dict[str, Any]) -> dict[str, Any]:
    valid = [row for row in rows if not row.get("voided_at") and not memo.get("voided_at")]
    shown = valid or rows
    return {
        "amount": str(sum((decimal(row.get("amount")) or Decimal(0) for row in valid), Decimal(0))),
        "date": str(memo.get("date") or "") or min((str(row.get("date") or "") for row in shown), default=""),
        "contact": next((row["contact"] for row in shown if row.get("contact")), memo.get("contact") or {}),
        "description": str(memo.get("description") or ""),
        "parts": rows,
        "is_void": not valid,
    }


def bills_of(one: dict[str, Any]) -> list[str]:
    """The bills a payment or credit note is for."""
    return [str((row.get("bill") or {}).get("id") or "") for row in one.get("parts", ())]


def decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value)) if value not in (None, "") else None
    except InvalidOperation:
        return None
