"""The journal is append-only, cursors only move forward, and deleting something never takes history with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import ProtectedError

from firms.models import Firm, User
from integrations.models import Cursor, EntityLink, SyncEvent
from tests.models.refusals import refused, sql
from tests.models.rows import (
    NOW,
    batch_of,
    connection_of,
    dispatch_of,
    event_of,
    issue_of,
    link_of,
    pairing_of,
    run_of,
    token_of,
)

APPEND_ONLY = "the journal is append-only"


def test_a_journal_row_cannot_be_changed(acme: Firm) -> None:
    event = event_of(pairing_of(acme))
    event.message = "It was somebody else"
    assert refused(event.save) == APPEND_ONLY
    assert refused(lambda: SyncEvent.objects.of(acme).update(message="x")) == APPEND_ONLY
    assert refused(sql("UPDATE integrations_syncevent SET amount = 1")) == APPEND_ONLY


def test_a_journal_row_cannot_be_deleted(acme: Firm) -> None:
    event = event_of(pairing_of(acme))
    assert refused(event.delete) == APPEND_ONLY
    assert refused(lambda: SyncEvent.objects.of(acme).all().delete()) == APPEND_ONLY
    assert refused(sql("DELETE FROM integrations_syncevent")) == APPEND_ONLY
    assert SyncEvent.objects.of(acme).count() == 1


def test_links_and_sent_writes_are_never_deleted(acme: Firm) -> None:
    pairing = pairing_of(acme)
    link, run = link_of(pairing), run_of(pairing)
    dispatch, batch = dispatch_of(run), batch_of(run)
    tables = {link: "integrations_entitylink", dispatch: "integrations_dispatch", batch: "integrations_batch"}
    for row, table in tables.items():
        said = f"rows of {table} are never deleted"
        assert refused(row.delete) == said
        assert refused(sql(f"DELETE FROM {table}")) == said


def test_a_cursor_only_moves_forward(acme: Firm) -> None:
    pairing = pairing_of(acme)
    cursor = Cursor.objects.of(acme).create(pairing=pairing, stream="bills", at=NOW)
    back = NOW - timedelta(microseconds=1)
    assert refused(lambda: Cursor.objects.of(acme).update(at=back)) == "cursor bills may only move forward"
    raw = sql("UPDATE integrations_cursor SET at = at - interval '1 day'")
    assert refused(raw) == "cursor bills may only move forward"
    cursor.at = NOW + timedelta(minutes=1)
    cursor.save()


@pytest.mark.parametrize("make", [link_of, event_of, issue_of, run_of])
def test_a_pairing_with_a_history_cannot_be_deleted(acme: Firm, make: Any) -> None:
    pairing = pairing_of(acme)
    row = make(pairing)
    with pytest.raises(ProtectedError):
        pairing.delete()
    refused(sql("DELETE FROM integrations_pairing WHERE id = %s", [pairing.pk]))
    assert type(row).objects.of(acme).filter(pk=row.pk).exists()


def test_a_firm_that_has_connected_anything_cannot_be_deleted(acme: Firm) -> None:
    connection_of(acme)
    with pytest.raises(ProtectedError):
        acme.delete()
    refused(sql("DELETE FROM firms_firm WHERE id = %s", [acme.pk]))
    assert acme.memberships.exists()


def test_a_grant_is_not_lost_with_its_connection(acme: Firm) -> None:
    connection = connection_of(acme)
    token_of(connection)
    with pytest.raises(ProtectedError):
        connection.delete()
    refused(sql("DELETE FROM integrations_connection WHERE id = %s", [connection.pk]))


def test_a_run_that_did_anything_cannot_be_deleted(acme: Firm) -> None:
    pairing = pairing_of(acme)
    run = run_of(pairing)
    event_of(pairing, run=run)
    with pytest.raises(ProtectedError):
        run.delete()


def test_a_person_who_decided_something_cannot_be_deleted(acme: Firm, bob: User) -> None:
    event_of(pairing_of(acme), outcome="decided", actor=bob)
    with pytest.raises(ProtectedError):
        bob.delete()


def test_links_of_an_archived_pairing_stay(acme: Firm) -> None:
    pairing = pairing_of(acme)
    link_of(pairing)
    pairing.archived_at = NOW
    pairing.save()
    assert EntityLink.objects.of(acme).filter(pairing=pairing).count() == 1
