"""The three-way merge by field (rule R7), on made-up fields of one letter each."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.core.merge import Agreed, Conflict, Merged, Objection, merge
from integrations.core.records import Side

Record = Mapping[str, str]
Base = Mapping[str, Agreed[str]]


class Plain:
    """Values are the same but for case; each side objects to the value it is told to."""

    def __init__(self, *, final: bool = True, **refused: str) -> None:
        self.final, self.refused = final, refused

    def same(self, name: str, practice: str, ledger: str) -> bool:
        return practice.casefold() == ledger.casefold()

    def objects(self, side: Side, name: str, value: str, over: str) -> Objection | None:
        return Objection(f"{side} has no {value}", self.final) if value == self.refused.get(side) else None


PLAIN = Plain()


def both(value: str) -> Agreed[str]:
    return Agreed(value, value)


def of_one(practice: str, ledger: str, base: Agreed[str] | None, rules: Plain = PLAIN, **prefer: Side) -> Merged[str]:
    return merge({"a": practice}, {"a": ledger}, {} if base is None else {"a": base}, rules, prefer)


def test_disjoint_edits_merge() -> None:
    base = {"a": both("1"), "b": both("2")}
    merged = merge({"a": "9", "b": "2"}, {"a": "1", "b": "8"}, base, PLAIN)
    assert (merged.to_ledger, merged.to_practice, merged.conflicts) == ({"a": "9"}, {"b": "8"}, {})


def test_the_same_field_changed_to_different_values_is_a_conflict_that_names_all_three() -> None:
    assert of_one("2", "3", both("1")).conflicts == {"a": Conflict("2", "3", both("1"))}


def test_equal_edits_are_no_conflict() -> None:
    assert of_one("2", "2", both("1")) == Merged(agreed={"a": both("2")})


def test_edits_that_say_the_same_in_other_letters_are_no_conflict() -> None:
    assert of_one("x", "X", both("1")) == Merged(agreed={"a": Agreed("x", "X")})


def test_a_change_of_letters_on_one_side_is_still_carried_over() -> None:
    assert of_one("x", "X", both("X")) == Merged(to_ledger={"a": "x"})


@pytest.mark.parametrize(
    ("practice", "ledger", "expected"),
    [
        ("1", "", Merged(to_ledger={"a": "1"})),
        ("", "1", Merged(to_practice={"a": "1"})),
        ("1", "1", Merged(agreed={"a": both("1")})),
        ("x", "X", Merged(agreed={"a": Agreed("x", "X")})),
        ("", "", Merged(agreed={"a": both("")})),
        ("1", "2", Merged(conflicts={"a": Conflict("1", "2")})),
    ],
)
def test_without_a_base_the_empty_side_is_filled_and_two_values_conflict(
    practice: str, ledger: str, expected: Merged[str]
) -> None:
    assert of_one(practice, ledger, None) == expected


def test_what_one_system_rewrote_on_the_way_does_not_echo_back() -> None:
    """The ledger cut "long" to "lon": neither side has changed anything."""
    assert of_one("long", "lon", Agreed("long", "lon")) == Merged(agreed={"a": Agreed("long", "lon")})
    assert of_one("long", "new", Agreed("long", "lon")) == Merged(to_practice={"a": "new"})
    assert of_one("longer", "lon", Agreed("long", "lon")) == Merged(to_ledger={"a": "longer"})


def test_a_value_the_other_side_cannot_take_is_a_conflict_that_says_why() -> None:
    fussy = Plain(practice="")
    assert of_one("1", "", both("1"), fussy).conflicts == {
        "a": Conflict("1", "", both("1"), "practice has no ", only=Side.PRACTICE)
    }
    assert of_one("", "1", both("1"), fussy) == Merged(to_ledger={"a": ""})


def test_a_preference_decides_conflicts_and_nothing_else() -> None:
    for side, expected in (
        (Side.PRACTICE, Merged(to_ledger={"a": "2"})),
        (Side.LEDGER, Merged(to_practice={"a": "3"})),
    ):
        assert of_one("2", "3", both("1"), a=side) == expected
        assert of_one("2", "1", both("1"), a=side) == Merged(to_ledger={"a": "2"})
        assert of_one("1", "3", both("1"), a=side) == Merged(to_practice={"a": "3"})
        assert of_one("2", "3", both("1"), b=side).conflicts.keys() == {"a"}


def test_a_preference_for_the_other_side_gives_back_what_could_not_be_taken() -> None:
    fussy = Plain(practice="")
    assert of_one("1", "", both("1"), fussy, a=Side.PRACTICE) == Merged(to_ledger={"a": "1"})
    assert of_one("1", "", both("1"), fussy, a=Side.LEDGER).conflicts["a"].why == "practice has no "


def test_what_only_speaks_against_a_value_is_asked_once_and_then_done() -> None:
    wary = Plain(practice="", final=False)
    assert of_one("1", "", both("1"), wary).conflicts["a"].why == "practice has no "
    assert of_one("1", "", both("1"), wary, a=Side.LEDGER) == Merged(to_practice={"a": ""})


# Properties: a few fields, a few values, so that every case comes up often.

NAMES = ("a", "b", "c")
VALUES = st.sampled_from(["", "1", "2", "x", "X"])
RECORDS = st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES))
BASES = st.dictionaries(st.sampled_from(NAMES), st.builds(Agreed, VALUES, VALUES))
ON_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PREFER = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(Side)))


def applied(practice: Record, ledger: Record, base: Base, merged: Merged[str]) -> tuple[Record, Record, Base]:
    """Both sides and the base after what the merge asks for was done."""
    ours, theirs = {**practice, **merged.to_practice}, {**ledger, **merged.to_ledger}
    done = {name: Agreed(ours[name], theirs[name]) for name in NAMES if name not in merged.conflicts}
    return ours, theirs, {**base, **done}


@ON_ANY_MACHINE
@given(RECORDS, RECORDS, BASES, PREFER)
def test_every_field_has_exactly_one_outcome(
    practice: Record, ledger: Record, base: Base, prefer: Mapping[str, Side]
) -> None:
    merged = merge(practice, ledger, base, PLAIN, prefer)
    outcomes = [*merged.to_practice, *merged.to_ledger, *merged.conflicts, *merged.agreed]
    assert sorted(outcomes) == sorted(NAMES)
    assert not merged.conflicts.keys() & prefer.keys()


@ON_ANY_MACHINE
@given(RECORDS, RECORDS, BASES, PREFER)
def test_the_merge_is_symmetric(practice: Record, ledger: Record, base: Base, prefer: Mapping[str, Side]) -> None:
    other = {Side.PRACTICE: Side.LEDGER, Side.LEDGER: Side.PRACTICE}
    turned = {name: Agreed(was.ledger, was.practice) for name, was in base.items()}
    one = merge(practice, ledger, base, PLAIN, prefer)
    two = merge(ledger, practice, turned, PLAIN, {name: other[side] for name, side in prefer.items()})
    assert (one.to_practice, one.to_ledger) == (two.to_ledger, two.to_practice)
    assert one.conflicts == {
        name: replace(c, practice=c.ledger, ledger=c.practice, base=turned_back(c.base), only=None)
        for name, c in two.conflicts.items()
    }


def turned_back(was: Agreed[str] | None) -> Agreed[str] | None:
    return None if was is None else Agreed(was.ledger, was.practice)


@ON_ANY_MACHINE
@given(RECORDS, RECORDS, BASES, PREFER)
def test_merging_again_finds_nothing_but_the_same_conflicts(
    practice: Record, ledger: Record, base: Base, prefer: Mapping[str, Side]
) -> None:
    first = merge(practice, ledger, base, PLAIN, prefer)
    ours, theirs, now = applied(practice, ledger, base, first)
    again = merge(ours, theirs, now, PLAIN, prefer)
    assert (again.to_practice, again.to_ledger, again.conflicts) == ({}, {}, first.conflicts)


@ON_ANY_MACHINE
@given(RECORDS, RECORDS, BASES)
def test_no_edit_is_lost(practice: Record, ledger: Record, base: Base) -> None:
    """What one side changed is afterwards on both, or in a conflict that names it."""
    merged = merge(practice, ledger, base, PLAIN)
    ours, theirs, _ = applied(practice, ledger, base, merged)
    for name, was in base.items():
        if practice[name] != was.practice and name not in merged.conflicts:
            assert ours[name] == practice[name] or PLAIN.same(name, ours[name], practice[name])
        if ledger[name] != was.ledger and name not in merged.conflicts:
            assert theirs[name] == ledger[name] or PLAIN.same(name, theirs[name], ledger[name])


@ON_ANY_MACHINE
@given(RECORDS, st.integers(1, 3))
def test_our_own_echo_is_nothing(practice: Record, cut: int) -> None:
    """The ledger keeps only the first letters of what it is given; what comes back afterwards is no change."""
    ledger = {name: (value * 3)[:cut] for name, value in practice.items()}
    base = {name: Agreed(practice[name], ledger[name]) for name in NAMES}
    merged = merge(practice, ledger, base, PLAIN)
    assert merged == Merged(agreed=base)
