"""Journal lines as they are kept in JSON, read back as amounts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """A debit or a credit; the other side is None."""

    account: str
    debit: Decimal | None
    credit: Decimal | None


def lines(kept: Iterable[Mapping[str, object]]) -> tuple[Line, ...]:
    return tuple(Line(str(row.get("account") or ""), _amount(row, "debit"), _amount(row, "credit")) for row in kept)


def _amount(row: Mapping[str, object], side: str) -> Decimal | None:
    return Decimal(str(row.get(side) or 0)) or None
