"""Every page of the resolver in a real browser: axe in both schemes, and read from a phone to a wide screen."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from django.urls import reverse
from playwright.async_api import Browser, Page, async_playwright

from integrations.sandbox.world import world_at
from tests.addresses import patterns
from tests.browser import admin_visits
from tests.browser.conftest import CHROMIUM, QUIET, as_whom
from tests.browser.everything import everything
from tests.browser.visits import NO_PAGE, Visits, browsers, visits
from tests.web.conftest import carry

READING = Path(__file__).with_name("reading.js").read_text()
GIVEN = {"firm": "acme", "system": "clio", "pk": 1, "name": "run", "token": "t", "path": "clio/x"} | {
    "content_type_id": 1,
    "object_id": 1,
}
PHONE, SMALL, WIDE = 390, 1024, 1600
READERS = 2
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
    """What is wrong with these pages, each with the page and the width, in the order of the pages."""
    addresses = [(who, f"{site}{path}") for paths in wanted.values() for who, path in paths]
    return asyncio.run(_read_all(site, addresses, people))


async def _read_all(site: str, addresses: list[tuple[str, str]], people: dict[str, Client]) -> list[str]:
    """By several readers at once, each of whom takes the next page that nobody has read."""
    found: list[list[str]] = [[] for _ in addresses]
    left = iter(range(len(addresses)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)

        async def read_on() -> None:
            pages: dict[str, Page] = {}
            for place in left:
                who, address = addresses[place]
                if who not in pages:
                    pages[who] = await _page_of(browser, site, people[who])
                found[place] = [f"{address} {fault}" async for fault in _read(pages[who], address)]

        await asyncio.gather(*(read_on() for _ in range(READERS)))
        await browser.close()
    return [fault for faults in found for fault in faults]


async def _page_of(browser: Browser, site: str, client: Client) -> Page:
    """A page of whoever is signed in here. The script comes before the page: its own policy would let none in."""
    context = await browser.new_context(**as_whom(site, client))
    await context.add_init_script(AXE_SCRIPT)
    return await context.new_page()


async def _read(page: Page, address: str) -> AsyncIterator[str]:
    await page.emulate_media(color_scheme="light")
    await page.goto(address)
    if page.url not in (address, re.sub(RESET_KEY, r"\1set-password/", address)):
        yield f"led to {page.url}"
    await page.evaluate(STILL)
    for width, scheme, options in ((WIDE, "light", WHOLE), (PHONE, "dark", LOOKS), (SMALL, "", None)):
        for fault in await _told(page, width, scheme, options):
            yield f"at {width} px {scheme}: {fault}"


async def _told(page: Page, width: int, scheme: str, options: dict[str, Any] | None) -> list[str]:
    await page.set_viewport_size({"width": width, "height": 900})
    if scheme:
        await page.emulate_media(color_scheme=scheme)
    found: list[str] = await page.evaluate(READING)
    return found + (await page.evaluate(AXE, options) if options else [])
