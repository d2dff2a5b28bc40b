"""Office work on bills: drafting, approving, editing, numbering, voiding, interest."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.desk import ZERO, Desk, OfficeError, atomic, day, money
from integrations.sandbox.clio.lines import BillLine, BillLines
from integrations.sandbox.clio.sums import Discount, Taxes, bill_sums, counted, taxed_lines
from integrations.sandbox.store import Doc

OPEN = ("awaiting_payment", "paid")
DRAFT = ("draft", "awaiting_approval")
GONE = ("void", "deleted")
TRANSITIONS = {
    "draft": ["awaiting_approval", "awaiting_payment", "deleted"],
    "awaiting_approval": ["awaiting_payment", "deleted"],
    "awaiting_payment": ["paid", "void"],
    "paid": [],
    "void": [],
    "deleted": [],
}
_EDITABLE = frozenset(
    "issued_at due_at discount tax_rate secondary_tax_rate memo subject purchase_order start_at end_at".split()
)


class Billing(BillLines, Desk):
    """Bills of one account. Amounts are Decimal; dates are dates or ISO text; bills are named by id."""

    @atomic
    def draft_bill(
        self,
        matters: int | Sequence[int],
        lines: Sequence[BillLine],
        issued_at: date | str,
        due_at: date | str | None = None,
        *,
        number: str | None = None,
        discount: Discount | None = None,
        tax_rate: Decimal | str | int = 0,
        secondary_tax_rate: Decimal | str | int = 0,
        kind: str = "revenue_kind",
        state: str = "draft",
        memo: str = "",
        subject: str = "",
        currency_id: int | None = None,
        original_bill_id: int | None = None,
    ) -> int:
        """A new bill over these matters of one contact; returns its id. ``state`` may skip the draft."""
        matter_ids = [matters] if isinstance(matters, int) else list(matters)
        found = [self.take("matter", matter_id) for matter_id in matter_ids]
        if not found or len({matter["client_id"] for matter in found}) != 1:
            raise OfficeError("A bill is for the matters of one contact.")
        account = self.take("account", self.account_id)
        issued, due = day(issued_at) or "", day(due_at) or day(issued_at)
        bill = self.add(
            "bill",
            number=number or self._next_number(),
            state="draft",
            kind=kind,
            type="MatterBill" if len(found) == 1 else "ClientBill",
            client_id=found[0]["client_id"],
            matter_ids=matter_ids,
            issued_at=issued,
            due_at=due,
            start_at=f"{issued[:8]}01",
            end_at=issued,
            subject=subject,
            memo=memo,
            purchase_order="",
            tax_rate=Decimal(tax_rate),
            secondary_tax_rate=Decimal(secondary_tax_rate),
            discount=_discount_doc(discount),
            currency_id=currency_id or account["currency_id"],
            user_id=account["owner_id"],
            original_bill_id=original_bill_id,
            shared=False,
            paid_at=None,
            pending=ZERO,
        )
        self._note_number(bill["number"])
        self._write_lines(bill, lines)
        self._retotal(bill)
        self._settle(bill, touch=False)
        if state != "draft":
            self._enter(bill, state)
        return int(bill["id"])

    @atomic
    def submit(self, bill_id: int) -> None:
        """Sends a draft for approval."""
        self._enter(self.take("bill", bill_id), "awaiting_approval")

    @atomic
    def approve(self, bill_id: int) -> None:
        self._enter(self.take("bill", bill_id), "awaiting_payment")

    @atomic
    def back_to_draft(self, bill_id: int) -> None:
        """Takes an approval back; refused once something is paid or credited."""
        bill = self.take("bill", bill_id)
        if bill["state"] not in (*OPEN, "awaiting_approval") or self._applied(bill_id):
            raise OfficeError("Only a bill without payments can go back to draft.")
        bill["state"] = "draft"
        self._settle(bill)

    @atomic
    def edit_bill(self, bill_id: int, lines: Sequence[BillLine] | None = None, **changes: Any) -> None:
        """Changes lines (all of them, by position), dates, discount, tax rates or texts of a bill.

        A paid bill needs its payment deleted first; void and deleted bills cannot be edited; nor can a bill be
        made smaller than what is paid on it.
        """
        if unknown := changes.keys() - _EDITABLE:
            raise OfficeError(f"A bill has no {', '.join(sorted(unknown))} to edit.")
        bill = self.take("bill", bill_id)
        if bill["state"] in GONE or (bill["state"] == "paid" and self._applied(bill_id)):
            raise OfficeError(f"A bill in state {bill['state']} cannot be edited.")
        bill |= {name: _written(name, value) for name, value in changes.items()}
        if lines is not None:
            self._write_lines(bill, lines)
        if lines is not None or {"discount", "tax_rate", "secondary_tax_rate"} & changes.keys():
            self._retotal(bill)
        self._settle(bill)
        if bill["balance"] < 0:
            raise OfficeError("More is paid on this bill than it would come to.")

    @atomic
    def renumber(self, bill_id: int, number: str) -> None:
        """Gives the bill another number, also one that is taken; the automatic numbers go on above it."""
        bill = self.take("bill", bill_id)
        if bill["state"] in GONE:
            raise OfficeError(f"A bill in state {bill['state']} cannot be edited.")
        bill["number"] = str(number)
        self._note_number(bill["number"])
        self.save("bill", bill)

    @atomic
    def delete_bill(self, bill_id: int) -> None:
        """A draft becomes deleted, an unpaid bill void; refused while a payment or credit stands."""
        bill = self.take("bill", bill_id)
        if bill["state"] in GONE or self._applied(bill_id):
            raise OfficeError("A bill with payments or credits cannot be deleted.")
        self._end(bill, "deleted" if bill["state"] in DRAFT else "void")

    @atomic
    def charge_interest(self, bill_id: int, amount: Decimal, on: date | str, description: str = "Interest") -> int:
        """Interest on an unpaid bill; returns the id of the charge.

        By switch the charge is added to the bill, or makes a bill of its own that takes the next number.
        """
        bill = self.take("bill", bill_id)
        if bill["state"] != "awaiting_payment":
            raise OfficeError("Interest is charged on unpaid bills.")
        owner = bill
        if self.switches["clio_interest"] == "bill":
            owner = self.take("bill", self._interest_bill(bill, amount, on, description))
        charge = self.add(
            "interest_charge",
            date=day(on),
            description=description,
            total=money(amount),
            bill_id=owner["id"],
            matter_ids=bill["matter_ids"],
        )
        if owner is bill:
            self._settle(bill)
        return int(charge["id"])

    @atomic
    def delete_interest_charge(self, charge_id: int) -> None:
        charge = self.take("interest_charge", charge_id)
        bill = self.take("bill", charge["bill_id"])
        if any(row["interest"] for row in self._applied(bill["id"])):
            raise OfficeError("Interest that has been paid cannot be deleted.")
        self.drop("interest_charge", charge_id)
        self._settle(bill)

    def _interest_bill(self, bill: Doc, amount: Decimal, on: date | str, description: str) -> int:
        line = BillLine(description, price=amount, kind="fee", taxable=False)
        return self.draft_bill(
            bill["matter_ids"], [line], on, state="awaiting_payment", original_bill_id=bill["id"], subject=description
        )

    def _applied(self, bill_id: int) -> list[Doc]:
        """Allocations of a bill that stand."""
        return [row for row in self.find("allocation", "bill_id", bill_id) if not row["voided_at"]]

    def _enter(self, bill: Doc, state: str) -> None:
        if state not in TRANSITIONS[bill["state"]] or state not in ("awaiting_approval", "awaiting_payment"):
            raise OfficeError(f"A bill in state {bill['state']} cannot become {state}.")
        bill["state"] = state
        self._settle(bill)

    def _end(self, bill: Doc, state: str) -> None:
        bill["state"] = state
        bill["paid_at"] = None
        for activity in self.find("activity", "bill_id", bill["id"]):
            activity["bill_id"] = None
            self.save("activity", activity)
        self._settle(bill)

    def _retotal(self, bill: Doc) -> None:
        """Sums and line taxes after lines, discount or rates moved."""
        taxes = Taxes(
            Decimal(bill["tax_rate"]),
            Decimal(bill["secondary_tax_rate"]),
            self._setting("secondary_tax_rule") == "Post",
        )
        discount = discount_of(bill)
        rows = self.find("line_item", "bill_id", bill["id"])
        lines = counted(rows)
        bill["sums"] = bill_sums(lines, discount, taxes)
        for row, parts in zip(lines, taxed_lines(lines, discount, taxes), strict=True):
            if any(money(row.get(name)) != part for name, part in parts.items()):
                row.update(parts)
                self.save("line_item", row)
        if bill["kind"] == "trust_kind":
            requested = sum((money(row["total"]) for row in self.find("trust_line_item", "bill_id", bill["id"])), ZERO)
            bill["sums"] |= {"principal": requested, "sub_total": requested}

    def _settle(self, bill: Doc, *, touch: bool = True) -> None:
        """What is owed, credited and paid, the state that follows, and the save."""
        applied = self._applied(bill["id"]) if bill["state"] in (*OPEN, "void") else []
        charges = self.find("interest_charge", "bill_id", bill["id"])
        own = self.switches["clio_interest"] == "charge" or not bill["original_bill_id"]
        interest = sum((money(charge["total"]) for charge in charges), ZERO) if own else ZERO
        paid = sum((money(row["amount"]) for row in applied if row["parent"]["type"] == "Payment"), ZERO)
        credits = sum((money(row["amount"]) for row in applied if row["parent"]["type"] == "CreditMemo"), ZERO)
        due = money(bill["sums"]["principal"]) + interest
        bill |= {"interest_total": interest, "due": due, "payments": paid, "credits": credits}
        bill["interest_paid"] = sum((money(row["amount"]) for row in applied if row["interest"]), ZERO)
        bill["balance"] = due - paid - credits if bill["state"] not in GONE else ZERO
        self._follow_balance(bill)
        self.save("bill", bill, touch=touch)

    def _follow_balance(self, bill: Doc) -> None:
        if bill["state"] not in OPEN:
            return
        cleared = bill["balance"] <= 0
        if bill["kind"] == "trust_kind" and self.switches["clio_trust_request_paid"] != "paid":
            cleared = False
        bill["state"] = "paid" if cleared else "awaiting_payment"
        bill["paid_at"] = (bill["paid_at"] or self.now()) if cleared else None

    def _next_number(self) -> str:
        if self.switches["clio_void_number_reused"] == "yes":
            used = (bill["number"] for bill in self.all("bill") if bill["state"] not in GONE)
            return str(max((int(number) for number in used if _numeric(number)), default=0) + 1)
        return str(int(self.store.setting(f"{self.space}:highest_number", 0)) + 1)

    def _note_number(self, number: str) -> None:
        highest = int(self.store.setting(f"{self.space}:highest_number", 0))
        if _numeric(number) and int(number) > highest:
            self.store.set_setting(f"{self.space}:highest_number", int(number))

    def _setting(self, name: str) -> Any:
        account = self.take("account", self.account_id)
        return self.take("billing_setting", account["billing_setting_id"])[name]


def discount_of(bill: Doc) -> Discount | None:
    """The bill's discount as a value."""
    kept = bill.get("discount")
    return Discount(Decimal(str(kept["rate"])), kept["type"], kept["note"], kept["services_only"]) if kept else None


def _discount_doc(discount: Discount | None) -> Doc | None:
    return asdict(discount) if discount else None


def _written(name: str, value: Any) -> Any:
    if name == "discount":
        return _discount_doc(value)
    if name in ("tax_rate", "secondary_tax_rate"):
        return Decimal(str(value or 0))
    return day(value) if name in ("issued_at", "due_at", "start_at", "end_at") else value or ""


def _numeric(number: str) -> bool:
    return number.isascii() and number.isdigit()
