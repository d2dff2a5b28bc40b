"""What of Clio's books is mapped to QuickBooks: the fixed parts, and those a firm's own Clio adds to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.core import mapping as keys
from integrations.core.read import text
from integrations.core.text import clean_name, clip
from integrations.sync.mirror import Kept


@dataclass(frozen=True, slots=True)
class NewAccount:
    name: str
    type: str
    subtype: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing to map. ``known_as`` are names of existing items or accounts that fit, best first."""

    key: str
    label: str
    why: str
    known_as: tuple[str, ...]
    account: NewAccount | None = None
    item: str = ""  # the item to create where none fits
    fallback: NewAccount | None = None  # where QuickBooks refuses an item on ``account``
    optional: bool = False
    sole: bool = False  # an account of the wanted detail type fits whatever its name, where it is the only one

    @property
    def is_item(self) -> bool:
        return self.key.startswith("item:")


def _income(name: str, subtype: str = "OtherPrimaryIncome") -> NewAccount:
    return NewAccount(name, "Income", subtype)


ACCOUNT_NAME_LENGTH = 100  # Intuit docs: Account.Name
FEES = _income("Legal Fee Income", "ServiceFeeIncome")
SLOTS = (
    Slot(
        keys.SERVICE,
        "Services",
        "Time and flat fees",
        ("Legal Services", "Legal Fees", "Services"),
        FEES,
        "Legal Services",
    ),
    Slot(
        keys.HARD_COST,
        "Hard costs",
        "Costs the firm paid for the client; they are an advance, so they go back to the advance account",
        ("Advanced Client Costs", "Client Costs Advanced"),
        NewAccount("Advanced Client Costs", "Other Current Asset", "OtherCurrentAssets"),
        "Advanced Client Costs",
        _income("Reimbursed Client Costs"),
    ),
    Slot(
        keys.SOFT_COST,
        "Soft costs and other expenses",
        "Copies, postage and the like, which are expensed already",
        ("Cost Recovery", "Reimbursed Expenses"),
        _income("Cost Recovery Income"),
        "Cost Recovery",
    ),
    Slot(
        keys.TAX,
        "Tax",
        "Tax on bills, as a line of its own; QuickBooks's sales-tax or VAT return is not fed",
        ("Tax on Bills",),
        NewAccount("Tax on Bills Payable", "Other Current Liability", "OtherCurrentLiabilities"),
        "Tax on Bills",
        _income("Tax on Bills"),
    ),
    Slot(
        keys.SECONDARY_TAX,
        "Second tax",
        "Only where the firm charges two; else it goes with the first",
        (),
        optional=True,
    ),
    Slot(
        keys.DISCOUNT,
        "Discounts",
        "Discounts on bills, so that gross fees stay visible",
        ("Discounts on Bills", "Discounts Given"),
        _income("Discounts Given", "DiscountsRefundsGiven"),
        "Discounts on Bills",
    ),
    Slot(
        keys.INTEREST,
        "Interest",
        "Interest charged on overdue bills",
        ("Interest on Bills",),
        _income("Interest on Bills"),
        "Interest on Bills",
    ),
    Slot(
        keys.ROUNDING,
        "Rounding",
        "Differences of up to 0.05, always visible",
        ("Rounding",),
        _income("Rounding Differences"),
        "Rounding",
    ),
    Slot(
        keys.DEPOSIT,
        "Payments received",
        "Where payments wait for their bank deposit",
        ("Undeposited Funds", "Payments to deposit"),
    ),
    Slot(
        keys.IN_TRANSIT,
        "Trust money in transit",
        "Bills paid from trust, until the money is moved at the bank",
        ("Trust Transfers in Transit",),
        NewAccount("Trust Transfers in Transit", "Other Current Asset", "OtherCurrentAssets"),
    ),
    Slot(
        keys.REFUND,
        "Refunds",
        "The bank account that refunds of deposited payments are paid from",
        ("Checking",),
        optional=True,
    ),
)


# Label, and what such a credit note is, by purpose (rule R5).
PURPOSES = {
    keys.COURTESY: ("Courtesy", "Credit notes given to please a client"),
    keys.DISCOUNTED: ("Discount", "Credit notes that Clio marks as a discount"),
    keys.BAD_DEBT: ("Bad debt", "Credit notes for what will never be paid"),
}


def slots_of(banks: Sequence[Kept], categories: Sequence[Kept]) -> list[Slot]:
    """The fixed slots, and for what Clio has: two for each Trust account, optional ones for each Operating account and
    expense category.
    """
    operating = [
        Slot(
            keys.deposit_key(row.id),
            f"Received on {text(row.data, 'name')}",
            "Clio operating account",
            (),
            optional=True,
        )
        for row in banks
        if text(row.data, "type") == "Operating"
    ]
    expenses = [
        Slot(
            keys.category_key(row.id), f"Expenses: {text(row.data, 'name')}", "Clio expense category", (), optional=True
        )
        for row in categories
    ]
    credits_ = [
        Slot(
            keys.credit_key(name),
            f"Credit notes: {label.lower()}",
            f"{why}; without an item they reduce the items of the bill",
            (),
            optional=True,
        )
        for name, (label, why) in PURPOSES.items()
    ]
    return [*SLOTS, *trust_slots(banks), *expenses, *credits_, *operating]


def trust_slots(banks: Sequence[Kept]) -> list[Slot]:
    """Two for each Trust account of Clio: the bank and the liability. They are recommended, and only what is mapped
    is kept in step (rule R6.1).
    """
    rows = [row for row in banks if text(row.data, "type") == "Trust"]
    names = [_account_title(text(row.data, "name")) for row in rows]
    titles = [name if names.count(name) == 1 else f"{name} {row.id}" for name, row in zip(names, rows, strict=True)]
    sole = len(rows) == 1
    return [slot for row, title in zip(rows, titles, strict=True) for slot in _trust_pair(row.id, title, sole=sole)]


def _account_title(name: str) -> str:
    """A Clio account's name as QuickBooks takes it, with room for what is added (Intuit docs: Account.Name)."""
    return clip(clean_name(name.replace('"', "")), ACCOUNT_NAME_LENGTH - 30) or "Trust"


def _trust_pair(id: str, name: str, *, sole: bool) -> tuple[Slot, Slot]:
    liability = f"{name} Liability"
    return (
        Slot(
            keys.trust_bank_key(id),
            f"{name}: money at the bank",
            "Clio trust account; a QuickBooks account of type Bank",
            (name,),
            NewAccount(name, "Bank", "TrustAccounts"),
            optional=True,
            sole=sole,
        ),
        Slot(
            keys.trust_liability_key(id),
            f"{name}: owed to clients",
            "What of it belongs to clients; an account of type Other Current Liability",
            (liability,),
            NewAccount(liability, "Other Current Liability", "TrustAccountsLiabilities"),
            optional=True,
            sole=sole,
        ),
    )
