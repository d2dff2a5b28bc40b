"""Which QuickBooks item or account each part of Clio's books goes to, and the firm's choices (its policy)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

# Items: products and services of QuickBooks that invoice lines use.
SERVICE = "item:service"
HARD_COST = "item:hard_cost"
SOFT_COST = "item:soft_cost"
TAX = "item:tax"
SECONDARY_TAX = "item:secondary_tax"
DISCOUNT = "item:discount"
INTEREST = "item:interest"
ROUNDING = "item:rounding"
# Accounts payments go to.
DEPOSIT = "account:deposit"
IN_TRANSIT = "account:in_transit"
REFUND = "account:refund"  # the bank account refunds of deposited payments are paid from

# What a credit note can be for; the firm may have one item for each (rule R5).
COURTESY = "courtesy"
DISCOUNTED = "discount"
BAD_DEBT = "bad_debt"
CREDIT_PURPOSES = (COURTESY, DISCOUNTED, BAD_DEBT)
# Trust accounts of Clio, one pair of accounts each.
TRUST_BANK = "account:trust_bank:"
TRUST_LIABILITY = "account:trust_liability:"

RECEIVABLE = "Accounts Receivable"


def category_key(category_id: str) -> str:
    return f"item:category:{category_id}"


def deposit_key(bank_account_id: str) -> str:
    return f"account:deposit:{bank_account_id}"


def credit_key(purpose: str) -> str:
    """The item all credit notes of this purpose go to; where none is mapped they reduce the bill's own items."""
    return f"item:credit:{purpose}"


ALL_FIELDS = "all"  # what is preferred of every field of a contact that has no preference of its own


def trust_bank_key(bank_account_id: str) -> str:
    return TRUST_BANK + bank_account_id


def trust_liability_key(bank_account_id: str) -> str:
    return TRUST_LIABILITY + bank_account_id


def is_trust_key(key: str) -> bool:
    return key.startswith((TRUST_BANK, TRUST_LIABILITY))


FALLBACK: Mapping[str, str] = {SECONDARY_TAX: TAX}


@dataclass(frozen=True, slots=True)
class Target:
    """A QuickBooks item or account: its id, its name and the account that is posted to."""

    ledger_id: str
    name: str
    account: str


@dataclass(frozen=True, slots=True)
class TrustTargets:
    """Where one Clio trust account is kept: the money at the bank, and what is owed to the clients for it."""

    bank: Target
    liability: Target


@dataclass(frozen=True, slots=True)
class Policy:
    """What a firm decided, and what its QuickBooks company is: everything a plan depends on besides the records."""

    slug: str
    start_date: date
    currency: str
    country: str
    targets: Mapping[str, Target] = field(default_factory=dict)
    aggregate_tax: bool = False
    name_template: str = "{name} (Clio {id})"
    reactivate_customers: bool = False
    numbering_on: bool = True
    auto_apply_credit: bool = False  # QuickBooks applies open credits to invoices by itself
    credit_purpose: str = COURTESY  # what a credit note is for where Clio does not tell
    close_date: date | None = None
    broken: tuple[str, ...] = ()  # keys whose mapping can no longer be posted to; nothing else takes their place
    prefer: Mapping[str, str] = field(default_factory=dict)  # field of a contact, or ALL, to "clio" or "quickbooks"
    receivable: Target | None = None  # the company's own Accounts Receivable account
    trust_checks: bool = False  # money out of trust is posted as checks instead of journal entries (rule R6.2)
    tax_engine: str = ""  # digest of the tax preferences; a refused total is tried again when it changes

    @property
    def is_us(self) -> bool:
        return self.country.upper() in ("US", "USA", "UNITED STATES")

    def target(self, *keys: str) -> Target | None:
        """The mapping of the first key that has one; a key's fallback counts as the key."""
        for key in keys:
            if key in self.broken:
                return None
            found = self.targets.get(key) or self.targets.get(FALLBACK.get(key, ""))
            if found:
                return found
        return None

    def trust(self, bank_account_id: str) -> TrustTargets | None:
        """The accounts of a Clio trust account; None unless both are mapped to accounts that can serve."""
        bank = self.target(trust_bank_key(bank_account_id))
        liability = self.target(trust_liability_key(bank_account_id))
        return TrustTargets(bank, liability) if bank and liability else None

    def has_trust(self, bank_account_id: str) -> bool:
        """Whether the firm mapped this trust account, to accounts that can serve or not."""
        keys = (trust_bank_key(bank_account_id), trust_liability_key(bank_account_id))
        return any(key in self.targets or key in self.broken for key in keys)

    def names(self) -> Mapping[str, str]:
        """Id to name of every account that something is mapped to."""
        return {t.ledger_id: t.account for key, t in self.targets.items() if key.startswith("account:")}
