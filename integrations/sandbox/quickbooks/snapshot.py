"""Plain copies of documents with every amount as Decimal, for a checker that trusts no stand-in code."""

from decimal import Decimal
from typing import Any

_AMOUNTS = frozenset(
    (
        "Amount",
        "TotalAmt",
        "Balance",
        "BalanceWithJobs",
        "UnappliedAmt",
        "RemainingCredit",
        "CurrentBalance",
        "CurrentBalanceWithSubAccounts",
        "TotalTax",
        "UnitPrice",
        "Qty",
        "HomeTotalAmt",
        "DiscountPercent",
    )
)


def exact(value: Any, name: str = "") -> Any:
    """A deep copy; whole amounts, which JSON reads as int, become Decimal too."""
    if isinstance(value, dict):
        return {key: exact(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [exact(one) for one in value]
    if name in _AMOUNTS and isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value
