"""Marks and fingerprints."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.records import Kind, Ref, fingerprint, mark, parse_mark

IDS = st.text(st.characters(categories=("Nd", "Ll"), max_codepoint=127), min_size=1, max_size=12)
REFS = st.builds(Ref, st.sampled_from(Kind), IDS, st.just("") | IDS.map(lambda id: f"interest-{id}"))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "Clio",
        "Clio invoice 12 · other-firm",
        "Clio invoice 12",
        "Clio estimate 12 · acme",
        "Clio invoice · acme",
        "Clio invoice  · acme",
        "paid, see Clio invoice 12 · acme",
    ],
)
def test_a_note_without_our_mark_is_nobodys(note: str) -> None:
    assert parse_mark(note, "acme") is None


def test_the_mark_reads_as_the_contract_says() -> None:
    assert mark(Ref(Kind.INVOICE, "12", "interest-3"), "acme") == "Clio invoice 12/interest-3 · acme"


@given(REFS)
def test_what_was_marked_is_found_again(ref: Ref) -> None:
    assert parse_mark(f"Handle with care\n{mark(ref, 'acme')}", "acme") == ref


@given(REFS)
def test_a_line_added_below_does_not_hide_the_mark(ref: Ref) -> None:
    assert parse_mark(f"{mark(ref, 'acme')}\ncalled on Monday", "acme") == ref


@dataclass(frozen=True)
class Sample:
    amount: Decimal
    on: date | None = None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("1.10"), Decimal("1.1")),
        (Decimal("0.00"), Decimal("-0")),
        ([1, 2], (1, 2)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (Sample(Decimal("5.0")), Sample(Decimal(5))),
        ({"c", "a", "b"}, frozenset({"b", "c", "a"})),
    ],
)
def test_equal_values_have_equal_fingerprints(one: object, other: object) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("1.1"), Decimal("1.11")),
        ([1, 2], [2, 1]),
        (None, ""),
        (None, 0),
        (Sample(Decimal(5), None), Sample(Decimal(5), date(2026, 1, 1))),
        (Decimal(100), Decimal(10)),
    ],
)
def test_different_values_have_different_fingerprints(one: object, other: object) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_a_lone_surrogate_has_a_fingerprint() -> None:
    assert len(fingerprint("\ud800")) == 32
