"""QuickBooks customers that stand for nobody in Clio: the list, one of them, and the list as a file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from heapq import nsmallest
from operator import and_
from typing import Any, NamedTuple

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from firms.models import Firm
from integrations.core.text import search_key
from integrations.models import EntityLink, IgnoredCustomer, Issue, Pairing, Record
from integrations.models.words import found_by
from integrations.queries import links
from integrations.queries import unlinked as unlinked_ids
from integrations.queries.paging import SIZE, Page, number, words

ACTIVE = Q(data__Active__isnull=True) | Q(data__Active=True)  # a missing key is neither equal nor unequal to False
PHONES = {"PrimaryPhone": "Phone", "Mobile": "Mobile", "AlternatePhone": "Other phone", "Fax": "Fax"}
ADDRESSES = {"BillAddr": "Billing address", "ShipAddr": "Shipping address"}
TABS = {"": "Listed", "ignored": "Ignored"}
COLUMNS = ("Name", "Company", "E-mail", *PHONES.values(), *ADDRESSES.values(), "Active", "QuickBooks id")
ROWS_AT_ONCE = 1000

Place = tuple[str, int]  # key and id of a record: where it stands in the list


class Sketch(NamedTuple):
    """What is asked of a customer before it is read; ``fits`` is whether the search finds it."""

    pk: int
    key: str
    is_active: bool
    is_ignored: bool
    fits: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that can be copied."""

    label: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Ignored:
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Customer:
    """``details`` are what a new contact in Clio needs, the name first; ``below`` names the customer it belongs to."""

    record_id: int
    id: str
    name: str
    company: str
    below: str
    email: str
    details: tuple[Detail, ...]
    is_active: bool
    url: str  # in QuickBooks
    page: str  # here
    ignored: Ignored | None = None
    chosen: Issue | None = None  # the decision whose contact it is
    likely: str = ""  # the contact that has its very name or e-mail address

    @property
    def phones(self) -> list[Detail]:
        return [detail for detail in self.details if detail.label in PHONES.values()]

    @property
    def addresses(self) -> list[Detail]:
        return [detail for detail in self.details if detail.label in ADDRESSES.values()]

    @property
    def everything(self) -> str:
        """All details as one text."""
        return "\n".join(detail.text for detail in self.details)


def unlinked(firm: Firm, pairing: Pairing) -> QuerySet[Record]:
    """Customers in our mirror of the company that no link names."""
    linked = EntityLink.objects.of(firm).filter(
        pairing=pairing, kind="contact", ledger_entity="Customer", ledger_id=OuterRef("external_id")
    )
    return _mirrored(firm, pairing).filter(~Exists(linked.exclude(state=EntityLink.State.UNLINKED)))


def _mirrored(firm: Firm, pairing: Pairing) -> QuerySet[Record]:
    return Record.objects.of(firm).filter(pairing=pairing, side=Record.Side.LEDGER, entity="Customer", is_deleted=False)


def found(firm: Firm, pairing: Pairing, asked: QueryDict, customers: QuerySet[Record]) -> QuerySet[Record]:
    """By ?tab= (ignored), ?inactive=1 and ?q=, every word of which is somewhere in what is known of a customer."""
    ignored = Exists(_ignored(firm, pairing).filter(ledger_id=OuterRef("external_id")))
    rows = customers.filter(ignored if _is_ignored(asked) else ~ignored)
    if not words(asked, "inactive") and not _is_ignored(asked):
        rows = rows.filter(ACTIVE)
    if search := search_key(words(asked, "q")).split():
        rows = rows.filter(found_by(pairing.pk, search))
    return rows.order_by("key", "pk")


def shown(firm: Firm, pairing: Pairing, asked: QueryDict) -> tuple[Page[Customer], dict[str, int]]:
    """A page in the order of names, after the customer that ``?before`` names, and how many customers each tab holds.

    Inactive ones count where they are ignored.
    """
    few = unlinked_ids.customers(pairing)
    place = _place(firm, asked)
    if few is None:
        rows, counted = _walked(firm, pairing, asked, place), _counts(firm, pairing)
    else:
        sketches = _sketches(firm, pairing, few, asked)
        rows, counted = _picked(firm, sketches, asked, place), _counted(sketches)
    page = described(pairing, rows[:SIZE], may_be_ignored=_is_ignored(asked))
    return _page(page, asked, more=len(rows) > SIZE), counted


def _place(firm: Firm, asked: QueryDict) -> Place | None:
    begin = number(asked, "before")
    return None if begin is None else Record.objects.of(firm).filter(pk=begin).values_list("key", "pk").first()


def _is_ignored(asked: QueryDict) -> bool:
    return words(asked, "tab") == "ignored"


def _walked(firm: Firm, pairing: Pairing, asked: QueryDict, place: Place | None) -> list[Record]:
    rows = found(firm, pairing, asked, unlinked(firm, pairing))
    if place is not None:
        key, pk = place
        rows = rows.filter(Q(key__gt=key) | Q(key=key, pk__gt=pk))
    return list(rows[: SIZE + 1])


def _counts(firm: Firm, pairing: Pairing) -> dict[str, int]:
    ignored = Exists(_ignored(firm, pairing).filter(ledger_id=OuterRef("external_id")))
    counted = unlinked(firm, pairing).aggregate(
        listed=Count("pk", filter=ACTIVE & Q(~ignored)), ignored=Count("pk", filter=ignored)
    )
    return {"": counted["listed"], "ignored": counted["ignored"]}


def _sketches(firm: Firm, pairing: Pairing, few: list[str], asked: QueryDict) -> list[Sketch]:
    """All of them, so that they are looked up once for what is counted and what is shown."""
    rows = _mirrored(firm, pairing).filter(external_id__among=few)
    ignored = Exists(_ignored(firm, pairing).filter(ledger_id=OuterRef("external_id")))
    fits = reduce(and_, (Q(words__contains=word) for word in search_key(words(asked, "q")).split()), Q(pk__gt=0))
    told = rows.annotate(active=_says(ACTIVE), ignored=ignored, fits=_says(fits))
    return [Sketch(*row) for row in told.values_list("pk", "key", "active", "ignored", "fits")]


def _says(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _picked(firm: Firm, sketches: Iterable[Sketch], asked: QueryDict, place: Place | None) -> list[Record]:
    """As ``_walked``; PostgreSQL sorts keys as Python does, by code points."""
    is_ignored = _is_ignored(asked)
    with_inactive = is_ignored or bool(words(asked, "inactive"))
    wanted = (one for one in sketches if one.fits and one.is_ignored == is_ignored)
    places = ((one.key, one.pk) for one in wanted if one.is_active or with_inactive)
    ids = [pk for _, pk in nsmallest(SIZE + 1, (at for at in places if place is None or at > place))]
    read = Record.objects.of(firm).in_bulk(ids)
    return [read[pk] for pk in ids if pk in read]


def _counted(sketches: Iterable[Sketch]) -> dict[str, int]:
    counted = Counter("ignored" if one.is_ignored else "" for one in sketches if one.is_ignored or one.is_active)
    return {tab: counted[tab] for tab in TABS}


def _page(rows: list[Customer], asked: QueryDict, *, more: bool) -> Page[Customer]:
    kept = asked.copy()
    kept.pop("before", None)
    first = f"?{kept.urlencode()}" if "before" in asked else ""
    older = ""
    if more:
        kept["before"] = str(rows[-1].record_id)
        older = f"?{kept.urlencode()}"
    return Page(rows, newer=first, older=older)


def one(firm: Firm, pairing: Pairing, customer_id: str) -> Customer | None:
    """None where no such customer stands for nobody."""
    rows = list(unlinked(firm, pairing).filter(external_id=customer_id))
    return next(iter(described(pairing, rows, is_list=False)), None)


def contact_of(pairing: Pairing, customer_id: str) -> str:
    """The contact a customer is linked to; empty where there is none."""
    links_ = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind="contact", ledger_id=customer_id)
    return links_.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", flat=True).first() or ""


def described(
    pairing: Pairing, rows: list[Record], *, may_be_ignored: bool = True, is_list: bool = True
) -> list[Customer]:
    """The customers with what was decided of them, and in a list who in Clio they may be: three queries."""
    ids = [row.external_id for row in rows]
    those = _ignored(pairing.firm, pairing).filter(ledger_id__in=ids) if may_be_ignored else ()
    ignored = {row.ledger_id: row for row in those}
    decided = Issue.objects.of(pairing.firm).filter(pairing=pairing, code="probable_match", action="link")
    chosen = {issue.value: issue for issue in decided.filter(state=Issue.State.DECIDED, value__in=ids)}
    likely = _likely(pairing, rows) if is_list else {}
    return [
        _customer(pairing, row, ignored.get(row.external_id), chosen.get(row.external_id), likely.get(row.pk, ""))
        for row in rows
    ]


def _ignored(firm: Firm, pairing: Pairing) -> QuerySet[IgnoredCustomer]:
    return IgnoredCustomer.objects.of(firm).filter(pairing=pairing).select_related("ignored_by")


def _likely(pairing: Pairing, rows: Iterable[Record]) -> dict[int, str]:
    """Record to the name of a contact that has its very name or e-mail address."""
    keys, mails = {row.key for row in rows} - {""}, {row.other_key for row in rows} - {""}
    contacts = Record.objects.of(pairing.firm).filter(pairing=pairing, entity="contacts", is_deleted=False)
    linked = EntityLink.objects.of(pairing.firm).filter(
        pairing=pairing, kind="contact", practice_id=OuterRef("external_id")
    )
    free = contacts.filter(~Exists(linked.exclude(state=EntityLink.State.UNLINKED)))
    same = free.filter(Q(key__in=keys) | Q(other_key__in=mails)).order_by("-pk")
    by_key: dict[str, str] = {}
    by_mail: dict[str, str] = {}
    for key, mail, name in same.values_list("key", "other_key", "data__name"):
        by_key[key or "-"], by_mail[mail or "-"] = str(name or ""), str(name or "")
    return {row.pk: by_mail.get(row.other_key, "") or by_key.get(row.key, "") for row in rows}


def _customer(
    pairing: Pairing, row: Record, ignored: IgnoredCustomer | None, chosen: Issue | None, likely: str
) -> Customer:
    data = row.data
    details = tuple(_details(data, row.external_id))
    return Customer(
        row.pk,
        row.external_id,
        details[0].text,
        _text(data, "CompanyName"),
        _text(data, "FullyQualifiedName").rpartition(":")[0],
        _member(data, "PrimaryEmailAddr", "Address"),
        details,
        data.get("Active") is not False,
        links.in_ledger(pairing.ledger, "Customer", row.external_id),
        reverse("customer", kwargs={"firm": pairing.firm.slug, "customer_id": row.external_id}),
        _ignoring(ignored) if ignored else None,
        chosen,
        likely,
    )


def _ignoring(row: IgnoredCustomer) -> Ignored:
    return Ignored(str(row.ignored_by.get_full_name()) if row.ignored_by else "", row.ignored_at, row.note)


def _details(data: dict[str, Any], id: str) -> Iterator[Detail]:
    """What is there of name, company, e-mail, phones and addresses."""
    yield Detail("Name", (_text(data, "DisplayName") or f"Customer {id}",))
    own = " ".join(filter(None, (_text(data, key) for key in ("GivenName", "MiddleName", "FamilyName"))))
    for label, value in (
        ("Person", own if own != _text(data, "DisplayName") else ""),
        ("Company", _text(data, "CompanyName") if _text(data, "CompanyName") != _text(data, "DisplayName") else ""),
        ("E-mail", _member(data, "PrimaryEmailAddr", "Address")),
        *((label, _member(data, name, "FreeFormNumber")) for name, label in PHONES.items()),
    ):
        if value:
            yield Detail(label, (value,))
    for name, label in ADDRESSES.items():
        if lines := address_lines(data.get(name)):
            yield Detail(label, lines)


def _text(data: dict[str, Any], name: str) -> str:
    return str(data.get(name) or "")


def _member(data: dict[str, Any], name: str, key: str) -> str:
    value = data.get(name)
    return _text(value, key) if isinstance(value, dict) else ""


def address_lines(address: object) -> tuple[str, ...]:
    """A QuickBooks address as the lines of an envelope."""
    if not isinstance(address, dict):
        return ()
    lines = [_text(address, f"Line{n}") for n in range(1, 6)]
    town = " ".join(_text(address, name) for name in ("City", "CountrySubDivisionCode", "PostalCode"))
    return tuple(line for line in (*lines, " ".join(town.split()), _text(address, "Country")) if line)


def exported(firm: Firm, pairing: Pairing, asked: QueryDict) -> Iterator[list[str]]:
    """What the list shows, all of it, as rows of a file under their heading."""
    yield list(COLUMNS)
    for row in found(firm, pairing, asked, unlinked(firm, pairing)).iterator(ROWS_AT_ONCE):
        by_label = {detail.label: detail for detail in _details(row.data, row.external_id)}
        texts = [", ".join(by_label[label].lines) if label in by_label else "" for label in COLUMNS[:-2]]
        texts[1] = _text(row.data, "CompanyName")
        yield [*texts, "no" if row.data.get("Active") is False else "yes", row.external_id]
