"""What looks alike without being the same: document numbers that differ in nothing a reader sees, one person twice."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from integrations.core.records import fingerprint
from integrations.core.text import fold

IN_CLIO = "duplicate_in_clio"
IN_QUICKBOOKS = "duplicate_in_quickbooks"
NEAR = "near_duplicate_number"
CONTACTS = "similar_contacts"
CODES = frozenset({IN_CLIO, IN_QUICKBOOKS, NEAR, CONTACTS})
BILL, CONTACT = "bill", "contact"  # the entities of Clio's side; all others are QuickBooks's

_RUNS = re.compile(r"\d+|[^\W\d_]+")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def number_keys(number: str) -> tuple[str, str]:
    """What a number is compared by: (key, joined). ``joined`` is empty where it says no more than the key.

    Case, spaces, punctuation and leading zeros do not count. Where punctuation stands between two digits it tells one
    number from another ("1-11", "11-1"), so the key keeps it, and ``joined`` is the number without it: "2026-7" is
    compared with "20267", and never with "202-67".
    """
    plain = unicodedata.normalize("NFKC", number).casefold()
    runs = _RUNS.findall(plain)
    key = ""
    for run in runs:
        gap = "-" if key[-1:].isdecimal() and run[0].isdecimal() else ""
        key += gap + (run.lstrip("0") or "0" if run[0].isdecimal() else run)
    joined = _ZEROS.sub("", "".join(runs))
    return key, joined if "-" in key else ""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document with a number: a Clio bill, or a QuickBooks sales form that stands for none.

    ``counts`` is True for bills whose number matters to the books: posted, or still to be. ``judged`` are those still
    to be posted: the planner itself compares them with every number that is taken, and refuses them.
    """

    entity: str
    id: str
    number: str
    counts: bool = False
    judged: bool = False
    about: str = ""  # what tells it from others of the number: whose it is, and of when

    @property
    def is_bill(self) -> bool:
        return self.entity == BILL

    @property
    def exact(self) -> str:
        """What QuickBooks takes for the same number."""
        return self.number.strip().casefold()


@dataclass(frozen=True, slots=True)
class Party:
    """A Clio contact or a QuickBooks customer. ``counts`` is True for those that the books are about.

    ``parent`` is the customer this one is a sub-customer of; ``stands_for`` the contact a customer is linked to.
    """

    entity: str
    id: str
    name: str
    email: str = ""
    counts: bool = False
    parent: str = ""
    stands_for: str = ""


@dataclass(frozen=True, slots=True)
class Alike[T: (Numbered, Party)]:
    """Two or more that look alike; ``members[0]`` is the one an issue is filed under, and always one that counts."""

    code: str
    members: tuple[T, ...]
    reasons: tuple[str, ...] = ()

    @property
    def leg(self) -> str:
        """Tells this very set apart, so that what was accepted stays accepted until somebody joins or leaves it."""
        return "alike-" + fingerprint([f"{member.entity} {member.id}" for member in self.members])[:16]


def number_clashes(documents: Iterable[Numbered]) -> list[Alike[Numbered]]:
    """Numbers used twice, and numbers that only look different, wherever a bill that counts is concerned."""
    found: list[Alike[Numbered]] = []
    for group in _near(documents):
        exact: dict[str, list[Numbered]] = defaultdict(list)
        for document in group:
            exact[document.exact].append(document)
        for same in exact.values():
            found += _used_twice(same)
        if len(exact) > 1:
            found += _alike(NEAR, group)
    return list(dict.fromkeys(found))


def _near(documents: Iterable[Numbered]) -> list[list[Numbered]]:
    """Documents in groups of the same key; a number without punctuation also joins those it is the joined form of."""
    groups: dict[str, dict[Numbered, None]] = defaultdict(dict)
    joined: dict[str, list[Numbered]] = defaultdict(list)
    for document in documents:
        key, other = number_keys(document.number)
        if key:
            groups[key][document] = None
        if other:
            joined[other].append(document)
    for key, segmented in joined.items():
        if key in groups:
            groups[key].update(dict.fromkeys(segmented))
    return [list(group) for group in groups.values() if len(group) > 1]


def _used_twice(same: list[Numbered]) -> list[Alike[Numbered]]:
    """What the planner does not report: bills it has not compared, a form with a posted bill's or a draft's number."""
    bills = [document for document in same if document.is_bill and not document.judged]
    counting = [bill for bill in bills if bill.counts]
    foreign = [document for document in same if not document.is_bill]
    return _alike(IN_CLIO, bills) + (_alike(IN_QUICKBOOKS, [*counting, *foreign]) if foreign else [])


def same_people(parties: Iterable[Party]) -> list[Alike[Party]]:
    """Contacts, or customers, with one name or one e-mail address, where the books are about one of them.

    ``parties`` are all of one side.
    """
    reasons: dict[tuple[Party, ...], list[str]] = defaultdict(list)
    by_name: dict[str, list[Party]] = defaultdict(list)
    by_email: dict[str, list[Party]] = defaultdict(list)
    for party in parties:
        by_name[fold(party.name)].append(party)
        by_email[party.email.strip().casefold()].append(party)
    for reason, groups in (("name", by_name), ("e-mail address", by_email)):
        for key, group in groups.items():
            members = tuple(_apart(group)) if key else ()
            if len(members) > 1:
                reasons[members].append(reason)
    return [alike for members, why in reasons.items() for alike in _alike(CONTACTS, members, tuple(why))]


def _apart(group: list[Party]) -> list[Party]:
    """Without sub-customers of a customer in the group: they share what their customer has."""
    ids = {party.id for party in group}
    return sorted((party for party in group if party.parent not in ids), key=lambda party: order(party.id))


def _alike[T: (Numbered, Party)](code: str, group: Iterable[T], reasons: tuple[str, ...] = ()) -> list[Alike[T]]:
    """The group as one finding, what counts first; nothing where none of it counts."""
    members = sorted(group, key=lambda m: (not m.counts, m.entity != BILL, m.entity, order(m.id)))
    return [Alike(code, tuple(members), reasons)] if len(members) > 1 and members[0].counts else []


def order(id: str) -> tuple[int, str]:
    """Ids in the order they were given out."""
    return (int(id), "") if id.isascii() and id.isdecimal() else (0, id)
