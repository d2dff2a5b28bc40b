"""Request ids and the order of changes."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.changes import Action, Change, ordered, request_id
from integrations.core.records import Kind, Ref

REF = Ref(Kind.INVOICE, "12")


def step(id: str, *after: str) -> Change:
    ref = Ref(Kind.INVOICE, id)
    return Change(Action.CREATE, ref, "Invoice", id, after=frozenset(Ref(Kind.INVOICE, other) for other in after))


def order(*changes: Change, stage: dict[str, int] | None = None) -> str:
    stages = stage or {}
    return "".join(c.title for c in ordered(changes, lambda change: stages.get(change.title, 0)))


def test_a_request_id_fits_a_batch_and_is_the_same_for_the_same_write() -> None:
    first = request_id("realm", REF, "create", 0, "digest")
    assert len(first) == 36
    assert str(UUID(first)) == first
    assert first == request_id("realm", REF, "create", 0, "digest")


@pytest.mark.parametrize(
    "other",
    [
        ("realm2", REF, "create", 0, "digest"),
        ("realm", Ref(Kind.INVOICE, "13"), "create", 0, "digest"),
        ("realm", Ref(Kind.INVOICE, "12", "interest-1"), "create", 0, "digest"),
        ("realm", Ref(Kind.PAYMENT, "12"), "create", 0, "digest"),
        ("realm", REF, "update", 0, "digest"),
        ("realm", REF, "create", 1, "digest"),
        ("realm", REF, "create", 0, "digest2"),
    ],
)
def test_another_write_has_another_request_id(other: tuple[str, Ref, str, int, str]) -> None:
    assert request_id(*other) != request_id("realm", REF, "create", 0, "digest")


def test_nothing_to_order_is_nothing() -> None:
    assert ordered((), lambda _: 0) == ()


def test_a_change_follows_what_it_depends_on_whatever_its_stage() -> None:
    assert order(step("a", "b"), step("b", "c"), step("c"), stage={"a": 0, "b": 1, "c": 2}) == "cba"


def test_without_dependencies_the_stage_decides_then_the_order_given() -> None:
    assert order(step("a"), step("b"), step("c"), stage={"a": 1}) == "bca"


def test_what_is_not_in_the_plan_holds_nothing_up() -> None:
    assert order(step("a", "elsewhere")) == "a"


def test_changes_that_wait_for_each_other_are_all_carried_out_once() -> None:
    assert sorted(order(step("a", "b"), step("b", "a"), step("c", "c"))) == ["a", "b", "c"]


@given(st.permutations("abcdef"))
def test_dependencies_hold_in_any_order_they_are_given(ids: list[str]) -> None:
    after = {"a": "", "b": "a", "c": "ab", "d": "a", "e": "cd", "f": ""}
    found = order(*(step(id, *after[id]) for id in ids))
    assert sorted(found) == list("abcdef")
    assert all(found.index(first) < found.index(id) for id in ids for first in after[id])
