"""What a start date brings in, what it leaves out, and what was open in Clio the evening before (R1.2, R6.5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integrations.core.money import ZERO
from integrations.kinds.invoice import TRUST_KIND, Allocation, Bill, InterestCharge
from integrations.kinds.trust_entry import TrustRow


@dataclass
class Sum:
    """How many, and what they come to."""

    count: int = 0
    amount: Decimal = ZERO

    def add(self, amount: Decimal) -> None:
        self.count += 1
        self.amount += amount

    def report(self) -> dict[str, object]:
        return {"count": self.count, "amount": str(self.amount)}


@dataclass
class Cutover:
    """Fed with every bill first, then with what pays them. ``opening`` is by trust account and client.

    A payment counts as brought in where it pays any bill that is; where all its bills stay out, it is left out if it is
    dated since the start date, and history otherwise.
    """

    start: date
    bills_in: Sum = field(default_factory=Sum)
    bills_out: Sum = field(default_factory=Sum)
    owed_in: Decimal = ZERO
    owed_out: Decimal = ZERO
    receivable: Decimal = ZERO
    undated: int = 0
    clients: set[str] = field(default_factory=set)
    trust_in: Sum = field(default_factory=Sum)
    trust_out: Sum = field(default_factory=Sum)
    opening: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # of the clients whose money is in trust
    _in: set[str] = field(default_factory=set)
    _out: set[str] = field(default_factory=set)
    _paid_in: dict[str, Decimal] = field(default_factory=dict)
    _paid_out: dict[str, Decimal] = field(default_factory=dict)

    def bill(self, bill: Bill) -> None:
        if not bill.is_live or bill.kind == TRUST_KIND:
            return
        if bill.issued_at is None:
            self.undated += 1
        elif bill.issued_at >= self.start:
            self._in.add(bill.id)
            self.clients.add(bill.contact_id)
            self.bills_in.add(bill.total)
            self.owed_in += bill.balance
        else:
            self._out.add(bill.id)
            self.bills_out.add(bill.total)
            self.owed_out += bill.balance
            self.receivable += bill.balance

    def allocation(self, paid: Allocation) -> None:
        """What is paid on an earlier bill since the start date was still owed the evening before."""
        if not paid.is_valid:
            return
        is_late = paid.date is not None and paid.date >= self.start
        if paid.bill_id in self._out and is_late:
            self.receivable += paid.amount
        if paid.is_payment and paid.bill_id in self._in:
            _add(self._paid_in, paid.parent_id, paid.amount)
        elif paid.is_payment and paid.bill_id in self._out and is_late:
            _add(self._paid_out, paid.parent_id, paid.amount)

    def charge(self, charge: InterestCharge) -> None:
        """Interest charged on an earlier bill since the start date was not owed yet."""
        if charge.bill_id in self._out and charge.date is not None and charge.date >= self.start:
            self.receivable -= charge.total

    def trust(self, row: TrustRow) -> None:
        if row.dated is None:
            self.undated += 1
        elif not row.is_opening(self.start):
            (self.trust_out if row.is_out else self.trust_in).add(abs(row.amount))
        else:
            key = (row.account_id, row.contact_id)
            self.names[row.contact_id] = row.contact_name or self.names.get(row.contact_id, "")
            self.opening[key] = self.opening.get(key, ZERO) + row.amount

    @property
    def payments_in(self) -> Sum:
        return _sum(self._paid_in.values())

    @property
    def payments_out(self) -> Sum:
        """Payments since the start date that pay earlier bills only."""
        return _sum(amount for id, amount in self._paid_out.items() if id not in self._paid_in)

    def opening_of(self, account_id: str) -> dict[str, Decimal]:
        """What was held for each client on one account, by the client's id; nobody whose money was gone again."""
        return {who: held for (account, who), held in self.opening.items() if account == account_id and held}


def _add(found: dict[str, Decimal], key: str, amount: Decimal) -> None:
    found[key] = found.get(key, ZERO) + amount


def _sum(amounts: Iterable[Decimal]) -> Sum:
    found = Sum()
    for amount in amounts:
        found.add(amount)
    return found
