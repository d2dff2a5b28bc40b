"""A day of each role in a real browser: what a person decides by clicking, and what both stand-ins hold after it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firms.models import Firm, Invitation, User
from integrations import tasks
from integrations.models import EntityLink, Issue
from integrations.sandbox import views
from tests.browser.conftest import as_whom
from tests.browser.pictures import shot
from tests.personas import PASSWORD, signed_in
from tests.portal import Portal, make_portal
from tests.sync.books import settled
from tests.web.conftest import carry

MOST_S = 120
Sits = Callable[[User | None], Page]


@pytest.fixture
def portal(site: str, acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Acme, connected and mapped. The stand-ins’ own pages are served too, and all go by their clock."""
    made = make_portal(acme, alice)
    carry(monkeypatch, made.world)
    monkeypatch.setattr(views, "world_at", lambda path: made.world)
    monkeypatch.setattr(tasks, "SystemClock", lambda: made.clock)
    monkeypatch.setattr(timezone, "now", made.clock.now)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright’s event loop runs in this very thread
    return made


@pytest.fixture
def sits(portal: Portal, site: str, browser: Browser) -> Iterator[Sits]:
    """Opens a browser for somebody who is signed in, or for nobody."""

    def down(user: User | None) -> Page:
        page = browser.new_context(**as_whom(site, signed_in(user) if user else Client())).new_page()
        page.set_default_timeout(10_000)
        return page

    yield down
    connections.close_all()  # while that loop runs, this thread has connections of its own


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def open_issue(page: Page, name: str) -> None:
    """From the dashboard by what needs somebody, as people do."""
    page.goto("/f/acme/")
    page.get_by_role("region", name="Needs you").get_by_role("link", name=name).click()
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


def sync_now(page: Page, portal: Portal) -> None:
    """A person asks for it, a worker does it, and then the dashboard says so."""
    page.goto("/f/acme/")
    press(page, "Sync now")
    see_it_done(page, portal)


def see_it_done(page: Page, portal: Portal) -> None:
    """What was asked for waits, until a worker takes it up."""
    page.goto("/f/acme/")
    expect(page.get_by_text("Waiting for the queue to start the sync")).to_be_visible()
    portal.clock.sleep(2)
    tasks.work()
    page.goto("/f/acme/")
    expect(page.get_by_text(re.compile("^In sync as of"))).to_be_visible()


def decides_nothing(page: Page, issue: Issue) -> None:
    """Reads the same page, finds who may decide, and nothing to press."""
    page.goto(f"/f/acme/issues/{issue.pk}/")
    expect(page.get_by_text("To decide this it takes")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)


def contact_in_clio(portal: Portal, id: int) -> dict[str, Any]:
    return next(doc for doc in portal.clio.snapshot()["contacts"] if doc["id"] == id)


@pytest.mark.timeout(MOST_S)
def test_a_bookkeeper_settles_a_conflict_field_by_field(portal: Portal, sits: Sits, bob: User, vera: User) -> None:
    reach = {"email_addresses": [{"address": "ann@example.com", "name": "Work", "default_email": True}]}
    reach |= {"phone_numbers": [{"number": "555 0101", "name": "Work", "default_number": True}]}
    ann = portal.clio.create_contact(type="Person", first_name="Ann", last_name="Lee", **reach)
    portal.bill("10.00", contact=ann)
    portal.run()
    row = contact_in_clio(portal, ann)
    (mail,), (phone,) = row["email_addresses"], row["phone_numbers"]
    portal.clio.edit_contact(ann, email_addresses=[{"id": mail["id"], "address": "ann@clio.example"}])
    portal.clio.edit_contact(ann, phone_numbers=[{"id": phone["id"], "number": "555 0202"}])
    (customer,) = portal.quickbooks.all("Customer")
    theirs = {"PrimaryEmailAddr": {"Address": "ann@books.example"}, "PrimaryPhone": {"FreeFormNumber": "555 0303"}}
    portal.quickbooks.edit_customer(customer["Id"], **theirs)
    portal.run()

    decides_nothing(sits(vera), portal.issue("contact_conflict"))
    page = sits(bob)
    open_issue(page, "Changed on both sides")
    page.get_by_role("group", name="E-mail").get_by_label("in Clio").check()
    page.get_by_role("group", name="Phone").get_by_label("in QuickBooks").check()
    page.get_by_role("textbox", name="Why").fill("Ann told us on the phone")
    shot(page, "conflict", tall=True)
    press(page, "Use what is chosen for each field")
    expect(page.get_by_role("region", name="Decided")).to_contain_text("Ann told us on the phone")
    sync_now(page, portal)

    (customer,) = portal.quickbooks.all("Customer")
    row = contact_in_clio(portal, ann)
    assert [one["address"] for one in row["email_addresses"]] == ["ann@clio.example"]
    assert [one["number"] for one in row["phone_numbers"]] == ["555 0303"]
    assert customer["PrimaryEmailAddr"]["Address"] == "ann@clio.example"
    assert customer["PrimaryPhone"]["FreeFormNumber"] == "555 0303"
    settled(portal)


@pytest.mark.timeout(MOST_S)
def test_a_bookkeeper_gives_a_bill_a_free_number_in_clio(portal: Portal, sits: Sits, bob: User, vera: User) -> None:
    walk_in = portal.quickbooks.create_customer("Walk-in Client")
    item = portal.quickbooks.all("Item")[0]["Id"]
    theirs = portal.quickbooks.create_invoice(walk_in["Id"], [(item, 75)], number="1044")
    portal.bill("90.00", number="1044")
    portal.run()
    assert [doc["Id"] for doc in portal.quickbooks.all("Invoice")] == [theirs["Id"]]

    decides_nothing(sits(vera), portal.issue("duplicate_number"))
    page = sits(bob)
    open_issue(page, "Number already used")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Renumber in Clio").click()
    clio = opened.value
    clio.get_by_label("Number", exact=True).fill("1045")
    clio.get_by_role("button", name="Renumber").click()
    expect(clio.get_by_role("heading", name="Bill 1045")).to_be_visible()
    sync_now(page, portal)

    assert portal.quickbooks.all("Invoice")[0] == theirs
    assert {doc["DocNumber"]: doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")} == {"1044": 75, "1045": 90}
    assert [bill["number"] for bill in portal.clio.snapshot()["bills"]] == ["1045"]
    settled(portal)


@pytest.mark.timeout(MOST_S)
def test_a_bookkeeper_lets_a_held_run_go_on(portal: Portal, sits: Sits, bob: User, vera: User) -> None:
    ann = portal.contact()
    made = [portal.bill("100.00", contact=ann, number=str(1000 + n)) for n in range(7)]
    portal.run()
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.run()

    decides_nothing(sits(vera), portal.issue("run_held"))
    page = sits(bob)
    page.goto("/f/acme/")
    page.get_by_role("link", name="See the issues").click()
    page.get_by_role("table").get_by_role("link").first.click()
    changes = page.get_by_role("group", name="Each change").get_by_role("row")
    expect(changes.filter(has_text=re.compile(r"Bill 100\d"))).to_have_count(6)
    page.get_by_role("textbox", name="Why").fill("Written off with Ann")
    shot(page, "held", tall=True)
    press(page, "Apply")
    assert {doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")} == {100}, "a click voids nothing by itself"
    see_it_done(page, portal)

    left = {doc["DocNumber"]: doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")}
    assert left == {**{str(1000 + n): 0 for n in range(6)}, "1006": 100}
    assert {bill["state"] for bill in portal.clio.snapshot()["bills"][:6]} == {"void"}
    settled(portal)


@pytest.mark.timeout(MOST_S)
def test_a_bookkeeper_links_a_customer_to_the_contact_it_is(portal: Portal, sits: Sits, bob: User, vera: User) -> None:
    books = portal.quickbooks.create_customer("A. Lee & Sons", PrimaryEmailAddr={"Address": "ann@example.com"})
    ann = portal.contact()
    portal.contact("Bo", "Ray", "bo@example.com")
    portal.run()

    looks = sits(vera)
    looks.goto(f"/f/acme/quickbooks-only/{books['Id']}/")
    expect(looks.get_by_text("To link or ignore a customer it takes")).to_be_visible()
    expect(looks.get_by_role("button", name=re.compile("Link|Ignore"))).to_have_count(0)
    page = sits(bob)
    page.goto("/f/acme/quickbooks-only/")
    page.get_by_role("link", name="A. Lee & Sons", exact=True).click()
    press(page, "Link to Ann Lee")
    expect(page.get_by_text("A. Lee & Sons is Ann Lee in Clio. The next sync links the two.")).to_be_visible()
    sync_now(page, portal)

    link = EntityLink.objects.of(portal.firm).get(kind="contact")
    assert (link.practice_id, link.ledger_id, link.state) == (str(ann), books["Id"], "live")
    assert len(portal.clio.snapshot()["contacts"]) == 2 and len(portal.quickbooks.all("Customer")) == 1
    portal.bill("120.00", contact=ann, number="1")
    sync_now(page, portal)
    assert portal.invoice("1")["CustomerRef"]["value"] == books["Id"]
    settled(portal)


def inside(page: Page) -> set[str]:
    """Where the links and forms of this page lead to within the firm."""
    found = page.locator("a[href], form[action]").evaluate_all("all => all.map(one => one.href || one.action)")
    paths = (re.sub(r"^https?://[^/]+|[?#].*", "", address) for address in found)
    return {path for path in paths if path.startswith("/f/acme/")}


@pytest.mark.timeout(MOST_S)
def test_a_stranger_is_refused_wherever_a_member_can_go(
    portal: Portal, sits: Sits, alice: User, charlie: User, globex: Firm
) -> None:
    bill = portal.bill("10.00", number="1")
    customer = portal.quickbooks.create_customer("Walk-in Client")["Id"]
    portal.quickbooks.create_invoice(customer, [(portal.quickbooks.all("Item")[0]["Id"], 75)], number="2")
    portal.bill("90.00", number="2")
    portal.run()
    issue = portal.issue("duplicate_number")
    owner, stranger, nobody = sits(alice), sits(charlie), sits(None)
    paths: set[str] = set()
    for place in ("", f"issues/{issue.pk}/", f"records/invoice/{bill}/", f"quickbooks-only/{customer}/", "team/"):
        owner.goto(f"/f/acme/{place}")
        paths |= {f"/f/acme/{place}", *inside(owner)}
    assert len(paths) > 25
    for path in sorted(paths):
        answer = stranger.goto(path)
        assert answer and answer.status == 404, path
        expect(stranger.get_by_role("heading", name="No such page")).to_be_visible()
        assert not re.search("Acme|Walk-in|Ann Lee", stranger.content()), path

    nobody.goto(f"/f/acme/issues/{issue.pk}/")
    nobody.locator("input[name=login]").fill(charlie.email)
    nobody.locator("input[name=password]").fill(PASSWORD)
    nobody.get_by_role("button", name="Sign in", exact=True).click()
    expect(nobody.get_by_role("heading", name="No such page")).to_be_visible()


@pytest.mark.timeout(MOST_S)
def test_a_form_that_a_stranger_sends_to_another_firm_does_nothing(
    portal: Portal, sits: Sits, charlie: User, globex: Firm
) -> None:
    """His own firm’s form, with the other firm’s address written over its own."""
    stranger = sits(charlie)
    for act in ("invite", "sync"):
        stranger.goto("/f/globex/team/")
        form = stranger.locator("form").filter(has=stranger.get_by_role("button", name="Send invitation"))
        form.evaluate("(form, action) => { form.action = action; }", f"/f/acme/{'team/' * (act == 'invite')}{act}/")
        stranger.get_by_label("E-mail address").fill(charlie.email)
        press(stranger, "Send invitation")
        expect(stranger.get_by_role("heading", name="No such page")).to_be_visible()
    assert not Invitation.objects.exists()
    assert portal.pairing.sync_asked_at is None
