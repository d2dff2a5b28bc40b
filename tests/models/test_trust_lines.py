"""What the database takes out of trust rows and our entries when they are written: account, customer and amount."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from firms.models import Firm, User
from integrations.models import Pairing, Record
from integrations.sync import mirror
from tests.portal import make_portal

type Line = list[str | None]


def journal_line(amount: object, side: str, account: str, customer: str | None = None) -> dict[str, Any]:
    detail: dict[str, Any] = {"PostingType": side, "AccountRef": {"value": account}}
    if customer:
        detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer}}
    return {"Amount": amount, "JournalEntryLineDetail": detail}


def kept(pairing: Pairing) -> dict[str, list[Line] | None]:
    """The lines by the record's id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT external_id, trust_lines FROM integrations_record WHERE pairing_id = %s", [pairing.pk])
        return dict(cursor.fetchall())


def lines(entity: str, data: dict[str, Any]) -> list[Line] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT trust_lines(%s, %s::jsonb)", [entity, mirror.to_json(data)])
        found: list[Line] | None = cursor.fetchone()[0]
        return found


@pytest.mark.django_db
def test_a_row_of_clio_moves_what_comes_in_less_what_goes_out() -> None:
    row = {"bank_account": {"id": 3}, "funds_in": Decimal("100.50"), "funds_out": Decimal("0.00")}
    assert lines("trust_transactions", row) == [["3", None, "100.50"]]
    assert lines("trust_transactions", {**row, "funds_in": None, "funds_out": 40}) == [["3", None, "-40"]]


@pytest.mark.django_db
def test_a_journal_entry_moves_debits_less_credits_with_whose_they_are() -> None:
    entry = {
        "Line": [journal_line(Decimal("7.10"), "Debit", "35"), journal_line(Decimal("7.10"), "Credit", "80", "12")]
    }
    assert lines("JournalEntry", entry) == [["35", None, "7.10"], ["80", "12", "-7.10"]]


@pytest.mark.django_db
def test_a_check_takes_off_the_bank_what_its_lines_take_off_the_liability() -> None:
    def line(amount: str, customer: str) -> dict[str, Any]:
        detail = {"AccountRef": {"value": "80"}, "CustomerRef": {"value": customer}}
        return {"Amount": Decimal(amount), "AccountBasedExpenseLineDetail": detail}

    check = {"AccountRef": {"value": "35"}, "Line": [line("5.00", "12"), line("2.25", "13")]}
    found = lines("Purchase", check)
    assert found is not None and sorted(found, key=str) == [
        ["35", None, "-2.25"],
        ["35", None, "-5.00"],
        ["80", "12", "5.00"],
        ["80", "13", "2.25"],
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("amount", [None, "", "abc", "1e5", "-3", "1.", ".5", "NaN", {"a": 1}, [1], "9" * 400, True])
def test_what_is_no_plain_amount_counts_as_nothing_and_never_stops_a_read(amount: object) -> None:
    assert lines("JournalEntry", {"Line": [journal_line(amount, "Debit", "35")]}) == [["35", None, "0"]]
    assert lines("trust_transactions", {"bank_account": {"id": 3}, "funds_in": amount}) == [["3", None, "0"]]


@pytest.mark.django_db
@pytest.mark.parametrize("odd", [None, {}, "x", 5, [None, 1, "x", []], [{"Amount": "1.00"}]])
def test_lines_that_are_none_move_nothing(odd: object) -> None:
    for entity in ("JournalEntry", "Purchase"):
        assert lines(entity, {"Line": odd}) is None


@pytest.mark.django_db
def test_they_follow_the_record_and_other_lists_have_none(acme: Firm, alice: User) -> None:
    portal = make_portal(acme, alice)
    entry = {"Id": "900", "Line": [journal_line(Decimal("7.10"), "Debit", "35")]}
    mirror.keep_ledger(portal.pairing, "JournalEntry", [entry])
    mirror.keep_ledger(portal.pairing, "Customer", [{"Id": "901", "DisplayName": "Ann", "Line": entry["Line"]}])
    assert kept(portal.pairing)["900"] == [["35", None, "7.10"]] and kept(portal.pairing)["901"] is None
    mirror.keep_ledger(portal.pairing, "JournalEntry", [{**entry, "Line": [journal_line(8, "Credit", "36")]}])
    assert kept(portal.pairing)["900"] == [["36", None, "-8"]]
    assert Record.objects.of(portal.firm).get(external_id="900").data["Line"]
