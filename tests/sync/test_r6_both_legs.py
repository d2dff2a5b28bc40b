"""R6.3: the payment of a bill from trust and its trust entry go together, also when they are taken back."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.sandbox.clio.switches import switch
from integrations.sandbox.http import json_response
from tests.portal import Portal
from tests.sync.books import settled
from tests.sync.test_r6_trust import FEBRUARY, JANUARY, _fault, balance, bill_from_trust, deposit, later, owed, row_of


def posted(portal: Portal) -> tuple[int, int, int, int]:
    """5,000 held, 1,000 of it paid on a bill: contact, bill, payment and the payment's trust row."""
    ann, bill, payment = bill_from_trust(portal)
    portal.run()
    return ann, bill, payment, row_of(portal, payment)


def cash(portal: Portal) -> list[Decimal]:
    """The QuickBooks payments that are worth anything."""
    return [Decimal(doc["TotalAmt"]) for doc in portal.quickbooks.all("Payment") if doc["TotalAmt"]]


@pytest.mark.parametrize("carries", ["allocation", "bill", "both", "neither"])
def test_r6_3_a_payment_deleted_in_clio_waits_for_its_trust_row_and_both_go_in_one_run(
    portal: Portal, carries: str
) -> None:
    switch(portal.world.store, "clio_row_carries", carries)
    ann, _, payment, row = posted(portal)
    portal.clio.delete_payment(payment)
    portal.run()
    assert (cash(portal), owed(portal)) == ([1000], {ann: 4000})
    waits = portal.issue("trust_leg_waits")
    assert (waits.kind, waits.practice_id) == ("payment", str(payment))
    assert f"row {row}" in waits.message
    later(portal)
    portal.run()
    assert (cash(portal), owed(portal)) == ([], {ann: 5000})
    assert (balance(portal), balance(portal, "liability")) == (5000, -5000)
    settled(portal)


@pytest.mark.parametrize("carries", ["allocation", "bill", "both", "neither"])
def test_r6_3_where_clio_enters_a_row_that_puts_the_money_back_nothing_waits(portal: Portal, carries: str) -> None:
    switch(portal.world.store, "clio_row_carries", carries)
    switch(portal.world.store, "clio_deleted_payment_rows", "reversed")
    ann, _, payment, _ = posted(portal)
    portal.clio.delete_payment(payment)
    portal.run()
    assert (cash(portal), owed(portal), portal.codes()) == ([], {ann: 5000}, [])
    settled(portal)


def test_r6_3_a_payment_that_cannot_be_voided_keeps_its_trust_entry(portal: Portal) -> None:
    ann, _, payment, _ = posted(portal)
    portal.quickbooks.close_books("2026-02-28")
    portal.clio.delete_payment(payment)
    for _ in range(2):
        portal.run()
        later(portal)
    assert (cash(portal), owed(portal)) == ([1000], {ann: 4000})
    assert "period_closed" in portal.codes()
    portal.quickbooks.close_books(None)
    portal.run()
    assert (cash(portal), owed(portal)) == ([], {ann: 5000})
    settled(portal)


def test_r6_3_a_trust_entry_refused_after_its_payment_says_which_half_stands(portal: Portal) -> None:
    ann = portal.contact()
    deposit(portal, ann, 5000, JANUARY)
    portal.run()
    bill = portal.bill("1000.00", contact=ann)
    portal.clock.sleep(120)
    payment = portal.clio.pay_from_trust(bill, Decimal(1000), FEBRUARY, reference="TT-1")
    refused = {"Fault": {"type": "ValidationFault", "Error": [_fault()]}}
    portal.on_write("JournalEntry", lambda: json_response(400, refused))
    portal.run()
    assert (cash(portal), owed(portal)) == ([1000], {ann: 5000})
    message = portal.issue("rejected").message
    assert f"Payment {payment} is posted, so the bill is paid" in message
    assert "1,000.00 too high" in message
    portal.resolve("rejected", "retry")
    portal.run()
    assert owed(portal) == {ann: 4000}
    settled(portal)


def test_r6_3_a_reversal_refused_after_its_payment_was_voided_says_so_too(portal: Portal) -> None:
    ann, _, payment, _ = posted(portal)
    portal.clio.delete_payment(payment)
    portal.run()
    later(portal)
    refused = {"Fault": {"type": "ValidationFault", "Error": [_fault()]}}
    portal.on_write("JournalEntry", lambda: json_response(400, refused))
    portal.run()
    assert (cash(portal), owed(portal)) == ([], {ann: 4000})
    message = portal.issue("rejected").message
    assert f"Payment {payment}, deleted in Clio, is voided" in message
    assert "1,000.00 too low" in message
    portal.resolve("rejected", "retry")
    portal.run()
    assert owed(portal) == {ann: 5000}
    settled(portal)


def test_r4_7_a_payment_from_trust_entered_anew_takes_the_first_ones_place_once_its_row_is_gone(portal: Portal) -> None:
    ann, bill, payment, _ = posted(portal)
    portal.clio.delete_payment(payment)
    portal.clio.pay_from_trust(bill, Decimal(900), date(2026, 2, 21), reference="TT-2")
    portal.run()
    assert (cash(portal), owed(portal)) == ([1000], {ann: 4000})
    assert "trust_leg_waits" in portal.codes()
    later(portal)
    portal.run()
    assert (cash(portal), owed(portal)) == ([900], {ann: 4100})
    settled(portal)
