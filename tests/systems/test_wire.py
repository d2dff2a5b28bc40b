"""JSON keeps every digit, both ways."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.systems import wire

amounts = st.decimals(min_value=-(10**13), max_value=10**13, places=2)


@given(st.lists(amounts))
def test_amounts_come_back_as_they_went(values: list[Decimal]) -> None:
    assert wire.parse(wire.encode({"Amount": values})) == {"Amount": values}


@pytest.mark.parametrize("digits", ["0.10", "1250.5", "12345678901234567.89", "0.1", "1E+2", "-0.01"])
def test_amounts_are_sent_as_numbers_digit_for_digit(digits: str) -> None:
    assert wire.encode({"a": Decimal(digits)}) == b'{"a":%s}' % format(Decimal(digits), "f").encode()


def test_a_number_beyond_a_double_is_read_exactly() -> None:
    assert wire.parse(b'{"a":12345678901234567.89,"b":1e2}') == {
        "a": Decimal("12345678901234567.89"),
        "b": Decimal(100),
    }


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), {"a": [2.0]}, {"a": Decimal("Infinity")}])
def test_floats_and_nan_are_never_sent(value: object) -> None:
    with pytest.raises(ValueError, match="exactly"):
        wire.encode(value)


def test_equal_values_give_equal_bytes() -> None:
    assert wire.encode({"b": 1, "a": {"d": 1, "c": 2}}) == wire.encode({"a": {"c": 2, "d": 1}, "b": 1})


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b'{"a":NaN}', b"\xff\xfe", b"[" * 100_000])
def test_anything_else_is_not_json(body: bytes) -> None:
    with pytest.raises(wire.NotJson):
        wire.parse(body)


def test_text_that_no_database_holds_does_not_lose_the_page() -> None:
    assert wire.parse(b'[{"name":"a\\u0000b"},{"name":"\\ud800"},{"name":"\\ud83d\\ude00","n":1.10}]') == [
        {"name": "a\ufffdb"},
        {"name": "\ufffd"},
        {"name": "\U0001f600", "n": Decimal("1.10")},
    ]
