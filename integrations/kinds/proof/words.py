"""The words of a reconciliation: what Clio asks for, what QuickBooks holds, and how the two can differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integrations.core.records import Ref
from integrations.kinds.trust_entry import Entry


class What(StrEnum):
    """In which way a record differs."""

    MISSING = "missing"  # in scope in Clio, and no live document stands for it
    DOUBLED = "doubled"  # one live document too many
    NOT_LINKED = "not_linked"  # our mark on a document that no link knows
    UNWANTED = "unwanted"  # live, and nothing live in Clio asks for it
    VOIDED = "voided"  # voided in one system only
    AMOUNT = "amount"
    LINES = "lines"  # the total is right, the lines do not add up to it or are not Clio's
    DATE = "date"
    NUMBER = "number"
    REFERENCE = "reference"
    FIELD = "field"  # a field of a contact that is kept in step
    CUSTOMER = "customer"
    ACCOUNT = "account"  # posted to other accounts
    APPLIED = "applied"  # what a payment or credit pays
    BALANCE = "balance"  # what is still owed, although our own documents agree
    BY_HAND = "by_hand"  # unlinked by a person, who keeps it in QuickBooks from now on
    UNREADABLE = "unreadable"  # Clio's figures cannot be read, or do not add up
    RECEIVABLE = "receivable"  # what a customer owes, although no single document says why


@dataclass(frozen=True, slots=True)
class Expected:
    """One document that QuickBooks should hold. What is empty of it is not compared.

    ``starts_number``: the document's number is ``number`` and something after it (``1042-I2``).
    ``at_least``: more may have been received than ``amount``, which is all that Clio let us read.
    ``lines`` are the amounts its lines may have, smallest first, once for each way the firm can have its taxes posted.
    ``bills`` are the Clio bills it depends on.
    """

    ref: Ref
    title: str
    contact_id: str
    amount: Decimal
    dated: date | None
    number: str = ""
    reference: str = ""
    lines: tuple[tuple[Decimal, ...], ...] = ()
    starts_number: bool = False
    at_least: bool = False
    applied: Mapping[Ref, Decimal] = field(default_factory=dict)
    bills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """A link: which document stands for a Ref. ``is_voided``: nothing live is meant to stand for it any more."""

    ref: Ref
    entity: str
    ledger_id: str
    is_voided: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.entity, self.ledger_id


@dataclass(frozen=True, slots=True)
class Found:
    """One document as QuickBooks has it now; ``marked`` is what its note says it stands for.

    ``lines`` is what its lines add up to, ``parts`` are their amounts, smallest first and without those of nothing.
    """

    entity: str
    id: str
    marked: Ref | None
    number: str
    dated: date | None
    customer_id: str
    amount: Decimal
    lines: Decimal
    balance: Decimal
    is_void: bool
    applied: Mapping[str, Decimal] = field(default_factory=dict)  # invoice id to the amount this document pays of it
    credits: Mapping[str, Decimal] = field(default_factory=dict)  # credit memo id to the amount it uses of that
    parts: tuple[Decimal, ...] = ()
    reference: str = ""
    deposit_to: str = ""  # the account a payment went to
    entries: tuple[Entry, ...] = ()  # debits and credits of a journal entry or a check

    @property
    def key(self) -> tuple[str, str]:
        return self.entity, self.id


@dataclass(frozen=True, slots=True)
class Difference:
    """``clio`` and ``quickbooks`` are what each side says, as text; empty where it says nothing.

    ``field`` is which field of a contact differs. ``is_gone``: the document was there, and somebody deleted or voided
    it in QuickBooks.
    """

    ref: Ref
    ledger_id: str
    what: What
    clio: str
    quickbooks: str
    title: str
    contact_id: str = ""
    field: str = ""
    is_gone: bool = False
    payments: frozenset[str] = frozenset()
    bills: frozenset[str] = frozenset()
