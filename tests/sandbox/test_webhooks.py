"""Webhooks of the stand-ins: Clio's records, handshake and expiry, Intuit's posts, and mail that gets lost."""

import base64
import hmac
import json
from hashlib import sha256
from typing import Any

import pytest

from integrations.sandbox.clio.switches import switch
from integrations.sandbox.http import Response
from integrations.sandbox.mail import Mail
from integrations.sandbox.outbox import NOT_REACHED, Post
from integrations.sandbox.quickbooks.office import QuickBooksOffice, open_company
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sandbox.quickbooks.webhooks import set_endpoint
from integrations.sandbox.store import Store
from integrations.sandbox.world import World
from tests.sandbox.clio_world import Account, account, parsed

URL = "https://portal.example.com/hooks/clio/x/"
WANTED: dict[str, Any] = {
    "url": URL,
    "model": "bill",
    "fields": "id,etag,state,balance",
    "events": ["created", "updated"],
}
DAY_S = 86_400


class Portal:
    """Whoever is posted to: takes the handshake and keeps what comes."""

    def __init__(self, status: int = 200) -> None:
        self.posts: list[Post] = []
        self.status = status

    def __call__(self, post: Post) -> Response:
        self.posts.append(post)
        secret = {name: post.headers[name] for name in ("x-hook-secret",) if name in post.headers}
        return Response(self.status, b"", secret) if self.status else NOT_REACHED

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(post.body) for post in self.posts]


@pytest.fixture
def clio() -> Account:
    return account()


def created(clio: Account, **values: Any) -> dict[str, Any]:
    answer = parsed(
        clio.call("POST", "webhooks.json", body={**WANTED, **values}, fields="id,status,shared_secret,expires_at"), 201
    )
    return dict(answer["data"])


def shown(clio: Account, id: int) -> dict[str, Any]:
    return dict(clio.get(f"webhooks/{id}.json", fields="id,status,shared_secret,expires_at,url"))


def enabled(clio: Account, **values: Any) -> dict[str, Any]:
    made = created(clio, **values)
    Mail(clio.store).deliver(Portal())
    return made


def test_a_webhook_is_enabled_once_its_secret_is_given_back(clio: Account) -> None:
    made, portal = created(clio), Portal()
    assert made["status"] == "pending"
    assert Mail(clio.store).deliver(portal) == [200]
    (post,) = portal.posts
    assert (post.url, post.headers["x-hook-secret"]) == (URL, made["shared_secret"])
    assert json.loads(post.body) == {"data": {"webhook_id": made["id"]}}
    assert shown(clio, made["id"])["status"] == "enabled"


def test_or_later_by_the_address_for_it(clio: Account) -> None:
    made = created(clio)
    Mail(clio.store).deliver(lambda post: Response(200))
    assert shown(clio, made["id"])["status"] == "pending"
    path = f"webhooks/{made['id']}/activate"
    assert clio.call("PUT", path, headers={"x-hook-secret": "another"}).status == 422
    assert clio.call("PUT", path, headers={"x-hook-secret": made["shared_secret"]}).status == 200
    assert shown(clio, made["id"])["status"] == "enabled"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://portal.example.com/"},
        {"url": None},
        {"model": "invoice"},
        {"fields": "id,nonsense"},
        {"fields": "id," * 400 + "etag"},
        {"events": ["paid"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2090-01-01T00:00:00Z"},
        {"secret": "mine"},
    ],
)
def test_what_clio_would_refuse_is_refused(wrong: dict[str, Any], clio: Account) -> None:
    assert clio.call("POST", "webhooks.json", body={**WANTED, **wrong}).status == 422


def test_the_permission_of_the_model_is_needed_too(clio: Account) -> None:
    clio.token = clio.clio.token(clio.office, scopes={"webhooks": "write"})
    assert clio.call("POST", "webhooks.json", body=WANTED).status == 403


def test_http_is_taken_on_this_machine_alone(clio: Account) -> None:
    created(clio, url="http://localhost:8000/hooks/clio/x/")


def test_an_update_is_told_where_a_watched_field_changed_and_the_first_one_always(clio: Account) -> None:
    bill = clio.bill(1000)
    made, portal, mail = enabled(clio), Portal(), Mail(clio.store)
    mail.deliver(portal)
    clio.office.edit_bill(bill, memo="nobody watches this")
    mail.deliver(portal)
    assert portal.bodies[0]["data"]["id"] == bill
    assert portal.bodies[0]["meta"] == {"event": "updated", "webhook_id": made["id"]}
    clio.office.record_payment(clio.contact, [(bill, 250)], "2026-02-01")
    mail.deliver(portal)
    assert portal.bodies[-1]["data"]["balance"] == 750
    key = made["shared_secret"].encode()
    for post in portal.posts:
        assert post.headers["x-hook-signature"] == hmac.new(key, post.body, sha256).hexdigest()


def test_a_contact_that_is_gone_is_told_as_deleted(clio: Account) -> None:
    enabled(clio, model="contact", fields="id,etag,name", events=["deleted"])
    portal = Portal()
    gone = clio.office.create_contact(first_name="Ann", last_name="Lee")
    clio.office.delete_contact(gone)
    Mail(clio.store).deliver(portal)
    ((body),) = portal.bodies
    assert (body["data"]["id"], body["meta"]["event"], set(body["data"])) == (gone, "deleted", {"id", "etag"})


@pytest.mark.parametrize(("reading", "status"), [("listed", "enabled"), ("suspended", "suspended")])
def test_after_three_days_it_ends_in_silence(reading: str, status: str, clio: Account) -> None:
    switch(clio.store, "clio_expired_webhook", reading)
    made, portal = enabled(clio), Portal()
    clio.store.advance(3 * DAY_S + 1)
    clio.bill(10)
    assert Mail(clio.store).deliver(portal) == []
    assert shown(clio, made["id"])["status"] == status


def test_it_lives_on_where_its_end_is_put_off_and_31_days_is_the_most(clio: Account) -> None:
    made = enabled(clio)
    later = clio.office.store.now().timestamp() + 30 * DAY_S
    assert clio.call("PATCH", f"webhooks/{made['id']}.json", body={"expires_at": iso(later)}).status == 200
    assert clio.call("PATCH", f"webhooks/{made['id']}.json", body={"expires_at": iso(later + 2 * DAY_S)}).status == 422
    clio.store.advance(29 * DAY_S)
    clio.token = clio.clio.token(clio.office)
    clio.bill(10)
    assert Mail(clio.store).deliver(Portal()) == [200]


def iso(stamp: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(stamp, UTC).isoformat()


def test_what_is_not_taken_comes_again_five_times_and_is_then_lost(clio: Account) -> None:
    enabled(clio)
    portal, mail = Portal(500), Mail(clio.store)
    clio.bill(10)
    assert mail.deliver(portal) == [500]
    for wait in (2, 4, 8, 16, 32):
        assert mail.deliver(portal) == []
        clio.store.advance(wait * 60 + 1)
        assert mail.deliver(portal) == [500]
    clio.store.advance(DAY_S)
    assert mail.deliver(portal) == []


def test_410_ends_the_subscription(clio: Account) -> None:
    made = enabled(clio)
    clio.bill(10)
    Mail(clio.store).deliver(Portal(410))
    assert shown(clio, made["id"])["status"] == "suspended"


def test_one_that_was_removed_is_gone(clio: Account) -> None:
    made = enabled(clio)
    assert clio.call("DELETE", f"webhooks/{made['id']}.json").status == 204
    assert clio.call("GET", f"webhooks/{made['id']}.json").status == 404
    assert parsed(clio.call("GET", "webhooks.json"), 200)["data"] == []
    clio.bill(10)
    assert Mail(clio.store).deliver(Portal()) == []


# Intuit


@pytest.fixture
def company() -> QuickBooksOffice:
    world = World(Store())
    set_endpoint(world.store, "https://portal.example.com/hooks/quickbooks/", "verifier")
    office = open_company(world.store, "Acme Books")
    world.store.put("qbo-oauth", "Grant", 1, {"live": True}, {"realm": office.realm})
    Mail(world.store).deliver(Portal())
    return office


def test_intuit_tells_of_several_changes_in_one_signed_post(company: QuickBooksOffice) -> None:
    portal = Portal()
    customer = company.create_customer("Ann Lee")["Id"]
    item = company.all("Item")[0]["Id"]
    invoice = company.create_invoice(customer, [(item, 100, "Advice")])["Id"]
    company.void_invoice(invoice)
    assert Mail(company.store).deliver(portal) == [200]
    (events,) = portal.bodies
    told = [(event["type"], event["intuitentityid"]) for event in events]
    assert ("qbo.customer.created.v1", customer) in told
    assert ("qbo.invoice.voided.v1", invoice) in told
    assert {event["intuitaccountid"] for event in events} == {company.realm}
    (post,) = portal.posts
    made = base64.b64encode(hmac.new(b"verifier", post.body, sha256).digest()).decode()
    assert post.headers["intuit-signature"] == made


def test_or_in_the_older_form(company: QuickBooksOffice) -> None:
    set_switch(company.store, "webhook_form", "event_notifications")
    keep, gone = (company.create_customer(name)["Id"] for name in ("Ann Lee", "Ann Leigh"))
    portal = Portal()
    company.merge_customers(gone, keep)
    Mail(company.store).deliver(portal)
    (said,) = portal.bodies
    (part,) = said["eventNotifications"]
    assert part["realmId"] == company.realm
    merged = [entity for entity in part["dataChangeEvent"]["entities"] if entity["operation"] == "Merge"]
    assert [(one["name"], one["id"], one["deletedID"]) for one in merged] == [("Customer", keep, gone)]


def test_companies_without_a_live_grant_are_not_told_of(company: QuickBooksOffice) -> None:
    other = open_company(company.store, "Globex Books")
    other.create_customer("Nobody")
    assert Mail(company.store).deliver(Portal()) == []


def test_whoever_carries_the_mail_may_lose_double_and_shuffle_it(company: QuickBooksOffice) -> None:
    mail, portal = Mail(company.store), Portal()
    company.create_customer("Ann Lee")
    assert mail.deliver(portal, lambda posts: [*posts, *posts]) == [200, 200]
    assert portal.posts[0] == portal.posts[1]
    company.create_customer("Bo Moss")
    assert mail.deliver(portal, lambda posts: []) == []
    company.store.advance(DAY_S)
    assert mail.deliver(portal) == []  # lost is lost
