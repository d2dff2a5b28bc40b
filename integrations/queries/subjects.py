"""Which records a search is about: found in our mirror of both systems, at most so many of each kind."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KT

from integrations.core.lookalikes import number_keys
from integrations.core.text import search_key
from integrations.models import Pairing, Record, SyncEvent
from integrations.models.lookups import BETWEEN
from integrations.models.words import found_by
from integrations.queries.paging import in_time

MOST_PEOPLE = 200
MOST = 2000  # of each kind
NOTE, TRUST = re.compile(r"CN-([0-9]{1,19})", re.I), re.compile(r"CT-([0-9]{1,19})", re.I)  # numbers of our documents

_FIRST = """
SELECT found.id FROM (SELECT split_part(one, ':', 1) AS kind, substr(one, strpos(one, ':') + 1) AS practice_id
  FROM string_to_table(%s, %s) AS one) AS about CROSS JOIN LATERAL ({each}) AS found
ORDER BY found.at {direction}, found.id {direction} LIMIT %s
"""

People = dict[str, set[str]]  # what they were looked for, to their ids


@dataclass(frozen=True, slots=True)
class Search:
    """``contact`` is a name or Clio's id, ``matter`` its number as Clio writes it, ``q`` a bill's number or a name."""

    contact: str = ""
    matter: str = ""
    number: str = ""
    q: str = ""

    def __bool__(self) -> bool:
        return bool(self.contact or self.matter or self.number or self.q)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Clio's ids by kind, and QuickBooks customers that stand for nobody; ``is_cut`` where more would fit."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    customers: frozenset[str] = frozenset()
    is_cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.customers or any(self.ids.values()))

    def take(self, rows: QuerySet[SyncEvent], number: int, *, oldest_first: bool = False) -> Sequence[SyncEvent]:
        """The first so many of a pairing's events that are about them.

        Of each record only as many are read, by the index of its history, however much has happened to it.
        """
        of_one = rows.filter(kind=RawSQL("about.kind", ()), practice_id=RawSQL("about.practice_id", ()))
        if self.customers:
            of_one = of_one.exclude(~Q(ledger_id__among=self.customers), practice_id="")
        order = in_time(oldest_first=oldest_first)
        each, asked = of_one.order_by(*order).values("id", "at")[:number].query.sql_with_params()
        direction = "ASC" if oldest_first else "DESC"
        statement = _FIRST.format(each=each, direction=direction)  # of nothing that anybody typed
        first = RawSQL(statement, (self._about(), BETWEEN, *asked, number))  # noqa: S611
        return list(rows.filter(pk__in=first).order_by(*order))

    def _about(self) -> str:
        """What they are about, kind and id of each; of customers that stand for nobody Clio has no id."""
        about = [f"{kind}:{id}" for kind, ids in self.ids.items() for id in ids]
        return BETWEEN.join([*about, *(["contact:"] if self.customers else [])])


def subjects(pairing: Pairing, search: Search) -> Subjects:
    """The contacts, bills, payments, credit notes and trust rows that fit all of it: two queries."""
    people, is_cut = _people(pairing, search)
    found: dict[str, set[str]] = {"contact": _contacts(search, people)}
    arms = list(_arms(pairing, search, people))
    for kind, ids in _together(arms):
        found.setdefault(kind, set()).add(ids)
    is_cut = is_cut or any(len(ids) > MOST for ids in found.values())
    return Subjects(found, frozenset(people["customer"]), is_cut)


def _people(pairing: Pairing, search: Search) -> tuple[People, bool]:
    """Who is named: as the contact, by what is looked for, and among QuickBooks's customers."""
    people: People = {"contact": set(), "q": set(), "customer": set()}
    arms = []
    if search.contact.isascii() and search.contact.isdigit():
        people["contact"].add(search.contact)
    elif search.contact:
        arms.append(_of_name(pairing, "contacts", search.contact, "contact"))
    if search.q:
        arms.append(_of_name(pairing, "contacts", search.q, "q"))
    if search.q and not (search.contact or search.number or search.matter):
        arms.append(_of_name(pairing, "Customer", search.q, "customer"))
    for why, id in _union(arms):
        people[why].add(id)
    return people, any(len(ids) > MOST_PEOPLE for ids in people.values())


def _of_name(pairing: Pairing, entity: str, name: str, why: str) -> QuerySet[Record, tuple[str, str]]:
    """Every word of the name is somewhere in what is known of them."""
    words = search_key(name).split()
    every = _records(pairing, entity) if words else Record.objects.of(pairing.firm).none()
    found = every.filter(found_by(pairing.pk, words))
    return found.values_list(Value(why, CharField()), "external_id")[: MOST_PEOPLE + 1]


def _contacts(search: Search, people: People) -> set[str]:
    """The people themselves, where nothing but people is asked for."""
    if search.number or search.matter:
        return set()
    if search.contact and search.q:
        return people["contact"] & people["q"]
    return people["contact"] | people["q"]


def _arms(pairing: Pairing, search: Search, people: People) -> Iterator[QuerySet[Record]]:
    bills = _records(pairing, "bills").filter(_bills(search, people))
    yield bills
    yield _records(pairing, "allocations").exclude(peer_id="").filter(owner_id__in=bills.values("external_id")[:MOST])
    if not search.matter:
        yield _records(pairing, "credit_memos").filter(_numbered(search, people, NOTE))
    matter = Q(data__matter__contains={"display_number": search.matter}) if search.matter else Q()
    yield _records(pairing, "trust_transactions").filter(matter & _numbered(search, people, TRUST))


def _bills(search: Search, people: People) -> Q:
    asked = Q()
    if search.contact:
        asked &= Q(owner_id__among=people["contact"])
    if search.matter:
        asked &= Q(data__matters__contains=[{"display_number": search.matter}])
    if search.number:
        key, _ = number_keys(search.number)
        asked &= (Q(key=key) & ~Q(key="")) | (Q(other_key=key) & ~Q(other_key=""))
    if search.q:
        key, _ = number_keys(search.q)
        begins = Q(key__startswith=key) & ~Q(key="") if key else Q(pk=None)
        asked &= begins | Q(owner_id__among=people["q"])
    return asked


def _numbered(search: Search, people: People, number: re.Pattern[str]) -> Q:
    """Rows with an owner, whose number in QuickBooks is their id."""
    asked = Q(owner_id__among=people["contact"]) if search.contact else Q()
    if search.number:
        asked &= _id(number, search.number)
    if search.q:
        asked &= _id(number, search.q) | Q(owner_id__among=people["q"])
    return asked


def _id(number: re.Pattern[str], text: str) -> Q:
    named = number.fullmatch(text)
    return Q(external_id=named[1]) if named else Q(pk=None)


def _records(pairing: Pairing, entity: str) -> QuerySet[Record]:
    return Record.objects.of(pairing.firm).filter(pairing=pairing, entity=entity)


def _together(arms: Iterable[QuerySet[Record]]) -> Iterator[tuple[str, str]]:
    """Kind and id of what all of them find, in one query."""
    kinds = {"bills": "invoice", "credit_memos": "credit_note", "trust_transactions": "trust_entry"}
    rows = (arm.values_list("entity", "external_id", "peer_id", KT("data__parent__type"))[: MOST + 1] for arm in arms)
    for entity, id, peer, parent in _union(list(rows)):
        if entity == "allocations":
            yield "credit_note" if parent == "CreditMemo" else "payment", peer
        else:
            yield kinds[entity], id


def _union(arms: Sequence[QuerySet[Record, Any]]) -> Iterable[tuple[str, ...]]:
    return arms[0].union(*arms[1:], all=True) if arms else ()
