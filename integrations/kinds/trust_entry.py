"""Rows of Clio's trust accounts, and the journal entries and checks that stand for them (rule R6): reading both."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from integrations.core import words
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, day, identifier, instant, money, nested, nested_id, rows, text, truth
from integrations.core.records import Kind, Ref, fingerprint
from integrations.core.text import clean, clip

NUMBER_LENGTH = 21  # QuickBooks API reference: DocNumber
TEXT_LENGTH = 500  # of one fact in a memo; a line takes 4000 characters in all
TRANSFER_LEG = "transfer"  # the money-in row of a transfer, which the money-out row's entry stands for as well
REVERSAL_LEG = "reversal"


@dataclass(frozen=True, slots=True)
class TrustRow:
    """One row of a Clio trust account. ``amount`` is above zero for money in and below zero for money out.

    ``contact_id`` is the row's client, else the matter's client, else "" (rule R6.2).
    """

    id: str
    account_id: str
    account_name: str
    dated: date | None
    amount: Decimal
    currency: str
    contact_id: str
    contact_name: str
    matter_id: str
    matter: str
    description: str
    source: str
    reference: str
    bill_id: str
    bill_number: str
    allocation_id: str
    created_at: datetime | None

    @property
    def ref(self) -> Ref:
        return Ref(Kind.TRUST_ENTRY, self.id)

    @property
    def is_out(self) -> bool:
        return self.amount < 0

    @property
    def title(self) -> str:
        return f"Trust {self.known_as}"

    @property
    def known_as(self) -> str:
        """A row has no number that Clio shows: what it is, its amount and its day tell it."""
        return f"{'withdrawal' if self.is_out else 'deposit'} of {self.worth}"

    @property
    def worth(self) -> str:
        """1,250.00 on 1 Jan 2026."""
        amount = words.amount(abs(self.amount))
        return f"{amount} on {words.day(self.dated)}" if self.dated else amount

    def is_opening(self, start: date) -> bool:
        """Whether the row is part of the opening balance (rule R6.5)."""
        return self.dated is not None and self.dated < start


def decode_row(raw: Raw) -> TrustRow:
    """Money in or out is told by funds_in and funds_out alone: what ``amount`` and ``transaction_type`` say is not
    documented (rule R6.1). Raises Unreadable.
    """
    if truth(raw, "redacted"):
        raise Unreadable("Clio hides this row from the user who connected it")
    client, matter = nested(raw, "client"), nested(raw, "matter")
    owner = client if text(client, "id") else nested(matter, "client")
    account = nested(raw, "bank_account")
    return TrustRow(
        id=identifier(raw),
        account_id=identifier(account),
        account_name=clean(text(account, "name")),
        dated=day(raw, "date"),
        amount=_signed(raw),
        currency=text(raw, "currency"),
        contact_id=text(owner, "id"),
        contact_name=clean(text(owner, "name")),
        matter_id=text(matter, "id"),
        matter=_fact(matter, "display_number"),
        description=_fact(raw, "description"),
        source=_fact(raw, "source"),
        reference=_fact(raw, "confirmation"),
        bill_id=nested_id(raw, "bill"),
        bill_number=_fact(nested(raw, "bill"), "number"),
        allocation_id=nested_id(raw, "allocation"),
        created_at=instant(raw, "created_at"),
    )


def _fact(raw: Raw, name: str) -> str:
    return clip(clean(text(raw, name)), TEXT_LENGTH)


def _signed(raw: Raw) -> Decimal:
    funds_in, funds_out = money(raw, "funds_in"), money(raw, "funds_out")
    if funds_in < 0 or funds_out < 0:
        raise Unreadable("money in or out below zero")
    if not funds_in and not funds_out and money(raw, "amount"):
        raise Unreadable("an amount that is neither money in nor money out")
    return funds_in - funds_out


def contact_of(raw: Raw) -> str:
    """The id of the contact a row belongs to: its client, else its matter's; "" where Clio names neither."""
    return nested_id(raw, "client") or nested_id(nested(raw, "matter"), "client")


def lacking(row: TrustRow) -> tuple[str, ...]:
    """What a complete trust record has and this one has not (rule R6.6)."""
    wanted = (
        ("date", row.dated is not None),
        ("amount", row.amount != 0),
        ("client", bool(row.contact_id)),
        ("description or source", bool(row.description or row.source)),
        ("reference", bool(row.reference) or not row.is_out),
    )
    return tuple(name for name, is_there in wanted if not is_there)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a document in QuickBooks: debit above zero. ``name`` is (type, id) of whose it is, or None."""

    account_id: str
    account: str
    amount: Decimal
    name: tuple[str, str] | None


def entries_of(entity: str, raw: Raw) -> tuple[Entry, ...]:
    """The debits and credits of a JournalEntry or a Purchase as QuickBooks returned it. Raises Unreadable."""
    return _journal_entries(raw) if entity == "JournalEntry" else _purchase_entries(raw)


def _journal_entries(raw: Raw) -> tuple[Entry, ...]:
    found = []
    for line in rows(raw, "Line"):
        detail = nested(line, "JournalEntryLineDetail")
        if not detail:
            continue
        amount = money(line, "Amount")
        signed = amount if text(detail, "PostingType") == "Debit" else -amount
        found.append(_entry(nested(detail, "AccountRef"), signed, nested(detail, "Entity")))
    return tuple(found)


def _purchase_entries(raw: Raw) -> tuple[Entry, ...]:
    lines = []
    for line in rows(raw, "Line"):
        detail = nested(line, "AccountBasedExpenseLineDetail")
        customer = nested(detail, "CustomerRef")
        name = {"Type": "Customer", "EntityRef": customer} if customer else {}
        lines.append(_entry(nested(detail, "AccountRef"), money(line, "Amount"), name))
    total = sum((line.amount for line in lines), ZERO)
    return (*lines, _entry(nested(raw, "AccountRef"), -total, {}))


def _entry(account: Raw, amount: Decimal, entity: Raw) -> Entry:
    name_id = text(nested(entity, "EntityRef"), "value")
    name = (text(entity, "Type") or "Customer", name_id) if name_id else None
    return Entry(text(account, "value"), text(account, "name"), amount, name)


def journal_fingerprint(raw: Raw) -> str:
    """A digest of what a person could change on our journal entry: number, date, accounts, amounts, names."""
    return fingerprint([text(raw, "DocNumber"), text(raw, "TxnDate"), _lines(_journal_entries(raw))])


def purchase_fingerprint(raw: Raw) -> str:
    """The same of a check or an expense. A person may fill in the payee of a check, where Clio's is no name of
    QuickBooks; the payee of any other expense is whose money it is.
    """
    kind, payee = text(raw, "PaymentType"), text(nested(raw, "EntityRef"), "value")
    whose = "" if kind == "Check" else payee
    return fingerprint([text(raw, "DocNumber"), text(raw, "TxnDate"), kind, whose, _lines(_purchase_entries(raw))])


def _lines(entries: tuple[Entry, ...]) -> list[list[str]]:
    return sorted([line.account_id, str(line.amount), *(line.name or ())] for line in entries)
