"""Queries are built in one place, and nothing a name holds can leave its quotes."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.systems.quickbooks import query


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("Lee", "'Lee'"),
        ("Adam's", r"'Adam\'s'"),
        ("back\\slash", r"'back\\slash'"),
        ("\\'", r"'\\\''"),
        ("' OR Active = 'x", r"'\' OR Active = \'x'"),
        ("O\u2019Brien & Söhne", "'O\u2019Brien & Söhne'"),
    ],
)
def test_values_are_quoted(value: str, literal: str) -> None:
    assert query.equals("DisplayName", value) == f"DisplayName = {literal}"


@given(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f")))
def test_a_literal_ends_where_it_should_and_reads_back(value: str) -> None:
    literal = query.quoted(value)
    inner = re.fullmatch(r"'((?:[^'\\]|\\.)*)'", literal, re.DOTALL)
    assert inner
    assert re.sub(r"\\(.)", r"\1", inner[1], flags=re.DOTALL) == value


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "\x00", "\x7f"])
def test_control_characters_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="control"):
        query.quoted(value)


@pytest.mark.parametrize("name", ["Id = '1' OR Id", "", "Id;", "Meta Data", "Id'", "a..b", "x--"])
def test_names_are_only_names(name: str) -> None:
    builders: tuple[Callable[[], str], ...] = (
        lambda: query.equals(name, "1"),
        lambda: query.select(name),
        lambda: query.within(name, ["1"]),
    )
    for build in builders:
        with pytest.raises(ValueError, match="not a name"):
            build()


def test_a_page_is_ordered_and_bounded() -> None:
    where = query.both(query.EVERY_ACTIVE_STATE, "", query.equals("Active", True))
    assert query.select("Customer", where, "Id, SyncToken", 1001) == (
        "SELECT Id, SyncToken FROM Customer WHERE Active IN (true, false) AND Active = true "
        "ORDERBY Id STARTPOSITION 1001 MAXRESULTS 1000"
    )


@pytest.mark.parametrize(("start", "rows"), [(0, 10), (1, 0), (1, 1001)])
def test_a_page_quickbooks_would_refuse_is_not_built(start: int, rows: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        query.select("Invoice", start=start, max_rows=rows)


def test_lists_are_cut_into_pieces() -> None:
    pieces = list(query.within_each("DocNumber", [str(n) for n in range(250)]))
    assert [piece.count("'") // 2 for piece in pieces] == [100, 100, 50]
    assert pieces[2].endswith("'249')")
    assert list(query.within_each("DocNumber", [])) == []


def test_an_empty_list_is_no_condition() -> None:
    with pytest.raises(ValueError, match="something"):
        query.within("Id", [])


def test_dates_and_times() -> None:
    moment = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert query.since(moment) == "MetaData.LastUpdatedTime >= '2026-11-20T09:00:00+00:00'"
    assert query.between("TxnDate", date(2026, 1, 1), date(2026, 2, 1)) == (
        "TxnDate >= '2026-01-01' AND TxnDate <= '2026-02-01'"
    )
    with pytest.raises(ValueError, match="zone"):
        query.since(datetime(2026, 11, 20))
