"""What looks alike: numbers that differ in nothing a reader sees, one person twice."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.lookalikes import (
    CONTACTS,
    IN_CLIO,
    IN_QUICKBOOKS,
    NEAR,
    Numbered,
    Party,
    number_clashes,
    number_keys,
    same_people,
)


def bill(id: str, number: str, *, counts: bool = True, judged: bool = False) -> Numbered:
    return Numbered("bill", id, number, counts=counts, judged=judged)


def form(id: str, number: str, entity: str = "Invoice") -> Numbered:
    return Numbered(entity, id, number)


def found(*documents: Numbered) -> list[tuple[str, tuple[str, ...]]]:
    return [(alike.code, tuple(member.id for member in alike.members)) for alike in number_clashes(documents)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1042 a", "1042A"),
        ("1042", "10 42"),
        ("1042", "0001042"),
        ("1042", "#1042"),
        ("1042", "1042-"),
        ("1042", "10-42"),
        ("INV-7", "inv7"),
        ("INV-7", "Inv 007"),
        ("2026-7", "2026/07"),
        ("2026-07", "202607"),
        ("\uff11\uff10\uff14\uff12", "1042"),
        ("CN\u20131", "cn1"),
    ],
)
def test_spaces_case_leading_zeros_and_punctuation_tell_no_two_numbers_apart(one: str, other: str) -> None:
    assert found(bill("1", one), form("2", other)) == [(NEAR, ("1", "2"))]
    assert found(bill("1", other), form("2", one)) == [(NEAR, ("1", "2"))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1042", "1043"),
        ("1042", "10420"),
        ("1-11", "11-1"),
        ("2026-1", "2026-10"),
        ("7A", "7B"),
        ("100", "1"),
        ("", "-"),
    ],
)
def test_numbers_that_are_different_are_left_alone(one: str, other: str) -> None:
    assert found(bill("1", one), form("2", other)) == []


def test_a_number_of_nothing_but_zeros_is_a_number() -> None:
    assert number_keys("000") == number_keys("0") == ("0", "")
    assert number_keys("–") == ("", "")


@given(st.text(alphabet="0123456789-/ AbC#", max_size=24))
def test_the_key_is_the_same_however_the_number_is_written(number: str) -> None:
    key, joined = number_keys(number)
    assert number_keys(f" {number.upper()} ") == (key, joined)
    assert number_keys(key)[0] == key
    assert joined == "" or number_keys(joined) == (joined, "")


def test_two_bills_with_one_number_are_told_where_the_planner_refuses_neither() -> None:
    posted, draft, waiting = bill("1", "7"), bill("2", "7"), bill("3", "7", judged=True)
    assert found(posted, draft) == [(IN_CLIO, ("1", "2"))]
    assert found(posted, waiting) == found(waiting, bill("4", "7", judged=True)) == []
    assert found(posted, draft, waiting) == [(IN_CLIO, ("1", "2"))]


def test_a_form_with_the_number_of_a_posted_bill_or_of_a_draft_is_told() -> None:
    assert found(bill("1", "7"), form("2", "7", "SalesReceipt")) == [(IN_QUICKBOOKS, ("1", "2"))]
    assert found(bill("1", "7", judged=True), form("2", "7")) == [], "the planner reports what is not posted yet"


def test_only_what_the_books_are_about_is_told() -> None:
    assert found(bill("1", "7", counts=False), bill("2", "07", counts=False), form("3", "7")) == []
    assert found(form("3", "7"), form("4", "07")) == []


def test_what_counts_comes_first_and_the_oldest_of_it() -> None:
    documents = [form("3", "07"), bill("12", "7", counts=False), bill("101", "7 "), bill("99", "7-")]
    assert found(*documents) == [(IN_CLIO, ("101", "12")), (NEAR, ("99", "101", "12", "3"))]


def test_a_set_keeps_its_name_until_somebody_joins_or_leaves() -> None:
    (before,) = number_clashes([form("2", "07"), bill("1", "7")])
    (same,) = number_clashes([bill("1", "7"), form("2", "007")])
    (more,) = number_clashes([bill("1", "7"), form("2", "07"), form("3", "007")])
    assert before.leg == same.leg != more.leg
    assert len(before.leg) < 64


def test_many_numbers_take_no_time_that_grows_with_their_square() -> None:
    documents = [bill(str(n), str(n)) for n in range(50_000)] + [form("x", "0099")]
    begun = time.process_time()
    assert found(*documents) == [(NEAR, ("99", "x"))]
    assert time.process_time() - begun < 10


def people(*parties: Party) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(tuple(member.id for member in alike.members), alike.reasons) for alike in same_people(parties)]


def contact(id: str, name: str, email: str = "", *, counts: bool = True) -> Party:
    return Party("contact", id, name, email, counts=counts)


def test_one_name_or_one_address_makes_two_contacts_look_like_one_person() -> None:
    assert people(contact("1", "Zoë O’Hara"), contact("2", "zoe o'hara")) == [(("1", "2"), ("name",))]
    assert people(contact("1", "A", "x@y.org"), contact("2", "B", "X@Y.org ")) == [(("1", "2"), ("e-mail address",))]
    both = people(contact("1", "A", "x@y.org"), contact("2", "a", "x@y.org"))
    assert both == [(("1", "2"), ("name", "e-mail address"))], "one finding, both reasons"


def test_people_without_name_or_address_have_nothing_in_common() -> None:
    assert people(contact("1", ""), contact("2", "")) == []
    assert people(contact("1", "A"), contact("2", "B")) == []


def test_contacts_the_books_are_not_about_are_left_alone() -> None:
    assert people(contact("1", "A", counts=False), contact("2", "A", counts=False)) == []
    assert people(contact("1", "A", counts=False), contact("2", "A")) == [(("2", "1"), ("name",))]


def test_a_sub_customer_shares_what_its_customer_has() -> None:
    parent = Party("Customer", "5", "Acme", "a@acme.com", counts=True)
    child = Party("Customer", "6", "Matter 1", "a@acme.com", parent="5")
    other = Party("Customer", "7", "ACME Inc", "a@acme.com")
    assert people(parent, child) == []
    assert people(parent, child, other) == [(("5", "7"), ("e-mail address",))]
    assert {alike.code for alike in same_people([parent, other])} == {CONTACTS}
