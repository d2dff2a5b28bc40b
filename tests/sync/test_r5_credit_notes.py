"""R5: credit notes, end to end."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations import mapping
from integrations.core import mapping as keys
from integrations.models import EntityLink, Pairing
from integrations.sandbox.http import Response
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sync.cursors import reset_cursors
from tests.portal import Before, Portal
from tests.sync.books import account, settled

FEBRUARY = date(2026, 2, 20)


def credit(portal: Portal, bill: int, amount: int | str = 100, **options: object) -> int:
    return portal.clio.credit_note(bill, Decimal(amount), FEBRUARY, "Goodwill", **options)


def memo(portal: Portal) -> dict:
    """The one credit memo in QuickBooks."""
    (found,) = portal.quickbooks.all("CreditMemo")
    return found


def test_r5_a_credit_note_reaches_its_invoice_and_a_second_sync_writes_nothing(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    run = portal.run()
    posted = memo(portal)
    assert (posted["DocNumber"], posted["TotalAmt"], posted["Balance"]) == (f"CN-{note}", 100, 0)
    assert portal.invoice("1")["Balance"] == 900
    (zero,) = portal.quickbooks.all("Payment")
    assert zero["TotalAmt"] == 0
    assert run.counts["credit_note"] == {
        "created": 1, "updated": 0, "voided": 0, "adopted": 0, "unchanged": 0, "waiting": 0, "issues": 0,
    }  # fmt: skip
    settled(portal)
    links = EntityLink.objects.of(portal.firm).filter(kind="credit_note").order_by("leg")
    assert [(link.practice_id, link.leg, link.ledger_entity) for link in links] == [
        (str(note), "", "CreditMemo"),
        (str(note), "apply", "Payment"),
    ]
    assert account(portal, "receivable") == 900


def test_r5_undo_the_worked_example_of_a_bill_with_a_credit_note_that_is_voided(portal: Portal) -> None:
    """Bill 1,000, credit note 100, void: application undone, memo emptied, invoice voided: A/R 0, income 0."""
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    portal.run()
    before = len(portal.wire.sent)
    portal.clio.void_bill(bill)
    run = portal.run()
    assert [path.rpartition("/")[2] for path, _ in portal.wire.sent[before:]] == ["payment", "creditmemo", "invoice"]
    emptied = memo(portal)
    assert (emptied["TotalAmt"], emptied["DocNumber"]) == (0, f"CN-{note}")
    assert emptied["PrivateNote"].splitlines()[0] == "Voided in Clio"
    assert [row["Amount"] for row in emptied["Line"]] == [0, 0]
    assert run.counts["credit_note"]["voided"] == 1
    assert (account(portal, "receivable"), portal.invoice("1")["TotalAmt"]) == (0, 0)
    assert portal.quickbooks.trial_balance() == {}
    settled(portal)


def test_r5_a_deleted_credit_note_is_undone_and_its_invoice_owed_again(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    portal.run()
    portal.clio.delete_credit_note(note)
    portal.run()
    assert (memo(portal)["TotalAmt"], portal.invoice("1")["Balance"]) == (0, 1000)
    settled(portal)


def test_r5_a_note_deleted_and_entered_anew_is_undone_before_the_new_one_is_applied(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    old = credit(portal, bill, 1000)
    portal.run()
    portal.clio.delete_credit_note(old)
    new = credit(portal, bill, 950)
    portal.run()
    found = {doc["DocNumber"]: doc["TotalAmt"] for doc in portal.quickbooks.all("CreditMemo")}
    assert found == {f"CN-{old}": 0, f"CN-{new}": 950}
    assert portal.invoice("1")["Balance"] == 50
    settled(portal)


def test_r5_the_worked_example_of_a_credit_note_on_a_bill_with_tax(portal: Portal) -> None:
    """Bill 1,000 + 80 tax, credit note 108: income −100, tax payable −8."""
    bill = portal.bill("1000.00", number="1", tax_rate="8")
    portal.run()
    before = portal.quickbooks.trial_balance()
    credit(portal, bill, 108)
    portal.run()
    names = {doc["Id"]: doc["Name"] for doc in portal.quickbooks.all("Account")}
    after = portal.quickbooks.trial_balance()
    moved = {names[id]: after[id] - before.get(id, 0) for id in after if after[id] != before.get(id, 0)}
    assert moved == {"Accounts Receivable (A/R)": -108, "Services": 100, "Tax on Bills Payable": 8}
    settled(portal)


def test_r5_interest_that_is_credited_reduces_the_interest_invoice(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.clio.charge_interest(bill, Decimal(9), FEBRUARY)
    note = credit(portal, bill, 109)
    allocation = next(row["id"] for row in portal.clio.snapshot()["allocations"] if row["parent_id"] == note)

    def split(path: str, answer: Any) -> None:
        """Clio splits what is credited into principal and interest, as it does with payments."""
        for row in list(answer["data"]) if "/allocations.json" in path else ():
            if row["id"] == allocation:
                answer["data"].append({**row, "id": allocation + 5000, "amount": 9, "interest": True})
                row["amount"] = 100

    portal.wire.tamper.append(split)
    portal.run()
    balances = {doc["DocNumber"]: doc["Balance"] for doc in portal.quickbooks.all("Invoice")}
    assert balances == {"1": 0, "1-I1": 0}
    assert len(memo(portal)["Line"]) == 3  # services, interest, sub-total
    assert account(portal, "receivable") == 0


def test_r5_a_firm_may_choose_one_item_by_purpose(portal: Portal) -> None:
    bad_debt = portal.quickbooks.create_account("Bad debt", "Expense")
    item = portal.quickbooks.create_item("Bad debt", bad_debt["Id"])
    mapping.read_targets(portal.workspace())
    mapping.save(portal.pairing, {keys.credit_key("bad_debt"): item["Id"]})
    Pairing.objects.of(portal.firm).update(credit_purpose="bad_debt")
    bill = portal.bill("1000.00", number="1", tax_rate="8")
    credit(portal, bill, 108)
    portal.run()
    assert portal.quickbooks.trial_balance()[bad_debt["Id"]] == 108
    settled(portal)


def test_r5_a_note_on_an_earlier_bill_is_left_out(portal: Portal) -> None:
    earlier = portal.bill("500.00", issued=date(2025, 11, 3))
    credit(portal, earlier)
    portal.run()
    assert portal.quickbooks.all("CreditMemo") == []
    settled(portal)


def test_r1_4_without_the_list_of_credit_memos_notes_are_posted_and_somebody_is_told(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    credit(portal, bill)
    portal.wire.before.append(forbidding("credit_memos"))
    run = portal.run()
    assert (run.outcome, portal.codes()) == ("issues", ["permission_lost"])
    assert portal.invoice("1")["Balance"] == 900
    portal.wire.before.clear()
    portal.run()
    settled(portal)


def forbidding(entity: str) -> Before:
    refused = b'{"error":{"type":"ForbiddenError","message":"not for you"}}'

    def act(request: requests.PreparedRequest) -> Response | None:
        is_it = f"/{entity}.json" in str(request.url)
        return Response(403, refused, {"content-type": "application/json"}) if is_it else None

    return act


def test_r1_4_a_note_that_is_missing_from_complete_reads_twice_is_undone(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    portal.run()

    def without(path: str, answer: Any) -> None:
        if "/credit_memos.json" in path:
            answer["data"] = [row for row in answer["data"] if row["id"] != note]
        if "/allocations.json" in path:
            answer["data"] = [row for row in answer["data"] if row["parent"]["id"] != note]
        for row in answer["data"] if "/bills.json" in path else ():
            row["balance"] = 1000

    portal.wire.tamper.append(without)
    for minutes in (0, 20):
        portal.clock.sleep(60 * minutes)
        reset_cursors(portal.pairing)
        portal.run()
        assert memo(portal)["TotalAmt"] == (100 if not minutes else 0)
    assert portal.invoice("1")["Balance"] == 1000


# QuickBooks applies credits by itself


def auto_apply(portal: Portal) -> None:
    portal.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", True)


@pytest.mark.parametrize("timing", ["in_answer", "after_answer"])
def test_r5_what_quickbooks_applied_by_itself_is_recognised_not_doubled(portal: Portal, timing: str) -> None:
    set_switch(portal.world.store, "auto_apply_timing", timing)
    auto_apply(portal)
    bill = portal.bill("1000.00", number="1")
    credit(portal, bill)
    assert portal.run().counts["credit_note"]["waiting"] == 1
    written = portal.writes()
    run = portal.run()
    assert (portal.writes(), run.counts["credit_note"]["updated"]) == (written, 1)
    (zero,) = portal.quickbooks.all("Payment")
    assert zero["PrivateNote"] == "Created by QB Online to link credits to charges."
    assert EntityLink.objects.of(portal.firm).get(leg="apply").ledger_id == zero["Id"]
    settled(portal, "auto_apply_on")
    portal.clio.void_bill(bill)
    portal.run()
    assert account(portal, "receivable") == 0
    settled(portal, "auto_apply_on")


def test_r5_what_went_to_another_invoice_is_said_and_put_right_once_it_is_taken_off(portal: Portal) -> None:
    auto_apply(portal)
    ann = portal.contact()
    older, newer = portal.bill("300.00", contact=ann, number="1"), portal.bill("500.00", contact=ann, number="2")
    credit(portal, newer)
    portal.run()
    portal.run()
    issue = portal.issue("credit_applied_elsewhere")
    assert (portal.invoice("1")["Balance"], portal.invoice("2")["Balance"]) == (200, 500)
    settled(portal, "auto_apply_on", "credit_applied_elsewhere", but=[older, newer])
    portal.quickbooks.delete("Payment", issue.ledger_id)
    portal.run()
    assert (portal.invoice("1")["Balance"], portal.invoice("2")["Balance"]) == (300, 400)
    settled(portal, "auto_apply_on")


def test_r5_payments_are_posted_before_quickbooks_can_take_their_invoices_for_a_credit(portal: Portal) -> None:
    auto_apply(portal)
    ann = portal.contact()
    older, newer = portal.bill("300.00", contact=ann, number="1"), portal.bill("500.00", contact=ann, number="2")
    portal.pay(older, 300)
    credit(portal, newer)
    portal.run()
    portal.run()
    assert (portal.invoice("1")["Balance"], portal.invoice("2")["Balance"]) == (0, 400)
    settled(portal, "auto_apply_on")


# What a person entered already


def entered(portal: Portal, amount: int = 100) -> tuple[str, str]:
    """A person's own credit memo on invoice 1: its id, and that of the payment that applies it."""
    invoice = portal.invoice("1")
    owner, item = invoice["CustomerRef"]["value"], invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]
    made = portal.quickbooks.create_credit_memo(owner, [(item, amount)], number="CM 5", TxnDate="2026-02-21")
    applied = portal.quickbooks.apply_credit(owner, made["Id"], invoice["Id"], amount)
    return made["Id"], applied["Id"]


def test_r5_a_persons_own_credit_memo_is_offered_and_adopted_without_a_write(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.run()
    made, applied = entered(portal)
    note = credit(portal, bill)
    portal.run()
    assert portal.issue("credit_exists").ledger_id == made
    settled(portal, "credit_exists")
    written = portal.writes()
    portal.resolve("credit_exists", "adopt")
    run = portal.run()
    assert (portal.writes(), run.counts["credit_note"]["adopted"]) == (written, 1)
    assert portal.invoice("1")["Balance"] == 900
    settled(portal)
    portal.clio.delete_credit_note(note)
    portal.run()
    assert portal.quickbooks.get("CreditMemo", made)["TotalAmt"] == 0
    assert portal.quickbooks.get("Payment", applied)["Line"] == []
    settled(portal)


def test_r5_said_to_be_another_credit_it_is_posted_as_well(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.run()
    entered(portal)
    credit(portal, bill)
    portal.run()
    portal.resolve("credit_exists", "post")
    portal.run()
    assert portal.invoice("1")["Balance"] == 800
    assert len(portal.quickbooks.all("CreditMemo")) == 2
    settled(portal, "payment_only_in_quickbooks", but=[bill])


# Numbers, tax engines, refusals


def estimate(portal: Portal, number: str) -> str:
    """An estimate of that number for the customer of invoice 1; returns its id."""
    invoice = portal.invoice("1")
    owner, item = invoice["CustomerRef"]["value"], invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]
    made: str = portal.quickbooks.create_estimate(owner, [(item, 1)], number=number)["Id"]
    return made


def test_r5_a_number_that_is_taken_in_quickbooks_waits_for_a_person(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.run()
    note = credit(portal, bill)
    taken = estimate(portal, f"CN-{note}")
    portal.run()
    assert portal.issue("duplicate_number").kind == "credit_note"
    settled(portal, "duplicate_number", but=[bill])
    portal.quickbooks.edit("Estimate", taken, DocNumber="E-1")
    portal.run()
    assert portal.invoice("1")["Balance"] == 900
    settled(portal)


def test_r5_a_number_taken_meanwhile_is_refused_by_quickbooks_and_said(portal: Portal) -> None:
    """6140 is handled all the same: the number was taken after the index was read."""
    bill = portal.bill("1000.00", number="1")
    portal.run()
    note = credit(portal, bill)

    def take() -> None:
        estimate(portal, f"CN-{note}")

    portal.on_write("CreditMemo", take)
    portal.run()
    assert portal.issue("duplicate_number").kind == "credit_note"
    settled(portal, "duplicate_number", but=[bill])


def test_r3_3_a_credit_memo_that_quickbooks_adds_tax_to_is_emptied_at_once(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.run()
    set_switch(portal.world.store, "tax_engine", "every_line")
    credit(portal, bill)
    portal.run()
    assert memo(portal)["TotalAmt"] == 0
    assert portal.issue("total_mismatch").kind == "credit_note"
    settled(portal, "total_mismatch", but=[bill])
    set_switch(portal.world.store, "tax_engine", "off")
    portal.quickbooks.set_preference("TaxPrefs", "PartnerTaxEnabled", False)
    portal.run()
    assert (memo(portal)["TotalAmt"], portal.invoice("1")["Balance"]) == (100, 900)
    settled(portal)


def test_r9_1_without_custom_numbers_credit_notes_wait(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.run()
    credit(portal, bill)
    portal.quickbooks.set_custom_numbers(False)
    run = portal.run()
    assert run.counts["credit_note"]["waiting"] == 1
    settled(portal, "numbering_setting_off", but=[bill])
    portal.quickbooks.set_custom_numbers(True)
    portal.run()
    settled(portal)


# QuickBooks fails while it is written to


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("entity", ["CreditMemo", "Payment"])
@pytest.mark.parametrize("kind", ["500_before", "timeout_after"])
def test_an_unanswered_write_of_a_credit_leaves_one_of_each(portal: Portal, entity: str, kind: str, old: bool) -> None:
    bill = portal.bill("1000.00", number="1")
    credit(portal, bill)
    portal.on_write(entity, lambda: portal.world.quickbooks.fail_next(kind, 3))
    portal.run()
    assert portal.codes() == ["unresolved_write"]
    if old:
        portal.clock.sleep(26 * 3600)
    portal.until_quiet()
    portal.run()
    assert (len(portal.quickbooks.all("CreditMemo")), len(portal.quickbooks.all("Payment"))) == (1, 1)
    assert portal.invoice("1")["Balance"] == 900
    settled(portal)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("entity", ["CreditMemo", "Payment"])
@pytest.mark.parametrize("kind", ["500_before", "timeout_after"])
def test_an_unanswered_undo_of_a_credit_is_resolved_too(portal: Portal, entity: str, kind: str, old: bool) -> None:
    bill = portal.bill("1000.00", number="1")
    note = credit(portal, bill)
    portal.run()
    portal.clio.delete_credit_note(note)
    portal.on_write(entity, lambda: portal.world.quickbooks.fail_next(kind, 3))
    portal.run()
    assert portal.codes() == ["unresolved_write"]
    if old:
        portal.clock.sleep(26 * 3600)
    portal.until_quiet()
    portal.run()
    assert (memo(portal)["TotalAmt"], portal.invoice("1")["Balance"]) == (0, 1000)
    settled(portal)
