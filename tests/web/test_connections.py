"""Connecting through the screens: what a callback refuses, the confirmation, disconnecting and purging."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from firms.models import Firm, User
from integrations.models import Connection, EntityLink, OAuthState, OAuthToken, Pairing
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.consent import consent
from integrations.sandbox.quickbooks.office import open_company
from integrations.sandbox.store import Store
from integrations.sandbox.world import World
from integrations.systems.session import new_session
from tests.personas import signed_in
from tests.portal import Portal
from tests.web.conftest import carry


class Outside:
    """Both systems with one account each, and the person who says yes there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World(Store())
        self.clio = ClioOffice.open_account(self.world.store, "us", "Acme Law", country="US", currency="USD")
        self.books = open_company(self.world.store, "Acme Law", "US", "USD")
        carry(monkeypatch, self.world)

    def answer(self, client: Client, system: str, slug: str = "acme", account: str = "") -> dict[str, str]:
        """The query the browser is sent back with."""
        sent = client.post(f"/f/{slug}/connections/{system}/connect/", {"region": "us"})
        assert sent.status_code == 302 and "state=" in sent["Location"]
        chosen = account or (str(self.clio.account_id) if system == "clio" else self.books.realm)
        return consent(new_session(), sent["Location"], chosen)

    def connect(self, client: Client, system: str, slug: str = "acme") -> Any:
        return callback(client, system, self.answer(client, system, slug))


@pytest.fixture
def outside(acme: Firm, monkeypatch: pytest.MonkeyPatch) -> Outside:
    return Outside(monkeypatch)


def callback(client: Client, system: str, query: dict[str, str]) -> Any:
    return client.get(f"/oauth/{system}/callback/?{urlencode(query)}")


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_connecting_sends_the_browser_to_the_consent_page(alice_client: Client, outside: Outside) -> None:
    sent = alice_client.post("/f/acme/connections/clio/connect/", {"region": "eu"})
    assert sent.status_code == 302
    assert "/clio-eu/oauth/authorize" in sent["Location"]
    assert parse_qs(urlsplit(sent["Location"]).query)["redirect_uri"] == ["http://localhost:8765/oauth/clio/callback/"]


def test_an_unknown_region_is_told_and_starts_nothing(alice_client: Client, outside: Outside) -> None:
    sent = alice_client.post("/f/acme/connections/clio/connect/", {"region": "mars"})
    assert (sent.status_code, sent["Location"]) == (302, "/f/acme/connections/")
    assert "no Clio region" in said(sent)
    assert not OAuthState.all_firms.exists()


def test_both_systems_connect_and_the_company_is_shown_for_confirmation(alice_client: Client, outside: Outside) -> None:
    done = outside.connect(alice_client, "clio")
    assert (done.status_code, done["Location"]) == (302, "/f/acme/connections/")
    assert done["Referrer-Policy"] == "no-referrer"
    outside.connect(alice_client, "quickbooks")
    page = alice_client.get("/f/acme/connections/").content.decode()
    assert "Is this the right company?" in page and "Acme Law" in page and "USD" in page


def test_a_denied_consent_changes_nothing_and_says_so(alice_client: Client, outside: Outside) -> None:
    state = outside.answer(alice_client, "clio")["state"]
    done = callback(alice_client, "clio", {"error": "access_denied", "state": state})
    assert (done.status_code, done["Location"]) == (302, "/f/acme/connections/")
    assert "declined" in said(done)
    assert not Connection.all_firms.exists()


def test_an_answer_is_used_once(alice_client: Client, outside: Outside) -> None:
    answer = outside.answer(alice_client, "clio")
    callback(alice_client, "clio", answer)
    again = callback(alice_client, "clio", answer)
    assert (again.status_code, again["Location"]) == (302, "/")
    assert "already used" in said(again)
    assert Connection.all_firms.count() == 1


def test_an_answer_to_another_session_is_refused(alice: User, alice_client: Client, outside: Outside) -> None:
    answer = outside.answer(alice_client, "clio")
    other = callback(signed_in(alice), "clio", answer)
    assert other.status_code == 302 and "another session" in said(other)
    assert not Connection.all_firms.exists()


def test_an_answer_for_the_other_system_is_refused(alice_client: Client, outside: Outside) -> None:
    crossed = callback(alice_client, "quickbooks", outside.answer(alice_client, "clio") | {"realmId": "1"})
    assert crossed.status_code == 302 and "another session" in said(crossed)


@pytest.mark.parametrize("query", [{}, {"state": "made up", "code": "x"}, {"state": "\x00", "code": "\x00"}])
def test_a_callback_nobody_asked_for_leads_home(alice_client: Client, query: dict[str, str]) -> None:
    for system in ("clio", "quickbooks"):
        done = callback(alice_client, system, query)
        assert (done.status_code, done["Location"]) == (302, "/")


def test_a_callback_without_a_session_leads_to_sign_in_and_keeps_the_code_out_of_it(acme: Firm) -> None:
    done = callback(Client(), "clio", {"state": "s", "code": "secret-code"})
    assert done.status_code == 302 and done["Location"].startswith("/accounts/login/")
    assert "secret-code" not in done["Location"]


def test_a_posted_callback_is_a_redirect_too(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/oauth/clio/callback/", {"code": "x"}).status_code == 302


def test_the_account_of_another_firm_is_refused(
    alice_client: Client, charlie_client: Client, globex: Firm, outside: Outside
) -> None:
    outside.connect(alice_client, "clio")
    refused = outside.connect(charlie_client, "clio", "globex")
    assert (refused.status_code, refused["Location"]) == (302, "/f/globex/connections/")
    assert "already linked to another firm" in said(refused)
    assert not Connection.objects.of(globex).exists()


def test_reconnecting_another_company_is_refused_until_the_link_is_purged(alice_client: Client, portal: Portal) -> None:
    other = open_company(portal.world.store, "Wrong Company", "US", "USD")
    sent = alice_client.post("/f/acme/connections/quickbooks/connect/")
    refused = callback(alice_client, "quickbooks", consent(new_session(), sent["Location"], other.realm))
    assert "Links of one company are never used in another" in said(refused)
    assert portal.pairing.ledger.name == "Acme Law"


@pytest.mark.parametrize("address", ["clio/connect/", "quickbooks/confirm/", "clio/disconnect/", "purge/"])
def test_only_owners_and_admins_may(address: str, bob_client: Client, vera_client: Client, portal: Portal) -> None:
    for client in (bob_client, vera_client):
        refused = client.post(f"/f/acme/connections/{address}")
        assert refused.status_code == 403 and "owner or admin" in refused.content.decode()
    page = bob_client.get("/f/acme/connections/").content.decode()
    assert "Connect Clio" not in page and "it takes an owner or admin" in page


def test_confirming_names_the_company_that_was_shown(alice_client: Client, unmapped: Portal) -> None:
    ledger = unmapped.pairing.ledger
    Connection.objects.of(unmapped.firm).update(confirmed_at=None, confirmed_by=None)
    stale = alice_client.post("/f/acme/connections/quickbooks/confirm/", {"connection": "999"})
    assert "changed meanwhile" in said(stale)
    assert unmapped.pairing.ledger.confirmed_at is None
    done = alice_client.post("/f/acme/connections/quickbooks/confirm/", {"connection": ledger.pk})
    assert done["Location"] == "/f/acme/setup/"
    assert unmapped.pairing.ledger.confirmed_by == unmapped.owner


def test_disconnecting_asks_first_gives_the_grant_back_and_keeps_links(alice_client: Client, synced: Portal) -> None:
    asked = alice_client.get("/f/acme/connections/clio/disconnect/")
    assert "every link is kept" in asked.content.decode()
    links = EntityLink.objects.of(synced.firm).count()
    alice_client.post("/f/acme/connections/clio/disconnect/")
    assert not OAuthToken.objects.of(synced.firm).filter(connection__system="clio").exists()
    assert EntityLink.objects.of(synced.firm).count() == links
    assert "Clio is disconnected" in alice_client.get("/f/acme/").content.decode()
    assert alice_client.get("/f/acme/connections/clio/disconnect/").status_code == 404


def test_a_purge_wants_the_firms_short_name_typed(alice_client: Client, synced: Portal) -> None:
    wrong = alice_client.post("/f/acme/connections/purge/", {"typed": "Acme Law"})
    assert wrong.status_code == 422 and "Type acme exactly" in wrong.content.decode()
    assert Pairing.objects.of(synced.firm).get().archived_at is None
    alice_client.post("/f/acme/connections/purge/", {"typed": "acme"})
    assert Pairing.objects.of(synced.firm).get().archived_at is not None
    assert "Connect Clio to begin" in alice_client.get("/f/acme/connections/").content.decode()
