"""R4: payments, which Clio shows only as allocations."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations import mapping
from integrations.core import mapping as keys
from integrations.models import EntityLink, Issue, Mapping
from integrations.sandbox.clio.office import BillLine
from integrations.sandbox.clio.switches import switch
from tests.portal import Portal
from tests.sync.books import account, settled

FEBRUARY = date(2026, 2, 20)


def payments(portal: Portal) -> list[tuple[Decimal, Decimal]]:
    """(total, unapplied) of every QuickBooks payment that was not voided."""
    found = [(doc["TotalAmt"], doc["UnappliedAmt"]) for doc in portal.quickbooks.all("Payment")]
    return [(Decimal(total), Decimal(left)) for total, left in found if total]


def invoice_of(portal: Portal, bill: int) -> dict[str, object]:
    return portal.invoice(portal.clio.bill(bill)["number"])


def test_r4_1_the_receipt_tells_the_whole_amount_and_the_reference(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("1000.00", contact=ann)
    portal.clio.record_payment(ann, [(bill, Decimal(1000))], FEBRUARY, amount=Decimal(1200), reference="CHQ 17")
    portal.run()
    assert payments(portal) == [(1200, 200)]
    (payment,) = portal.quickbooks.all("Payment")
    assert (payment["PaymentRefNum"], payment["TxnDate"]) == ("CHQ 17", "2026-02-20")
    settled(portal)


def test_r4_1_a_reference_entered_later_reaches_the_payment(portal: Portal) -> None:
    bill = portal.bill("100.00")
    payment = portal.pay(bill, 100)
    portal.run()
    portal.clio.edit_payment(payment, reference="CHQ 99")
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    assert posted["PaymentRefNum"] == "CHQ 99"
    settled(portal)


def test_r4_1_a_pending_card_payment_is_posted_when_it_is_completed(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("100.00", contact=ann)
    payment = portal.clio.record_payment(ann, [(bill, Decimal(100))], FEBRUARY, pending=True)
    portal.run()
    assert payments(portal) == []
    settled(portal)
    portal.clio.complete_payment(payment)
    portal.run()
    assert payments(portal) == [(100, 0)]
    settled(portal)


def test_r4_1_one_that_fails_leaves_nothing(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("100.00", contact=ann)
    portal.clio.fail_payment(portal.clio.record_payment(ann, [(bill, Decimal(100))], FEBRUARY, pending=True))
    portal.run()
    assert payments(portal) == []
    settled(portal)


def test_r4_2_one_payment_pays_several_bills_with_a_line_for_each(portal: Portal) -> None:
    ann = portal.contact()
    bills = [portal.bill("100.00", contact=ann), portal.bill("50.00", contact=ann)]
    portal.clio.record_payment(ann, [(bills[0], Decimal(100)), (bills[1], Decimal(20))], FEBRUARY)
    portal.run()
    assert payments(portal) == [(120, 0)]
    assert [invoice_of(portal, bill)["Balance"] for bill in bills] == [0, 30]
    settled(portal)


def test_r4_2_a_payment_for_two_contacts_is_a_payment_of_each_and_what_is_over_stays_with_the_payer(
    portal: Portal,
) -> None:
    switch(portal.world.store, "clio_payment_of_others", "accepted")
    ann, bo = portal.contact(), portal.contact("Bo", "Ng", "bo@example.com")
    bills = [portal.bill("100.00", contact=ann), portal.bill("50.00", contact=bo)]
    parts = [(bills[0], Decimal(100)), (bills[1], Decimal(20))]
    payment = portal.clio.record_payment(bo, parts, FEBRUARY, amount=Decimal(130))
    portal.run()
    assert sorted(payments(portal)) == [(30, 10), (100, 0)]
    assert [invoice_of(portal, bill)["Balance"] for bill in bills] == [0, 30]
    links = EntityLink.objects.of(portal.firm).filter(kind="payment", practice_id=str(payment))
    assert sorted(links.values_list("leg", flat=True)) == sorted([str(ann), str(bo)])
    settled(portal)


def test_r4_2_the_leg_of_a_payment_is_its_customer(portal: Portal) -> None:
    ann = portal.contact()
    payment = portal.pay(portal.bill("100.00", contact=ann), 100)
    portal.run()
    link = EntityLink.objects.of(portal.firm).get(kind="payment")
    assert (link.practice_id, link.leg) == (str(payment), str(ann))


def test_r4_2_contacts_merged_in_clio_move_bill_and_payment_without_new_cash(portal: Portal) -> None:
    ann, anna = portal.contact(), portal.contact("Anna", "Lee", "anna@example.com")
    portal.bill("10.00", contact=anna)
    bill = portal.bill("100.00", contact=ann)
    portal.pay(bill, 40)
    portal.run()
    portal.clio.merge_contacts(anna, ann)
    portal.run()
    portal.run()
    assert [total for total, _ in payments(portal)] == [40]
    assert account(portal, "undeposited") == 40
    settled(portal)


def test_r4_3_the_worked_example_of_money_held_on_account(portal: Portal) -> None:
    """1,200 received on a bill of 1,000; later 200 of it pays bill 2: one Payment of 1,200, cash 1,200."""
    ann = portal.contact()
    first = portal.bill("1000.00", contact=ann)
    portal.clio.record_payment(ann, [(first, Decimal(1000))], FEBRUARY, amount=Decimal(1200))
    portal.run()
    second = portal.bill("500.00", contact=ann)
    portal.clio.pay_from_operating_funds(second, Decimal(200), date(2026, 3, 1))
    portal.run()
    assert payments(portal) == [(1200, 0)]
    (payment,) = portal.quickbooks.all("Payment")
    assert sorted(row["Amount"] for row in payment["Line"]) == [200, 1000]
    assert account(portal, "undeposited") == 1200
    settled(portal)


def test_r4_3_money_quickbooks_does_not_show_is_an_issue(portal: Portal) -> None:
    """The over-payment was on a bill from before the start date, so nothing of it is in QuickBooks."""
    ann = portal.contact()
    old = portal.bill("100.00", contact=ann, issued=date(2025, 6, 1))
    portal.clio.record_payment(ann, [(old, Decimal(100))], date(2025, 6, 2), amount=Decimal(300))
    bill = portal.bill("500.00", contact=ann)
    portal.clio.pay_from_operating_funds(bill, Decimal(200), date(2026, 3, 1))
    portal.run()
    assert "200.00" in portal.issue("credit_missing").message
    settled(portal, "credit_missing", but=[bill])


def test_r4_4_a_payment_goes_to_the_account_its_clio_account_is_mapped_to(portal: Portal) -> None:
    second = portal.clio.add_bank_account("Second", "Operating", "USD")
    checking = portal.quickbooks.account_id("checking")
    work = portal.workspace()
    mapping.read_targets(work)
    mapping.save(portal.pairing, {keys.deposit_key(str(second)): checking})
    ann = portal.contact()
    bill = portal.bill("100.00", contact=ann)
    portal.clio.record_payment(ann, [(bill, Decimal(60))], FEBRUARY)
    portal.clio.record_payment(ann, [(bill, Decimal(40))], FEBRUARY, destination_id=second)
    portal.run()
    assert (account(portal, "undeposited"), account(portal, "checking")) == (60, 40)
    settled(portal)


def test_r4_4_a_payment_from_trust_goes_to_the_account_in_transit_and_never_to_trust(portal: Portal) -> None:
    for part in ("bank", "liability"):
        Mapping.objects.of(portal.firm).filter(key__startswith=f"account:trust_{part}").delete()
    ann = portal.contact()
    bill = portal.bill("100.00", contact=ann)
    trust = portal.clio.first_account("Trust")
    portal.clio.trust_deposit(ann, Decimal(500), date(2026, 2, 1), bank_account_id=trust)
    portal.clio.pay_from_trust(bill, Decimal(100), FEBRUARY)
    portal.run()
    (payment,) = portal.quickbooks.all("Payment")
    assert payment["DepositToAccountRef"]["name"] == "Trust Transfers in Transit"
    balances = portal.quickbooks.trial_balance()
    trusts = [row["Id"] for row in portal.quickbooks.all("Account") if "Trust" in row.get("AccountSubType", "")]
    assert not [id for id in trusts if balances.get(id)]
    settled(portal, "trust_unmapped")


def test_r4_5_a_payment_of_earlier_bills_only_is_left_out_and_counted(portal: Portal) -> None:
    ann = portal.contact()
    old = portal.bill("100.00", contact=ann, issued=date(2025, 6, 1))
    portal.pay(old, 70)
    request = portal.bill("900.00", contact=ann, kind="trust_kind")
    portal.clio.record_payment(
        ann, [(request, Decimal(900))], FEBRUARY, destination_id=portal.clio.first_account("Trust")
    )
    portal.bill("10.00", contact=ann)
    run = portal.run()
    assert run.left_out == {"payments": 1, "amount": "70.00"}
    assert payments(portal) == []
    settled(portal)


def test_r4_5_the_worked_example_of_a_cheque_that_also_pays_an_earlier_bill(portal: Portal) -> None:
    """One cheque of 1,500 on an in-scope bill (1,000) and an earlier one (500): Payment 1,500, 500 unapplied."""
    ann = portal.contact()
    old, new = portal.bill("500.00", contact=ann, issued=date(2025, 6, 1)), portal.bill("1000.00", contact=ann)
    portal.clio.record_payment(ann, [(new, Decimal(1000)), (old, Decimal(500))], FEBRUARY)
    run = portal.run()
    assert (run.outcome, payments(portal)) == ("in_sync", [(1500, 500)])
    assert portal.issue("payment_partly_outside").severity == "info"
    settled(portal, "payment_partly_outside")


def test_r4_5_a_line_a_person_adds_for_another_invoice_is_no_drift_and_stays(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("1000.00", contact=ann, number="1")
    payment = portal.clio.record_payment(ann, [(bill, Decimal(1000))], FEBRUARY, amount=Decimal(1500))
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    customer, item = posted["CustomerRef"]["value"], portal.quickbooks.all("Item")[0]["Id"]
    theirs = portal.quickbooks.create_invoice(customer, [(item, 500)], number="OLD")
    lines = [*posted["Line"], {"Amount": 500, "LinkedTxn": [{"TxnId": theirs["Id"], "TxnType": "Invoice"}]}]
    portal.quickbooks.edit("Payment", posted["Id"], Line=lines)
    portal.run()
    settled(portal)
    portal.clio.edit_payment(payment, reference="CHQ 1")
    portal.run()
    assert portal.invoice("OLD")["Balance"] == 0
    settled(portal)


@pytest.mark.parametrize("days_apart, offered", [(5, True), (6, False)])
def test_r4_6_an_unlinked_payment_of_the_same_amount_within_five_days_is_offered(
    portal: Portal, days_apart: int, offered: bool
) -> None:
    ann = portal.quickbooks.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})
    theirs = portal.quickbooks.receive_payment(ann["Id"], 100, TxnDate=f"2026-02-{20 - days_apart:02d}")
    bill = portal.bill("100.00")
    portal.pay(bill, 100)
    portal.run()
    if offered:
        assert portal.issue("payment_exists").ledger_id == theirs["Id"]
        settled(portal, "payment_exists", but=[bill])
    else:
        assert payments(portal) == [(100, 100), (100, 0)]


def offered_payment(portal: Portal) -> str:
    ann = portal.quickbooks.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})
    theirs = portal.quickbooks.receive_payment(ann["Id"], 100, TxnDate="2026-02-19", PrivateNote="by hand")
    portal.pay(portal.bill("100.00"), 100)
    portal.run()
    return str(theirs["Id"])


def test_r4_6_adopting_it_links_it_and_pays_the_invoice_with_it(portal: Portal) -> None:
    theirs = offered_payment(portal)
    portal.resolve("payment_exists", "adopt")
    portal.run()
    assert payments(portal) == [(100, 0)]
    assert "by hand" in portal.quickbooks.get("Payment", theirs)["PrivateNote"]
    settled(portal)


def test_r4_6_a_deposited_payment_of_another_day_is_adopted_with_its_own_date(portal: Portal) -> None:
    theirs = offered_payment(portal)
    portal.quickbooks.deposit_payments([theirs])
    portal.run()
    portal.resolve("payment_exists", "adopt")
    portal.run()
    adopted = portal.quickbooks.get("Payment", theirs)
    assert (payments(portal), adopted["TxnDate"]) == ([(100, 0)], "2026-02-19")
    (kept,) = Issue.objects.of(portal.firm).filter(state="accepted")
    assert kept.details["fields"] == [{"label": "Date", "ours": "2026-02-20", "theirs": "2026-02-19"}]
    settled(portal)


def test_r4_6_saying_that_they_are_two_posts_the_second(portal: Portal) -> None:
    offered_payment(portal)
    portal.resolve("payment_exists", "post")
    portal.run()
    assert payments(portal) == [(100, 100), (100, 0)]
    settled(portal)


def test_r4_7_an_edited_payment_is_updated_in_place(portal: Portal) -> None:
    ann = portal.contact()
    first, second = portal.bill("100.00", contact=ann), portal.bill("100.00", contact=ann)
    payment = portal.pay(first, 100)
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    portal.clio.edit_payment(payment, [(first, Decimal(30)), (second, Decimal(90))], on=date(2026, 2, 25))
    portal.run()
    (now,) = portal.quickbooks.all("Payment")
    assert (now["Id"], now["TotalAmt"], now["TxnDate"]) == (posted["Id"], 120, "2026-02-25")
    assert [invoice_of(portal, bill)["Balance"] for bill in (first, second)] == [70, 10]
    settled(portal)


def test_r4_7_a_payment_entered_anew_moves_the_link_to_the_same_document(portal: Portal) -> None:
    bill = portal.bill("100.00")
    old = portal.pay(bill, 100)
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    portal.clio.delete_payment(old)
    new = portal.pay(bill, 80)
    portal.run()
    (now,) = portal.quickbooks.all("Payment")
    assert (now["Id"], now["TotalAmt"]) == (posted["Id"], 80)
    links = EntityLink.objects.of(portal.firm).filter(kind="payment")
    assert {link.practice_id: link.state for link in links} == {str(old): "unlinked", str(new): "live"}
    settled(portal)


@pytest.mark.parametrize("action, left", [("restore", 80), ("accept_theirs", 70), ("unlink", 70)])
def test_r4_7_what_a_person_did_to_the_old_one_is_decided_of_the_one_entered_anew(
    portal: Portal, action: str, left: int
) -> None:
    bill = portal.bill("100.00")
    old = portal.pay(bill, 100)
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    (line,) = posted["Line"]
    portal.quickbooks.edit("Payment", posted["Id"], TotalAmt=70, Line=[{**line, "Amount": 70}])
    portal.clio.delete_payment(old)
    new = portal.pay(bill, 80)
    portal.run()
    assert payments(portal) == [(70, 0)]
    assert (portal.issue("drift").practice_id, portal.codes()) == (str(new), ["drift"])
    assert portal.run().counts.get("payment", {}).get("waiting", 0) == 0
    portal.resolve("drift", action)
    portal.run()
    assert payments(portal) == [(left, 0)]
    settled(portal, *(["payment_only_in_quickbooks"] if action == "unlink" else []), but=[bill] if left < 80 else [])


def test_r4_7_the_worked_example_of_a_deposited_payment_entered_anew(portal: Portal) -> None:
    """1,000 paid and deposited; in Clio deleted, the bill edited to 900, 900 entered: one payment, cash 1,000."""
    bill = portal.bill("1000.00", number="1")
    old = portal.pay(bill, 1000)
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    deposit = portal.quickbooks.deposit_payments([posted["Id"]])
    portal.clio.delete_payment(old)
    portal.clio.edit_bill(bill, lines=[BillLine("Advice", Decimal(900), date=date(2026, 2, 2))])
    portal.pay(bill, 900)
    portal.run()
    assert payments(portal) == [(1000, 0)]
    assert "deposited_payment" in portal.codes()
    assert account(portal, "checking") == 1000
    assert portal.invoice("1")["TotalAmt"] == 1000  # nothing half-applied
    before = portal.writes()
    portal.run()
    assert portal.writes() == before
    portal.quickbooks.delete("Deposit", deposit["Id"])
    portal.resolve("deposited_payment", "retry")
    portal.run()
    assert payments(portal) == [(900, 0)]
    settled(portal)


def test_r4_8_a_refund_reduces_the_payment_in_place(portal: Portal) -> None:
    bill = portal.bill("100.00")
    payment = portal.pay(bill, 100)
    portal.run()
    portal.clio.edit_payment(payment, [(bill, Decimal(60))], amount=Decimal(60))
    portal.run()
    assert payments(portal) == [(60, 0)]
    settled(portal)


def test_r4_8_a_deleted_payment_is_voided_and_its_invoice_owed_again(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    payment = portal.pay(bill, 100)
    portal.run()
    portal.clio.delete_payment(payment)
    portal.run()
    assert (payments(portal), portal.invoice("1")["Balance"]) == ([], 100)
    assert account(portal, "undeposited") == 0
    settled(portal)


def refunds_from_checking(portal: Portal) -> None:
    work = portal.workspace()
    mapping.read_targets(work)
    mapping.save(portal.pairing, {keys.REFUND: portal.quickbooks.account_id("checking")})


def test_r4_8_a_refund_of_a_deposited_payment_is_one_expense_and_never_both(portal: Portal) -> None:
    refunds_from_checking(portal)
    bill = portal.bill("1000.00", number="1")
    payment = portal.pay(bill, 1000)
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    portal.quickbooks.deposit_payments([posted["Id"]])
    portal.clio.edit_payment(payment, [(bill, Decimal(700))], amount=Decimal(700))
    portal.run()
    before = portal.writes()
    settled(portal, "deposited_payment", but=[bill])
    portal.resolve("deposited_payment", "refund")
    run = portal.run()
    assert (run.outcome, portal.writes()) == ("in_sync", before + 2)  # the expense, and what the payment pays
    (expense,) = portal.quickbooks.all("Purchase")
    assert (expense["TotalAmt"], expense["EntityRef"]["type"]) == (300, "Customer")
    assert payments(portal) == [(1000, 300)]
    assert (account(portal, "checking"), account(portal, "receivable")) == (700, 300)
    assert portal.invoice("1")["Balance"] == 300
    settled(portal)


def test_r4_8_a_deposited_payment_deleted_in_clio_is_refunded_whole(portal: Portal) -> None:
    refunds_from_checking(portal)
    bill = portal.bill("1000.00", number="1")
    payment = portal.pay(bill, 1000)
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    portal.quickbooks.deposit_payments([posted["Id"]])
    portal.clio.delete_payment(payment)
    portal.run()
    portal.resolve("deposited_payment", "refund")
    portal.run()
    assert (account(portal, "checking"), account(portal, "receivable")) == (0, 1000)
    settled(portal)
    again = portal.pay(bill, 1000, date(2026, 3, 3))
    portal.run()
    assert EntityLink.objects.of(portal.firm).get(practice_id=str(again)).ledger_id != posted["Id"]
    assert account(portal, "receivable") == 0
    settled(portal)


def test_r4_2_one_cheque_for_two_customers_is_a_payment_of_each(portal: Portal) -> None:
    """Clio names one payer, but the second bill is another client's."""
    ann, bo = portal.contact(), portal.contact("Bo", "Ray", "bo@example.com")
    bills = [portal.bill("100.00", contact=ann, number="1"), portal.bill("50.00", contact=ann, number="2")]
    payment = portal.clio.record_payment(ann, [(bills[0], Decimal(100)), (bills[1], Decimal(50))], FEBRUARY)

    def of_bo(path: str, answer: Any) -> None:
        for row in answer["data"] if "/bills.json" in path else ():
            if row["id"] == bills[1]:
                row["client"] = {**row["client"], "id": bo}

    portal.wire.tamper.append(of_bo)
    portal.run()
    assert sorted(payments(portal)) == [(50, 0), (100, 0)]
    assert [portal.invoice(number)["Balance"] for number in ("1", "2")] == [0, 0]
    legs = EntityLink.objects.of(portal.firm).filter(kind="payment", practice_id=str(payment))
    assert {link.leg for link in legs} == {str(ann), str(bo)}
    settled(portal)
    portal.clio.delete_payment(payment)
    portal.run()
    assert payments(portal) == []
    settled(portal, but=bills)
