"""What a dead process, a lost answer or a restored backup left open is found out, and nothing is written twice."""

from datetime import timedelta

import pytest

from integrations.models import EntityLink, Pairing
from integrations.sync.ending import LOOK_AGAIN_AFTER
from tests.portal import Portal
from tests.sync.books import settled


def unanswered_payment(portal: Portal) -> str:
    """A bill with a payment whose write was done and never answered; returns the payment's id in QuickBooks."""
    bill = portal.bill("100.00", number="1")
    portal.pay(bill, 40)
    portal.on_write("Payment", lambda: portal.world.quickbooks.fail_next("timeout_after", 3))
    portal.run()
    assert portal.codes() == ["unresolved_write"]
    (payment,) = portal.quickbooks.all("Payment")
    return str(payment["Id"])


def next_run_in(portal: Portal) -> timedelta:
    at = Pairing.objects.of(portal.firm).get(pk=portal.pairing.pk).next_sync_at
    assert at is not None
    return at - portal.clock.now()


def test_two_documents_with_one_mark_are_named_and_left_to_a_person(portal: Portal) -> None:
    first = unanswered_payment(portal)
    known = portal.quickbooks.get("Payment", first)
    copy = portal.quickbooks.receive_payment(
        known["CustomerRef"]["value"], 40, TxnDate=known["TxnDate"], PrivateNote=known["PrivateNote"]
    )["Id"]
    portal.clock.sleep(3600)
    sent = portal.writes()
    portal.run()
    issue = portal.issue("unresolved_write")
    assert f"Payment {first} and Payment {copy}" in issue.message
    assert issue.details == {"found": [first, copy]}
    assert portal.writes() == sent
    assert next_run_in(portal) > LOOK_AGAIN_AFTER, "nobody but a person can tell, so nobody looks all the time"
    portal.quickbooks.void("Payment", copy)
    portal.run()
    assert portal.writes() == sent
    assert EntityLink.objects.of(portal.firm).get(kind="payment").ledger_id == first
    settled(portal)


def test_a_write_of_unknown_outcome_is_looked_for_sooner_than_by_schedule(portal: Portal) -> None:
    unanswered_payment(portal)
    assert timedelta(seconds=150) < next_run_in(portal) <= LOOK_AGAIN_AFTER
    portal.clock.sleep(3600)
    portal.run()
    assert next_run_in(portal) > LOOK_AGAIN_AFTER
    settled(portal)


@pytest.mark.parametrize("old", [False, True])
def test_what_was_found_out_is_planned_with_at_once(portal: Portal, old: bool) -> None:
    """Also by a run on schedule, that reads QuickBooks only where something is new."""
    unanswered_payment(portal)
    portal.clock.sleep(3600 if old else 60)
    portal.run(trigger="schedule")
    assert portal.codes() == []
    settled(portal)
