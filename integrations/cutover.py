"""The start date tried out: both systems are read for what it brings in, leaves out, and finds open the evening before.

Nothing of it is kept but the figures; the mirror and the settings stay as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations import mapping
from integrations.core import mapping as keys
from integrations.core.errors import Forbidden, RemoteError
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, text
from integrations.kinds import invoice
from integrations.kinds.cutover import Cutover
from integrations.kinds.trust_entry import decode_row
from integrations.sync.workspace import Workspace

RECEIVABLE = "Accounts Receivable"
Progress = Callable[[str], None]


def figures(work: Workspace, start: date, progress: Progress) -> dict[str, Any]:
    """As the page shows them; amounts are text. Raises RemoteError where bills or payments cannot be read."""
    mapping.read_targets(work)
    reading = _Reading(work, progress)
    cut = Cutover(start)
    reading.each("bills", {"type": "revenue"}, invoice.decode_bill, cut.bill)
    reading.each("allocations", {"status": "valid"}, invoice.decode_allocation, cut.allocation)
    with reading.may_be_closed("interest charges"):
        reading.each("interest_charges", {}, invoice.decode_interest, cut.charge)
    found = mapping.targets(work.pairing)
    with reading.may_be_closed("trust ledgers"):
        for id in found.trust_accounts:
            reading.each("bank_transactions", {"bank_account_id": id}, decode_row, cut.trust)
    progress("balances of QuickBooks")
    balances, unread = _balances(work, start)
    return {
        **_counted(cut),
        "unreadable": reading.unreadable + cut.undated,
        "closed": reading.closed,
        "unread": unread,
        "receivable": {"clio": str(cut.receivable), "quickbooks": _receivable(found, balances)},
        "trust": list(_trust(found, cut, balances)),
    }


def _counted(cut: Cutover) -> dict[str, Any]:
    return {
        "start": cut.start.isoformat(),
        "bills_in": cut.bills_in.report(),
        "bills_out": cut.bills_out.report(),
        "owed_in": str(cut.owed_in),
        "owed_out": str(cut.owed_out),
        "clients": len(cut.clients),
        "payments_in": cut.payments_in.report(),
        "payments_out": cut.payments_out.report(),
        "trust_in": cut.trust_in.report(),
        "trust_out": cut.trust_out.report(),
    }


class _Reading:
    """Lists of Clio, page by page. What cannot be understood is counted, what is closed to the user is named."""

    def __init__(self, work: Workspace, progress: Progress) -> None:
        self._work, self._progress = work, progress
        self.unreadable = 0
        self.closed: list[str] = []

    def each[T](
        self, entity: str, filters: Mapping[str, str], decode: Callable[[Raw], T], take: Callable[[T], None]
    ) -> None:
        for number, raw in enumerate(self._rows(entity, filters), start=1):
            self._progress(f"{entity.replace('_', ' ')} of Clio, {number:,} so far")
            try:
                take(decode(raw))
            except Unreadable:
                self.unreadable += 1

    def _rows(self, entity: str, filters: Mapping[str, str]) -> Iterator[Raw]:
        for page in self._work.practice.pages(entity, filters=filters):
            yield from page.rows

    @contextmanager
    def may_be_closed(self, name: str) -> Iterator[None]:
        """Goes on without a list that Clio keeps from the connected user, and notes its name."""
        try:
            yield
        except Forbidden:
            self.closed.append(name)


def _balances(work: Workspace, start: date) -> tuple[Mapping[str, Decimal] | None, str]:
    """What stood on QuickBooks's accounts the evening before; None, with the reason, where it does not say."""
    try:
        return work.ledger.balances(start - timedelta(days=1)), ""
    except RemoteError as error:
        return None, str(error)


def _receivable(found: mapping.Targets, balances: Mapping[str, Decimal] | None) -> str | None:
    if balances is None:
        return None
    own = (id for id, row in found.known["Account"].items() if text(row, "AccountType") == RECEIVABLE)
    return str(_sum(balances.get(id, ZERO) for id in own))


def _trust(found: mapping.Targets, cut: Cutover, balances: Mapping[str, Decimal] | None) -> Iterator[dict[str, Any]]:
    """Each trust account with the accounts it is mapped to, or would be, and what stood on both."""
    proposed = {one.slot.key: one for one in mapping.recommend(found)}
    for id, name in found.trust_accounts.items():
        bank, liability = proposed[keys.trust_bank_key(id)], proposed[keys.trust_liability_key(id)]
        held = cut.opening_of(id)
        yield {
            "name": name,
            "clio": str(_sum(held.values())),
            "bank": _at(balances, bank.ledger_id, 1),
            "bank_name": bank.name,
            "liability": _at(balances, liability.ledger_id, -1),
            "liability_name": liability.name,
            "clients": sorted((cut.names.get(who) or "No client", str(amount)) for who, amount in held.items()),
        }


def _at(balances: Mapping[str, Decimal] | None, id: str, sign: int) -> str | None:
    """None where there is no such account yet, or nobody could say."""
    return str(sign * balances.get(id, ZERO)) if balances is not None and id else None


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
