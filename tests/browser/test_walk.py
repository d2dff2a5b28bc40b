"""A new owner’s first hour in a real browser, from the sign-up to the first run; and a colleague’s."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from integrations.management.commands.demo import EMAIL, NAME, PASSWORD, SLUG
from tests.browser.pictures import shot

OWNER = "owner@example.com"
WORKER_MS = 120_000  # how long what the worker does may take here
PHONE: ViewportSize = {"width": 390, "height": 844}


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


class Sitting:
    """The set-up as a new owner goes through it, every click counted; what leads to a picture is no click."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.clicks = page, address, 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def look(self, page: str, name: str) -> None:
        """Takes a picture of another page of the firm and comes back."""
        here = self.page.url
        self.page.goto(f"{self.firm}/{page}/")
        shot(self.page, name)
        self.page.goto(here)

    def create_the_firm(self, name: str) -> None:
        self.page.goto(f"{self.address}/")
        self.page.get_by_label("Name").fill(name)
        self.press("Create firm")
        expect(self.page.get_by_role("heading", name="Set-up")).to_be_visible()
        self.firm = self.page.url.removesuffix("/setup/")

    def connect(self) -> None:
        self.press("Connect Clio")
        self.press("Allow access")
        expect(self.page.get_by_text("Clio is connected")).to_be_visible()
        self.press("Connect QuickBooks")
        self.press("Connect")
        expect(self.page.get_by_role("heading", name="Is this the right company?")).to_be_visible()
        self.look("connections", "connections")
        self.press("Yes, this is the company")

    def choose_the_start_date(self, typed: str, words: str) -> None:
        """The figures of the usual date come by themselves; those of another one on request."""
        expect(self.page.get_by_role("button", name="Show another date")).to_be_visible(timeout=WORKER_MS)
        self.page.get_by_label("Start date").fill(typed)
        self.press("Show another date")
        expect(self.page.get_by_role("heading", name=f"With {words}")).to_be_visible(timeout=WORKER_MS)
        expect(self.page.get_by_role("heading", name="It brings in")).to_be_visible()
        expect(self.page.get_by_text("Clio’s trust ledger")).to_be_visible()
        shot(self.page, "setup", self.page.get_by_role("main"))
        shot(self.page, "cutover", self.page.get_by_role("heading", name="Choose the start date"), tall=True)
        self.press(f"Use {words}")

    def map(self) -> None:
        fill_in = self.page.get_by_role("button", name="Save and fill in what is recommended")
        expect(fill_in).to_be_visible()
        self.look("mappings", "mappings")
        self.click(fill_in)

    def adopt(self) -> None:
        """What is in QuickBooks already is taken over; who may be the same person is left for later."""
        adopt = self.page.get_by_role("button", name=re.compile("^Adopt (it|all)"))
        expect(adopt).to_be_visible(timeout=WORKER_MS)
        self.click(adopt)
        self.press("Make the preview with what is decided")

    def preview_and_sync(self) -> None:
        expect(self.page.get_by_role("button", name="Start the first sync")).to_be_visible(timeout=WORKER_MS)
        expect(self.page.get_by_text("Accounts Receivable").first).to_be_visible()
        self.look("preview", "preview")
        self.press("Start the first sync")
        expect(self.page.get_by_role("link", name="Go to the dashboard")).to_be_visible(timeout=WORKER_MS)
        self.page.goto(f"{self.firm}/")
        expect(self.page.get_by_text(re.compile(r"\d+ things need you"))).to_be_visible()


def sign_up(page: Page, address: str, last_mail: Callable[[str], str], email: str) -> None:
    page.goto(f"{address}/accounts/signup/")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url(lambda url: not url.endswith("/signup/"))
    page.goto(find(r"http://\S+/confirm-email/\S+", last_mail(email)))
    page.get_by_role("button", name="Confirm").click()


def see_the_run(page: Page, firm: str) -> None:
    """The one that a person started; what a webhook or the clock started since may stand above it."""
    page.goto(f"{firm}/runs/")
    asked_for = page.get_by_role("row").filter(has_text=OWNER)
    asked_for.get_by_role("link", name=re.compile(r"^Run \d+")).last.click()
    expect(page.get_by_role("heading", name=re.compile(r"Run \d+"))).to_be_visible()
    shot(page, "run")


def find_a_bill_in_the_log(page: Page) -> None:
    """By the keyboard, from the run to what happened to one bill, and the same as a file."""
    page.get_by_role("link", name="Sync log").first.click()
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_role("link", name="Download all as CSV")).to_be_visible()
    shot(page, "log")
    number = page.get_by_role("table").get_by_role("link", name=re.compile(r"^Bill \d+")).first.inner_text()
    page.get_by_label("Bill number or name").press_sequentially(number.removeprefix("Bill "))
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Filters in use")).to_contain_text(number.removeprefix("Bill "))
    expect(page.get_by_role("table").get_by_role("link", name=number).first).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download these as CSV").click()
    assert number in Path(saved.value.path()).read_text()


def compare(page: Page, firm: str) -> None:
    """Both systems, to the cent; the dashboard says it from then on."""
    page.goto(f"{firm}/proof/")
    page.get_by_role("button", name="Compare now").click()
    expect(page.get_by_role("heading", name="Do the sums agree")).to_be_visible(timeout=WORKER_MS)
    shot(page, "proof", tall=True)


def look_around(page: Page, firm: str) -> None:
    """One record with its history, trust, and who is in QuickBooks only."""
    page.goto(f"{firm}/records/credit_note/?state=linked")
    page.get_by_role("rowheader").get_by_role("link").first.click()
    page.get_by_role("link", name=re.compile(r"^Bill \d+")).first.click()
    expect(page.get_by_role("heading", name="Paid or reduced by")).to_be_visible()
    shot(page, "record", tall=True)
    page.get_by_role("link", name="Trust").click()
    expect(page.get_by_role("group", name="Trust accounts")).to_be_visible()
    shot(page, "trust")
    page.get_by_role("link", name="QuickBooks-only").click()
    expect(page.get_by_role("group", name="Customers only in QuickBooks")).to_be_visible()
    shot(page, "customers")


def see_the_dashboard(page: Page, firm: str) -> None:
    """By day, at night, and on the phone."""
    page.goto(f"{firm}/")
    expect(page.get_by_role("button", name="Sync now")).to_be_visible(timeout=WORKER_MS)
    shot(page, "dashboard", tall=True)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    shot(page, "dashboard-dark", tall=True)
    page.get_by_role("button", name="Auto").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    page.set_viewport_size(PHONE)
    shot(page, "dashboard-phone", tall=True)


def find(pattern: str, words: str) -> str:
    found = re.search(pattern, words)
    assert found, words
    return found[0]


@pytest.mark.timeout(300)
def test_a_colleague_is_invited_joins_and_is_removed(
    demo: str, page: Page, browser: Browser, last_mail: Callable[[str], str]
) -> None:
    colleague = browser.new_context(reduced_motion="reduce").new_page()
    sign_in(page, demo)
    page.get_by_role("link", name="Team").click()
    page.get_by_label("E-mail address").fill("dora@example.com")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("An invitation is on its way to dora@example.com")).to_be_visible()
    shot(page, "team")

    colleague.goto(find(r"http://\S+/invitations/\S+/", last_mail("dora@example.com")))
    colleague.get_by_role("main").get_by_role("link", name="Create an account").click()
    expect(colleague.locator("input[name=email]")).to_have_value("dora@example.com")
    colleague.locator("input[name=password1]").fill(PASSWORD)
    colleague.locator("input[name=password2]").fill(PASSWORD)
    colleague.get_by_role("button", name="Create account").click()
    expect(colleague.get_by_text("Your address is not confirmed yet")).to_be_visible()
    colleague.goto(find(r"http://\S+/confirm-email/\S+", last_mail("dora@example.com")))
    colleague.get_by_role("button", name="Confirm").click()
    colleague.goto(f"{demo}/invitations/")
    colleague.get_by_role("button", name="Join").click()
    expect(colleague.get_by_text("You are a viewer of")).to_be_visible()

    page.goto(f"{demo}/f/{SLUG}/team/")
    page.get_by_role("link", name="Remove dora@example.com").click()
    expect(page.get_by_text("They lose access at once")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("dora@example.com is no longer a member")).to_be_visible()
    colleague.reload()
    expect(colleague.get_by_role("heading", name="No such page")).to_be_visible()


@pytest.mark.timeout(500)
def test_an_owner_sets_everything_up_in_twelve_clicks(demo: str, page: Page, last_mail: Callable[[str], str]) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    sign_up(page, demo, last_mail, OWNER)
    sitting = Sitting(page, demo)
    sitting.create_the_firm(NAME)
    sitting.connect()
    sitting.choose_the_start_date("2026-01-15", "15 Jan 2026")
    sitting.map()
    sitting.adopt()
    sitting.preview_and_sync()
    assert sitting.clicks <= 12
    see_the_run(page, sitting.firm)
    find_a_bill_in_the_log(page)
    page.goto(f"{sitting.firm}/issues/")
    expect(page.get_by_role("table").get_by_text("Number already used").first).to_be_visible()
    shot(page, "issues")
    compare(page, sitting.firm)
    look_around(page, sitting.firm)
    see_the_dashboard(page, sitting.firm)
    # Consent pages belong to the stand-ins and have no icon; nothing of ours may complain.
    assert [error for error in errors if "404" not in error] == []
