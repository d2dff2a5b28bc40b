"""What days of chance brought to light (tests/properties/test_everything_agrees.py), each as a story of its own."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.sync.reconcile import reconcile
from tests.portal import Portal
from tests.sync.books import settled

FEBRUARY = date(2026, 2, 20)


def test_a_bill_with_a_credit_note_follows_its_contact_that_was_merged(portal: Portal) -> None:
    """QuickBooks changes the customer of no document that others are linked to."""
    ann, anna = portal.contact(), portal.contact("Anna", "Lee", "anna@example.com")
    portal.bill("10.00", contact=anna)
    bill = portal.bill("100.00", contact=ann, number="A1")
    portal.clio.credit_note(bill, Decimal(40), FEBRUARY)
    portal.run()
    portal.clio.merge_contacts(anna, ann)
    portal.run()  # lets go of the credit, and moves invoice and credit memo
    portal.run()  # applies it again
    assert portal.invoice("A1")["Balance"] == 60
    settled(portal)


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_credit_of_quickbooks_alone_on_our_invoice_is_said(portal: Portal, by_itself: bool) -> None:
    """Its invoice asks for less than the bill, whoever applied the credit."""
    portal.bill("1000.00", number="A1")
    portal.run()
    people, item = portal.quickbooks, portal.quickbooks.all("Item")[0]["Id"]
    people.set_preference("SalesFormsPrefs", "AutoApplyCredit", by_itself)
    memo = people.create_credit_memo("1", [(item, 100)], number="B1")
    if not by_itself:
        people.apply_credit("1", memo["Id"], portal.invoice("A1")["Id"], 100)
    portal.run()
    assert portal.invoice("A1")["Balance"] == 900
    assert "100.00" in portal.issue("payment_only_in_quickbooks").message
    for applied in people.all("Payment"):
        people.delete("Payment", applied["Id"])
    portal.run()
    assert "payment_only_in_quickbooks" not in portal.codes()


def test_an_unlinked_payment_is_said_to_be_in_quickbooks_only_by_the_same_sync(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.pay(bill, 60)
    portal.run()
    (payment,) = portal.quickbooks.all("Payment")
    portal.quickbooks.edit("Payment", payment["Id"], TotalAmt=Decimal(90))
    portal.run()
    portal.resolve("drift", "unlink")
    portal.run()
    assert "60.00" in portal.issue("payment_only_in_quickbooks").message
    settled(portal, "payment_only_in_quickbooks", but=[bill])


def test_a_payment_entered_anew_while_the_books_are_closed_is_said_of_both(portal: Portal) -> None:
    """The one that is gone in Clio stays in QuickBooks, so it has an issue of its own (rule R10)."""
    bill = portal.bill("100.00")
    gone = portal.pay(bill, 60)
    portal.run()
    portal.quickbooks.close_books("2026-02-28")
    portal.clio.delete_payment(gone)
    anew = portal.pay(bill, 50)
    portal.run()
    closed = {issue.practice_id: issue for issue in portal.issues() if issue.code == "period_closed"}
    assert closed.keys() == {str(gone), str(anew)}
    (payment,) = portal.quickbooks.all("Payment")
    assert (closed[str(gone)].ledger_id, payment["TotalAmt"]) == (payment["Id"], 60)
    assert [one.reason for one in reconcile(portal.workspace()).explained if one.reason is None] == []
    portal.quickbooks.close_books(None)
    portal.run()
    (payment,) = portal.quickbooks.all("Payment")
    assert payment["TotalAmt"] == 50
    settled(portal)


def test_two_contacts_whose_customers_were_merged_into_one_are_not_both_linked_to_it(portal: Portal) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ng", "bo@example.com")
    portal.bill("100.00", contact=ann)
    portal.bill("40.00", contact=bo)
    portal.run()
    theirs = portal.quickbooks.create_customer("Somebody")["Id"]
    for customer in [doc["Id"] for doc in portal.quickbooks.all("Customer") if doc["Id"] != theirs]:
        portal.quickbooks.merge_customers(customer, theirs)
    run = portal.run()
    assert (run.outcome, run.reason) == ("issues", "")
    assert "customers_merged" in portal.codes()


def test_contacts_merged_one_way_in_clio_and_the_other_way_in_quickbooks_are_one_in_the_sync_that_sees_it(
    portal: Portal,
) -> None:
    """Clio's merge counts once the contact was missed twice; the customer that is left then goes to the other one."""
    ann, bo = portal.contact(), portal.contact("Bo", "Ng", "bo@example.com")
    portal.bill("100.00", contact=ann)
    portal.bill("40.00", contact=bo)
    portal.run()
    anns, bos = (doc["Id"] for doc in portal.quickbooks.all("Customer"))
    portal.clio.merge_contacts(ann, bo)
    portal.quickbooks.merge_customers(anns, bos)
    portal.clock.sleep(700)
    portal.run()
    assert portal.codes() == ["customers_merged"]
    portal.clock.sleep(700)
    portal.run()
    assert "customers_merged" not in portal.codes()
    written = portal.writes()
    portal.clock.sleep(700)
    portal.run()
    assert portal.writes() == written


def test_what_was_decided_of_a_closed_period_stands_until_it_is_opened(portal: Portal) -> None:
    portal.bill("100.00", number="1")
    portal.run()
    item = portal.quickbooks.all("Item")[0]["Id"]
    invoice = portal.invoice("1")
    line = {**invoice["Line"][0], "Amount": Decimal(90)}
    line["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "ItemRef": {"value": item}, "Qty": 1, "UnitPrice": 90}
    portal.quickbooks.edit_invoice(invoice["Id"], Line=[line])
    portal.run()
    portal.quickbooks.close_books("2026-12-31")
    portal.resolve("drift", "restore")
    for _ in range(2):
        portal.run()
        assert [(issue.code, issue.state) for issue in portal.issues() if issue.kind] == [("period_closed", "open")]
    portal.quickbooks.close_books(None)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 100
    settled(portal)
