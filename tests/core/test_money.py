"""Amounts: whole cents, parsed strictly, split without losing one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.money import CENT, ZERO, allocate, amount, cents, number
from integrations.core.posting import Posting, gathered, post

AMOUNTS = st.decimals(min_value="-9999999.99", max_value="9999999.99", places=2)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=10**6, places=2), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize("value", ["a lot", "1,000.00", "NaN", "Infinity", 1.5, True, [], {}, "1e30", "1e15"])
def test_what_is_no_amount_is_refused_with_value_error(value: object) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        amount(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "0.00"), ("", "0.00"), ("12.345", "12.35"), ("-12.345", "-12.35"), (7, "7.00"), (Decimal("0.1"), "0.10")],
)
def test_amounts_are_whole_cents_rounded_half_up(value: object, expected: str) -> None:
    assert str(amount(value)) == expected


def test_a_number_keeps_every_digit() -> None:
    assert number("0.12345678901234567890") == Decimal("0.12345678901234567890")


def test_there_is_no_negative_zero() -> None:
    assert str(cents(Decimal("-0.001"))) == "0.00"


@pytest.mark.parametrize("weights", [[], [ZERO], [Decimal(1), Decimal(-1)], [Decimal(2), Decimal(-1)]])
def test_weights_have_to_be_positive(weights: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(Decimal(10), weights)


def test_parts_of_a_cent_are_not_allocated() -> None:
    with pytest.raises(ValueError, match="parts of a cent"):
        allocate(Decimal("0.005"), [Decimal(1)])


def test_the_odd_cent_goes_to_the_largest_remainder() -> None:
    assert allocate(Decimal("100.00"), [Decimal(1), Decimal(2), Decimal(4)]) == [
        Decimal("14.29"),
        Decimal("28.57"),
        Decimal("57.14"),
    ]


@given(AMOUNTS, WEIGHTS)
def test_the_parts_add_up_to_the_whole(total: Decimal, weights: list[Decimal]) -> None:
    parts = allocate(total, weights)
    assert sum(parts, ZERO) == total
    assert all(part == cents(part) for part in parts)


@given(AMOUNTS, WEIGHTS)
def test_no_part_is_a_cent_away_from_its_share(total: Decimal, weights: list[Decimal]) -> None:
    whole = sum(weights, Decimal(0))
    for part, weight in zip(allocate(total, weights), weights, strict=True):
        assert abs(part - total * weight / whole) < CENT


@given(AMOUNTS, WEIGHTS)
def test_a_credit_is_split_as_the_debit_was(total: Decimal, weights: list[Decimal]) -> None:
    assert allocate(-total, weights) == [-part for part in allocate(total, weights)]


def test_postings_of_one_account_become_one_line_debits_first() -> None:
    lines = gathered([post("Income", Decimal(-5)), post("Receivable", Decimal(8)), post("Income", Decimal(-3))])
    assert lines == (Posting("Receivable", debit=Decimal(8)), Posting("Income", credit=Decimal(8)))


def test_postings_that_cancel_out_leave_no_line() -> None:
    assert gathered([post("Income", Decimal(5)), post("Income", Decimal(-5))]) == ()
