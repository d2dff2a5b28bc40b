"""The pictures of the manual, taken where a test has just seen what is on them."""

import os
from pathlib import Path

from playwright.sync_api import Locator, Page

FOLDER = os.environ.get("SCREENSHOTS", "")  # `make screenshots` says docs/screenshots
TALLEST = 1200


def shot(page: Page, name: str, top: Locator | None = None, *, tall: bool = False) -> None:
    """Of the page as it is scrolled, or from ``top`` on. A tall one shows more than the window where there is more."""
    size = page.viewport_size
    if not FOLDER or not size:
        return
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    height = int(page.evaluate("() => document.documentElement.scrollHeight")) if tall else 0
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(height, TALLEST))})
    if top:
        top.evaluate("one => one.scrollIntoView()")
    page.screenshot(path=f"{FOLDER}/{name}.png")
    page.set_viewport_size(size)
