"""Taking a decision back while a run begins: one of the two comes first, and the other sees what it did."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection as database

from firms.models import Firm, User
from integrations import takebacks
from integrations.models import Issue, Pairing, SyncRun
from integrations.resolving import resolve
from integrations.sync.run import open_run
from integrations.systems.clock import SystemClock
from tests.models.rows import issue_of, pairing_of

CLOCK = SystemClock()
A_WHILE = 1.0  # long enough for a run to begin where nothing holds it up


@pytest.fixture
def decided(transactional_db: None, acme: Firm, alice: User) -> Issue:
    issue = issue_of(pairing_of(acme))
    resolve(issue, "restore", alice, CLOCK)
    return issue


def begin(pairing: Pairing) -> SyncRun:
    try:
        return open_run(pairing, CLOCK, SyncRun.Trigger.SCHEDULE)
    finally:
        database.close()


def test_no_run_begins_while_a_decision_is_taken_back(decided: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Future[SyncRun]] = []
    was_over: list[bool] = []
    refusal: Callable[[Issue], str] = takebacks.refusal

    def slowly(issue: Issue) -> str:
        """Between the look at the runs and what follows from it another process wants to begin one."""
        said = refusal(issue)
        begun.append(pool.submit(begin, decided.pairing))
        threading.Event().wait(A_WHILE)
        was_over.append(begun[0].done())
        return said

    monkeypatch.setattr(takebacks, "refusal", slowly)
    with ThreadPoolExecutor(1) as pool:
        takebacks.take_back(decided, None, CLOCK)
        run = begun[0].result()
    decided.refresh_from_db()
    assert (was_over, decided.state) == ([False], "open"), "the run began only once it was open again"
    assert SyncRun.objects.of(decided.firm).get() == run


def test_once_a_run_has_begun_it_is_too_late(decided: Issue) -> None:
    run = begin(decided.pairing)
    with pytest.raises(takebacks.TooLate, match="under way"):
        takebacks.take_back(decided, None, CLOCK)
    decided.refresh_from_db()
    assert (decided.state, run.finished_at) == ("decided", None)


def test_a_preview_keeps_nobody_from_it(decided: Issue) -> None:
    open_run(decided.pairing, CLOCK, SyncRun.Trigger.PERSON, is_dry=True)
    takebacks.take_back(decided, None, CLOCK)
    decided.refresh_from_db()
    assert decided.state == "open"
