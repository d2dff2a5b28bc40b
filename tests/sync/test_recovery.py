"""What a dead process, a lost answer or a restored backup left open is found out, and nothing is written twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import transaction

from integrations.models import EntityLink, Pairing, SyncEvent
from integrations.sandbox.clio.office import BillLine
from integrations.sync import restored
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


# A backup is restored


@contextmanager
def since_the_backup(portal: Portal) -> Iterator[None]:
    """What happens within is lost on our side, as if the database came back from a backup made before it."""
    backup = transaction.savepoint_create()
    yield
    transaction.savepoint_rollback(backup)


def in_quickbooks(portal: Portal) -> dict[str, list[tuple[object, ...]]]:
    """Every document with what it is worth: none may be added, doubled or changed by finding it again."""
    entities = ("Customer", "Invoice", "Payment", "CreditMemo", "JournalEntry")
    return {
        entity: [(doc["Id"], doc.get("TotalAmt"), doc["SyncToken"]) for doc in portal.quickbooks.all(entity)]
        for entity in entities
    }


def linked(portal: Portal) -> set[tuple[str, str, str, str, str]]:
    links = EntityLink.objects.of(portal.firm).exclude(state="unlinked")
    return set(links.values_list("kind", "practice_id", "leg", "ledger_entity", "ledger_id"))


def test_after_a_restore_everything_written_since_is_found_by_its_mark(portal: Portal) -> None:
    old = portal.bill("100.00", contact=portal.contact("Old", "Hand", "old@example.com"), number="old")
    edited = portal.bill("100.00", contact=portal.contact("Ed", "Ited", "ed@example.com"), number="edited")
    voided = portal.bill("100.00", contact=portal.contact("Vo", "Ided", "vo@example.com"), number="voided")
    portal.run()
    with since_the_backup(portal):
        bill = portal.bill("70.00", number="new")
        portal.pay(bill, 30)
        portal.pay(old, 40)
        portal.clio.edit_bill(edited, lines=[BillLine("Advice", Decimal(90), date=date(2026, 2, 2))])
        portal.clio.void_bill(voided)
        portal.run()
        portal.clio.credit_note(bill, Decimal(10), date(2026, 2, 25))
        (payment,) = [doc for doc in portal.quickbooks.all("Payment") if doc["TotalAmt"] == 40]
        portal.quickbooks.deposit_payments([payment["Id"]])
        portal.run()
        assert portal.codes() == []
        documents, links = in_quickbooks(portal), linked(portal)
    assert linked(portal) != links
    call_command("restored")
    portal.run()
    assert in_quickbooks(portal) == documents
    assert linked(portal) == links
    assert SyncEvent.objects.of(portal.firm).filter(message=restored.REASON).exists()
    assert Pairing.objects.of(portal.firm).get(pk=portal.pairing.pk).restored_at is None
    settled(portal)


def test_after_a_restore_trust_money_is_found_too(portal: Portal) -> None:
    """A transfer stands for two rows, and an entry that takes another one back ends that one's link."""
    ann, bo = portal.contact(), portal.contact("Bo", "Ray", "bo@example.com")
    portal.clio.trust_deposit(ann, Decimal(500), date(2026, 2, 4), source="Ann", description="Retainer", reference="5")
    wrong = portal.clio.trust_deposit(
        ann, Decimal(50), date(2026, 2, 5), source="Ann", description="By mistake", reference="6"
    )
    portal.run()
    with since_the_backup(portal):
        portal.clio.trust_transfer(Decimal(300), date(2026, 3, 9), contact_id=ann, to_contact_id=bo, reference="T")
        portal.clio.delete_bank_transaction(wrong)
        portal.clock.sleep(120)
        portal.clio.trust_withdrawal(
            bo, Decimal(20), date(2026, 3, 10), source="Bo", description="Refund", reference="7"
        )
        for _ in range(3):
            portal.run()
            portal.clock.sleep(660)
        documents, links = in_quickbooks(portal), linked(portal)
        assert len(documents["JournalEntry"]) == 5
    call_command("restored")
    for _ in range(3):
        portal.run()
        portal.clock.sleep(660)
    assert in_quickbooks(portal) == documents
    assert linked(portal) == links
    settled(portal)


def test_after_a_restore_what_moved_on_in_clio_is_written_over_what_was_found(portal: Portal) -> None:
    with since_the_backup(portal):
        bill = portal.bill("70.00", number="new")
        portal.run()
    portal.clio.edit_bill(bill, lines=[BillLine("Advice", Decimal(90), date=date(2026, 2, 2))])
    call_command("restored")
    portal.run()
    assert [doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")] == [90]
    settled(portal)


def test_after_a_restore_nothing_is_written_before_older_requests_must_have_ended(portal: Portal) -> None:
    portal.bill("70.00", number="1")
    restored.note(portal.pairing, portal.clock.now())
    began = portal.clock.now()
    written: list[timedelta] = []
    portal.on_write("Customer", lambda: written.append(portal.clock.now() - began))
    portal.run()
    assert written and written[0] >= timedelta(seconds=150)
    settled(portal)


def test_after_a_restore_two_documents_with_one_mark_are_left_to_a_person(portal: Portal) -> None:
    with since_the_backup(portal):
        bill = portal.bill("100.00", number="1")
        portal.pay(bill, 40)
        portal.run()
    (payment,) = portal.quickbooks.all("Payment")
    copy = portal.quickbooks.receive_payment(
        payment["CustomerRef"]["value"], 40, TxnDate=payment["TxnDate"], PrivateNote=payment["PrivateNote"]
    )["Id"]
    call_command("restored")
    for _ in range(2):
        portal.run()
        assert f"Payment {payment['Id']} and Payment {copy}" in portal.issue("unresolved_write").message
        assert len(portal.quickbooks.all("Payment")) == 2
    portal.quickbooks.void("Payment", copy)
    portal.run()
    assert EntityLink.objects.of(portal.firm).get(kind="payment").ledger_id == payment["Id"]
    settled(portal)
