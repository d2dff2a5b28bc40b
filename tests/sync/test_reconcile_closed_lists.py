"""Reconciling while Clio keeps lists from the connected user: what can be compared is, the rest is said."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.core.errors import Forbidden
from integrations.models import EntityLink
from integrations.proof_report import proof_report
from tests.portal import Portal
from tests.sync.test_r5_credit_notes import forbidding
from tests.sync.test_r6_trust import deposit
from tests.sync.test_reconcile import document, named, one_cent_more, proven

FEBRUARY = date(2026, 2, 20)


def closed(portal: Portal, *lists: str) -> list[str]:
    """Closes the lists; returns those a reconciliation then says it did without."""
    portal.wire.before.extend(forbidding(name) for name in lists)
    return [one["list"] for one in proof_report(portal.firm, proven(portal))["not_compared"]]


def test_nothing_is_left_out_where_everything_may_be_read(portal: Portal) -> None:
    assert closed(portal) == []


@pytest.mark.parametrize("name", ["bills", "allocations"])
def test_without_a_list_that_a_sync_needs_nothing_is_compared(portal: Portal, name: str) -> None:
    with pytest.raises(Forbidden):
        closed(portal, name)


def test_without_credit_memos_everything_but_the_dates_of_credit_notes_is_compared(portal: Portal) -> None:
    bill = portal.bill()
    note = portal.clio.credit_note(bill, Decimal(100), FEBRUARY, "Goodwill")
    portal.run()
    assert closed(portal, "credit_memos") == ["credit_memos"]
    assert named(portal) == []
    memo = document(portal, "credit_note", note)
    portal.quickbooks.edit("CreditMemo", memo["Id"], TxnDate="2026-02-21")
    assert named(portal) == []
    portal.quickbooks.delete("CreditMemo", memo["Id"])
    assert named(portal) == [("credit_note", str(note), "missing")]


def test_without_interest_charges_invoices_with_interest_only_have_to_be_there(portal: Portal) -> None:
    bill, plain = portal.bill(), portal.bill()
    portal.run()
    charge = portal.clio.charge_interest(bill, Decimal(15), date(2026, 3, 5))
    portal.pay(bill, 1010)
    portal.run()
    assert closed(portal, "interest_charges") == ["interest_charges"]
    assert named(portal) == []
    interest = EntityLink.objects.of(portal.firm).get(leg=f"interest-{charge}")
    portal.quickbooks.delete("Invoice", interest.ledger_id)
    one_cent_more(portal, plain)
    assert named(portal) == [("invoice", str(bill), "missing"), ("invoice", str(plain), "amount")]


@pytest.mark.parametrize("name", ["bank_accounts", "bank_transactions"])
def test_without_receipts_more_may_have_been_received_but_not_less(portal: Portal, name: str) -> None:
    ann = portal.contact()
    bill = portal.bill(contact=ann)
    payment = portal.clio.record_payment(ann, [(bill, Decimal(1000))], FEBRUARY, amount=Decimal(1200))
    portal.run()
    assert closed(portal, name)[0] == name
    report = proof_report(portal.firm, proven(portal))
    assert (report["differences"], report["customers"], report["equal"]) == ([], [], True)
    posted = document(portal, "payment", payment)
    portal.quickbooks.edit("Payment", posted["Id"], TotalAmt=Decimal(900), Line=[{**posted["Line"][0], "Amount": 900}])
    assert named(portal) == [("payment", str(payment), "amount")]


@pytest.mark.parametrize("name", ["bank_accounts", "bank_transactions"])
def test_without_its_rows_trust_is_not_compared_and_not_called_unwanted(portal: Portal, name: str) -> None:
    ann = portal.contact()
    deposit(portal, ann, 1000)
    portal.run()
    lists = closed(portal, name)
    assert lists == {"bank_accounts": ["bank_accounts"], "bank_transactions": [name, "trust_transactions"]}[name]
    report = proof_report(portal.firm, proven(portal))
    assert (report["differences"], report["trust"], report["equal"]) == ([], [], True)
