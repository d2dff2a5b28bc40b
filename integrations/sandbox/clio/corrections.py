"""Office work that puts payments right afterwards: refunds, and a payment deleted and entered again."""

from datetime import date
from decimal import Decimal

from integrations.sandbox.clio.desk import ZERO, OfficeError, atomic, money
from integrations.sandbox.clio.payments import Payments


class Corrections(Payments):
    """What people do about payments that were wrong, or that have to be given back."""

    @atomic
    def refund_payment(self, payment_id: int, amount: Decimal, on: date | str, *, reference: str = "") -> None:
        """Gives a part of a payment back: first what is not allocated, then the newest allocations.

        The bills are owed again; a refund of everything voids every allocation. By switch the payment's own bank row
        shrinks, or the money leaves through a row of its own beside it.
        """
        payment, back = self._standing(payment_id), money(amount)
        if payment["source_bank_account_id"] or not ZERO < back <= money(payment["amount"]):
            raise OfficeError("A refund is at most the money that came in with this payment.")
        own = self.switches["clio_refund_row"] == "own"
        if back == money(payment["amount"]) and not own:
            return self.delete_payment(payment_id)
        left = money(payment["amount"]) - back
        self._effects(payment, -1)
        payment |= {"amount": left, "refunded": money(payment.get("refunded")) + (back if own else ZERO)}
        self._reallocate(payment, self._shortened(payment_id, left))
        if own:
            self._refund_row(payment_id, back, on, reference)
        else:
            self._rows(payment)
        self._effects(payment, 1)
        self.save("payment", payment if left else payment | {"voided_at": self.now()})

    @atomic
    def replace_payment(self, payment_id: int, on: date | str, *, reference: str = "") -> int:
        """Deletes a payment and enters the same one again, of another day; returns the new payment's id."""
        payment = self._standing(payment_id)
        parts = self.allocated_to(payment_id)
        self.delete_payment(payment_id)
        return self.record_payment(
            payment["contact_id"],
            parts,
            on,
            money(payment["amount"]),
            reference=reference or payment["reference"],
            destination_id=payment["destination_bank_account_id"],
            source_id=payment["source_bank_account_id"],
            source_matter_id=payment["source_matter_id"],
        )

    def allocated_to(self, payment_id: int) -> list[tuple[int, Decimal]]:
        """(bill, amount) of a payment as it stands, interest counted with its bill."""
        found: dict[int, Decimal] = {}
        for row in self._parts(payment_id):
            found[row["bill_id"]] = found.get(row["bill_id"], ZERO) + money(row["amount"])
        return list(found.items())

    def _shortened(self, payment_id: int, most: Decimal) -> list[tuple[int, Decimal]]:
        """The allocations cut, from the newest on, to what is left of the payment."""
        kept = []
        for bill_id, amount in self.allocated_to(payment_id):
            part = min(amount, most)
            most -= part
            if part:
                kept.append((bill_id, part))
        return kept

    def _refund_row(self, payment_id: int, back: Decimal, on: date | str, reference: str) -> None:
        row = self._live_rows(payment_id)[0]
        names = ("client_id", "matter_id", "bill_id", "allocation_id", "payment_id")
        values = {name: row[name] for name in names}
        again = {"confirmation": reference, "description": "Refund", "reversal": True}
        self._add_row(row["bank_account_id"], -back, on, **values, **again)
