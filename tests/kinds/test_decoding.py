"""Reading bills, lines, allocations and charges as Clio sends them, nulls and oddities included."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.read import Unreadable
from integrations.kinds.invoice import (
    decode_allocation,
    decode_bill,
    decode_interest,
    decode_line,
    id_order,
    ledger_fingerprint,
)

BILL: dict[str, Any] = {
    "id": 12,
    "number": " 1042 ",
    "state": "awaiting_payment",
    "kind": "revenue_kind",
    "client": {"id": 7},
    "issued_at": "2026-02-02",
    "total": "97.41",
    "discount": {"rate": "10.0", "type": "percentage"},
    "currency": {"code": "USD"},
}


@pytest.mark.parametrize(
    "changes",
    [
        {"redacted": True},
        {"id": None},
        {"total": "much"},
        {"balance": "NaN"},
        {"issued_at": "soon"},
        {"discount": {"rate": "Infinity"}},
        {"discount": {"rate": "1e99"}},
    ],
)
def test_a_bill_that_makes_no_sense_is_unreadable(changes: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode_bill({**BILL, **changes})


def test_a_bill_is_read_as_it_stands() -> None:
    found = decode_bill(BILL)
    assert (found.id, found.number, found.contact_id, found.total) == ("12", "1042", "7", Decimal("97.41"))
    assert (found.issued_at, found.currency) == (date(2026, 2, 2), "USD")
    assert (found.discount.rate, found.discount.is_percentage) == (10, True)


def test_null_in_every_other_member_is_nothing() -> None:
    found = decode_bill({"id": 12, **dict.fromkeys([*BILL.keys() - {"id"}, "matters", "original_bill", "balance"])})
    assert (found.number, found.contact_id, found.issued_at, found.total, found.matters) == ("", "", None, 0, ())
    assert not found.is_interest_bill


def test_a_discount_on_services_is_told_by_boolean_or_text() -> None:
    for value in (True, "true"):
        assert decode_bill({**BILL, "discount_services_only": value}).discount.services_only


@pytest.mark.parametrize("changes", [{"id": None}, {"quantity": "NaN"}, {"group_ordering": "Infinity"}, {"date": "x"}])
def test_a_line_that_makes_no_sense_is_unreadable(changes: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode_line({"id": 1, **changes})


def test_a_line_without_a_sub_total_is_its_total_less_tax() -> None:
    assert decode_line({"id": 1, "total": "108", "tax": "5", "secondary_tax": "3"}).sub_total == 100
    assert decode_line({"id": 1, "total": "108", "sub_total": "90"}).sub_total == 90


def test_an_allocation_is_valid_until_it_is_voided() -> None:
    raw: dict[str, Any] = {"id": 1, "bill": {"id": 12}, "parent": {"id": 900, "type": "Payment"}, "amount": "5"}
    found = decode_allocation(raw)
    assert (found.is_valid, found.is_payment, found.parent_id, found.bill_id) == (True, True, "900", "12")
    assert not decode_allocation({**raw, "voided_at": "2026-03-01T00:00:00Z"}).is_valid
    assert not decode_allocation({**raw, "parent": {"id": 900, "type": "CreditMemo"}}).is_payment


def test_an_allocation_or_charge_of_nulls_is_read() -> None:
    empty = dict.fromkeys(["bill", "parent", "amount", "date", "source_bank_account", "total", "description"])
    assert decode_allocation({"id": 1, **empty}).amount == 0
    assert decode_interest({"id": 1, **empty}).total == 0


def test_ids_sort_by_age_and_any_text_has_a_place() -> None:
    assert sorted(["10", "9", "x", "²", ""], key=id_order) == ["", "x", "²", "9", "10"]


def test_what_a_person_can_change_on_an_invoice_shows_in_its_fingerprint() -> None:
    raw: dict[str, Any] = {
        "DocNumber": "1",
        "TotalAmt": Decimal("5.00"),
        "Balance": 5,
        "Line": [{"DetailType": "SalesItemLineDetail", "Amount": Decimal("5.0")}],
    }
    same = {
        **raw,
        "Balance": 0,
        "SyncToken": "9",
        "Line": [*raw["Line"], {"DetailType": "SubTotalLineDetail", "Amount": 5}],
    }
    assert ledger_fingerprint(raw) == ledger_fingerprint(same)
    edits: tuple[dict[str, Any], ...] = ({"DocNumber": "2"}, {"TotalAmt": 6}, {"TxnDate": "2026-01-01"}, {"Line": []})
    for changes in edits:
        assert ledger_fingerprint(raw) != ledger_fingerprint({**raw, **changes})
