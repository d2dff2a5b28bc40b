"""Two versions of one document, told apart in a person's words (rule R8)."""

from decimal import Decimal
from typing import Any

import pytest

from integrations.kinds.facts import differences, said, written


def nobody(member: str, id: str) -> str:
    return ""


def invoice(**changes: Any) -> dict[str, Any]:
    detail = {"ItemRef": {"value": "10", "name": "Legal services"}, "TaxCodeRef": {"value": "NON"}}
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": Decimal(100),
        "Description": "Advice",
        "SalesItemLineDetail": detail,
    }
    plain = {
        "DocNumber": "1",
        "TxnDate": "2026-02-02",
        "CustomerRef": {"value": "5", "name": "Ann Lee"},
        "TotalAmt": Decimal("100.00"),
        "Line": [line, {"DetailType": "SubTotalLineDetail", "Amount": Decimal(100)}],
    }
    return plain | changes


def test_the_same_document_differs_in_nothing_however_its_amounts_are_written() -> None:
    same = invoice(TotalAmt=Decimal(100), CustomerRef={"value": "5"}, SyncToken="9", Balance=0)
    assert differences("Invoice", invoice(), same, nobody) == []


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("DocNumber", "X", {"label": "Number", "ours": "1", "theirs": "X"}),
        ("TxnDate", "2026-02-03", {"label": "Date", "ours": "2026-02-02", "theirs": "2026-02-03"}),
        ("DueDate", "2026-03-03", {"label": "Due date", "ours": "", "theirs": "2026-03-03"}),
        ("CustomerRef", {"value": "6", "name": "Bo"}, {"label": "Customer", "ours": "Ann Lee", "theirs": "Bo"}),
        ("TotalAmt", Decimal("100.01"), {"label": "Amount", "ours": "100.00", "theirs": "100.01"}),
        ("TotalAmt", "a lot", {"label": "Amount", "ours": "100.00", "theirs": "a lot"}),
    ],
)
def test_each_field_of_the_form_is_named_with_both_versions(member: str, value: Any, expected: dict[str, str]) -> None:
    assert differences("Invoice", invoice(), invoice(**{member: value}), nobody) == [expected]


def test_a_line_is_named_with_its_item_text_and_amount() -> None:
    changed = invoice()
    changed["Line"] = [dict(changed["Line"][0], Description="Other advice", Amount=Decimal("2186.21"))]
    (row,) = differences("Invoice", invoice(), changed, nobody)
    assert row == {
        "label": "Line 1",
        "ours": "Legal services · Advice · 100.00",
        "theirs": "Legal services · Other advice · 2,186.21",
    }


def test_a_name_the_document_does_not_carry_is_looked_up() -> None:
    ours = invoice(CustomerRef={"value": "5"})
    theirs = invoice(CustomerRef={"value": "6"})
    known = {("CustomerRef", "5"): "Ann Lee"}
    (row,) = differences("Invoice", ours, theirs, lambda member, id: known.get((member, id), ""))
    assert (row["ours"], row["theirs"]) == ("Ann Lee", "6")


def test_the_sides_of_a_journal_line_and_its_customer_count() -> None:
    def entry(kind: str, customer: str) -> dict[str, Any]:
        entity = {"Type": "Customer", "EntityRef": {"value": customer}}
        detail = {"PostingType": kind, "AccountRef": {"value": "44", "name": "Trust"}, "Entity": entity}
        return {
            "Line": [{"DetailType": "JournalEntryLineDetail", "Amount": Decimal(9), "JournalEntryLineDetail": detail}]
        }

    names = {"44": "Trust", "5": "Ann Lee", "6": "Bo Ray"}
    (row,) = differences("JournalEntry", entry("Debit", "5"), entry("Debit", "6"), lambda _, id: names.get(id, ""))
    assert (row["ours"], row["theirs"]) == ("Debit · Trust · Ann Lee · 9.00", "Debit · Trust · Bo Ray · 9.00")
    assert differences("JournalEntry", entry("Debit", "5"), entry("Credit", "5"), nobody)


def test_what_a_payment_pays_is_no_field_of_its_form() -> None:
    line = {"Amount": Decimal(1), "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}
    assert differences("Payment", {"Line": [line]}, {"Line": []}, nobody) == []


@pytest.mark.parametrize(
    ("label", "value", "shown"),
    [
        ("Amount", "-2186.21", "−2,186.21"),
        ("Applied to invoice 7", "2186.21", "2,186.21"),
        ("Date", "2026-03-13", "13 Mar 2026"),
        ("Due date", "x", "x"),
        ("Number", "2186.21", "2186.21"),
        ("Reference", "2026-03-13", "2026-03-13"),
    ],
)
def test_amounts_and_days_are_written_as_people_do_and_numbers_as_they_stand(
    label: str, value: str, shown: str
) -> None:
    assert written(label, value) == shown


def test_differences_read_as_part_of_a_sentence() -> None:
    rows = [{"label": "Amount", "ours": "1.00", "theirs": "2.00"}, {"label": "Due date", "ours": "", "theirs": "x"}]
    assert said(rows) == "amount 1.00 → 2.00, due date none → x"
    assert said(rows * 2) == "amount 1.00 → 2.00, due date none → x, amount 1.00 → 2.00, 1 more"
