"""Pairing a contact with a customer (rule R2.1)."""

from dataclasses import dataclass, field

import pytest

from integrations.core.match import Exact, Match, NameIndex, NoMatch, Probable, match, settle

MAIL = ("ann@example.com",)


@dataclass
class Person:
    name: str = "Ann Lee"
    given: str = "Ann"
    family: str = "Lee"
    emails: tuple[str, ...] = MAIL
    is_company: bool = False


@dataclass
class Customer:
    id: str = "1"
    plain_name: str = "Ann Lee"
    given: str = ""
    family: str = ""
    company: str = ""
    emails: tuple[str, ...] = field(default=MAIL)


def found(contact: Person, *customers: Customer) -> Match:
    return match(contact, NameIndex(customers).namesakes(contact))


NONE, OTHER = (), ("other@example.com",)


@pytest.mark.parametrize(
    ("contact_mails", "customer_mails", "expected"),
    [
        (OTHER, [MAIL], NoMatch()),
        (MAIL, [], NoMatch()),
        (MAIL, [OTHER, OTHER], NoMatch()),
        (NONE, [MAIL], Probable(("1",))),
        (MAIL, [NONE], Probable(("1",))),
        (NONE, [NONE], Probable(("1",))),
        (MAIL, [MAIL, MAIL], Probable(("1", "2"))),
        (MAIL, [MAIL, NONE], Probable(("1", "2"))),
        (MAIL, [NONE, OTHER], Probable(("1",))),
        (MAIL, [MAIL], Exact("1")),
        (MAIL, [MAIL, OTHER], Exact("1")),
        (("ANN@Example.com",), [MAIL], Exact("1")),
        ((*OTHER, *MAIL), [MAIL], Exact("1")),
        (MAIL, [("Ann@EXAMPLE.com",)], Exact("1")),
    ],
)
def test_r2_1_e_mails_decide_among_namesakes(
    contact_mails: tuple[str, ...], customer_mails: list[tuple[str, ...]], expected: Match
) -> None:
    customers = [Customer(id=str(n), emails=mails) for n, mails in enumerate(customer_mails, start=1)]
    assert found(Person(emails=contact_mails), *customers) == expected


def test_r2_1_an_equal_e_mail_under_another_name_is_nobody() -> None:
    assert found(Person(), Customer(plain_name="Bo Ek")) == NoMatch()


def test_r2_1_a_person_is_known_by_given_and_family_name() -> None:
    assert found(Person(name="Dr Ann Lee"), Customer(plain_name="Lee, A.", given="Ann", family="Lee")) == Exact("1")


def test_r2_1_a_company_is_known_by_its_company_name() -> None:
    company = Person(name="Kit Ltd", given="", family="", is_company=True)
    assert found(company, Customer(plain_name="Kit", company="Kit, Ltd.")) == Exact("1")


def test_r2_1_a_company_is_not_matched_by_a_persons_given_and_family_name() -> None:
    company = Person(name="Ann Lee", given="", family="", is_company=True)
    assert found(company, Customer(plain_name="Lee, A.", given="Ann", family="Lee")) == NoMatch()


def test_r2_1_a_person_is_not_matched_by_an_employers_company_name() -> None:
    assert found(Person(), Customer(plain_name="Front desk", company="Ann Lee")) == NoMatch()


@pytest.mark.parametrize(
    ("name", "theirs"), [("José Núñez", "JOSE NUNEZ"), ("Sean O’Brien", "Sean O'Brien"), ("Jo  Ek", "Jo Ek")]
)
def test_r2_1_names_are_compared_normalised(name: str, theirs: str) -> None:
    assert found(Person(name=name, given="", family=""), Customer(plain_name=theirs)) == Exact("1")


def test_r2_1_a_customer_without_any_letter_matches_nobody() -> None:
    assert found(Person(name="!!!", given="", family=""), Customer(plain_name="???")) == NoMatch()


def test_r2_1_a_customer_that_two_contacts_claim_is_certain_for_neither() -> None:
    settled = settle({"7": Exact("1"), "8": Exact("1"), "9": Exact("2"), "10": NoMatch()})
    assert settled == {"7": Probable(("1",)), "8": Probable(("1",)), "9": Exact("2"), "10": NoMatch()}
