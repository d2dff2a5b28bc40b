"""Every page of the resolver in a real browser: axe in both schemes, and read from a phone to a wide screen."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from integrations.sandbox.world import world_at
from tests.addresses import patterns
from tests.browser import admin_visits
from tests.browser.conftest import CHROMIUM, QUIET, page_of
from tests.browser.everything import everything
from tests.browser.visits import NO_PAGE, Visits, browsers, visits
from tests.web.conftest import carry

READING = Path(__file__).with_name("reading.js").read_text()
GIVEN = {"firm": "acme", "system": "clio", "pk": 1, "name": "run", "token": "t", "path": "clio/x"} | {
    "content_type_id": 1,
    "object_id": 1,
}
PHONE, SMALL, WIDE = 390, 1024, 1600
# All a second look in the other scheme and width can change: the rest goes by the document, which is the same.
OF_LOOKS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")
WHOLE: dict[str, Any] = {"resultTypes": ["violations"]}
LOOKS: dict[str, Any] = {**WHOLE, "runOnly": {"type": "rule", "values": OF_LOOKS}}
AXE = """options => axe.run(options).then(found => found.violations.map(one => {
  const node = one.nodes[0];
  return `${one.id} in ${one.nodes.length} places, first ${node.target.join(" ")}: ${node.failureSummary}`;
}))"""
RESET_KEY = r"(/reset/key/[0-9a-z]+-).+"  # out of the address, into the session
STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [sheet];
}"""


@pytest.fixture
def site(site: str, settings: Any, tmp_path: Path, monkeypatch: Any) -> str:
    """The address of the portal, on stand-ins of its own."""
    settings.SANDBOX_FILE = tmp_path / "sandbox.sqlite3"
    carry(monkeypatch, world_at(settings.SANDBOX_FILE))
    return site


@pytest.mark.timeout(900)
def test_no_page_has_an_axe_violation_scrolls_sideways_or_loses_text(site: str) -> None:
    firm = everything()
    people = browsers(firm)
    wanted = visits(firm)
    known = {*wanted, *admin_visits.names(), *NO_PAGE}
    there = {name for name, _ in patterns()}
    assert (there - known, known - there) == (set(), set())
    assert [name for name, route in patterns() if name in NO_PAGE and is_page(people["owner"], name, route)] == []
    assert faults(site, wanted, people) == []


@pytest.mark.timeout(900)
def test_nor_has_a_page_of_support(site: str) -> None:
    wanted, people = admin_visits.prepare()
    assert faults(site, wanted, people) == []


def is_page(client: Client, name: str, route: str) -> bool:
    """Whether looking there shows a page."""
    wanted = {part: GIVEN[part] for part in re.findall(r"<(?:\w+:)?(\w+)>", route)}
    answer = client.get(reverse(name, kwargs=wanted))
    return answer.status_code == 200 and not answer.streaming and b"<html" in answer.content


def faults(site: str, wanted: Visits, people: dict[str, Client]) -> list[str]:
    """What is wrong with these pages, each with the page and the width."""
    with sync_playwright() as playwright:  # nothing may ask the database while its event loop runs
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        pages = {who: page_of(browser, site, client) for who, client in people.items()}
        visited = ((pages[who], f"{site}{path}") for paths in wanted.values() for who, path in paths)
        found = [f"{address} {fault}" for page, address in visited for fault in _read(page, address)]
        browser.close()
    return found


def _read(page: Page, address: str) -> Iterator[str]:
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.goto(address)
    if page.url not in (address, re.sub(RESET_KEY, r"\1set-password/", address)):
        yield f"led to {page.url}"
    page.evaluate(STILL)
    page.evaluate(AXE_SCRIPT)  # the portal's own policy lets no page load it
    yield from _told(page, WIDE, "light", WHOLE)
    page.emulate_media(color_scheme="dark")
    yield from _told(page, PHONE, "dark", LOOKS)
    yield from _told(page, SMALL)


def _told(page: Page, width: int, scheme: str = "", options: dict[str, Any] | None = None) -> Iterable[str]:
    page.set_viewport_size({"width": width, "height": 900})
    found: list[str] = page.evaluate(READING)
    if options:
        found += page.evaluate(AXE, options)
    return [f"at {width} px {scheme}: {fault}" for fault in found]
