"""The trust ledger of Clio: transfers, overdrafts, opening balances, and which rows paid which bills (rule R6)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from integrations.core.money import ZERO
from integrations.core.records import Ref
from integrations.kinds.invoice import Allocation, id_order
from integrations.kinds.payment import TRUST, Payment
from integrations.kinds.trust_entry import TrustRow

APART = timedelta(seconds=60)  # rule R6.4: between the two rows of one transfer

Holder = tuple[str, str]  # contact id, trust account id


def is_transfer(out: TrustRow, into: TrustRow) -> bool:
    """Rule R6.4: same amount and date, opposite direction, no bill or allocation, created within 60 seconds."""
    if not out.is_out or out.amount != -into.amount or out.dated is None or out.dated != into.dated:
        return False
    if out.currency != into.currency or any(row.bill_id or row.allocation_id for row in (out, into)):
        return False
    if out.created_at is None or into.created_at is None or not _comparable(out.created_at, into.created_at):
        return False
    return abs(out.created_at - into.created_at) <= APART


def _comparable(one: datetime, other: datetime) -> bool:
    return (one.tzinfo is None) == (other.tzinfo is None)


def created_together(one: str | None, other: str | None) -> bool:
    """Whether two rows, by the text of their created_at, can be of one transfer."""
    try:
        return abs(datetime.fromisoformat(one or "") - datetime.fromisoformat(other or "")) <= APART
    except (ValueError, TypeError):  # no time, or only one of them with a zone
        return False


def transfers(rows: Iterable[TrustRow], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Money-out row to the money-in row of the same transfer, where no other row fits either of them.

    ``known`` are pairs that one entry stands for already: those stay together while they still fit each other.
    """
    listed = {row.id: row for row in rows}
    found = {
        out: into
        for out, into in (known or {}).items()
        if out in listed and into in listed and is_transfer(listed[out], listed[into])
    }
    taken = {*found.keys(), *found.values()}
    free = [row for row in listed.values() if row.id not in taken]
    partners = _partners(free)
    for id, fitting in partners.items():
        if listed[id].is_out and len(fitting) == 1 and partners[fitting[0]] == [id]:
            found[id] = fitting[0]
    return found


def _partners(rows: Iterable[TrustRow]) -> dict[str, list[str]]:
    """Each row that fits any other, with those it fits."""
    alike: dict[tuple[date | None, Decimal], list[TrustRow]] = {}
    for row in rows:
        alike.setdefault((row.dated, abs(row.amount)), []).append(row)
    found: dict[str, list[str]] = {}
    for same in alike.values():
        outs, ins = [row for row in same if row.is_out], [row for row in same if not row.is_out]
        for out in outs:
            for into in ins:
                if is_transfer(out, into):
                    found.setdefault(out.id, []).append(into.id)
                    found.setdefault(into.id, []).append(out.id)
    return found


def overdrawn(rows: Iterable[TrustRow]) -> dict[str, Decimal]:
    """Money-out rows after which their client's ledger is below zero, with what it then is (rule R6.5).

    ``rows`` are the whole ledgers, those from before the start date included; each client and account is judged by
    date, money in first. A row without a client is in nobody's ledger.
    """
    held: dict[Holder, Decimal] = {}
    found: dict[str, Decimal] = {}
    for row in sorted(rows, key=_ledger_order):
        if not row.contact_id:
            continue
        holder = (row.contact_id, row.account_id)
        held[holder] = held.get(holder, ZERO) + row.amount
        if row.is_out and held[holder] < 0:
            found[row.id] = held[holder]
    return found


def _ledger_order(row: TrustRow) -> tuple[date, bool, tuple[int, str]]:
    """A row without a date counts as money that is there, or that is taken last."""
    undated = date.max if row.is_out else date.min
    return (row.dated or undated, row.is_out, id_order(row.id))


def openings(rows: Iterable[TrustRow], start: date, posted: Collection[str] = ()) -> dict[Holder, Decimal]:
    """What each client has in each account before the start date (rule R6.5); rows that are posted all the same are
    not counted twice.
    """
    found: dict[Holder, Decimal] = {}
    for row in rows:
        if row.is_opening(start) and row.id not in posted:
            holder = (row.contact_id, row.account_id)
            found[holder] = found.get(holder, ZERO) + row.amount
    return {holder: amount for holder, amount in found.items() if amount}


def paid_from(payments: Iterable[Payment], rows: Iterable[TrustRow]) -> dict[str, list[str]]:
    """Payment id to the money-out rows that carry it (rule R6.3); a payment no row fits has none.

    A row tells by its allocation or its bill; where Clio gives neither, it has to fit in account, client, date and
    amount, and be the only one. A payment that was deleted has what those that stand leave.
    """
    outs = sorted((row for row in rows if row.is_out), key=lambda row: id_order(row.id))
    wanted = sorted((p for p in payments if _from_trust(p)), key=lambda p: (not p.valid, id_order(p.id)))
    found: dict[str, list[str]] = {payment.id: [] for payment in wanted}
    taken: set[str] = set()
    for fitting in (_by_allocation, _by_bill, _by_figures):
        for payment in wanted:
            if not found[payment.id]:
                found[payment.id] = fitting(payment, [row for row in outs if row.id not in taken])
                taken |= set(found[payment.id])
    return found


def _by_allocation(payment: Payment, rows: list[TrustRow]) -> list[str]:
    ids = {allocation.id for allocation in payment.allocations}
    return [row.id for row in rows if row.allocation_id in ids]


def _by_bill(payment: Payment, rows: list[TrustRow]) -> list[str]:
    """Rows that name only the bill: one of the whole payment, or one for each of its bills."""
    bills = {allocation.bill_id for allocation in _from_trust(payment)}
    near = [row for row in rows if not row.allocation_id and row.bill_id in bills and _is_near(payment, row)]
    return _whole_or_parts(payment, near)


def _by_figures(payment: Payment, rows: list[TrustRow]) -> list[str]:
    near = [row for row in rows if not row.allocation_id and not row.bill_id and _is_near(payment, row)]
    return _whole_or_parts(payment, [row for row in near if row.contact_id in ("", payment.contact_id)])


def _is_near(payment: Payment, row: TrustRow) -> bool:
    sources = {allocation.source_id for allocation in _from_trust(payment)}
    return row.account_id in sources and row.dated in {allocation.date for allocation in _counted(payment)}


def _counted(payment: Payment) -> tuple[Allocation, ...]:
    """Its allocations; those of a payment that is over tell what it was."""
    return payment.valid or payment.allocations


def _from_trust(payment: Payment) -> list[Allocation]:
    return [allocation for allocation in _counted(payment) if allocation.source_type == TRUST]


def _whole_or_parts(payment: Payment, rows: list[TrustRow]) -> list[str]:
    """The one row of the payment's whole amount, else one row for each of its parts; none where that is not certain."""
    parts = [allocation.amount for allocation in _from_trust(payment)]
    whole = [row.id for row in rows if -row.amount == sum(parts, ZERO)]
    if len(whole) == 1:
        return whole
    each = [[row.id for row in rows if -row.amount == part] for part in parts]
    if len(set(parts)) == len(parts) and all(len(fitting) == 1 for fitting in each):
        return [fitting[0] for fitting in each]
    return []


def trust_sources(payment: Payment) -> frozenset[str]:
    """The trust accounts a payment was made from."""
    return frozenset(allocation.source_id for allocation in _from_trust(payment))


def refs_of(payment_id: str, refs: Iterable[Ref]) -> frozenset[Ref]:
    return frozenset(ref for ref in refs if ref.practice_id == payment_id)
