"""Tokens at rest and their renewal: who they belong to, who may open them, and that each is renewed once."""

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from firms.models import Firm, User
from integrations import connecting
from integrations.core import words
from integrations.core.errors import Forbidden, Garbled, RemoteError, Unauthorized
from integrations.models import Connection, OAuthToken, Pairing
from integrations.sandbox.clio.switches import switch as set_clio
from integrations.sandbox.http import Request, Response
from integrations.sandbox.quickbooks.switches import set_switch as set_quickbooks
from integrations.systems.clock import SystemClock
from integrations.systems.oauth import Grant
from integrations.tokens import Tokens, Unreadable, WrongOwner, provider_of_tokens, rotate_keys, seal, store, unseal
from tests.fake_network import TOKEN_PATHS, Network, lose_answer, on_tokens
from tests.portal import Portal, make_portal, new_store
from tests.served import MachineClock, stand_ins_served

WORKERS = 6
SYSTEMS = ["clio", "quickbooks"]
A_MONTH_S = 31 * 86_400


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    return make_portal(acme, alice, mapped=False)


@pytest.fixture
def network(portal: Portal) -> Network:
    return Network(portal.world.handle)


def connection_to(firm: Firm, system: str) -> Connection:
    return Connection.objects.of(firm).get(system=system)


def row_of(firm: Firm, system: str) -> OAuthToken:
    return OAuthToken.objects.of(firm).get(connection__system=system)


def asking(portal: Portal, network: Network, system: str) -> Callable[[bool], str]:
    """What a transport would ask for tokens; each call of this is another process."""
    return provider_of_tokens(connection_to(portal.firm, system), portal.clock, network.session())


def expire(portal: Portal) -> None:
    portal.world.store.advance(A_MONTH_S)


# Whose they are


def test_what_is_stored_shows_nothing_of_a_token(portal: Portal) -> None:
    row = row_of(portal.firm, "clio")
    tokens = unseal(row.connection, row)
    for secret in (tokens.access, tokens.refresh):
        assert secret.encode() not in bytes(row.ciphertext)
        assert secret not in f"{tokens!r} {row!r} {row} {row.connection!r}"


@pytest.mark.parametrize("member", ["firm", "system", "region", "external_account_id"])
def test_a_token_of_somebody_else_is_not_opened(portal: Portal, globex: Firm, member: str) -> None:
    row = row_of(portal.firm, "clio")
    other: dict[str, Any] = {"firm": globex, "system": "quickbooks", "region": "eu", "external_account_id": "1"}
    setattr(row.connection, member, other[member])
    with pytest.raises(WrongOwner):
        unseal(row.connection, row)


def test_an_older_token_of_the_same_connection_is_not_opened(portal: Portal) -> None:
    row = row_of(portal.firm, "clio")
    old = bytes(row.ciphertext)
    with transaction.atomic():
        store(row.connection, Grant("access", "refresh", 3600), portal.clock)
    row.refresh_from_db()
    assert row.generation == 2
    row.ciphertext = old
    with pytest.raises(WrongOwner):
        unseal(row.connection, row)


def test_a_pasted_row_stops_the_connection_and_says_so_in_words(
    portal: Portal, network: Network, globex: Firm, charlie: User
) -> None:
    theirs = make_portal(globex, charlie, mapped=False, store=portal.world.store)
    stolen = row_of(theirs.firm, "quickbooks").ciphertext
    OAuthToken.objects.of(portal.firm).filter(connection__system="quickbooks").update(ciphertext=stolen)
    for _ in range(2):
        with pytest.raises(Unauthorized, match=r"sealed for another connection.*Connect it again"):
            asking(portal, network, "quickbooks")(False)
    mine = connection_to(portal.firm, "quickbooks")
    assert (mine.state, "another connection" in mine.reason) == ("reconnect", True)
    assert network.seen == []
    assert connection_to(globex, "quickbooks").state == "connected"


def test_a_run_with_a_pasted_row_fails_with_the_reason_and_an_issue(portal: Portal) -> None:
    pasted = row_of(portal.firm, "quickbooks").ciphertext
    OAuthToken.objects.of(portal.firm).filter(connection__system="clio").update(ciphertext=pasted)
    Pairing.objects.of(portal.firm).update(start_date=date(2026, 1, 1))
    run = portal.run()
    assert run.outcome == "failed"
    assert "sealed for another connection" in run.reason
    assert portal.codes() == ["reconnect"]


# Keys


def test_a_new_key_first_in_the_list_seals_everything_anew(portal: Portal, settings: Settings) -> None:
    before = {row.pk: unseal(row.connection, row) for row in OAuthToken.objects.of(portal.firm)}
    new, old = Fernet.generate_key().decode(), settings.TOKEN_KEYS[0]
    settings.TOKEN_KEYS = [new, old]
    assert {row.pk: unseal(row.connection, row) for row in OAuthToken.objects.of(portal.firm)} == before
    assert (rotate_keys().sealed, rotate_keys().unreadable) == (2, 0)
    settings.TOKEN_KEYS = [new]
    assert {row.pk: unseal(row.connection, row) for row in OAuthToken.objects.of(portal.firm)} == before
    settings.TOKEN_KEYS = [old]
    with pytest.raises(Unreadable):
        unseal(connection_to(portal.firm, "clio"), row_of(portal.firm, "clio"))


def test_without_its_key_a_connection_stops_and_works_again_once_the_key_is_back(
    portal: Portal, network: Network, settings: Settings
) -> None:
    old = settings.TOKEN_KEYS
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Unauthorized, match="TOKEN_KEYS"):
        asking(portal, network, "clio")(False)
    assert connection_to(portal.firm, "clio").state == "reconnect"
    settings.TOKEN_KEYS = old
    assert asking(portal, network, "clio")(False)
    mine = connection_to(portal.firm, "clio")
    assert (mine.state, mine.reason) == ("connected", "")


def test_the_command_says_how_many_it_sealed_and_revives_what_it_can_open(
    portal: Portal, network: Network, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    old = settings.TOKEN_KEYS[0]
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Unauthorized):
        asking(portal, network, "clio")(False)
    with pytest.raises(SystemExit) as stopped:
        call_command("rotate_token_keys")
    said = capsys.readouterr()
    assert stopped.value.code == 1
    assert said.out == "0 sealed with the first key\n"
    assert "2 cannot be opened" in said.err
    settings.TOKEN_KEYS = [*settings.TOKEN_KEYS, old]
    call_command("rotate_token_keys")
    assert capsys.readouterr().out == "2 sealed with the first key\n"
    assert connection_to(portal.firm, "clio").state == "connected"


@pytest.mark.parametrize("content", [b"", b"not a token", b"\x00\xff"])
def test_a_damaged_row_is_no_crash(portal: Portal, network: Network, content: bytes) -> None:
    OAuthToken.objects.of(portal.firm).update(ciphertext=content)
    with pytest.raises(Unauthorized, match="cannot be opened"):
        asking(portal, network, "quickbooks")(False)


@pytest.mark.parametrize("content", [[], {}, {"a": "x"}, "text", {"a": "x", "r": "y"}])
def test_nor_is_a_row_that_opens_to_something_else(portal: Portal, settings: Settings, content: object) -> None:
    sealed = Fernet(settings.TOKEN_KEYS[0]).encrypt(json.dumps(content).encode())
    row = row_of(portal.firm, "clio")
    row.ciphertext = sealed
    with pytest.raises((Unreadable, WrongOwner)):
        unseal(row.connection, row)


# Renewal


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_token_that_lives_a_while_is_used_as_it_is(portal: Portal, network: Network, system: str) -> None:
    token = asking(portal, network, system)
    assert token(False) == token(False)
    assert network.seen == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_about_to_expire_is_renewed_first(portal: Portal, network: Network, system: str) -> None:
    soon = portal.clock.now() + timedelta(minutes=4)
    OAuthToken.objects.of(portal.firm).update(access_expires_at=soon)
    token = asking(portal, network, system)
    renewed = token(False)
    row = row_of(portal.firm, system)
    assert (len(network.token_calls()), row.generation) == (1, 2)
    assert unseal(row.connection, row).access == renewed == token(False)


def test_one_the_system_refused_is_renewed_whatever_its_date(portal: Portal, network: Network) -> None:
    token = asking(portal, network, "quickbooks")
    refused = token(False)
    assert token(True) != refused
    assert len(network.token_calls()) == 1


def test_a_refused_one_that_another_process_renewed_since_is_not_renewed_again(
    portal: Portal, network: Network
) -> None:
    slow, quick = asking(portal, network, "quickbooks"), asking(portal, network, "quickbooks")
    assert slow(False) == quick(False)
    assert slow(True) == quick(True)
    assert len(network.token_calls()) == 1


@pytest.mark.parametrize("reading", ["no", "yes"])
def test_clio_keeps_the_refresh_token_where_no_new_one_comes(portal: Portal, network: Network, reading: str) -> None:
    set_clio(portal.world.store, "clio_refresh_rotates", reading)
    row = row_of(portal.firm, "clio")
    kept = [unseal(row.connection, row).refresh]
    for _ in range(3):
        expire(portal)
        asking(portal, network, "clio")(False)
        row.refresh_from_db()
        kept.append(unseal(row.connection, row).refresh)
    assert len(set(kept)) == (4 if reading == "yes" else 1)
    assert (row.generation, connection_to(portal.firm, "clio").state) == (4, "connected")


@pytest.mark.parametrize("reading", ["every_call", "daily", "never"])
def test_quickbooks_may_rotate_as_it_likes(portal: Portal, network: Network, reading: str) -> None:
    set_quickbooks(portal.world.store, "refresh_rotation", reading)
    for _ in range(3):
        portal.world.store.advance(2 * 86_400)
        asking(portal, network, "quickbooks")(False)
    assert row_of(portal.firm, "quickbooks").generation == 4


def test_the_end_of_the_authorisation_is_kept(portal: Portal) -> None:
    ends = row_of(portal.firm, "quickbooks").refresh_expires_at
    assert ends
    assert abs(ends - portal.clock.now() - timedelta(seconds=8_726_400)) < timedelta(minutes=1)
    assert row_of(portal.firm, "clio").refresh_expires_at is None


# A dead grant


def test_a_dead_grant_is_asked_about_once_and_says_why(portal: Portal, network: Network) -> None:
    portal.quickbooks.disconnect_apps()
    expire(portal)
    for _ in range(3):
        with pytest.raises(Unauthorized, match=r"no longer accepts this connection.*Connect it again"):
            asking(portal, network, "quickbooks")(False)
    assert len(network.token_calls()) == 1
    mine = connection_to(portal.firm, "quickbooks")
    assert (mine.state, "no longer accepts" in mine.reason) == ("reconnect", True)
    assert not OAuthToken.objects.of(portal.firm).filter(connection=mine).exists()


def test_an_authorisation_that_ran_out_says_when(portal: Portal, network: Network) -> None:
    portal.world.store.advance(102 * 86_400)
    ended = row_of(portal.firm, "quickbooks").refresh_expires_at
    assert ended
    with pytest.raises(Unauthorized, match=f"QuickBooks gave ended on {words.day(ended)}"):
        asking(portal, network, "quickbooks")(False)
    assert connection_to(portal.firm, "quickbooks").state == "reconnect"


def test_a_lost_answer_is_tried_again_while_the_old_token_serves(portal: Portal, network: Network) -> None:
    set_quickbooks(portal.world.store, "refresh_grace", "24h")
    expire(portal)
    network.after = lose_answer
    with pytest.raises(Garbled):
        asking(portal, network, "quickbooks")(False)
    assert (connection_to(portal.firm, "quickbooks").state, row_of(portal.firm, "quickbooks").generation) == (
        "connected",
        1,
    )
    network.after = lambda request, answer: answer
    assert asking(portal, network, "quickbooks")(False)
    assert row_of(portal.firm, "quickbooks").generation == 2


def test_and_ends_in_a_reconnect_never_in_a_loop_where_it_does_not(portal: Portal, network: Network) -> None:
    expire(portal)
    network.after = lose_answer
    with pytest.raises(Garbled):
        asking(portal, network, "quickbooks")(False)
    network.after = lambda request, answer: answer
    for _ in range(5):
        with pytest.raises(Unauthorized):
            asking(portal, network, "quickbooks")(False)
    assert len(network.token_calls()) == 2
    assert connection_to(portal.firm, "quickbooks").state == "reconnect"


# A refresh token that the system no longer knows


def spoilt(token: str) -> Callable[[Request], Response | None]:
    """The system refuses this refresh token, whatever it did with it before."""

    def before(request: Request) -> Response | None:
        refused = request.path.endswith(TOKEN_PATHS) and request.form().get("refresh_token") == token
        return Response(400, b'{"error":"invalid_grant"}', {"content-type": "application/json"}) if refused else None

    return before


def renewed_once(portal: Portal, network: Network) -> str:
    """The refresh token we hold after a renewal, so that there is an earlier one."""
    set_quickbooks(portal.world.store, "refresh_grace", "24h")
    portal.world.store.advance(3600)
    asking(portal, network, "quickbooks")(False)
    row = row_of(portal.firm, "quickbooks")
    tokens = unseal(row.connection, row)
    assert tokens.earlier and tokens.earlier != tokens.refresh
    network.seen.clear()
    return tokens.refresh


def test_where_our_refresh_token_turns_out_worthless_the_earlier_one_is_tried_once(
    portal: Portal, network: Network
) -> None:
    network.before = spoilt(renewed_once(portal, network))
    portal.world.store.advance(3600)
    assert asking(portal, network, "quickbooks")(False)
    assert len(network.token_calls()) == 2
    assert (connection_to(portal.firm, "quickbooks").state, row_of(portal.firm, "quickbooks").generation) == (
        "connected",
        3,
    )


def test_after_a_day_the_earlier_one_is_not_even_tried(portal: Portal, network: Network) -> None:
    network.before = spoilt(renewed_once(portal, network))
    portal.world.store.advance(86_401)
    with pytest.raises(Unauthorized):
        asking(portal, network, "quickbooks")(False)
    assert len(network.token_calls()) == 1
    assert connection_to(portal.firm, "quickbooks").state == "reconnect"


def test_where_neither_serves_it_ends_in_a_reconnect_after_one_more_call(portal: Portal, network: Network) -> None:
    renewed_once(portal, network)
    portal.quickbooks.disconnect_apps()
    portal.world.store.advance(3600)
    for _ in range(4):
        with pytest.raises(Unauthorized):
            asking(portal, network, "quickbooks")(False)
    assert len(network.token_calls()) == 2
    assert connection_to(portal.firm, "quickbooks").state == "reconnect"


def test_a_new_consent_forgets_what_came_before(portal: Portal, network: Network) -> None:
    renewed_once(portal, network)
    row = row_of(portal.firm, "quickbooks")
    with transaction.atomic():
        store(row.connection, Grant("a", "r", 3600), portal.clock)
    row.refresh_from_db()
    assert unseal(row.connection, row) == Tokens("a", "r")


def test_a_renewal_that_keeps_the_refresh_token_keeps_no_earlier_one(portal: Portal, network: Network) -> None:
    expire(portal)
    asking(portal, network, "clio")(False)
    row = row_of(portal.firm, "clio")
    assert unseal(row.connection, row).earlier == ""


@pytest.mark.parametrize("grace", ["24h", "none"])
def test_a_worker_that_dies_between_the_renewal_and_its_saving_ends_in_a_live_connection_or_a_reconnect(
    portal: Portal, network: Network, monkeypatch: pytest.MonkeyPatch, grace: str
) -> None:
    set_quickbooks(portal.world.store, "refresh_grace", grace)
    portal.world.store.advance(3600)
    with monkeypatch.context() as dying:
        dying.setattr("integrations.tokens.store", lambda *args: sys.exit("killed"))
        with pytest.raises(SystemExit):
            asking(portal, network, "quickbooks")(False)
    outcomes = []
    for _ in range(3):
        try:
            outcomes.append(bool(asking(portal, network, "quickbooks")(False)))
        except Unauthorized:
            outcomes.append(False)
    assert outcomes == [grace == "24h"] * 3
    assert len(network.token_calls()) == 2, "the renewal that was lost, and one more"
    assert connection_to(portal.firm, "quickbooks").state == ("connected" if grace == "24h" else "reconnect")


def killed(act: Callable[[], object], place: str) -> int:
    """How a process ended that was killed at ``place`` while it did this; it has its own database connection."""
    database.close()
    pid = os.fork()
    if pid == 0:
        os.environ["FAULT_POINT"] = place
        with contextlib.suppress(BaseException):
            act()
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")  # the child serves nothing and is killed
@pytest.mark.parametrize("grace", ["24h", "none"])
def test_a_process_killed_between_the_renewal_and_its_saving_leaves_no_loop(
    acme: Firm, alice: User, settings: Settings, tmp_path: Path, grace: str
) -> None:
    with stand_ins_served(settings, tmp_path) as world:
        portal = make_portal(acme, alice, mapped=False, store=world.store, clock=MachineClock(world.store))
        set_quickbooks(world.store, "refresh_grace", grace)
        OAuthToken.objects.of(acme).update(access_expires_at=timezone.now())
        mine = connection_to(acme, "quickbooks")
        assert killed(lambda: provider_of_tokens(mine, SystemClock())(False), "renewed") == -signal.SIGKILL
        assert row_of(acme, "quickbooks").generation == 1, "nothing of it was saved"
        network, outcomes = Network(portal.world.handle), []
        for _ in range(3):
            try:
                outcomes.append(bool(provider_of_tokens(mine, SystemClock(), network.session())(False)))
            except Unauthorized:
                outcomes.append(False)
        assert outcomes == [grace == "24h"] * 3
        assert len(network.token_calls()) == 1
        assert connection_to(acme, "quickbooks").state == ("connected" if grace == "24h" else "reconnect")


# Found dead outside a run


def test_whoever_finds_a_connection_dead_leaves_an_issue_and_says_so_once(portal: Portal, network: Network) -> None:
    portal.quickbooks.disconnect_apps()
    expire(portal)
    for _ in range(2):
        with pytest.raises(Unauthorized):
            asking(portal, network, "quickbooks")(False)
    (issue,) = portal.issues()
    assert (issue.code, issue.severity) == ("reconnect", "error")
    assert "no longer accepts this connection" in issue.message
    assert issue.message.endswith("Connect it again on the connections page.")


def test_the_day_after_which_nothing_helps_is_kept_and_not_moved_by_renewals(portal: Portal, network: Network) -> None:
    ends = row_of(portal.firm, "quickbooks").ends_at
    assert ends
    assert abs(ends - portal.clock.now() - timedelta(days=5 * 365)) < timedelta(minutes=1)
    portal.world.store.advance(86_400)
    asking(portal, network, "quickbooks")(False)
    again = row_of(portal.firm, "quickbooks").ends_at
    assert again and abs(again - ends) < timedelta(minutes=1)
    assert row_of(portal.firm, "clio").ends_at is None
    row = row_of(portal.firm, "quickbooks")
    with transaction.atomic():
        store(row.connection, Grant("a", "r", 3600), portal.clock, Tokens("b", "s"))
    assert row_of(portal.firm, "quickbooks").ends_at == again, "an answer that does not name it leaves it"


def test_a_connection_disconnected_meanwhile_stays_disconnected(portal: Portal, network: Network) -> None:
    token = asking(portal, network, "quickbooks")
    connecting.disconnect(connection_to(portal.firm, "quickbooks"), portal.clock, network.session())
    asked = len(network.token_calls())
    with pytest.raises(Unauthorized, match="QuickBooks is not connected"):
        token(False)
    assert len(network.token_calls()) == asked
    assert connection_to(portal.firm, "quickbooks").state == "disconnected"


def test_an_installation_without_its_app_names_the_variables(
    portal: Portal, network: Network, settings: Settings
) -> None:
    settings.QBO = {**settings.QBO, "client_id": ""}
    expire(portal)
    with pytest.raises(Forbidden, match="QBO_CLIENT_ID and QBO_CLIENT_SECRET"):
        asking(portal, network, "quickbooks")(False)
    assert connection_to(portal.firm, "quickbooks").state == "connected"
    assert network.seen == []


# Many processes at once: real threads, each with its own database connection


def at_once(portal: Portal, act: Callable[[], object]) -> list[object]:
    """What ``act`` returned or raised in each of six threads that start together."""
    start = threading.Barrier(WORKERS)

    def work() -> object:
        start.wait()
        try:
            return act()
        except RemoteError as error:
            return error
        finally:
            database.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [done.result() for done in [pool.submit(work) for _ in range(WORKERS)]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("system", SYSTEMS)
def test_however_many_find_it_expired_it_is_renewed_once(portal: Portal, network: Network, system: str) -> None:
    network.before = on_tokens(lambda: time.sleep(0.1))
    for round_ in range(1, 4):
        expire(portal)
        got = at_once(portal, lambda: asking(portal, network, system)(False))
        assert len(set(got)) == 1
        assert len(network.token_calls()) == round_
        assert row_of(portal.firm, system).generation == round_ + 1
    assert connection_to(portal.firm, system).state == "connected"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("system", SYSTEMS)
def test_two_workers_renew_one_token_as_often_as_it_expires_and_never_with_an_old_one(
    portal: Portal, network: Network, system: str
) -> None:
    """Fifty times here; ``make bench`` has two processes do it five hundred times."""
    set_clio(portal.world.store, "clio_refresh_rotates", "yes")
    times, start, done = 50, threading.Barrier(3), threading.Barrier(3)

    def work() -> list[str]:
        got = []
        for _ in range(times):
            start.wait(60)
            got.append(asking(portal, network, system)(False))
            done.wait(60)
        database.close()
        return got

    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(work) for _ in range(2)]
        for _ in range(times):
            expire(portal)
            start.wait(60)
            done.wait(60)
    mine, theirs = (worker.result() for worker in workers)
    assert mine == theirs
    assert len(set(mine)) == len(network.token_calls()) == times
    assert {answer.status for answer in network.answers} == {200}
    assert row_of(portal.firm, system).generation == times + 1


@pytest.mark.django_db(transaction=True)
def test_however_many_find_it_dead_it_is_asked_about_once(portal: Portal, network: Network) -> None:
    portal.quickbooks.disconnect_apps()
    expire(portal)
    network.before = on_tokens(lambda: time.sleep(0.1))
    got = at_once(portal, lambda: asking(portal, network, "quickbooks")(False))
    assert [type(answer) for answer in got] == [Unauthorized] * WORKERS
    assert all("no longer accepts this connection" in str(answer) for answer in got)
    assert len(network.token_calls()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_renewed_is_committed_before_it_is_used(portal: Portal, network: Network) -> None:
    expire(portal)
    renewed = asking(portal, network, "quickbooks")(False)

    def seen_elsewhere() -> str:
        row = row_of(portal.firm, "quickbooks")
        return unseal(row.connection, row).access

    assert at_once(portal, seen_elsewhere) == [renewed] * WORKERS


@pytest.mark.django_db(transaction=True)
def test_inside_somebody_elses_transaction_nothing_is_renewed(portal: Portal, network: Network) -> None:
    expire(portal)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        asking(portal, network, "quickbooks")(False)
    assert network.token_calls() == []


# Nothing of them is ever seen


def secrets_in(network: Network) -> set[str]:
    """Every token and code that passed over the network."""
    found = set()
    for answer in network.answers:
        if answer.headers.get("content-type", "").startswith("application/json") and answer.body.startswith(b"{"):
            body = json.loads(answer.body)
            found |= {body[name] for name in ("access_token", "refresh_token") if name in body}
    codes = {request.form().get("code", "") for request in network.token_calls()}
    return found | (codes - {""})


def test_no_token_is_ever_logged_or_told(acme: Firm, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("requests_oauthlib", "requests_oauthlib.oauth2_session", "oauthlib", "urllib3", "integrations"):
        caplog.set_level(logging.DEBUG, logger=name)
    portal = make_portal(acme, alice, mapped=False, store=new_store())  # connected within this test
    network = Network(portal.world.handle)
    rows = list(OAuthToken.objects.of(acme).select_related("connection"))
    known = [unseal(row.connection, row) for row in rows]
    told: list[str] = [repr(rows), repr(known), str(known)]
    for system in SYSTEMS:
        expire(portal)
        asking(portal, network, system)(False)
    portal.quickbooks.disconnect_apps()
    expire(portal)
    with pytest.raises(Unauthorized) as caught:
        asking(portal, network, "quickbooks")(False)
    told += [str(caught.value), repr(caught.value), repr(caught.value.trace), repr(caught.value.__context__)]
    connecting.disconnect(connection_to(acme, "clio"), portal.clock, network.session())
    secrets = secrets_in(network) | {token for pair in known for token in (pair.access, pair.refresh)}
    assert len(secrets) >= 7
    for secret in secrets:
        assert secret not in caplog.text
        assert secret not in " ".join(told)
    assert caplog.records


def test_a_pair_of_tokens_does_not_show_itself(acme: Firm) -> None:
    assert "secret" not in repr(Tokens("secret-a", "secret-r"))
    mine = Connection(firm=acme, system="clio", region="us", external_account_id="1")
    assert b"secret" not in seal(mine, 1, Tokens("secret-a", "secret-r"))
