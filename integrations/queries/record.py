"""One record: both sides next to each other, its documents, postings, issues and history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.http import QueryDict

from firms.models import Firm
from integrations.core.records import Kind
from integrations.kinds import contact, contact_fields, payment
from integrations.kinds.contact_fields import LABELS, shown
from integrations.kinds.credit_note import APPLY
from integrations.models import EntityLink, Issue, Pairing, SyncEvent
from integrations.queries import links
from integrations.queries.allocated import ALLOCATED, decimal
from integrations.queries.around import Around, around
from integrations.queries.events import EventRow, event_row
from integrations.queries.paging import Page
from integrations.queries.postings import Line, lines
from integrations.queries.records import Beside, Row, amount_of, beside_each, row_of
from integrations.queries.requests import Request, requests_of

HISTORY = 100


@dataclass(frozen=True, slots=True)
class Compared:
    """One field on both sides; ``differs`` only where the two are meant to be equal."""

    label: str
    practice: str
    ledger: str
    differs: bool = False
    shape: str = ""  # money or day


@dataclass(frozen=True, slots=True)
class Document:
    """The QuickBooks document of one leg, with what its last write posted."""

    link: EntityLink
    url: str
    compared: tuple[Compared, ...]
    posted: SyncEvent | None
    lines: tuple[Line, ...]
    is_mirrored: bool


@dataclass(frozen=True, slots=True)
class Other:
    """A record this one pays or is paid by."""

    row: Row
    amount: Decimal | None
    is_void: bool


class Named(NamedTuple):
    """Which record that is, and how much of it is for this one."""

    kind: str
    id: str
    amount: Decimal | None
    is_void: bool


@dataclass(frozen=True, slots=True)
class RecordPage:
    row: Row
    documents: tuple[Document, ...]
    practice_only: tuple[Compared, ...]  # what Clio says, where there is no document to compare it with
    others: tuple[Other, ...]
    issues: tuple[Issue, ...]
    events: tuple[EventRow, ...]
    requests: Page[Request]

    @property
    def is_longer(self) -> bool:
        """Whether its history has, or may have, more lines than are shown."""
        return len(self.events) >= HISTORY


def record_page(firm: Firm, pairing: Pairing, kind: str, practice_id: str, asked: QueryDict) -> RecordPage | None:
    """None where nothing is known of it on either side; ``asked`` says which requests are shown. Five queries."""
    near = around(pairing, kind, practice_id)
    data = near.known(kind).get(practice_id)
    others = list(_others(near, kind, practice_id))
    beside = _beside(near, kind, practice_id, others)
    mine = beside[kind].links.get(practice_id, [])
    events = _events(pairing, kind, practice_id)
    if data is None and not mine and not events:
        return None
    known = data or {}
    documents = tuple(_documents(near, beside, kind, known, mine, events))
    return RecordPage(
        row_of(beside[kind], kind, practice_id, known),
        documents,
        () if documents else _compared(pairing, kind, known, {}),
        tuple(_shown(near, beside, others)),
        tuple(beside[kind].issues.get(practice_id, ())),
        tuple(event_row(firm, pairing, event) for event in events),
        requests_of(pairing, kind, practice_id, asked),
    )


def _beside(near: Around, kind: str, practice_id: str, others: Iterable[Named]) -> dict[str, Beside]:
    """Links and issues of the record and of the others; all that pay a bill count, however few are shown."""
    wanted: dict[str, set[str]] = defaultdict(set, {kind: {practice_id}})
    for other in others:
        wanted[other.kind].add(other.id)
    if kind == "invoice":
        for paying in ALLOCATED:
            wanted[paying] |= {part.peer_id for part in near.parts(paying)}
    clients = {_part(bill, "client", "id") for bill in near.of("bills").values()}
    return beside_each(near.pairing, wanted, clients - {""}, near.in_scope)


def _events(pairing: Pairing, kind: str, practice_id: str) -> list[SyncEvent]:
    found = SyncEvent.objects.of(pairing.firm).filter(pairing=pairing, kind=kind, practice_id=practice_id)
    return list(found.select_related("actor").order_by("-at", "-id")[:HISTORY])


def _documents(
    near: Around,
    beside: Mapping[str, Beside],
    kind: str,
    data: dict[str, Any],
    mine: list[EntityLink],
    events: list[SyncEvent],
) -> Iterable[Document]:
    pairing, known = near.pairing, near.documents
    for link in mine:
        ledger = known.get((link.ledger_entity, link.ledger_id))
        posted = next((event for event in events if event.leg == link.leg and event.postings), None)
        shown = _with_payments(known, beside, link, ledger) if ledger and kind == "invoice" else ledger
        yield Document(
            link,
            links.in_ledger(pairing.ledger, link.ledger_entity, link.ledger_id),
            _compared(pairing, kind, data, shown) if shown else (),
            posted,
            lines(posted.postings) if posted else (),
            ledger is not None,
        )


def _with_payments(
    known: Mapping[tuple[str, str], dict[str, Any]],
    beside: Mapping[str, Beside],
    link: EntityLink,
    invoice: dict[str, Any],
) -> dict[str, Any]:
    """The invoice with what our payments leave open of it: its mirrored balance may be older than they are."""
    paying = (one for kind in ALLOCATED for mine in beside[kind].links.values() for one in mine)
    ids = {one.ledger_id for one in paying if one.state == EntityLink.State.LIVE and _applies(one)}
    paid = (known[key] for id in ids if (key := ("Payment", id)) in known)
    applied = (payment.applied_by(data).get(link.ledger_id, Decimal(0)) for data in paid)
    left = (decimal(invoice.get("TotalAmt")) or Decimal(0)) - sum(applied, Decimal(0))
    balance = decimal(invoice.get("Balance"))
    return {**invoice, "Balance": str(left if balance is None else min(balance, left))}


def _applies(link: EntityLink) -> bool:
    """Whether its document applies money or credit to invoices."""
    return link.kind == "payment" or link.leg == APPLY


def _compared(pairing: Pairing, kind: str, data: dict[str, Any], ledger: dict[str, Any]) -> tuple[Compared, ...]:
    match kind:
        case Kind.CONTACT:
            return tuple(_contact(data, ledger))
        case Kind.INVOICE:
            return tuple(_invoice(pairing, data, ledger))
        case Kind.PAYMENT:
            return tuple(_payment(data, ledger))
        case Kind.CREDIT_NOTE:
            return tuple(_credit_note(data, ledger))
        case Kind.TRUST_ENTRY:
            return tuple(_trust_entry(pairing, data, ledger))
        case _:
            return ()


def _contact(data: dict[str, Any], ledger: dict[str, Any]) -> Iterable[Compared]:
    try:
        ours = contact.decode(data)
    except ValueError:
        return
    # The display name may carry a suffix where somebody else had the plain one, so it is shown and not compared.
    yield Compared("Name", ours.name, _str(ledger, "DisplayName"))
    here = contact_fields.of_contact(ours)
    there = contact_fields.of_customer(ledger, is_company=ours.is_company)
    for name, value in here.items():
        if value or there[name]:
            yield _text(LABELS[name], shown(value), shown(there[name]), ledger)
    if ledger:
        yield Compared("Active", "", "No" if ledger.get("Active") is False else "Yes")


def _trust_entry(pairing: Pairing, data: dict[str, Any], ledger: dict[str, Any]) -> Iterable[Compared]:
    """What moves money stands in the postings; the entry's number is ours where Clio has none of a check."""
    yield Compared("Client", _part(data, "client", "name"), "")
    yield Compared("Source or payee", _str(data, "source"), _part(ledger, "EntityRef", "name"))
    yield Compared("Purpose", _str(data, "description"), "")
    yield Compared("Reference", _str(data, "confirmation"), _str(ledger, "DocNumber"))
    yield Compared("Date", _str(data, "date"), _str(ledger, "TxnDate"), False, "day")
    amount = amount_of("trust_entry", data)
    yield Compared(f"Amount, {pairing.ledger.currency}", str(amount or ""), "", False, "money")


def _invoice(pairing: Pairing, data: dict[str, Any], ledger: dict[str, Any]) -> Iterable[Compared]:
    currency = _part(data, "currency", "code") or pairing.ledger.currency
    yield _text("Number", _str(data, "number"), _str(ledger, "DocNumber"), ledger)
    yield Compared("Customer", _part(data, "client", "name"), _part(ledger, "CustomerRef", "name"))
    yield _day("Date", _str(data, "issued_at"), _str(ledger, "TxnDate"), ledger)
    yield _day("Due", _str(data, "due_at"), _str(ledger, "DueDate"), ledger if data.get("due_at") else {})
    # Clio's ``due`` and ``total`` are two readings of one figure; the one that was posted is the one to compare.
    is_due = bool(ledger) and decimal(data.get("due")) == decimal(ledger.get("TotalAmt"))
    owed = data.get("due") if is_due else data.get("total")
    yield _money(f"Amount, {currency}", owed, ledger.get("TotalAmt"), ledger)
    yield _money(f"Open, {currency}", data.get("balance"), ledger.get("Balance"), ledger)
    yield Compared("State", _str(data, "state").replace("_", " ").capitalize(), "")


def _payment(data: dict[str, Any], ledger: dict[str, Any]) -> Iterable[Compared]:
    yield Compared("Customer", _part(data, "contact", "name"), _part(ledger, "CustomerRef", "name"))
    yield _day("Date", _str(data, "date"), _str(ledger, "TxnDate"), ledger)
    yield _money("Amount for bills", data.get("amount"), _applied(ledger), ledger)
    yield Compared("Received", "", _str(ledger, "TotalAmt"), shape="money")
    yield Compared("Not applied yet", "", _str(ledger, "UnappliedAmt"), shape="money")
    yield Compared("Reference", "", _str(ledger, "PaymentRefNum"))
    yield Compared(
        "Deposited to",
        _destination(data),
        _part(ledger, "DepositToAccountRef", "name") or ("Undeposited Funds" if ledger else ""),
    )


def _credit_note(data: dict[str, Any], ledger: dict[str, Any]) -> Iterable[Compared]:
    """The credit memo, or the payment of nothing that applies it, which has a line for what it applies."""
    if applied := payment.applied_by(ledger):
        yield _day("Date", _str(data, "date"), _str(ledger, "TxnDate"), ledger)
        yield _money("Applied to bills", data.get("amount"), sum(applied.values(), Decimal(0)), ledger)
        return
    yield _text("Number", _str(data, "number"), _str(ledger, "DocNumber"), ledger)
    yield Compared("Customer", _part(data, "contact", "name"), _part(ledger, "CustomerRef", "name"))
    yield _day("Date", _str(data, "date"), _str(ledger, "TxnDate"), ledger)
    yield _money("Amount", data.get("amount"), ledger.get("TotalAmt"), ledger)
    yield Compared("Description", _str(data, "description"), "")


def _applied(ledger: dict[str, Any]) -> Decimal:
    return sum(payment.applied_by(ledger).values(), Decimal(0))


def _destination(data: dict[str, Any]) -> str:
    names = {_part(part, "destination_bank_account", "name") for part in data.get("parts", ())}
    return ", ".join(sorted(names - {""}))


def _text(label: str, practice: str, ledger: str, compared_with: object) -> Compared:
    return Compared(label, practice, ledger, differs=bool(compared_with) and practice.strip() != ledger.strip())


def _day(label: str, practice: str, ledger: str, compared_with: object) -> Compared:
    differs = bool(compared_with) and practice[:10] != ledger[:10]
    return Compared(label, practice[:10], ledger[:10], differs, "day")


def _money(label: str, practice: object, ledger: object, compared_with: object) -> Compared:
    differs = bool(compared_with) and decimal(practice) != decimal(ledger)
    shown = "" if not compared_with else str(ledger if ledger is not None else "")
    return Compared(label, str(practice if practice is not None else ""), shown, differs, "money")


def _str(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value)


def _part(data: dict[str, Any], name: str, key: str) -> str:
    value = data.get(name)
    return _str(value, key) if isinstance(value, dict) else ""


def _others(near: Around, kind: str, practice_id: str) -> Iterable[Named]:
    """What a bill is paid and reduced by, what a payment or credit note is for, the newest bills of a contact."""
    if kind == "invoice":
        for paying in ALLOCATED:
            mine = [part for part in near.parts(paying) if part.owner_id == practice_id]
            yield from (_named(paying, part.peer_id, part.data) for part in mine[:HISTORY])
    elif kind in ALLOCATED:
        for part in near.parts(kind):
            if bill := _part(part.data, "bill", "id"):
                yield _named("invoice", bill, part.data)
    elif kind == "contact":
        for id, data in reversed(near.of("bills").items()):
            yield Named("invoice", id, decimal(data.get("total")), False)


def _named(kind: str, id: str, part: Mapping[str, Any]) -> Named:
    return Named(kind, id, decimal(part.get("amount")), bool(part.get("voided_at")))


def _shown(near: Around, beside: Mapping[str, Beside], others: Iterable[Named]) -> Iterable[Other]:
    known = {kind: near.known(kind) for kind in {other.kind for other in others}}
    for one in others:
        row = row_of(beside[one.kind], one.kind, one.id, known[one.kind].get(one.id, {}))
        yield Other(row, one.amount, one.is_void)
