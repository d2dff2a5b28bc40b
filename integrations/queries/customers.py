"""QuickBooks customers that stand for nobody in Clio."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.http import QueryDict

from firms.models import Firm
from integrations.models import EntityLink, Pairing, Record
from integrations.queries import links
from integrations.queries.paging import SIZE, Page, number, words

ACTIVE = Q(data__Active__isnull=True) | Q(data__Active=True)  # a missing key is neither equal nor unequal to False


@dataclass(frozen=True, slots=True)
class Customer:
    record_id: int
    id: str
    name: str
    company: str
    email: str
    phone: str
    address: tuple[str, ...]
    is_active: bool
    url: str


def unlinked(firm: Firm, pairing: Pairing) -> QuerySet[Record]:
    """Customers in our mirror of the company that no link names."""
    linked = EntityLink.objects.of(firm).filter(
        pairing=pairing, ledger_entity="Customer", ledger_id=OuterRef("external_id")
    )
    customers = Record.objects.of(firm).filter(
        pairing=pairing, side=Record.Side.LEDGER, entity="Customer", is_deleted=False
    )
    return customers.filter(~Exists(linked.exclude(state=EntityLink.State.UNLINKED)))


def listed(firm: Firm, pairing: Pairing, asked: QueryDict) -> Page[Customer]:
    """In the order of their names, by ?q= and ?inactive=1; ``?before`` names the last customer of the page before."""
    found = unlinked(firm, pairing).annotate(sort=Lower(KT("data__DisplayName")))
    if not words(asked, "inactive"):
        found = found.filter(ACTIVE)
    if search := words(asked, "q"):
        found = found.filter(
            Q(data__DisplayName__icontains=search)
            | Q(data__CompanyName__icontains=search)
            | Q(data__PrimaryEmailAddr__Address__icontains=search)
        )
    begin = number(asked, "before")
    if begin is not None and (last := found.filter(pk=begin).values_list("sort", flat=True).first()):
        found = found.filter(Q(sort__gt=last) | Q(sort=last, pk__gt=begin))
    rows = list(found.order_by(F("sort").asc(nulls_first=True), "pk")[: SIZE + 1])
    return _page([_customer(pairing, row) for row in rows], asked)


def _page(rows: list[Customer], asked: QueryDict) -> Page[Customer]:
    kept = asked.copy()
    kept.pop("before", None)
    first = f"?{kept.urlencode()}" if "before" in asked else ""
    older = ""
    if len(rows) > SIZE:
        kept["before"] = str(rows[SIZE - 1].record_id)
        older = f"?{kept.urlencode()}"
    return Page(rows[:SIZE], newer=first, older=older)


def _customer(pairing: Pairing, row: Record) -> Customer:
    data = row.data
    return Customer(
        row.pk,
        row.external_id,
        str(data.get("DisplayName") or f"Customer {row.external_id}"),
        str(data.get("CompanyName") or ""),
        str((data.get("PrimaryEmailAddr") or {}).get("Address") or ""),
        str((data.get("PrimaryPhone") or data.get("Mobile") or {}).get("FreeFormNumber") or ""),
        address_lines(data.get("BillAddr") or {}),
        data.get("Active") is not False,
        links.in_ledger(pairing.ledger, "Customer", row.external_id),
    )


def address_lines(address: dict[str, object]) -> tuple[str, ...]:
    """A QuickBooks address as the lines of an envelope."""
    lines = [str(address.get(f"Line{n}") or "") for n in range(1, 6)]
    town = " ".join(str(address.get(name) or "") for name in ("City", "CountrySubDivisionCode", "PostalCode"))
    return tuple(line for line in (*lines, " ".join(town.split()), str(address.get("Country") or "")) if line)
