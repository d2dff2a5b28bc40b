"""How likely two records are one person or company, with the reasons a bookkeeper would give."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from integrations.core.text import search_key

# What a company may be written with or without.
_FORMS = frozenset("llc inc ltd limited corp corporation co company lp llp plc pllc pc pa gmbh the and of".split())
_DIGITS_OF_A_PHONE = 7  # fewer are an extension, and shared
SIMILAR = 0.86  # of the letters in common; one typing error in a name of seven letters


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of somebody; in no particular form."""

    names: tuple[str, ...]
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """``score`` orders candidates; 0, and no reasons, where nothing speaks for it."""

    score: int
    reasons: tuple[str, ...]


def likeness(one: Profile, other: Profile) -> Likeness:
    """E-mail says more than a name, a name more than a phone, which a household shares."""
    found = []
    if _shared(_emails(one), _emails(other)):
        found.append((50, "same e-mail address"))
    if named := _by_name(one, other):
        found.append(named)
    if _shared(_phones(one), _phones(other)):
        found.append((20, "same phone number"))
    return Likeness(sum(score for score, _ in found), tuple(reason for _, reason in found))


def telling_words(names: Iterable[str]) -> set[str]:
    """The words of these names that tell one from another: long enough, and no legal form."""
    return {word for name in names for word in search_key(name).split() if len(word) > 2 and word not in _FORMS}


def _by_name(one: Profile, other: Profile) -> tuple[int, str] | None:
    pairs = [(a, b) for a in _names(one) for b in _names(other)]
    return max((found for a, b in pairs if (found := _compared(a, b))), default=None)


def _compared(one: str, other: str) -> tuple[int, str] | None:
    if one == other:
        return 40, "same name"
    mine, theirs = set(one.split()) - _FORMS, set(other.split()) - _FORMS
    if mine and mine == theirs:
        return 35, "same name, written differently"
    if _is_similar(one, other):
        return 25, "similar name"
    if min(len(mine), len(theirs)) > 1 and (mine < theirs or theirs < mine):
        return 20, "one name contains the other"
    return None


def _is_similar(one: str, other: str) -> bool:
    """The quick ratios are upper bounds of the true one, and most pairs are apart by them already."""
    matcher = SequenceMatcher(None, one, other)
    ratios = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return all(ratio() >= SIMILAR for ratio in ratios)


def _names(profile: Profile) -> set[str]:
    return {search_key(name) for name in profile.names} - {""}


def _emails(profile: Profile) -> set[str]:
    return {email.strip().casefold() for email in profile.emails} - {""}


def _phones(profile: Profile) -> set[str]:
    """The last ten digits: with or without the country's code it is the same phone."""
    digits = ("".join(char for char in phone if char.isdecimal())[-10:] for phone in profile.phones)
    return {phone for phone in digits if len(phone) >= _DIGITS_OF_A_PHONE}


def _shared(one: set[str], other: set[str]) -> bool:
    return bool(one & other)
