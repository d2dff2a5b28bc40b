"""What a member of a QuickBooks entity can be, and the groups that entities fall into."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PEOPLE = ("Customer", "Vendor", "Employee")


@dataclass(frozen=True, slots=True)
class Text:
    max: int = 4000
    forbid: str = ""  # characters refused with 2040


@dataclass(frozen=True, slots=True)
class Email(Text):
    max: int = 100


@dataclass(frozen=True, slots=True)
class Number:
    pass


@dataclass(frozen=True, slots=True)
class Flag:
    pass


@dataclass(frozen=True, slots=True)
class Day:
    pass


@dataclass(frozen=True, slots=True)
class Choice:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A {value, name, type}; ``kinds`` are the entities it may point at, none for a free code."""

    kinds: tuple[str, ...] = ()
    element: str = ""  # how 2500 names what was not found


@dataclass(frozen=True, slots=True)
class Group:
    members: Mapping[str, "Shape"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Many:
    item: "Shape"


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Known and ignored when sent."""


Shape = Text | Number | Flag | Day | Choice | Reference | Group | Many | ReadOnly

ACCOUNT_TYPES: Mapping[str, str] = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Non-Posting": "Equity",
}

SALES_FORMS = ("Invoice", "CreditMemo", "SalesReceipt", "Estimate", "RefundReceipt")
TRANSACTIONS = (*SALES_FORMS, "Payment", "JournalEntry", "Deposit", "Purchase", "Transfer")
NAME_LISTS = ("Customer", "Vendor", "Employee", "Item", "Account", "Class", "Department", "Term", "PaymentMethod")
ENTITIES = (*NAME_LISTS, *TRANSACTIONS, "TaxCode", "CompanyInfo", "Preferences")
