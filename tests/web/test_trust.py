"""The trust page: per account and client the ledger, the opening balance, what is posted, what explains the rest."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from integrations import mapping
from integrations.models import Mapping
from integrations.queries import trust as queries
from tests.portal import Portal

ADDRESS = "/f/acme/trust/"
NOVEMBER, FEBRUARY = date(2025, 11, 20), date(2026, 2, 4)


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"{ADDRESS}{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def money_held(portal: Portal) -> int:
    """5,000 from before the start, 2,000 out since: the worked example."""
    ann = portal.contact()
    portal.clio.trust_deposit(ann, Decimal(5000), NOVEMBER, source="Ann", description="Retainer")
    portal.clock.sleep(120)
    portal.clio.trust_withdrawal(ann, Decimal(2000), FEBRUARY, source="Ann", description="Refund", reference="7")
    portal.run()
    return ann


def test_the_account_and_its_client_show_ledger_opening_posting_and_difference(
    alice_client: Client, portal: Portal
) -> None:
    money_held(portal)
    shown = page(alice_client)
    assert all(amount in shown for amount in ("3,000.00", "5,000.00", "2,000.00"))
    assert "Ann Lee" in shown and "Trust Liability" in shown
    assert "Differs" not in shown
    assert "moves no money at the bank" in shown


def test_the_opening_entry_is_offered_for_the_accountant_and_as_csv(alice_client: Client, portal: Portal) -> None:
    money_held(portal)
    writes = portal.writes()
    assert "your accountant can enter this journal entry" in page(alice_client)
    sheet = alice_client.get(f"{ADDRESS}opening.csv").content.decode().splitlines()
    assert sheet == [
        "Date,Account,Customer,Debit,Credit,Memo",
        "2025-12-31,Trust,,5000.00,,Trust balance before the start date",
        "2025-12-31,Trust Liability,Ann Lee,,5000.00,Trust balance before the start date",
    ]
    assert portal.writes() == writes


def test_a_name_that_looks_like_a_formula_is_none_in_the_csv() -> None:
    account = queries.Account("1", "Trust", "=cmd", "@x", is_mapped=True, listed=Decimal(5), opening=Decimal(5))
    client = queries.Client("1", "7", "+Ann", "ann", Decimal(5), Decimal(5), Decimal(0))
    sheet = queries.opening_csv(queries.Overview([account], openings=[client]))
    assert "'=cmd" in sheet and "'@x" in sheet and "'+Ann" in sheet


def test_a_difference_is_shown_first_with_the_issue_that_explains_it(alice_client: Client, portal: Portal) -> None:
    money_held(portal)
    bo = portal.contact("Bo", "Ek", "bo@example.com")
    portal.clio.trust_deposit(bo, Decimal(100), date(2026, 3, 9), source="Bo", description="Retainer")
    portal.clock.sleep(120)
    portal.clio.trust_withdrawal(bo, Decimal(40), FEBRUARY, source="Bo", description="Refund", reference="8")
    portal.run()
    shown = page(alice_client)
    assert "Differs" in shown and "more than is held in trust" in shown
    assert shown.index("Bo Ek") < shown.index("Ann Lee")
    assert "<bdi>Ann Lee</bdi></th>" not in page(alice_client, "?differs=1")
    assert "No client fits" in page(alice_client, "?q=nobody")


def test_many_clients_are_paged(alice_client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "SIZE", 2)
    for name in ("Ann", "Bo", "Cy"):
        contact = portal.contact(name, "Lee", f"{name}@example.com")
        portal.clio.trust_deposit(contact, Decimal(10), FEBRUARY, source=name, description="Retainer")
    portal.run()
    first, second = page(alice_client), page(alice_client, "?page=2")
    assert "Ann Lee" in first and "Cy Lee" not in first and "page=2" in first
    assert "Cy Lee" in second and "Ann Lee" not in second


def test_a_firm_without_connection_mapping_or_trust_account_is_told_what_to_do(
    alice_client: Client, portal: Portal
) -> None:
    chosen = Mapping.objects.of(portal.firm).filter(key__contains="trust_")
    mapping.save(portal.pairing, dict.fromkeys(chosen.values_list("key", flat=True), ""))
    assert "Trust is not kept in step" in page(alice_client)


def test_before_the_first_sync_there_are_no_rows(alice_client: Client, portal: Portal) -> None:
    assert "No trust rows" in page(alice_client)


def test_a_firm_that_is_not_connected_is_sent_to_the_connections(alice_client: Client) -> None:
    assert "onnect" in page(alice_client)


def test_outsiders_find_nothing(charlie_client: Client, portal: Portal) -> None:
    assert charlie_client.get(ADDRESS).status_code == 404
    assert charlie_client.get(f"{ADDRESS}opening.csv").status_code == 404


def test_rows_are_records_with_their_amounts_and_what_became_of_them(alice_client: Client, portal: Portal) -> None:
    money_held(portal)
    listed = " ".join(alice_client.get("/f/acme/records/trust_entry/").content.decode().split())
    assert "Opening balance" in listed and "In QuickBooks" in listed and "−2,000.00" in listed
    for row in portal.clio.snapshot()["bank_transactions"]:
        answer = alice_client.get(f"/f/acme/records/trust_entry/{row['id']}/")
        assert answer.status_code == 200
        assert "Source or payee" in answer.content.decode()


def test_what_is_said_of_a_row_or_of_an_account_opens(alice_client: Client, portal: Portal) -> None:
    ann = portal.contact()
    portal.clio.trust_deposit(ann, Decimal(10), FEBRUARY)
    portal.clock.sleep(120)
    portal.clio.trust_withdrawal(ann, Decimal(5), date(2026, 1, 9), source="Ann", description="Refund", reference="8")
    portal.run()
    assert sorted(portal.codes()) == ["trust_incomplete", "trust_overdraw"]
    for issue in portal.issues():
        assert alice_client.get(f"/f/acme/issues/{issue.pk}/").status_code == 200
