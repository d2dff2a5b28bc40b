"""E-mails to a firm's people: who is told of what, once, and by a message that gives nothing away."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from firms.membership import change_role, remove
from firms.models import Firm, User
from firms.roles import Role
from integrations import notices, tasks, watchdog
from integrations.models import Connection, Issue, Notice, NoticeChoice, Pairing, SyncRun
from tests.models.rows import issue_of, made, pairing_of, run_of

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)  # noon in New York
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Clock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def tick(self, later: timedelta = timedelta(minutes=1)) -> list[str]:
        """What is sent ``later``: "address: subject"."""
        self.at += later
        mail.outbox.clear()
        notices.write(self)
        notices.deliver(self)
        return sorted(f"{letter.to[0]}: {letter.subject}" for letter in mail.outbox)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pairing(acme: Firm, bob: User) -> Pairing:
    """Alice owns the firm, Bob keeps its books."""
    return pairing_of(acme, start_date=NOON.date())


def urgent(pairing: Pairing, code: str = "run_held", **values: Any) -> Issue:
    told = {"message": "This sync would void 6 of 7 invoices.", "opened_at": NOON, **values}
    return issue_of(pairing, code=code, severity="error", kind="", practice_id="", **told)


def error(pairing: Pairing, id: str, opened_at: datetime = NOON, code: str = "drift") -> Issue:
    said = {"message": "Ann Lee's invoice was changed.", "title": "Ann Lee"}
    return issue_of(pairing, code=code, severity="error", practice_id=id, opened_at=opened_at, **said)


def in_sync(pairing: Pairing, at: datetime) -> SyncRun:
    return run_of(pairing, state="finished", outcome="in_sync", started_at=at, heartbeat_at=at, finished_at=at)


def test_a_held_run_is_told_at_once_to_owners_and_admins_and_not_again(pairing: Pairing, clock: Clock) -> None:
    urgent(pairing)
    assert clock.tick() == ["alice@example.com: Acme Law: A sync is held until you have looked"]
    for _ in range(3):
        assert clock.tick(DAY) == []


def test_an_admin_is_told_and_a_bookkeeper_or_viewer_is_not(pairing: Pairing, clock: Clock, vera: User) -> None:
    change_role(pairing.firm, vera, Role.ADMIN)
    urgent(pairing)
    assert [line.split(":")[0] for line in clock.tick()] == ["alice@example.com", "vera@example.com"]


def test_a_lost_connection_is_told_by_its_name_with_the_way_back(pairing: Pairing, clock: Clock) -> None:
    Connection.objects.of(pairing.firm).filter(system="quickbooks").update(state="reconnect")
    urgent(pairing, "reconnect", message="invalid_grant for tid 1-5f")
    assert clock.tick() == ["alice@example.com: Acme Law: QuickBooks has to be connected again"]
    (letter,) = mail.outbox
    assert f"{settings.SITE_URL}/f/acme/connections/" in letter.body
    assert "invalid_grant" not in letter.body


def test_a_cause_that_goes_and_comes_back_is_told_anew_but_not_every_minute(pairing: Pairing, clock: Clock) -> None:
    issue = urgent(pairing)
    assert len(clock.tick()) == 1
    issue.state, issue.closed_at = "closed", clock.now()
    issue.save()
    urgent(pairing)
    assert clock.tick() == []
    assert len(clock.tick(6 * HOUR)) == 1
    assert clock.tick(DAY) == []


def test_a_run_that_is_held_again_after_a_decision_is_told_anew(pairing: Pairing, clock: Clock) -> None:
    issue = urgent(pairing)
    assert len(clock.tick()) == 1
    issue.details = {"times": 1}
    issue.save()
    assert len(clock.tick()) == 1
    assert clock.tick() == []


def test_what_is_over_before_it_could_be_told_is_not_told(pairing: Pairing, clock: Clock) -> None:
    issue = urgent(pairing)
    notices.write(clock)
    Issue.objects.of(pairing.firm).filter(pk=issue.pk).update(state="closed", closed_at=NOON)
    assert clock.tick() == []
    assert Notice.objects.of(pairing.firm).get().dropped_at is not None


def test_new_errors_are_told_once_a_day_counted_by_kind_and_without_a_name(pairing: Pairing, clock: Clock) -> None:
    for id in "123":
        error(pairing, id)
    error(pairing, "4", code="void_blocked")
    assert clock.tick() == ["alice@example.com: Acme Law: 4 things need you"]
    (letter,) = mail.outbox
    assert isinstance(letter, mail.EmailMultiAlternatives)
    for body in (str(letter.body), str(letter.alternatives[0][0])):
        assert "Changed in QuickBooks" in body and "Cannot be voided" in body
        assert f"{settings.SITE_URL}/f/acme/issues/" in body
        assert "Ann Lee" not in body
    error(pairing, "5", opened_at=clock.now() + HOUR)
    assert clock.tick(2 * HOUR) == []
    assert clock.tick(DAY) == ["alice@example.com: Acme Law: 1 thing needs you"]
    assert "4 things from before wait as well" in mail.outbox[0].body
    assert clock.tick(DAY) == []


def test_a_digest_waits_until_the_run_that_finds_things_is_over(pairing: Pairing, clock: Clock) -> None:
    run = run_of(pairing, started_at=NOON, heartbeat_at=NOON)
    error(pairing, "1")
    assert clock.tick() == []
    error(pairing, "2")
    SyncRun.objects.of(pairing.firm).filter(pk=run.pk).update(state="finished", outcome="issues", finished_at=NOON)
    assert clock.tick() == ["alice@example.com: Acme Law: 2 things need you"]


def test_warnings_and_infos_are_no_reason_to_write(pairing: Pairing, clock: Clock) -> None:
    issue_of(pairing, severity="warning", practice_id="1")
    issue_of(pairing, severity="info", practice_id="2")
    assert clock.tick() == []


def test_all_clear_comes_in_the_morning_to_whoever_asked_for_it(pairing: Pairing, clock: Clock, bob: User) -> None:
    made(NoticeChoice, pairing.firm, user=bob, all_clear=True)
    clock.at = NOON.replace(hour=12, minute=30)  # half past seven in New York
    in_sync(pairing, clock.at)
    assert clock.tick() == []
    assert clock.tick(timedelta(minutes=40)) == ["bob@example.com: Acme Law: All clear on 2 Mar 2026"]
    in_sync(pairing, clock.at)
    assert clock.tick(HOUR / 2) == []
    in_sync(pairing, clock.at + DAY)
    assert clock.tick(DAY) == ["bob@example.com: Acme Law: All clear on 3 Mar 2026"]


@pytest.mark.parametrize("trouble", ["an error", "a failed run", "a run of yesterday", "a lost connection"])
def test_all_clear_is_never_said_of_a_firm_that_is_not(pairing: Pairing, clock: Clock, bob: User, trouble: str) -> None:
    made(NoticeChoice, pairing.firm, user=bob, all_clear=True)
    run = in_sync(pairing, NOON - (DAY if trouble == "a run of yesterday" else timedelta(0)))
    if trouble == "an error":
        Issue.objects.of(pairing.firm).filter(pk=error(pairing, "1").pk).update(state="decided")
    if trouble == "a failed run":
        SyncRun.objects.of(pairing.firm).filter(pk=run.pk).update(outcome="failed")
    if trouble == "a lost connection":
        Connection.objects.of(pairing.firm).filter(system="clio").update(state="reconnect")
    assert clock.tick() == []


def test_whoever_leaves_the_firm_is_told_nothing_more(pairing: Pairing, clock: Clock, vera: User) -> None:
    change_role(pairing.firm, vera, Role.ADMIN)
    urgent(pairing)
    notices.write(clock)
    remove(pairing.firm, vera)
    assert [line.split(":")[0] for line in clock.tick()] == ["alice@example.com"]


def test_a_firm_is_told_of_itself_only(pairing: Pairing, clock: Clock, charlie: User) -> None:
    urgent(pairing)
    assert all("charlie" not in line for line in clock.tick())


def test_a_mail_server_that_is_down_is_tried_again_later_and_not_for_ever(
    pairing: Pairing, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[datetime] = []

    def refuse(notice: Notice, letter: object) -> None:
        tried.append(clock.now())
        raise ConnectionRefusedError

    monkeypatch.setattr(notices, "_send", refuse)
    urgent(pairing)
    for _ in range(60):
        clock.tick(HOUR)
    assert len(tried) == notices.TRIES
    assert tried == sorted(tried)
    assert Notice.objects.of(pairing.firm).get().dropped_at is not None


def test_a_process_that_dies_between_claim_and_mail_loses_nothing(
    pairing: Pairing, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(notice: Notice, letter: object) -> None:
        raise Killed

    urgent(pairing)
    with monkeypatch.context() as patched:
        patched.setattr(notices, "_send", die)
        with pytest.raises(Killed):
            clock.tick()
    assert clock.tick() == []  # somebody may still be at it
    assert len(clock.tick(timedelta(minutes=10))) == 1
    assert clock.tick(DAY) == []


def test_a_process_that_dies_after_the_mail_sends_it_again_under_the_same_id(
    pairing: Pairing, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgent(pairing)
    with monkeypatch.context() as patched:
        patched.setattr(notices, "_over", lambda notice, **when: None)
        clock.tick()
        (first,) = list(mail.outbox)
    clock.tick(timedelta(minutes=10))
    (second,) = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_of_two_processes_that_deliver_one_sends(pairing: Pairing, clock: Clock) -> None:
    urgent(pairing)
    notices.write(clock)
    (notice,) = Notice.objects.of(pairing.firm).select_related("firm")
    assert [notices._claim(notice, clock) for _ in range(2)] == [True, False]


def test_what_fails_in_telling_stops_no_sync(pairing: Pairing, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(clock: object) -> None:
        raise ZeroDivisionError

    done: list[str] = []
    monkeypatch.setattr(watchdog, "look", fail)
    monkeypatch.setattr(notices, "write", lambda clock: done.append("written"))
    tasks.tick()
    assert done == ["written"]


# The page


def test_everybody_switches_the_morning_word_on_and_off_for_themselves(
    pairing: Pairing, bob: User, bob_client: Client, vera_client: Client
) -> None:
    page = bob_client.get("/f/acme/emails/").content.decode()
    assert "checked" not in page and "Owners and admins of the firm get these" in page
    assert bob_client.post("/f/acme/emails/", {"all_clear": "yes"}).status_code == 302
    assert "checked" in bob_client.get("/f/acme/emails/").content.decode()
    assert "checked" not in vera_client.get("/f/acme/emails/").content.decode()
    assert [choice.user for choice in NoticeChoice.objects.of(pairing.firm).filter(all_clear=True)] == [bob]
    bob_client.post("/f/acme/emails/", {})
    assert not NoticeChoice.objects.of(pairing.firm).filter(all_clear=True).exists()
