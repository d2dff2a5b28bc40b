"""How amounts and days are written in texts that people read."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.core.words import amount, bare, day, short_day, written


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Decimal("2186.21"), "2,186.21"),
        (Decimal("-1234567.89"), "−1,234,567.89"),
        (Decimal("0.005"), "0.01"),
        (Decimal("-0.001"), "0.00"),
        (Decimal("999.995"), "1,000.00"),
        (1200, "1,200.00"),
        ("1200", "1,200.00"),
        ("", ""),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("n/a", "n/a"),
    ],
)
def test_an_amount_has_two_decimals_a_true_minus_and_no_negative_zero(value: object, said: str) -> None:
    assert amount(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2026, 3, 13), "13 Mar 2026"),
        (datetime(2026, 3, 3, 23, 59, tzinfo=UTC), "3 Mar 2026"),
        ("2026-03-13", "13 Mar 2026"),
        ("2026-03-13T23:59:00-08:00", "13 Mar 2026"),
        ("2026-02-30", "2026-02-30"),
        ("", ""),
    ],
)
def test_a_day_is_written_out_and_a_text_that_is_none_stays(value: date | str, said: str) -> None:
    assert day(value) == said


def test_a_day_whose_year_is_clear() -> None:
    assert short_day(date(2026, 12, 1)) == "1 Dec"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-1250.50", "−1,250.50"),
        ("2026-03-13", "13 Mar 2026"),
        ("1250.5", "1250.5"),
        ("1250.50 and more", "1250.50 and more"),
        ("CT-501", "CT-501"),
    ],
)
def test_only_what_is_wholly_an_amount_or_a_day_is_written_so(value: str, said: str) -> None:
    assert written(value) == said


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("−1,250.50 of 3 Mar 2026, 60.00 left", "-1250.50 of 2026-03-03, 60.00 left"),
        ("-1250.50 of 2026-03-03, 60.00 left", "-1250.50 of 2026-03-03, 60.00 left"),
        ("Bills 1,042 and 13 March", "Bills 1,042 and 13 March"),
        ("13 Mar 20261", "13 Mar 20261"),
    ],
)
def test_bare_texts_differ_only_where_something_else_is_said(text: str, plain: str) -> None:
    assert bare(text) == plain
