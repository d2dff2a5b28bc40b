"""Failures that make no noise become issues: nothing gets through, nothing is read, a connection is lost meanwhile."""

from datetime import timedelta

import pytest

from firms.models import Firm, User
from integrations import watchdog
from integrations.models import Connection, Issue, Pairing, SyncRun
from tests.models.rows import made, pairing_of, run_of
from tests.test_notices import HOUR, NOON, Clock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def pairing(acme: Firm) -> Pairing:
    """Connected, confirmed, set up, and synced a minute ago."""
    found = pairing_of(acme, start_date=NOON.date(), next_sync_at=NOON + 14 * MINUTE)
    Connection.objects.of(acme).filter(system="quickbooks").update(confirmed_at=NOON)
    ended(found, "in_sync")
    return found


def ended(pairing: Pairing, outcome: str, ago: timedelta = MINUTE, **values: object) -> SyncRun:
    at = NOON - ago
    told = {"started_at": at, "heartbeat_at": at, "finished_at": at, **values}
    return run_of(pairing, state="finished", outcome=outcome, **told)


def looked(pairing: Pairing, later: timedelta = timedelta(0)) -> list[str]:
    watchdog.look(Clock(NOON + later))
    open_ = Issue.objects.of(pairing.firm).exclude(state="closed")
    return list(open_.order_by("code").values_list("code", flat=True))


def change(pairing: Pairing, **values: object) -> None:
    Pairing.objects.of(pairing.firm).filter(pk=pairing.pk).update(**values)


def test_a_firm_that_is_synced_is_left_in_peace(pairing: Pairing) -> None:
    assert looked(pairing) == []
    assert looked(pairing, 90 * MINUTE) == []


def test_nothing_that_gets_through_for_two_hours_is_said_and_taken_back(pairing: Pairing) -> None:
    ended(pairing, "failed", -(119 * MINUTE), reason="Clio did not answer.")
    assert looked(pairing, 2 * HOUR) == ["not_synced"]
    said = Issue.objects.of(pairing.firm).get().message
    assert "No sync has got through since" in said and "Clio did not answer." in said
    assert looked(pairing, 3 * HOUR) == ["not_synced"]
    ended(pairing, "issues", -(3 * HOUR))
    change(pairing, next_sync_at=NOON + 4 * HOUR)
    assert looked(pairing, 3 * HOUR) == []


def test_a_run_that_is_at_work_is_no_silence(pairing: Pairing) -> None:
    run_of(pairing, started_at=NOON, heartbeat_at=NOON + 5 * HOUR)
    assert looked(pairing, 5 * HOUR) == []


def test_a_held_run_has_been_told_by_itself(pairing: Pairing) -> None:
    ended(pairing, "held", -(2 * HOUR))
    change(pairing, next_sync_at=NOON + 3 * HOUR)
    assert looked(pairing, 2 * HOUR + MINUTE) == []


@pytest.mark.parametrize("asked", ["sync_asked_at", "hooked_at"])
def test_a_run_that_is_asked_for_and_never_starts(pairing: Pairing, asked: str) -> None:
    change(pairing, **{asked: NOON})
    assert looked(pairing, 59 * MINUTE) == []
    assert looked(pairing, 61 * MINUTE) == ["not_synced"]


def test_a_change_that_clio_told_of_and_nobody_reads(pairing: Pairing) -> None:
    mark = {"side": "practice", "entity": "bills", "external_id": "1", "since": NOON}
    made(watchdog.StaleMark, pairing.firm, pairing=pairing, **mark)
    assert looked(pairing, 59 * MINUTE) == []
    assert looked(pairing, 61 * MINUTE) == ["not_synced"]


def test_a_firm_that_is_not_set_up_or_not_connected_has_nothing_to_wait_for(pairing: Pairing) -> None:
    change(pairing, start_date=None)
    assert looked(pairing, 5 * HOUR) == []
    change(pairing, start_date=NOON.date())
    Connection.objects.of(pairing.firm).filter(system="clio").update(state="disconnected", disconnected_at=NOON)
    assert looked(pairing, 5 * HOUR) == []


def test_a_connection_that_is_lost_while_no_run_is_under_way_is_said_once(pairing: Pairing) -> None:
    Connection.objects.of(pairing.firm).filter(system="clio").update(state="reconnect", reason="The grant has ended.")
    assert looked(pairing) == ["reconnect"]
    assert looked(pairing, MINUTE) == ["reconnect"]
    issue = Issue.objects.of(pairing.firm).get()
    assert issue.message == "Clio has to be connected again. The grant has ended."


def test_an_archived_pairing_is_history(pairing: Pairing, alice: User) -> None:
    change(pairing, archived_at=NOON, sync_asked_at=NOON)
    assert looked(pairing, 5 * HOUR) == []
