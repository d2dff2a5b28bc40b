"""Connecting, disconnecting and purging, through the stand-ins' consent pages; refusals first."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests
from django.db import connection as database
from pytest_django import Settings

from firms.models import Firm, Membership, User
from integrations import mapping
from integrations.connecting import ConnectFailed, Visitor, begin, confirm, disconnect, finish, purge
from integrations.gateways import open_workspace
from integrations.models import Connection, EntityLink, Mapping, OAuthState, OAuthToken, Pairing, SyncRun
from integrations.models.pairing import live_pairing
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.consent import _Form, consent
from integrations.sandbox.http import Request, Response, html_response, json_response
from integrations.sandbox.quickbooks.office import QuickBooksOffice, open_company
from integrations.sandbox.store import Store
from integrations.sandbox.world import World
from integrations.sync.policy import NotReady
from integrations.sync.run import open_run, sync
from integrations.systems import discovery
from tests.fake_network import TOKEN_PATHS, Network
from tests.portal import START, Portal, make_portal

PARALLEL = 10
SYSTEMS = ["clio", "quickbooks"]


@dataclass
class Desk:
    """One person at a browser, connecting a firm. ``accounts`` is what they choose at each system."""

    firm: Firm
    visitor: Visitor
    network: Network
    clock: SandboxClock
    accounts: dict[str, str]

    def consented(self, system: str, account: str = "", region: str = "us") -> dict[str, str]:
        """The query of the callback, after starting and agreeing."""
        session = self.network.session()
        address = begin(self.firm, self.visitor, system, region, self.clock, session)
        return consent(session, address, account or self.accounts[system])

    def declined(self, system: str) -> dict[str, str]:
        session = self.network.session()
        page = session.get(begin(self.firm, self.visitor, system, "us", self.clock, session))
        form = _Form()
        form.feed(page.text)
        no = {"clio": "decline", "quickbooks": "cancel"}[system]
        answer = session.post(urljoin(page.url, form.action), {**form.values, "decision": no}, allow_redirects=False)
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def called_back(self, system: str, answer: dict[str, str], visitor: Visitor | None = None) -> Connection:
        return finish(visitor or self.visitor, system, answer, self.clock, self.network.session())

    def connect(self, system: str, account: str = "", region: str = "us") -> Connection:
        return self.called_back(system, self.consented(system, account, region))

    def connect_both(self) -> Connection:
        """Returns the connection to QuickBooks, not confirmed yet."""
        self.connect("clio")
        return self.connect("quickbooks")


@pytest.fixture
def world() -> World:
    discovery.forget()
    return World(Store())


def desk_of(world: World, firm: Firm, user: User, company: QuickBooksOffice | None = None) -> Desk:
    clio = ClioOffice.open_account(world.store, "us", firm.name)
    company = company or open_company(world.store, firm.name, "US", "USD")
    accounts = {"clio": str(clio.account_id), "quickbooks": company.realm}
    return Desk(firm, Visitor(user, "session-1"), Network(world.handle), SandboxClock(world.store), accounts)


@pytest.fixture
def desk(world: World, acme: Firm, alice: User) -> Desk:
    return desk_of(world, acme, alice)


def kept() -> tuple[int, ...]:
    """How much is stored about connections, of all firms together."""
    return tuple(model.all_firms.count() for model in (Connection, OAuthToken, Pairing))


def refused(act: Callable[[], object], words: str) -> ConnectFailed:
    before = kept()
    with pytest.raises(ConnectFailed, match=words) as caught:
        act()
    assert kept() == before
    return caught.value


# The attempt


@pytest.mark.parametrize("system", SYSTEMS)
def test_connecting_keeps_who_the_grant_speaks_for(desk: Desk, alice: User, system: str) -> None:
    connection = desk.connect(system)
    assert (connection.firm, connection.system, connection.state) == (desk.firm, system, "connected")
    assert (connection.external_account_id, connection.name) == (desk.accounts[system], "Acme Law")
    assert (connection.region, connection.currency) == ({"clio": "us", "quickbooks": ""}[system], "USD")
    assert connection.connected_by == alice
    assert connection.confirmed_at is None
    assert OAuthToken.objects.of(desk.firm).filter(connection=connection).exists()


def test_the_state_is_kept_as_a_hash_only(desk: Desk) -> None:
    address = begin(desk.firm, desk.visitor, "quickbooks", "", desk.clock, desk.network.session())
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    (attempt,) = OAuthState.objects.of(desk.firm).all()
    assert attempt.digest == hashlib.sha256(state.encode()).hexdigest()
    assert state not in str(OAuthState.objects.of(desk.firm).values().get())
    assert "session-1" not in str(OAuthState.objects.of(desk.firm).values().get())
    assert len(state) >= 43  # 256 bits


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_callback_serves_once(desk: Desk, system: str) -> None:
    answer = desk.consented(system)
    desk.called_back(system, answer)
    refused(lambda: desk.called_back(system, answer), "already used")
    assert len(desk.network.token_calls()) == 1
    assert Connection.objects.of(desk.firm).get(system=system).state == "connected"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("system", SYSTEMS)
def test_of_ten_callbacks_at_once_one_redeems_the_code(desk: Desk, system: str) -> None:
    answer = desk.consented(system)
    got = at_once(PARALLEL, lambda _: desk.called_back(system, answer))
    assert len([one for one in got if isinstance(one, Connection)]) == 1
    assert len([one for one in got if isinstance(one, ConnectFailed)]) == PARALLEL - 1
    assert len(desk.network.token_calls()) == 1


def at_once(number: int, act: Callable[[int], object]) -> list[object]:
    """What ``act`` returned, or how it was refused, in threads that start together."""
    start = threading.Barrier(number)

    def work(position: int) -> object:
        start.wait()
        try:
            return act(position)
        except ConnectFailed as error:
            return error
        finally:
            database.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(work, range(number)))


@pytest.mark.parametrize("state", ["", "guessed", None])
def test_an_unknown_state_is_refused(desk: Desk, state: str | None) -> None:
    answer = desk.consented("quickbooks")
    forged = {name: value for name, value in answer.items() if name != "state"}
    refused(lambda: desk.called_back("quickbooks", forged if state is None else {**forged, "state": state}), "unknown")
    assert desk.network.token_calls() == []


def test_an_attempt_belongs_to_one_session_and_one_person(desk: Desk, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role="admin")
    for visitor in (Visitor(desk.visitor.user, "session-2"), Visitor(bob, "session-1")):
        answer = desk.consented("quickbooks")
        said = refused(lambda a=answer, v=visitor: desk.called_back("quickbooks", a, v), "another session")  # type: ignore[misc]
        assert said.firm is None
    assert desk.network.token_calls() == []


def test_an_attempt_belongs_to_one_system(desk: Desk) -> None:
    answer = desk.consented("clio")
    refused(lambda: desk.called_back("quickbooks", {**answer, "realmId": "1"}), "another session")
    refused(lambda: desk.called_back("clio", answer), "already used")
    assert desk.network.token_calls() == []


def test_an_attempt_connects_the_firm_it_was_started_for(desk: Desk, globex: Firm, alice: User) -> None:
    Membership.objects.create(firm=globex, user=alice, role="owner")
    connection = desk.connect("quickbooks")
    assert connection.firm == desk.firm
    assert not Connection.objects.of(globex).exists()


def test_an_attempt_lasts_ten_minutes(desk: Desk, world: World) -> None:
    answer = desk.consented("quickbooks")
    world.store.advance(601)
    refused(lambda: desk.called_back("quickbooks", answer), "older than ten minutes")
    assert desk.network.token_calls() == []


@pytest.mark.parametrize("role", ["bookkeeper", "viewer", None])
def test_who_may_no_longer_connect_cannot_finish_either(desk: Desk, acme: Firm, bob: User, role: str | None) -> None:
    mine = Membership.objects.filter(firm=acme, user=bob)
    mine.update(role="admin")
    admin = replace(desk, visitor=Visitor(bob, "session-b"))
    answer = admin.consented("quickbooks")
    mine.update(role=role) if role else mine.delete()
    refused(lambda: admin.called_back("quickbooks", answer), "Only an owner or admin")
    assert desk.network.token_calls() == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_declined_consent_changes_nothing(desk: Desk, system: str) -> None:
    answer = desk.declined(system)
    assert answer["error"] == "access_denied"
    refused(lambda: desk.called_back(system, answer), r"declined there\. Nothing has changed")
    assert desk.network.token_calls() == []


@pytest.mark.parametrize("extra", [{"error": "server_error"}, {"error": "<script>" + "x" * 500}])
def test_any_other_answer_is_told_in_short(desk: Desk, extra: dict[str, str]) -> None:
    state = desk.consented("quickbooks")["state"]
    said = refused(lambda: desk.called_back("quickbooks", {"state": state, **extra}), "Start again with Connect")
    assert len(str(said)) < 200


@pytest.mark.parametrize("realm", ["", "abc", "1/../2", "²", "1" * 40, "12?x=1", " 12"])
def test_a_realm_that_is_no_number_is_refused_before_any_call(desk: Desk, realm: str) -> None:
    answer = {**desk.consented("quickbooks"), "realmId": realm}
    refused(lambda: desk.called_back("quickbooks", answer), "came back without a code")
    assert desk.network.token_calls() == []


def test_a_realm_the_grant_is_not_for_is_refused_and_the_grant_given_back(desk: Desk, world: World) -> None:
    other = open_company(world.store, "Somebody else", "US", "USD")
    answer = {**desk.consented("quickbooks"), "realmId": other.realm}
    refused(lambda: desk.called_back("quickbooks", answer), "QuickBooks was not connected")
    assert len(desk.network.revocations()) == 1


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "answer",
    [
        html_response(200, "<html>Maintenance</html>"),
        Response(200, b'{"access_token": ', {"content-type": "application/json"}),
        json_response(200, {"token_type": "bearer", "expires_in": 3600}),
        json_response(200, ["no", "token"]),
        html_response(503, "Service Unavailable"),
        json_response(400, {"error": "invalid_grant"}),
    ],
    ids=["html", "cut short", "no token", "a list", "down", "code expired"],
)
def test_a_token_answer_that_makes_no_sense_changes_nothing(desk: Desk, system: str, answer: Response) -> None:
    back = desk.consented(system)
    desk.network.before = lambda request: answer if request.path.endswith(TOKEN_PATHS) else None
    refused(lambda: desk.called_back(system, back), "was not connected")


@pytest.mark.parametrize(("system", "names"), [("clio", "CLIO_CLIENT_ID"), ("quickbooks", "QBO_CLIENT_ID")])
def test_a_wrong_client_secret_names_the_variables(desk: Desk, settings: Settings, system: str, names: str) -> None:
    back = desk.consented(system)
    settings.QBO = {**settings.QBO, "client_secret": "wrong"}
    settings.CLIO_REGIONS = {**settings.CLIO_REGIONS, "us": {**settings.CLIO_REGIONS["us"], "client_secret": "wrong"}}
    refused(lambda: desk.called_back(system, back), names)


@pytest.mark.parametrize(("system", "path"), [("clio", "/users/who_am_i.json"), ("quickbooks", "/preferences")])
def test_a_grant_nobody_can_be_named_for_is_given_back(desk: Desk, system: str, path: str) -> None:
    back = desk.consented(system)
    desk.network.before = lambda request: html_response(403, "no") if request.path.endswith(path) else None
    refused(lambda: desk.called_back(system, back), "was not connected")
    assert len(desk.network.revocations()) == 1


# Whose account it is


def test_a_company_of_another_firm_is_refused_and_nothing_is_written(
    desk: Desk, world: World, globex: Firm, charlie: User
) -> None:
    desk.connect("quickbooks")
    other = desk_of(world, globex, charlie, QuickBooksOffice(world.store, desk.accounts["quickbooks"]))
    said = refused(lambda: other.connect("quickbooks"), "already linked to another firm")
    assert "Acme" not in str(said)
    assert len(other.network.revocations()) == 1
    assert not Connection.objects.of(globex).exists()
    disconnect(Connection.objects.of(desk.firm).get(), desk.clock, desk.network.session())
    assert other.connect("quickbooks").state == "connected"
    refused(lambda: desk.connect("quickbooks"), "already linked to another firm")


@pytest.mark.django_db(transaction=True)
def test_of_two_firms_that_race_for_a_company_one_gets_it(
    desk: Desk, world: World, globex: Firm, charlie: User
) -> None:
    other = desk_of(world, globex, charlie, QuickBooksOffice(world.store, desk.accounts["quickbooks"]))
    desks = [desk, other]
    for _ in range(5):
        answers = [each.consented("quickbooks") for each in desks]
        got = at_once(2, lambda n, answers=answers: desks[n].called_back("quickbooks", answers[n]))  # type: ignore[misc]
        (won,) = [one for one in got if isinstance(one, Connection)]
        (lost,) = [one for one in got if isinstance(one, ConnectFailed)]
        assert "already linked to another firm" in str(lost)
        assert OAuthToken.all_firms.count() == 1
        disconnect(won, desk.clock, desk.network.session())


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_paired_firm_cannot_switch_to_another_account(desk: Desk, world: World, system: str) -> None:
    desk.connect_both()
    clio = ClioOffice.open_account(world.store, "us", "Second")
    others = {"clio": str(clio.account_id), "quickbooks": open_company(world.store, "Second", "US", "USD").realm}
    said = refused(lambda: desk.connect(system, others[system]), "purge the link")
    assert "“Acme Law”" in str(said)
    assert "“Second”" in str(said)
    assert len(desk.network.revocations()) == 1
    for connection in Connection.objects.of(desk.firm):
        disconnect(connection, desk.clock, desk.network.session())
    refused(lambda: desk.connect(system, others[system]), "purge the link")


def test_an_account_that_is_paired_with_nothing_makes_way_and_its_grant_is_given_back(desk: Desk, world: World) -> None:
    first = desk.connect("quickbooks")
    second = desk.connect("quickbooks", open_company(world.store, "Second", "US", "USD").realm)
    first.refresh_from_db()
    assert (first.state, second.state) == ("disconnected", "connected")
    assert len(desk.network.revocations()) == 1
    assert [token.connection for token in OAuthToken.objects.of(desk.firm)] == [second]


def test_both_connected_make_a_pair_that_waits_for_a_person_to_confirm(desk: Desk, alice: User) -> None:
    ledger = desk.connect_both()
    pairing = live_pairing(desk.firm)
    assert pairing
    assert (pairing.practice.system, pairing.ledger) == ("clio", ledger)
    assert open_workspace(desk.firm, desk.clock, desk.network.session()).ledger_is_unconfirmed
    confirm(ledger, alice, desk.clock)
    ledger.refresh_from_db()
    assert (ledger.confirmed_by, ledger.confirmed_at is not None) == (alice, True)
    assert not open_workspace(desk.firm, desk.clock, desk.network.session()).ledger_is_unconfirmed


# Disconnecting and coming back


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    return make_portal(acme, alice)


def paid_bill(portal: Portal) -> None:
    portal.pay(portal.bill("1000.00", number="7"), 400)


def desk_at(portal: Portal) -> Desk:
    accounts = {"clio": str(portal.clio.account_id), "quickbooks": portal.quickbooks.realm}
    visitor = Visitor(portal.owner, "session-2")
    return Desk(portal.firm, visitor, Network(portal.world.handle), portal.clock, accounts)


def synced(desk: Desk) -> SyncRun:
    work = open_workspace(desk.firm, desk.clock, desk.network.session())
    run = open_run(work.pairing, desk.clock, SyncRun.Trigger.COMMAND)
    sync(work, run)
    return run


def writes(network: Network) -> list[Request]:
    return [r for r in network.seen if "/v3/" in r.path and r.method == "POST"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_disconnecting_gives_the_grant_back(desk: Desk, system: str) -> None:
    connection = desk.connect(system)
    assert disconnect(connection, desk.clock, desk.network.session()) is True
    assert len(desk.network.revocations()) == 1
    assert not OAuthToken.objects.of(desk.firm).exists()
    connection.refresh_from_db()
    assert (connection.state, connection.disconnected_at is not None) == ("disconnected", True)


def test_clio_takes_a_grant_back_though_its_access_token_has_expired(desk: Desk, world: World) -> None:
    connection = desk.connect("clio")
    world.store.advance(40 * 86_400)
    assert disconnect(connection, desk.clock, desk.network.session()) is True


@pytest.mark.parametrize("system", SYSTEMS)
def test_disconnecting_works_though_nobody_answers(desk: Desk, system: str) -> None:
    connection = desk.connect(system)
    desk.network.before = lambda request: html_response(503, "down")
    assert disconnect(connection, desk.clock, desk.network.session()) is False
    assert Connection.objects.of(desk.firm).get().state == "disconnected"
    assert not OAuthToken.objects.of(desk.firm).exists()


def test_a_disconnected_firm_is_told_so_and_nothing_is_called(portal: Portal) -> None:
    desk = desk_at(portal)
    disconnect(portal.pairing.ledger, portal.clock, desk.network.session())
    called = len(desk.network.seen)
    with pytest.raises(NotReady, match="QuickBooks is disconnected"):
        synced(desk)
    assert len(desk.network.seen) == called


def test_coming_back_revives_the_connection_and_writes_nothing(portal: Portal) -> None:
    paid_bill(portal)
    portal.run()
    desk, before = desk_at(portal), portal.pairing
    for connection in (before.practice, before.ledger):
        disconnect(connection, portal.clock, desk.network.session())
    assert EntityLink.objects.of(portal.firm).filter(state="live").count() == 3
    desk.connect_both()
    after = portal.pairing
    assert (after.pk, after.practice_id, after.ledger_id) == (before.pk, before.practice_id, before.ledger_id)
    assert after.ledger.confirmed_at == before.ledger.confirmed_at
    run = synced(desk)
    assert (run.outcome, run.reason, writes(desk.network)) == ("in_sync", "", [])


# Purging


def test_a_purge_gives_both_grants_back_and_archives_the_links(portal: Portal) -> None:
    paid_bill(portal)
    portal.run()
    desk, pairing = desk_at(portal), portal.pairing
    assert purge(pairing, portal.clock, desk.network.session()) is True
    assert len(desk.network.revocations()) == 2
    assert writes(desk.network) == []
    assert live_pairing(portal.firm) is None
    assert EntityLink.objects.of(portal.firm).filter(pairing=pairing, state="live").count() == 3
    with pytest.raises(NotReady, match="Connect Clio and QuickBooks first"):
        open_workspace(portal.firm, portal.clock)


def test_a_purge_ends_a_run_that_waits_for_its_turn(portal: Portal) -> None:
    run = open_run(portal.pairing, portal.clock, SyncRun.Trigger.SCHEDULE)
    SyncRun.objects.of(portal.firm).update(held_by="")
    purge(portal.pairing, portal.clock, portal.session)
    run.refresh_from_db()
    assert (run.state, run.outcome, "purged" in run.reason) == ("finished", "failed", True)


def test_after_a_purge_another_company_may_be_chosen_and_starts_with_nothing(portal: Portal) -> None:
    paid_bill(portal)
    portal.run()
    first = portal.pairing
    desk = desk_at(portal)
    purge(first, portal.clock, desk.network.session())
    desk.accounts["quickbooks"] = open_company(portal.world.store, "Second", "US", "USD").realm
    ledger = desk.connect_both()
    second = live_pairing(portal.firm)
    assert second
    assert (second.pk != first.pk, second.start_date, ledger.confirmed_at) == (True, None, None)
    assert not Mapping.objects.of(portal.firm).filter(pairing=second).exists()
    assert synced(desk).outcome == "failed"
    assert writes(desk.network) == []


def test_no_id_of_one_company_is_ever_used_in_another(acme: Firm, alice: User) -> None:
    store = Store()
    store.set_setting("qbo:first_id", 770001)
    portal = make_portal(acme, alice, store=store)
    paid_bill(portal)
    portal.run()
    store.set_setting("qbo:first_id", 1)
    desk = desk_at(portal)
    first = portal.pairing
    purge(first, portal.clock, desk.network.session())
    company = open_company(store, "Second", "US", "USD")
    desk.accounts["quickbooks"] = company.realm
    use(desk, desk.connect_both())
    run = synced(desk)
    assert (run.outcome, run.reason) == ("in_sync", "")
    assert [doc["DocNumber"] for doc in company.all("Invoice")] == ["7"]
    sent = [request for request in desk.network.seen if "/v3/company/" in request.path]
    assert {request.path.split("/")[4] for request in sent} == {company.realm}
    for request in sent:
        assert "7700" not in f"{request.path} {request.query} {request.body!r}"
    assert EntityLink.objects.of(acme).filter(pairing=first, state="live").count() == 3


def use(desk: Desk, ledger: Connection) -> None:
    """A person confirms the company and maps it."""
    confirm(ledger, desk.visitor.user, desk.clock)
    work = open_workspace(desk.firm, desk.clock, desk.network.session())
    mapping.read_targets(work)
    mapping.apply(work, START)


def test_back_at_the_first_company_it_is_confirmed_again_and_nothing_is_written(portal: Portal) -> None:
    paid_bill(portal)
    portal.run()
    desk, first = desk_at(portal), portal.pairing
    there = desk.accounts["quickbooks"]
    purge(first, portal.clock, desk.network.session())
    desk.accounts["quickbooks"] = open_company(portal.world.store, "Second", "US", "USD").realm
    use(desk, desk.connect_both())
    synced(desk)
    second = live_pairing(portal.firm)
    assert second
    purge(second, portal.clock, desk.network.session())
    desk.accounts["quickbooks"] = there
    desk.network.seen.clear()
    ledger = desk.connect_both()
    assert (portal.pairing.pk, ledger.confirmed_at) == (first.pk, None)
    assert "Confirm on the connections page" in synced(desk).reason
    confirm(ledger, desk.visitor.user, desk.clock)
    run = synced(desk)
    assert (run.outcome, run.reason, writes(desk.network)) == ("in_sync", "", [])


# Which host is called


HOSTS = {region: f"https://{region}.clio.test" for region in ("us", "eu", "ca", "au")}


@pytest.mark.parametrize("region", HOSTS)
def test_only_the_host_of_the_chosen_region_is_called(
    acme: Firm, alice: User, world: World, settings: Settings, region: str
) -> None:
    settings.CLIO_REGIONS = {r: {**app, "base_url": HOSTS[r]} for r, app in settings.CLIO_REGIONS.items()}
    networks = {r: Network(world.clio[r].handle, HOSTS[r]) for r in HOSTS}
    session = networks[region].session()
    for network in networks.values():
        session.mount(network.base, network.session().get_adapter(network.base))
    offices = {r: ClioOffice.open_account(world.store, r, f"Firm in {r}") for r in HOSTS}
    clock, visitor = SandboxClock(world.store), Visitor(alice, "session")
    address = begin(acme, visitor, "clio", region, clock, session)
    answer = consent(session, address, str(offices[region].account_id))
    connection = finish(visitor, "clio", answer, clock, session)
    assert (connection.region, connection.name) == (region, f"Firm in {region}")
    world.store.advance(40 * 86_400)
    disconnect(connection, clock, session)
    assert {r: bool(network.seen) for r, network in networks.items()} == {r: r == region for r in HOSTS}
    assert len(networks[region].token_calls()) == 2
    assert len(networks[region].revocations()) == 1


@pytest.mark.parametrize("region", ["", "uk", "US", "../us"])
def test_an_unknown_region_is_refused_with_the_ones_there_are(desk: Desk, region: str) -> None:
    start = lambda: begin(desk.firm, desk.visitor, "clio", region, desk.clock, desk.network.session())  # noqa: E731
    refused(start, "is no Clio region. Choose one of us, eu, ca, au")
    assert not OAuthState.objects.of(desk.firm).exists()


@pytest.mark.parametrize(
    ("system", "region", "names"),
    [
        ("clio", "us", "CLIO_CLIENT_ID and CLIO_CLIENT_SECRET"),
        ("clio", "eu", "CLIO_EU_CLIENT_ID and CLIO_EU_CLIENT_SECRET"),
        ("quickbooks", "", "QBO_CLIENT_ID and QBO_CLIENT_SECRET"),
    ],
)
@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_an_app_that_is_not_set_up_names_the_variables(
    desk: Desk, settings: Settings, system: str, region: str, names: str, missing: str
) -> None:
    settings.QBO = {**settings.QBO, missing: ""}
    settings.CLIO_REGIONS = {r: {**app, missing: ""} for r, app in settings.CLIO_REGIONS.items()}
    session = desk.network.session()
    refused(lambda: begin(desk.firm, desk.visitor, system, region, desk.clock, session), names)
    assert desk.network.seen == []
    assert not OAuthState.objects.of(desk.firm).exists()


@pytest.mark.parametrize("answer", [html_response(503, "down"), html_response(404, "<p>?</p>"), json_response(200, {})])
def test_a_discovery_document_that_cannot_be_read_is_told_clearly(desk: Desk, answer: Response) -> None:
    discovery.forget()
    desk.network.before = lambda request: answer
    start = lambda: begin(desk.firm, desk.visitor, "quickbooks", "", desk.clock, desk.network.session())  # noqa: E731
    refused(start, r"Connecting QuickBooks could not be started: .* Nothing has changed; try again later")
    assert not OAuthState.objects.of(desk.firm).exists()


def test_so_is_one_on_a_host_that_nobody_answers_at(desk: Desk, settings: Settings) -> None:
    discovery.forget()
    settings.QBO = {**settings.QBO, "discovery_url": "http://127.0.0.1:9/.well-known/openid_configuration"}
    start = lambda: begin(desk.firm, desk.visitor, "quickbooks", "", desk.clock, requests.Session())  # noqa: E731
    refused(start, "QuickBooks could not be reached")
