"""Figures for a monitor: what they count, that they name nobody, and who may read them."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from firms.models import Firm, User
from integrations.metrics import Gauge, exposition
from integrations.models import CallBudget, Connection, Pairing, Worker
from tests.models.rows import NOW, dispatch_of, issue_of, made, pairing_of, run_of
from tests.personas import signed_in

MINUTE = timedelta(minutes=1)


@pytest.fixture
def pairing(acme: Firm) -> Pairing:
    found = pairing_of(acme, start_date=NOW.date())
    Connection.objects.of(acme).filter(system="quickbooks").update(confirmed_at=NOW)
    return found


def figures() -> dict[str, float]:
    """Sample (name and labels) to value; every line has to be of Prometheus's text format."""
    found = {}
    for line in exposition(NOW).splitlines():
        if not line.startswith("#"):
            matched = re.fullmatch(r'sync_portal_([a-z_]+(?:\{(?:[a-z_]+="[^"]*",?)+\})?) ([0-9.e+]+)', line)
            assert matched, line
            found[matched[1]] = float(matched[2])
    return found


def test_an_installation_without_a_firm_has_figures_too(db: None) -> None:
    found = figures()
    assert (found["queue_length"], found["queue_age_seconds"], found["runs_open"]) == (0, 0, 0)
    assert found['runs_last_day{outcome="failed"}'] == 0
    assert "worker_heartbeat_age_seconds" not in found


def test_the_age_of_what_waits_and_of_the_worker(pairing: Pairing) -> None:
    Pairing.objects.of(pairing.firm).update(next_sync_at=NOW - 7 * MINUTE)
    Worker.objects.create(name="queue", seen_at=NOW - 3 * MINUTE)
    found = figures()
    assert (found["queue_length"], found["queue_age_seconds"]) == (1, 420)
    assert found["worker_heartbeat_age_seconds"] == 180


def test_runs_are_counted_by_outcome_within_a_day_with_their_calls(pairing: Pairing) -> None:
    calls = {"clio": 14, "quickbooks_reads": 6, "quickbooks_writes": 9}
    for outcome, ago in (("in_sync", MINUTE), ("held", MINUTE), ("failed", timedelta(hours=25))):
        run_of(pairing, state="finished", outcome=outcome, finished_at=NOW - ago, requests=calls)
    run_of(pairing, started_at=NOW - 5 * MINUTE)
    found = figures()
    counted = [found[f'runs_last_day{{outcome="{outcome}"}}'] for outcome in ("in_sync", "held", "failed")]
    assert counted == [1, 1, 0]
    assert (found["runs_open"], found["oldest_open_run_age_seconds"]) == (1, 300)
    assert found['vendor_calls_last_day{system="clio",kind="all"}'] == 28
    assert found['vendor_calls_last_day{system="quickbooks",kind="write"}'] == 18


def test_writes_of_unknown_outcome_and_refused_ones(pairing: Pairing) -> None:
    run = run_of(pairing)
    for number, (state, ago) in enumerate((("unknown", 4), ("sent", 9), ("prepared", 60), ("answered", 90))):
        dispatch_of(run, state=state, request_id=f"r{number}", prepared_at=NOW - ago * MINUTE)
    dispatch_of(run, state="refused", request_id="no", prepared_at=NOW - MINUTE)
    dispatch_of(run, state="refused", request_id="old", prepared_at=NOW - timedelta(days=2))
    found = figures()
    assert found["oldest_unknown_write_age_seconds"] == 540
    assert found['writes_open{system="quickbooks",state="unknown"}'] == 1
    assert found['writes_open{system="clio",state="unknown"}'] == 0
    assert found['writes_refused_last_day{system="quickbooks"}'] == 1


def test_connections_that_are_lost_or_refused_as_too_many(pairing: Pairing) -> None:
    made(CallBudget, pairing.firm, connection=pairing.practice, standing={"refusals": 3})
    made(CallBudget, pairing.firm, connection=pairing.ledger, standing={"refusals": 0})
    Connection.objects.of(pairing.firm).filter(system="quickbooks").update(state="reconnect")
    found = figures()
    assert found['connections_throttled{system="clio"}'] == 1
    assert found['connections_throttled{system="quickbooks"}'] == 0
    assert found['connections{system="quickbooks",state="reconnect"}'] == 1


def test_open_issues_by_code_and_nothing_that_names_anybody(pairing: Pairing) -> None:
    for id in "12":
        issue_of(pairing, practice_id=id, title="Ann Lee", message="Ann Lee owes 100.00")
    issue_of(pairing, practice_id="3", state="closed", closed_at=NOW)
    assert figures()['open_issues{code="drift",severity="warning"}'] == 2
    told = exposition(NOW)
    for name in ("Acme", "acme", "Ann", "alice", pairing.practice.external_account_id):
        assert name not in told


def test_what_would_break_a_line_is_escaped() -> None:
    *_, sample = Gauge("x", "X.", [({"code": 'a"b\\c\nd'}, 1)]).lines()
    assert sample == 'sync_portal_x{code="a\\"b\\\\c\\nd"} 1'


# Who may read them


def test_a_monitor_on_this_machine_reads_them(pairing: Pairing) -> None:
    answer = Client().get("/metrics")
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert b"sync_portal_queue_length" in answer.content


@pytest.mark.parametrize(
    "asked",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_for_everybody_else_there_is_no_such_page(alice: User, acme: Firm, asked: dict[str, str]) -> None:
    assert Client().get("/metrics", **asked).status_code == 404
    assert signed_in(alice).get("/metrics", **asked).status_code == 404


def test_an_address_that_is_none_is_not_this_machine(db: None) -> None:
    assert Client().get("/metrics", REMOTE_ADDR="").status_code == 404


def test_support_reads_them_from_anywhere(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert signed_in(alice).get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 200


def test_they_are_asked_for_and_nothing_else(db: None) -> None:
    assert Client().post("/metrics").status_code == 405
