"""What a start date brings in, leaves out and finds open the evening before, as an errand has read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from integrations.core.money import ZERO
from integrations.core.words import day
from integrations.kinds.cutover import Part
from integrations.models import Connection, CountedRecord, Errand
from integrations.queries import links
from integrations.queries.allocated import decimal
from integrations.queries.paging import Page, page_by_id, words

MEMO = "Trust balance before the start date"


@dataclass(frozen=True, slots=True)
class Flow:
    """One line: what, how many, what they come to, what is to be said of them, and what is owed of them today."""

    part: Part
    label: str
    number: int
    amount: Decimal
    note: str = ""
    owed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """One trust account the evening before. None where QuickBooks has no such account yet, or did not say.

    Addresses are those of the accounts in QuickBooks, "" where there is none.
    """

    id: str
    name: str
    clio: Decimal
    bank: Decimal | None
    bank_name: str
    bank_url: str
    liability: Decimal | None
    liability_name: str
    liability_url: str
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
    receivable_url: str
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
    receivable, ledger = told["receivable"], done.pairing.ledger
    return Figures(
        start=date.fromisoformat(told["start"]),
        read_at=done.finished_at,
        brings_in=(
            _flow(Part.BILLS_IN, "Bills", told, owed=_amount(told["owed_in"])),
            _flow(Part.PAYMENTS_IN, "Payments", told, "on these bills"),
            _flow(Part.TRUST_IN, "Trust deposits", told),
            _flow(Part.TRUST_OUT, "Trust withdrawals", told),
        ),
        leaves_out=(
            _flow(Part.BILLS_OUT, "Bills", told, owed=_amount(told["owed_out"])),
            _flow(Part.PAYMENTS_OUT, "Payments", told, "since then, on these bills alone"),
        ),
        clients=int(told["clients"]),
        receivable=_amount(receivable["clio"]),
        ledger_receivable=decimal(receivable["quickbooks"]),
        receivable_url=links.ledger_accounts(ledger, receivable.get("accounts", ())),
        trust=tuple(_trust(one, ledger) for one in told["trust"]),
        unreadable=int(told["unreadable"]),
        closed=tuple(told["closed"]),
        unread=told["unread"],
    )


def _flow(part: Part, label: str, told: Mapping[str, Any], note: str = "", owed: Decimal | None = None) -> Flow:
    return Flow(part, label, int(told[part]["count"]), _amount(told[part]["amount"]), note, owed)


def _trust(told: Mapping[str, Any], ledger: Connection) -> Trust:
    return Trust(
        id=told.get("id", ""),
        name=told["name"],
        clio=_amount(told["clio"]),
        bank=decimal(told["bank"]),
        bank_name=told["bank_name"],
        bank_url=links.ledger_accounts(ledger, [told.get("bank_id", "")]),
        liability=decimal(told["liability"]),
        liability_name=told["liability_name"],
        liability_url=links.ledger_accounts(ledger, [told.get("liability_id", "")]),
        clients=tuple((str(name), _amount(held)) for name, held in told["clients"]),
    )


def _amount(value: object) -> Decimal:
    return decimal(value) or ZERO


def opening_rows(found: Figures) -> Iterator[tuple[str | Decimal | None, ...]]:
    """The opening entry as rows of a file, under their heading."""
    yield "Date", "Account", "Customer", "Debit", "Credit", "Memo"
    for account, client, debit, credit in found.opening:
        yield found.evening.isoformat(), account, client, debit or None, credit or None, MEMO


# What a list is called, and what its sum is. ``{start}`` and ``{evening}`` are days.
LISTS: Mapping[str, tuple[str, str]] = {
    Part.BILLS_IN: (
        "Bills that {start} brings in",
        "Issued on that day or later. Drafts and voided bills never count.",
    ),
    Part.BILLS_OUT: ("Bills that {start} leaves out", "Issued before it. They stay in QuickBooks as they are."),
    Part.PAYMENTS_IN: ("Payments that {start} brings in", "With what they pay on bills that are brought in."),
    Part.PAYMENTS_OUT: ("Payments that {start} leaves out", "Dated since then, and paying earlier bills alone."),
    Part.TRUST_IN: ("Trust deposits that {start} brings in", "Each counts once its account is mapped."),
    Part.TRUST_OUT: ("Trust withdrawals that {start} brings in", "Each counts once its account is mapped."),
    Part.CLIENTS: ("Clients that {start} brings in", "With what their bills come to, and what is owed of it today."),
    Part.RECEIVABLE: (
        "Owed in Clio on {evening}",
        "What is open of earlier bills today, with what was paid or credited since, without interest charged since.",
    ),
    Part.HELD: ("Held in trust on {evening}", "For each client, what came in less what went out until then."),
    Part.UNREADABLE: ("Not counted", "Clio hides these from the connected user, or they bear no date or no amounts."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One record that is counted, and where it is in Clio."""

    row: CountedRecord
    practice_url: str


@dataclass(frozen=True, slots=True)
class Counted:
    """The records behind one figure; ``owed`` narrows bills to those that are open today."""

    title: str
    said: str
    page: Page[Line]
    shows_owed: bool
    is_narrowed: bool


def counted(done: Errand, part: Part, asked: QueryDict) -> Counted:
    """Those of the trial that got through last. One query."""
    rows = CountedRecord.objects.of(done.firm).filter(errand=done, part=part)
    is_narrowed = "owed" in asked
    if is_narrowed:
        rows = rows.exclude(owed=0)
    if account := words(asked, "account"):
        rows = rows.filter(account=account)
    page = page_by_id(rows, asked, within="part")
    lines = [Line(row, _in_practice(done, row)) for row in page.rows]
    start = date.fromisoformat(done.result["start"])
    days = {"start": day(start), "evening": day(start - timedelta(days=1))}
    title, said = LISTS[part]
    shows_owed = part in (Part.BILLS_IN, Part.BILLS_OUT, Part.CLIENTS)
    return Counted(title.format(**days), said, Page(lines, page.newer, page.older), shows_owed, is_narrowed)


_KINDS = {Part.BILLS_IN: "invoice", Part.BILLS_OUT: "invoice", Part.RECEIVABLE: "invoice"} | dict.fromkeys(
    (Part.CLIENTS, Part.HELD), "contact"
)


def _in_practice(done: Errand, row: CountedRecord) -> str:
    kind = _KINDS.get(Part(row.part), "")
    return links.in_practice(done.pairing.practice, kind, row.practice_id)
