"""What is left of both systems' limits is on the dashboard, each number with what it counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations.budgets import RowShelf
from integrations.models import CallBudget, Connection, OAuthToken
from integrations.queries.limits import health
from integrations.systems.pace import Heard, Standing, heard
from tests.portal import Portal


def put(portal: Portal, system: str, standing: Standing) -> None:
    connection = Connection.objects.of(portal.firm).get(system=system)
    RowShelf(connection).change(lambda _: (standing, None))


def shown(portal: Portal, system: str) -> list[tuple[str, str]]:
    connection = Connection.objects.of(portal.firm).get(system=system)
    return [(line.text, line.tone) for line in health(portal.firm, [connection], timezone.now())[0][1]]


def page(client: Client) -> str:
    return client.get("/f/acme/").content.decode()


def test_calls_left_are_said_with_until_when(portal: Portal, alice_client: Client) -> None:
    at = timezone.now().timestamp()
    put(portal, "clio", Standing(limit=50, left=38, window_ends=at + 30))
    put(portal, "quickbooks", Standing(month=f"{timezone.now():%Y-%m}", metered=1204))
    ((clio, _),) = shown(portal, "clio")
    assert clio.startswith("38 of 50 calls left until ")
    assert shown(portal, "quickbooks") == [
        ("440 of 440 calls a minute left", "ok"),
        ("1,204 of 500,000 metered reads used this month (0 %)", "ok"),
    ]
    assert all(text in page(alice_client) for text in (clio, "440 of 440 calls a minute left", "1,204 of 500,000"))


def test_without_calls_lately_all_are_left(portal: Portal) -> None:
    put(portal, "clio", Standing(limit=50, left=3, window_ends=timezone.now().timestamp() - 1))
    assert shown(portal, "clio") == [("No call in the last minute, so all of Clio’s calls are left", "ok")]


def test_a_system_that_refuses_calls_is_said_to_and_when_it_is_tried_again(portal: Portal) -> None:
    at = timezone.now().timestamp()
    put(portal, "quickbooks", heard(Standing(), "", Heard(True, {}, 60.0, named=True), at))
    text, tone = shown(portal, "quickbooks")[0]
    assert (text.startswith("QuickBooks asks to wait; the next call is tried at "), tone) == (True, "warn")


@pytest.mark.parametrize(
    ("used", "said"),
    [(59, "59 of 100 metered reads used this month (59 %)"), (60, "from 80 % on"), (80, "read once a day until 1 ")],
)
def test_metered_reads_are_said_with_the_share_and_what_follows(
    portal: Portal, settings: Settings, used: int, said: str
) -> None:
    settings.METERED_READS_A_MONTH = 100
    put(portal, "quickbooks", Standing(month=f"{timezone.now():%Y-%m}", metered=used))
    text, tone = shown(portal, "quickbooks")[1]
    assert (said in text, tone) == (True, "ok" if used == 59 else "warn")


def test_a_connection_that_has_to_be_made_again_is_the_first_thing_on_the_dashboard(
    portal: Portal, alice_client: Client
) -> None:
    reason = "QuickBooks no longer accepts this connection."
    Connection.objects.of(portal.firm).filter(system="quickbooks").update(state="reconnect", reason=reason)
    said = page(alice_client)
    assert "QuickBooks has to be connected again." in said
    assert reason in said
    assert "calls a minute left" not in said


@pytest.mark.parametrize(("days", "offered"), [(61, False), (59, True)])
def test_an_authorisation_that_ends_can_be_given_again_before_it_does(
    portal: Portal, alice_client: Client, days: int, offered: bool
) -> None:
    ends = timezone.now() + timedelta(days=days)
    OAuthToken.objects.of(portal.firm).filter(connection__system="quickbooks").update(ends_at=ends)
    said = alice_client.get("/f/acme/connections/").content.decode()
    assert "Authorised until" in said
    assert ("Connect QuickBooks again" in said, "connect it again before then" in said) == (offered, offered)


def test_looking_at_the_dashboard_writes_nothing(portal: Portal, alice_client: Client) -> None:
    CallBudget.objects.of(portal.firm).delete()
    page(alice_client)
    assert not CallBudget.objects.of(portal.firm).exists()


def test_the_dashboard_is_no_slower_for_it(
    portal: Portal, alice_client: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(32):
        page(alice_client)
