"""What a start date brings in, what it leaves out, and what was open in Clio the evening before (R1.2, R6.5)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integrations.core.money import ZERO
from integrations.kinds.invoice import TRUST_KIND, Allocation, Bill, InterestCharge
from integrations.kinds.trust_entry import TrustRow


class Part(StrEnum):
    """What a record is counted for."""

    BILLS_IN = "bills_in"
    BILLS_OUT = "bills_out"
    PAYMENTS_IN = "payments_in"
    PAYMENTS_OUT = "payments_out"
    TRUST_IN = "trust_in"
    TRUST_OUT = "trust_out"
    CLIENTS = "clients"
    RECEIVABLE = "receivable"
    HELD = "held"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Counted:
    """One record that a figure counts. ``owed`` is what is open of a bill today, ``account`` Clio's trust account."""

    part: Part
    id: str
    label: str
    client: str = ""
    dated: date | None = None
    amount: Decimal = ZERO
    owed: Decimal = ZERO
    account: str = ""


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


def _none(_: Counted) -> None:
    pass


@dataclass
class Cutover:
    """Fed with every bill first, then with what pays them, and closed. ``tell`` hears of each record that is counted.

    A payment counts as brought in where it pays any bill that is; where all its bills stay out, it is left out if it is
    dated since the start date, and history otherwise.
    """

    start: date
    tell: Callable[[Counted], None] = _none
    bills_in: Sum = field(default_factory=Sum)
    bills_out: Sum = field(default_factory=Sum)
    owed_in: Decimal = ZERO
    owed_out: Decimal = ZERO
    undated: int = 0
    clients: dict[str, Counted] = field(default_factory=dict)
    trust_in: Sum = field(default_factory=Sum)
    trust_out: Sum = field(default_factory=Sum)
    opening: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # by trust account and client
    names: dict[str, str] = field(default_factory=dict)  # of the clients whose money is in trust
    _in: set[str] = field(default_factory=set)
    _out: dict[str, Counted] = field(default_factory=dict)  # earlier bills, with what was open the evening before
    _paid_in: dict[str, Counted] = field(default_factory=dict)
    _paid_out: dict[str, Counted] = field(default_factory=dict)

    def bill(self, bill: Bill, client: str = "") -> None:
        if not bill.is_live or bill.kind == TRUST_KIND:
            return
        if bill.issued_at is None:
            self._undated(bill.id, f"Bill {bill.number or bill.id}", client)
            return
        is_in = bill.issued_at >= self.start
        part = Part.BILLS_IN if is_in else Part.BILLS_OUT
        found = Counted(
            part, bill.id, f"Bill {bill.number or bill.id}", client, bill.issued_at, bill.total, bill.balance
        )
        self.tell(found)
        if is_in:
            self._in.add(bill.id)
            _add(
                self.clients, bill.contact_id, Counted(Part.CLIENTS, bill.contact_id, client), bill.total, bill.balance
            )
            self.bills_in.add(bill.total)
            self.owed_in += bill.balance
        else:
            self._out[bill.id] = replace(found, part=Part.RECEIVABLE, amount=bill.balance)
            self.bills_out.add(bill.total)
            self.owed_out += bill.balance

    def allocation(self, paid: Allocation, client: str = "") -> None:
        """What is paid on an earlier bill since the start date was still owed the evening before."""
        if not paid.is_valid:
            return
        is_late = paid.date is not None and paid.date >= self.start
        if paid.bill_id in self._out and is_late:
            self._was_open(paid.bill_id, paid.amount)
        payment = Counted(Part.PAYMENTS_IN, paid.parent_id, f"Payment {paid.parent_id}", client, paid.date)
        if paid.is_payment and paid.bill_id in self._in:
            _add(self._paid_in, paid.parent_id, payment, paid.amount)
        elif paid.is_payment and paid.bill_id in self._out and is_late:
            _add(self._paid_out, paid.parent_id, replace(payment, part=Part.PAYMENTS_OUT), paid.amount)

    def charge(self, charge: InterestCharge) -> None:
        """Interest charged on an earlier bill since the start date was not owed yet."""
        if charge.bill_id in self._out and charge.date is not None and charge.date >= self.start:
            self._was_open(charge.bill_id, -charge.total)

    def trust(self, row: TrustRow) -> None:
        if row.dated is None:
            self._undated(row.id, row.title, row.contact_name)
        elif row.is_opening(self.start):
            key = (row.account_id, row.contact_id)
            self.names[row.contact_id] = row.contact_name or self.names.get(row.contact_id, "")
            self.opening[key] = self.opening.get(key, ZERO) + row.amount
        else:
            part, total = (Part.TRUST_OUT, self.trust_out) if row.is_out else (Part.TRUST_IN, self.trust_in)
            total.add(abs(row.amount))
            self.tell(
                Counted(part, row.id, row.title, row.contact_name, row.dated, abs(row.amount), account=row.account_id)
            )

    def close(self) -> None:
        """Tells of what is only known once everything was read."""
        late = [paid for id, paid in self._paid_out.items() if id not in self._paid_in]
        open_ = (bill for bill in self._out.values() if bill.amount)
        for found in (*self.clients.values(), *self._paid_in.values(), *late, *open_):
            self.tell(found)
        for (account, who), held in self.opening.items():
            if held:
                self.tell(Counted(Part.HELD, who, self.names.get(who) or "No client", amount=held, account=account))

    @property
    def receivable(self) -> Decimal:
        """What was owed on earlier bills the evening before."""
        return sum((bill.amount for bill in self._out.values()), ZERO)

    @property
    def payments_in(self) -> Sum:
        return _sum(paid.amount for paid in self._paid_in.values())

    @property
    def payments_out(self) -> Sum:
        """Payments since the start date that pay earlier bills only."""
        return _sum(paid.amount for id, paid in self._paid_out.items() if id not in self._paid_in)

    def opening_of(self, account_id: str) -> dict[str, Decimal]:
        """What was held for each client on one account, by the client's id; nobody whose money was gone again."""
        return {who: held for (account, who), held in self.opening.items() if account == account_id and held}

    def _undated(self, id: str, label: str, client: str) -> None:
        self.undated += 1
        self.tell(Counted(Part.UNREADABLE, id, label, client))

    def _was_open(self, bill_id: str, amount: Decimal) -> None:
        known = self._out[bill_id]
        self._out[bill_id] = replace(known, amount=known.amount + amount)


def _add(found: dict[str, Counted], key: str, new: Counted, amount: Decimal, owed: Decimal = ZERO) -> None:
    known = found.get(key, new)
    found[key] = replace(known, amount=known.amount + amount, owed=known.owed + owed)


def _sum(amounts: Iterable[Decimal]) -> Sum:
    found = Sum()
    for amount in amounts:
        found.add(amount)
    return found
