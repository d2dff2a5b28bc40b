"""The proof on a screen: one sentence, the sums, each difference with what explains it, and the comparisons before."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from firms.models import Firm
from integrations import errands
from integrations.models import Errand, Issue, Proof, ProofDifference
from integrations.queries import proof as queries
from tests.portal import Portal
from tests.sync.test_reconcile import one_cent_more
from tests.web.test_trust import money_held

ADDRESS = "/f/acme/proof/"
MOST_QUERIES = 12


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"{ADDRESS}{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def compare(client: Client, portal: Portal) -> Proof:
    """Presses the button and lets the queue do it."""
    client.post(ADDRESS)
    errand = Errand.objects.of(portal.firm).filter(purpose="proof").latest("id")
    portal.clock.sleep(2)
    errands.carry_out(errand.pk, portal.clock)
    return Proof.objects.of(portal.firm).latest("id")


def test_before_the_first_comparison_the_page_says_what_one_is(bob_client: Client, portal: Portal) -> None:
    shown = page(bob_client)
    assert (
        '<p class="verdict">Nothing compared yet.' in shown and "It writes nothing" in shown and "Compare now" in shown
    )


def test_equal_books_are_said_to_be_equal_first_with_both_receivables(bob_client: Client, portal: Portal) -> None:
    portal.bill("1250.50")
    portal.run()
    compare(bob_client, portal)
    shown = page(bob_client)
    assert '<p class="verdict">Equal as of ' in shown
    assert shown.count("1,250.50") == 2 and "Differs" not in shown
    assert "asked for by" in shown and "Bills</th><td" in shown


def test_a_difference_is_shown_with_both_values_where_it_is_and_what_to_do(bob_client: Client, portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1042")
    portal.run()
    one_cent_more(portal, bill)
    compare(bob_client, portal)
    shown = page(bob_client)
    assert '<p class="verdict">1 difference that nothing explains as of ' in shown
    assert "1,000.00</bdi>" in shown and "1,000.01</bdi>" in shown
    assert f'href="/f/acme/records/invoice/{bill}/"' in shown
    assert "Clio ↗" in shown and "QuickBooks ↗" in shown
    assert "Unexplained" in shown and "the issue that opens then offers both versions" in shown
    assert "\N{MINUS SIGN}0.01" in shown and "Differs" in shown


@pytest.mark.parametrize(
    ("what", "said", "shown"),
    [
        ("applied", "1250.50 of bill 1042, 60.00 of bill 7", "1,250.50 of bill 1042, 60.00 of bill 7"),
        ("doubled", "2186.21 beside 47", "2,186.21 beside 47"),
        ("lines", "1000.00, 2000.00", "1,000.00, 2,000.00"),
        ("date", "2026-03-13", "13 Mar 2026"),
        ("reference", "2026-03-13", "2026-03-13"),
        ("number", "1042.50", "1042.50"),
    ],
)
def test_a_difference_says_amounts_and_days_as_people_do(
    bob_client: Client, portal: Portal, what: str, said: str, shown: str
) -> None:
    bill = portal.bill("1000.00", number="1042")
    portal.run()
    one_cent_more(portal, bill)
    compare(bob_client, portal)
    row = ProofDifference.objects.of(portal.firm).get()
    row.data |= {"what": what, "clio": said, "quickbooks": ""}
    row.save()
    assert f"<bdi>{shown}</bdi>" in page(bob_client) and "<bdi>blank</bdi>" in page(bob_client)


def test_what_explains_a_difference_is_linked_and_who_accepted_it_is_named(
    bob_client: Client, alice_client: Client, portal: Portal
) -> None:
    bill = portal.bill("1000.00", number="1042")
    portal.run()
    one_cent_more(portal, bill)
    portal.run()
    compare(bob_client, portal)
    drift = Issue.objects.of(portal.firm).get(code="drift")
    shown = page(bob_client)
    assert "1 difference, explained by an issue, as of" in shown and f"/f/acme/issues/{drift.pk}/" in shown
    assert "Changed in QuickBooks</a>" in shown
    alice_client.post(f"/f/acme/issues/{drift.pk}/", {"action": "ignore", "note": "Agreed by phone"})
    compare(bob_client, portal)
    shown = page(bob_client)
    assert "Equal but for 1 difference that somebody accepted" in shown
    assert "alice@example.com" in shown and "Agreed by phone" in shown


def test_trust_is_shown_per_account_with_bank_and_liability(bob_client: Client, portal: Portal) -> None:
    money_held(portal)
    compare(bob_client, portal)
    shown = page(bob_client)
    assert "Bank in QuickBooks" in shown and "Owed to clients" in shown
    assert shown.count("\N{MINUS SIGN}2,000.00") == 3 and "5,000.00" in shown
    assert "Money in transit" in shown and "Nothing waits" in shown


def test_thousands_of_differences_are_paged_and_narrowed(
    bob_client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = portal.contact()
    for number in range(3):
        portal.bill("10.00", contact=contact, number=str(2000 + number))
    compare(bob_client, portal)
    monkeypatch.setattr(queries, "SIZE", 2)
    first, second = page(bob_client), page(bob_client, "?from=2")
    assert "Next page" in first and first.count("Unexplained</span>") == 2
    assert "First page" in second
    assert "No difference of this sort" in page(bob_client, "?show=accepted")


def test_a_comparison_that_failed_says_why_and_shows_the_one_before(bob_client: Client, portal: Portal) -> None:
    portal.bill("1250.50")
    portal.run()
    compare(bob_client, portal)
    failed = compare(bob_client, portal)
    Proof.objects.of(portal.firm).filter(pk=failed.pk).update(reason="QuickBooks does not answer.", is_equal=False)
    shown = page(bob_client)
    assert "Could not be compared at" in shown and "QuickBooks does not answer." in shown
    assert "The one before: Equal as of" in shown and "1,250.50" in shown


def test_it_shows_how_it_goes_while_it_is_made(bob_client: Client, portal: Portal) -> None:
    bob_client.post(ADDRESS)
    errand = Errand.objects.of(portal.firm).get(purpose="proof")
    shown = page(bob_client)
    assert f"/f/acme/errands/{errand.pk}/" in shown and "Compare now" not in shown
    Errand.objects.of(portal.firm).update(state="working")
    assert "Reading both systems and comparing them" in page(bob_client)


def test_earlier_comparisons_are_listed_and_can_be_opened(bob_client: Client, portal: Portal) -> None:
    portal.bill("10.00")
    first = compare(bob_client, portal)
    portal.run()
    compare(bob_client, portal)
    shown = page(bob_client)
    assert "Equal as of" in shown and f'href="/f/acme/proof/{first.pk}/"' in shown
    before = bob_client.get(f"/f/acme/proof/{first.pk}/").content.decode()
    assert "that nothing explains" in before and "The latest comparison" in before


def test_viewers_look_and_do_not_ask(vera_client: Client, portal: Portal) -> None:
    assert "Compare now" not in page(vera_client)
    assert vera_client.post(ADDRESS).status_code == 403
    assert not Errand.objects.of(portal.firm).exists()


def test_a_firm_without_connections_is_sent_there(alice_client: Client, acme: Firm) -> None:
    assert "connect" in alice_client.get(ADDRESS).content.decode().lower()
    assert "Nothing can be compared yet" in alice_client.post(ADDRESS, follow=True).content.decode()


def test_the_proofs_of_another_firm_are_not_there(
    bob_client: Client, charlie_client: Client, portal: Portal, globex: Firm
) -> None:
    portal.bill("10.00")
    made = compare(bob_client, portal)
    assert charlie_client.get(f"/f/acme/proof/{made.pk}/").status_code == 404
    assert charlie_client.get(f"/f/globex/proof/{made.pk}/").status_code == 404
    assert bob_client.get(f"/f/acme/proof/{made.pk + 1}/").status_code == 404


def test_the_issue_leads_to_the_page(bob_client: Client, portal: Portal) -> None:
    issue = Issue.objects.of(portal.firm).create(
        pairing=portal.pairing, code="proof_differs", severity="error", title="x", opened_at=portal.clock.now()
    )
    assert f'href="{ADDRESS}"' in bob_client.get(f"/f/acme/issues/{issue.pk}/").content.decode()
    assert "See each difference" in bob_client.get(f"/f/acme/issues/{issue.pk}/").content.decode()


def test_the_page_costs_twelve_queries_at_most_however_much_differs(
    bob_client: Client, synced: Portal, django_assert_max_num_queries: Any
) -> None:
    made = compare(bob_client, synced)
    row = {"standing": "explained", "kind": "invoice", "practice_id": "1", "data": {"issue": 1, "ledger_id": "1"}}
    many = [ProofDifference(pairing=synced.pairing, proof=made, position=9 + n, **row) for n in range(200)]
    ProofDifference.objects.of(synced.firm).bulk_create(many)
    for days in range(12):
        at = made.made_at - timedelta(days=days)
        Proof.objects.of(synced.firm).create(pairing=synced.pairing, made_at=at, is_equal=True)
    for address in (ADDRESS, f"/f/acme/proof/{made.pk}/"):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert bob_client.get(address).status_code == 200
