"""Reconciling trust: Clio's ledger against bank, liability and clients, read afresh."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from firms.models import Firm, User
from integrations.core import mapping as keys
from integrations.models import EntityLink, Mapping
from integrations.proof_report import proof_report
from tests.portal import Portal
from tests.sync.test_generated_firm import synced
from tests.sync.test_r6_trust import deposit, mapped, withdraw
from tests.sync.test_reconcile import named, one_cent_more, proven, values

NOVEMBER, FEBRUARY = date(2025, 11, 3), date(2026, 2, 4)


@pytest.fixture
def held(portal: Portal) -> tuple[Portal, int, int]:
    """5,000 held since November, 1,000 more in February and 2,000 out in March, posted; the deposit's row."""
    ann = portal.contact()
    deposit(portal, ann, 5000, NOVEMBER)
    row = deposit(portal, ann, 1000)
    withdraw(portal, ann, 2000)
    portal.run()
    return portal, ann, row


def trust(portal: Portal) -> dict[str, Any]:
    (account,) = proof_report(portal.firm, proven(portal))["trust"]
    return dict(account)


def entry(portal: Portal, row: int) -> tuple[str, str]:
    link = EntityLink.objects.of(portal.firm).get(kind="trust_entry", practice_id=str(row), leg="")
    return link.ledger_entity, link.ledger_id


def test_equal_trust_names_its_opening_and_its_clients(held: tuple[Portal, int, int]) -> None:
    portal, ann, _ = held
    assert named(portal) == []
    account = trust(portal)
    figures = [account[name] for name in ("clio", "bank", "liability", "opening")]
    assert figures == ["-1000.00", "-1000.00", "-1000.00", "5000.00"]
    assert [(one["practice_id"], one["name"], one["liability"]) for one in account["clients"]] == [
        (str(ann), "Ann Lee", "-1000.00")
    ]


def test_a_trust_entry_redated_changed_or_deleted_is_named_before_the_next_sync(held: tuple[Portal, int, int]) -> None:
    portal, _, row = held
    kind, id = entry(portal, row)
    portal.quickbooks.edit(kind, id, TxnDate="2026-02-05")
    assert named(portal) == [("trust_entry", str(row), "date")]
    assert values(portal) == ("2026-02-04", "2026-02-05")
    portal.quickbooks.delete(kind, id)
    assert named(portal) == [("trust_entry", str(row), "missing")]
    assert (trust(portal)["clio"], trust(portal)["bank"]) == ("-1000.00", "-2000.00")


def test_what_clio_moved_since_the_last_sync_is_missing(held: tuple[Portal, int, int]) -> None:
    portal, ann, _ = held
    row = deposit(portal, ann, 70)
    assert named(portal) == [("trust_entry", str(row), "missing")]
    portal.run()
    assert named(portal) == []


def test_a_row_that_is_gone_is_unwanted_until_it_is_taken_back(held: tuple[Portal, int, int]) -> None:
    portal, _, row = held
    portal.clio.delete_bank_transaction(row)
    assert named(portal) == [("trust_entry", str(row), "unwanted")]


def test_a_bill_paid_from_trust_is_two_equal_legs_and_money_in_transit(held: tuple[Portal, int, int]) -> None:
    portal, ann, _ = held
    bill = portal.bill(contact=ann)
    portal.clio.pay_from_trust(bill, Decimal(1000), date(2026, 3, 20))
    portal.run()
    report = proof_report(portal.firm, proven(portal))
    assert report["differences"] == []
    assert (report["in_transit"]["waiting"], report["trust"][0]["bank"]) == ("1000.00", "-2000.00")
    portal.quickbooks.journal(
        [(portal.quickbooks.account_id("checking"), 1000, ""), (in_transit_account(portal), -1000, "")]
    )
    assert proof_report(portal.firm, proven(portal))["in_transit"]["waiting"] == "0.00"


def in_transit_account(portal: Portal) -> str:
    return Mapping.objects.of(portal.firm).get(key=keys.IN_TRANSIT).ledger_id


def test_people_moving_money_on_the_trust_bank_is_not_ours_to_compare(held: tuple[Portal, int, int]) -> None:
    portal, *_ = held
    portal.quickbooks.journal([(mapped(portal), 10, ""), (mapped(portal, "liability"), -10, "")])
    assert named(portal) == []
    assert trust(portal)["bank"] == "-1000.00"


def test_a_row_that_is_refused_is_explained_by_its_issue(portal: Portal) -> None:
    ann = portal.contact()
    deposit(portal, ann, 100, date(2026, 3, 1))
    withdraw(portal, ann, 100, date(2026, 2, 1))
    portal.run()
    (explained,) = proven(portal).explained
    assert explained.reason is not None
    assert (explained.reason.code, str(explained.difference.what)) == ("trust_overdraw", "missing")


# Everything at once


@pytest.mark.timeout(600)
def test_of_a_whole_firm_exactly_what_was_changed_behind_our_back_is_named(acme: Firm, alice: User) -> None:
    """One invoice changed by a cent, one payment deleted, one trust entry re-dated, and no sync in between."""
    portal, *_ = synced(acme, alice, 40)
    before = set(named(portal))
    assert [one for one in proven(portal).explained if one.reason is None] == []
    links = EntityLink.objects.of(portal.firm).filter(state="live", leg="")
    bill = links.filter(kind="invoice").first()
    paid = EntityLink.objects.of(portal.firm).filter(state="live", kind="payment").last()
    row = links.filter(kind="trust_entry", ledger_entity="JournalEntry").first()
    assert bill and paid and row
    one_cent_more(portal, int(bill.practice_id))
    portal.quickbooks.delete("Payment", paid.ledger_id)
    portal.quickbooks.edit(row.ledger_entity, row.ledger_id, TxnDate="2026-12-01")
    assert set(named(portal)) - before == {
        ("invoice", bill.practice_id, "amount"),
        ("payment", paid.practice_id, "missing"),
        ("trust_entry", row.practice_id, "date"),
    }
    unexplained = [one for one in proven(portal).explained if one.reason is None]
    assert len(unexplained) == 3
    portal.run()
    assert [one for one in proven(portal).explained if one.reason is None] == []
