"""A passkey in a real browser: added after the password, and then enough to sign in with."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from integrations.management.commands.demo import PASSWORD
from tests.browser.test_walk import find

EVE = "eve@example.com"


def with_a_device(page: Page) -> None:
    """The computer has a passkey store that always finds its owner at the keyboard."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def sign_up(page: Page, demo: str, last_mail: Callable[[str], str]) -> None:
    page.goto(f"{demo}/accounts/signup/")
    page.locator("input[name=email]").fill(EVE)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("input[name=password2]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="firm")).to_be_visible()
    page.goto(find(r"http://\S+/confirm-email/\S+", last_mail(EVE)))
    page.get_by_role("button", name="Confirm").click()


@pytest.mark.timeout(300)
def test_a_passkey_is_added_and_signs_in_without_the_password(
    demo: str, page: Page, last_mail: Callable[[str], str]
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    with_a_device(page)
    sign_up(page, demo, last_mail)
    page.goto(f"{demo}/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("What to call it").fill("Office laptop")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("list", name="Codes that are left").get_by_role("listitem")).to_have_count(10)
    page.goto(f"{demo}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Office laptop").first).to_be_visible()

    page.goto(f"{demo}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto(f"{demo}/accounts/login/?next=/accounts/2fa/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Two-step sign-in")).to_be_visible()
    assert not [error for error in errors if not re.search("404", error)]
