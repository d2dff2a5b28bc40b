"""The person at the stand-ins' consent pages, for demos and tests: reads the form, chooses, sends it."""

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

CHOICES = {"account_id", "company"}  # the members that name an account or a company


def consent(session: requests.Session, authorize_url: str, account: str) -> dict[str, str]:
    """The query a callback would receive after choosing ``account`` and agreeing. Raises HTTPError."""
    page = session.get(authorize_url, timeout=10, allow_redirects=False)
    page.raise_for_status()
    form = _Form()
    form.feed(page.text)
    chosen = {name: account if name in CHOICES else value for name, value in form.values.items()}
    target = urljoin(page.url, form.action)
    answer = session.post(target, data=chosen, timeout=10, allow_redirects=False)
    answer.raise_for_status()
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


class _Form(HTMLParser):
    """The first form: where it goes, and what its first submit button would send."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = found.get("action", "")
        elif tag in ("input", "button", "select") and found.get("name"):
            self.values.setdefault(found["name"], found.get("value", ""))
