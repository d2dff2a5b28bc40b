"""Pages of a firm of any size: all are measured, and none asks the database more because there is more in it."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from firms.models import Firm, User
from firms.scoping import firm_context
from integrations.management.commands.seed_scale import EMAIL, seed
from integrations.management.scale import Size
from integrations.models import EntityLink, SyncEvent
from tests.addresses import of_a_firm
from tests.bench.pages import NOT_MEASURED, asked
from tests.personas import signed_in

MOST_QUERIES = 12


def queries(slug: str, size: Size) -> dict[str, int]:
    """What each page of a firm of that size asks, by its address."""
    for _ in seed(slug, f"{slug}@example.com", size):
        pass
    client, firm = signed_in(User.objects.get(email=f"{slug}@example.com")), Firm.objects.get(slug=slug)
    with firm_context(firm):
        wanted = list(asked(firm))
    return {f"{name} {_general(address, slug)}": _asked(client, address) for name, address in wanted}


def _general(address: str, slug: str) -> str:
    """The same for both firms."""
    address = re.sub(r"id=\d+&?", "", address)
    return re.sub(r"/(runs|issues|errands|proof|team)/\d+/", r"/\1/n/", address.replace(slug, "firm"))


def _asked(client: Client, address: str) -> int:
    assert client.get(address).status_code == 200, address
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
        return len(captured)  # the next request begins a new list


@pytest.mark.django_db
def test_no_page_asks_more_of_a_larger_firm_and_none_more_than_twelve_times() -> None:
    small, large = queries("small", Size(1_000, 3_000)), queries("large", Size(4_000, 12_000))
    assert {page: (small[page], number) for page, number in large.items() if number > small[page]} == {}
    assert {page: number for page, number in large.items() if number > MOST_QUERIES} == {}


@pytest.mark.django_db
def test_every_page_of_a_firm_is_measured() -> None:
    for _ in seed("scale", EMAIL, Size(200, 600)):
        pass
    firm = Firm.objects.get(slug="scale")
    with firm_context(firm):
        measured = {name for name, _ in asked(firm)}
    assert measured | NOT_MEASURED == set(of_a_firm())


@pytest.mark.django_db
def test_the_firm_has_as_many_links_and_events_as_were_asked_for() -> None:
    call_command("seed_scale", links=500, events=700, verbosity=0)
    firm = Firm.objects.get(slug="scale")
    assert EntityLink.objects.of(firm).count() == 500 and SyncEvent.objects.of(firm).count() == 700
    with pytest.raises(CommandError, match="there already"):
        call_command("seed_scale")


def test_production_is_never_filled_with_invented_rows(settings: object) -> None:
    settings.SANDBOX = settings.DEBUG = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="SANDBOX=1 or DEBUG=1"):
        call_command("seed_scale")
