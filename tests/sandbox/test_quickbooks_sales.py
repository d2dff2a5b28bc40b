"""Sales forms of the QuickBooks stand-in: lines, totals, numbers, tax, closing, currencies."""

from decimal import Decimal
from typing import Any

import pytest

from integrations.sandbox.quickbooks import ledger
from integrations.sandbox.quickbooks.ledger import Posting, Unbalanced
from tests.sandbox.test_quickbooks_oauth import Caller, applied, code_of, key, sales_line


def test_an_invoice_answer_has_totals_names_due_date_and_a_subtotal_line() -> None:
    caller = Caller()
    terms = caller.query("select * from Term where Name = 'Net 30'")["Term"][0]["Id"]
    customer = caller.customer("Ann Lee", SalesTermRef={"value": terms})
    invoice = caller.invoice(customer, "100.10", "20", DocNumber="A-1")
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["DueDate"]) == (
        Decimal("120.1"),
        Decimal("120.1"),
        "2026-03-31",
    )
    assert invoice["CustomerRef"]["name"] == "Ann Lee"
    assert [line["DetailType"] for line in invoice["Line"]] == ["SalesItemLineDetail"] * 2 + ["SubTotalLineDetail"]
    assert [line.get("Id") for line in invoice["Line"]] == ["1", "2", None]
    assert invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Legal Fees"
    assert invoice["LinkedTxn"] == []


def test_the_ledger_follows_an_invoice_with_a_discount() -> None:
    caller = Caller()
    discount = {"DetailType": "DiscountLineDetail", "Amount": 10, "DiscountLineDetail": {"PercentBased": False}}
    customer = caller.customer()
    body = caller.invoice_body(customer, "100")
    body["Line"].append(discount)
    assert caller.post("invoice", body)["TotalAmt"] == 90
    office = caller.office
    assert office.trial_balance() == {
        office.account_id("receivable"): Decimal(90),
        office.account_id("services"): Decimal(-100),
        office.account_id("discount"): Decimal(10),
    }
    assert office.balances_by_customer() == {customer: Decimal(90)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"CustomerRef": {"value": "999"}}, "2500"),
        ({"Total": 5}, "2010"),
        ({"DocNumber": "1" * 22}, "2050"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"TxnDate": "01/02/2026"}, "2010"),
        ({"EmailStatus": "NeedToSend"}, "2020"),
        ({"EmailStatus": "Maybe"}, "2170"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
        ({"TotalAmt": "ignored?"}, ""),
        ({"Balance": 1}, ""),
    ],
)
def test_an_invoice_that_breaks_a_rule_is_refused(change: dict[str, Any], code: str) -> None:
    caller = Caller()
    answer = caller.call("POST", "invoice", {**caller.invoice_body(caller.customer()), **change})
    assert answer.status == 200 if not code else code_of(answer) == code


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"Amount": 5}, "2020"),
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}, "2020"),
        ({"DetailType": "SalesItemLineDetail", "Amount": -5, "SalesItemLineDetail": {}}, "6000"),
        (
            {"DetailType": "SalesItemLineDetail", "Amount": 10, "SalesItemLineDetail": {"Qty": 3, "UnitPrice": 3}},
            "6070",
        ),
        (
            {"DetailType": "SalesItemLineDetail", "Amount": 9, "SalesItemLineDetail": {"ItemRef": {"value": "999"}}},
            "2500",
        ),
        (
            {"DetailType": "SalesItemLineDetail", "Amount": 9, "SalesItemLineDetail": {"TaxCodeRef": {"value": "5"}}},
            "6100",
        ),
        ({"DetailType": "Sales"}, "2170"),
        ({"DetailType": "SalesItemLineDetail", "Amount": True, "SalesItemLineDetail": {}}, "2010"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused(line: dict[str, Any], code: str) -> None:
    caller = Caller()
    body = {"CustomerRef": {"value": caller.customer()}, "Line": [line]}
    assert caller.refused("invoice", body) == code


def test_quantity_times_price_may_differ_below_the_cent() -> None:
    caller = Caller()
    line = sales_line(caller.item(), "10", Qty=3, UnitPrice=Decimal("3.3333"))
    assert caller.post("invoice", {"CustomerRef": {"value": caller.customer()}, "Line": [line]})["TotalAmt"] == 10


def test_a_category_cannot_be_sold() -> None:
    caller = Caller()
    category = caller.office.create("Item", {"Name": "Group", "Type": "Category"})["Id"]
    body = {"CustomerRef": {"value": caller.customer()}, "Line": [sales_line(category, "5")]}
    assert caller.refused("invoice", body) == "2500"


def test_a_zero_invoice_is_accepted() -> None:
    caller = Caller()
    assert caller.invoice(caller.customer(), "0")["TotalAmt"] == 0


def test_a_duplicate_number_names_its_holder() -> None:
    caller = Caller()
    customer = caller.customer()
    first = caller.invoice(customer, DocNumber="1001")
    answer = caller.call("POST", "invoice", caller.invoice_body(customer, DocNumber="1001"))
    assert code_of(answer) == "6140"
    assert f"DocNumber=1001 is assigned to TxnType=Invoice with TxnId={first['Id']}".encode() in answer.body
    caller.post("invoice", caller.invoice_body(customer, DocNumber="1001"), include="allowduplicatedocnum")


@pytest.mark.parametrize(("reading", "refused"), [("across_sales_forms", True), ("per_type", False)])
def test_the_scope_of_a_number_follows_its_switch(reading: str, refused: bool) -> None:
    caller = Caller()
    caller.switch("duplicate_number_scope", reading)
    customer = caller.customer()
    caller.office.create_sales_receipt(customer, [(caller.item(), "5")], number="1001")
    answer = caller.call("POST", "invoice", caller.invoice_body(customer, DocNumber="1001"))
    assert (answer.status == 400) is refused


def test_the_number_of_a_deleted_invoice_is_free_and_of_a_voided_one_is_not() -> None:
    caller = Caller()
    customer = caller.customer()
    gone = caller.invoice(customer, DocNumber="1")
    caller.call("POST", "invoice", key(gone), operation="delete")
    again = caller.invoice(customer, DocNumber="1")
    caller.post("invoice", key(again), operation="void")
    assert caller.refused("invoice", caller.invoice_body(customer, DocNumber="1")) == "6140"


def test_an_update_may_keep_its_own_number_but_not_take_another() -> None:
    caller = Caller()
    customer = caller.customer()
    caller.invoice(customer, DocNumber="1")
    second = caller.invoice(customer, DocNumber="2")
    kept = caller.post("invoice", {**key(second), "sparse": True, "DocNumber": "2", "PrivateNote": "x"})
    assert caller.refused("invoice", {**key(kept), "sparse": True, "DocNumber": "1"}) == "6140"


def test_with_custom_numbers_on_an_omitted_number_stays_empty() -> None:
    caller = Caller()
    assert "DocNumber" not in caller.invoice(caller.customer())


@pytest.mark.parametrize(("reading", "expected"), [("accepted", "77"), ("ignored", "1002")])
def test_with_custom_numbers_off_quickbooks_numbers_and_a_sent_number_follows_its_switch(
    reading: str, expected: str
) -> None:
    caller = Caller(custom_numbers=False)
    caller.switch("number_sent_when_numbering_off", reading)
    customer = caller.customer()
    assert caller.invoice(customer)["DocNumber"] == "1001"
    assert caller.invoice(customer, DocNumber="77")["DocNumber"] == expected


@pytest.mark.parametrize(("reading", "refused"), [("accepted", False), ("refused", True)])
def test_a_duplicate_with_numbering_off_follows_its_switch(reading: str, refused: bool) -> None:
    caller = Caller(custom_numbers=False)
    caller.switch("duplicate_number_when_numbering_off", reading)
    customer = caller.customer()
    caller.invoice(customer, DocNumber="77")
    answer = caller.call("POST", "invoice", caller.invoice_body(customer, DocNumber="77"))
    assert (answer.status == 400) is refused


def test_the_screen_proposes_the_number_after_the_last_one() -> None:
    caller = Caller()
    caller.invoice(caller.customer(), DocNumber="4711")
    assert caller.office.next_number() == "4712"
    assert caller.office.create_invoice(caller.customer("Bob"), [(caller.item(), "5")])["DocNumber"] == "4712"


def test_lines_are_replaced_whole_and_known_ids_stay() -> None:
    caller = Caller()
    invoice = caller.invoice(caller.customer(), "100", "20")
    lines = [{**sales_line(caller.item(), "30"), "Id": "2"}, sales_line(caller.item(), "1")]
    changed = caller.post("invoice", {**key(invoice), "sparse": True, "Line": lines})
    assert [(line.get("Id"), line["Amount"]) for line in changed["Line"][:2]] == [("2", 30), ("3", 1)]
    assert changed["TotalAmt"] == 31
    assert caller.balanced()


def test_a_total_below_what_is_paid_or_another_customer_is_refused() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    caller.office.receive_payment(customer, "60", {invoice["Id"]: "60"})
    paid = caller.get(f"invoice/{invoice['Id']}")
    low = {**key(paid), "sparse": True, "Line": [sales_line(caller.item(), "59")]}
    assert caller.refused("invoice", low) == "6000"
    other = {**key(paid), "sparse": True, "CustomerRef": {"value": caller.customer("Bob")}}
    assert caller.refused("invoice", other) == "6000"


def test_a_voided_invoice_is_zero_keeps_its_number_and_says_so() -> None:
    caller = Caller()
    invoice = caller.invoice(caller.customer(), "100", DocNumber="9", PrivateNote="mine")
    void = caller.post("invoice", key(invoice), operation="void")
    assert (void["TotalAmt"], void["Balance"], void["DocNumber"]) == (0, 0, "9")
    assert void["PrivateNote"] == "Voided - mine"
    assert caller.office.trial_balance() == {}
    assert caller.refused("invoice", key(invoice), operation="void") == "5010"


def test_deleting_answers_with_a_tombstone_and_the_document_is_gone() -> None:
    caller = Caller()
    invoice = caller.invoice(caller.customer())
    gone = caller.post("invoice", key(invoice), operation="delete")
    assert gone == {"domain": "QBO", "status": "Deleted", "Id": invoice["Id"]}
    assert code_of(caller.call("GET", f"invoice/{invoice['Id']}")) == "610"
    assert caller.office.trial_balance() == {}


def test_a_closed_period_refuses_the_api_but_not_a_person() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer)
    caller.office.close_books("2026-03-01")
    assert caller.refused("invoice", caller.invoice_body(customer)) == "6210"
    assert caller.refused("invoice", {**key(invoice), "sparse": True, "TxnDate": "2026-03-02"}) == "6210"
    assert caller.refused("invoice", key(invoice), operation="void") == "6210"
    caller.invoice(customer, TxnDate="2026-03-02")
    caller.office.void_invoice(invoice["Id"])


@pytest.mark.parametrize(
    ("engine", "code", "tax"),
    [
        ("off", "TAX", "0"),
        ("taxable_lines", "TAX", "8.25"),
        ("taxable_lines", "NON", "0"),
        ("every_line", "NON", "8.25"),
    ],
)
def test_the_tax_engine_follows_its_switch(engine: str, code: str, tax: str) -> None:
    caller = Caller()
    caller.switch("tax_engine", engine)
    line = sales_line(caller.item(), "100", TaxCodeRef={"value": code})
    invoice = caller.post("invoice", {"CustomerRef": {"value": caller.customer()}, "Line": [line]})
    assert invoice["TotalAmt"] == 100 + Decimal(tax)
    assert invoice["TxnTaxDetail"]["TotalTax"] == Decimal(tax)
    assert caller.balanced()


def test_outside_the_us_the_tax_calculation_has_to_be_said() -> None:
    caller = Caller(country="GB", currency="GBP")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 100, "SalesItemLineDetail": {}}
    body = {"CustomerRef": {"value": caller.customer()}, "Line": [line]}
    assert caller.refused("invoice", body) == "6000"
    assert caller.post("invoice", {**body, "GlobalTaxCalculation": "NotApplicable"})["TotalAmt"] == 100
    assert caller.refused("invoice", {**body, "GlobalTaxCalculation": "TaxExcluded"}) == "6000"
    line["SalesItemLineDetail"] = {"TaxCodeRef": {"value": "2"}}
    assert caller.post("invoice", {**body, "GlobalTaxCalculation": "TaxExcluded"})["TotalAmt"] == 120


def test_with_several_currencies_the_customers_is_required() -> None:
    caller = Caller(multicurrency=True)
    customer = caller.customer("Zoë", CurrencyRef={"value": "EUR"})
    body = caller.invoice_body(customer)
    assert caller.refused("invoice", body) == "2020"
    assert caller.refused("invoice", {**body, "CurrencyRef": {"value": "USD"}}) == "6000"
    invoice = caller.post("invoice", {**body, "CurrencyRef": {"value": "EUR"}, "ExchangeRate": Decimal("1.1")})
    assert (invoice["TotalAmt"], invoice["HomeTotalAmt"]) == (100, 110)
    payment = caller.office.receive_payment(customer, "40", {invoice["Id"]: "40"})
    caller.office.deposit_payments([payment["Id"]])
    assert payment["CurrencyRef"] == {"value": "EUR"}
    assert caller.balanced()


def test_a_sales_receipt_an_estimate_and_a_refund_post_what_they_should() -> None:
    caller = Caller()
    office, customer, line = caller.office, caller.customer(), (caller.item(), "50")
    office.create_sales_receipt(customer, [line], number="SR-1")
    office.create_estimate(customer, [line], number="E-1")
    office.create_refund_receipt(customer, [(line[0], "20")], office.account_id("checking"), number="RR-1")
    assert office.trial_balance() == {
        office.account_id("undeposited"): Decimal(50),
        office.account_id("checking"): Decimal(-20),
        office.account_id("services"): Decimal(-30),
    }
    for entity in ("SalesReceipt", "Estimate", "RefundReceipt"):
        assert len(caller.query(f"select Id, DocNumber from {entity}")[entity]) == 1


@pytest.mark.parametrize("timing", ["in_answer", "after_answer"])
def test_quickbooks_links_an_open_credit_to_a_new_invoice_by_itself(timing: str) -> None:
    caller = Caller()
    caller.switch("auto_apply_timing", timing)
    customer = caller.customer()
    caller.office.create_credit_memo(customer, [(caller.item(), "30")], number="CM-1")
    caller.office.set_preference("SalesFormsPrefs", "AutoApplyCredit", True)
    invoice = caller.invoice(customer, "100")
    assert invoice["Balance"] == (70 if timing == "in_answer" else 100)
    assert caller.get(f"invoice/{invoice['Id']}")["Balance"] == 70
    payment = caller.office.all("Payment")[0]
    assert (payment["TotalAmt"], payment["PrivateNote"]) == (0, "Created by QB Online to link credits to charges.")
    assert caller.balanced()


def test_quickbooks_applies_unapplied_payments_by_itself_when_told_to() -> None:
    caller = Caller()
    customer = caller.customer()
    caller.office.set_preference("SalesFormsPrefs", "AutoApplyPayments", True)
    payment = caller.office.receive_payment(customer, "150")
    assert caller.invoice(customer, "100")["Balance"] == 0
    assert caller.invoice(customer, "100")["Balance"] == 50
    assert caller.get(f"payment/{payment['Id']}")["UnappliedAmt"] == 0
    assert caller.balanced()


def test_an_emptied_credit_memo_is_zero_but_not_below_what_was_applied() -> None:
    caller = Caller()
    customer = caller.customer()
    memo = caller.post("creditmemo", caller.invoice_body(customer, "30", DocNumber="CN-1"))
    assert (memo["RemainingCredit"], memo["Balance"]) == (30, 30)
    invoice = caller.invoice(customer, "100")
    body = {
        "CustomerRef": {"value": customer},
        "TotalAmt": 0,
        "Line": [applied(memo["Id"], "30", "CreditMemo"), applied(invoice["Id"], "30")],
    }
    payment = caller.post("payment", body)
    memo = caller.get(f"creditmemo/{memo['Id']}")
    assert memo["RemainingCredit"] == 0
    empty = {"sparse": True, "Line": [{**sales_line(caller.item(), "0"), "Id": "1"}]}
    assert caller.refused("creditmemo", {**key(memo), **empty}) == "6000"
    void = {**key(payment), "sparse": True}
    caller.post("payment", void, operation="update", include="void")
    memo = caller.get(f"creditmemo/{memo['Id']}")
    assert caller.post("creditmemo", {**key(memo), **empty})["TotalAmt"] == 0
    assert caller.get(f"invoice/{invoice['Id']}")["Balance"] == 100
    assert caller.balanced()


def test_a_sparse_credit_memo_update_follows_its_switch() -> None:
    caller = Caller()
    caller.switch("sparse_payment_and_credit_memo", "treated_as_full")
    memo = caller.post("creditmemo", caller.invoice_body(caller.customer(), "30"))
    assert caller.refused("creditmemo", {**key(memo), "sparse": True, "PrivateNote": "x"}) == "2020"


def test_an_unbalanced_document_raises_inside_the_stand_in() -> None:
    with pytest.raises(Unbalanced):
        ledger.write({"DocNumber": "1"}, [Posting("1", Decimal("10.00")), Posting("2", Decimal("-9.99"))])
