"""What stood on each account on one day: QuickBooks's trial balance (Intuit developer: reports, TrialBalance)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import nested, rows, text


def is_one(report: object) -> bool:
    """Whether an answer is a report at all; one without rows is of a company without entries."""
    return isinstance(report, Mapping) and isinstance(report.get("Rows"), Mapping)


def balances(report: Raw) -> dict[str, Decimal]:
    """Debits less credits by account id. Rows may be nested, cells are text and may be blank."""
    debit, credit = _columns(report)
    found: dict[str, Decimal] = {}
    for cells in _rows(nested(report, "Rows")):
        id = text(cells[0], "id") if cells else ""
        if id:
            found[id] = found.get(id, ZERO) + _amount(cells, debit) - _amount(cells, credit)
    return found


def _columns(report: Raw) -> tuple[int, int]:
    """Where debits and credits are: by their titles, else where the documentation shows them."""
    titles = [text(column, "ColTitle").strip().lower() for column in rows(nested(report, "Columns"), "Column")]
    if "debit" in titles and "credit" in titles:
        return titles.index("debit"), titles.index("credit")
    return 1, 2


def _rows(section: Raw) -> Iterator[list[Raw]]:
    """The cells of every row that stands for an account; sums are left out."""
    for row in rows(section, "Row"):
        for part in (row, nested(row, "Header")):
            if cells := list(rows(part, "ColData")):
                yield cells
        yield from _rows(nested(row, "Rows"))


def _amount(cells: list[Raw], place: int) -> Decimal:
    written = text(cells[place], "value").replace(",", "").strip() if place < len(cells) else ""
    try:
        return Decimal(written) if written else ZERO
    except InvalidOperation:
        return ZERO
