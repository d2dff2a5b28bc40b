"""The start date tried out: both systems are read for what it brings in, leaves out, and finds open the evening before.

Nothing of it is kept but the figures, with what each counts; the mirror and the settings stay as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db import transaction

from integrations import mapping
from integrations.core import mapping as keys
from integrations.core.errors import Forbidden, RemoteError
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, nested, text
from integrations.kinds import invoice
from integrations.kinds.cutover import Counted, Cutover, Part
from integrations.kinds.trust_entry import decode_row
from integrations.models import CountedRecord, Errand
from integrations.sync.sources import Listed, Progress, Source
from integrations.sync.workspace import Workspace

RECEIVABLE = "Accounts Receivable"
ONE = {
    "bills": "Bill",
    "allocations": "Allocation",
    "interest_charges": "Interest charge",
    "bank_transactions": "Trust row",
}
ROWS_AT_ONCE = 500
REVENUE, VALID = {"type": "revenue"}, {"status": "valid"}


def figures(work: Workspace, errand: Errand, source: Source, start: date, progress: Progress) -> dict[str, Any]:
    """As the page shows them; amounts are text. Raises RemoteError where bills or payments cannot be read, and
    SliceIsOver where the source is read in slices.
    """
    mapping.read_targets(work)
    found = mapping.targets(work.pairing)
    source.read_ahead(_lists(found))
    kept = _Kept(errand)
    reading = _Reading(source, kept.add)
    cut = Cutover(start, kept.add)
    reading.each("bills", REVENUE, lambda raw: cut.bill(invoice.decode_bill(raw), _name(raw, "client")))
    reading.each(
        "allocations",
        VALID,
        lambda raw: cut.allocation(invoice.decode_allocation(raw), _name(raw, "contact")),
    )
    with reading.may_be_closed("interest charges"):
        reading.each("interest_charges", {}, lambda raw: cut.charge(invoice.decode_interest(raw)))
    with reading.may_be_closed("trust ledgers"):
        for id in found.trust_accounts:
            reading.each("bank_transactions", {"bank_account_id": id}, lambda raw: cut.trust(decode_row(raw)))
    cut.close()
    progress("balances of QuickBooks")
    balances, unread = _balances(work, start)
    told = {
        **_counted(cut),
        "unreadable": reading.unreadable + cut.undated,
        "closed": reading.closed,
        "unread": unread,
        "receivable": {
            "clio": str(cut.receivable),
            "quickbooks": _receivable(found, balances),
            "accounts": _receivable_accounts(found),
        },
        "trust": list(_trust(found, cut, balances)),
    }
    kept.save(work)
    return told


def _lists(found: mapping.Targets) -> Iterator[Listed]:
    yield from (Listed("bills", REVENUE), Listed("allocations", VALID), Listed("interest_charges"))
    yield from (Listed("bank_transactions", {"bank_account_id": id}) for id in found.trust_accounts)


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


def _name(raw: Raw, of: str) -> str:
    return text(nested(raw, of), "name")


class _Kept:
    """The records behind the figures, as rows in place of an earlier trial's."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._found: list[Counted] = []
        self._rows = CountedRecord.objects.of(errand.firm)

    def add(self, counted: Counted) -> None:
        self._found.append(counted)

    def save(self, work: Workspace) -> None:
        with transaction.atomic():
            work.hold.check()
            self._rows.filter(pairing=self._errand.pairing).delete()
            for batch in batched(self._found, ROWS_AT_ONCE):
                self._rows.bulk_create(self._row(counted) for counted in batch)

    def _row(self, counted: Counted) -> CountedRecord:
        return CountedRecord(
            pairing=self._errand.pairing,
            errand=self._errand,
            part=counted.part,
            practice_id=counted.id,
            label=counted.label[:200],
            client=counted.client[:600],
            account=counted.account,
            dated=counted.dated,
            amount=counted.amount,
            owed=counted.owed,
            currency=self._errand.pairing.ledger.currency,
        )


class _Reading:
    """Lists of Clio, page by page. What cannot be understood is counted, what is closed to the user is named."""

    def __init__(self, source: Source, tell: Callable[[Counted], None]) -> None:
        self._source, self._tell = source, tell
        self.unreadable = 0
        self.closed: list[str] = []

    def each(self, entity: str, filters: Mapping[str, str], take: Callable[[Raw], None]) -> None:
        """``take`` raises Unreadable for what it cannot understand."""
        for raw in self._rows(entity, filters):
            try:
                take(raw)
            except Unreadable as error:
                self.unreadable += 1
                named = f"{ONE.get(entity, entity)} {text(raw, 'number') or text(raw, 'id')}: {error}"
                self._tell(Counted(Part.UNREADABLE, text(raw, "id"), named))

    def _rows(self, entity: str, filters: Mapping[str, str]) -> Iterator[Raw]:
        for page in self._source.clio(Listed(entity, filters)):
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


def _receivable_accounts(found: mapping.Targets) -> list[str]:
    return [id for id, row in found.known["Account"].items() if text(row, "AccountType") == RECEIVABLE]


def _receivable(found: mapping.Targets, balances: Mapping[str, Decimal] | None) -> str | None:
    if balances is None:
        return None
    return str(_sum(balances.get(id, ZERO) for id in _receivable_accounts(found)))


def _trust(found: mapping.Targets, cut: Cutover, balances: Mapping[str, Decimal] | None) -> Iterator[dict[str, Any]]:
    """Each trust account with the accounts it is mapped to, or would be, and what stood on both."""
    proposed = {one.slot.key: one for one in mapping.recommend(found)}
    for id, name in found.trust_accounts.items():
        bank, liability = proposed[keys.trust_bank_key(id)], proposed[keys.trust_liability_key(id)]
        held = cut.opening_of(id)
        yield {
            "id": id,
            "name": name,
            "clio": str(_sum(held.values())),
            "bank": _at(balances, bank.ledger_id, 1),
            "bank_id": bank.ledger_id,
            "bank_name": bank.name,
            "liability": _at(balances, liability.ledger_id, -1),
            "liability_id": liability.ledger_id,
            "liability_name": liability.name,
            "clients": sorted((cut.names.get(who) or "No client", str(amount)) for who, amount in held.items()),
        }


def _at(balances: Mapping[str, Decimal] | None, id: str, sign: int) -> str | None:
    """None where there is no such account yet, or nobody could say."""
    return str(sign * balances.get(id, ZERO)) if balances is not None and id else None


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
