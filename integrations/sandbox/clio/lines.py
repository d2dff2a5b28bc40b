"""Lines of a bill and the activities behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.desk import ZERO, Desk, OfficeError, day, money
from integrations.sandbox.store import Doc

# kind of line -> (type of line, kind of line, type of activity)
_SHAPES = {
    "service": ("ActivityLineItem", "Service", "TimeEntry"),
    "expense": ("ActivityLineItem", "Expense", "ExpenseEntry"),
    "hard_cost": ("ActivityLineItem", "Expense", "HardCostEntry"),
    "soft_cost": ("ActivityLineItem", "Expense", "SoftCostEntry"),
    "fee": ("LineItem", "Service", ""),
    "no_charge": ("NoChargeLineItem", "Service", "TimeEntry"),
    "summary": ("SummaryLineItem", "Service", ""),
}


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line as a person enters it: ``quantity`` x ``price``, rounded to the cent.

    ``kind`` is service, expense, hard_cost, soft_cost, fee, no_charge or summary; a summary shows instead of the
    lines whose positions are in ``covers``.
    """

    description: str
    price: Decimal | int = ZERO
    quantity: Decimal | int = 1
    kind: str = "service"
    category_id: int | None = None
    user_id: int | None = None
    date: date | str | None = None
    matter_id: int | None = None
    taxable: bool = True
    secondary_taxable: bool = True
    note: str = ""
    vendor_id: int | None = None
    reference: str = ""
    covers: tuple[int, ...] = ()


class BillLines(Desk):
    """Writing the lines of a bill."""

    def _write_lines(self, bill: Doc, lines: Sequence[BillLine]) -> None:
        """Makes the bill's lines these ones, keeping ids by position."""
        if bill["kind"] == "trust_kind":
            self._write_trust_lines(bill, lines)
            return
        kept = self.find("line_item", "bill_id", bill["id"])
        covered = {position for line in lines for position in line.covers}
        for position, line in enumerate(lines):
            old = kept[position] if position < len(kept) else None
            self._write_line(bill, old, line, position, covered, lines)
        for old in kept[len(lines) :]:
            self._remove_line(old)

    def _write_line(
        self, bill: Doc, old: Doc | None, line: BillLine, position: int, covered: set[int], lines: Sequence[BillLine]
    ) -> None:
        if line.kind not in _SHAPES:
            raise OfficeError(f"{line.kind} is no kind of bill line.")
        values = self._line_values(bill, line, position, covered, lines)
        activity_id = self._write_activity(bill, old, line, values)
        values |= {"activity_id": activity_id}
        if old is None:
            amount = values["gross"]
            self.add("line_item", **values, net=amount, tax=ZERO, secondary_tax=ZERO)
        elif any(_differs(old.get(name), value) for name, value in values.items()):
            self.save("line_item", old | values)

    def _line_values(
        self, bill: Doc, line: BillLine, position: int, covered: set[int], lines: Sequence[BillLine]
    ) -> dict[str, Any]:
        type_, kind, _ = _SHAPES[line.kind]
        included = [lines[index] for index in line.covers]
        amount = sum((_amount(part) for part in included), ZERO) if included else _amount(line)
        return {
            "type": type_,
            "kind": kind,
            "description": line.description,
            "note": line.note,
            "date": day(line.date) or bill["issued_at"],
            "price": amount if included else Decimal(line.price),
            "quantity": Decimal(1) if included else Decimal(line.quantity),
            "gross": ZERO if line.kind == "no_charge" else amount,
            "taxable": line.taxable,
            "secondary_taxable": line.secondary_taxable,
            "group_ordering": position,
            "displayed": position not in covered,
            "included_totals": _included(included),
            "bill_id": bill["id"],
            "matter_id": line.matter_id or bill["matter_ids"][0],
            "user_id": line.user_id or (bill["user_id"] if kind == "Service" else None),
        }

    def _write_activity(self, bill: Doc, old: Doc | None, line: BillLine, values: dict[str, Any]) -> int | None:
        type_ = _SHAPES[line.kind][2]
        if not type_:
            return None
        doc = {
            "type": type_,
            "date": values["date"],
            "quantity": Decimal(line.quantity) * (3600 if type_ == "TimeEntry" else 1),
            "hours": Decimal(line.quantity),
            "price": Decimal(line.price),
            "note": line.description,
            "total": values["gross"],
            "no_charge": line.kind == "no_charge",
            "expense_category_id": line.category_id,
            "vendor_id": line.vendor_id,
            "reference": line.reference,
            "bill_id": bill["id"],
            "matter_id": values["matter_id"],
            "user_id": values["user_id"],
        }
        kept = self.look("activity", old["activity_id"]) if old else None
        if kept is None:
            return int(self.add("activity", **doc)["id"])
        if any(_differs(kept.get(name), value) for name, value in doc.items()):
            self.save("activity", kept | doc)
        return int(kept["id"])

    def _remove_line(self, line: Doc) -> None:
        self.drop("line_item", line["id"])
        if activity := self.look("activity", line["activity_id"]):
            activity["bill_id"] = None
            self.save("activity", activity)

    def _write_trust_lines(self, bill: Doc, lines: Sequence[BillLine]) -> None:
        for old in self.find("trust_line_item", "bill_id", bill["id"]):
            self.drop("trust_line_item", old["id"])
        for line in lines:
            self.add(
                "trust_line_item",
                date=day(line.date) or bill["issued_at"],
                total=_amount(line),
                note=line.note or line.description,
                bill_id=bill["id"],
                matter_id=line.matter_id or bill["matter_ids"][0],
                client_id=bill["client_id"],
            )


def _amount(line: BillLine) -> Decimal:
    return money(Decimal(line.quantity) * Decimal(line.price))


def _included(lines: Sequence[BillLine]) -> Doc | None:
    if not lines:
        return None
    total = sum((_amount(line) for line in lines), ZERO)
    return {"quantity": Decimal(1), "price": total, "discount_percent": ZERO, "total": total, "sub_total": total}


def _differs(kept: object, value: object) -> bool:
    if isinstance(value, Decimal):
        return Decimal(str(kept or 0)) != value
    return kept != value
