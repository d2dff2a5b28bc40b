"""Sending the forms of the sandbox's pages, as a browser does."""

import re
from typing import Any

from django.test import Client

from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.quickbooks.office import QuickBooksOffice

DAY = "2026-02-02"


def at(office: ClioOffice | QuickBooksOffice, path: str = "") -> str:
    if isinstance(office, ClioOffice):
        return f"/sandbox/play/clio/{office.region}/{office.account_id}/{path}"
    return f"/sandbox/play/quickbooks/{office.realm}/{path}"


def post(client: Client, url: str, action: str, **fields: Any) -> str:
    """Sends a form and returns the page it leads to, which has to be there."""
    answer = client.post(url, {"action": action, **fields}, follow=True)
    assert answer.status_code == 200, (url, action)
    assert answer.redirect_chain
    return str(answer.content.decode())


def refused(page: str) -> str:
    """The text of the error message on the page."""
    found = re.search(r'<li class="callout bad">(.*?)</li>', page, re.S)
    assert found, "no error is shown"
    return found[1]
