"""A firm admin's first hour in a real browser, from the sign-in to the first run; and a colleague's."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from integrations.management.commands.demo import EMAIL, PASSWORD, SLUG

# Where screenshots go; `make screenshots` says docs/screenshots.
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")


def shot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SCREENSHOTS}/{name}.png")


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def connect_both(page: Page, firm: str) -> None:
    page.goto(f"{firm}/connections/")
    page.get_by_role("button", name="Connect Clio").click()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_text("Clio is connected")).to_be_visible()
    page.get_by_role("button", name="Connect QuickBooks").click()
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", name="Is this the right company?")).to_be_visible()
    shot(page, "connections")
    page.get_by_role("button", name="Yes, this is the company").click()


def fill_in_the_mapping(page: Page, firm: str) -> None:
    page.goto(f"{firm}/mappings/")
    shot(page, "mappings")
    page.get_by_role("button", name="Save and fill in what is recommended").click()
    page.goto(f"{firm}/preview/")
    expect(page.get_by_role("button", name="Make a preview")).to_be_visible()


def preview(page: Page, firm: str) -> None:
    page.get_by_role("button", name="Make a preview").click()
    for _ in range(30):  # the preview is made by the worker
        page.wait_for_timeout(2000)
        page.goto(f"{firm}/preview/")
        if page.get_by_role("heading", name="Each change").is_visible():
            break
    expect(page.get_by_role("heading", name="What they do to the accounts")).to_be_visible()
    expect(page.get_by_text("Accounts Receivable").first).to_be_visible()
    shot(page, "preview")


def sync(page: Page, firm: str) -> None:
    page.goto(f"{firm}/")
    page.get_by_role("button", name="Sync now").click()
    for _ in range(45):
        page.wait_for_timeout(2000)
        page.goto(f"{firm}/runs/")
        if page.get_by_role("table").get_by_text("Needs you").first.is_visible():
            break
    page.goto(f"{firm}/")
    expect(page.get_by_text(re.compile(r"\d+ things need you"))).to_be_visible()
    shot(page, "dashboard")


def see_the_run(page: Page, firm: str) -> None:
    page.goto(f"{firm}/runs/")
    page.get_by_role("table").get_by_role("link").first.click()
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


@pytest.mark.timeout(400)
def test_a_firm_admin_connects_maps_previews_and_syncs(demo: str, page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    firm = f"{demo}/f/{SLUG}"
    sign_in(page, demo)
    connect_both(page, firm)
    fill_in_the_mapping(page, firm)
    preview(page, firm)
    sync(page, firm)
    see_the_run(page, firm)
    find_a_bill_in_the_log(page)
    page.goto(f"{firm}/issues/")
    expect(page.get_by_role("table").get_by_text("Number already used").first).to_be_visible()
    shot(page, "issues")
    # Consent pages belong to the stand-ins and have no icon; nothing of ours may complain.
    assert [error for error in errors if "404" not in error] == []
