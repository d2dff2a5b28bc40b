"""What days of chance brought to light (tests/properties/test_everything_agrees.py), each as a story of its own."""

from datetime import date
from decimal import Decimal

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
