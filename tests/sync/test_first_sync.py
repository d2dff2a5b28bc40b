"""The main job, end to end over HTTP: approved bills, their contacts and payments reach QuickBooks."""

from datetime import date
from decimal import Decimal

import pytest

from firms.models import Firm, User
from integrations.sync.cursors import reset_cursors
from tests.portal import Portal, make_portal


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    return make_portal(acme, alice)


def test_an_approved_bill_becomes_one_invoice_for_its_contact(portal: Portal) -> None:
    portal.bill("1250.50", number="1042")
    run = portal.run()
    assert (run.reason, portal.codes(), run.outcome) == ("", [], "in_sync")
    (invoice,) = portal.quickbooks.all("Invoice")
    assert (invoice["DocNumber"], invoice["TotalAmt"]) == ("1042", Decimal("1250.50"))
    assert invoice["CustomerRef"]["name"] == "Ann Lee"


def test_a_second_sync_writes_nothing(portal: Portal) -> None:
    bill = portal.bill("1000.00")
    portal.clio.record_payment(portal.clio.bill(bill)["client_id"], [(bill, Decimal(400))], date(2026, 2, 20))
    mapped = portal.writes()
    portal.run()
    assert portal.writes() == mapped + 3  # customer, invoice, payment
    portal.run()
    assert portal.writes() == mapped + 3
    assert portal.plan() == ()


def test_nor_does_one_that_reads_everything_again(portal: Portal) -> None:
    bill = portal.bill("1000.00")
    portal.clio.record_payment(portal.clio.bill(bill)["client_id"], [(bill, Decimal(400))], date(2026, 2, 20))
    portal.run()
    written = portal.writes()
    reset_cursors(portal.pairing)
    assert portal.run().outcome == "in_sync"
    assert portal.writes() == written


def test_a_payment_reaches_its_invoice(portal: Portal) -> None:
    bill = portal.bill("1000.00")
    portal.clio.record_payment(portal.clio.bill(bill)["client_id"], [(bill, Decimal(400))], date(2026, 2, 20))
    run = portal.run()
    assert (run.reason, portal.codes()) == ("", [])
    (invoice,) = portal.quickbooks.all("Invoice")
    (payment,) = portal.quickbooks.all("Payment")
    assert invoice["Balance"] == Decimal(600)
    assert payment["TotalAmt"] == Decimal(400)
