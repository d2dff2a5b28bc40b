"""R9: QuickBooks's settings and where its numbers stand."""

from datetime import date, timedelta
from typing import Any

import pytest

from firms.models import Firm, User
from integrations import mapping
from integrations.core import mapping as keys
from integrations.models import EntityLink
from integrations.preflight import preflight
from integrations.sandbox.clio.office import BillLine
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sync.gather import gather_ledger, gather_practice
from integrations.sync.numbering import numbers_of
from integrations.sync.run import open_run, sync
from tests.portal import Portal, make_portal, new_store
from tests.sync.books import settled


def test_r9_1_without_custom_numbers_invoices_wait_and_the_rest_goes_on(portal: Portal) -> None:
    portal.quickbooks.set_custom_numbers(on=False)
    bill = portal.bill("100.00", number="1")
    portal.pay(bill, 40)
    run = portal.run()
    assert "gear → Account and settings → Sales → Sales form content" in portal.issue("numbering_setting_off").message
    assert [customer["DisplayName"] for customer in portal.quickbooks.all("Customer")] == ["Ann Lee"]
    assert portal.quickbooks.all("Invoice") == portal.quickbooks.all("Payment") == []
    assert (run.counts["invoice"]["waiting"], run.counts["payment"]["waiting"]) == (1, 1)
    settled(portal, "numbering_setting_off", but=[bill])


def test_r9_1_and_follow_by_themselves_once_it_is_on(portal: Portal) -> None:
    portal.quickbooks.set_custom_numbers(on=False)
    portal.pay(portal.bill("100.00", number="1"), 40)
    portal.run()
    portal.quickbooks.set_custom_numbers(on=True)
    run = portal.run()
    assert (run.outcome, portal.invoice("1")["Balance"]) == ("in_sync", 60)
    settled(portal)


def test_r9_2_the_supplier_bill_warning_being_off_is_only_a_warning(portal: Portal) -> None:
    portal.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", value=False)
    portal.bill("100.00")
    run = portal.run()
    assert (run.outcome, run.warnings) == ("in_sync", 1)
    settled(portal, "duplicate_warning_off")
    portal.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", value=True)
    portal.run()
    settled(portal)


def test_r9_2_where_it_is_not_reported_a_person_confirms_once(acme: Firm, alice: User) -> None:
    store = new_store()
    set_switch(store, "warn_duplicate_bill_number", "absent")
    portal = make_portal(acme, alice, store=store)
    portal.bill("100.00")
    portal.run()
    assert portal.codes() == ["duplicate_warning_off"]
    portal.resolve("duplicate_warning_off", "confirm")
    portal.run()
    settled(portal)


@pytest.mark.parametrize("number, behind", [("1999", False), ("2000", False), ("2001", True), ("X-9999", False)])
def test_r9_3_numbers_of_quickbooks_that_reach_past_clios_next_one(portal: Portal, number: str, behind: bool) -> None:
    someone = portal.quickbooks.create_customer("Someone")
    item = portal.quickbooks.all("Item")[0]["Id"]
    portal.quickbooks.create_invoice(someone["Id"], [(item, 1)], number=number)
    portal.bill("100.00", number="2000" if number != "2000" else "2001")
    portal.run()
    assert portal.codes() == (["numbering_behind"] if behind else [])
    if behind:
        assert "Give the next bill in Clio number 2002" in portal.issue("numbering_behind").message


def foreign(portal: Portal, *numbers: str) -> None:
    """Invoices that a person made in QuickBooks."""
    someone = portal.quickbooks.create_customer(f"Someone {numbers}"[:60])
    item = portal.quickbooks.all("Item")[0]["Id"]
    for number in numbers:
        portal.quickbooks.create_invoice(someone["Id"], [(item, 1)], number=number)


@pytest.mark.parametrize(
    ("theirs", "ours", "suggested"),
    [
        ("0002001", "2000", "2002"),
        ("99999999999999999999", "2000", "100000000000000000000"),
        ("999999999999999999999", "2000", ""),
        ("2001-A", "2000", ""),
        ("20 01", "2000", ""),
        ("9999", "INV-1", ""),
        ("9999", "INV-1 and 2000", "10000"),
    ],
    ids=["zeros", "20 digits", "21 digits leave no room", "letters", "a space", "Clio counts with letters", "both"],
)
def test_r9_3_only_numbers_of_digits_that_leave_room_for_the_next_one_count(
    portal: Portal, theirs: str, ours: str, suggested: str
) -> None:
    foreign(portal, theirs)
    for number in ours.split(" and "):
        portal.bill("100.00", number=number)
    found = preflight(portal.workspace())
    assert ("numbering_behind" in found) is bool(suggested)
    assert f"in Clio number {suggested}:" in found.get("numbering_behind", "in Clio number :")


def test_r9_3_a_number_far_longer_than_quickbooks_takes_breaks_nothing(portal: Portal) -> None:
    portal.bill("100.00", number="9" * 60)
    foreign(portal, "5")
    assert "Give the next bill in Clio number 6" in preflight(portal.workspace())["numbering_behind"]


def test_r9_3_is_quiet_where_every_number_of_quickbooks_came_from_clio(portal: Portal) -> None:
    for number in ("41", "40", "9", "100"):
        portal.bill("100.00", number=number)
    portal.run()
    assert len(portal.quickbooks.all("Invoice")) == 4
    settled(portal)
    assert portal.pairing.ledger_profile["numbers"] == {"clio_highest": 100, "quickbooks_highest": 0, "next": 101}


def test_r9_3_is_quiet_where_quickbooks_holds_bills_from_before_the_start_date(portal: Portal) -> None:
    foreign(portal, "97", "98", "99")
    portal.bill("100.00", number="99", issued=date(2025, 6, 1))
    portal.bill("100.00", number="100")
    portal.run()
    settled(portal)


def test_r9_3_a_document_whose_link_was_given_up_counts_as_quickbooks_own(portal: Portal) -> None:
    bill = portal.bill("100.00", number="500")
    portal.run()
    portal.clio.renumber(bill, "12")
    EntityLink.objects.of(portal.firm).filter(kind="invoice").update(state="unlinked")
    work = portal.workspace()
    gather_practice(work, 0, lambda step: None)
    gather_ledger(work, lambda step: None)
    assert numbers_of(work).report() == {"clio_highest": 12, "quickbooks_highest": 500, "next": 501}


def test_r9_3_our_own_numbers_do_not_count(portal: Portal) -> None:
    bill = portal.bill("100.00", number="9000")
    portal.run()
    portal.clio.renumber(bill, "12")
    portal.run()
    settled(portal)


def test_r9_4_automatic_application_of_credits_is_said(portal: Portal) -> None:
    portal.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", value=True)
    portal.bill("100.00")
    assert portal.run().outcome == "in_sync"
    settled(portal, "auto_apply_on")


@pytest.mark.parametrize("edition, said", [("QuickBooks Online Plus", False), ("QuickBooks Self-Employed", True)])
def test_r9_4_an_edition_that_may_not_suffice_is_said(portal: Portal, edition: str, said: bool) -> None:
    def subscribed(path: str, answer: Any) -> None:
        for row in answer.get("CompanyInfo", {}).get("NameValue", ()):
            if row["Name"] == "OfferingSku":
                row["Value"] = edition

    portal.wire.tamper.append(subscribed)
    portal.clock.sleep(86_400)
    portal.run()
    assert ("edition_limited" in portal.codes()) is said


def test_r9_4_books_closed_after_the_start_date_are_said(portal: Portal) -> None:
    portal.quickbooks.close_books("2026-01-31")
    portal.bill("100.00")
    assert portal.run().outcome == "in_sync"
    assert "31 Jan 2026" in portal.issue("books_closed").message
    settled(portal, "books_closed")


def test_r9_4_a_bill_in_the_closed_period_is_not_re_dated(portal: Portal) -> None:
    portal.quickbooks.close_books("2026-02-28")
    bill = portal.bill("100.00", number="1")
    portal.run()
    settled(portal, "books_closed", "period_closed", but=[bill])
    portal.quickbooks.close_books(None)
    portal.run()
    assert portal.invoice("1")["TxnDate"] == "2026-02-02"
    settled(portal)


def test_r9_4_another_home_currency_than_clios_is_said(acme: Firm, alice: User) -> None:
    portal = make_portal(acme, alice, company_currency="EUR")
    bill = portal.bill("100.00")
    portal.run()
    messages = [issue.message for issue in portal.issues() if issue.code == "currency_mismatch"]
    assert any("EUR" in message and "USD" in message for message in messages)
    settled(portal, "currency_mismatch", "currency_mismatch", but=[bill])


def test_r9_the_settings_are_read_before_the_first_invoice_of_every_slice(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.sync.clusters.CHUNK_OF_BILLS", 1)
    for n in (1, 2):
        portal.bill("10.00", number=str(n), contact=portal.contact("Ann", f"Lee {n}", f"ann{n}@example.com"))
    work = portal.workspace()
    run = open_run(work.pairing, portal.clock, "command")
    portal.wire.log.clear()
    assert sync(work, run, slice_s=0) is False, "one bill is left for the next slice"
    portal.quickbooks.set_custom_numbers(on=False)
    assert sync(portal.workspace(), run) is True
    steps = [path.rsplit("/", 1)[1] for method, path, _ in portal.log if path.endswith(("/preferences", "/invoice"))]
    assert steps == ["preferences", "invoice", "preferences"], "the second slice saw the setting and posted nothing"
    assert portal.codes() == ["numbering_setting_off"]


def test_r9_a_run_and_a_check_note_when_they_looked_and_a_preview_does_not(portal: Portal) -> None:
    assert portal.pairing.settings_checked_at is None
    portal.plan()
    assert portal.pairing.settings_checked_at is None
    preflight(portal.workspace())
    checked = portal.pairing.settings_checked_at
    portal.clock.sleep(timedelta(hours=1).total_seconds())
    portal.run()
    assert checked and portal.pairing.settings_checked_at and portal.pairing.settings_checked_at > checked


def test_preflight_says_the_same_before_the_first_run(portal: Portal) -> None:
    portal.quickbooks.set_custom_numbers(on=False)
    someone = portal.quickbooks.create_customer("Someone")
    portal.quickbooks.create_invoice(someone["Id"], [(portal.quickbooks.all("Item")[0]["Id"], 1)], number="5000")
    portal.bill("100.00", number="17")
    found = preflight(portal.workspace())
    assert sorted(found) == ["numbering_behind", "numbering_setting_off"]
    assert "5001" in found["numbering_behind"]
    assert sorted(portal.codes()) == sorted(found)


@pytest.mark.parametrize("how", ["inactive", "wrong_type", "trust"])
def test_a_mapping_that_no_longer_holds_makes_its_bills_wait(portal: Portal, how: str) -> None:
    item_id = next(
        p.ledger_id for p in mapping.recommend(mapping.targets(portal.pairing)) if p.slot.key == keys.SERVICE
    )
    before = portal.quickbooks.get("Item", item_id)["IncomeAccountRef"]
    match how:
        case "inactive":
            portal.quickbooks.deactivate("Item", item_id)
        case "wrong_type":
            equity = portal.quickbooks.create_account("Owner", "Equity", "OwnersEquity")
            portal.quickbooks.edit("Item", item_id, IncomeAccountRef={"value": equity["Id"]})
        case "trust":
            trust = portal.quickbooks.create_account("Client Trust", "Bank", "TrustAccounts")
            portal.quickbooks.edit("Item", item_id, IncomeAccountRef={"value": trust["Id"]})
    bill = portal.bill("100.00", number="1")
    portal.run()
    assert portal.quickbooks.all("Invoice") == []
    settled(portal, "mapping_invalid", "mapping_missing", but=[bill])
    if how == "inactive":
        portal.quickbooks.reactivate("Item", item_id)
    else:
        portal.quickbooks.edit("Item", item_id, IncomeAccountRef={"value": before["value"]})
    portal.run()
    settled(portal)


def test_a_deposit_account_that_no_longer_holds_is_not_replaced_by_another(portal: Portal) -> None:
    old = portal.quickbooks.create_account("Old Bank", "Bank", "Checking")
    work = portal.workspace()
    mapping.read_targets(work)
    mapping.save(portal.pairing, {keys.DEPOSIT: old["Id"]})
    portal.quickbooks.deactivate("Account", old["Id"])
    bill = portal.bill("100.00", number="1")
    portal.pay(bill, 40)
    portal.run()
    assert portal.quickbooks.all("Payment") == []
    settled(portal, "mapping_invalid", "mapping_missing", but=[bill])
    portal.quickbooks.reactivate("Account", old["Id"])
    portal.run()
    settled(portal)


def test_nor_is_the_item_of_a_category(portal: Portal) -> None:
    category = portal.clio.add_expense_category("Court reporters", "hard_cost")
    item = portal.quickbooks.create_item("Court Reporters", portal.quickbooks.account_id("services"))
    work = portal.workspace()
    mapping.read_targets(work)
    mapping.save(portal.pairing, {keys.category_key(str(category)): item["Id"]})
    portal.quickbooks.deactivate("Item", item["Id"])
    bill = portal.bill(lines=[BillLine("Transcript", 40, kind="hard_cost", category_id=category)], number="1")
    portal.run()
    assert portal.quickbooks.all("Invoice") == []
    settled(portal, "mapping_invalid", "mapping_missing", but=[bill])
