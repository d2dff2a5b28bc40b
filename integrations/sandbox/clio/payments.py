"""Office work on payments and credit notes: allocations, the bank rows and the funds behind them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.banking import Banking
from integrations.sandbox.clio.billing import GONE, OPEN, Billing
from integrations.sandbox.clio.desk import ZERO, OfficeError, atomic, day, money
from integrations.sandbox.store import Doc

Parts = Sequence[tuple[int, Decimal]]


class Payments(Billing, Banking):
    """Payments of one account. A payment can be read through the API only by its allocations."""

    @atomic
    def record_payment(
        self,
        contact_id: int,
        allocations: Parts,
        on: date | str,
        amount: Decimal | None = None,
        *,
        reference: str = "",
        description: str = "",
        destination_id: int | None = None,
        source_id: int | None = None,
        source_matter_id: int | None = None,
        online: bool = False,
        pending: bool = False,
    ) -> int:
        """Money received, or funds used, for bills of one contact or, by a switch, several; returns the payment's id.

        ``allocations`` are (bill id, amount). ``amount`` above their sum stays on the operating account as funds of
        the contact. ``source_id`` is a trust or operating account whose funds are used. ``pending`` waits for
        ``complete_payment``.
        """
        parts = [(bill_id, money(part)) for bill_id, part in allocations]
        allocated = sum((part for _, part in parts), ZERO)
        payment = self.add(
            "payment",
            contact_id=contact_id,
            date=day(on),
            amount=money(amount) if amount is not None else allocated,
            reference=reference,
            description=description,
            source_bank_account_id=source_id,
            destination_bank_account_id=destination_id or self.first_account("Operating"),
            source_matter_id=source_matter_id,
            source_fund_type=("Matter" if source_matter_id else "Client") if source_id else None,
            online=online or pending,
            status="pending" if pending else "completed",
            planned=[[bill_id, part] for bill_id, part in parts],
            voided_at=None,
            user_id=self.take("account", self.account_id)["owner_id"],
        )
        self._check_payment(payment, parts)
        if pending:
            self._mark_pending(payment, 1)
        else:
            self._post(payment, parts)
        return int(payment["id"])

    @atomic
    def complete_payment(self, payment_id: int) -> None:
        """A pending card payment arrives: only now it has allocations and a bank row."""
        payment = self._pending(payment_id)
        self._mark_pending(payment, -1)
        payment["status"] = "completed"
        self.save("payment", payment)
        self._post(payment, [(int(bill_id), money(part)) for bill_id, part in payment["planned"]])

    @atomic
    def fail_payment(self, payment_id: int) -> None:
        """A pending card payment is refused by the bank."""
        payment = self._pending(payment_id)
        self._mark_pending(payment, -1)
        self.save("payment", payment | {"status": "failed", "voided_at": self.now()})

    def pay_from_trust(
        self,
        bill_id: int,
        amount: Decimal,
        on: date | str,
        trust_id: int | None = None,
        *,
        matter_id: int | None = None,
        reference: str = "",
    ) -> int:
        """Pays a bill with trust money held for its contact, or for one matter; returns the payment's id."""
        contact_id = self.take("bill", bill_id)["client_id"]
        source = trust_id or self.first_account("Trust")
        return self.record_payment(
            contact_id, [(bill_id, amount)], on, source_id=source, source_matter_id=matter_id, reference=reference
        )

    def pay_from_operating_funds(self, bill_id: int, amount: Decimal, on: date | str) -> int:
        """Pays a bill with money the contact paid too much before; no new cash. Returns the payment's id."""
        contact_id = self.take("bill", bill_id)["client_id"]
        return self.record_payment(contact_id, [(bill_id, amount)], on, source_id=self.first_account("Operating"))

    @atomic
    def edit_payment(
        self,
        payment_id: int,
        allocations: Parts | None = None,
        *,
        amount: Decimal | None = None,
        on: date | str | None = None,
        reference: str | None = None,
        destination_id: int | None = None,
    ) -> None:
        """Changes a payment in place: allocations that stay keep their id, those left out are voided."""
        payment = self._standing(payment_id)
        self._effects(payment, -1)
        payment["date"] = day(on) or payment["date"]
        payment["reference"] = payment["reference"] if reference is None else reference
        payment["destination_bank_account_id"] = destination_id or payment["destination_bank_account_id"]
        if allocations is not None:
            self._reallocate(payment, [(bill_id, money(part)) for bill_id, part in allocations])
        else:
            self._redate(payment)
        allocated = self._allocated(payment_id)
        given = money(amount) if amount is not None else None
        moved = allocations is not None and money(payment["amount"]) == payment["allocated"]
        payment["amount"] = given if given is not None else allocated if moved else money(payment["amount"])
        self._check_cover(payment, allocated)
        self._rows(payment)
        self._effects(payment, 1)
        self.save("payment", payment)

    @atomic
    def delete_payment(self, payment_id: int) -> None:
        """Voids the payment's allocations; its money is taken back from the accounts."""
        payment = self._standing(payment_id)
        if money(payment.get("refunded")):
            raise OfficeError("A payment of which a part was refunded cannot be deleted.")
        self._effects(payment, -1)
        for row in self._parts(payment_id):
            self._void_allocation(row)
        for row in self.find("bank_transaction", "payment_id", payment_id):
            self._undo_row(row)
        self.save("payment", payment | {"voided_at": self.now()})

    @atomic
    def void_bill(self, bill_id: int, *, keep_money: bool = False) -> None:
        """Voids an approved bill: its credit notes go with it, its work is unbilled again.

        Refused while payments stand, unless ``keep_money`` leaves the money as funds of the contact.
        """
        bill = self.take("bill", bill_id)
        if bill["state"] not in OPEN:
            raise OfficeError(f"A bill in state {bill['state']} cannot be voided.")
        for row in self._applied(bill_id):
            if row["parent"]["type"] == "CreditMemo":
                self.delete_credit_note(row["parent_id"])
            elif keep_money:
                self._free(row)
            else:
                raise OfficeError("Delete the payments of this bill first.")
        self._end(self.take("bill", bill_id), "void")

    @atomic
    def credit_note(
        self, bill_id: int, amount: Decimal, on: date | str, description: str = "", *, discount: bool = False
    ) -> int:
        """Reduces what an unpaid bill owes; returns the credit note's id."""
        bill = self.take("bill", bill_id)
        if bill["state"] != "awaiting_payment" or not ZERO < money(amount) <= money(bill["balance"]):
            raise OfficeError("A credit note is at most the balance of an unpaid bill.")
        memo = self.add(
            "credit_memo",
            date=day(on),
            amount=money(amount),
            description=description[:255],
            discount=discount,
            voided_at=None,
            contact_id=bill["client_id"],
            bill_id=bill_id,
            user_id=bill["user_id"],
        )
        self._allocate(bill, money(amount), memo, "CreditMemo", interest=False)
        self._settle(bill)
        return int(memo["id"])

    @atomic
    def delete_credit_note(self, memo_id: int) -> None:
        memo = self.take("credit_memo", memo_id)
        if memo["voided_at"]:
            raise OfficeError("This credit note has been deleted already.")
        for row in self._parts(memo_id):
            self._void_allocation(row)
        self.save("credit_memo", memo | {"voided_at": self.now()})

    def _check_payment(self, payment: Doc, parts: Parts) -> None:
        wanted: dict[int, Decimal] = {}
        for bill_id, part in parts:
            wanted[bill_id] = wanted.get(bill_id, ZERO) + part
        for bill_id, part in wanted.items():
            bill = self.take("bill", bill_id)
            is_for_others = self.switches["clio_payment_of_others"] == "accepted"
            if bill["client_id"] != payment["contact_id"] and not is_for_others:
                raise OfficeError(f"Bill {bill['number']} is not for this contact.")
            if bill["state"] != "awaiting_payment" or not ZERO < part <= money(bill["balance"]):
                raise OfficeError(f"Bill {bill['number']} cannot take {part}.")
            into_trust = self._account_type(payment["destination_bank_account_id"]) == "Trust"
            if into_trust != (bill["kind"] == "trust_kind"):
                raise OfficeError("Only trust requests are paid into trust, and only there.")
        self._check_cover(payment, sum((part for _, part in parts), ZERO))

    def _check_cover(self, payment: Doc, allocated: Decimal) -> None:
        if money(payment["amount"]) <= 0 or allocated > money(payment["amount"]):
            raise OfficeError("A payment must be positive and cover its allocations.")
        if payment["source_bank_account_id"] and allocated != money(payment["amount"]):
            raise OfficeError("Funds are used for exactly what is allocated.")

    def _post(self, payment: Doc, parts: Parts) -> None:
        for bill_id, part in parts:
            bill = self.take("bill", bill_id)
            self._pay(bill, part, payment)
        self._rows(payment)
        self._effects(payment, 1)
        self.save("payment", payment)

    def _pay(self, bill: Doc, part: Decimal, payment: Doc) -> None:
        """What was billed is paid first, then interest, each by its own allocation."""
        owed = max(ZERO, money(bill["interest_total"]) - money(bill["interest_paid"]))
        interest = max(ZERO, part - (money(bill["balance"]) - owed)) if owed else ZERO
        if part - interest:
            self._allocate(bill, part - interest, payment, "Payment", interest=False)
        if interest:
            self._allocate(bill, interest, payment, "Payment", interest=True)
        self._settle_payment(bill)

    def _allocate(self, bill: Doc, amount: Decimal, parent: Doc, parent_type: str, *, interest: bool) -> Doc:
        payment = parent if parent_type == "Payment" else {}
        return self.add(
            "allocation",
            date=parent["date"],
            amount=amount,
            interest=interest,
            voided_at=None,
            description=parent["description"] if not payment else "",
            online=payment.get("online", False),
            bill_id=bill["id"],
            contact_id=bill["client_id"],
            matter_id=bill["matter_ids"][0] if len(bill["matter_ids"]) == 1 else None,
            source_bank_account_id=payment.get("source_bank_account_id"),
            destination_bank_account_id=payment.get("destination_bank_account_id"),
            parent_id=parent["id"],
            parent={"id": parent["id"], "type": parent_type, "identifier": f"{parent_type} {parent['id']}"},
        )

    def _settle_payment(self, bill: Doc) -> None:
        self._settle(bill, touch=self.switches["clio_payment_touches_bill"] == "yes")

    def _parts(self, parent_id: int) -> list[Doc]:
        return [row for row in self.find("allocation", "parent_id", parent_id) if not row["voided_at"]]

    def _allocated(self, payment_id: int) -> Decimal:
        return sum((money(row["amount"]) for row in self._parts(payment_id)), ZERO)

    def _void_allocation(self, row: Doc) -> None:
        self.save("allocation", row | {"voided_at": self.now()})
        bill = self.take("bill", row["bill_id"])
        if bill["state"] not in GONE:
            self._settle_payment(bill)

    def _reallocate(self, payment: Doc, parts: Parts) -> None:
        """Allocations of bills that stay keep their id, except where interest has to be split anew."""
        wanted = dict(parts)
        rows = self._parts(payment["id"])
        split = {row["bill_id"] for row in rows if row["interest"]}
        for row in rows:
            if row["bill_id"] not in wanted or row["bill_id"] in split:
                self._void_allocation(row)
                continue
            part = wanted.pop(row["bill_id"])
            row |= {"amount": part, "date": payment["date"], **_accounts(payment)}
            self.save("allocation", row)
            self._settle_payment(self._checked_bill(row["bill_id"]))
        for bill_id, part in wanted.items():
            self._check_payment(payment | {"amount": max(part, money(payment["amount"]))}, [(bill_id, part)])
            self._pay(self.take("bill", bill_id), part, payment)

    def _checked_bill(self, bill_id: int) -> Doc:
        """The bill, unless more is applied to it than it comes to."""
        bill = self.take("bill", bill_id)
        if sum((money(row["amount"]) for row in self._applied(bill_id)), ZERO) > money(bill["due"]):
            raise OfficeError(f"Bill {bill['number']} cannot take that much.")
        return bill

    def _redate(self, payment: Doc) -> None:
        for row in self._parts(payment["id"]):
            changed = row | {"date": payment["date"], **_accounts(payment)}
            if changed != row:
                self.save("allocation", changed)

    def _free(self, row: Doc) -> None:
        """The allocation ends, the money stays with us as funds of the contact."""
        payment = self.take("payment", row["parent_id"])
        self._effects(payment, -1)
        self._void_allocation(row)
        self._effects(payment, 1)
        self.save("payment", payment)

    def _effects(self, payment: Doc, sign: int) -> None:
        """Moves the funds a payment uses and leaves; ``sign`` -1 takes that back as it was."""
        if sign > 0:
            payment["allocated"] = self._allocated(payment["id"])
        amount, allocated = money(payment["amount"]), money(payment["allocated"])
        contact, source = payment["contact_id"], payment["source_bank_account_id"]
        if source:
            self._hold(source, contact, payment["source_matter_id"], -amount * sign)
        into = payment["destination_bank_account_id"]
        left = amount if self._account_type(into) == "Trust" else amount - allocated
        self._hold(into, contact, None, left * sign)

    def _rows(self, payment: Doc) -> None:
        """Writes the bank rows the payment should have, keeping the ids of those there are."""
        kept = {row["bank_account_id"]: row for row in self._live_rows(payment["id"])}
        for bank_account_id, signed, values in self._wanted_rows(payment):
            row = kept.pop(bank_account_id, None)
            if row is None:
                self._add_row(bank_account_id, signed, payment["date"], **values)
            elif money(row["signed"]) != signed or (row | values) != row or row["date"] != payment["date"]:
                self._resize(row | values | {"date": payment["date"]}, signed)
        for row in kept.values():
            self._remove_row(row)

    def _wanted_rows(self, payment: Doc) -> list[tuple[int, Decimal, dict[str, Any]]]:
        amount = money(payment["amount"]) + money(payment.get("refunded"))
        source, into = payment["source_bank_account_id"], payment["destination_bank_account_id"]
        if source and self._account_type(source) == "Operating":
            return []
        parts = self._parts(payment["id"])
        values = {
            "client_id": payment["contact_id"],
            "matter_id": payment["source_matter_id"] or (parts[0]["matter_id"] if parts else None),
            "bill_id": parts[0]["bill_id"] if parts else None,
            "allocation_id": parts[0]["id"] if parts else None,
            "payment_id": payment["id"],
            "confirmation": payment["reference"],
            "description": payment["description"] or "Payment",
            "online": payment["online"],
        }
        trust = self._account_type(into) == "Trust"
        received = [(int(into), amount, values | {"matter_id": None} if trust else values)]
        out = [(int(source), -amount, values | {"matter_id": payment["source_matter_id"]})] if source else []
        return out + received

    def _live_rows(self, payment_id: int) -> list[Doc]:
        return [row for row in self.find("bank_transaction", "payment_id", payment_id) if not row.get("reversal")]

    def _undo_row(self, row: Doc) -> None:
        if self.switches["clio_deleted_payment_rows"] == "removed":
            self._remove_row(row)
            return
        back = {name: row[name] for name in ("client_id", "matter_id", "bill_id", "allocation_id", "confirmation")}
        self._add_row(
            row["bank_account_id"],
            -money(row["signed"]),
            self.now()[:10],
            **back,
            payment_id=row["payment_id"],
            description="Payment deleted",
            reversal=True,
        )

    def _standing(self, payment_id: int) -> Doc:
        payment = self.take("payment", payment_id)
        if payment["voided_at"] or payment["status"] != "completed":
            raise OfficeError("Only a completed payment can be changed.")
        return payment

    def _pending(self, payment_id: int) -> Doc:
        payment = self.take("payment", payment_id)
        if payment["status"] != "pending":
            raise OfficeError("This payment is not pending.")
        return payment

    def _mark_pending(self, payment: Doc, sign: int) -> None:
        for bill_id, part in payment["planned"]:
            bill = self.take("bill", bill_id)
            bill["pending"] = money(bill["pending"]) + money(part) * sign
            self.save("bill", bill)


def _accounts(payment: Doc) -> dict[str, Any]:
    names = ("source_bank_account_id", "destination_bank_account_id")
    return {name: payment[name] for name in names}
