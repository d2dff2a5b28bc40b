"""R3: bills and the invoices they become."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from firms.models import Firm, User
from integrations import mapping
from integrations.core import mapping as keys
from integrations.models import EntityLink, Issue, Mapping, Pairing, Record
from integrations.sandbox.clio.office import BillLine, Discount
from integrations.sandbox.quickbooks.switches import set_switch
from tests.portal import START, Portal, make_portal
from tests.sync.books import account, settled

DAY = date(2026, 2, 2)


def line(amount: str, text: str = "Advice", **options: Any) -> BillLine:
    return BillLine(text, Decimal(amount), date=DAY, **options)


def lines_of(invoice: dict[str, Any]) -> list[tuple[str, Decimal]]:
    """(item name, amount) of each line with an item."""
    sales = [row for row in invoice["Line"] if row["DetailType"] == "SalesItemLineDetail"]
    return [(row["SalesItemLineDetail"]["ItemRef"]["name"], Decimal(row["Amount"])) for row in sales]


def test_r3_1_the_amount_is_what_the_client_was_ever_to_pay(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.pay(bill, 250)
    portal.run()
    invoice = portal.invoice("1")
    assert (invoice["TotalAmt"], invoice["Balance"]) == (1000, 750)
    settled(portal)


def test_r3_1_figures_read_at_different_moments_are_read_again_together(portal: Portal) -> None:
    """The payment was recorded after the bill was read and before its allocation was."""
    bill = portal.bill("1000.00", number="1")
    paid = []

    def pay_now(request: Any) -> None:
        if "/allocations.json" in request.url and not paid:
            paid.append(portal.pay(bill, 250))

    portal.wire.before.append(pay_now)
    portal.run()
    assert portal.invoice("1")["Balance"] == 750
    settled(portal)


def test_r3_1_figures_that_never_add_up_are_not_posted(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.bill("20.00", contact=portal.contact("Bo", "Ray", "bo@example.com"), number="2")

    def spoil(path: str, answer: Any) -> None:
        for row in answer["data"] if "/bills.json" in path else ():
            if row["number"] == "1":
                row["balance"] = 999.0

    portal.wire.tamper.append(spoil)
    portal.run()
    assert portal.issue("total_mismatch").practice_id == str(bill)
    assert [invoice["DocNumber"] for invoice in portal.quickbooks.all("Invoice")] == ["2"]
    settled(portal, "total_mismatch", but=[bill])
    portal.wire.tamper.clear()
    portal.run()
    settled(portal)


def test_r3_2_the_worked_example_of_tax_and_discount_has_a_rounding_line(portal: Portal) -> None:
    """3 × 33.33, discount 10 %, tax 8.25 %: tax lines 7.41, bill tax 7.42, A = 97.41."""
    thirds = [line("33.33", f"Part {number}") for number in (1, 2, 3)]
    portal.bill(lines=thirds, discount=Discount(Decimal(10)), tax_rate="8.25", number="1")
    portal.run()
    invoice = portal.invoice("1")
    assert invoice["TotalAmt"] == Decimal("97.41")
    named = dict(lines_of(invoice)[3:])
    assert named == {
        "Tax on Bills": Decimal("7.41"),
        "Discounts on Bills": Decimal("-10.00"),
        "Rounding": Decimal("0.01"),
    }
    settled(portal)


def test_r3_2_each_line_goes_to_its_item_and_keeps_its_order_and_date(portal: Portal) -> None:
    portal.clio.set_billing(use_secondary_tax=True)
    lines = [
        line("100.00", "Hearing"),
        line("40.00", "Filing fee", kind="hard_cost"),
        line("5.00", "Copies", kind="soft_cost"),
        line("0.00", "Courtesy call", kind="no_charge"),
    ]
    portal.bill(lines=lines, tax_rate=10, secondary_tax_rate=5, number="1")
    portal.run()
    invoice = portal.invoice("1")
    assert lines_of(invoice)[:3] == [("Services", 100), ("Advanced Client Costs", 40), ("Cost Recovery", 5)]
    assert sum(amount for item, amount in lines_of(invoice) if item == "Tax on Bills") == Decimal("21.75")
    (text,) = [row for row in invoice["Line"] if row["DetailType"] == "DescriptionOnly"]
    assert "Courtesy call" in text["Description"]
    assert "2026-02-02" in invoice["Line"][0]["Description"]
    assert invoice["Line"][0]["SalesItemLineDetail"]["ServiceDate"] == "2026-02-02"
    settled(portal)


def test_r3_2_an_expense_category_can_have_an_item_of_its_own(portal: Portal) -> None:
    category = portal.clio.add_expense_category("Court reporters", "hard_cost")
    item = portal.quickbooks.create_item("Court Reporters", portal.quickbooks.account_id("services"))
    work = portal.workspace()
    mapping.read_targets(work)
    mapping.save(portal.pairing, {keys.category_key(str(category)): item["Id"]})
    portal.bill(lines=[line("40.00", "Transcript", kind="hard_cost", category_id=category)], number="1")
    portal.run()
    assert lines_of(portal.invoice("1")) == [("Court Reporters", 40)]
    settled(portal)


def test_r3_2_lines_behind_a_summary_are_found_when_only_the_summary_is_shown(portal: Portal) -> None:
    lines = [line("60.00", "A"), line("40.00", "B"), line("0.00", "Advice in January", kind="summary", covers=(0, 1))]
    portal.bill(lines=lines, number="1")
    portal.run()
    assert [amount for _, amount in lines_of(portal.invoice("1"))] == [60, 40]
    settled(portal)


def test_r3_2_taxes_can_be_one_line(portal: Portal) -> None:
    Pairing.objects.of(portal.firm).update(aggregate_tax=True)
    portal.bill(lines=[line("100.00")], tax_rate=10, secondary_tax_rate=5, number="1")
    portal.run()
    assert lines_of(portal.invoice("1"))[1:] == [("Tax on Bills", 15)]
    settled(portal)


def test_r3_2_quantity_and_price_are_sent_only_where_they_make_the_amount_to_the_cent(portal: Portal) -> None:
    exact = BillLine("Exact", Decimal("200.00"), quantity=Decimal("1.5"), date=DAY)
    rounded = BillLine("Rounded", Decimal("333.33"), quantity=Decimal("0.1"), date=DAY)
    portal.bill(lines=[exact, rounded], number="1")
    portal.run()
    details = [row["SalesItemLineDetail"] for row in portal.invoice("1")["Line"][:2]]
    assert [(one["Qty"], one["UnitPrice"]) for one in details] == [(Decimal("1.5"), 200), (1, Decimal("33.33"))]
    settled(portal)


def test_r3_2_a_difference_no_discount_explains_is_not_posted(portal: Portal) -> None:
    bill = portal.bill("100.00")

    def spoil(path: str, answer: Any) -> None:
        for row in answer["data"] if "/bills.json" in path else ():
            row |= {"balance": 99.0, "due": 99.0, "total": 99.0}

    portal.wire.tamper.append(spoil)
    portal.run()
    assert portal.codes() == ["total_mismatch"]
    assert portal.quickbooks.all("Invoice") == []
    assert portal.issue("total_mismatch").practice_id == str(bill)


def test_r3_3_lines_of_a_us_company_are_not_taxable(portal: Portal) -> None:
    portal.bill("10.00", number="1")
    portal.run()
    assert portal.invoice("1")["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}


@pytest.mark.parametrize("country, currency", [("CA", "CAD"), ("GB", "GBP")])
def test_r3_3_elsewhere_tax_is_said_not_to_apply(acme: Firm, alice: User, country: str, currency: str) -> None:
    portal = make_portal(acme, alice, country=country, currency=currency)
    portal.bill("10.00", number="1", tax_rate=20)
    portal.run()
    invoice = portal.invoice("1")
    assert invoice["GlobalTaxCalculation"] == "NotApplicable"
    assert "TaxCodeRef" not in portal.bodies("Invoice")[0]["Line"][0]["SalesItemLineDetail"]
    assert invoice["TotalAmt"] == 12
    settled(portal)


def test_r3_3_a_total_changed_by_a_tax_engine_is_voided_at_once_and_not_tried_again(portal: Portal) -> None:
    set_switch(portal.world.store, "tax_engine", "every_line")
    bill = portal.bill("100.00", number="1")
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 0
    settled(portal, "total_mismatch", but=[bill])
    set_switch(portal.world.store, "tax_engine", "off")
    portal.quickbooks.set_preference("TaxPrefs", "UsingSalesTax", value=False)
    portal.quickbooks.set_preference("TaxPrefs", "PartnerTaxEnabled", value=False)
    portal.run()
    invoice = portal.invoice("1")
    assert invoice["TotalAmt"] == 100
    assert not invoice["PrivateNote"].startswith("Voided")
    settled(portal)


def test_r3_4_each_interest_charge_is_an_invoice_of_its_own(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="7")
    portal.run()
    charge = portal.clio.charge_interest(bill, Decimal(15), date(2026, 3, 5))
    portal.clio.charge_interest(bill, Decimal(16), date(2026, 4, 5))
    portal.run()
    first = portal.invoice("7-I1")
    assert (first["TotalAmt"], first["TxnDate"]) == (15, "2026-03-05")
    assert lines_of(first) == [("Interest on Bills", 15)]
    assert portal.invoice("7-I2")["TotalAmt"] == 16
    assert portal.invoice("7")["TotalAmt"] == 1000
    leg = EntityLink.objects.of(portal.firm).get(kind="invoice", ledger_id=first["Id"]).leg
    assert leg == f"interest-{charge}"
    portal.pay(bill, 1010)
    portal.run()
    assert [portal.invoice(number)["Balance"] for number in ("7", "7-I1", "7-I2")] == [0, 5, 16]
    settled(portal)


@pytest.mark.parametrize("amount", ["15.00", "0.01"])
def test_r3_4_interest_removed_in_clio_voids_its_invoice_and_later_ones_keep_their_number(
    portal: Portal, amount: str
) -> None:
    """Of a cent too, which could pass for rounding."""
    bill = portal.bill("1000.00", number="7")
    charge = portal.clio.charge_interest(bill, Decimal(amount), date(2026, 3, 5))
    portal.run()
    portal.clio.delete_interest_charge(charge)
    portal.run()
    assert portal.invoice("7-I1")["TotalAmt"] == 0
    settled(portal)
    portal.clio.charge_interest(bill, Decimal(9), date(2026, 5, 5))
    portal.run()
    assert portal.invoice("7-I2")["TotalAmt"] == 9
    settled(portal)


def test_r3_5_the_number_of_the_bill_is_the_number_of_the_invoice(portal: Portal) -> None:
    portal.bill("10.00", number="A/2026-0042")
    portal.run()
    assert portal.invoice("A/2026-0042")["TotalAmt"] == 10
    assert not [query for _, _, query in portal.log if "allowduplicatedocnum" in query]


@pytest.mark.parametrize("form", ["invoice", "credit_memo", "sales_receipt", "estimate"])
def test_r3_5_a_number_another_document_holds_is_an_issue_naming_both(portal: Portal, form: str) -> None:
    someone = portal.quickbooks.create_customer("Someone")
    make = getattr(portal.quickbooks, f"create_{form}")
    other = make(someone["Id"], [(portal.quickbooks.all("Item")[0]["Id"], 5)], number="42")
    bill = portal.bill("10.00", number="42")
    portal.run()
    issue = portal.issue("duplicate_number")
    assert (issue.practice_id, issue.details["holder_id"]) == (str(bill), other["Id"])
    assert portal.bodies("Invoice") == []
    settled(portal, "duplicate_number", but=[bill])


@pytest.mark.parametrize("where", ["clio", "quickbooks"])
def test_r3_5_a_duplicate_number_closes_by_itself_once_either_side_is_renumbered(portal: Portal, where: str) -> None:
    someone = portal.quickbooks.create_customer("Someone")
    other = portal.quickbooks.create_invoice(someone["Id"], [(portal.quickbooks.all("Item")[0]["Id"], 5)], number="42")
    bill = portal.bill("10.00", number="42")
    portal.run()
    if where == "clio":
        portal.clio.renumber(bill, "43")
    else:
        portal.quickbooks.renumber_invoice(other["Id"], "X-9042")
    portal.run()
    assert portal.codes() == []
    assert len(portal.bodies("Invoice")) == 1
    settled(portal)


def test_r3_5_a_number_taken_between_read_and_write_is_the_same_issue(portal: Portal) -> None:
    bill = portal.bill("10.00", number="42")
    portal.wire.before.append(taking_number(portal, "42"))
    portal.run()
    assert portal.issue("duplicate_number").practice_id == str(bill)
    settled(portal, "duplicate_number", but=[bill])
    (taken,) = portal.quickbooks.all("Invoice")
    portal.quickbooks.renumber_invoice(taken["Id"], "X-42")
    portal.run()
    assert portal.invoice("42")["TotalAmt"] == 10
    settled(portal)


def taking_number(portal: Portal, number: str) -> Any:
    taken: list[Any] = []

    def act(request: Any) -> None:
        if request.method == "POST" and "/invoice?" in request.url and not taken:
            taken.append(portal.quickbooks.create_customer("Quick Hand"))
            item = portal.quickbooks.all("Item")[0]["Id"]
            portal.quickbooks.create_invoice(taken[0]["Id"], [(item, 1)], number=number)

    return act


def existing(portal: Portal, amount: int = 100, txn_date: str = "2026-02-02") -> dict[str, Any]:
    """An invoice a person entered in QuickBooks for the bill before the portal came."""
    ann = portal.quickbooks.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})
    item = portal.quickbooks.all("Item")[0]["Id"]
    return portal.quickbooks.create_invoice(ann["Id"], [(item, amount)], number="42", TxnDate=txn_date)


def test_r3_5_the_very_same_invoice_is_adopted_after_a_persons_yes(portal: Portal) -> None:
    made = existing(portal)
    bill = portal.bill("100.00", number="42")
    portal.run()
    assert portal.issue("invoice_exists").ledger_id == made["Id"]
    settled(portal, "invoice_exists", but=[bill])
    portal.resolve("invoice_exists", "adopt")
    run = portal.run()
    assert run.counts["invoice"]["adopted"] == 1
    assert portal.quickbooks.get("Invoice", made["Id"])["SyncToken"] == made["SyncToken"]
    settled(portal)
    portal.pay(bill, 40)
    portal.run()
    assert portal.invoice("42")["Balance"] == 60
    settled(portal)


@pytest.mark.parametrize("amount, txn_date", [(101, "2026-02-02"), (100, "2026-02-03")])
def test_r3_5_a_like_invoice_is_not_the_same(portal: Portal, amount: int, txn_date: str) -> None:
    existing(portal, amount, txn_date)
    bill = portal.bill("100.00", number="42")
    portal.run()
    settled(portal, "duplicate_number", but=[bill])


def test_r3_5_a_number_longer_than_quickbooks_takes_is_an_issue_and_never_cut(portal: Portal) -> None:
    bill = portal.bill("10.00", number="2026-000000000000000042")
    portal.run()
    settled(portal, "number_too_long", but=[bill])
    assert portal.quickbooks.all("Invoice") == []


def test_r3_6_another_currency_is_an_issue_and_other_bills_go_on(portal: Portal) -> None:
    euro = portal.clio.add_currency("EUR", "€")
    ann = portal.contact()
    foreign = portal.bill("10.00", contact=ann, currency_id=euro)
    portal.bill("20.00", contact=ann, number="2")
    portal.run()
    assert portal.issue("currency_mismatch").practice_id == str(foreign)
    assert portal.invoice("2")["TotalAmt"] == 20
    settled(portal, "currency_mismatch", but=[foreign])


def test_r3_6_a_line_without_a_mapping_is_an_issue_and_other_bills_go_on(portal: Portal) -> None:
    Mapping.objects.of(portal.firm).filter(key=keys.SOFT_COST).delete()
    ann = portal.contact()
    unmapped = portal.bill(lines=[line("5.00", kind="soft_cost")], contact=ann, number="1")
    portal.bill("20.00", contact=ann, number="2")
    portal.run()
    assert portal.issue("mapping_missing").practice_id == str(unmapped)
    settled(portal, "mapping_missing", but=[unmapped])
    work = portal.workspace()
    mapping.apply(work, START)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 5
    settled(portal)


def test_r3_7_an_edited_bill_changes_the_same_invoice_and_leaves_what_is_not_ours(portal: Portal) -> None:
    bill = portal.bill(lines=[line("100.00"), line("50.00", "Gone")], number="1")
    portal.run()
    made = portal.invoice("1")
    portal.quickbooks.edit_invoice(made["Id"], CustomerMemo={"value": "Thank you"})
    portal.clio.edit_bill(bill, lines=[line("120.00")], issued_at=date(2026, 2, 5), due_at=date(2026, 3, 5))
    portal.clio.renumber(bill, "1a")
    portal.run()
    now = portal.invoice("1a")
    assert now["Id"] == made["Id"]
    assert lines_of(now) == [("Services", 120)]
    assert (now["TxnDate"], now["DueDate"]) == ("2026-02-05", "2026-03-05")
    assert now["CustomerMemo"] == {"value": "Thank you"}
    settled(portal)


def test_r3_7_the_lines_of_a_bill_whose_figures_moved_are_read_by_one_call_and_old_ones_dropped(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill(lines=[line("100.00"), line("50.00", "Gone")], contact=ann, number="1")
    other = portal.bill("20.00", contact=ann, number="2")
    portal.run()
    portal.clio.edit_bill(bill, lines=[line("100.00")])
    portal.clio.edit_bill(other, due_at=date(2026, 3, 5))
    before = len(portal.log)
    run = portal.run()
    asked = [
        query for _, path, query in portal.log[before:] if path.endswith("/line_items.json") and "bill_id" in query
    ]
    assert (len(asked), run.requests["clio_bill_lines"]) == (1, 1)
    assert lines_of(portal.invoice("1")) == [("Services", 100)]
    kept = Record.objects.of(portal.firm).filter(entity="line_items", owner_id=str(bill))
    assert kept.count() == 1
    settled(portal)


def test_r3_7_numbers_may_be_swapped_within_one_run_or_two(portal: Portal) -> None:
    ann = portal.contact()
    first, second = portal.bill("10.00", contact=ann, number="1"), portal.bill("20.00", contact=ann, number="2")
    portal.run()
    portal.clio.renumber(first, "3")
    portal.clio.renumber(second, "1")
    portal.run()
    portal.run()
    assert (portal.invoice("3")["TotalAmt"], portal.invoice("1")["TotalAmt"]) == (10, 20)
    settled(portal)


def test_r3_8_a_voided_bill_lets_its_payment_go_and_is_voided_in_one_run(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    payment = portal.pay(bill, 40)
    portal.run()
    portal.clio.delete_payment(payment)
    portal.clio.void_bill(bill)
    run = portal.run()
    assert (run.outcome, portal.codes()) == ("in_sync", [])
    assert portal.invoice("1")["TotalAmt"] == 0
    assert account(portal, "receivable") == account(portal, "undeposited") == 0
    settled(portal)


def test_r3_8_an_invoice_paid_by_a_stranger_is_not_voided(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.run()
    invoice = portal.invoice("1")
    portal.quickbooks.receive_payment(invoice["CustomerRef"]["value"], 40, {invoice["Id"]: 40})
    portal.clio.void_bill(bill)
    portal.run()
    assert portal.invoice("1")["Balance"] == 60
    settled(portal, "void_blocked", but=[bill])


def test_r3_8_an_invoice_in_a_closed_period_is_not_voided(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.run()
    portal.quickbooks.close_books("2026-02-28")
    portal.clio.void_bill(bill)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 100
    assert "void_blocked" in portal.codes()
    portal.quickbooks.close_books(None)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 0
    settled(portal)


def test_r3_8_a_bill_voided_while_its_payment_is_deposited_is_not_half_undone(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    payment = portal.pay(bill, 100)
    portal.run()
    (posted,) = portal.quickbooks.all("Payment")
    deposit = portal.quickbooks.deposit_payments([posted["Id"]])
    portal.clio.delete_payment(payment)
    portal.clio.void_bill(bill)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 100
    assert portal.quickbooks.get("Payment", posted["Id"])["TotalAmt"] == 100
    assert "deposited_payment" in portal.codes()
    portal.quickbooks.delete("Deposit", deposit["Id"])
    portal.resolve("deposited_payment", "retry")
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 0
    settled(portal)


def test_r3_8_a_blocked_void_becomes_a_credit_memo_dated_today_once_confirmed(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.run()
    invoice = portal.invoice("1")
    portal.quickbooks.receive_payment(invoice["CustomerRef"]["value"], 40, {invoice["Id"]: 40})
    portal.clio.void_bill(bill)
    portal.run()
    settled(portal, "void_blocked", but=[bill])
    portal.resolve("void_blocked", "credit_memo")
    run = portal.run()
    (memo,) = portal.quickbooks.all("CreditMemo")
    assert (memo["DocNumber"], memo["TotalAmt"], memo["Balance"]) == (f"CN-B{bill}", 100, 40)
    assert memo["TxnDate"] == portal.today.isoformat()
    assert (run.outcome, portal.invoice("1")["Balance"], account(portal, "receivable")) == ("in_sync", 0, -40)
    settled(portal)
    assert [issue.code for issue in Issue.objects.of(portal.firm).filter(state="accepted")] == ["void_blocked"]


def test_r3_8_money_that_stays_in_clio_blocks_the_void_and_stays_as_credit(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1")
    portal.pay(bill, 40)
    portal.run()

    def gone(path: str, answer: Any) -> None:
        for row in answer["data"] if "/bills.json" in path else ():
            row["state"] = "void"

    portal.wire.tamper.append(gone)
    portal.clio.edit_bill(bill, due_at=date(2026, 5, 5))
    portal.run()
    assert "payment" in portal.issue("void_blocked").message
    portal.resolve("void_blocked", "credit_memo")
    portal.run()
    assert (portal.invoice("1")["Balance"], account(portal, "receivable")) == (0, -40)
    settled(portal, but=[bill])
