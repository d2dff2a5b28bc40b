"""Reading members that may be missing, null or of a neighbouring type."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.core import read


@pytest.mark.parametrize("raw", [{}, {"id": None}, {"id": ""}, {"id": True}])
def test_a_record_without_an_id_is_unreadable(raw: dict[str, object]) -> None:
    with pytest.raises(read.Unreadable):
        read.identifier(raw)


@pytest.mark.parametrize("value", ["12/03/2026", "tomorrow", 5, "2026-13-01"])
def test_what_is_no_date_is_unreadable(value: object) -> None:
    with pytest.raises(read.Unreadable):
        read.day({"date": value}, "date")


@pytest.mark.parametrize("value", ["x", [], "NaN", "1e40"])
def test_what_is_no_amount_is_unreadable(value: object) -> None:
    with pytest.raises(read.Unreadable):
        read.money({"total": value}, "total")


def test_what_is_null_or_of_another_type_is_empty() -> None:
    raw: dict[str, object] = {"client": None, "lines": None, "text": None, "date": None, "other": 5}
    assert read.nested(raw, "client") == {}
    assert read.nested_id(raw, "other") == ""
    assert list(read.rows(raw, "lines")) == []
    assert list(read.rows({"lines": [None, 1, {"id": 2}]}, "lines")) == [{"id": 2}]
    assert (read.text(raw, "text"), read.day(raw, "date"), read.money(raw, "none")) == ("", None, Decimal("0.00"))


def test_a_date_is_cut_from_the_text_and_no_time_zone_moves_it() -> None:
    assert read.day({"date": "2026-03-01T23:59:59-11:00"}, "date") == date(2026, 3, 1)


def test_an_instant_keeps_its_offset() -> None:
    assert read.instant({"at": "2026-03-01T12:00:00Z"}, "at") == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("value", "expected"), [(True, True), ("true", True), ("false", False), (None, False)])
def test_truth_is_a_boolean_or_its_name(value: object, expected: bool) -> None:
    assert read.truth({"flag": value}, "flag") is expected
