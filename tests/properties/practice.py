"""A law firm's bills, payments and credit notes that people keep changing, always adding up as Clio would have them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from hypothesis import strategies as st

from integrations.core.money import ZERO
from integrations.kinds.group import Group
from integrations.kinds.invoice import Allocation, Bill, InterestCharge
from integrations.kinds.payment import Receipt
from tests.kinds.builders import allocation, bill, charge, group, line, receipt


@dataclass
class Practice:
    """``bills`` hold their own lines' worth; balances are worked out when the practice is looked at."""

    chance: Random
    bills: dict[str, Bill] = field(default_factory=dict)
    charges: list[InterestCharge] = field(default_factory=list)
    gone_charges: set[str] = field(default_factory=set)
    allocations: list[Allocation] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    last_id: int = 0

    # What people do

    def enter_bill(self) -> None:
        id = self._next()
        issued = date(2026, 1, 1) + timedelta(days=self.chance.randint(-20, 60))
        who = self.chance.choice("789")
        self.bills[id] = bill(id, self._money(), contact_id=who, issued_at=issued)

    def edit_bill(self) -> None:
        if free := self._bills(lambda b: not self._paid(b.id) and not self._charges(b.id)):
            changed = self.chance.choice(free)
            self.bills[changed.id] = replace(changed, sub_total=self._money(), number=f"N{self._next()}")

    def raise_bill(self) -> None:
        if live := self._bills():
            changed = self.chance.choice(live)
            self.bills[changed.id] = replace(changed, sub_total=changed.sub_total + self._money())

    def move_bill(self) -> None:
        if live := self._bills():
            changed = self.chance.choice(live)
            self.bills[changed.id] = replace(changed, contact_id=self.chance.choice("789"))

    def void_bill(self) -> None:
        if free := self._bills(lambda b: not self._paid(b.id)):
            gone = self.chance.choice(free)
            self.bills[gone.id] = replace(gone, state="void")

    def charge_interest(self) -> None:
        if live := self._bills():
            self.charges.append(charge(self._next(), self._money(), self.chance.choice(live).id))

    def waive_interest(self) -> None:
        unpaid = [c for c in self.charges if c.id not in self.gone_charges and not self._paid(c.bill_id)]
        if unpaid:
            self.gone_charges.add(self.chance.choice(unpaid).id)

    def pay(self) -> None:
        """One payment over one or more bills, perhaps with money over."""
        open_ = [b for b in self._bills() if self._open(b) > 0]
        if not open_:
            return
        chosen = self.chance.sample(open_, min(len(open_), self.chance.randint(1, 3)))
        payment_id, on = self._next(), self._day()
        for b in chosen:
            amount = min(self._money(), self._open(b))
            self.allocations.append(self._allocation(amount, b.id, payment_id, on))
        if self.chance.random() < 0.5:
            mine = [a for a in self.allocations if a.parent_id == payment_id]
            received = sum((a.amount for a in mine), ZERO) + self._money()
            self.receipts.append(receipt(self._next(), received, allocation_id=mine[0].id))

    def credit(self) -> None:
        """A credit note on one bill."""
        if open_ := [b for b in self._bills() if self._open(b) > 0]:
            b = self.chance.choice(open_)
            amount = min(self._money(), self._open(b))
            note = replace(self._allocation(amount, b.id, self._next(), self._day()), is_payment=False)
            self.allocations.append(note)

    def void_credited_bill(self) -> None:
        """The credit notes of a bill go with it."""
        only_credited = self._bills(lambda b: bool(self._on(b.id)) and not any(a.is_payment for a in self._on(b.id)))
        if only_credited:
            gone = self.chance.choice(only_credited)
            for note in self._on(gone.id):
                self._put(replace(note, is_valid=False))
            self.bills[gone.id] = replace(gone, state="void")

    def reduce_payment(self) -> None:
        if valid := self._valid():
            old = self.chance.choice(valid)
            part = old.amount * self.chance.randint(1, 99) / 100
            self._put(replace(old, amount=max(part.quantize(Decimal("0.01")), Decimal("0.01"))))

    def delete_allocation(self) -> None:
        if valid := self._valid():
            self._put(replace(self.chance.choice(valid), is_valid=False))

    def enter_payment_anew(self) -> None:
        """Deletes a payment and enters it again over the same bills."""
        if not (valid := [a for a in self._valid() if a.is_payment]):
            return
        old_id, new_id = self.chance.choice(valid).parent_id, self._next()
        for old in [a for a in valid if a.parent_id == old_id]:
            self._put(replace(old, is_valid=False))
            less = self.chance.choice([Decimal(1), Decimal("0.5")])
            amount = max((old.amount * less).quantize(Decimal("0.01")), Decimal("0.01"))
            self.allocations.append(self._allocation(amount, old.bill_id, new_id, old.date))

    # What Clio shows

    def group(self) -> Group:
        shown = [self._shown(b) for b in self.bills.values()]
        return group(
            shown,
            lines=[line(f"9{b.id}", b.sub_total, b.id) for b in shown],
            allocations=tuple(self.allocations),
            charges=tuple(self.charges),
            receipts=tuple(self.receipts),
            gone_charges=frozenset(self.gone_charges),
        )

    def _shown(self, b: Bill) -> Bill:
        whole = self._worth(b)
        balance = whole - self._paid(b.id)
        state = b.state if b.state == "void" else "paid" if balance == 0 else "awaiting_payment"
        return replace(b, total=whole, due=whole, balance=balance, state=state)

    def _worth(self, b: Bill) -> Decimal:
        return b.sub_total + sum((c.total for c in self._charges(b.id)), ZERO)

    def _charges(self, bill_id: str) -> list[InterestCharge]:
        return [c for c in self.charges if c.bill_id == bill_id and c.id not in self.gone_charges]

    def _open(self, b: Bill) -> Decimal:
        return self._worth(b) - self._paid(b.id)

    def _on(self, bill_id: str) -> list[Allocation]:
        return [a for a in self._valid() if a.bill_id == bill_id]

    def _paid(self, bill_id: str) -> Decimal:
        return sum((a.amount for a in self._on(bill_id)), ZERO)

    def _bills(self, fits: Callable[[Bill], bool] = lambda _: True) -> list[Bill]:
        return [b for b in self.bills.values() if b.state != "void" and fits(b)]

    def _valid(self) -> list[Allocation]:
        return [a for a in self.allocations if a.is_valid]

    def _put(self, changed: Allocation) -> None:
        """Clio deletes the bank row of a payment it deletes; money that it keeps is played by the state machine."""
        self.allocations = [changed if a.id == changed.id else a for a in self.allocations]
        if not changed.is_valid:
            self.receipts = [row for row in self.receipts if row.allocation_id != changed.id]

    def _allocation(self, amount: Decimal, bill_id: str, payment_id: str, on: date | None) -> Allocation:
        payer = self.bills[bill_id].contact_id
        return allocation(self._next(), amount, bill_id, payment_id, date=on, contact_id=payer)

    def _day(self) -> date:
        return date(2026, 3, 1) + timedelta(days=self.chance.randint(0, 60))

    def _money(self) -> Decimal:
        return Decimal(self.chance.randint(1, 300_000)) / 100

    def _next(self) -> str:
        self.last_id += 1
        return str(self.last_id)


ACTS = (
    Practice.enter_bill,
    Practice.edit_bill,
    Practice.raise_bill,
    Practice.move_bill,
    Practice.void_bill,
    Practice.charge_interest,
    Practice.waive_interest,
    Practice.pay,
    Practice.pay,
    Practice.credit,
    Practice.void_credited_bill,
    Practice.reduce_payment,
    Practice.delete_allocation,
    Practice.enter_payment_anew,
)


def history_of(seed: int) -> list[Group]:
    """What Clio shows at each of five syncs of a firm in which people keep changing things in between."""
    practice = Practice(Random(seed))
    for _ in range(3):
        practice.enter_bill()
    found = []
    for _ in range(5):
        for _ in range(practice.chance.randint(1, 6)):
            practice.chance.choice(ACTS)(practice)
        found.append(practice.group())
    return found


# Seeds, not a strategy per choice: what is rare in a firm, two payments that change places, has to turn up as well.
SEEDS = st.integers(0, 2**32)
