"""What is already in the ledger, looked up for planning: names, document numbers, payments nobody linked.

Only what is asked for is fetched, so planning one client costs the same whatever else the company has. A plan claims
the names and numbers it is going to use, so that two new records never plan the same one.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from integrations.core.ports import Raw
from integrations.core.records import Ref
from integrations.kinds.contact import Customer

# Sales forms share one number sequence in QuickBooks (API reference: DocNumber).
NUMBERED = ("Invoice", "CreditMemo", "SalesReceipt", "Estimate", "RefundReceipt")
ADOPTION_WINDOW = timedelta(days=5)  # rule R4.6
CUSTOMER = "Customer"
PAYEES = (CUSTOMER, "Vendor", "Employee")


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
class Named:
    """Somebody in QuickBooks, where nobody else can have the name: ``type`` is Customer, Vendor or Employee.

    ``plain_name`` is without the mark QuickBooks puts on inactive customers.
    """

    type: str
    id: str
    name: str
    plain_name: str
    active: bool = True


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


Documented = tuple[str, str]  # a document of QuickBooks by entity and id


class Register:
    """What is known of one company, asked for by many keys at once; what it does not know it leaves out.

    Names and numbers are asked for as ``name_key`` and ``number_key`` make them. This one knows nothing.
    """

    def owners(self, documents: Collection[Documented]) -> Mapping[Documented, Ref]:
        """Which Ref a linked document stands for."""
        return {}

    def customers(self, ids: Collection[str]) -> Mapping[str, Customer]:
        return {}

    def named(self, names: Collection[str]) -> Mapping[str, Sequence[Named]]:
        """Whoever has this name, or has it as the plain one."""
        return {}

    def numbered(self, numbers: Collection[str]) -> Mapping[str, Sequence[Documented]]:
        """The sales forms of this number."""
        return {}

    def payments(self, customer_ids: Collection[str]) -> Mapping[str, Sequence[LoosePayment]]:
        return {}

    def settling(self, documents: Collection[Documented]) -> Mapping[Documented, Sequence[Settlement]]:
        """What settles this invoice or uses this credit memo, and is linked to nothing."""
        return {}

    def checks(self, numbers: Collection[str]) -> Mapping[str, Sequence[LooseCheck]]:
        return {}


class Lookup[K, V]:
    """Answers by key, each fetched once; many that are wanted soon are best fetched together."""

    def __init__(self, fetch: Callable[[Collection[K]], Mapping[K, V]]) -> None:
        self._fetch = fetch
        self._known: dict[K, V | None] = {}

    def prime(self, keys: Iterable[K]) -> None:
        if missing := {key for key in keys if key not in self._known}:
            found = self._fetch(missing)
            self._known |= {key: found.get(key) for key in missing}

    def get(self, key: K) -> V | None:
        self.prime((key,))
        return self._known[key]

    def __getitem__(self, key: K) -> V:
        if (value := self.get(key)) is None:
            raise KeyError(key)
        return value

    def put(self, key: K, value: V | None) -> None:
        self._known[key] = value

    def forget(self) -> None:
        self._known.clear()

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None


class Catalog:
    """One company file as a plan sees it.

    ``invoices`` and ``credit_memos`` are whole documents of somebody else's that may be what Clio has as well.
    """

    def __init__(self, register: Register | None = None) -> None:
        register = register or Register()
        self.owners = Lookup(register.owners)
        self.customers = Lookup(register.customers)
        self.named = Lookup(register.named)
        self.numbered = Lookup(register.numbered)
        self.payments = Lookup(register.payments)
        self.settling = Lookup(register.settling)
        self.checks = Lookup(register.checks)
        self.invoices: dict[str, Raw] = {}
        self.credit_memos: dict[str, Raw] = {}
        self.claims: list[Claim] = []
        self._claimed_names: dict[str, str] = {}
        self._claimed_numbers: dict[str, list[Holder]] = {}

    def copy(self) -> "Catalog":
        """One in which a plan that is only looked at may claim what it likes."""
        twin = copy(self)
        twin.claims, twin._claimed_names = list(self.claims), dict(self._claimed_names)
        twin._claimed_numbers = {key: list(holders) for key, holders in self._claimed_numbers.items()}
        return twin

    # Names

    def name_is_free(self, name: str, own_id: str = "") -> bool:
        key = name_key(name)
        return self._claimed_names.get(key, own_id) == own_id and self._named(key) in ("", own_id)

    def _named(self, key: str) -> str:
        """The id of the customer of this name; of vendors and employees what no customer's id is."""
        listed = self.named.get(key) or ()
        customers = [one for one in listed if one.type == CUSTOMER]
        exact = [one.id for one in customers if name_key(one.name) == key]
        plain = [one.id for one in customers if name_key(one.plain_name) == key]
        return (exact[-1:] or plain or ["somebody else"] * bool(listed) or [""])[0]

    def payee(self, name: str) -> Payee | None:
        """The active customer, vendor or employee of exactly this name, but for case."""
        key = name_key(name)
        listed = [one for one in self.named.get(key) or () if one.active and name_key(one.name) == key] if key else []
        one = min(listed, key=lambda one: PAYEES.index(one.type), default=None)
        return Payee(one.type, one.id) if one else None

    def claim_name(self, name: str, own_id: str) -> None:
        self._claimed_names[name_key(name)] = own_id
        self.claims.append(Claim(name, own_id))

    def add_customer(self, customer: Customer) -> None:
        """One that was just created, or renamed."""
        self.customers.put(customer.id, customer)
        one = Named(CUSTOMER, customer.id, customer.display_name, customer.plain_name, customer.active)
        for key in {name_key(one.name), name_key(one.plain_name)}:
            self.named.put(key, (*(self.named.get(key) or ()), one))
            self._claimed_names.pop(key, None)

    # Numbers

    def holder(self, number: str, ref: Ref, own_id: str = "", entity: str = "Invoice") -> Holder | None:
        """Who else has this number: not the document itself, and not this plan's own claim for ``ref``."""
        key = number_key(number)
        if not key:
            return None
        held = [Holder(*known, self.owners.get(known)) for known in self.numbered.get(key) or ()]
        for holder in held + self._claimed_numbers.get(key, []):
            if holder.ref != ref and not (own_id and holder.entity == entity and holder.ledger_id == own_id):
                return holder
        return None

    def claim_number(self, number: str, ref: Ref, entity: str = "Invoice") -> None:
        self._claimed_numbers.setdefault(number_key(number), []).append(Holder(entity, ref=ref))
        self.claims.append(Claim(number, ref, entity))

    def add_number(self, number: str, document: Documented) -> None:
        """Of a document that was just written."""
        key = number_key(number)
        self.numbered.put(key, (*(self.numbered.get(key) or ()), document))

    # Claims

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
        for holders in self._claimed_numbers.values():
            holders[:] = [holder for holder in holders if holder.ref != ref]
        self._claimed_names = {name: owner for name, owner in self._claimed_names.items() if owner != str(ref)}
        self.claims = [claim for claim in self.claims if str(claim.owner) != str(ref)]

    # Documents

    def whole(self, entity: str, ledger_id: str) -> Raw | None:
        """Somebody else's document that may be adopted."""
        return {"Invoice": self.invoices, "CreditMemo": self.credit_memos}.get(entity, {}).get(ledger_id)

    def settlements(self, entity: str, ledger_id: str) -> list[Settlement]:
        """Payments that did not come from Clio and settle this invoice, or use this credit memo."""
        known = self.settling.get((entity, ledger_id)) or ()
        return [payment for payment in known if ("Payment", payment.ledger_id) not in self.owners]

    def loose_payments(self, customer_id: str, amount: Decimal, on: date) -> list[LoosePayment]:
        """Unlinked payments of the same customer and amount within five days."""
        near = self.payments.get(customer_id) or ()
        return [p for p in near if p.amount == amount and abs(p.date - on) <= ADOPTION_WINDOW]

    def loose_checks(self, account_id: str, number: str, amount: Decimal) -> list[LooseCheck]:
        """Unlinked checks of this number and amount on this bank account."""
        known = (self.checks.get(number_key(number)) or ()) if number else ()
        return [check for check in known if (check.account_id, check.amount) == (account_id, amount)]


def number_key(number: str) -> str:
    """What two document numbers are compared by; QuickBooks compares values without regard to case."""
    return number.strip().casefold()


def name_key(name: str) -> str:
    """What two names are compared by; as QuickBooks does, without regard to case."""
    return name.strip().casefold()
