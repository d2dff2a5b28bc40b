"""Name lists of the QuickBooks stand-in: customers, vendors, employees, accounts, items, terms."""

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.test_quickbooks_oauth import Caller, key


def test_a_customer_answer_carries_what_quickbooks_adds() -> None:
    customer = Caller().post("customer", {"GivenName": "Ann", "FamilyName": "Lee", "Balance": 99, "domain": "X"})
    assert customer["DisplayName"] == customer["FullyQualifiedName"] == customer["PrintOnCheckName"] == "Ann Lee"
    assert (customer["SyncToken"], customer["Active"], customer["Balance"]) == ("0", True, 0)
    assert customer["domain"] == "QBO"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"DisplayName": "A", "Nickname": "B"}, "2010"),
        ({"DisplayName": "A", "PrimaryPhone": {"Number": "1"}}, "2010"),
        ({"DisplayName": 7}, "2010"),
        ({"Customer": {"DisplayName": "A"}}, "2010"),
        ({"DisplayName": "A:B"}, "2040"),
        ({"DisplayName": "A\tB"}, "2040"),
        ({"DisplayName": "A", "Notes": "bell\x07"}, "2040"),
        ({"DisplayName": "A" * 501}, "2050"),
        ({"DisplayName": "A", "GivenName": "B" * 101}, "2050"),
        ({"DisplayName": "A", "PrimaryPhone": {"FreeFormNumber": "1" * 31}}, "2050"),
        ({"DisplayName": "A", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
        ({"DisplayName": "A", "SalesTermRef": {"value": "999"}}, "2500"),
        ({"DisplayName": "A", "PreferredDeliveryMethod": "Pigeon"}, "2170"),
        ({"Notes": "no name"}, "6080"),
    ],
)
def test_a_customer_that_breaks_a_rule_is_refused(body: dict[str, Any], code: str) -> None:
    assert Caller().refused("customer", body) == code


def test_the_length_refusal_says_how_long_it_was() -> None:
    answer = Caller().call("POST", "customer", {"DisplayName": "A", "CompanyName": "B" * 101})
    assert b"Max:100 supported. Supplied length:101" in answer.body


def test_a_name_is_taken_across_customers_vendors_and_employees_whatever_its_case() -> None:
    caller = Caller()
    caller.office.create_vendor("Office Depot")
    caller.office.create_employee("Emma", "Stone")
    caller.customer("Ann Lee")
    for name in ("office depot", "EMMA STONE", "ann LEE"):
        assert caller.refused("customer", {"DisplayName": name}) == "6240"


@pytest.mark.parametrize(("reading", "code"), [("taken", "6240"), ("free", "")])
def test_the_name_of_an_inactive_customer_follows_its_switch(reading: str, code: str) -> None:
    caller = Caller()
    caller.switch("inactive_names", reading)
    caller.office.deactivate("Customer", caller.customer("Ann Lee"))
    answer = caller.call("POST", "customer", {"DisplayName": "Ann Lee"})
    assert (answer.status == 400) is bool(code)


def test_a_deactivated_customer_carries_the_suffix_and_hides_from_queries() -> None:
    caller = Caller()
    customer = caller.post("customer", {"DisplayName": "Ann Lee"})
    gone = caller.post("customer", {**key(customer), "sparse": True, "Active": False})
    assert gone["DisplayName"] == "Ann Lee (deleted)"
    assert caller.query("select * from Customer") == {}
    assert len(caller.query("select * from Customer where Active in (true, false)")["Customer"]) == 1
    back = caller.post("customer", {**key(gone), "sparse": True, "Active": True})
    assert back["DisplayName"] == "Ann Lee"


@pytest.mark.parametrize("code", ["610", "2500"])
def test_using_an_inactive_customer_is_refused_with_the_code_of_the_switch(code: str) -> None:
    caller = Caller()
    caller.switch("inactive_reference_code", code)
    customer = caller.customer()
    caller.office.deactivate("Customer", customer)
    assert caller.refused("invoice", caller.invoice_body(customer)) == code


def test_a_sparse_update_keeps_the_rest_and_a_full_one_resets_it() -> None:
    caller = Caller()
    body = {"DisplayName": "Ann Lee", "Notes": "old", "CompanyName": "Lee LLC"}
    customer = caller.post("customer", body)
    sparse = caller.post("customer", {**key(customer), "sparse": True, "Notes": "new"})
    assert (sparse["Notes"], sparse["CompanyName"], sparse["SyncToken"]) == ("new", "Lee LLC", "1")
    full = caller.post("customer", {**key(sparse), "DisplayName": "Ann Lee"})
    assert "Notes" not in full
    assert "CompanyName" not in full


def test_an_empty_value_clears_and_null_does_not() -> None:
    caller = Caller()
    body = {"DisplayName": "Ann", "Notes": "x", "PrimaryEmailAddr": {"Address": "a@b.co"}, "BillAddr": {"City": "Rome"}}
    customer = caller.post("customer", body)
    kept = caller.post("customer", {**key(customer), "sparse": True, "Notes": None})
    assert kept["Notes"] == "x"
    cleared = caller.post(
        "customer", {**key(kept), "sparse": True, "Notes": "", "PrimaryEmailAddr": {}, "DisplayName": ""}
    )
    assert "Notes" not in cleared
    assert "PrimaryEmailAddr" not in cleared
    assert cleared["DisplayName"] == "Ann"
    assert cleared["BillAddr"] == {"City": "Rome"}


def test_an_update_with_a_stale_token_is_5010_and_without_one_2020() -> None:
    caller = Caller()
    customer = caller.post("customer", {"DisplayName": "Ann"})
    caller.office.edit_customer(customer["Id"], Notes="meanwhile")
    assert caller.refused("customer", {**key(customer), "sparse": True, "Notes": "late"}) == "5010"
    assert caller.refused("customer", {"Id": customer["Id"], "sparse": True}) == "2020"
    assert caller.refused("customer", {"Id": "999", "SyncToken": "0"}) == "610"


def test_a_sub_customer_is_qualified_by_its_parent_and_follows_its_new_name() -> None:
    caller = Caller()
    parent = caller.customer("Lee")
    child = caller.post("customer", {"DisplayName": "Estate", "Job": True, "ParentRef": {"value": parent}})
    assert (child["FullyQualifiedName"], child["Level"], child["Job"]) == ("Lee:Estate", 1, True)
    caller.office.edit_customer(parent, DisplayName="Lee & Co")
    assert caller.get(f"customer/{child['Id']}")["FullyQualifiedName"] == "Lee & Co:Estate"


def test_a_fifth_level_below_the_top_customer_is_refused() -> None:
    caller = Caller()
    parent = caller.customer("L0")
    for level in range(1, 5):
        parent = caller.customer(f"L{level}", ParentRef={"value": parent})
    assert caller.refused("customer", {"DisplayName": "L5", "ParentRef": {"value": parent}}) == "6000"


def test_name_lists_have_no_delete() -> None:
    caller = Caller()
    customer = caller.post("customer", {"DisplayName": "Ann"})
    assert caller.refused("customer", key(customer), operation="delete") == "500"


def test_text_beyond_latin1_follows_its_switch() -> None:
    caller = Caller()
    assert caller.post("customer", {"DisplayName": "Łukasz"})["DisplayName"] == "Łukasz"
    caller.switch("characters_beyond_latin1", "refused")
    assert caller.refused("customer", {"DisplayName": "Zoë Łoś"}) == "2040"
    assert caller.post("customer", {"DisplayName": "Zoë"})["DisplayName"] == "Zoë"


def test_an_account_of_a_type_alone_gets_a_detail_type_and_a_class() -> None:
    account = Caller().post("account", {"Name": "In transit", "AccountType": "Other Current Asset"})
    assert (account["AccountSubType"], account["Classification"]) == ("OtherCurrentAssets", "Asset")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "X"}, "6010"),
        ({"Name": "A:B", "AccountType": "Bank"}, "2040"),
        ({"Name": "checking", "AccountType": "Bank"}, "6240"),
        ({"Name": "X", "AccountType": "Piggy"}, "2170"),
        ({"Name": "X", "AccountType": "Income", "AccountSubType": "TrustAccounts"}, "6000"),
        ({"Name": "X", "AccountSubType": "UndepositedFunds"}, "6000"),
        ({"Name": "X", "AccountType": "Bank", "AcctNum": "12345678"}, "2050"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(body: dict[str, Any], code: str) -> None:
    assert Caller().refused("account", body) == code


@pytest.mark.parametrize(("reading", "code"), [("accepted", ""), ("refused_6000", "6000"), ("refused_2500", "2500")])
def test_an_item_on_a_balance_sheet_account_follows_its_switch(reading: str, code: str) -> None:
    caller = Caller()
    caller.switch("item_on_balance_sheet_account", reading)
    account = caller.office.account_id("sales_tax")
    body = {"Name": "Tax", "Type": "Service", "IncomeAccountRef": {"value": account}}
    answer = caller.call("POST", "item", body)
    assert (answer.status == 200) if not code else (f'"code":"{code}"'.encode() in answer.body)


def test_an_item_needs_a_type_and_an_income_account() -> None:
    caller = Caller()
    assert caller.refused("item", {"Name": "X"}) == "2020"
    assert caller.refused("item", {"Name": "X", "Type": "Service"}) == "2020"
    assert caller.refused("item", {"Name": "X", "Type": "Service", "IncomeAccountRef": {"value": "999"}}) == "2500"


def test_balances_of_customers_and_accounts_come_from_the_ledger() -> None:
    caller = Caller()
    parent = caller.customer("Lee")
    child = caller.customer("Estate", ParentRef={"value": parent})
    caller.invoice(parent, "100")
    caller.invoice(child, "40")
    shown = caller.get(f"customer/{parent}")
    assert (shown["Balance"], shown["BalanceWithJobs"]) == (100, 140)
    assert caller.get(f"account/{caller.office.account_id('receivable')}")["CurrentBalance"] == 140


def test_the_sign_of_a_liability_and_the_balance_of_income_follow_their_switches() -> None:
    caller = Caller()
    caller.invoice(caller.customer(), "100")
    trust = caller.office.create_account("Trust liability", "Other Current Liability")["Id"]
    caller.office.journal([(caller.office.account_id("checking"), "5", ""), (trust, "-5", "")])
    income = caller.office.account_id("services")
    assert caller.get(f"account/{trust}")["CurrentBalance"] == 5
    assert caller.get(f"account/{income}")["CurrentBalance"] == 0
    caller.switch("account_balance_sign", "debit_positive")
    caller.switch("profit_and_loss_balance", "running")
    assert caller.get(f"account/{trust}")["CurrentBalance"] == -5
    assert caller.get(f"account/{income}")["CurrentBalance"] == -100


@pytest.mark.parametrize("left", ["removed", "inactive"])
def test_merging_customers_moves_documents_and_balance_to_the_survivor(left: str) -> None:
    caller = Caller()
    caller.switch("merged_customer", left)
    loser, survivor = caller.customer("Ann Lee"), caller.customer("Anne Lee")
    invoice = caller.invoice(loser, "100")
    caller.office.receive_payment(loser, "60", {invoice["Id"]: "60"})
    caller.office.merge_customers(loser, survivor)
    assert caller.get(f"invoice/{invoice['Id']}")["CustomerRef"] == {"value": survivor, "name": "Anne Lee"}
    assert caller.office.balances_by_customer() == {survivor: Decimal(40)}
    assert caller.query(f"select * from Customer where Id = '{loser}'") == {}
    assert caller.balanced()
