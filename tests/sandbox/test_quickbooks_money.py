"""Payments, deposits, journals, checks and transfers of the QuickBooks stand-in."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.test_quickbooks_oauth import Caller, applied, code_of, key, sales_line


def paid(caller: Caller, total: str, *lines: dict[str, Any], customer: str = "", **members: Any) -> dict[str, Any]:
    body = {"CustomerRef": {"value": customer}, "TotalAmt": Decimal(total), "TxnDate": "2026-03-05", "Line": lines}
    return caller.post("payment", {**body, **members})


def test_a_payment_closes_its_invoice_and_both_sides_know() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    payment = paid(caller, "120", applied(invoice["Id"], "100"), customer=customer)
    assert payment["UnappliedAmt"] == 20
    assert payment["DepositToAccountRef"]["name"] == "Undeposited Funds"
    after = caller.get(f"invoice/{invoice['Id']}")
    assert (after["Balance"], after["SyncToken"]) == (0, "1")
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert caller.office.balances_by_customer() == {customer: Decimal(-20)}
    assert caller.refused("invoice", {**key(invoice), "sparse": True, "PrivateNote": "late"}) == "5010"


def test_whether_a_payment_moves_the_invoices_token_is_a_switch() -> None:
    caller = Caller()
    caller.switch("payment_bumps_invoice", False)
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    paid(caller, "100", applied(invoice["Id"], "100"), customer=customer)
    after = caller.get(f"invoice/{invoice['Id']}")
    assert (after["Balance"], after["SyncToken"]) == (0, "0")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([("1000", "Invoice")], "6000"),
        ([("60", "Invoice"), ("60", "Invoice")], "6000"),
        ([("-1", "Invoice")], "6000"),
        ([("50", "Bill")], "2170"),
        ([("50", "JournalEntry")], "620"),
    ],
)
def test_a_payment_that_applies_wrongly_is_refused(lines: list[tuple[str, str]], code: str) -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    body = {
        "CustomerRef": {"value": customer},
        "TotalAmt": 500,
        "Line": [applied(invoice["Id"], amount, kind) for amount, kind in lines],
    }
    assert caller.refused("payment", body) == code
    assert caller.office.all("Payment") == []


def test_a_payment_cannot_apply_more_than_it_is() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    body = {"CustomerRef": {"value": customer}, "TotalAmt": 50, "Line": [applied(invoice["Id"], "100")]}
    assert caller.refused("payment", body) == "6000"


def test_a_payment_needs_a_customer_a_total_and_an_account_of_the_right_type() -> None:
    caller = Caller()
    customer = {"value": caller.customer()}
    assert caller.refused("payment", {"TotalAmt": 5}) == "2020"
    assert caller.refused("payment", {"CustomerRef": customer}) == "2020"
    income = {"value": caller.office.account_id("services")}
    assert caller.refused("payment", {"CustomerRef": customer, "TotalAmt": 5, "DepositToAccountRef": income}) == "6430"


def test_a_payment_on_another_customers_invoice_is_620() -> None:
    caller = Caller()
    invoice = caller.invoice(caller.customer(), "100")
    body = {"CustomerRef": {"value": caller.customer("Bob")}, "TotalAmt": 5, "Line": [applied(invoice["Id"], "5")]}
    assert caller.refused("payment", body) == "620"


@pytest.mark.parametrize(
    ("reading", "bill_with_parent", "works"),
    [
        ("bill_with_parent", True, True),
        ("bill_with_parent", False, False),
        ("refused", True, False),
        ("accepted", False, True),
    ],
)
def test_a_parent_paying_for_its_sub_customer_follows_its_switch(
    reading: str, bill_with_parent: bool, works: bool
) -> None:
    caller = Caller()
    caller.switch("payment_for_sub_customer", reading)
    parent = caller.customer("Lee")
    child = caller.customer("Estate", ParentRef={"value": parent}, BillWithParent=bill_with_parent)
    invoice = caller.invoice(child, "100")
    body = {"CustomerRef": {"value": parent}, "TotalAmt": 100, "Line": [applied(invoice["Id"], "100")]}
    answer = caller.call("POST", "payment", body)
    assert (answer.status == 200) is works
    if works:
        assert caller.office.balances_by_customer() == {}
        assert caller.balanced()


def test_updating_a_payment_moves_what_it_pays() -> None:
    caller = Caller()
    customer = caller.customer()
    first, second = caller.invoice(customer, "100"), caller.invoice(customer, "50")
    payment = paid(caller, "100", applied(first["Id"], "100"), customer=customer)
    lines = [applied(first["Id"], "60"), applied(second["Id"], "40")]
    caller.post("payment", {**key(payment), "sparse": True, "Line": lines})
    assert caller.get(f"invoice/{first['Id']}")["Balance"] == 40
    assert caller.get(f"invoice/{second['Id']}")["Balance"] == 10
    assert caller.balanced()


def test_voiding_an_invoice_returns_its_payments_to_unapplied() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    payment = paid(caller, "100", applied(invoice["Id"], "100"), customer=customer)
    caller.post("invoice", key(caller.get(f"invoice/{invoice['Id']}")), operation="void")
    after = caller.get(f"payment/{payment['Id']}")
    assert (after["UnappliedAmt"], after["Line"]) == (100, [])
    assert caller.get(f"invoice/{invoice['Id']}")["LinkedTxn"] == []
    assert caller.office.balances_by_customer() == {customer: Decimal(-100)}
    assert caller.balanced()


def test_voiding_an_invoice_settled_by_a_credit_frees_the_credit() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    memo = caller.office.create_credit_memo(customer, [(caller.item(), "30")], number="CM-1")
    caller.office.apply_credit(customer, memo["Id"], invoice["Id"], "30")
    caller.office.void_invoice(invoice["Id"])
    assert caller.get(f"creditmemo/{memo['Id']}")["RemainingCredit"] == 30
    assert caller.office.balances_by_customer() == {customer: Decimal(-30)}
    assert caller.balanced()


def test_voiding_a_payment_opens_its_invoices_again() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    payment = paid(caller, "100", applied(invoice["Id"], "100"), customer=customer)
    assert caller.refused("payment", key(payment), operation="void") == "500"
    void = caller.post("payment", {**key(payment), "sparse": True}, operation="update", include="void")
    assert (void["TotalAmt"], void["UnappliedAmt"], void["PrivateNote"]) == (0, 0, "Voided")
    assert caller.get(f"invoice/{invoice['Id']}")["Balance"] == 100
    assert caller.balanced()


def test_deleting_a_payment_opens_its_invoices_again() -> None:
    caller = Caller()
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    payment = paid(caller, "100", applied(invoice["Id"], "100"), customer=customer)
    caller.post("payment", key(payment), operation="delete")
    after = caller.get(f"invoice/{invoice['Id']}")
    assert (after["Balance"], after["LinkedTxn"]) == (100, [])
    assert caller.balanced()


def deposited(caller: Caller) -> tuple[str, dict[str, Any], dict[str, Any]]:
    customer = caller.customer()
    invoice = caller.invoice(customer, "100")
    payment = paid(caller, "150", applied(invoice["Id"], "100"), customer=customer)
    deposit = caller.office.deposit_payments([payment["Id"]])
    return customer, caller.get(f"payment/{payment['Id']}"), deposit


def test_a_deposit_moves_undeposited_funds_to_the_bank() -> None:
    caller = Caller()
    _, payment, deposit = deposited(caller)
    balance = caller.office.trial_balance()
    assert balance[caller.office.account_id("checking")] == 150
    assert caller.office.account_id("undeposited") not in balance
    assert payment["LinkedTxn"] == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]
    assert deposit["TotalAmt"] == 150


def test_a_deposited_payment_keeps_its_amount_but_may_be_applied() -> None:
    caller = Caller()
    customer, payment, _ = deposited(caller)
    assert caller.refused("payment", {**key(payment), "sparse": True, "TotalAmt": 90}) == "6540"
    assert caller.refused("payment", key(payment), operation="delete") == "6540"
    void = {**key(payment), "sparse": True}
    assert caller.refused("payment", void, operation="update", include="void") == "6540"
    second = caller.invoice(customer, "50")
    lines = [*payment["Line"], applied(second["Id"], "50")]
    caller.post("payment", {**key(payment), "sparse": True, "Line": lines})
    assert caller.get(f"invoice/{second['Id']}")["Balance"] == 0


def test_with_everything_locked_a_deposited_payment_cannot_even_be_applied() -> None:
    caller = Caller()
    caller.switch("deposited_payment", "all_locked")
    _, payment, _ = deposited(caller)
    assert caller.refused("payment", {**key(payment), "sparse": True, "PrivateNote": "x"}) == "6540"


def test_removing_the_deposit_frees_the_payment() -> None:
    caller = Caller()
    _, payment, deposit = deposited(caller)
    assert (
        caller.refused(
            "deposit",
            {
                "DepositToAccountRef": deposit["DepositToAccountRef"],
                "Line": [applied(payment["Id"], "150", "Payment", TxnLineId="0")],
            },
        )
        == "620"
    )
    caller.office.delete("Deposit", deposit["Id"])
    payment = caller.get(f"payment/{payment['Id']}")
    caller.post("payment", {**key(payment), "sparse": True}, operation="update", include="void")
    assert caller.balanced()


def test_a_deposited_sales_receipt_keeps_its_amount() -> None:
    caller = Caller()
    office, line = caller.office, (caller.item(), "50")
    receipt = office.create_sales_receipt(caller.customer(), [line], number="SR-1")
    lines = [applied(receipt["Id"], "50", "SalesReceipt", TxnLineId="0")]
    caller.post("deposit", {"DepositToAccountRef": {"value": office.account_id("checking")}, "Line": lines})
    receipt = caller.get(f"salesreceipt/{receipt['Id']}")
    cheaper = [sales_line(line[0], "40")]
    assert caller.refused("salesreceipt", {**key(receipt), "sparse": True, "Line": cheaper}) == "6540"
    caller.post("salesreceipt", {**key(receipt), "sparse": True, "PrivateNote": "x"})
    assert caller.balanced()


def test_a_payment_straight_into_the_bank_cannot_be_deposited() -> None:
    caller = Caller()
    bank = caller.office.account_id("checking")
    payment = caller.office.receive_payment(caller.customer(), "5", deposit_to=bank)
    lines = [applied(payment["Id"], "5", "Payment", TxnLineId="0")]
    assert caller.refused("deposit", {"DepositToAccountRef": {"value": bank}, "Line": lines}) == "620"


@pytest.mark.parametrize(("reading", "code"), [("accepted", ""), ("refused", "6430")])
def test_a_deposit_line_on_a_liability_follows_its_switch(reading: str, code: str) -> None:
    caller = Caller()
    caller.switch("deposit_liability_line", reading)
    trust = caller.office.create_account("Trust", "Other Current Liability")["Id"]
    line = {"Amount": 25, "DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": trust}}}
    bank = {"value": caller.office.account_id("checking")}
    answer = caller.call("POST", "deposit", {"DepositToAccountRef": bank, "Line": [line]})
    assert answer.status == 200 if not code else code_of(answer) == code


def journal_line(account: str, amount: int, side: str, customer: str = "") -> dict[str, Any]:
    detail: dict[str, Any] = {"PostingType": side, "AccountRef": {"value": account}}
    if customer:
        detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer}}
    return {"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": detail}


def test_a_journal_entry_balances_or_is_refused() -> None:
    caller = Caller()
    bank, income = caller.office.account_id("checking"), caller.office.account_id("services")
    good = [journal_line(bank, 5, "Debit"), journal_line(income, 5, "Credit")]
    entry = caller.post("journalentry", {"Line": good, "DocNumber": "J1"})
    assert entry["TotalAmt"] == 0
    assert "DocNumber" not in caller.post("journalentry", {"Line": good})
    assert caller.post("journalentry", {"Line": good, "DocNumber": "J1"})["DocNumber"] == "J1"
    bad = [journal_line(bank, 5, "Debit"), journal_line(income, 4, "Credit")]
    assert caller.refused("journalentry", {"Line": bad}) == "6000"
    assert caller.refused("journalentry", {"Line": good[:1]}) == "6000"


def test_a_journal_number_is_unique_only_when_the_warning_is_on() -> None:
    caller = Caller()
    caller.office.set_preference("OtherPrefs", "WarnDuplicateJournalNumber", True)
    bank, income = caller.office.account_id("checking"), caller.office.account_id("services")
    body = {"DocNumber": "J1", "Line": [journal_line(bank, 5, "Debit"), journal_line(income, 5, "Credit")]}
    caller.post("journalentry", body)
    assert caller.refused("journalentry", body) == "6140"


def test_a_receivable_journal_line_needs_a_customer_and_counts_for_it() -> None:
    caller = Caller()
    receivable, income = caller.office.account_id("receivable"), caller.office.account_id("services")
    credit = journal_line(income, 5, "Credit")
    assert caller.refused("journalentry", {"Line": [journal_line(receivable, 5, "Debit"), credit]}) == "6000"
    customer = caller.customer()
    caller.post("journalentry", {"Line": [journal_line(receivable, 5, "Debit", customer), credit]})
    assert caller.office.balances_by_customer() == {customer: Decimal(5)}
    missing = [journal_line(receivable, 5, "Debit", "999"), credit]
    assert caller.refused("journalentry", {"Line": missing}) == "2500"


def check(caller: Caller, account: str, **members: Any) -> dict[str, Any]:
    line = {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": 30,
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": account}},
    }
    bank = {"value": caller.office.account_id("checking")}
    return {"PaymentType": "Check", "AccountRef": bank, "Line": [line], "DocNumber": "2051", **members}


def test_a_check_pays_from_a_bank_and_its_number_is_guarded_by_the_warning() -> None:
    caller = Caller()
    trust = caller.office.create_account("Trust", "Other Current Liability")["Id"]
    assert caller.post("purchase", check(caller, trust))["TotalAmt"] == 30
    assert caller.refused("purchase", check(caller, trust)) == "6140"
    caller.office.set_preference("OtherPrefs", "WarnDuplicateCheckNumber", False)
    caller.post("purchase", check(caller, trust))
    wrong = {"value": caller.office.account_id("services")}
    assert caller.refused("purchase", check(caller, trust, AccountRef=wrong)) == "6430"
    assert caller.refused("purchase", check(caller, trust, PaymentType=None)) == "2020"
    assert caller.balanced()


def test_a_change_of_a_check_says_its_payment_type_also_where_it_is_partial() -> None:
    caller = Caller()
    trust = caller.office.create_account("Trust", "Other Current Liability")["Id"]
    made = caller.post("purchase", check(caller, trust))
    assert caller.refused("purchase", {**key(made), "sparse": True, "PrivateNote": "x"}) == "2020"
    body = {**key(made), "sparse": True, "PaymentType": "Check", "PrivateNote": "x"}
    assert caller.post("purchase", body)["PrivateNote"] == "x"
    assert caller.refused("purchase", body) == "5010"


def test_journals_and_checks_are_found_by_number_and_among_what_changed() -> None:
    caller = Caller()
    trust = caller.office.create_account("Trust", "Other Current Liability")["Id"]
    bank = caller.office.account_id("checking")
    lines = [journal_line(bank, 5, "Debit"), journal_line(trust, 5, "Credit")]
    entry = caller.post("journalentry", {"Line": lines, "DocNumber": "CT-1"})
    assert caller.refused("journalentry", {"Line": lines, "DocNumber": "C" * 22}) == "2050"
    paid = caller.post("purchase", check(caller, trust))
    found = caller.query("SELECT Id FROM JournalEntry WHERE DocNumber = 'CT-1'")["JournalEntry"]
    assert [doc["Id"] for doc in found] == [entry["Id"]]
    caller.office.delete("Purchase", paid["Id"])
    since = (caller.store.now() - timedelta(hours=1)).isoformat()
    answer = caller.call("GET", "cdc", entities="JournalEntry,Purchase", changedSince=since)
    entries, checks = json.loads(answer.body)["CDCResponse"][0]["QueryResponse"]
    assert [doc["Id"] for doc in entries["JournalEntry"]] == [entry["Id"]]
    assert [(doc["Id"], doc["status"]) for doc in checks["Purchase"]] == [(paid["Id"], "Deleted")]


def test_a_refund_against_receivables_needs_the_customer() -> None:
    caller = Caller()
    receivable, customer = caller.office.account_id("receivable"), caller.customer()
    assert caller.refused("purchase", check(caller, receivable)) == "6000"
    caller.post("purchase", check(caller, receivable, EntityRef={"value": customer, "type": "Customer"}))
    assert caller.office.balances_by_customer() == {customer: Decimal(30)}


@pytest.mark.parametrize(("reading", "code"), [("refused", "6430"), ("accepted", "")])
def test_a_transfer_to_a_liability_follows_its_switch(reading: str, code: str) -> None:
    caller = Caller()
    caller.switch("transfer_liability_account", reading)
    trust = caller.office.create_account("Trust", "Other Current Liability")["Id"]
    bank = {"value": caller.office.account_id("checking")}
    body = {"FromAccountRef": bank, "ToAccountRef": {"value": trust}, "Amount": 10}
    answer = caller.call("POST", "transfer", body)
    assert answer.status == 200 if not code else code_of(answer) == code
    assert caller.refused("transfer", {**body, "ToAccountRef": bank}) == "6000"


@pytest.mark.parametrize(("reading", "works"), [("refused", False), ("accepted", True)])
def test_voiding_a_journal_by_api_follows_its_switch(reading: str, works: bool) -> None:
    caller = Caller()
    caller.switch("void_of_other_forms", reading)
    entry = caller.office.journal(
        [(caller.office.account_id("checking"), "5", ""), (caller.office.account_id("services"), "-5", "")]
    )
    answer = caller.call("POST", "journalentry", key(entry), operation="update", include="void")
    assert (answer.status == 200) is works
    assert caller.balanced()
