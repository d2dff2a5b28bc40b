"""R3.8: a bill is voided in Clio, and its bank rows tell whether the money stayed or was given back."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Issue, Record
from integrations.sandbox.clio.switches import switch
from integrations.sandbox.http import Response, json_response
from tests.portal import Portal
from tests.sync.books import account, settled
from tests.sync.test_reconcile import proven

FEBRUARY = date(2026, 2, 20)
NAMING = ["allocation", "bill", "both"]


def rows_carry(portal: Portal, what: str) -> None:
    switch(portal.world.store, "clio_row_carries", what)


def paid_in_part(portal: Portal) -> tuple[int, int]:
    """A posted bill of 100 with 40 paid: bill, payment."""
    bill = portal.bill("100.00", number="1")
    payment = portal.pay(bill, 40)
    portal.run()
    return bill, payment


def payments(portal: Portal) -> list[tuple[Decimal, Decimal]]:
    """(total, unapplied) of every QuickBooks payment that is worth anything."""
    found = [(doc["TotalAmt"], doc["UnappliedAmt"]) for doc in portal.quickbooks.all("Payment")]
    return [(Decimal(total), Decimal(left)) for total, left in found if total]


def banks_hidden(request: Any) -> Response | None:
    if "/bank_transactions" not in str(request.url):
        return None
    return json_response(403, {"error": {"type": "ForbiddenError", "message": "no"}})


@pytest.mark.parametrize("rows", ["removed", "reversed"])
@pytest.mark.parametrize("carries", NAMING)
def test_r3_8_money_that_clio_kept_blocks_the_void(portal: Portal, carries: str, rows: str) -> None:
    switch(portal.world.store, "clio_deleted_payment_rows", rows)
    rows_carry(portal, carries)
    bill, payment = paid_in_part(portal)
    portal.clio.void_bill(bill, keep_money=True)
    run = portal.run()
    assert run.outcome == "issues"
    assert (portal.invoice("1")["TotalAmt"], payments(portal)) == (100, [(40, 0)])
    assert account(portal, "undeposited") == 40
    blocked, kept = portal.issue("void_blocked"), portal.issue("money_kept")
    assert (blocked.practice_id, kept.practice_id) == (str(bill), str(payment))
    assert "40.00" in kept.message
    settled(portal, "void_blocked", "money_kept", but=[bill])
    assert {one.reason.code if one.reason else "" for one in proven(portal).explained} == {"void_blocked", "money_kept"}


def test_r3_8_the_credit_memo_a_person_confirms_leaves_the_kept_money_as_credit(portal: Portal) -> None:
    bill, _ = paid_in_part(portal)
    portal.clio.void_bill(bill, keep_money=True)
    portal.run()
    portal.resolve("void_blocked", "credit_memo")
    portal.run()
    assert (portal.invoice("1")["Balance"], account(portal, "receivable")) == (0, -40)
    assert account(portal, "undeposited") == 40
    settled(portal, but=[bill])
    accepted = Issue.objects.of(portal.firm).filter(state="accepted").values_list("code", flat=True)
    assert sorted(accepted) == ["money_kept", "void_blocked"]
    assert all(one.is_accepted for one in proven(portal).explained)


def test_r3_8_taken_off_the_invoice_in_quickbooks_the_money_is_open_credit_and_the_invoice_voided(
    portal: Portal,
) -> None:
    bill, _ = paid_in_part(portal)
    portal.clio.void_bill(bill, keep_money=True)
    portal.run()
    (payment,) = portal.quickbooks.all("Payment")
    portal.quickbooks.edit("Payment", payment["Id"], Line=[], TotalAmt=40)
    portal.run()
    assert (portal.invoice("1")["TotalAmt"], payments(portal)) == (0, [(40, 40)])
    assert (account(portal, "undeposited"), account(portal, "receivable")) == (40, -40)
    settled(portal, "money_kept")


@pytest.mark.parametrize("rows", ["removed", "reversed"])
@pytest.mark.parametrize("carries", NAMING)
def test_r3_8_money_that_was_given_back_goes_with_the_bill(portal: Portal, carries: str, rows: str) -> None:
    switch(portal.world.store, "clio_deleted_payment_rows", rows)
    rows_carry(portal, carries)
    bill, payment = paid_in_part(portal)
    portal.clio.delete_payment(payment)
    portal.clio.void_bill(bill)
    run = portal.run()
    assert (run.outcome, payments(portal), portal.invoice("1")["TotalAmt"]) == ("in_sync", [], 0)
    assert account(portal, "receivable") == account(portal, "undeposited") == 0
    settled(portal)


@pytest.mark.parametrize("row", ["smaller", "own"])
@pytest.mark.parametrize("carries", NAMING)
def test_r4_8_money_refunded_in_whole_goes_with_the_bill(portal: Portal, carries: str, row: str) -> None:
    switch(portal.world.store, "clio_refund_row", row)
    rows_carry(portal, carries)
    bill, payment = paid_in_part(portal)
    portal.clio.refund_payment(payment, Decimal(40), FEBRUARY)
    portal.clio.void_bill(bill)
    portal.run()
    assert (payments(portal), portal.invoice("1")["TotalAmt"]) == ([], 0)
    settled(portal)


@pytest.mark.parametrize("row", ["smaller", "own"])
def test_r4_8_a_refund_in_part_reduces_the_payment_whatever_the_bank_shows_of_it(portal: Portal, row: str) -> None:
    switch(portal.world.store, "clio_refund_row", row)
    _, payment = paid_in_part(portal)
    portal.clio.refund_payment(payment, Decimal(15), FEBRUARY)
    portal.run()
    assert (payments(portal), portal.invoice("1")["Balance"]) == ([(25, 0)], 75)
    settled(portal)


@pytest.mark.parametrize("rows", ["removed", "reversed"])
def test_r3_8_money_given_back_later_lifts_the_block(portal: Portal, rows: str) -> None:
    switch(portal.world.store, "clio_deleted_payment_rows", rows)
    bill, payment = paid_in_part(portal)
    portal.clio.void_bill(bill, keep_money=True)
    portal.run()
    portal.clio.delete_payment(payment)
    portal.run()
    assert (payments(portal), portal.invoice("1")["TotalAmt"]) == ([], 0)
    settled(portal)


def test_r3_8_where_bank_rows_say_nothing_the_void_goes_on_and_a_person_is_told(portal: Portal) -> None:
    rows_carry(portal, "neither")
    bill, payment = paid_in_part(portal)
    portal.clio.void_bill(bill, keep_money=True)
    run = portal.run()
    assert (run.outcome, payments(portal), portal.invoice("1")["TotalAmt"]) == ("in_sync", [], 0)
    assert portal.issue("money_unproven").practice_id == str(payment)
    settled(portal, "money_unproven")
    portal.resolve("money_unproven", "ignore")
    portal.run()
    settled(portal)


def test_r3_8_where_clio_hides_its_bank_rows_the_void_goes_on_and_a_person_is_told(portal: Portal) -> None:
    bill, _ = paid_in_part(portal)
    portal.wire.before.append(banks_hidden)
    portal.clio.void_bill(bill, keep_money=True)
    portal.run()
    portal.resolve("run_held", "apply")
    portal.run()
    assert payments(portal) == []
    assert "whether the money of a voided payment was kept" in portal.issue("permission_lost").message
    settled(portal, "permission_lost", "money_unproven")
    portal.wire.before.remove(banks_hidden)
    portal.run()
    assert portal.codes() == ["money_unproven"]  # the row is there: the money was kept


def test_r3_8_the_same_once_the_rows_can_be_read_and_show_that_it_was_given_back(portal: Portal) -> None:
    bill, payment = paid_in_part(portal)
    portal.wire.before.append(banks_hidden)
    portal.clio.delete_payment(payment)
    portal.clio.void_bill(bill)
    portal.run()
    portal.resolve("run_held", "apply")
    portal.run()
    assert "money_unproven" in portal.codes()
    portal.wire.before.remove(banks_hidden)
    portal.run()
    settled(portal)


@pytest.mark.parametrize("voided", [0, 1])
@pytest.mark.parametrize("carries", NAMING)
def test_r3_8_a_payment_of_two_bills_keeps_what_it_was_when_one_is_voided(
    portal: Portal, carries: str, voided: int
) -> None:
    rows_carry(portal, carries)
    ann = portal.contact()
    bills = [portal.bill("100.00", contact=ann, number="1"), portal.bill("50.00", contact=ann, number="2")]
    portal.clio.record_payment(ann, [(bills[0], Decimal(100)), (bills[1], Decimal(50))], FEBRUARY)
    portal.run()
    portal.clio.void_bill(bills[voided], keep_money=True)
    portal.run()
    assert payments(portal) == [(150, 0)]
    assert portal.issue("void_blocked").practice_id == str(bills[voided])
    settled(portal, "void_blocked", "money_kept", but=bills)


def test_r3_8_money_from_trust_that_clio_kept_stays_as_well(portal: Portal) -> None:
    ann = portal.contact()
    portal.clio.trust_deposit(ann, Decimal(100), date(2026, 2, 1), source="Retainer", reference="1")
    bill = portal.bill("100.00", contact=ann, number="1")
    portal.clio.pay_from_trust(bill, Decimal(100), FEBRUARY, reference="2")
    portal.run()
    portal.clio.void_bill(bill, keep_money=True)
    before = portal.writes()
    portal.run()
    assert portal.writes() == before
    settled(portal, "void_blocked", "money_kept", but=[bill])


def test_r4_2_money_taken_off_a_bill_and_kept_becomes_open_credit(portal: Portal) -> None:
    bill, payment = paid_in_part(portal)
    portal.clio.edit_payment(payment, [], amount=Decimal(40))
    portal.run()
    assert (payments(portal), portal.invoice("1")["Balance"]) == ([(40, 40)], 100)
    assert account(portal, "undeposited") == 40
    settled(portal, "money_kept")
    assert all(one.reason for one in proven(portal).explained)
    other = portal.bill("30.00", contact=portal.clio.bill(bill)["client_id"], number="2")
    portal.clio.pay_from_operating_funds(other, Decimal(30), FEBRUARY)
    portal.run()
    assert (payments(portal), portal.invoice("2")["Balance"]) == ([(40, 10)], 0)
    settled(portal, "money_kept")


def test_r3_8_only_payments_without_a_bill_have_their_rows_read_again(portal: Portal) -> None:
    ann = portal.contact()
    first, second = portal.bill("100.00", contact=ann), portal.bill("50.00", contact=ann)
    portal.pay(first, 40)
    gone = portal.pay(second, 50)
    portal.run()
    portal.clio.delete_payment(gone)
    before = len(portal.log)
    portal.run()
    asked = [query for _, path, query in portal.log[before:] if "bank_transactions" in path and "ids" in query]
    assert len(asked) == 1
    settled(portal)
    before = len(portal.log)
    portal.run()
    assert [q for _, path, q in portal.log[before:] if "bank_transactions" in path and "ids" in q] == []
    assert Record.objects.of(portal.firm).filter(entity="bank_transactions").exclude(missing_since=None).count() == 1
