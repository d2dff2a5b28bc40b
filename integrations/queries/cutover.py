"""What a start date brings in, leaves out and finds open the evening before, as an errand has read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.core.money import ZERO
from integrations.models import Errand
from integrations.queries.allocated import decimal

MEMO = "Trust balance before the start date"


@dataclass(frozen=True, slots=True)
class Flow:
    """One line: what, how many, what they come to, and what is to be said of them."""

    label: str
    number: int
    amount: Decimal
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """One trust account the evening before. None where QuickBooks has no such account yet, or did not say."""

    name: str
    clio: Decimal
    bank: Decimal | None
    bank_name: str
    liability: Decimal | None
    liability_name: str
    clients: tuple[tuple[str, Decimal], ...]

    @property
    def is_equal(self) -> bool:
        return self.clio == self.bank == self.liability

    @property
    def is_wanted(self) -> bool:
        """Whether an opening entry has something to bring."""
        return bool(self.clients) and not self.is_equal


@dataclass(frozen=True, slots=True)
class Figures:
    start: date
    read_at: Any
    brings_in: tuple[Flow, ...]
    leaves_out: tuple[Flow, ...]
    clients: int
    receivable: Decimal
    ledger_receivable: Decimal | None
    trust: tuple[Trust, ...]
    unreadable: int
    closed: tuple[str, ...]
    unread: str  # why QuickBooks told no balances

    @property
    def evening(self) -> date:
        return self.start - timedelta(days=1)

    @property
    def is_receivable_equal(self) -> bool:
        return self.receivable == self.ledger_receivable

    @property
    def opening(self) -> list[tuple[str, str, Decimal, Decimal]]:
        """The journal entry: account, customer, debit, credit. Per account the bank, then what each client is owed."""
        return [line for one in self.trust if one.is_wanted for line in _opening(one)]


def _opening(trust: Trust) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    yield trust.bank_name, "", *_sides(trust.clio)
    for name, held in trust.clients:
        yield trust.liability_name, name, *_sides(-held)


def _sides(amount: Decimal) -> tuple[Decimal, Decimal]:
    return max(amount, ZERO), max(-amount, ZERO)


def figures(done: Errand) -> Figures:
    """Of an errand that got through."""
    told: Mapping[str, Any] = done.result
    receivable = told["receivable"]
    return Figures(
        start=date.fromisoformat(told["start"]),
        read_at=done.finished_at,
        brings_in=(
            _flow("Bills", told["bills_in"], _owed(told["owed_in"])),
            _flow("Payments", told["payments_in"], "on these bills"),
            _flow("Trust deposits", told["trust_in"]),
            _flow("Trust withdrawals", told["trust_out"]),
        ),
        leaves_out=(
            _flow("Bills", told["bills_out"], _owed(told["owed_out"])),
            _flow("Payments", told["payments_out"], "since then, on these bills alone"),
        ),
        clients=int(told["clients"]),
        receivable=_amount(receivable["clio"]),
        ledger_receivable=decimal(receivable["quickbooks"]),
        trust=tuple(_trust(one) for one in told["trust"]),
        unreadable=int(told["unreadable"]),
        closed=tuple(told["closed"]),
        unread=told["unread"],
    )


def _flow(label: str, told: Mapping[str, Any], note: str = "") -> Flow:
    return Flow(label, int(told["count"]), _amount(told["amount"]), note)


def _owed(amount: object) -> str:
    return f"of which {_amount(amount):,.2f} is owed today"


def _trust(told: Mapping[str, Any]) -> Trust:
    clients = tuple((str(name), _amount(held)) for name, held in told["clients"])
    bank, liability = decimal(told["bank"]), decimal(told["liability"])
    return Trust(
        told["name"], _amount(told["clio"]), bank, told["bank_name"], liability, told["liability_name"], clients
    )


def _amount(value: object) -> Decimal:
    return decimal(value) or ZERO


def opening_rows(found: Figures) -> Iterator[tuple[str | Decimal | None, ...]]:
    """The opening entry as rows of a file, under their heading."""
    yield "Date", "Account", "Customer", "Debit", "Credit", "Memo"
    for account, client, debit, credit in found.opening:
        yield found.evening.isoformat(), account, client, debit or None, credit or None, MEMO
