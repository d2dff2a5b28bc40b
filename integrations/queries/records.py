"""Lists of records: what Clio has of a kind, and what became of each in QuickBooks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from firms.models import Firm
from integrations.core.money import ZERO
from integrations.core.text import search_key
from integrations.issue_codes import code
from integrations.kinds.credit_note import credit_number
from integrations.models import EntityLink, Issue, Pairing, Record, Severity
from integrations.models.words import found_by
from integrations.queries import links, unlinked
from integrations.queries.allocated import ALLOCATED, allocated, bills_of, decimal, of_kind, parts
from integrations.queries.paging import Page, page_by_id, words
from integrations.queries.state import OPEN

LISTS = {
    "contact": "contacts",
    "invoice": "bills",
    "payment": "allocations",
    "credit_note": "credit_memos",
    "trust_entry": "trust_transactions",
}
PAYABLE = ["awaiting_payment", "paid"]  # the states of bills that are in scope from the start date on
STATES = {"linked": "In QuickBooks", "needs": "Needs you", "left": "Not in QuickBooks", "voided": "Voided"}

type Wanted = Mapping[str, Collection[str]]  # kind to ids
type ById[T] = defaultdict[str, list[T]]


@dataclass(frozen=True, slots=True)
class Row:
    """One record. ``tone`` and ``word`` say what became of it, ``why`` where that needs saying."""

    kind: str
    id: str
    label: str
    name: str
    dated: str
    amount: Decimal | None
    currency: str
    tone: str
    word: str
    why: str
    url: str
    practice_url: str
    ledger_url: str


@dataclass(frozen=True)
class Beside:
    """What a page of records needs besides the records, by practice id."""

    pairing: Pairing
    links: dict[str, list[EntityLink]]
    issues: dict[str, list[Issue]]
    held: dict[str, Issue]  # open issues of contacts, by contact id: their bills wait
    in_scope: frozenset[str] = frozenset()  # bills that payments may pay in QuickBooks


def listed(firm: Firm, pairing: Pairing, kind: str, asked: QueryDict) -> Page[Row]:
    """A page of one kind, by ?q= and ?state=."""
    if kind in ALLOCATED:
        return _allocated(firm, pairing, kind, asked)
    state = words(asked, "state")
    found = _narrowed(_in_order(firm, pairing, LISTS[kind]), firm, pairing, kind, state)
    if state == "left" and (few := unlinked.records(pairing, kind, LISTS[kind])) is not None:
        found = _of_kind(firm, pairing, kind).filter(external_id__among=few)
    if search := words(asked, "q"):
        found = found.filter(_search(pairing, kind, search))
    page = page_by_id(found, asked, within="entity")
    owners = [row.owner_id for row in page.rows] if kind == "invoice" else []
    beside = beside_of(pairing, kind, [row.external_id for row in page.rows], owners)
    return Page([row_of(beside, kind, row.external_id, row.data) for row in page.rows], page.newer, page.older)


def _of_kind(firm: Firm, pairing: Pairing, kind: str) -> QuerySet[Record]:
    return Record.objects.of(firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity=LISTS[kind])


def _in_order(firm: Firm, pairing: Pairing, entity: str) -> QuerySet[Record]:
    """The rows of a list, named by a range, so that the entity may stand in their order (see ``page_by_id``)."""
    found = Record.objects.of(firm).filter(pairing=pairing, side=Record.Side.PRACTICE)
    return found.filter(entity__gte=entity, entity__lte=entity)


def _search(pairing: Pairing, kind: str, search: str) -> Q:
    if kind == "contact":
        wanted = search_key(search).split()
        return found_by(pairing.pk, wanted) if wanted else Q(pk__in=())
    if kind == "trust_entry":
        told = Q(data__description__icontains=search) | Q(data__source__icontains=search)
        return told | Q(data__client__name__icontains=search) | Q(data__confirmation=search)
    return Q(data__number__istartswith=search) | Q(data__client__name__icontains=search)


def _narrowed(
    found: QuerySet[Any], firm: Firm, pairing: Pairing, kind: str, state: str, key: str = "external_id"
) -> QuerySet[Any]:
    linked = EntityLink.objects.of(firm).filter(pairing=pairing, kind=kind, practice_id=OuterRef(key))
    needing = Issue.objects.of(firm).filter(pairing=pairing, kind=kind, practice_id=OuterRef(key), state__in=OPEN)
    match state:
        case "linked":
            return found.filter(Exists(linked.filter(state=EntityLink.State.LIVE)))
        case "needs":
            return found.filter(Exists(needing.filter(severity=Severity.ERROR)))
        case "left":
            return found.filter(~Exists(linked.exclude(state=EntityLink.State.UNLINKED)))
        case "voided":
            return found.filter(Exists(linked.filter(state=EntityLink.State.VOIDED)))
        case _:
            return found


def beside_of(
    pairing: Pairing, kind: str, ids: Iterable[str], contacts: Iterable[str] = (), bills: Iterable[str] = ()
) -> Beside:
    """Links and issues of these records, issues of these contacts, which of these bills are in scope: three queries."""
    return beside_each(pairing, {kind: list(ids)}, contacts, _in_scope(pairing, set(bills)))[kind]


def beside_each(
    pairing: Pairing, wanted: Wanted, contacts: Iterable[str] = (), in_scope: frozenset[str] = frozenset()
) -> dict[str, Beside]:
    """By kind the links and issues of records of several kinds, with the issues of these contacts: two queries."""
    by_link: dict[str, ById[EntityLink]] = {kind: defaultdict(list) for kind in wanted}
    found = EntityLink.objects.of(pairing.firm).filter(_any_of(wanted), pairing=pairing)
    for link in found.exclude(state=EntityLink.State.UNLINKED).order_by("id"):
        by_link[link.kind][link.practice_id].append(link)
    holding = set(contacts)
    by_issue: dict[str, ById[Issue]] = {kind: defaultdict(list) for kind in (*wanted, "contact")}
    asked = _any_of(wanted) | _any_of({"contact": holding})
    issues = Issue.objects.of(pairing.firm).filter(asked, pairing=pairing)
    for issue in issues.exclude(state=Issue.State.CLOSED).order_by("id"):
        by_issue[issue.kind][issue.practice_id].append(issue)
    held = {id: one for id in holding for one in by_issue["contact"].get(id, ()) if _holds(one)}
    return {kind: Beside(pairing, by_link[kind], by_issue[kind], held, in_scope) for kind in wanted}


def _any_of(wanted: Wanted) -> Q:
    """Rows about any of these."""
    return reduce(or_, (Q(kind=kind, practice_id__in=ids) for kind, ids in wanted.items()))


def _holds(issue: Issue) -> bool:
    return issue.severity == Severity.ERROR and issue.state in OPEN


def _in_scope(pairing: Pairing, bills: set[str]) -> frozenset[str]:
    if not bills or pairing.start_date is None:
        return frozenset()
    found = _of_kind(pairing.firm, pairing, "invoice").filter(external_id__in=bills)
    found = found.filter(data__state__in=PAYABLE, data__issued_at__gte=str(pairing.start_date))
    return frozenset(found.values_list("external_id", flat=True))


def is_in_scope(pairing: Pairing, bill: Mapping[str, Any]) -> bool:
    """The same said of a bill that is read already."""
    start, issued = pairing.start_date, str(bill.get("issued_at") or "")
    return start is not None and bill.get("state") in PAYABLE and issued >= str(start)


def row_of(beside: Beside, kind: str, id: str, data: dict[str, Any]) -> Row:
    pairing, mine = beside.pairing, beside.links.get(id, [])
    tone, word, why = standing(beside, kind, id, data)
    live = min(mine, key=lambda link: (link.leg != "", link.pk), default=None)
    return Row(
        kind,
        id,
        label_of(kind, id, data),
        name_of(kind, data),
        str(data.get("issued_at") or data.get("date") or "")[:10] if kind != "contact" else "",
        amount_of(kind, data),
        _currency(data) or pairing.ledger.currency,
        tone,
        word,
        why,
        links.record_page(pairing.firm, kind, id),
        links.in_practice(pairing.practice, kind, id),
        links.in_ledger(pairing.ledger, live.ledger_entity, live.ledger_id) if live else "",
    )


def amount_of(kind: str, data: dict[str, Any]) -> Decimal | None:
    """Money out of trust is below zero; whether Clio's own figure of it has a sign is not documented."""
    if kind == "contact":
        return None
    if kind == "trust_entry":
        return (decimal(data.get("funds_in")) or ZERO) - (decimal(data.get("funds_out")) or ZERO)
    return decimal(data.get("total") if kind == "invoice" else data.get("amount"))


def _currency(data: dict[str, Any]) -> str:
    """Bills name a currency as an object, bank rows by its code."""
    named = data.get("currency")
    return str(named.get("code") or "") if isinstance(named, dict) else str(named or "")


def label_of(kind: str, id: str, data: dict[str, Any]) -> str:
    if kind == "invoice":
        return f"Bill {data.get('number') or id}"
    if kind == "contact":
        return str(data.get("name") or f"Contact {id}")
    return f"{links.ONE[kind]} {credit_number(id) if kind == 'credit_note' else id}"


def name_of(kind: str, data: dict[str, Any]) -> str:
    """Whose it is; a contact is its own name."""
    party = data.get("client") or data.get("contact") or {}
    return str(party.get("name") or "") if isinstance(party, dict) and kind != "contact" else ""


def standing(beside: Beside, kind: str, id: str, data: dict[str, Any]) -> tuple[str, str, str]:
    """(tone, word, why) of a record: what became of it, or why nothing did."""
    issues = beside.issues.get(id, [])
    open_ = next((issue for issue in issues if issue.state in OPEN and issue.severity == Severity.ERROR), None)
    if open_ is not None and open_.state == Issue.State.DECIDED:
        return "info", "Decided", "The next sync carries the decision out"
    if open_ is not None:
        return "warn", "Needs you", open_.message
    mine = [link for link in beside.links.get(id, []) if not link.leg.startswith("reversal")]
    if any(link.state == EntityLink.State.LIVE for link in mine):
        return "ok", "In QuickBooks", ""
    if mine:
        return "idle", "Voided", "Voided in QuickBooks, as in Clio"
    if any(issue.state == Issue.State.ACCEPTED and issue.severity == Severity.ERROR for issue in issues):
        return "idle", "Left out", "Accepted as it is"
    return _never_posted(beside, kind, data)


def _never_posted(beside: Beside, kind: str, data: dict[str, Any]) -> tuple[str, str, str]:
    pairing = beside.pairing
    if kind == "contact":
        return "idle", "Not needed", "On no bill in scope"
    if kind == "trust_entry":
        return _unposted_row(pairing, data)
    if kind != "invoice":
        return _unposted(beside, kind, data)
    if data.get("kind") == "trust_kind":
        return "idle", "Left out", "A request for trust money, which is not income"
    if data.get("state") in ("draft", "pending_approval"):
        return "idle", "Draft", "Posted once it is approved in Clio"
    if data.get("state") in ("void", "deleted"):
        return "idle", "Void in Clio", ""
    issued = _day(data.get("issued_at"))
    if pairing.start_date and issued and issued < pairing.start_date:
        return "idle", "Left out", "Issued before the start date"
    held = beside.held.get(str((data.get("client") or {}).get("id") or ""))
    if held is not None:
        return "info", "Waiting", f"Its client comes first: {code(held.code).name.lower()}"
    return "info", "Waiting", "Posted by the next sync"


def _unposted(beside: Beside, kind: str, data: dict[str, Any]) -> tuple[str, str, str]:
    does = "reduces" if kind == "credit_note" else "pays"
    if data.get("is_void"):
        return "idle", "Void in Clio", ""
    if any(id in beside.in_scope for id in bills_of(data)):
        return "info", "Waiting", f"Posted with the bill it {does}"
    return "idle", "Left out", f"{does.capitalize()} only bills that are not in scope"


def _unposted_row(pairing: Pairing, data: dict[str, Any]) -> tuple[str, str, str]:
    dated = _day(data.get("date"))
    if pairing.start_date and dated and dated < pairing.start_date:
        return "idle", "Opening balance", "Dated before the start date: read, never posted"
    return "idle", "Not posted", "Within one client's money of one account, or not looked at yet"


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _allocated(firm: Firm, pairing: Pairing, kind: str, asked: QueryDict) -> Page[Row]:
    every = parts(pairing, kind)
    earlier = every.filter(peer_id=OuterRef("peer_id"), id__lt=OuterRef("id"))
    found = _in_order(firm, pairing, LISTS["payment"]).filter(of_kind(kind), ~Exists(earlier))  # of each its first part
    if search := words(asked, "q"):
        like = Q(data__bill__number__istartswith=search) | Q(data__contact__name__icontains=search)
        like |= Q(peer_id=search.upper().removeprefix("CN-"))
        found = found.filter(peer_id__in=every.filter(like).values("peer_id"))
    found = _narrowed(found, firm, pairing, kind, words(asked, "state"), key="peer_id")
    page = page_by_id(found, asked, within="entity")
    ids = [row.peer_id for row in page.rows]
    known = allocated(pairing, kind, ids)
    beside = beside_of(pairing, kind, ids, bills=[bill for one in known.values() for bill in bills_of(one)])
    return Page([row_of(beside, kind, id, known[id]) for id in ids], page.newer, page.older)
