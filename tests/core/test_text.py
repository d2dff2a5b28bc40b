"""Text both systems accept."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.text import clean, clean_lines, clean_name, clip, fold, search_key

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
GRAPHEMES = [FAMILY, ENGLAND, "e\u0301", "\U0001f1eb\U0001f1f7", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3", "न\u093f"]


@pytest.mark.parametrize("bad", ["\x00", "\x07", "\x7f", "\u202e", "\u2066", "\u200f", "\ud800", "\ufffe", "\ufdd0"])
def test_control_bidi_surrogate_and_non_characters_are_taken_out(bad: str) -> None:
    assert clean(f"Ann{bad} Lee") == "Ann Lee"


@pytest.mark.parametrize("space", ["\t", "\n", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u00a0", "   "])
def test_any_white_space_is_one_space(space: str) -> None:
    assert clean(f" Ann{space}Lee ") == "Ann Lee"


def test_emoji_joiners_stay() -> None:
    assert clean(FAMILY) == FAMILY


def test_lines_stay_lines_and_empty_ones_go() -> None:
    assert clean_lines("1 High St\r\n\r\n Flat\t2 \x00\n") == "1 High St\nFlat 2"


def test_a_colon_separates_sub_customers_and_is_replaced() -> None:
    assert clean_name("Lee:Estate") == "Lee - Estate"
    assert ":" not in clean_name(":::")


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert clean_name(clean_name(text)) == clean_name(text)


@given(st.text())
def test_clean_text_can_be_sent(text: str) -> None:
    sent = clean(text)
    assert sent == unicodedata.normalize("NFC", sent)
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in sent)
    sent.encode()


@given(st.text(), st.integers(0, 40))
def test_a_clipped_text_is_a_start_of_the_text_within_the_limit(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit or len(text) <= limit
    assert text.startswith(clip(text, limit))


@pytest.mark.parametrize("grapheme", GRAPHEMES)
def test_no_grapheme_is_cut_in_two(grapheme: str) -> None:
    text = f"ab{grapheme}cd"
    for limit in range(2, len(text) + 1):
        kept = clip(text, limit)
        assert kept == "ab" or kept.startswith(f"ab{grapheme}")


def test_two_flags_are_cut_between_them() -> None:
    assert clip("\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea", 3) == "\U0001f1eb\U0001f1f7"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José Núñez", "jose nunez"),
        ("O'Brien", "O’Brien"),
        ("OʼBrien", "OBrien"),
        ("Straße GmbH", "STRASSE GMBH"),
        ("Kit & Co., Ltd.", "kit  co ltd"),
        ("Jose\u0301", "José"),
    ],
)
def test_names_are_compared_without_case_accents_apostrophes_and_punctuation(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


def test_different_names_stay_different() -> None:
    assert fold("Ann Lee") != fold("Anna Lee")


@pytest.mark.parametrize(
    ("name", "key"),
    [("Łódź", "lodz"), ("Ørsted & Søn", "orsted son"), ("ÆRØ", "aero"), ("Straße", "strasse"), ("“Élan” ", "elan")],
)
def test_people_look_for_a_name_without_its_accents_and_strokes(name: str, key: str) -> None:
    assert search_key(name) == key
