"""Encoded bodies validate against Intuit's schemas; the ledger of these tests judges every write (needs SPEC_DIR)."""

from datetime import date
from typing import Any

from integrations.kinds.invoice import Discount
from tests.contract import qbo_schema
from tests.kinds.builders import allocation, bill, charge, contact, group, line, money, paid, policy, receipt
from tests.kinds.ledger import Ledger

if qbo_schema.available():

    def everything(**changes: Any) -> Any:
        """A bill with every kind of line, interest and a payment, of a contact with every member."""
        whole = bill(
            total="1046.00",
            due="1046.00",
            balance="1046.00",
            sub_total=1000,
            tax=90,
            discount=Discount(money(50)),
            due_at=date(2026, 3, 4),
            **changes,
        )
        lines = [
            line("1", 600, tax=54),
            line("2", 400, tax="36.02", is_expense=True, activity_type="SoftCostEntry"),
            line("3", 0, type="NoChargeLineItem"),
        ]
        who = contact(name="Ann Lee", phone="1", mobile="2", home="3", fax="4")
        return group(
            [paid(whole, 1046)],
            contacts=[who],
            lines=lines,
            charges=[charge(amount="5.98")],
            allocations=[allocation(amount=1046)],
            receipts=[receipt(amount=1100, allocation_id="1")],
        )

    def written(ledger: Ledger) -> set[tuple[str, bool]]:
        return {(change.entity, "Id" in body) for change, body in ledger.bodies}

    def test_creates_and_updates_of_a_us_firm_fit() -> None:
        ledger = Ledger()
        ledger.carry_out(everything(), policy())
        ledger.carry_out(
            group([paid(bill(), 900)], contacts=[contact()], allocations=[allocation(amount=900)]), policy()
        )
        assert written(ledger) == {(name, was) for name in ("Customer", "Invoice", "Payment") for was in (True, False)}

    def test_creates_of_a_firm_elsewhere_fit() -> None:
        ledger = Ledger()
        ledger.carry_out(everything(currency="GBP"), policy(country="GB", currency="GBP"))
        assert written(ledger) == {("Customer", False), ("Invoice", False), ("Payment", False)}
