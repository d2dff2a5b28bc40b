"""What the parts of the generator share: the two offices, the dates, the dice and the people met so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.generator.names import Namer, Place
from integrations.sandbox.quickbooks.office import QuickBooksOffice

EARLIER = timedelta(days=120)  # how long before the start date the first bills were issued


@dataclass(frozen=True, slots=True)
class Party:
    """A contact of the firm with its matters; ``given`` and ``family`` are empty for a company."""

    id: int
    name: str
    given: str
    family: str
    email: str
    matters: tuple[int, ...]

    @property
    def is_latin(self) -> bool:
        """Whether older versions of QuickBooks take the name as it is."""
        return self.name.isascii() or all(ord(char) < 256 for char in self.name)


@dataclass(frozen=True, slots=True)
class Clash:
    """Something planted that a person has to decide. ``practice_id`` is a Clio id of ``kind``.

    ``kind`` is contact, invoice or payment; ``waiting`` are the bills that wait behind a contact.
    """

    code: str
    kind: str
    practice_id: int
    what: str
    waiting: tuple[int, ...] = ()


@dataclass(slots=True)
class BillPlan:
    """A bill to be: its shape (lines, discount, taxes) and its fate (drafted, paid, voided...)."""

    party: Party
    issued: date
    shape: str = "plain"
    fate: str = "unpaid"
    number: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """Bills that belong together: how they are planned, and what happens once all bills exist.

    ``play`` is given the ids of the planned bills in the order of the plans.
    """

    size: int
    plan: Callable[["Stage"], list[BillPlan]]
    play: Callable[["Stage", Sequence[int], Sequence[BillPlan]], list[Clash]]


@dataclass
class Stage:
    rng: Random
    clio: ClioOffice
    quickbooks: QuickBooksOffice
    place: Place
    start: date
    today: date
    namer: Namer
    operating: int = 0
    cards: int = 0
    trust: int = 0
    vendor: int = 0
    timekeepers: list[int] = field(default_factory=list)
    categories: dict[str, list[int]] = field(default_factory=dict)
    undone: int = 0  # payments that were voided so far
    cheques: int = 0  # cheques written so far on the trust account

    def party(self, values: dict[str, Any], matters: int = 1) -> Party:
        """Creates the contact and its matters in Clio."""
        id = self.clio.create_contact(values)
        about = ("Lease", "Estate plan", "Acquisition", "Employment", "Licence dispute", "Closing", "Appeal")
        found = tuple(self.clio.create_matter(id, self.rng.choice(about)) for _ in range(matters))
        names = [values.get(name, "") for name in ("first_name", "middle_name", "last_name")]
        mails = values.get("email_addresses") or [{"address": ""}]
        return Party(
            id,
            values.get("name") or " ".join(part for part in names if part),
            names[0],
            names[2],
            mails[0]["address"],
            found,
        )

    def in_scope(self) -> date:
        """A day between the start date and today."""
        return self._between(self.start, max(self.start, self.today))

    def before_start(self) -> date:
        return self._between(self.start - EARLIER, self.start - timedelta(days=1))

    def later(self, than: date, most: int = 40) -> date:
        """A day after ``than``, though never after today."""
        return max(than, min(self.today, than + timedelta(days=self.rng.randrange(1, most))))

    def amount(self, low: int = 80, high: int = 4_000) -> Decimal:
        return Decimal(self.rng.randrange(low * 100, high * 100)) / 100

    def reference(self) -> str:
        kind = self.rng.choice(("Check", "Check", "ACH", "Wire", ""))
        return f"{kind} {self.rng.randrange(1_000, 99_999)}" if kind else ""

    def _between(self, first: date, last: date) -> date:
        return first + timedelta(days=self.rng.randrange((last - first).days + 1))
