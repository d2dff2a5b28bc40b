"""Small builders of trust: rows of one mapped account, and the balances the ledger then has."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.core.mapping import Policy
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Group
from integrations.kinds.trust_entry import TrustRow, entries_of
from tests.kinds.builders import contact, group, money, policy
from tests.kinds.ledger import Ledger

TODAY = date(2026, 3, 15)
FEBRUARY = date(2026, 2, 4)
CREATED = datetime(2026, 2, 4, 9, 0, tzinfo=UTC)
LIABILITIES = {"92", "94"}  # of the two mapped accounts


def trusting(**changes: Any) -> Policy:
    """A firm that mapped its trust accounts 44 and 45."""
    return policy(**changes)


def row(id: str = "500", amount: object = "5000.00", **changes: Any) -> TrustRow:
    """Money into account 44 for contact 7; below zero: money out."""
    signed = money(amount)
    plain = TrustRow(
        id=id,
        account_id="44",
        account_name="IOLTA",
        dated=FEBRUARY,
        amount=signed,
        currency="USD",
        contact_id="7",
        contact_name="Ann Lee",
        matter_id="70",
        matter="00001-Lee",
        description="Retainer" if signed > 0 else "Refund",
        source="Ann Lee",
        reference="1042",
        bill_id="",
        bill_number="",
        allocation_id="",
        created_at=CREATED + timedelta(minutes=10 * int(id)),  # far enough apart to be no transfer
    )
    return replace(plain, **changes)


def ledger_of(*rows: TrustRow, gone: Iterable[str] = (), today: date = TODAY, **parts: Any) -> Group:
    """A group of these rows; contacts nobody names are made up."""
    parts.setdefault("contacts", [contact(id, f"Client {id}") for id in sorted({r.contact_id for r in rows} - {""})])
    return group(**parts, trust={r.id: r for r in rows}, gone_trust=dict.fromkeys(gone, "44"), run_date=today)


def entry(row_id: str = "500", leg: str = "") -> Ref:
    return Ref(Kind.TRUST_ENTRY, row_id, leg)


def opened(*rows: TrustRow, **changes: Any) -> tuple[Ledger, Group]:
    """A ledger in which these rows are posted."""
    ledger, posted = Ledger(), ledger_of(*rows)
    ledger.carry_out(posted, trusting(**changes))
    return ledger, posted


def balances(ledger: Ledger) -> dict[str, Decimal]:
    """Debits less credits by account id, of all entries and checks; zero ones left out."""
    return _sums(ledger, lambda account, name: account)


def owed(ledger: Ledger) -> dict[str, Decimal]:
    """What is owed to each customer on the two liability accounts, by the contact they stand for."""
    people = {link.ledger_id: ref.practice_id for ref, link in ledger.links.items() if ref.kind is Kind.CONTACT}
    sums = _sums(ledger, lambda account, name: people.get(name, "") if account in LIABILITIES else None)
    return {contact_id: -amount for contact_id, amount in sums.items()}


def _sums(ledger: Ledger, key: Any) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for (entity, _), raw in ledger.documents.items():
        for line in entries_of(entity, raw) if entity in ("JournalEntry", "Purchase") else ():
            if (at := key(line.account_id, line.name[1] if line.name else "")) is not None:
                found[at] = found.get(at, Decimal(0)) + line.amount
    return {at: amount for at, amount in found.items() if amount}
