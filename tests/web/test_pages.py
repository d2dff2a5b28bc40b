"""Every page opens for everybody it is meant for, with an empty firm and with data, and says what it counts."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import EntityLink, Issue, SyncRun
from tests.portal import Portal

PAGES = (
    "dashboard",
    "setup",
    "connections",
    "mappings",
    "preview",
    "runs",
    "log",
    "issues",
    "quickbooks_only",
    "trust",
    "proof",
    "team",
)


def addresses() -> list[str]:
    listed = [reverse(name, kwargs={"firm": "acme"}) for name in PAGES]
    return [
        *listed,
        *(
            reverse("records", kwargs={"firm": "acme", "kind": k})
            for k in ("contact", "invoice", "payment", "trust_entry")
        ),
    ]


@pytest.mark.parametrize("who", ["alice_client", "bob_client", "vera_client"])
def test_every_page_opens_for_every_role_of_a_firm_that_has_done_nothing_yet(who: str, request) -> None:
    client: Client = request.getfixturevalue(who)
    for address in addresses():
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "Connect Clio to begin" in answer.content.decode(), address


@pytest.mark.parametrize("who", ["alice_client", "bob_client", "vera_client"])
def test_every_page_opens_for_every_role_of_a_firm_with_records(who: str, synced: Portal, request) -> None:
    client: Client = request.getfixturevalue(who)
    for address in [*addresses(), *details(synced)]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "1 thing needs you" in answer.content.decode(), address


def details(portal: Portal) -> list[str]:
    run = SyncRun.objects.of(portal.firm).latest("pk")
    issues = [reverse("issue", args=["acme", issue.pk]) for issue in Issue.objects.of(portal.firm)]
    links = EntityLink.objects.of(portal.firm)
    assert issues and links.count() >= 5
    return [
        reverse("run", args=["acme", run.pk]),
        *issues,
        *(reverse("record", args=["acme", link.kind, link.practice_id]) for link in links),
    ]


def test_no_page_carries_inline_script_or_style(alice_client: Client, synced: Portal) -> None:
    for address in [*addresses(), *details(synced)]:
        page = alice_client.get(address).content.decode()
        assert not re.search(r"<style|style=\"|<script(?![^>]*src=)|\son[a-z]+=\"", page), address


@pytest.mark.parametrize(
    "words",
    [
        "?before=abc",
        "?after=99999999999999999999999",
        "?before=-1",
        "?q=%00",
        "?state=nonsense",
        "?tab=x&code=y",
        "?kind=%27&outcome=%22&from=1e9",
    ],
)
def test_an_odd_query_never_breaks_a_page(words: str, alice_client: Client, synced: Portal) -> None:
    for address in [*addresses(), *details(synced)]:
        assert alice_client.get(address + words).status_code == 200, address + words


def test_records_of_another_firm_and_records_that_are_not_there_are_not_found(
    charlie_client: Client, alice_client: Client, synced: Portal
) -> None:
    for address in details(synced):
        assert charlie_client.get(address).status_code == 404
        assert charlie_client.get(address.replace("/acme/", "/globex/")).status_code == 404
    for address in ("runs/999999999999999999999/", "issues/424242/", "records/invoice/424242/", "records/nonsense/"):
        assert alice_client.get(f"/f/acme/{address}").status_code == 404, address


def test_a_page_costs_the_same_number_of_queries_however_many_records_it_shows(
    alice_client: Client, synced: Portal, django_assert_max_num_queries
) -> None:
    for number in range(20):
        synced.bill("10.00", number=str(3000 + number))
    synced.run()
    for address in [*addresses(), *details(synced)[:6]]:
        with django_assert_max_num_queries(32):
            alice_client.get(address)


def test_a_record_leads_to_the_same_thing_in_clio_and_in_quickbooks(
    alice_client: Client, synced: Portal, settings: Any
) -> None:
    link = EntityLink.objects.of(synced.firm).filter(kind="invoice").first()
    assert link
    address = reverse("record", args=["acme", "invoice", link.practice_id])
    played = alice_client.get(address).content.decode()
    assert f"/bills/{link.practice_id}/" in played and f"/invoices/{link.ledger_id}/" in played
    settings.SANDBOX = False
    real = alice_client.get(address).content.decode()
    assert f"/nc/#/bills/{link.practice_id}" in real
    assert f"https://app.qbo.intuit.com/app/invoice?txnId={link.ledger_id}" in real


def test_the_screens_lead_to_the_page_of_the_manual_that_is_about_them(alice_client: Client, synced: Portal) -> None:
    for name, page in (("setup", "getting-started"), ("mappings", "accounting"), ("trust", "accounting")):
        shown = alice_client.get(reverse(name, kwargs={"firm": "acme"})).content.decode()
        assert f'href="/docs/{page}/' in shown, name
    for issue in Issue.objects.of(synced.firm):
        shown = alice_client.get(reverse("issue", args=["acme", issue.pk])).content.decode()
        assert f'href="/docs/issues/#{issue.code}"' in shown
