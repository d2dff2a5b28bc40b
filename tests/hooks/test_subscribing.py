"""Clio is asked to tell of changes, its handshake answered, its end put off; when it falls silent, a person is told."""

from datetime import timedelta

import pytest
import requests
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from firms.models import Firm, User
from integrations import connecting, hook_secrets, subscribing
from integrations.core.errors import RemoteError
from integrations.gateways import open_clio
from integrations.hook_addresses import UNTOLD, can_be_told, poll_every
from integrations.models import Connection, Issue, Subscription
from integrations.preflight import preflight
from integrations.sandbox.clio.switches import switch
from integrations.sandbox.http import Response, json_response
from integrations.sandbox.outbox import NOT_REACHED, Post
from integrations.subscribing import keep_up
from integrations.systems.clio.subscriptions import Hook
from integrations.views import hooks
from tests.hooks.carrying import all_lost, carry, deliver
from tests.portal import Portal, make_portal

MODELS = {"bill", "contact"}
DAY = timedelta(days=1)


@pytest.fixture
def portal(acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch) -> Portal:
    made = make_portal(acme, alice)
    monkeypatch.setattr(hooks, "CLOCK", made.clock)
    return made


@pytest.fixture
def told(portal: Portal) -> Portal:
    """Subscribed, the handshakes done."""
    look(portal)
    assert deliver(portal) == [200, 200]
    look(portal, timedelta(minutes=6))
    return portal


def look(portal: Portal, after: timedelta = timedelta()) -> None:
    portal.clock.sleep(after.total_seconds())
    keep_up(clio_of(portal), portal.clock, portal.session)


def clio_of(portal: Portal) -> Connection:
    return Connection.objects.of(portal.firm).select_related("firm").get(system="clio")


def rows(portal: Portal) -> list[Subscription]:
    return list(Subscription.objects.of(portal.firm).exclude(state="ended").order_by("model"))


def at_clio(portal: Portal) -> list[Hook]:
    return open_clio(clio_of(portal), portal.clock, portal.session).subscriptions.listed()


def states(portal: Portal) -> set[str]:
    return {row.state for row in rows(portal)}


def codes(portal: Portal) -> list[str]:
    return portal.codes()


def test_after_connecting_clio_is_asked_to_tell_of_bills_and_contacts(portal: Portal) -> None:
    assert subscribing.due(portal.clock.now()) == [clio_of(portal).pk]
    look(portal)
    assert {hook.model for hook in at_clio(portal)} == MODELS
    assert all(hook.url.startswith("http://localhost:8765/hooks/clio/") for hook in at_clio(portal))
    assert len({hook.url for hook in at_clio(portal)}) == 2
    assert states(portal) == {"pending"}
    assert subscribing.due(portal.clock.now()) == []


def test_the_handshake_is_answered_with_the_secret_and_the_next_look_finds_it_enabled(portal: Portal) -> None:
    look(portal)
    assert deliver(portal) == [200, 200]
    assert {hook.status for hook in at_clio(portal)} == {"enabled"}
    assert subscribing.due(portal.clock.now() + timedelta(seconds=1)) == [clio_of(portal).pk]
    look(portal, timedelta(minutes=1))
    assert states(portal) == {"enabled"}
    assert all(row.external_id and row.failing_since is None for row in rows(portal))
    secrets = {hook.secret for hook in at_clio(portal)}
    assert {secret for row in rows(portal) for secret in hook_secrets.of(row)} == secrets


def test_a_secret_that_clio_shows_nowhere_is_the_one_of_the_handshake(portal: Portal) -> None:
    switch(portal.world.store, "clio_shared_secret", "hidden")
    look(portal)
    deliver(portal)
    look(portal, timedelta(minutes=6))
    assert states(portal) == {"enabled"}
    portal.bill()
    assert set(deliver(portal)) == {200}


def test_a_handshake_that_comes_before_the_answer_finds_the_row(portal: Portal) -> None:
    """Which of the two comes first is not documented."""
    hurried: list[int] = []

    def first(request: requests.PreparedRequest) -> Response | None:
        if request.method == "POST" and "/webhooks.json" in str(request.url) and not hurried:
            hurried.append(1)
            answer = portal.session.send(portal.session.prepare_request(_again(request)))
            hurried.extend(deliver(portal))
            return json_response(answer.status_code, answer.json())
        return None

    portal.wire.before.append(first)
    look(portal)
    assert hurried == [1, 200]
    assert sorted(row.state for row in rows(portal)) == ["enabled", "pending"]


def _again(request: requests.PreparedRequest) -> requests.Request:
    return requests.Request(request.method, request.url, headers=dict(request.headers), data=request.body)


def test_where_our_answer_to_the_handshake_was_lost_it_is_confirmed_from_here(portal: Portal) -> None:
    def lost(post: Post) -> Response:
        assert carry(post).status == 200
        return NOT_REACHED

    look(portal)
    portal.world.mail.deliver(lost)
    assert {hook.status for hook in at_clio(portal)} == {"pending"}
    look(portal, timedelta(minutes=6))
    assert states(portal) == {"enabled"}
    assert {hook.status for hook in at_clio(portal)} == {"enabled"}


def test_where_no_handshake_comes_it_is_asked_for_anew_and_said(portal: Portal) -> None:
    for _ in range(75):
        look(portal, timedelta(minutes=6))
        deliver(portal, all_lost)
    assert "Clio has not been able to reach this portal" in portal.issue("subscription_lapsed").message
    assert len(at_clio(portal)) == 2
    look(portal, timedelta(hours=2))
    deliver(portal)
    look(portal, timedelta(minutes=6))
    assert (codes(portal), states(portal)) == ([], {"enabled"})


def test_a_handshake_is_taken_in_the_minutes_after_asking_and_from_nobody_else(told: Portal) -> None:
    look(told)
    token = next(hook.url for hook in at_clio(told)).split("/")[-2]
    row = hook_secrets.subscription_at(token)
    assert row
    before = hook_secrets.of(row)
    offered = {"X-Hook-Secret": "mine"}
    assert Client().post(f"/hooks/clio/{token}/", b"{}", "application/json", headers=offered).status_code == 401
    assert Client().post("/hooks/clio/another/", b"{}", "application/json", headers=offered).status_code == 401
    Subscription.objects.of(told.firm).update(state="pending")
    told.clock.sleep(3600)
    assert Client().post(f"/hooks/clio/{token}/", b"{}", "application/json", headers=offered).status_code == 401
    again = Client().post(f"/hooks/clio/{token}/", b"{}", "application/json", headers={"X-Hook-Secret": before[0]})
    assert (again.status_code, again.headers["X-Hook-Secret"]) == (200, before[0])
    row.refresh_from_db()
    assert hook_secrets.of(row) == before


def test_a_bill_that_is_approved_in_clio_is_marked_by_what_clio_posts(told: Portal) -> None:
    bill = told.bill("100.00")
    assert set(deliver(told)) == {200}
    found = [(m.entity, m.external_id) for m in _marks(told)]
    assert ("bills", str(bill)) in found
    assert {"bills", "contacts"} == {entity for entity, _ in found}


def _marks(portal: Portal):
    from integrations.models import StaleMark

    return StaleMark.objects.of(portal.firm)


# F32


def test_f32_its_end_is_put_off_at_half_life_again_and_again(told: Portal) -> None:
    first = {hook.id for hook in at_clio(told)}
    for _ in range(20):
        told.clock.sleep(5 * 86_400)
        assert subscribing.due(told.clock.now())
        look(told)
        assert min(hook.expires_at - told.clock.now() for hook in at_clio(told) if hook.expires_at) > timedelta(days=9)
    assert {hook.id for hook in at_clio(told)} == first
    told.bill()
    assert set(deliver(told)) == {200}
    assert codes(told) == []


def test_f32_between_looks_that_change_nothing_one_call_a_day_is_made(told: Portal) -> None:
    before = len(told.log)
    told.clock.sleep(3600)
    look(told)
    assert len(told.log) == before
    look(told, DAY)
    assert len(told.log) == before + 1


@pytest.mark.parametrize("reading", ["listed", "suspended", "gone"])
def test_f32_one_that_ended_while_nobody_looked_begins_anew(reading: str, told: Portal) -> None:
    switch(told.world.store, "clio_expired_webhook", reading)
    before = {hook.id for hook in at_clio(told)}
    look(told, 31 * DAY)
    deliver(told)
    look(told, timedelta(minutes=6))
    assert states(told) == {"enabled"}
    live = {row.external_id for row in rows(told)}
    assert len(live) == 2 and not live & before
    told.bill()
    assert set(deliver(told)) == {200}


def test_f32_a_renewal_that_fails_is_said_within_a_day_and_gone_once_it_works(told: Portal) -> None:
    def down(request: requests.PreparedRequest) -> Response | None:
        return Response(503, b"") if "/webhooks" in str(request.url) else None

    told.wire.before.append(down)
    look(told, DAY)
    assert codes(told) == []  # Clio may be down for a while
    for _ in range(8):
        look(told, timedelta(hours=1, minutes=1))
    issue = told.issue("subscription_lapsed")
    assert issue.severity == "warning"
    assert "Clio does not tell the portal of changed bills and contacts" in issue.message
    told.wire.before.remove(down)
    look(told, timedelta(hours=1, minutes=1))
    assert (codes(told), states(told)) == ([], {"enabled"})


def test_f32_where_no_webhook_comes_for_a_day_though_something_changed_it_is_said_and_begun_anew(told: Portal) -> None:
    told.run()
    before = {hook.id for hook in at_clio(told)}
    told.clock.sleep(3600)
    told.bill()
    deliver(told, all_lost)
    told.clock.sleep(1200)
    told.run()
    assert {row.unheard_since is None for row in rows(told)} == {False}
    assert codes(told) == []
    look(told, DAY + timedelta(minutes=1))
    assert told.issue("subscription_lapsed")
    assert not {hook.id for hook in at_clio(told)} & before
    deliver(told)
    told.bill()
    deliver(told)
    look(told, timedelta(minutes=6))
    assert codes(told) == []


def test_f32_a_change_that_was_told_of_is_no_silence(told: Portal) -> None:
    told.run()
    told.bill()
    deliver(told)
    told.clock.sleep(1200)
    told.run()
    assert [row.unheard_since for row in rows(told)] == [None, None]


def test_without_the_permission_for_webhooks_it_is_said_how_to_get_it(portal: Portal) -> None:
    def forbidden(request: requests.PreparedRequest) -> Response | None:
        error = {"error": {"type": "ForbiddenError", "message": "The application has no permission for webhooks."}}
        return json_response(403, error) if "/webhooks" in str(request.url) else None

    portal.wire.before.append(forbidden)
    for _ in range(8):
        look(portal, timedelta(hours=1, minutes=1))
    assert "connect Clio again, as a user who may manage webhooks" in portal.issue("subscription_lapsed").message


# Ends


def test_disconnecting_ends_them_at_clio_before_the_grant_is_given_back(told: Portal) -> None:
    listed = open_clio(clio_of(told), told.clock, told.session).subscriptions
    assert len(listed.listed()) == 2
    connecting.disconnect(clio_of(told), told.clock, told.session)
    assert list(told.clio.all("webhook")) == []
    assert rows(told) == []
    assert subscribing.due(told.clock.now()) == []


def test_disconnecting_goes_on_where_clio_cannot_be_told(told: Portal) -> None:
    told.wire.before.append(lambda request: Response(503, b"") if "/webhooks" in str(request.url) else None)
    assert connecting.disconnect(clio_of(told), told.clock, told.session)
    assert rows(told) == []


def test_an_address_nobody_knows_any_more_is_ended(told: Portal) -> None:
    """After a restore the rows are older than what Clio has."""
    Subscription.objects.of(told.firm).filter(model="bill").update(token_digest="before-the-restore")
    look(told, DAY)
    deliver(told)
    look(told, timedelta(minutes=6))
    assert len(at_clio(told)) == 2
    assert states(told) == {"enabled"}


def test_webhooks_of_others_in_the_same_account_are_left_alone(told: Portal) -> None:
    others = "https://other.example.com/hooks/clio/x/"
    hooks = open_clio(clio_of(told), told.clock, told.session).subscriptions
    hooks.ask("contact", others, told.clock.now() + DAY)
    look(told, timedelta(hours=23))
    look(told, timedelta(hours=2))
    assert others in {hook.url for hook in at_clio(told)}


def test_two_workers_ask_once(told: Portal) -> None:
    told.clock.sleep(86_400)
    claimed = [subscribing._claimed(clio_of(told), told.clock.now()) for _ in range(2)]
    assert [len(rows) for rows in claimed] == [2, 0]


def test_nothing_clio_answers_breaks_the_tick(portal: Portal) -> None:
    odd = iter([b"[]", b'{"data":[{"id":null}]}', b"<html>", b'{"data":[[]]}'])

    def odd_answer(request: requests.PreparedRequest) -> Response | None:
        return Response(200, next(odd, b"{}")) if "/webhooks" in str(request.url) else None

    portal.wire.before.append(odd_answer)
    for _ in range(4):
        look(portal, timedelta(hours=2))
    assert all(row.failing_since for row in rows(portal))


def test_the_keys_of_the_secrets_are_rotated_with_those_of_the_tokens(told: Portal, settings: Settings, capsys) -> None:
    fresh = Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [fresh, *settings.TOKEN_KEYS]
    call_command("rotate_token_keys")
    assert "2 secrets of webhooks sealed with the first key" in capsys.readouterr().out
    settings.TOKEN_KEYS = [fresh]
    told.bill()
    assert set(deliver(told)) == {200}
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), fresh]
    Subscription.objects.of(told.firm).update(sealed=b"not to be opened")
    call_command("rotate_token_keys")
    assert "2 secrets of webhooks cannot be opened" in capsys.readouterr().out
    look(told, DAY)  # Clio shows them again
    told.bill()
    assert set(deliver(told)) == {200}


# Where Clio cannot tell


@pytest.mark.parametrize(
    ("site", "clio", "expected"),
    [
        ("https://portal.example.com", "https://app.clio.com", True),
        ("http://portal.example.com", "https://app.clio.com", False),
        ("http://localhost:8000", "https://app.clio.com", False),
        ("http://localhost:8000", "http://127.0.0.1:9001/x/clio", True),
        ("http://portal.example.com", "http://localhost:9001/clio", False),
    ],
)
def test_clio_takes_https_and_the_sandbox_this_machine(
    site: str, clio: str, expected: bool, portal: Portal, settings: Settings
) -> None:
    settings.SITE_URL = site
    settings.CLIO_REGIONS = {"us": {**settings.CLIO_REGIONS["us"], "base_url": clio}}
    assert can_be_told(clio_of(portal)) is expected
    assert poll_every(clio_of(portal)) == timedelta(minutes=15 if expected else 5)


def test_without_https_nothing_is_asked_and_preflight_and_the_page_say_so(
    portal: Portal, settings: Settings, alice_client: Client
) -> None:
    settings.SITE_URL = "http://portal.example.com"
    assert subscribing.due(portal.clock.now()) == []
    look(portal)
    assert rows(portal) == []
    said = UNTOLD.format(site="http://portal.example.com")
    assert preflight(portal.workspace())["webhooks_off"] == said
    assert portal.issue("webhooks_off").severity == "info"
    page = alice_client.get("/f/acme/connections/").content.decode()
    assert "Clio cannot tell the portal of changes." in page and "every 5 minutes" in page
    run = portal.run()
    assert portal.pairing.next_sync_at == run.started_at + timedelta(minutes=5)
    settings.SITE_URL = "https://portal.example.com"
    assert "webhooks_off" not in preflight(portal.workspace())
    assert "Clio cannot tell" not in alice_client.get("/f/acme/connections/").content.decode()


def test_the_gateway_refuses_nothing_silently(portal: Portal) -> None:
    hooks = open_clio(clio_of(portal), portal.clock, portal.session).subscriptions
    with pytest.raises(RemoteError):
        hooks.ask("bill", "http://elsewhere.example.com/x/", portal.clock.now() + DAY)
    hooks.end("99999")
    assert Issue.objects.of(portal.firm).count() == 0
