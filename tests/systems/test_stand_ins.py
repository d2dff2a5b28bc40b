"""The gateways and OAuth against the shipped stand-ins, carried in process."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from integrations.core import errors
from integrations.core.ports import Write
from integrations.sandbox.adapter import InProcessAdapter
from integrations.sandbox.clio.lines import BillLine
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.clio.stand_in import ClioStandIn
from integrations.sandbox.quickbooks.office import QuickBooksOffice, open_company
from integrations.sandbox.quickbooks.stand_in import QuickBooksStandIn
from integrations.sandbox.store import Store
from integrations.systems import oauth, wire
from integrations.systems.clio.gateway import ClioGateway
from integrations.systems.clio.lists import LISTS
from integrations.systems.discovery import discover, forget, quickbooks_provider
from integrations.systems.factory import clio_gateway, quickbooks_gateway
from integrations.systems.oauth import Grant, Provider, clio_provider
from integrations.systems.quickbooks import query
from integrations.systems.quickbooks.gateway import QuickBooksGateway

CLIO = "http://127.0.0.1:8000/sandbox/clio"
QUICKBOOKS = "http://127.0.0.1:8000/sandbox/quickbooks"
REDIRECT = "http://localhost:8000/oauth/callback/"


class World:
    """One Clio account and one QuickBooks company, and a portal connected to both."""

    def __init__(self) -> None:
        self.store = Store()
        self.clio, self.quickbooks = ClioStandIn(self.store), QuickBooksStandIn(self.store)
        self.firm: ClioOffice = ClioOffice.open_account(self.store, name="Lee & Partners")
        self.company: QuickBooksOffice = open_company(self.store, "Lee LLC")
        self.session = requests.Session()
        self.session.mount(CLIO, InProcessAdapter(self.clio.handle, CLIO))
        self.session.mount(QUICKBOOKS, InProcessAdapter(self.quickbooks.handle, QUICKBOOKS))

    def now(self) -> datetime:
        return self.store.now()

    def sleep(self, seconds: float) -> None:
        self.store.advance(seconds)

    def clio_provider(self) -> Provider:
        return clio_provider(CLIO, "sandbox-clio", "sandbox-clio-secret", REDIRECT)

    def quickbooks_provider(self) -> Provider:
        found = discover(f"{QUICKBOOKS}/.well-known/openid_configuration", self.session)
        return quickbooks_provider(found, "sandbox-quickbooks", "sandbox-quickbooks-secret", REDIRECT)

    def connect_clio(self) -> Grant:
        url = oauth.authorize_url(self.clio_provider(), "state-1")
        assert self.session.get(url).status_code == 200
        form = {**dict(parse_qsl(urlsplit(url).query)), "decision": "approve", "account_id": str(self.firm.account_id)}
        back = self.session.post(f"{CLIO}/oauth/approve", data=form, allow_redirects=False)
        return oauth.exchange(self.clio_provider(), _returned(back)["code"], self.session)

    def connect_quickbooks(self) -> Grant:
        url = oauth.authorize_url(self.quickbooks_provider(), "state-1")
        form = {"decision": "connect", "company": self.company.realm}
        returned = _returned(self.session.post(url, data=form, allow_redirects=False))
        assert (returned["state"], returned["realmId"]) == ("state-1", self.company.realm)
        return oauth.exchange(self.quickbooks_provider(), returned["code"], self.session)

    def practice(self, grant: Grant | None = None) -> ClioGateway:
        token = (grant or self.connect_clio()).access_token
        return clio_gateway(root=CLIO, token=lambda _: token, clock=self, session=self.session)

    def ledger(self, grant: Grant | None = None) -> QuickBooksGateway:
        held = [grant or self.connect_quickbooks()]

        def token(force: bool) -> str:
            if force:
                held.append(oauth.refresh(self.quickbooks_provider(), held[-1].refresh_token, self.session))
            return held[-1].access_token

        realm = self.company.realm
        return quickbooks_gateway(api_root=QUICKBOOKS, realm=realm, token=token, clock=self, session=self.session)


def _returned(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 302
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


@pytest.fixture
def world() -> Iterator[World]:
    forget()
    yield World()
    forget()


def test_clio_is_connected_renewed_and_disconnected(world: World) -> None:
    grant = world.connect_clio()
    assert world.practice(grant).identity().name == "Lee & Partners"
    renewed = oauth.refresh(world.clio_provider(), grant.refresh_token, world.session)
    assert renewed.refresh_token == grant.refresh_token
    assert oauth.revoke(world.clio_provider(), renewed, world.session)
    with pytest.raises(errors.Unauthorized):
        world.practice(renewed).identity()
    assert not oauth.revoke(world.clio_provider(), renewed, world.session)


def test_quickbooks_is_connected_rotates_and_is_disconnected(world: World) -> None:
    grant = world.connect_quickbooks()
    assert grant.hard_expires_in_s and grant.refresh_expires_in_s
    found = world.ledger(grant).identity()
    assert (found.external_account_id, found.name, found.currency) == (world.company.realm, "Lee LLC", "USD")
    renewed = oauth.refresh(world.quickbooks_provider(), grant.refresh_token, world.session)
    assert renewed.refresh_token != grant.refresh_token
    with pytest.raises(errors.Unauthorized):
        oauth.refresh(world.quickbooks_provider(), grant.refresh_token, world.session)
    assert oauth.revoke(world.quickbooks_provider(), renewed, world.session)
    with pytest.raises(errors.Unauthorized):
        world.ledger(renewed).preferences()


def test_an_access_token_that_ran_out_is_renewed_in_passing(world: World) -> None:
    ledger = world.ledger()
    world.store.advance(4000)
    assert ledger.identity().name == "Lee LLC"


def test_wrong_credentials_are_told_from_a_dead_grant(world: World) -> None:
    grant = world.connect_clio()
    wrong = clio_provider(CLIO, "sandbox-clio", "wrong", REDIRECT)
    with pytest.raises(errors.Forbidden, match="CLIO_CLIENT_ID"):
        oauth.refresh(wrong, grant.refresh_token, world.session)
    with pytest.raises(errors.Unauthorized):
        oauth.exchange(world.clio_provider(), "no-such-code", world.session)


@pytest.mark.parametrize("entity", sorted(LISTS))
def test_clio_knows_every_field_and_filter_that_is_asked_for(world: World, entity: str) -> None:
    since = world.now() - timedelta(days=1)
    assert list(world.practice().pages(entity, since=since))


def billed(world: World, count: int = 1) -> list[int]:
    contact = world.firm.create_contact(first_name="Zoë", last_name="O'Neil")
    matter = world.firm.create_matter(contact, "Estate")
    line = BillLine("Advice", Decimal("33.33"))
    return [world.firm.draft_bill(matter, [line], "2026-11-01", state="awaiting_payment") for _ in range(count)]


def test_more_bills_than_fit_a_page_come_once_each_and_exact(world: World) -> None:
    made = billed(world, 401)
    pages = list(world.practice().pages("bills", filters={"type": "revenue"}))
    rows = [row for page in pages for row in page.rows]
    assert [len(page.rows) for page in pages] == [200, 200, 1]
    assert [row["id"] for row in rows] == sorted(made)
    assert {row["balance"] for row in rows} == {Decimal("33.33")}
    assert all(type(row["balance"]) is Decimal for row in rows)


def test_bills_can_be_read_again_by_their_ids(world: World) -> None:
    made = billed(world, 3)
    pages = world.practice().pages("bills", ids=[str(made[0]), str(made[2])])
    assert [row["id"] for page in pages for row in page.rows] == [made[0], made[2]]


def test_reading_much_of_clio_waits_and_is_never_refused(world: World) -> None:
    practice = world.practice()
    began = world.now()
    for _ in range(120):
        list(practice.pages("users"))
    assert timedelta(minutes=2) < world.now() - began < timedelta(minutes=4)


def test_a_contact_is_written_once_and_a_stale_write_changes_nothing(world: World) -> None:
    contact = world.firm.create_contact(first_name="Zoë", last_name="O'Neil")
    practice = world.practice()
    ((row,),) = (page.rows for page in practice.pages("contacts"))
    written = practice.update_contact(str(contact), str(row["etag"]), {"first_name": "Zoe"})
    assert written["name"] == "Zoe O'Neil"
    with pytest.raises(errors.Stale):
        practice.update_contact(str(contact), str(row["etag"]), {"first_name": "Chloe"})
    ((row,),) = (page.rows for page in practice.pages("contacts"))
    assert row["first_name"] == "Zoe"


def created(ledger: QuickBooksGateway, entity: str, request_id: str, **body: object) -> dict[str, object]:
    return dict(ledger.write(Write(entity, "create", wire.encode(body), request_id)))


def test_a_name_with_every_awkward_character_is_found_again(world: World) -> None:
    ledger = world.ledger()
    for number, name in enumerate(["O'Neil \\ Söhne", "' OR Active = true", '100% "sure"']):
        customer = created(ledger, "Customer", f"c{number}", DisplayName=name)
        (page,) = ledger.pages("Customer", query.equals("DisplayName", name), "Id, DisplayName")
        assert [row["Id"] for row in page.rows] == [customer["Id"]]


def test_the_same_request_id_writes_once(world: World) -> None:
    ledger = world.ledger()
    first = created(ledger, "Customer", "once", DisplayName="Ann Lee")
    assert created(ledger, "Customer", "once", DisplayName="Ann Lee")["Id"] == first["Id"]
    with pytest.raises(errors.Refused) as caught:
        created(ledger, "Customer", "twice", DisplayName="Ann Lee")
    assert caught.value.code == "6240"
    assert caught.value.trace.vendor_id


def invoice(world: World, ledger: QuickBooksGateway, number: str) -> dict[str, object]:
    ((item, *_),) = (page.rows for page in ledger.pages("Item", query.equals("Type", "Service")))
    customer = created(ledger, "Customer", f"c-{number}", DisplayName=f"Customer {number}")
    detail = {"ItemRef": {"value": item["Id"]}, "TaxCodeRef": {"value": "NON"}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": Decimal("33.33"), "SalesItemLineDetail": detail}
    body = {"DocNumber": number, "CustomerRef": {"value": customer["Id"]}, "Line": [line]}
    return created(ledger, "Invoice", f"i-{number}", **body)


def test_an_invoice_is_written_exactly_and_voided(world: World) -> None:
    ledger = world.ledger()
    made = invoice(world, ledger, "17")
    assert (made["DocNumber"], made["TotalAmt"]) == ("17", Decimal("33.33"))
    key = wire.encode({"Id": made["Id"], "SyncToken": made["SyncToken"]})
    voided = ledger.write(Write("Invoice", "void", key, "v-17"))
    assert voided["TotalAmt"] == 0
    with pytest.raises(errors.Stale):
        ledger.write(Write("Invoice", "void", key, "v-17-again"))


def test_a_payment_is_voided_in_its_own_way(world: World) -> None:
    ledger = world.ledger()
    made = invoice(world, ledger, "18")
    link = {"Amount": Decimal("33.33"), "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}
    payment = created(
        ledger, "Payment", "p-18", CustomerRef=made["CustomerRef"], TotalAmt=Decimal("33.33"), Line=[link]
    )
    key = wire.encode({"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True})
    assert ledger.write(Write("Payment", "void", key, "v-18"))["TotalAmt"] == 0


def test_changes_show_what_was_written_and_what_was_deleted(world: World) -> None:
    ledger, since = world.ledger(), world.now()
    kept, gone = invoice(world, ledger, "19"), invoice(world, ledger, "20")
    world.company.delete_invoice(str(gone["Id"]))
    found = ledger.changes(["Invoice", "Customer", "Payment"], since)
    assert [row["Id"] for row in found.rows["Invoice"]] == [kept["Id"]]
    assert found.deleted["Invoice"] == (gone["Id"],)
    assert found.complete
    assert found.rows["Payment"] == ()


@pytest.mark.parametrize("failure", ["500_after", "timeout_after", "html_503", "500_before"])
def test_a_write_that_was_lost_is_sent_once_and_resolved_by_its_request_id(world: World, failure: str) -> None:
    ledger = world.ledger()
    world.quickbooks.fail_next(failure)
    with pytest.raises(errors.Garbled):
        created(ledger, "Customer", "lost", DisplayName="Ann Lee")
    created(ledger, "Customer", "lost", DisplayName="Ann Lee")
    (page,) = ledger.pages("Customer", query.equals("DisplayName", "Ann Lee"))
    assert len(page.rows) == 1


def test_a_disconnected_company_asks_to_be_connected_again(world: World) -> None:
    ledger = world.ledger()
    world.company.disconnect_apps()
    with pytest.raises(errors.Unauthorized):
        ledger.preferences()


def test_a_token_of_one_company_opens_no_other(world: World) -> None:
    grant = world.connect_quickbooks()
    world.company = open_company(world.store, "Somebody else")
    with pytest.raises(errors.Forbidden) as caught:
        world.ledger(grant).preferences()
    assert caught.value.code == "3100"


def test_many_writes_are_paced_and_never_refused(world: World) -> None:
    ledger = world.ledger()
    began = world.now()
    for number in range(600):
        created(ledger, "Customer", f"many-{number}", DisplayName=f"Customer {number}")
    assert world.now() - began > timedelta(minutes=1)
    assert [len(page.rows) for page in ledger.pages("Customer", fields="Id")] == [600]


def test_balances_are_those_of_the_evening_asked_for(world: World) -> None:
    ledger, company = world.ledger(), world.company
    ann = str(created(ledger, "Customer", "tb", DisplayName="Ann Lee")["Id"])
    bank, receivable = company.account_id("checking"), company.account_id("receivable")
    company.journal([(bank, 100, ""), (receivable, -100, ann)], TxnDate="2025-12-31")
    company.journal([(bank, 40, ""), (receivable, -40, ann)], TxnDate="2026-01-01")
    assert ledger.balances(date(2025, 12, 30)) == {}
    assert ledger.balances(date(2025, 12, 31)) == {bank: Decimal(100), receivable: Decimal(-100)}
    assert ledger.balances(date(2026, 1, 1)) == {bank: Decimal(140), receivable: Decimal(-140)}
