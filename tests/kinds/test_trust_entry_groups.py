"""Trust rows that belong together with others: bills paid from trust, and transfers (rules R6.3, R6.4)."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.kinds.group import Group
from integrations.kinds.trust_entry import TrustRow
from integrations.kinds.trust_ledger import openings, paid_from, transfers
from tests.kinds.builders import (
    PAID,
    START,
    allocation,
    bill,
    change_of,
    codes,
    customer,
    invoice,
    money,
    paid,
    payment,
    payments,
    steps,
)
from tests.kinds.ledger import Ledger
from tests.kinds.trust_builders import CREATED, balances, entry, ledger_of, opened, owed, row, trusting

HELD = row("400", 9000, dated=date(2026, 1, 5))
OUT = row("501", -1000, dated=PAID, allocation_id="1")
FROM_TRUST: dict[str, Any] = {"source_type": "Trust", "source_id": "44", "destination_id": "33"}


def paid_from_trust(*rows: TrustRow, bills: Any = None, **parts: Any) -> Group:
    """A bill of 1,000 paid from trust account 44; the client holds 9,000 there."""
    known = bills if bills is not None else [paid(bill(), 1000)]
    return ledger_of(HELD, *rows, bills=known, allocations=[allocation(**FROM_TRUST)], **parts)


# R6.3


def test_r6_3_a_bill_paid_from_trust_is_the_trust_leg_and_the_payment_in_one_group() -> None:
    ledger = Ledger()
    plan = ledger.carry_out(paid_from_trust(OUT), trusting())
    assert steps(plan)[2:] == [(Action.CREATE, payment()), (Action.CREATE, entry("400")), (Action.CREATE, entry("501"))]
    assert [(p.account, p.debit, p.credit) for p in change_of(plan, entry("501")).postings()] == [
        ("IOLTA Liability", 1000, 0),
        ("IOLTA", 0, 1000),
    ]
    assert ledger.of(payment())["DepositToAccountRef"] == {"value": "81"}
    assert payment() in change_of(plan, entry("501")).after
    assert steps(ledger.plan(paid_from_trust(OUT), trusting())) == []


@pytest.mark.parametrize(
    "carries",
    [
        {"allocation_id": "1"},
        {"allocation_id": "1", "bill_id": "1"},
        {"bill_id": "1"},
        {},
    ],
)
def test_r6_3_whatever_the_row_tells_of_the_payment(carries: dict[str, str]) -> None:
    out = row("501", -1000, dated=PAID, **carries)
    group = paid_from_trust(out)
    assert paid_from(group.payments.values(), group.trust.values()) == {"900": ["501"]}
    plan = Ledger().plan(group, trusting(trust_checks=True))
    assert change_of(plan, entry("501")).entity == "JournalEntry"


def test_r6_3_one_row_for_each_bill_of_a_payment() -> None:
    both = [
        allocation("1", 600, "1", **FROM_TRUST),
        allocation("2", 400, "2", **FROM_TRUST),
    ]
    rows = [row("501", -600, dated=PAID, bill_id="1"), row("502", -400, dated=PAID, bill_id="2")]
    assert paid_from(payments(both).values(), rows) == {"900": ["501", "502"]}


@pytest.mark.parametrize(
    "odd", [{"account_id": "45"}, {"dated": date(2026, 2, 21)}, {"contact_id": "8"}, {"amount": money(-999)}]
)
def test_r6_3_a_row_that_tells_nothing_has_to_fit_in_account_date_client_and_amount(odd: dict[str, Any]) -> None:
    out = replace(row("501", -1000, dated=PAID), **odd)
    assert paid_from(payments([allocation(**FROM_TRUST)]).values(), [out]) == {"900": []}


def test_r6_3_two_rows_that_fit_alike_are_nobodys() -> None:
    rows = [row("501", -1000, dated=PAID), row("502", -1000, dated=PAID)]
    assert paid_from(payments([allocation(**FROM_TRUST)]).values(), rows) == {"900": []}


def test_r6_3_both_or_neither_the_payment_waits_where_the_trust_leg_cannot_be_posted() -> None:
    group = replace(paid_from_trust(OUT), trust={"501": OUT})  # nothing is held
    plan = Ledger().plan(group, trusting())
    assert steps(plan) == [(Action.CREATE, customer()), (Action.CREATE, invoice())]
    assert codes(plan) == [("trust_overdraw", entry("501"))]
    assert plan.waiting == (payment(),)


@pytest.mark.parametrize("edge", [{"numbering_on": False}, {"close_date": date(2026, 2, 19)}])
def test_r6_3_both_or_neither_the_trust_leg_waits_where_the_payment_cannot_be_posted(edge: dict[str, Any]) -> None:
    plan = Ledger().plan(paid_from_trust(OUT), trusting(**edge))
    assert (Action.CREATE, entry("501")) not in steps(plan)
    assert {payment(), entry("501")} <= set(plan.waiting)


def test_r6_3_a_payment_whose_account_is_broken_waits_with_its_leg() -> None:
    plan = Ledger().plan(paid_from_trust(OUT), trusting(broken=("account:trust_liability:44",)))
    assert ("mapping_missing", entry("501")) in codes(plan)
    assert payment() in plan.waiting


def test_r6_3_a_payment_waits_for_the_row_that_clio_does_not_show_yet() -> None:
    plan = Ledger().plan(paid_from_trust(), trusting())
    assert ("trust_row_missing", payment()) in codes(plan)
    assert (Action.CREATE, payment()) not in steps(plan)


def test_r6_3_a_person_may_post_the_payment_without_it() -> None:
    decided = {(payment(), "trust_row_missing"): Decision("alone")}
    plan = Ledger().plan(paid_from_trust(decisions=decided), trusting())
    assert (Action.CREATE, payment()) in steps(plan)


def test_r6_3_from_an_unmapped_trust_account_the_payment_alone() -> None:
    elsewhere = allocation(**{**FROM_TRUST, "source_id": "46"})
    plan = Ledger().plan(ledger_of(HELD, bills=[paid(bill(), 1000)], allocations=[elsewhere]), trusting())
    assert steps(plan)[2:3] == [(Action.CREATE, payment())]
    assert codes(plan) == []


def test_r6_3_on_a_bill_out_of_scope_the_trust_leg_alone() -> None:
    earlier = paid(bill(issued_at=date(2025, 11, 3)), 1000)
    plan = Ledger().plan(paid_from_trust(OUT, bills=[earlier]), trusting())
    assert steps(plan) == [
        (Action.CREATE, customer()),
        (Action.CREATE, entry("400")),
        (Action.CREATE, entry("501")),
    ]


def test_r6_3_a_row_from_before_the_start_date_is_no_leg_to_wait_for() -> None:
    earlier = date(2025, 12, 30)
    group = ledger_of(
        row("401", -1000, dated=earlier, allocation_id="1"),
        bills=[paid(bill(), 1000)],
        allocations=[allocation(date=earlier, **FROM_TRUST)],
    )
    assert (Action.CREATE, payment()) in steps(Ledger().plan(group, trusting()))


def test_r6_3_an_edit_of_both_is_one_group_too() -> None:
    ledger = Ledger()
    ledger.carry_out(paid_from_trust(OUT), trusting())
    part = ledger_of(
        HELD,
        replace(OUT, amount=money(-800)),
        bills=[paid(bill(), 800)],
        allocations=[allocation(amount=800, **FROM_TRUST)],
    )
    assert steps(ledger.plan(part, trusting())) == [(Action.UPDATE, payment()), (Action.UPDATE, entry("501"))]
    closed = ledger.plan(part, trusting(close_date=PAID))
    assert steps(closed) == []
    short = ledger.plan(replace(part, trust={"501": part.trust["501"]}), trusting())
    assert (Action.UPDATE, payment()) not in steps(short)
    assert ("trust_overdraw", entry("501")) in codes(short)


def test_r6_3_a_deleted_payment_is_voided_and_its_row_reversed_when_the_row_is_gone() -> None:
    ledger = Ledger()
    ledger.carry_out(paid_from_trust(OUT), trusting())
    voided = [allocation(is_valid=False, **FROM_TRUST)]
    still = ledger_of(HELD, OUT, bills=[bill()], allocations=voided)
    waits = ledger.carry_out(still, trusting())
    assert (steps(waits), codes(waits)) == ([], [("trust_leg_waits", payment())])
    gone = ledger_of(HELD, gone=["501"], bills=[bill()], allocations=voided, gone_rows={"501": OUT})
    both = [(Action.VOID, payment()), (Action.CREATE, entry("501", "reversal"))]
    assert steps(ledger.carry_out(gone, trusting())) == both
    assert owed(ledger) == {"7": 9000}


def test_r6_3_money_that_clio_puts_back_after_a_deleted_payment_is_money_in() -> None:
    ledger = Ledger()
    ledger.carry_out(paid_from_trust(OUT), trusting())
    back = row("502", 1000, dated=date(2026, 3, 1), allocation_id="1")
    group = ledger_of(HELD, OUT, back, bills=[bill()], allocations=[allocation(is_valid=False, **FROM_TRUST)])
    plan = ledger.carry_out(group, trusting())
    assert steps(plan) == [(Action.VOID, payment()), (Action.CREATE, entry("502"))]
    assert owed(ledger) == {"7": 9000}


# R6.4


def pair(**into: Any) -> tuple[TrustRow, TrustRow]:
    """300 from contact 7 to contact 8 on account 44, entered together."""
    out = row("510", -300, created_at=CREATED)
    return out, replace(row("511", 300, created_at=CREATED, contact_id="8"), **into)


def test_r6_4_between_two_clients_of_one_account_it_is_one_entry_over_the_two_liability_lines() -> None:
    ledger = Ledger()
    plan = ledger.carry_out(ledger_of(HELD, *pair()), trusting())
    assert steps(plan)[-1] == (Action.CREATE, entry("510"))
    assert (Action.CREATE, entry("511")) not in steps(plan)
    assert [(p.account, p.debit, p.credit) for p in change_of(plan, entry("510")).postings()] == [
        ("IOLTA Liability", 300, 0),
        ("IOLTA Liability", 0, 300),
    ]
    assert ledger.ledger_id(entry("511", "transfer")) == ledger.ledger_id(entry("510"))
    assert (owed(ledger), balances(ledger)) == ({"7": 8700, "8": 300}, {"91": 9000, "92": -9000})
    assert steps(ledger.plan(ledger_of(HELD, *pair()), trusting())) == []


def test_r6_4_within_one_clients_money_it_is_recorded_and_not_posted() -> None:
    plan = Ledger().plan(ledger_of(HELD, *pair(contact_id="7", matter_id="71")), trusting())
    assert steps(plan) == [(Action.CREATE, customer()), (Action.CREATE, entry("400"))]
    assert codes(plan) == []


def test_r6_4_between_two_trust_accounts_each_row_stands_as_it_is() -> None:
    ledger = Ledger()
    ledger.carry_out(ledger_of(HELD, *pair(contact_id="7", account_id="45")), trusting())
    assert balances(ledger) == {"91": 8700, "92": -8700, "93": 300, "94": -300}


@pytest.mark.parametrize(
    "other",
    [
        {"amount": money("300.01")},
        {"dated": date(2026, 2, 5)},
        {"amount": money(-300)},
        {"bill_id": "1"},
        {"allocation_id": "1"},
        {"created_at": CREATED + timedelta(seconds=61)},
        {"created_at": None},
        {"currency": "CAD"},
    ],
)
def test_r6_4_what_does_not_fit_is_no_transfer(other: dict[str, Any]) -> None:
    assert transfers(pair(**other)) == {}


def test_r6_4_sixty_seconds_apart_still_fit() -> None:
    assert transfers(pair(created_at=CREATED - timedelta(seconds=60))) == {"510": "511"}


@pytest.mark.parametrize("third", [-300, 300])
def test_r6_4_where_another_row_fits_too_none_is_a_transfer(third: int) -> None:
    other = row("512", third, created_at=CREATED, contact_id="9", account_id="45")
    assert transfers([*pair(), other]) == {}


def test_r6_4_a_transfer_that_would_overdraw_is_refused_and_both_rows_wait() -> None:
    plan = Ledger().plan(ledger_of(*pair()), trusting())
    assert codes(plan) == [("trust_overdraw", entry("510"))]
    assert plan.waiting == (entry("511", "transfer"),)


def test_r6_4_an_edited_transfer_is_updated_in_place() -> None:
    ledger, _ = opened(HELD, *pair())
    moved = [replace(one, dated=date(2026, 2, 9)) for one in pair()]
    plan = ledger.carry_out(ledger_of(HELD, *moved), trusting())
    assert steps(plan) == [(Action.UPDATE, entry("510"))]
    assert steps(ledger.plan(ledger_of(HELD, *moved), trusting())) == []


def test_r6_4_a_posted_transfer_stays_one_when_a_third_row_comes_to_fit() -> None:
    ledger, _ = opened(HELD, *pair())
    third = row("512", 300, created_at=CREATED, contact_id="9")
    plan = ledger.plan(ledger_of(HELD, *pair(), third), trusting())
    assert steps(plan) == [(Action.CREATE, customer("9")), (Action.CREATE, entry("512"))]


def test_r6_4_rows_that_stop_fitting_become_entries_of_their_own() -> None:
    ledger, _ = opened(HELD, *pair())
    out, into = pair()
    apart = ledger_of(HELD, out, replace(into, amount=money(250)))
    plan = ledger.carry_out(apart, trusting())
    assert set(steps(plan)) == {
        (Action.UPDATE, entry("510")),
        (Action.CREATE, entry("511")),
        (Action.UNLINK, entry("511", "transfer")),
    }
    assert steps(plan)[0] == (Action.UPDATE, entry("510"))
    assert (owed(ledger), balances(ledger)) == ({"7": 8700, "8": 250}, {"91": 8950, "92": -8950})
    assert steps(ledger.plan(apart, trusting())) == []


def test_r6_4_a_row_whose_entry_cannot_be_changed_now_keeps_the_other_waiting() -> None:
    ledger, _ = opened(HELD, *pair())
    ledger.of(entry("510"))["TxnDate"] = "2026-02-05"
    out, into = pair()
    plan = ledger.plan(ledger_of(HELD, out, replace(into, amount=money(250))), trusting())
    assert steps(plan) == []
    assert codes(plan) == [("drift", entry("510"))]
    assert {entry("511"), entry("511", "transfer")} <= set(plan.waiting)


@pytest.mark.parametrize(
    ("left", "gone", "expected"),
    [((0,), ("511",), {"7": 8700}), ((1,), ("510",), {"7": 9000, "8": 300}), ((), ("510", "511"), {"7": 9000})],
)
def test_r6_7_a_transfer_of_which_rows_are_gone(
    left: tuple[int, ...], gone: tuple[str, ...], expected: dict[str, int]
) -> None:
    ledger, _ = opened(HELD, *pair())
    group = ledger_of(HELD, *(pair()[at] for at in left), gone=gone, contacts=None)
    group = replace(group, contacts=ledger_of(HELD, *pair()).contacts)
    ledger.carry_out(group, trusting())
    assert owed(ledger) == expected
    assert steps(ledger.plan(group, trusting())) == []


@pytest.mark.parametrize("receiver", ["7", "8"])
def test_r6_4_a_row_posted_before_the_other_one_was_seen(receiver: str) -> None:
    out, into = pair(contact_id=receiver)
    ledger, _ = opened(HELD, out)
    both = ledger_of(HELD, out, into)
    ledger.carry_out(both, trusting())
    assert owed(ledger) == ({"7": 9000} if receiver == "7" else {"7": 8700, "8": 300})
    assert balances(ledger) == {"91": 9000, "92": -9000}
    assert steps(ledger.plan(both, trusting())) == []


# R6.5


def test_r6_5_the_opening_balance_is_the_sum_per_client_and_account_of_rows_before_the_start() -> None:
    rows = [
        row("1", 5000, dated=date(2025, 11, 3)),
        row("2", -1500, dated=date(2025, 12, 31)),
        row("3", 700, dated=date(2025, 12, 1), contact_id="8"),
        row("4", 50, dated=date(2025, 12, 1), account_id="45"),
        row("5", 9, dated=START),
        row("6", 40, dated=date(2025, 12, 1), contact_id="9"),
        row("7", -40, dated=date(2025, 12, 2), contact_id="9"),
    ]
    assert openings(rows, START) == {("7", "44"): 3500, ("8", "44"): 700, ("7", "45"): 50}
    assert openings(rows, START, {"1"}) == {("7", "44"): -1500, ("8", "44"): 700, ("7", "45"): 50}


def test_r6_5_a_posted_row_that_is_dated_before_the_start_stays_in_step_and_is_not_opening() -> None:
    ledger, _ = opened(row())
    plan = ledger.plan(ledger_of(row(dated=date(2025, 12, 31))), trusting())
    assert steps(plan) == [(Action.UPDATE, entry())]


# Worked examples


def test_trust_5000_in_november_start_1_january_2000_out_on_4_february() -> None:
    """Posted −2,000; opening 5,000 offered; no overdraft."""
    rows = [row("1", 5000, dated=date(2025, 11, 3)), row("2", -2000, dated=date(2026, 2, 4))]
    ledger = Ledger()
    plan = ledger.carry_out(ledger_of(*rows), trusting())
    assert steps(plan) == [(Action.CREATE, customer()), (Action.CREATE, entry("2"))]
    assert (codes(plan), owed(ledger)) == ([], {"7": -2000})
    assert openings(rows, START) == {("7", "44"): 5000}


def test_1000_from_trust_on_a_bill() -> None:
    """Dr liability / Cr trust bank 1,000; Dr in transit / Cr A/R 1,000; the bank move later is a person's."""
    plan = Ledger().plan(paid_from_trust(OUT), trusting())
    lines = [*change_of(plan, entry("501")).postings(), *change_of(plan, payment()).postings()]
    assert [(p.account, p.debit, p.credit) for p in lines] == [
        ("IOLTA Liability", 1000, 0),
        ("IOLTA", 0, 1000),
        ("Trust in transit", 1000, 0),
        ("Accounts Receivable", 0, 1000),
    ]
