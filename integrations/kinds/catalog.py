"""What is already in the ledger, indexed for planning: names, document numbers, payments nobody linked.

A plan claims the names and numbers it is going to use, so that two new records never plan the same one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from integrations.core.match import NameIndex
from integrations.core.ports import Raw
from integrations.core.records import Ref
from integrations.kinds.contact import Customer

# Sales forms share one number sequence in QuickBooks (API reference: DocNumber).
NUMBERED = ("Invoice", "CreditMemo", "SalesReceipt", "Estimate", "RefundReceipt")
ADOPTION_WINDOW = timedelta(days=5)  # rule R4.6


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever has a number: a document in QuickBooks, or a bill that this plan is about to post under it."""

    entity: str
    ledger_id: str = ""
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A name or a number that a plan is going to use; ``entity`` is that of the document, empty for a name."""

    said: str
    owner: Ref | str
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Payee:
    """A name of QuickBooks that a check can be made out to: ``type`` is Customer, Vendor or Employee."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class LoosePayment:
    """A payment in QuickBooks that is linked to nothing in Clio."""

    ledger_id: str
    customer_id: str
    date: date
    amount: Decimal
    is_deposited: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment in QuickBooks, linked to nothing in Clio, that settles invoices or uses credit memos.

    ``invoices`` and ``credits`` are ids to the amount applied and used. QuickBooks makes payments of nothing by itself
    where it applies open credits (Intuit docs: Preferences, AutoApplyCredit).
    """

    ledger_id: str
    customer_id: str
    amount: Decimal
    invoices: Mapping[str, Decimal]
    credits: Mapping[str, Decimal]
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class LooseCheck:
    """A check in QuickBooks, drawn on a trust bank, that is linked to nothing in Clio."""

    ledger_id: str
    number: str
    account_id: str
    amount: Decimal


@dataclass
class Catalog:
    """Indexes over one company file; ``owners`` tells which Ref a linked document stands for.

    ``invoices`` and ``credit_memos`` are whole documents of somebody else's that may be what Clio has as well.
    """

    customers: dict[str, Customer] = field(default_factory=dict)
    owners: dict[tuple[str, str], Ref] = field(default_factory=dict)
    invoices: dict[str, Raw] = field(default_factory=dict)
    credit_memos: dict[str, Raw] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _numbers: dict[str, list[Holder]] = field(default_factory=dict)
    _loose: dict[str, list[LoosePayment]] = field(default_factory=dict)
    _settlements: dict[tuple[str, str], list[Settlement]] = field(default_factory=dict)
    _checks: dict[tuple[str, str, Decimal], list[LooseCheck]] = field(default_factory=dict)
    _payees: dict[str, Payee] = field(default_factory=dict)
    _index: NameIndex[Customer] | None = None

    def copy(self) -> "Catalog":
        """One in which a plan that is only looked at may claim what it likes."""
        numbers = {key: list(holders) for key, holders in self._numbers.items()}
        owners, claims = dict(self.owners), list(self.claims)
        return replace(self, owners=owners, claims=claims, _names=dict(self._names), _numbers=numbers)

    def add_customers(self, customers: Iterable[Customer]) -> None:
        for customer in customers:
            self.customers[customer.id] = customer
            self._names[_name_key(customer.display_name)] = customer.id
            self._names.setdefault(_name_key(customer.plain_name), customer.id)
            if customer.active:
                self._payees[_name_key(customer.display_name)] = Payee("Customer", customer.id)
        self._index = None

    def add_names(self, names: Iterable[str]) -> None:
        """Vendors and employees, whose names no customer can have."""
        for name in names:
            self._names.setdefault(_name_key(name), "somebody else")

    def add_payees(self, type: str, names: Iterable[tuple[str, str]]) -> None:
        """Vendors or employees by (id, name): checks can be made out to them."""
        for id, name in names:
            self._payees.setdefault(_name_key(name), Payee(type, id))

    def payee(self, name: str) -> Payee | None:
        """The customer, vendor or employee of exactly this name, but for case."""
        return self._payees.get(_name_key(name)) if name else None

    def add_check(self, check: LooseCheck) -> None:
        key = (check.account_id, _number_key(check.number), check.amount)
        self._checks.setdefault(key, []).append(check)

    def loose_checks(self, account_id: str, number: str, amount: Decimal) -> list[LooseCheck]:
        """Unlinked checks of this number and amount on this bank account."""
        return list(self._checks.get((account_id, _number_key(number), amount), ())) if number else []

    def add_number(self, number: str, holder: Holder) -> None:
        if number:
            self._numbers.setdefault(_number_key(number), []).append(holder)

    def add_loose(self, payment: LoosePayment) -> None:
        self._loose.setdefault(payment.customer_id, []).append(payment)

    def add_settlement(self, payment: Settlement) -> None:
        for entity, applied in (("Invoice", payment.invoices), ("CreditMemo", payment.credits)):
            for ledger_id in applied:
                self._settlements.setdefault((entity, ledger_id), []).append(payment)

    @property
    def index(self) -> NameIndex[Customer]:
        """Customers that stand for nobody in Clio yet."""
        if self._index is None:
            linked = {ledger_id for entity, ledger_id in self.owners if entity == "Customer"}
            self._index = NameIndex(c for c in self.customers.values() if c.id not in linked)
        return self._index

    def name_is_free(self, name: str, own_id: str = "") -> bool:
        return self._names.get(_name_key(name), own_id) == own_id

    def claim_name(self, name: str, own_id: str) -> None:
        self._names[_name_key(name)] = own_id
        self.claims.append(Claim(name, own_id))

    def holder(self, number: str, ref: Ref, own_id: str = "", entity: str = "Invoice") -> Holder | None:
        """Who else has this number: not the document itself, and not this plan's own claim for ``ref``."""
        for holder in self._numbers.get(_number_key(number), ()):
            if holder.ref != ref and not (own_id and holder.entity == entity and holder.ledger_id == own_id):
                return holder
        return None

    def drop_number(self, entity: str, ledger_id: str) -> None:
        """A deleted document has no number any more."""
        for holders in self._numbers.values():
            holders[:] = [holder for holder in holders if (holder.entity, holder.ledger_id) != (entity, ledger_id)]

    def claim_number(self, number: str, ref: Ref, entity: str = "Invoice") -> None:
        self._numbers.setdefault(_number_key(number), []).append(Holder(entity, ref=ref))
        self.claims.append(Claim(number, ref, entity))

    def take_claims(self) -> list[Claim]:
        """What was claimed since the last time, and not given back."""
        taken, self.claims = self.claims, []
        return taken

    def claim_again(self, claims: Iterable[Claim]) -> None:
        """What earlier plans, which are not carried out yet either, have taken."""
        for claim in claims:
            if isinstance(claim.owner, Ref):
                self.claim_number(claim.said, claim.owner, claim.entity)
            else:
                self.claim_name(claim.said, claim.owner)
        self.claims = []

    def forget(self, ref: Ref) -> None:
        """Gives back what a plan that is not carried out had claimed."""
        for holders in self._numbers.values():
            holders[:] = [holder for holder in holders if holder.ref != ref or holder.ledger_id]
        for name in [name for name, owner in self._names.items() if owner == str(ref)]:
            del self._names[name]
        self.claims = [claim for claim in self.claims if str(claim.owner) != str(ref)]

    def taken_numbers(self) -> Iterable[str]:
        return self._numbers.keys()

    def whole(self, entity: str, ledger_id: str) -> Raw | None:
        """Somebody else's document that may be adopted."""
        return {"Invoice": self.invoices, "CreditMemo": self.credit_memos}.get(entity, {}).get(ledger_id)

    def settlements(self, entity: str, ledger_id: str) -> list[Settlement]:
        """Payments that did not come from Clio and settle this invoice, or use this credit memo."""
        known = self._settlements.get((entity, ledger_id), ())
        return [payment for payment in known if ("Payment", payment.ledger_id) not in self.owners]

    def foreign_credits(self) -> list[str]:
        """Ids of credit memos that are not ours and reduce an invoice of ours."""
        found = {id for payments in self._settlements.values() for payment in payments for id in payment.credits}
        return sorted(id for id in found if ("CreditMemo", id) not in self.owners)

    def loose_payments(self, customer_id: str, amount: Decimal, on: date) -> list[LoosePayment]:
        """Unlinked payments of the same customer and amount within five days."""
        near = self._loose.get(customer_id, ())
        return [p for p in near if p.amount == amount and abs(p.date - on) <= ADOPTION_WINDOW]


def number_key(number: str) -> str:
    """What two document numbers are compared by; QuickBooks compares values without regard to case."""
    return _number_key(number)


def _number_key(number: str) -> str:
    return number.strip().casefold()


def _name_key(name: str) -> str:
    return name.strip().casefold()
