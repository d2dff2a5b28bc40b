"""The generated firm: the same for the same seed, of the size asked for, with the planted clashes and no others."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations.sandbox.adapter import InProcessAdapter
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.clio.switches import SWITCHES as CLIO_SWITCHES
from integrations.sandbox.generator import Clash, Seeded, seed
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.quickbooks.switches import SWITCHES as QUICKBOOKS_SWITCHES
from integrations.sandbox.store import Store
from integrations.sandbox.world import World

TODAY = date(2026, 11, 24)
STAMPS = {"created_at", "updated_at", "paid_at", "voided_at", "etag", "version", "MetaData"}


def offices(store: Store, seeded: Seeded) -> tuple[ClioOffice, QuickBooksOffice]:
    return ClioOffice(store, seeded.region, seeded.account_id), QuickBooksOffice(store, seeded.realm)


def firm(**options: Any) -> tuple[Seeded, ClioOffice, QuickBooksOffice]:
    store = Store()
    seeded = seed(store, **{"bills": 60, "today": TODAY, **options})
    return seeded, *offices(store, seeded)


def unstamped(value: Any) -> Any:
    """Without what tells when it was written."""
    if isinstance(value, dict):
        return {name: unstamped(one) for name, one in value.items() if name not in STAMPS}
    return [unstamped(one) for one in value] if isinstance(value, list) else value


def everything(**options: Any) -> str:
    _, clio, quickbooks = firm(**options)
    return json.dumps(unstamped([clio.snapshot(), quickbooks.snapshot()]), default=str, sort_keys=True)


def planted(seeded: Seeded, code: str) -> list[Clash]:
    return [clash for clash in seeded.clashes if clash.code == code]


def test_nothing_else_is_a_firm_than_at_least_one_bill_in_a_known_country() -> None:
    for options in ({"bills": 0}, {"country": "XX"}):
        with pytest.raises(ValueError, match="at least one bill"):
            seed(Store(), **options)


def test_the_same_seed_makes_the_same_firm_and_another_seed_another() -> None:
    assert everything(seed=7) == everything(seed=7)
    assert everything(seed=7) != everything(seed=8)


@pytest.mark.parametrize("bills", [1, 2, 17, 60, 250])
def test_the_firm_has_as_many_bills_as_were_asked_for(bills: int) -> None:
    _, clio, _ = firm(bills=bills)
    assert len(clio.snapshot()["bills"]) == bills


def test_every_kind_of_bill_and_every_fate_comes_up_in_a_firm_of_a_few_hundred() -> None:
    _, clio, quickbooks = firm(bills=300)
    found = clio.snapshot()
    states = {(bill["state"], bill["kind"]) for bill in found["bills"]}
    assert states >= {
        ("draft", "revenue_kind"),
        ("awaiting_approval", "revenue_kind"),
        ("awaiting_payment", "revenue_kind"),
        ("paid", "revenue_kind"),
        ("void", "revenue_kind"),
        ("deleted", "revenue_kind"),
        ("paid", "trust_kind"),
    }
    assert any(bill["state"] == "paid" and bill["due"] == 0 for bill in found["bills"])
    assert any(bill["discount"] and bill["discount"]["type"] == "money" for bill in found["bills"])
    assert any(bill["discount"] and bill["discount"]["services_only"] for bill in found["bills"])
    assert any(bill["tax_sum"] and bill["secondary_tax_sum"] for bill in found["bills"])
    assert any(row["interest"] and not row["voided_at"] for row in found["allocations"])
    assert any(row["source_bank_account_id"] for row in found["allocations"])
    assert any(payment["voided_at"] for payment in found["payments"])
    assert any(payment["amount"] > payment.get("allocated", payment["amount"]) for payment in found["payments"])
    assert {payment["status"] for payment in found["payments"]} == {"completed", "pending", "failed"}
    assert {bool(memo["voided_at"]) for memo in found["credit_memos"]} == {True, False}
    assert any(bill["pending"] for bill in found["bills"])
    assert {line["type"] for line in found["line_items"]} == {
        "ActivityLineItem",
        "LineItem",
        "NoChargeLineItem",
        "SummaryLineItem",
    }
    assert any(not line["displayed"] for line in found["line_items"])
    kinds = {activity["type"] for activity in found["activities"]}
    assert kinds == {"TimeEntry", "ExpenseEntry", "HardCostEntry", "SoftCostEntry"}
    several = Counter(row["parent_id"] for row in found["allocations"] if not row["voided_at"])
    assert max(several.values()) >= 3
    assert {memo["voided_at"] is None for memo in found["credit_memos"]} == {True, False}
    assert len(quickbooks.all("Invoice")) > 20


def test_names_are_as_people_really_have_them() -> None:
    _, clio, _ = firm(bills=300)
    names = [contact["name"] for contact in clio.snapshot()["contacts"]]
    assert any(len(name) >= 300 for name in names)
    for wanted in ("O'Hara-Núñez", "小龙", "לוי", "🦊", ": Residue"):
        assert any(wanted in name for name in names)
    assert names.count("James Walker") == 2


def test_some_contacts_are_never_billed_and_some_only_before_the_start() -> None:
    seeded, clio, _ = firm(bills=300)
    found = clio.snapshot()
    first = {bill["client_id"]: bill["issued_at"] for bill in reversed(found["bills"])}
    last = {bill["client_id"]: bill["issued_at"] for bill in found["bills"]}
    assert len(found["contacts"]) - len(first) >= 4
    assert any(day < seeded.start.isoformat() for day in last.values())
    assert all(date(2025, 9, 1) <= date.fromisoformat(day) <= TODAY for day in (*first.values(), *last.values()))


def test_numbers_grow_with_the_date_and_lie_above_those_of_quickbooks() -> None:
    seeded, clio, quickbooks = firm(clashes=False)
    numbers = [int(bill["number"]) for bill in clio.snapshot()["bills"]]
    assert numbers == sorted(set(numbers))
    assert max(int(doc["DocNumber"]) for doc in quickbooks.all("Invoice")) < min(numbers)
    assert seeded.clashes == ()


def test_nothing_in_quickbooks_was_entered_by_hand_since_the_start_without_clashes() -> None:
    seeded, _, quickbooks = firm(clashes=False)
    for entity in ("Invoice", "Payment", "Deposit"):
        assert all(doc["TxnDate"] < seeded.start.isoformat() for doc in quickbooks.all(entity))
    assert not quickbooks.all("CreditMemo")


def test_the_books_of_the_company_add_up() -> None:
    _, _, quickbooks = firm(bills=200)
    balances, owed = quickbooks.recomputed_balances()
    assert quickbooks.trial_balance() == balances
    assert quickbooks.balances_by_customer() == owed
    assert sum(balances.values()) == 0


@pytest.mark.parametrize(
    "name, value",
    [(name, value) for name, (_, values) in CLIO_SWITCHES.items() for value in values[1:]]
    + [(name, value) for name, switch in QUICKBOOKS_SWITCHES.items() for value in switch.values[1:]],
)
def test_it_can_be_seeded_whatever_the_vendors_turn_out_to_do(name: str, value: Any) -> None:
    store = Store()
    store.set_setting(f"switch:{name}", value)
    seeded = seed(store, bills=60, today=TODAY)
    bills = offices(store, seeded)[0].snapshot()["bills"]
    assert len(seeded.clashes) == 11
    numbers = Counter(bill["number"] for bill in bills if bill["state"] in ("awaiting_payment", "paid"))
    assert [count for count in numbers.values() if count > 1] == [2]


def test_each_kind_of_clash_is_planted() -> None:
    seeded, _, _ = firm()
    assert Counter(clash.code for clash in seeded.clashes) == {
        "duplicate_number": 4,
        "probable_match": 2,
        "number_too_long": 1,
        "invoice_exists": 1,
        "payment_exists": 1,
        "customer_inactive": 1,
        "trust_overdraw": 1,
    }
    assert {notice.code for notice in seeded.notices} == {"payment_partly_outside", "trust_incomplete"}


def test_the_number_of_clashes_does_not_grow_with_the_firm() -> None:
    assert len(firm(bills=400)[0].clashes) == len(firm(bills=60)[0].clashes)


def test_a_duplicate_number_is_held_by_another_document_and_a_long_one_is_long() -> None:
    seeded, clio, quickbooks = firm()
    held = Counter(
        doc.get("DocNumber") for kind in ("Invoice", "CreditMemo", "SalesReceipt") for doc in quickbooks.all(kind)
    )
    billed = Counter(bill["number"] for bill in clio.snapshot()["bills"])
    for clash in planted(seeded, "duplicate_number"):
        number = clio.bill(clash.practice_id)["number"]
        assert held[number] + billed[number] == 2
        assert clio.bill(clash.practice_id)["state"] == "awaiting_payment"
    assert len(clio.bill(planted(seeded, "number_too_long")[0].practice_id)["number"]) > 21


def test_the_invoice_entered_by_hand_is_the_bill() -> None:
    seeded, clio, quickbooks = firm()
    bill = clio.bill(planted(seeded, "invoice_exists")[0].practice_id)
    (invoice,) = [doc for doc in quickbooks.all("Invoice") if doc["DocNumber"] == bill["number"]]
    customer = quickbooks.get("Customer", invoice["CustomerRef"]["value"])
    contact = clio.take("contact", bill["client_id"])
    assert (invoice["TotalAmt"], invoice["TxnDate"]) == (bill["due"], bill["issued_at"])
    assert customer["PrimaryEmailAddr"]["Address"] == contact["email_addresses"][0]["address"]


def test_the_payment_entered_by_hand_is_near_and_applied_to_nothing() -> None:
    seeded, clio, quickbooks = firm()
    payment = clio.payment(planted(seeded, "payment_exists")[0].practice_id)
    (twin,) = [doc for doc in quickbooks.all("Payment") if doc["UnappliedAmt"] > 0]
    assert twin["TotalAmt"] == twin["UnappliedAmt"] == Decimal(payment["amount"])
    assert abs(date.fromisoformat(twin["TxnDate"]) - date.fromisoformat(payment["date"])).days <= 5


def test_contacts_that_need_a_person_have_the_bills_that_wait() -> None:
    seeded, clio, quickbooks = firm()
    names = [customer["DisplayName"] for customer in quickbooks.all("Customer")]
    for clash in (*planted(seeded, "probable_match"), *planted(seeded, "customer_inactive")):
        assert [clio.bill(bill)["client_id"] for bill in clash.waiting] == [clash.practice_id]
        name = clio.take("contact", clash.practice_id)["name"]
        assert any(known.startswith(name) for known in names)


@pytest.mark.parametrize("country, region, currency", [("US", "us", "USD"), ("CA", "ca", "CAD"), ("GB", "eu", "GBP")])
def test_a_firm_is_at_home_in_its_country(country: str, region: str, currency: str) -> None:
    seeded, clio, quickbooks = firm(country=country)
    assert (seeded.region, clio.account["currency"]) == (region, currency)
    assert {doc["CurrencyRef"]["value"] for doc in quickbooks.all("Invoice")} == {currency}
    assert (quickbooks.all("Invoice")[0].get("GlobalTaxCalculation") is None) == (country == "US")


def test_the_whole_firm_can_be_read_through_the_api() -> None:
    store = Store()
    store.set_setting("switch:clio_rate_limit", 100_000)
    world, base = World(store), "http://localhost/sandbox"
    seeded = seed(store, bills=250, today=TODAY)
    clio, _ = offices(store, seeded)
    session = requests.Session()
    session.mount(base, InProcessAdapter(world.handle, base))
    session.headers["authorization"] = f"Bearer {world.clio['us'].token(clio)}"
    for kind in ("bills", "contacts", "line_items", "allocations", "bank_transactions"):
        read, url = [], f"{base}/clio/api/v4/{kind}.json?limit=200&fields=id"
        while url:
            answer = session.get(url)
            assert answer.status_code == 200, answer.text
            read += answer.json()["data"]
            url = answer.json()["meta"].get("paging", {}).get("next")
        assert sorted(doc["id"] for doc in read) == [doc["id"] for doc in clio.snapshot()[kind]]
