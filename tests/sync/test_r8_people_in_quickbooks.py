"""R8 and R10: what people do to our documents in QuickBooks, what is decided about it, and what stays listed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import EntityLink, Issue, Pairing, SyncEvent
from integrations.resolving import resolve
from integrations.sandbox.clio.lines import BillLine
from integrations.sandbox.quickbooks.switches import set_switch
from tests.portal import Portal
from tests.sync.books import account, settled


def posted(portal: Portal, amount: str = "1000.00", paid: int = 400) -> int:
    """Bill 1 of 1,000 with 400 paid, in QuickBooks."""
    bill = portal.bill(amount, number="1")
    if paid:
        portal.pay(bill, paid)
    portal.run()
    return bill


def the_payment(portal: Portal) -> dict[str, Any]:
    (found,) = [doc for doc in portal.quickbooks.all("Payment") if doc["TotalAmt"]]
    return found


def accepted(portal: Portal) -> list[str]:
    return sorted(Issue.objects.of(portal.firm).filter(state="accepted").values_list("code", flat=True))


def edit_amount(portal: Portal, amount: str) -> None:
    invoice = portal.invoice("1")
    line = {**invoice["Line"][0], "Amount": Decimal(amount)}
    line["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "Qty": 1, "UnitPrice": Decimal(amount)}
    portal.quickbooks.edit_invoice(invoice["Id"], Line=[line])


def test_r8_an_invoice_whose_amount_a_person_changed_is_drift_although_clio_is_unchanged(portal: Portal) -> None:
    bill = posted(portal)
    edit_amount(portal, "1000.01")
    run = portal.run()
    issue = portal.issue("drift")
    assert (run.outcome, issue.severity, issue.practice_id) == ("issues", "error", str(bill))
    assert {"label": "Amount", "ours": "1000.00", "theirs": "1000.01"} in issue.details["fields"]
    settled(portal, "drift", but=[bill])


def test_r8_restoring_writes_clios_version_in_place(portal: Portal) -> None:
    posted(portal)
    made = portal.invoice("1")
    edit_amount(portal, "1200.00")
    portal.quickbooks.edit_invoice(made["Id"], DocNumber="X", TxnDate="2026-02-09")
    portal.run()
    portal.resolve("drift", "restore")
    run = portal.run()
    assert run.counts["invoice"]["updated"] == 1
    now = portal.invoice("1")
    assert (now["Id"], now["TotalAmt"], now["TxnDate"]) == (made["Id"], 1000, "2026-02-02")
    settled(portal)


def test_r8_a_voided_invoice_is_drift_and_restoring_it_applies_its_payment_again(portal: Portal) -> None:
    bill = posted(portal)
    portal.quickbooks.void_invoice(portal.invoice("1")["Id"])
    portal.run()
    assert "voided in QuickBooks" in portal.issue("drift").message
    settled(portal, "drift", but=[bill])
    portal.resolve("drift", "restore")
    portal.run()
    assert (portal.invoice("1")["TotalAmt"], portal.invoice("1")["Balance"]) == (1000, 600)
    settled(portal)


def test_r8_a_deleted_invoice_is_never_silently_created_again_and_restored_with_a_new_link(portal: Portal) -> None:
    bill = posted(portal)
    made = portal.invoice("1")
    portal.quickbooks.delete_invoice(made["Id"])
    portal.run()
    assert portal.issue("deleted_in_ledger").practice_id == str(bill)
    settled(portal, "deleted_in_ledger", but=[bill])
    assert portal.quickbooks.all("Invoice") == []
    portal.resolve("deleted_in_ledger", "restore")
    portal.run()
    now = portal.invoice("1")
    assert (now["Id"] != made["Id"], now["Balance"]) == (True, 600)
    assert EntityLink.objects.of(portal.firm).get(kind="invoice").ledger_id == now["Id"]
    settled(portal)


@pytest.mark.parametrize("undo, code", [("void", "drift"), ("delete", "deleted_in_ledger")])
def test_r8_a_payment_voided_or_deleted_by_a_person_is_restored_as_a_new_one(
    portal: Portal, undo: str, code: str
) -> None:
    bill = posted(portal)
    getattr(portal.quickbooks, undo)("Payment", the_payment(portal)["Id"])
    portal.run()
    settled(portal, code, but=[bill])
    assert account(portal, "undeposited") == 0
    portal.resolve(code, "restore")
    portal.run()
    assert (account(portal, "undeposited"), portal.invoice("1")["Balance"]) == (400, 600)
    settled(portal)


def test_r8_a_payment_taken_off_its_invoice_is_drift_and_restoring_applies_it_again(portal: Portal) -> None:
    bill = posted(portal)
    portal.quickbooks.edit("Payment", the_payment(portal)["Id"], Line=[])
    portal.run()
    assert portal.issue("drift").kind == "payment"
    settled(portal, "drift", but=[bill])
    portal.resolve("drift", "restore")
    portal.run()
    settled(portal)


def test_r8_accepting_theirs_lasts_until_clio_changes_again(portal: Portal) -> None:
    bill = posted(portal)
    edit_amount(portal, "1000.01")
    portal.run()
    portal.resolve("drift", "accept_theirs")
    assert portal.run().outcome == "in_sync"
    assert accepted(portal) == ["drift"]
    settled(portal, but=[bill])
    assert portal.invoice("1")["TotalAmt"] == Decimal("1000.01")
    portal.clio.edit_bill(bill, due_at=date(2026, 6, 6))
    portal.run()
    assert (portal.invoice("1")["TotalAmt"], portal.invoice("1")["DueDate"]) == (1000, "2026-06-06")
    assert accepted(portal) == []
    settled(portal)


def test_r10_an_accepted_difference_opens_again_when_its_facts_change(portal: Portal) -> None:
    bill = posted(portal, paid=0)
    edit_amount(portal, "1000.01")
    portal.run()
    portal.resolve("drift", "accept_theirs")
    portal.run()
    edit_amount(portal, "1250.00")
    assert portal.run().outcome == "issues"
    assert "1,250.00" in portal.issue("drift").message
    settled(portal, "drift", but=[bill])


def test_r10_an_ignored_difference_opens_again_when_its_facts_change(portal: Portal) -> None:
    bill = posted(portal, paid=0)
    edit_amount(portal, "1000.01")
    portal.run()
    portal.resolve("drift", "ignore")
    assert portal.run().outcome == "in_sync"
    edit_amount(portal, "1250.00")
    portal.run()
    settled(portal, "drift", but=[bill])


def test_r10_an_accepted_difference_can_be_opened_again_and_decided_anew(portal: Portal) -> None:
    bill = posted(portal, paid=0)
    edit_amount(portal, "1000.01")
    portal.run()
    portal.resolve("drift", "accept_theirs")
    portal.run()
    issue = Issue.objects.of(portal.firm).get(state="accepted")
    resolve(issue, "reopen", portal.owner, portal.clock, note="the client disagrees")
    settled(portal, "drift", but=[bill])
    portal.resolve("drift", "restore")
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 1000
    settled(portal)


def test_r10_each_resolution_is_in_the_journal_with_who_and_why(portal: Portal) -> None:
    posted(portal)
    edit_amount(portal, "1000.01")
    portal.run()
    resolve(portal.issue("drift"), "accept_theirs", portal.owner, portal.clock, note="rounded by hand")
    portal.run()
    decided = SyncEvent.objects.of(portal.firm).get(outcome="decided")
    assert (decided.actor, decided.message) == (portal.owner, "Accept QuickBooks's version: rounded by hand")
    carried_out = SyncEvent.objects.of(portal.firm).get(outcome="accepted")
    assert carried_out.message == "QuickBooks's version was accepted"
    issue = Issue.objects.of(portal.firm).get(state="accepted")
    assert (issue.action, issue.decided_by, issue.note) == ("accept_theirs", portal.owner, "rounded by hand")


def test_r8_an_unlinked_invoice_is_kept_by_hand_and_never_posted_again(portal: Portal) -> None:
    bill = posted(portal)
    portal.quickbooks.renumber_invoice(portal.invoice("1")["Id"], "by hand")
    portal.run()
    portal.resolve("drift", "unlink")
    portal.run()
    assert accepted(portal) == ["drift"]
    settled(portal, but=[bill])
    portal.quickbooks.delete_invoice(portal.invoice("by hand")["Id"])
    portal.clio.edit_bill(bill, due_at=date(2026, 6, 6))
    settled(portal, but=[bill])
    assert portal.quickbooks.all("Invoice") == []


def test_r8_an_unlinked_invoice_can_be_linked_again(portal: Portal) -> None:
    bill = posted(portal)
    portal.quickbooks.renumber_invoice(portal.invoice("1")["Id"], "by hand")
    portal.run()
    portal.resolve("drift", "unlink")
    portal.run()
    resolve(Issue.objects.of(portal.firm).get(state="accepted"), "reopen", portal.owner, portal.clock)
    settled(portal, "drift", but=[bill])
    portal.resolve("drift", "restore")
    portal.run()
    assert portal.invoice("1")["Balance"] == 600
    settled(portal)


def test_r8_a_payment_of_an_unlinked_invoice_is_for_a_person_to_enter(portal: Portal) -> None:
    bill = posted(portal, paid=0)
    portal.quickbooks.renumber_invoice(portal.invoice("1")["Id"], "by hand")
    portal.run()
    portal.resolve("drift", "unlink")
    portal.pay(bill, 250)
    portal.run()
    assert portal.issue("kept_by_hand").severity == "warning"
    settled(portal, "kept_by_hand", but=[bill])


def test_r8_an_invoice_voided_on_both_sides_needs_nobody(portal: Portal) -> None:
    bill = posted(portal, paid=0)
    portal.quickbooks.void_invoice(portal.invoice("1")["Id"])
    portal.clio.void_bill(bill)
    portal.run()
    assert EntityLink.objects.of(portal.firm).get(kind="invoice").state == "voided"
    settled(portal)


def test_r8_what_is_not_ours_on_our_documents_is_no_drift(portal: Portal) -> None:
    posted(portal)
    portal.quickbooks.edit_invoice(portal.invoice("1")["Id"], CustomerMemo={"value": "Thank you"})
    portal.quickbooks.edit("Payment", the_payment(portal)["Id"], PrivateNote="seen by Bo")
    portal.run()
    settled(portal)


def pay_by_hand(portal: Portal, amount: int, **members: Any) -> str:
    invoice = portal.invoice("1")
    customer = invoice["CustomerRef"]["value"]
    return str(portal.quickbooks.receive_payment(customer, amount, {invoice["Id"]: amount}, **members)["Id"])


@pytest.mark.parametrize("bumps", [True, False])
def test_r8_a_payment_entered_only_in_quickbooks_is_said_and_closes_by_itself(portal: Portal, bumps: bool) -> None:
    set_switch(portal.world.store, "payment_bumps_invoice", bumps)
    bill = posted(portal, paid=0)
    payment = pay_by_hand(portal, 250, TxnDate="2026-03-01")
    run = portal.run()
    issue = portal.issue("payment_only_in_quickbooks")
    assert (run.outcome, issue.severity) == ("in_sync", "info")
    assert "have: 250.00 of 1 Mar 2026. " in issue.message
    settled(portal, "payment_only_in_quickbooks", but=[bill])
    portal.quickbooks.delete("Payment", payment)
    portal.run()
    settled(portal)


def test_r8_where_less_of_an_invoice_is_left_clios_payment_waits_and_it_is_said_why(portal: Portal) -> None:
    """Bill of 1,000, 900 of it paid in QuickBooks alone; then Clio has a payment of 200."""
    bill = posted(portal, paid=0)
    theirs = pay_by_hand(portal, 900, TxnDate="2026-03-01")
    portal.pay(bill, 200)
    written = portal.writes()
    portal.run()
    issue = portal.issue("paid_otherwise")
    assert (issue.kind, issue.ledger_id, portal.writes()) == ("payment", theirs, written)
    assert "pays it too: 900.00 of 1 Mar 2026. " in issue.message
    settled(portal, "paid_otherwise", "payment_only_in_quickbooks", but=[bill])
    portal.quickbooks.delete("Payment", theirs)
    portal.run()
    assert portal.invoice("1")["Balance"] == 800
    settled(portal)


def test_r8_a_payment_that_grows_over_what_is_left_stays_as_it_is_until_there_is_room(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    payment = portal.pay(bill, 60)
    portal.run()
    theirs = pay_by_hand(portal, 900, TxnDate="2026-03-01")
    portal.clio.edit_payment(payment, [(bill, Decimal(200))])
    portal.run()
    assert portal.issue("paid_otherwise").kind == "payment"
    assert portal.invoice("1")["Balance"] == 40
    portal.quickbooks.delete("Payment", theirs)
    portal.run()
    assert portal.invoice("1")["Balance"] == 800
    settled(portal)


@pytest.mark.parametrize("how", ["moves", "shrinks"])
def test_r8_an_invoice_that_others_pay_cannot_follow_its_bill_until_they_let_go(portal: Portal, how: str) -> None:
    """QuickBooks changes the customer of no invoice that is paid, and makes none less than what is paid of it."""
    bill = posted(portal, paid=0)
    theirs = pay_by_hand(portal, 500, TxnDate="2026-03-01")
    if how == "moves":
        keep = portal.contact("Bo", "Ng", "bo@example.com")
        portal.clio.merge_contacts(keep, portal.clio.bill(bill)["client_id"])
    else:
        portal.clio.edit_bill(bill, [BillLine("Advice", Decimal("300.00"))])
    portal.run()
    assert portal.issue("paid_otherwise").kind == "invoice"
    assert portal.invoice("1")["TotalAmt"] == 1000
    settled(portal, "paid_otherwise", "payment_only_in_quickbooks", but=[bill])
    portal.quickbooks.delete("Payment", theirs)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == (1000 if how == "moves" else 300)
    settled(portal)


def test_r8_a_payment_somebody_applies_later_or_takes_off_again_is_noticed(portal: Portal) -> None:
    bill = posted(portal, paid=0)
    invoice = portal.invoice("1")
    loose = portal.quickbooks.receive_payment(invoice["CustomerRef"]["value"], 250)
    portal.run()
    settled(portal)
    line = {"Amount": 250, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    portal.quickbooks.edit("Payment", loose["Id"], Line=[line])
    portal.run()
    settled(portal, "payment_only_in_quickbooks", but=[bill])
    portal.quickbooks.edit("Payment", loose["Id"], Line=[])
    portal.run()
    settled(portal)


def test_r8_a_payment_offered_for_adoption_is_not_said_twice(portal: Portal) -> None:
    bill = posted(portal, paid=0)
    pay_by_hand(portal, 250, TxnDate="2026-02-21")
    portal.run()
    portal.pay(bill, 250)
    portal.run()
    settled(portal, "payment_exists", but=[bill])
    portal.resolve("payment_exists", "adopt")
    portal.run()
    settled(portal)


def test_r3_8_a_payment_our_copy_of_the_invoice_does_not_show_still_blocks_the_void(portal: Portal) -> None:
    set_switch(portal.world.store, "payment_bumps_invoice", False)
    bill = posted(portal, paid=0)
    pay_by_hand(portal, 250)
    portal.clio.void_bill(bill)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 1000
    settled(portal, "void_blocked", but=[bill])


def customer_of(portal: Portal, contact: int) -> str:
    return EntityLink.objects.of(portal.firm).get(kind="contact", practice_id=str(contact), state="live").ledger_id


@pytest.mark.parametrize("left", ["removed", "inactive"])
def test_r8_customers_merged_in_quickbooks_the_link_moves_to_the_survivor_by_itself(portal: Portal, left: str) -> None:
    set_switch(portal.world.store, "merged_customer", left)
    ann = portal.contact()
    bill = portal.bill("1000.00", contact=ann, number="1")
    portal.pay(bill, 400)
    portal.run()
    survivor = portal.quickbooks.create_customer("Ann Lee-Ek", PrimaryEmailAddr={"Address": "ann@example.com"})["Id"]
    portal.quickbooks.merge_customers(customer_of(portal, ann), survivor)
    run = portal.run()
    assert (run.outcome, portal.codes(), customer_of(portal, ann)) == ("in_sync", [], survivor)
    moved = SyncEvent.objects.of(portal.firm).get(kind="contact", outcome="adopted")
    assert moved.message == "its customer was merged into “Ann Lee-Ek” in QuickBooks"
    portal.run()
    settled(portal)
    portal.bill("50.00", contact=ann, number="2")
    portal.clio.edit_bill(bill, due_at=date(2026, 6, 6))
    portal.run()
    assert {portal.invoice(number)["CustomerRef"]["value"] for number in ("1", "2")} == {survivor}
    settled(portal)


@pytest.mark.parametrize("left", ["removed", "inactive"])
def test_r8_two_contacts_merged_into_one_customer_are_asked_about_and_can_be_told_apart_again(
    portal: Portal, left: str
) -> None:
    set_switch(portal.world.store, "merged_customer", left)
    ann, bo = portal.contact(), portal.contact("Bo", "Ray", "bo@example.com")
    first, other = portal.bill("1000.00", contact=ann, number="1"), portal.bill("70.00", contact=bo, number="2")
    portal.pay(first, 400)
    portal.run()
    survivor = customer_of(portal, bo)
    portal.quickbooks.merge_customers(customer_of(portal, ann), survivor)
    waiting = portal.bill("30.00", contact=ann, number="3")
    portal.run()
    assert portal.issue("customers_merged").practice_id == str(ann)
    settled(portal, "customers_merged", but=[first, waiting, other])
    portal.resolve("customers_merged", "create")
    run = portal.run()  # the payment lets go, the invoices move, and it takes hold again
    assert run.counts["payment"]["waiting"] == 0
    own = customer_of(portal, ann)
    assert own != survivor
    assert [portal.invoice(number)["CustomerRef"]["value"] for number in ("1", "2", "3")] == [own, survivor, own]
    assert the_payment(portal)["CustomerRef"]["value"] == own
    settled(portal)


def test_r8_a_customer_made_inactive_is_noticed_when_a_write_needs_it(portal: Portal) -> None:
    ann = portal.contact()
    portal.bill("1000.00", contact=ann, number="1")
    portal.run()
    customer = customer_of(portal, ann)
    portal.quickbooks.deactivate("Customer", customer)
    portal.run()
    settled(portal)
    waiting = portal.bill("30.00", contact=ann, number="2")
    portal.run()
    assert portal.issue("customer_inactive").ledger_id == customer
    settled(portal, "customer_inactive", but=[waiting])
    portal.resolve("customer_inactive", "reactivate")
    portal.run()
    assert portal.quickbooks.get("Customer", customer)["Active"]
    assert portal.invoice("2")["CustomerRef"]["value"] == customer
    settled(portal)


def test_r8_a_customer_made_inactive_is_made_active_by_the_firms_policy(portal: Portal) -> None:
    Pairing.objects.of(portal.firm).update(reactivate_customers=True)
    ann = portal.contact()
    portal.bill("1000.00", contact=ann, number="1")
    portal.run()
    portal.quickbooks.deactivate("Customer", customer_of(portal, ann))
    portal.bill("30.00", contact=ann, number="2")
    portal.run()
    assert portal.invoice("2")["TotalAmt"] == 30
    settled(portal)


def test_r8_what_was_deleted_while_nobody_looked_is_noticed_by_the_next_full_read(portal: Portal) -> None:
    bill = posted(portal)
    portal.quickbooks.delete("Payment", the_payment(portal)["Id"])
    portal.quickbooks.delete_invoice(portal.invoice("1")["Id"])
    portal.clock.sleep(26 * 24 * 3600)
    portal.run()
    settled(portal, "deleted_in_ledger", "deleted_in_ledger", but=[bill])
