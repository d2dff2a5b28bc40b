"""Played from the pages: journal entries, checks, credit memos and deposits in the QuickBooks stand-in."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from integrations.sandbox.quickbooks.office import QuickBooksOffice
from tests.sandbox.playing import DAY, at, post, refused


@pytest.fixture
def liability(quickbooks: QuickBooksOffice) -> str:
    return str(quickbooks.create_account("Trust liability", "Other Current Liability")["Id"])


@pytest.fixture
def bank(quickbooks: QuickBooksOffice) -> str:
    return quickbooks.account_id("checking")


@pytest.fixture
def entry(quickbooks: QuickBooksOffice, bank: str, liability: str) -> str:
    lines = [(bank, Decimal(50), ""), (liability, Decimal(-50), "")]
    return str(quickbooks.journal(lines, DocNumber="CT-1", TxnDate=DAY, PrivateNote="Deposit")["Id"])


def document(quickbooks: QuickBooksOffice, entity: str, id: str) -> str:
    return at(quickbooks, f"documents/{entity}/{id}/")


def balance(quickbooks: QuickBooksOffice, account: str) -> Decimal:
    return quickbooks.trial_balance().get(account, Decimal(0))


def test_a_journal_entry_and_a_check_are_written_by_hand(
    client: Client, quickbooks: QuickBooksOffice, bank: str, liability: str, customer: str
) -> None:
    url = at(quickbooks, "documents/")
    both = {"amount": "80", "on": DAY, "customer": customer}
    post(client, url, "journal", debit=bank, credit=liability, number="J-1", **both)
    post(client, url, "supplier", name="County Recorder")
    post(client, url, "check", bank=bank, account=liability, payee="county recorder", number="2051", **both)
    (journal,), (check,) = quickbooks.all("JournalEntry"), quickbooks.all("Purchase")
    assert (journal["DocNumber"], journal["TotalAmt"]) == ("J-1", 0)
    assert (check["EntityRef"]["type"], check["DocNumber"], check["TotalAmt"]) == ("Vendor", "2051", 80)
    assert balance(quickbooks, bank) == balance(quickbooks, liability) == 0


def test_entries_that_quickbooks_refuses_are_refused(
    client: Client, quickbooks: QuickBooksOffice, bank: str, liability: str
) -> None:
    url, receivable = at(quickbooks, "documents/"), quickbooks.account_id("receivable")
    form: dict[str, Any] = {"amount": "10", "on": DAY}
    cases = [
        ("journal", {"debit": receivable, "credit": bank, **form}, "choose a customer"),
        ("journal", {"debit": bank, "credit": liability, **form, "number": "x" * 22}, "2050"),
        ("journal", {"debit": bank, "credit": "999", **form}, "2500"),
        ("check", {"bank": liability, "account": bank, **form}, "6430"),
        ("check", {"bank": bank, "account": receivable, **form}, "choose a customer"),
        ("check", {"bank": bank, "account": liability, **form, "payee": "Nobody"}, "Nobody is called"),
        ("check", {"bank": bank, "account": liability, **form, "amount": "-1"}, "0 or greater"),
    ]
    for action, fields, message in cases:
        assert message in refused(post(client, url, action, **fields))
    assert quickbooks.all("JournalEntry") == quickbooks.all("Purchase") == []


def test_a_journal_entry_is_re_dated_renumbered_changed_voided_and_deleted(
    client: Client, quickbooks: QuickBooksOffice, entry: str, liability: str
) -> None:
    url = document(quickbooks, "JournalEntry", entry)
    post(client, url, "edit", on="2026-03-03", number="CT-9", note="Deposit\nby hand")
    known = quickbooks.get("JournalEntry", entry)
    assert [known[name] for name in ("TxnDate", "DocNumber")] == ["2026-03-03", "CT-9"]
    post(client, url, "amount", amount="51")
    assert balance(quickbooks, liability) == -51
    post(client, url, "void")
    assert balance(quickbooks, liability) == 0
    assert quickbooks.get("JournalEntry", entry)["PrivateNote"].startswith("Voided")
    post(client, url, "delete")
    assert quickbooks.all("JournalEntry") == []


def test_a_check_is_changed_voided_and_deleted(
    client: Client, quickbooks: QuickBooksOffice, bank: str, liability: str
) -> None:
    post(client, at(quickbooks, "documents/"), "check", bank=bank, account=liability, amount="30", on=DAY, number="7")
    url = document(quickbooks, "Purchase", quickbooks.all("Purchase")[0]["Id"])
    post(client, url, "edit", on=DAY, number="8", note="")
    post(client, url, "amount", amount="31")
    assert (quickbooks.all("Purchase")[0]["DocNumber"], balance(quickbooks, bank)) == ("8", -31)
    post(client, url, "void")
    assert balance(quickbooks, bank) == 0
    post(client, url, "delete")
    assert quickbooks.all("Purchase") == []


def test_a_credit_memo_is_written_applied_changed_and_deleted(
    client: Client, quickbooks: QuickBooksOffice, customer: str, invoice: str
) -> None:
    item = quickbooks.all("Item")[0]["Id"]
    post(client, at(quickbooks, f"customers/{customer}/"), "credit_memo", item=item, amount="40", on=DAY, number="CN-1")
    memo = quickbooks.all("CreditMemo")[0]["Id"]
    url = document(quickbooks, "CreditMemo", memo)
    assert "Apply to an invoice" in client.get(url).content.decode()
    post(client, url, "apply", invoice=invoice, amount="25")
    assert quickbooks.get("Invoice", invoice)["Balance"] == 75
    assert "6000" in refused(post(client, url, "apply", invoice=invoice, amount="16"))
    post(client, url, "edit", on="2026-03-03", number="CN-2", note="Courtesy")
    post(client, url, "amount", amount="45")
    assert [quickbooks.get("CreditMemo", memo)[name] for name in ("TotalAmt", "Balance", "DocNumber")] == [
        45,
        20,
        "CN-2",
    ]
    post(client, url, "void")
    assert quickbooks.get("Invoice", invoice)["Balance"] == 100
    post(client, url, "delete")
    assert quickbooks.all("CreditMemo") == []


def test_a_deposit_is_re_dated_and_taken_back(client: Client, quickbooks: QuickBooksOffice, customer: str) -> None:
    payment = quickbooks.receive_payment(customer, 30)["Id"]
    post(client, at(quickbooks, "payments/"), "deposit", payment=[payment], bank=quickbooks.account_id("checking"))
    url = document(quickbooks, "Deposit", quickbooks.all("Deposit")[0]["Id"])
    post(client, url, "edit", on="2026-03-03", note="Slip 4")
    assert quickbooks.all("Deposit")[0]["TxnDate"] == "2026-03-03"
    assert "6540" in refused(post(client, at(quickbooks, f"payments/{payment}/"), "void"))
    post(client, url, "delete")
    post(client, at(quickbooks, f"payments/{payment}/"), "void")
    assert quickbooks.get("Payment", payment)["TotalAmt"] == 0


def test_a_payment_is_applied_by_hand_and_let_go(
    client: Client, quickbooks: QuickBooksOffice, customer: str, invoice: str
) -> None:
    payment = quickbooks.receive_payment(customer, 60)["Id"]
    url = at(quickbooks, f"payments/{payment}/")
    post(client, url, "apply", invoice=invoice, amount="45")
    assert quickbooks.get("Invoice", invoice)["Balance"] == 55
    assert "6000" in refused(post(client, url, "apply", invoice=invoice, amount="16"))
    post(client, url, "unapply")
    assert quickbooks.get("Invoice", invoice)["Balance"] == 100


def test_what_cannot_be_done_to_a_document_is_said(
    client: Client, quickbooks: QuickBooksOffice, entry: str, bank: str, liability: str
) -> None:
    url = document(quickbooks, "JournalEntry", entry)
    assert "Only a credit memo" in refused(post(client, url, "apply", invoice="1", amount="1"))
    three = quickbooks.journal([(bank, 3, ""), (liability, -1, ""), (liability, -2, "")])["Id"]
    url = document(quickbooks, "JournalEntry", three)
    assert "one amount" in refused(post(client, url, "amount", amount="5"))


@pytest.mark.parametrize("path", ["JournalEntry/999/", "Purchase/abc/", "Invoice/1/", "Nothing/1/"])
def test_a_document_there_is_not_is_not_found(client: Client, quickbooks: QuickBooksOffice, path: str) -> None:
    assert client.get(at(quickbooks, f"documents/{path}")).status_code == 404
