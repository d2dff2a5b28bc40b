"""How likely a customer and a contact are the same, and why."""

import pytest

from integrations.core.likeness import Likeness, Profile, likeness, telling_words


def named(*names: str) -> Profile:
    return Profile(names)


def test_nothing_in_common_is_no_candidate() -> None:
    assert likeness(named("Ann Lee"), named("Bob Stone")) == Likeness(0, ())
    assert likeness(named(""), named("")) == Likeness(0, ())
    assert likeness(Profile(("A",), ("",), ("12",)), Profile(("B",), ("",), ("12",))) == Likeness(0, ())


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Zoë O’Hara", "ZOE O'HARA", "same name"),
        ("Lee, Ann", "Ann Lee", "same name, written differently"),
        ("Acme, LLC", "The Acme Company", "same name, written differently"),
        ("Jonathan Stone", "Johnathan Stone", "similar name"),
        ("Ann Lee", "Ann Marie Lee", "one name contains the other"),
    ],
)
def test_names_that_speak_for_it(one: str, other: str, reason: str) -> None:
    assert likeness(named(one), named(other)).reasons == (reason,)
    assert likeness(named(other), named(one)).reasons == (reason,)


@pytest.mark.parametrize(("one", "other"), [("Lee", "Ann Lee"), ("Ann Lee", "Ann Stone"), ("The Company", "Co")])
def test_names_that_do_not(one: str, other: str) -> None:
    assert likeness(named(one), named(other)).score == 0


def test_a_phone_is_the_same_with_and_without_its_country() -> None:
    one, other = Profile((), (), ("+1 (555) 010-2222",)), Profile((), (), ("555.010.2222",))
    assert likeness(one, other).reasons == ("same phone number",)


def test_reasons_add_up_and_an_address_says_more_than_a_name() -> None:
    customer = Profile(("Ann Lee", "Lee Consulting"), ("ann@example.com",), ("5550102222",))
    same_mail, same_name = Profile(("A. L.",), ("ANN@example.com",)), Profile(("Lee Consulting",))
    both = Profile(("Ann Lee",), ("ann@example.com",), ("+15550102222",))
    scores = [likeness(customer, contact).score for contact in (both, same_mail, same_name)]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0
    assert likeness(customer, both).reasons == ("same e-mail address", "same name", "same phone number")


def test_telling_words_leave_out_legal_forms_and_initials() -> None:
    assert telling_words(["The Łódź & Co. LLC", "J. P. Smith"]) == {"lodz", "smith"}
