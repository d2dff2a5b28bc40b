"""R1: what is in scope, what it is known by, and what counts as evidence."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Record, SyncRun
from integrations.sandbox.clio.office import BillLine
from integrations.sync.cursors import reset_cursors
from tests.portal import Portal
from tests.sync.books import settled

MINUTE = 60.0


def test_r1_1_a_bill_is_known_by_clios_id_so_a_repeated_number_is_not_the_same_bill(portal: Portal) -> None:
    ann = portal.contact()
    portal.bill("100.00", contact=ann, number="500")
    portal.run()
    second = portal.bill("100.00", contact=ann, number="500")
    portal.run()
    assert portal.issue("duplicate_number").practice_id == str(second)
    assert len(portal.quickbooks.all("Invoice")) == 1
    settled(portal, "duplicate_number", but=[second])


@pytest.mark.parametrize("how", ["draft", "awaiting_approval", "void", "before_start", "trust_request"])
def test_r1_2_what_is_out_of_scope_is_never_posted(portal: Portal, how: str) -> None:
    ann = portal.contact()
    in_scope = portal.bill("100.00", contact=ann)
    match how:
        case "draft":
            portal.bill("7.00", contact=ann, approve=False)
        case "awaiting_approval":
            portal.clio.submit(portal.bill("7.00", contact=ann, approve=False))
        case "void":
            portal.clio.void_bill(portal.bill("7.00", contact=ann))
        case "before_start":
            portal.bill("7.00", contact=ann, issued=date(2025, 12, 31))
        case "trust_request":
            portal.bill("7.00", contact=ann, kind="trust_kind")
    portal.run()
    (invoice,) = portal.quickbooks.all("Invoice")
    assert invoice["DocNumber"] == portal.clio.bill(in_scope)["number"]
    settled(portal)


def test_r1_2_a_bill_already_paid_when_first_seen_is_posted_with_its_payment(portal: Portal) -> None:
    bill = portal.bill("300.00")
    portal.pay(bill, 300)
    portal.run()
    (invoice,) = portal.quickbooks.all("Invoice")
    assert (invoice["TotalAmt"], invoice["Balance"]) == (300, 0)
    settled(portal)


def test_r1_2_a_linked_bill_back_in_draft_stays_as_it_is_until_it_is_approved_again(portal: Portal) -> None:
    bill = portal.bill("300.00", number="77")
    portal.run()
    portal.clio.back_to_draft(bill)
    portal.run()
    assert portal.invoice("77")["TotalAmt"] == 300
    settled(portal, "bill_in_draft", but=[bill])
    portal.clio.edit_bill(bill, due_at=date(2026, 5, 5))
    portal.clio.approve(bill)
    portal.run()
    assert portal.invoice("77")["DueDate"] == "2026-05-05"
    settled(portal)


def test_r1_2_a_zero_bill_is_posted_as_a_zero_invoice(portal: Portal) -> None:
    portal.bill("0.00", number="12")
    portal.run()
    assert portal.invoice("12")["TotalAmt"] == 0
    settled(portal)


def test_r1_3_only_clients_of_bills_in_scope_become_customers(portal: Portal) -> None:
    portal.contact("Bo", "Other", "bo@example.com")
    portal.bill("10.00", contact=portal.contact("Cy", "Old", "cy@example.com"), issued=date(2025, 5, 5))
    portal.bill("10.00", contact=portal.contact())
    portal.run()
    assert [customer["DisplayName"] for customer in portal.quickbooks.all("Customer")] == ["Ann Lee"]
    settled(portal)


def hiding(path: str, id: int) -> Callable[[str, Any], None]:
    def spoil(asked: str, answer: Any) -> None:
        if f"/{path}.json" in asked:
            answer["data"] = [row for row in answer["data"] if row["id"] != id]

    return spoil


def swept(portal: Portal) -> SyncRun:
    """A run that reads everything again."""
    reset_cursors(portal.pairing)
    return portal.run()


def test_r1_4_a_bill_missing_once_is_left_and_missing_twice_ten_minutes_apart_is_voided(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("80.00", contact=ann, number="8")
    portal.run()
    portal.wire.tamper.append(hiding("bills", bill))
    swept(portal)
    assert portal.invoice("8")["TotalAmt"] == 80
    portal.clock.sleep(9 * MINUTE)
    swept(portal)
    assert portal.invoice("8")["TotalAmt"] == 80
    portal.clock.sleep(2 * MINUTE)
    swept(portal)
    assert portal.invoice("8")["TotalAmt"] == 0
    portal.bill("5.00", contact=ann, number="9")
    portal.run()
    assert portal.invoice("8")["TotalAmt"] == 0
    settled(portal, but=[bill])


def test_r1_4_a_payment_that_leaves_no_trace_is_voided_only_when_missing_twice(portal: Portal) -> None:
    bill = portal.bill("80.00", number="8")
    payment = portal.pay(bill, 30)
    portal.run()
    (allocation,) = Record.objects.of(portal.firm).filter(entity="allocations").values_list("external_id", flat=True)
    portal.clio.delete_payment(payment)
    portal.wire.tamper.append(hiding("allocations", int(allocation)))
    swept(portal)
    settled(portal, "total_mismatch", but=[bill])
    assert portal.invoice("8")["Balance"] == 50
    portal.clock.sleep(11 * MINUTE)
    swept(portal)
    assert portal.invoice("8")["Balance"] == 80
    settled(portal)


def test_r1_4_a_bill_that_shows_again_was_never_gone(portal: Portal) -> None:
    bill = portal.bill("80.00", number="8")
    portal.run()
    portal.wire.tamper.append(hiding("bills", bill))
    swept(portal)
    portal.wire.tamper.clear()
    portal.clock.sleep(11 * MINUTE)
    swept(portal)
    portal.wire.tamper.append(hiding("bills", bill))
    swept(portal)
    assert portal.invoice("8")["TotalAmt"] == 80
    portal.wire.tamper.clear()
    settled(portal)


def test_r1_4_an_incremental_read_that_does_not_show_a_bill_proves_nothing(portal: Portal) -> None:
    bill = portal.bill("80.00", number="8")
    portal.run()
    portal.wire.tamper.append(hiding("bills", bill))
    for _ in range(3):
        portal.clock.sleep(20 * MINUTE)
        portal.run()
    assert portal.invoice("8")["TotalAmt"] == 80


@pytest.mark.parametrize("permission", ["billing", "contacts", "payments"])
def test_r1_4_a_forbidden_read_is_said_clearly_and_deletes_nothing(portal: Portal, permission: str) -> None:
    bill = portal.bill("80.00", number="8")
    portal.pay(bill, 30)
    portal.run()
    owner = portal.clio.account["owner_id"]
    portal.clio.forbid(owner, permission)
    for _ in range(2):
        portal.clock.sleep(20 * MINUTE)
        run = swept(portal)
        assert (run.outcome, portal.codes()) == ("held", ["permission_lost"])
        assert "permission" in run.reason
    assert portal.invoice("8")["Balance"] == 50
    portal.clio.forbid(owner)
    portal.run()
    settled(portal)


def test_r1_4_without_bank_accounts_payments_are_posted_and_somebody_is_told(portal: Portal) -> None:
    bill = portal.bill("80.00", number="8")
    portal.pay(bill, 30, reference="CHQ 9")
    portal.clio.forbid(portal.clio.account["owner_id"], "accounting")
    run = portal.run()
    assert (run.outcome, portal.codes()) == ("held", ["run_held"])
    portal.resolve("run_held", "apply")
    run = portal.run()
    assert (run.outcome, portal.codes()) == ("issues", ["permission_lost"])
    assert portal.invoice("8")["Balance"] == 50
    portal.clio.forbid(portal.clio.account["owner_id"])
    portal.run()
    (payment,) = portal.quickbooks.all("Payment")
    assert payment["PaymentRefNum"] == "CHQ 9"
    settled(portal)


def test_r1_4_a_hidden_contact_keeps_its_bills_waiting_and_its_customer_unchanged(portal: Portal) -> None:
    ann, bob = portal.contact(), portal.contact("Bob", "Ray", "bob@example.com")
    hidden = portal.bill("80.00", contact=ann, number="8")
    portal.clio.hide_contact(ann)
    portal.bill("20.00", contact=bob, number="9")
    run = portal.run()
    assert (run.outcome, portal.codes()) == ("issues", ["permission_lost"])
    assert portal.invoice("9")["TotalAmt"] == 20
    settled(portal, "permission_lost", but=[hidden])
    portal.clio.hide_contact(ann, hidden=False)
    swept(portal)
    assert portal.invoice("8")["TotalAmt"] == 80
    settled(portal)
    portal.clio.hide_contact(ann)
    swept(portal)
    settled(portal)


def test_r1_4_a_bill_whose_contact_was_deleted_in_clio_keeps_its_invoice(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("80.00", contact=ann, number="8")
    portal.run()
    portal.clio.delete_contact(ann)
    portal.pay(bill, 30)
    swept(portal)
    assert portal.invoice("8")["Balance"] == 50
    settled(portal)


def test_r1_2_a_bill_without_a_client_is_explained(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("80.00", contact=ann)
    portal.clio.delete_contact(ann)
    portal.wire.tamper.append(_without_client)
    portal.run()
    assert portal.issue("contact_missing").practice_id == str(bill)
    settled(portal, "contact_missing", but=[bill])


def _without_client(path: str, answer: Any) -> None:
    if "/bills.json" in path:
        for row in answer["data"]:
            row["client"] = None


def test_r1_5_payments_let_go_before_their_invoice_shrinks_and_are_posted_after_it(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("1000.00", contact=ann, number="1")
    payment = portal.pay(bill, 1000)
    portal.run()
    portal.clio.delete_payment(payment)
    portal.clio.edit_bill(bill, lines=[_line("400.00")])
    portal.pay(bill, 400, date(2026, 3, 1))
    before = portal.writes()
    run = portal.run()
    assert (run.reason, portal.codes()) == ("", [])
    assert portal.invoice("1")["Balance"] == 0
    assert portal.writes() == before + 2  # the payment, which is the same document still, and the invoice
    settled(portal)


def test_r1_6_nothing_in_quickbooks_is_ever_deleted(portal: Portal) -> None:
    bill = portal.bill("80.00", number="8")
    payment = portal.pay(bill, 30)
    portal.run()
    portal.clio.delete_payment(payment)
    portal.clio.void_bill(bill)
    portal.run()
    assert portal.invoice("8")["TotalAmt"] == 0
    assert not [query for method, path, query in portal.log if "operation=delete" in query]
    settled(portal)


def _line(amount: str) -> BillLine:
    return BillLine("Advice", Decimal(amount), date=date(2026, 2, 2))
