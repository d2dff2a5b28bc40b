"""Every reading of every fact the vendors leave open: one story, and the books are equal whichever is true."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from firms.models import Firm, User
from integrations.sandbox.clio.office import BillLine, Discount
from integrations.sandbox.clio.switches import SWITCHES as CLIO
from integrations.sandbox.clio.switches import switch as set_clio_switch
from integrations.sandbox.quickbooks.switches import SWITCHES as QUICKBOOKS
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sandbox.store import Store
from tests.portal import Portal, make_portal
from tests.sync.books import settled

# Readings that are numbers: what to try besides the default.
NUMBERS = {"clio_access_token_s": 30, "clio_rate_limit": 15}
DAY, FEBRUARY, MARCH = date(2026, 2, 2), date(2026, 2, 20), date(2026, 3, 2)


def readings() -> Iterator[tuple[str, str, Any]]:
    yield "", "default", None
    for name, (_, values) in CLIO.items():
        for value in values[1:] or (NUMBERS[name],):
            yield "clio", name, value
    for name, switch in QUICKBOOKS.items():
        for value in switch.values[1:]:
            yield "quickbooks", name, value


@pytest.mark.parametrize("system, name, value", list(readings()), ids=lambda value: str(value))
def test_a_story_ends_with_equal_books(acme: Firm, alice: User, system: str, name: str, value: Any) -> None:
    portal = make_portal(acme, alice, store=_store(system, name, value))
    story = Story(portal)
    story.begin()
    assert portal.run().reason == ""
    story.go_on()
    assert portal.run().reason == ""
    portal.run()
    codes, but = story.unavoidable(name, value)
    settled(portal, *codes, but=but)
    bo = portal.clio.take("contact", story.bo)
    assert (bo["first_name"], [row["number"] for row in bo["phone_numbers"]]) == ("Bob", ["555 0202"])


def _store(system: str, name: str, value: Any) -> Store:
    store = Store()
    if system == "clio":
        set_clio_switch(store, name, value)
    elif system == "quickbooks":
        set_switch(store, name, value)
    return store


def line(amount: str, text: str = "Advice", **options: Any) -> BillLine:
    return BillLine(text, Decimal(amount), date=DAY, **options)


class Story:
    """Bills with discount, tax, costs and interest; payments, an over-payment, credit notes; then changes."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.clio = portal, portal.clio

    def begin(self) -> None:
        clio, portal = self.clio, self.portal
        gone = portal.quickbooks.create_customer("Bo Ray", PrimaryEmailAddr={"Address": "else@example.org"})
        portal.quickbooks.deactivate("Customer", gone["Id"])
        self.ann, self.bo = portal.contact(), portal.contact("Bo", "Ray", "bo@example.com")
        thirds = [line("33.33", f"Part {number}") for number in range(3)]
        discount = Discount(Decimal(10))
        self.taxed = portal.bill(lines=thirds, contact=self.ann, discount=discount, tax_rate="8.25")
        mixed = [
            line("200.00"),
            line("60.00", "Fee", kind="hard_cost"),
            line("0.00", "Work", kind="summary", covers=(0,)),
            line("0.00", "Free", kind="no_charge"),
        ]
        self.mixed = portal.bill(lines=mixed, contact=self.ann)
        self.held, self.later = portal.bill("1000.00", contact=self.bo), portal.bill("500.00", contact=self.bo)
        self.late = portal.bill("300.00", contact=self.ann)
        self.doomed = portal.bill("80.00", contact=self.ann)
        self.forgiven, self.cleared = portal.bill("150.00", contact=self.bo), portal.bill("90.00", contact=self.bo)
        self.note = clio.credit_note(self.forgiven, Decimal(50), FEBRUARY, "Goodwill")
        clio.credit_note(self.cleared, Decimal(90), FEBRUARY, discount=True)
        self.charge = clio.charge_interest(self.late, Decimal(9), MARCH)
        self.paid = portal.pay(self.taxed, "40.00", FEBRUARY, reference="CHQ 1")
        self.doomed_payment = portal.pay(self.doomed, 30)
        self.entered_anew = portal.pay(self.mixed, 100)
        clio.record_payment(self.bo, [(self.held, Decimal(1000))], FEBRUARY, amount=Decimal(1200))
        self.card = clio.record_payment(self.ann, [(self.mixed, Decimal(50))], FEBRUARY, pending=True)
        self.banked = portal.pay(self.mixed, 20, date(2026, 2, 21), reference="CHQ 7")

    def go_on(self) -> None:
        clio, portal = self.clio, self.portal
        clio.edit_bill(self.taxed, lines=[line("33.33"), line("50.00")])
        clio.edit_payment(self.paid, [(self.taxed, Decimal(35))], amount=Decimal(35))
        clio.renumber(self.later, "R-1")
        clio.pay_from_operating_funds(self.later, Decimal(200), MARCH)
        clio.delete_payment(self.doomed_payment)
        clio.void_bill(self.doomed)
        clio.delete_credit_note(self.note)
        clio.credit_note(self.forgiven, Decimal(60), MARCH)
        clio.void_bill(self.cleared)
        clio.delete_payment(self.entered_anew)
        portal.pay(self.mixed, 90)
        clio.complete_payment(self.card)
        portal.pay(self.late, clio.bill(self.late)["balance"] - 4, MARCH)
        clio.edit_contact(self.ann, last_name="Lee-Wong")
        mark = f"Clio contact {self.bo} "
        for customer in portal.quickbooks.all("Customer"):
            if mark in customer.get("Notes", ""):
                portal.quickbooks.edit_customer(customer["Id"], GivenName="Bob", Mobile={"FreeFormNumber": "555 0202"})
        self._bank()

    def _bank(self) -> None:
        """A payment is deposited, and afterwards gets another reference in Clio."""
        posted = [doc for doc in self.portal.quickbooks.all("Payment") if doc.get("PaymentRefNum") == "CHQ 7"]
        if posted:
            self.portal.quickbooks.deposit_payments([posted[0]["Id"]])
        self.clio.edit_payment(self.banked, reference="CHQ 8")

    def unavoidable(self, name: str, value: Any) -> tuple[list[str], list[int]]:
        """The issues that this reading makes unavoidable, and the bills they explain."""
        match name, value:
            case "tax_engine", "every_line":
                bills = [bill["id"] for bill in self.clio.snapshot()["bills"]]
                return ["total_mismatch"] * 7, bills
            case "clio_row_carries", "neither":
                return ["credit_missing", "money_unproven"], [self.later]
            case "deposited_payment", "all_locked":
                return ["deposited_payment"], []
            case "warn_duplicate_bill_number", "absent":
                return ["duplicate_warning_off"], []
            case _:
                return [], []
