"""Reconciling: both systems are read afresh, and whatever differs is named once, whoever changed it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from firms.models import Firm, User
from integrations.core import mapping as keys
from integrations.core.errors import RemoteError
from integrations.core.records import Kind, Ref, mark
from integrations.models import EntityLink, Mapping, Record, SyncRun
from integrations.proof_report import proof_report
from integrations.sync.policy import NotReady
from integrations.sync.reconcile import Reconciliation, reconcile
from integrations.sync.run import open_run
from tests.portal import Portal, make_portal
from tests.sync.test_generated_firm import synced
from tests.sync.test_r4_payments import refunds_from_checking

CENT = Decimal("0.01")


def proven(portal: Portal) -> Reconciliation:
    return reconcile(portal.workspace())


def named(portal: Portal) -> list[tuple[str, str, str]]:
    """Kind, Clio id and what of every difference."""
    found = (one.difference for one in proven(portal).explained)
    return sorted((str(d.ref.kind), d.ref.practice_id, str(d.what)) for d in found)


def values(portal: Portal) -> tuple[str, str]:
    """What both sides say of the one difference."""
    (one,) = proven(portal).explained
    return one.difference.clio, one.difference.quickbooks


def marked(portal: Portal, kind: Kind, id: int, leg: str = "") -> str:
    return mark(Ref(kind, str(id), leg), portal.firm.slug)


def document(portal: Portal, kind: str, id: int) -> dict[str, Any]:
    link = EntityLink.objects.of(portal.firm).exclude(leg="apply").get(kind=kind, practice_id=str(id))
    return portal.quickbooks.get(link.ledger_entity, link.ledger_id)


def one_cent_more(portal: Portal, bill: int) -> None:
    """A person adds a cent to the first line of our invoice."""
    invoice = document(portal, "invoice", bill)
    line = {**invoice["Line"][0], "Amount": invoice["Line"][0]["Amount"] + CENT}
    line["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "Qty": 1, "UnitPrice": line["Amount"]}
    portal.quickbooks.edit("Invoice", invoice["Id"], Line=[line, *invoice["Line"][1:-1]])


@pytest.fixture
def paid(portal: Portal) -> tuple[Portal, int, int]:
    """A bill of 1,000 with 400 paid on it, both posted."""
    bill = portal.bill()
    payment = portal.pay(bill, 400)
    portal.run()
    return portal, bill, payment


# What is no difference


def test_equal_books_have_no_difference(paid: tuple[Portal, int, int]) -> None:
    portal, *_ = paid
    report = proof_report(portal.firm, proven(portal))
    assert (report["equal"], report["differences"], report["reason"], report["open_run"]) == (True, [], None, None)
    assert report["checked"] == {kind: {"compared": 1, "equal": 1} for kind in ("contact", "invoice", "payment")}
    assert (report["receivables"]["clio"], report["receivables"]["quickbooks"]) == ("600.00", "600.00")
    assert report["customers"] == report["unapplied"] == []


def test_nothing_linked_and_nothing_in_scope_is_equal(portal: Portal) -> None:
    portal.bill(issued=date(2025, 12, 31))
    portal.bill(approve=False)
    assert named(portal) == []


def test_money_over_is_open_credit_on_both_sides(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill(contact=ann)
    portal.clio.record_payment(ann, [(bill, Decimal(1000))], date(2026, 2, 20), Decimal(1200))
    portal.run()
    report = proof_report(portal.firm, proven(portal))
    assert report["differences"] == []
    assert [(one["clio"], one["quickbooks"]) for one in report["unapplied"]] == [("200.00", "200.00")]
    assert (report["receivables"]["clio"], report["receivables"]["quickbooks"]) == ("-200.00", "-200.00")


def test_interest_zero_bills_and_payments_of_several_bills_are_equal(portal: Portal) -> None:
    ann = portal.contact()
    first, second = portal.bill(contact=ann), portal.bill("500.00", contact=ann)
    portal.bill("0.00", contact=ann)
    portal.clio.charge_interest(first, Decimal("12.50"), date(2026, 3, 1))
    portal.clio.record_payment(ann, [(first, Decimal(1000)), (second, Decimal(500))], date(2026, 3, 2))
    portal.run()
    assert named(portal) == []


def test_documents_of_others_and_their_payments_are_not_ours_to_compare(paid: tuple[Portal, int, int]) -> None:
    portal, *_ = paid
    other = portal.quickbooks.create_customer("Somebody Else")
    invoice = portal.quickbooks.create_invoice(other["Id"], [("1", 70)], number="X-1")
    portal.quickbooks.receive_payment(other["Id"], 70, {invoice["Id"]: 70})
    assert named(portal) == []


def test_a_bill_that_is_a_draft_again_stays_as_it_is(paid: tuple[Portal, int, int]) -> None:
    portal, *_ = paid
    bill = portal.bill("80.00")
    portal.run()
    portal.clio.back_to_draft(bill)
    assert named(portal) == []


# What people do in QuickBooks, before the next sync notices


def test_an_amount_changed_in_quickbooks_is_named_once(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    one_cent_more(portal, bill)
    assert named(portal) == [("invoice", str(bill), "amount")]
    assert values(portal) == ("1000.00", "1000.01")
    report = proof_report(portal.firm, proven(portal))
    assert (report["receivables"]["clio"], report["receivables"]["quickbooks"]) == ("600.00", "600.01")
    (difference,) = report["differences"]
    assert (difference["issue"], difference["accepted"], report["unexplained"]) == (None, False, 1)


def test_a_deleted_payment_is_missing_and_its_bill_is_not_named_too(paid: tuple[Portal, int, int]) -> None:
    portal, _, payment = paid
    portal.quickbooks.delete("Payment", document(portal, "payment", payment)["Id"])
    assert named(portal) == [("payment", str(payment), "missing")]
    assert values(portal) == ("400.00", "nothing")


def test_a_deleted_invoice_is_missing_and_its_payment_is_not_named_too(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    portal.quickbooks.delete("Invoice", document(portal, "invoice", bill)["Id"])
    assert named(portal) == [("invoice", str(bill), "missing")]


def test_a_voided_invoice_and_a_voided_payment_are_told_from_deleted_ones(paid: tuple[Portal, int, int]) -> None:
    portal, bill, payment = paid
    portal.quickbooks.void("Payment", document(portal, "payment", payment)["Id"])
    portal.quickbooks.void("Invoice", document(portal, "invoice", bill)["Id"])
    assert named(portal) == [("invoice", str(bill), "voided"), ("payment", str(payment), "voided")]


def test_a_date_a_number_and_a_customer_are_named(paid: tuple[Portal, int, int]) -> None:
    portal, bill, payment = paid
    invoice = document(portal, "invoice", bill)
    portal.quickbooks.edit("Invoice", invoice["Id"], TxnDate="2026-02-03")
    assert values(portal) == ("2026-02-02", "2026-02-03")
    portal.quickbooks.edit("Invoice", invoice["Id"], TxnDate="2026-02-02", DocNumber="other")
    assert values(portal) == (invoice["DocNumber"], "other")
    portal.quickbooks.edit("Invoice", invoice["Id"], DocNumber=invoice["DocNumber"])
    portal.quickbooks.edit("Payment", document(portal, "payment", payment)["Id"], TxnDate="2025-12-31")
    assert named(portal) == [("payment", str(payment), "date")]


def test_a_copied_invoice_is_named_as_a_second_one(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    invoice = document(portal, "invoice", bill)
    copy = portal.quickbooks.create_invoice(
        invoice["CustomerRef"]["value"], [("1", 1000)], number="copy", PrivateNote=invoice["PrivateNote"]
    )
    (one,) = proven(portal).explained
    assert (str(one.difference.what), one.difference.ledger_id) == ("doubled", copy["Id"])
    portal.quickbooks.edit("Invoice", copy["Id"], PrivateNote=None)
    assert named(portal) == []


def test_a_mark_for_something_clio_does_not_have_is_unwanted(paid: tuple[Portal, int, int]) -> None:
    portal, *_ = paid
    note = marked(portal, Kind.INVOICE, 999999)
    other = portal.quickbooks.create_customer("Somebody Else")
    portal.quickbooks.create_invoice(other["Id"], [("1", 70)], number="X-1", PrivateNote=note)
    assert named(portal) == [("invoice", "999999", "unwanted")]


def test_a_payment_taken_off_its_invoice_is_named_and_the_bill_is_not(paid: tuple[Portal, int, int]) -> None:
    portal, _, payment = paid
    portal.quickbooks.edit("Payment", document(portal, "payment", payment)["Id"], Line=[])
    assert named(portal) == [("payment", str(payment), "applied")]


def test_a_payment_somebody_entered_on_our_invoice_shows_in_its_balance(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    invoice = document(portal, "invoice", bill)
    customer = invoice["CustomerRef"]["value"]
    portal.quickbooks.receive_payment(customer, 50, {invoice["Id"]: 50})
    assert named(portal) == [("invoice", str(bill), "balance")]
    assert values(portal) == ("600.00", "550.00")


def test_a_merged_customer_is_one_difference_whatever_it_owes(portal: Portal) -> None:
    ann = portal.contact()
    for _ in range(2):
        portal.pay(portal.bill(contact=ann), 100)
    portal.run()
    survivor = portal.quickbooks.create_customer("Ann Lee-Ek")
    portal.quickbooks.merge_customers(document(portal, "contact", ann)["Id"], survivor["Id"])
    assert named(portal) == [("contact", str(ann), "customer")]


def test_a_deposited_payment_that_was_partly_paid_back_is_equal(paid: tuple[Portal, int, int]) -> None:
    portal, bill, payment = paid
    refunds_from_checking(portal)
    portal.quickbooks.deposit_payments([document(portal, "payment", payment)["Id"]])
    portal.clio.edit_payment(payment, [(bill, Decimal(300))], amount=Decimal(300))
    portal.run()
    (waits,) = proven(portal).explained
    assert (str(waits.difference.what), waits.reason and waits.reason.code) == ("amount", "deposited_payment")
    portal.resolve("deposited_payment", "refund")
    portal.run()
    report = proof_report(portal.firm, proven(portal))
    assert (report["differences"], report["unapplied"]) == ([], [])
    assert (report["receivables"]["clio"], report["receivables"]["quickbooks"]) == ("700.00", "700.00")


def test_an_invoice_that_was_corrected_because_it_could_not_be_voided_is_accepted(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.run()
    invoice = portal.invoice("1")
    portal.quickbooks.receive_payment(invoice["CustomerRef"]["value"], 40, {invoice["Id"]: 40})
    portal.clio.void_bill(bill)
    portal.run()
    assert not proven(portal).is_equal
    portal.resolve("void_blocked", "credit_memo")
    portal.run()
    proof = proven(portal)
    assert [(str(one.difference.what), one.is_accepted) for one in proof.explained] == [("unwanted", True)]
    owed = proof_report(portal.firm, proof)["receivables"]
    assert (owed["clio"], owed["quickbooks"]) == ("0.00", "0.00")  # what a person received on it is not ours
    memo = EntityLink.objects.of(portal.firm).get(kind="invoice", leg="correction")
    portal.quickbooks.delete("Payment", EntityLink.objects.of(portal.firm).get(leg="correction-apply").ledger_id)
    portal.quickbooks.delete("CreditMemo", memo.ledger_id)
    assert ("invoice", str(bill), "missing") in named(portal)
    assert not proven(portal).is_equal


def test_money_that_stays_in_clio_is_credit_on_both_sides_once_its_invoice_is_corrected(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.pay(bill, 40)
    portal.run()

    def gone(path: str, answer: Any) -> None:
        for row in answer["data"] if "/bills.json" in path else ():
            row["state"] = "void"

    portal.wire.tamper.append(gone)
    portal.clio.edit_bill(bill, due_at=date(2026, 5, 5))
    portal.run()
    open_ = proof_report(portal.firm, proven(portal))["receivables"]
    assert (open_["clio"], open_["quickbooks"]) == ("-40.00", "60.00")  # the bill, which is named
    portal.resolve("void_blocked", "credit_memo")
    portal.run()
    proof = proven(portal)
    assert [(str(one.difference.what), one.is_accepted) for one in proof.explained] == [("unwanted", True)]
    owed = proof_report(portal.firm, proof)["receivables"]
    assert (owed["clio"], owed["quickbooks"], owed["quickbooks_open"]) == ("-40.00", "-40.00", "0.00")


def test_an_invoice_that_a_deposited_payment_keeps_is_explained_by_the_payments_issue(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    payment = portal.pay(bill, 100)
    portal.run()
    portal.quickbooks.deposit_payments([document(portal, "payment", payment)["Id"]])
    portal.clio.delete_payment(payment)
    portal.clio.void_bill(bill)
    assert [one.reason for one in proven(portal).explained] == [None, None]
    portal.run()
    told = [(str(one.difference.ref.kind), one.reason and one.reason.code) for one in proven(portal).explained]
    assert told == [("invoice", "deposited_payment"), ("payment", "deposited_payment")]


# Credit notes


@pytest.fixture
def credited(portal: Portal) -> tuple[Portal, int, int]:
    """A bill of 1,000 with a credit note of 100 on it, both posted."""
    bill = portal.bill()
    note = portal.clio.credit_note(bill, Decimal(100), date(2026, 2, 20), "Goodwill")
    portal.run()
    return portal, bill, note


def test_a_credit_note_and_its_application_are_equal(credited: tuple[Portal, int, int]) -> None:
    portal, _, note = credited
    report = proof_report(portal.firm, proven(portal))
    assert report["differences"] == report["unapplied"] == []
    assert report["checked"]["credit_note"] == {"compared": 1, "equal": 1}
    assert (report["receivables"]["clio"], report["receivables"]["quickbooks"]) == ("900.00", "900.00")
    portal.clio.delete_credit_note(note)
    portal.run()
    assert named(portal) == []


def test_an_application_that_quickbooks_made_by_itself_is_as_good(portal: Portal) -> None:
    portal.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", True)
    bill = portal.bill()
    portal.run()
    portal.clio.credit_note(bill, Decimal(100), date(2026, 2, 20), "Goodwill")
    portal.run()
    assert named(portal) == []
    EntityLink.objects.of(portal.firm).filter(kind="credit_note", leg="apply").update(state="unlinked")
    assert named(portal) == []


def test_a_credit_memo_deleted_or_changed_is_named_and_its_bill_is_not(credited: tuple[Portal, int, int]) -> None:
    portal, _, note = credited
    memo = document(portal, "credit_note", note)
    portal.quickbooks.edit("CreditMemo", memo["Id"], TxnDate="2026-02-21")
    assert values(portal) == ("2026-02-20", "2026-02-21")
    portal.quickbooks.delete("CreditMemo", memo["Id"])
    assert named(portal) == [("credit_note", str(note), "missing")]


def test_a_credit_somebody_took_off_its_invoice_is_named(credited: tuple[Portal, int, int]) -> None:
    portal, _, note = credited
    apply = EntityLink.objects.of(portal.firm).get(kind="credit_note", practice_id=str(note), leg="apply")
    portal.quickbooks.delete("Payment", apply.ledger_id)
    (one,) = proven(portal).explained
    assert (one.difference.ref.leg, str(one.difference.what), one.difference.ledger_id) == (
        "apply",
        "missing",
        apply.ledger_id,
    )


# Trust money in transit


def test_payments_from_trust_wait_in_transit_until_the_bank_moves_them(portal: Portal) -> None:
    bill = portal.bill()
    portal.clio.trust_deposit(portal.clio.bill(bill)["client_id"], Decimal(700), date(2026, 1, 5), source="Ann Lee")
    portal.clio.pay_from_trust(bill, Decimal(700), portal.today - timedelta(days=12))
    portal.run()
    waits = proof_report(portal.firm, proven(portal))["in_transit"]
    assert (waits["balance"], waits["from_trust"], waits["waiting"], waits["age_days"]) == (
        "700.00",
        "700.00",
        "700.00",
        12,
    )
    account = Mapping.objects.of(portal.firm).get(key=keys.IN_TRANSIT).ledger_id
    bank = portal.quickbooks.account_id("checking")
    portal.quickbooks.journal([(bank, 700, ""), (account, -700, "")])
    moved = proof_report(portal.firm, proven(portal))["in_transit"]
    assert (moved["balance"], moved["waiting"], moved["age_days"], moved["payments"]) == ("0.00", "0.00", None, [])


def test_a_second_customer_with_our_mark_is_named(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    ann = portal.clio.bill(bill)["client_id"]
    copy = portal.quickbooks.create_customer("Ann Lee (2)", Notes=marked(portal, Kind.CONTACT, ann))
    (one,) = proven(portal).explained
    assert (str(one.difference.what), one.difference.ledger_id) == ("doubled", copy["Id"])


# What happened in Clio since the last sync


def test_what_clio_has_and_nobody_posted_is_missing(portal: Portal) -> None:
    bill = portal.bill()
    payment = portal.pay(bill, 100)
    assert named(portal) == [("invoice", str(bill), "missing"), ("payment", str(payment), "missing")]
    report = proof_report(portal.firm, proven(portal))
    assert (report["receivables"]["clio"], report["receivables"]["quickbooks"]) == ("0.00", "0.00")


def test_what_clio_voided_is_unwanted_until_the_next_sync(paid: tuple[Portal, int, int]) -> None:
    portal, bill, payment = paid
    portal.clio.delete_payment(payment)
    portal.clio.void_bill(bill)
    assert named(portal) == [("invoice", str(bill), "unwanted"), ("payment", str(payment), "unwanted")]
    portal.run()
    assert named(portal) == []


def test_a_bill_edited_in_clio_differs_in_its_amount(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    portal.clio.edit_bill(bill, issued_at=date(2026, 2, 5))
    assert values(portal) == ("2026-02-05", "2026-02-02")
    portal.run()
    assert named(portal) == []


# What issues explain


def test_a_bill_that_waits_behind_an_issue_is_explained_by_it_and_so_is_its_payment(portal: Portal) -> None:
    other = portal.quickbooks.create_customer("Somebody Else")
    portal.quickbooks.create_invoice(other["Id"], [("1", 70)], number="77")
    bill = portal.bill(number="77")
    portal.pay(bill, 100)
    portal.run()
    issue = portal.issue("duplicate_number")
    proof = proven(portal)
    assert [one.reason.id if one.reason else None for one in proof.explained] == [issue.pk, issue.pk]
    assert not proof.is_equal
    portal.resolve("duplicate_number", "ignore")
    accepted = proven(portal)
    assert accepted.is_equal
    assert len(accepted.explained) == 2


def test_an_accepted_change_does_not_cover_up_a_later_deletion(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    one_cent_more(portal, bill)
    portal.run()
    portal.resolve("drift", "ignore")
    assert proven(portal).is_equal
    portal.quickbooks.delete("Invoice", document(portal, "invoice", bill)["Id"])
    proof = proven(portal)
    assert [one.reason for one in proof.explained] == [None]
    assert not proof.is_equal


def test_what_was_accepted_is_listed_until_it_is_changed_once_more(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    one_cent_more(portal, bill)
    portal.run()
    portal.resolve("drift", "accept_theirs")
    portal.run()
    proof = proven(portal)
    assert [one.is_accepted for one in proof.explained] == [True]
    assert proof.is_equal
    (listed,) = proof_report(portal.firm, proof)["differences"]
    assert (listed["accepted_by"], listed["why"]) == (portal.owner.email, "")
    one_cent_more(portal, bill)
    again = proven(portal)
    assert [(one.difference.quickbooks, one.reason) for one in again.explained] == [("1000.02", None)]


def test_a_document_kept_by_hand_is_one_accepted_difference(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    one_cent_more(portal, bill)
    portal.run()
    portal.resolve("drift", "unlink")
    portal.run()
    proof = proven(portal)
    assert [(str(one.difference.what), one.is_accepted) for one in proof.explained] == [("by_hand", True)]
    assert proof.is_equal


def test_a_deletion_that_was_accepted_is_listed(paid: tuple[Portal, int, int]) -> None:
    portal, _, payment = paid
    portal.quickbooks.delete("Payment", document(portal, "payment", payment)["Id"])
    portal.run()
    portal.resolve("deleted_in_ledger", "accept_theirs")
    portal.run()
    proof = proven(portal)
    assert [(str(one.difference.what), one.is_accepted) for one in proof.explained] == [("missing", True)]


# What is read, and what is not


def test_the_mirror_is_never_read(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    records = Record.objects.of(portal.firm)
    one_cent_more(portal, bill)
    records.filter(entity="bills").update(data={"id": bill, "balance": "1.00"})
    records.filter(entity__in=["Invoice", "Payment", "Account", "Item", "Customer"]).delete()
    assert named(portal) == [("invoice", str(bill), "amount")]
    records.delete()
    assert named(portal) == [("invoice", str(bill), "amount")]


def test_nothing_is_written_and_no_run_is_opened(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid
    one_cent_more(portal, bill)
    runs, writes = SyncRun.objects.of(portal.firm).count(), portal.writes()
    records = list(Record.objects.of(portal.firm).order_by("id").values())
    named(portal)
    assert (SyncRun.objects.of(portal.firm).count(), portal.writes()) == (runs, writes)
    assert list(Record.objects.of(portal.firm).order_by("id").values()) == records
    assert portal.issues() == []


def test_a_run_at_work_meanwhile_is_said(paid: tuple[Portal, int, int]) -> None:
    portal, *_ = paid
    assert proven(portal).open_run is None
    run = open_run(portal.pairing, portal.clock, SyncRun.Trigger.COMMAND)
    assert proven(portal).open_run == run.pk
    SyncRun.objects.of(portal.firm).filter(pk=run.pk).update(state=SyncRun.State.HELD)
    assert proven(portal).open_run is None


def test_lists_are_read_in_pages_and_no_document_by_itself(acme: Firm, alice: User) -> None:
    portal, *_ = synced(acme, alice, 120)
    before = portal.reads("clio"), portal.reads("quickbooks")
    proof = proven(portal)
    assert not [one for one in proof.explained if one.reason is None], [one.difference for one in proof.explained]
    asked = portal.reads("clio") - before[0], portal.reads("quickbooks") - before[1]
    assert asked[0] <= 16, asked
    assert asked[1] <= 8, asked


def test_a_side_that_cannot_be_read_is_never_equal(paid: tuple[Portal, int, int]) -> None:
    portal, *_ = paid

    def spoil(path: str, parsed: Any) -> None:
        if "query" in path:
            parsed.pop("QueryResponse", None)

    portal.wire.tamper.append(spoil)
    with pytest.raises(RemoteError):
        proven(portal)


def test_without_a_start_date_nothing_can_be_said(acme: Firm, alice: User) -> None:
    portal = make_portal(acme, alice, mapped=False)
    with pytest.raises(NotReady, match="start date"):
        proven(portal)


def test_a_bill_whose_figures_do_not_add_up_is_read_again_and_then_named(paid: tuple[Portal, int, int]) -> None:
    portal, bill, _ = paid

    def spoil(path: str, parsed: Any) -> None:
        if path.endswith("/bills.json"):
            for row in parsed["data"]:
                row["balance"] = 599.99

    portal.wire.tamper.append(spoil)
    before = len(portal.log)
    (one,) = proven(portal).explained
    assert (str(one.difference.what), one.difference.ref.practice_id) == ("unreadable", str(bill))
    assert "599.99" in one.difference.clio
    asked = [query for _, path, query in portal.log[before:] if path.endswith(("/bills.json", "/allocations.json"))]
    assert [query for query in asked if f"ids%5B%5D={bill}" in query or f"bill_id={bill}" in query] == asked[-2:]
