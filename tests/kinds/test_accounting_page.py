"""The figures in docs/accounting.md are those the plan posts: each example is planned, and its table compared."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations.core import mapping
from integrations.core.changes import Decision, Plan
from integrations.core.mapping import Policy, Target
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Group
from integrations.kinds.invoice import Discount
from tests.kinds.builders import (
    ITEMS,
    PAID,
    allocation,
    bill,
    change_of,
    charge,
    contact,
    credit,
    credit_memo,
    customer,
    group,
    invoice,
    line,
    memo,
    paid,
    payment,
    policy,
    receipt,
)
from tests.kinds.ledger import Ledger
from tests.kinds.trust_builders import CREATED, entry, ledger_of, row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accounting.md"
TODAY = date(2026, 4, 1)
NAMES = {
    mapping.SERVICE: "Legal Fee Income",
    mapping.HARD_COST: "Advanced Client Costs",
    mapping.SOFT_COST: "Cost Recovery Income",
    mapping.TAX: "Tax on Bills Payable",
    mapping.DISCOUNT: "Discounts Given",
    mapping.INTEREST: "Interest on Bills",
    mapping.ROUNDING: "Rounding Differences",
    mapping.IN_TRANSIT: "Trust Transfers in Transit",
}
FROM_TRUST: dict[str, Any] = {"source_type": "Trust", "source_id": "44", "destination_id": "33"}
Rows = list[tuple[str, Decimal, Decimal]]


def books() -> Policy:
    """The accounts that are recommended where QuickBooks has none that fits."""
    named = {key: replace(target, account=NAMES.get(key, target.account)) for key, target in ITEMS.items()}
    return policy(targets=named, receivable=Target("83", "Accounts Receivable", "Accounts Receivable"))


def of(plan: Plan, *refs: Ref) -> Rows:
    return [(p.account, p.debit, p.credit) for ref in refs for p in change_of(plan, ref).postings()]


def planned(what: Group, *refs: Ref) -> Rows:
    return of(Ledger().plan(what, books()), *refs)


def after(before: Group, then: Group, *refs: Ref) -> Rows:
    ledger = Ledger()
    ledger.carry_out(before, books())
    return of(ledger.plan(then, books()), *refs)


def mixed_bill() -> Group:
    whole = bill(amount=1570, sub_total=1500, tax=70)
    items = [
        line("1", 1200, tax=70),
        line("2", 200, type="ExpenseLineItem", is_expense=True, activity_type="HardCostEntry"),
        line("3", 100, type="ExpenseLineItem", is_expense=True, activity_type="SoftCostEntry"),
    ]
    return group([whole], lines=items)


def rounded_bill() -> Group:
    discount = Discount(Decimal(10), is_percentage=True)
    whole = bill(sub_total="99.99", tax="7.42", total="97.41", due="97.41", balance="97.41", discount=discount)
    return group([whole], lines=[line(str(n), "33.33", tax="2.47") for n in (1, 2, 3)])


def with_interest() -> Group:
    return group([bill(amount=1010, sub_total=1000)], charges=[charge()])


def received(*parts: Any, bills: Iterable[Any] = (), **others: Any) -> Group:
    return group(list(bills) or [paid(bill(), 1000)], allocations=list(parts) or [allocation()], **others)


def two_clients() -> Group:
    second = paid(bill("2", 400, contact_id="8"), 400)
    parts = [allocation("1", 600, "1"), allocation("2", 400, "2", contact_id="8")]
    people = [contact(), contact("8", "Bo Ek", email="bo@example.com")]
    return received(*parts, bills=[paid(bill(amount=600), 600), second], contacts=people)


def taxed_credit() -> Group:
    whole = bill(amount=1080, sub_total=1000, tax=80)
    return group(
        [paid(whole, 108)],
        lines=[line("1", 1000, tax=80)],
        allocations=[credit(amount=108)],
        memos=[memo(amount=108)],
    )


def voided_by_memo() -> Rows:
    ledger, posted = Ledger(), group([bill()], run_date=TODAY)
    ledger.carry_out(posted, books())
    ledger.by_hand("Payment", 400, {"Invoice": {ledger.ledger_id(invoice()): 400}}, customer())
    gone = group([bill(state="void")], run_date=TODAY)
    wanted = replace(gone, decisions={(invoice(), "void_blocked"): Decision("credit_memo")})
    return of(ledger.plan(wanted, books()), Ref(Kind.INVOICE, "1", "correction"))


def given_back() -> Rows:
    ledger = Ledger()
    ledger.carry_out(group([paid(bill(), 1000)], allocations=[allocation()]), books())
    ledger.of(payment())["LinkedTxn"] = [{"TxnId": "900", "TxnType": "Deposit"}]
    less = group([paid(bill(), 700)], allocations=[allocation(amount=700)], run_date=TODAY)
    wanted = replace(less, decisions={(payment(), "deposited_payment"): Decision("refund")})
    return of(ledger.plan(wanted, books()), Ref(Kind.PAYMENT, "900", "refund-7"))


HELD = row("400", 5000, dated=date(2026, 1, 5))


def from_trust() -> Rows:
    out = row("501", -1000, dated=PAID, allocation_id="1")
    what = ledger_of(HELD, out, bills=[paid(bill(), 1000)], allocations=[allocation(**FROM_TRUST)])
    return planned(what, entry("501"), payment())


def transferred() -> Rows:
    out = row("501", -500, created_at=CREATED)
    into = row("502", 500, contact_id="8", contact_name="Bo Ek", created_at=CREATED)
    return planned(ledger_of(HELD, out, into), entry("501"))


def reversed_entry() -> Rows:
    ledger = Ledger()
    ledger.carry_out(ledger_of(HELD), books())
    return of(ledger.plan(ledger_of(gone=["400"], today=TODAY), books()), entry("400", "reversal"))


EXAMPLES: dict[str, Callable[[], Rows]] = {
    "A bill is approved": lambda: planned(mixed_bill(), invoice()),
    "A discount, and a cent of rounding": lambda: planned(rounded_bill(), invoice()),
    "Interest": lambda: planned(with_interest(), invoice(leg="interest-1")),
    "A payment": lambda: planned(received(), payment()),
    "More is received than is owed": lambda: planned(
        received(receipts=[receipt(amount=1200, allocation_id="1")]), payment()
    ),
    "One payment of several clients": lambda: planned(two_clients(), payment(), payment("900", "8")),
    "A credit note": lambda: planned(taxed_credit(), credit_memo()),
    "A bill is voided": voided_by_memo,
    "A refund of a deposited payment": given_back,
    "Money into trust": lambda: planned(ledger_of(HELD), entry("400")),
    "Money out of trust": lambda: planned(ledger_of(HELD, row("501", -2000)), entry("501")),
    "A bill paid from trust": from_trust,
    "A transfer between two clients": transferred,
    "A trust row is deleted in Clio": reversed_entry,
}


def shown(heading: str) -> Rows:
    """The first table of accounts, debits and credits below a heading."""
    section = re.split(r"\n#+ ", PAGE.read_text().partition(f"# {heading}\n")[2])[0]
    table = section.partition("| Account | Debit | Credit |\n")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in text.strip("|").split("|")] for text in table.splitlines()[1:]]
    return [(account.partition(" (")[0], amount(debit), amount(credit)) for account, debit, credit in cells]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or 0)


@pytest.mark.parametrize("heading", EXAMPLES)
def test_the_table_of_an_event_is_what_is_posted(heading: str) -> None:
    assert shown(heading) == EXAMPLES[heading]()


@pytest.mark.parametrize("heading", EXAMPLES)
def test_debits_and_credits_of_an_example_are_equal(heading: str) -> None:
    rows = shown(heading)
    assert rows and sum(debit for _, debit, _ in rows) == sum(paid_in for _, _, paid_in in rows)
