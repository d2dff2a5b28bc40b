"""Issues through the screens: lists, decisions, refusals, and adopting many invoices at once."""

import html
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from firms.models import Firm
from integrations.issue_advice import ADVICE
from integrations.issue_codes import CODES
from integrations.models import Issue, SyncEvent
from tests.models.rows import issue_of, pairing_of
from tests.portal import Portal


@pytest.fixture
def probable(portal: Portal) -> Issue:
    """A contact who may be one of two customers."""
    for name in ("Ann Lee", "Ann Lee (home)"):
        portal.quickbooks.create_customer(name, GivenName="Ann", FamilyName="Lee")
    portal.bill("100.00")
    portal.run()
    return Issue.objects.of(portal.firm).get(code="probable_match")


def hidden(page: str) -> dict[str, str]:
    """What a form sends along unseen."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def at(issue: Issue) -> str:
    return f"/f/acme/issues/{issue.pk}/"


def test_the_page_says_what_happened_why_it_matters_and_offers_the_candidates(
    bob_client: Client, probable: Issue
) -> None:
    page = bob_client.get(at(probable)).content.decode()
    for said in ("What happened", "Why it matters", "What to do", "Ann Lee", "Link to this customer"):
        assert said in page
    assert page.count('type="radio"') == len(probable.details["candidates"])


def test_linking_wants_one_of_the_candidates_and_loses_no_note(bob_client: Client, probable: Issue) -> None:
    for value, said in (("", "Choose the customer first"), ("424242", "not one of those shown")):
        answer = bob_client.post(at(probable), {"action": "link", "value": value, "note": "asked Ann"})
        assert answer.status_code == 422
        assert said in answer.content.decode() and "asked Ann" in answer.content.decode()
    probable.refresh_from_db()
    assert probable.state == "open"


def test_a_decision_is_kept_with_who_and_why_and_the_next_sync_carries_it_out(
    bob_client: Client, probable: Issue, portal: Portal
) -> None:
    chosen = probable.details["candidates"][0]
    bob_client.post(at(probable), {"action": "link", "value": chosen, "note": "asked Ann"})
    page = bob_client.get(at(probable)).content.decode()
    assert "Link to this customer" in page and "Bob" in page and "asked Ann" in page
    assert "1 decision waits for the next sync" in page
    portal.run()
    (invoice,) = portal.quickbooks.all("Invoice")
    assert invoice["CustomerRef"]["value"] == chosen


@pytest.mark.parametrize("action", ["", "nonsense", "adopt", "\x00"])
def test_an_action_that_does_not_fit_is_told(action: str, bob_client: Client, probable: Issue) -> None:
    answer = bob_client.post(at(probable), {"action": action})
    assert answer.status_code == 422 and "does not fit this issue" in answer.content.decode()


def test_a_note_may_be_long_but_not_endless(bob_client: Client, probable: Issue) -> None:
    assert bob_client.post(at(probable), {"action": "ignore", "note": "x" * 2001}).status_code == 422
    assert bob_client.post(at(probable), {"action": "ignore", "note": "x" * 2000}).status_code == 302


def test_a_viewer_reads_and_decides_nothing(vera_client: Client, probable: Issue) -> None:
    assert "To decide this it takes" in vera_client.get(at(probable)).content.decode()
    assert vera_client.post(at(probable), {"action": "ignore"}).status_code == 403
    assert vera_client.post("/f/acme/issues/adopt/").status_code == 403
    assert not SyncEvent.objects.of(probable.firm).filter(outcome="decided").exists()


def test_an_accepted_difference_moves_to_its_own_list(bob_client: Client, synced: Portal) -> None:
    issue = Issue.objects.of(synced.firm).get(code="duplicate_number")
    bob_client.post(at(issue), {"action": "ignore", "note": "billed by hand"})
    assert "Nothing is open" in bob_client.get("/f/acme/issues/").content.decode()
    assert "Bill 1044" in bob_client.get("/f/acme/issues/?tab=accepted").content.decode()


def test_the_accepted_list_says_who_accepted_when_and_why(bob_client: Client, synced: Portal) -> None:
    issue = Issue.objects.of(synced.firm).get(code="duplicate_number")
    bob_client.post(at(issue), {"action": "ignore", "note": "billed by hand in January"})
    page = bob_client.get("/f/acme/issues/?tab=accepted").content.decode()
    assert "by <bdi>Bob</bdi>" in page and "just now" in page and "billed by hand in January" in page
    found = bob_client.get("/f/acme/issues/?tab=accepted&code=duplicate_number&q=1044").content.decode()
    assert "billed by hand in January" in found
    assert "billed by hand" not in bob_client.get("/f/acme/issues/").content.decode()


def test_an_accepted_difference_can_be_opened_again(bob_client: Client, synced: Portal) -> None:
    issue = Issue.objects.of(synced.firm).get(code="duplicate_number")
    bob_client.post(at(issue), {"action": "ignore"})
    page = bob_client.get(at(issue)).content.decode()
    assert "Decide again" in page and 'value="reopen"' in page
    bob_client.post(at(issue), {"action": "reopen", "note": "changed my mind"})
    assert "Bill 1044" in bob_client.get("/f/acme/issues/").content.decode()
    told = SyncEvent.objects.of(synced.firm).filter(outcome="decided").order_by("id")
    assert [event.actor.email for event in told if event.actor] == ["bob@example.com"] * 2


def test_a_clash_names_both_documents_with_links_to_both(bob_client: Client, synced: Portal) -> None:
    issue = Issue.objects.of(synced.firm).get(code="duplicate_number")
    for address in (at(issue), "/f/acme/"):
        page = bob_client.get(address).content.decode()
        assert f"/records/invoice/{issue.practice_id}/" in page and f"/bills/{issue.practice_id}/" in page
        assert f"/invoices/{issue.details['holder_id']}/" in page and "Invoice 1044 in QuickBooks" in page, address


def test_renumbering_leads_to_the_bill_in_clio_and_decides_nothing(bob_client: Client, synced: Portal) -> None:
    issue = Issue.objects.of(synced.firm).get(code="duplicate_number")
    page = bob_client.get(at(issue)).content.decode()
    assert f"/bills/{issue.practice_id}/" in page and 'value="renumber"' not in page


def test_issues_are_found_by_code_severity_and_number(bob_client: Client, synced: Portal) -> None:
    for query, found in (
        ("code=duplicate_number", True),
        ("severity=info", False),
        ("q=1044", True),
        ("q=nobody", False),
    ):
        assert ("Bill 1044" in bob_client.get(f"/f/acme/issues/?{query}").content.decode()) is found, query


def test_many_invoices_are_adopted_after_one_yes(bob_client: Client, portal: Portal) -> None:
    customer = portal.quickbooks.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})["Id"]
    item = next(row["Id"] for row in portal.quickbooks.all("Item") if row["Name"] == "Services")
    contact = portal.contact()
    for number in ("701", "702"):
        day = date(2026, 2, 2)
        portal.bill("80.00", contact=contact, number=number, issued=day)
        portal.quickbooks.create_invoice(customer, [(item, Decimal("80.00"))], number=number, TxnDate=day.isoformat())
    portal.run()
    waiting = Issue.objects.of(portal.firm).filter(code="invoice_exists")
    assert waiting.count() == 2
    assert "Adopt all of these" in bob_client.get("/f/acme/issues/?code=invoice_exists").content.decode()
    asked = bob_client.get("/f/acme/issues/adopt/").content.decode()
    assert "Adopt 2 invoices?" in asked
    bob_client.post("/f/acme/issues/adopt/", hidden(asked))
    assert set(waiting.values_list("state", "action")) == {("decided", "adopt")}
    portal.run()
    assert len(portal.quickbooks.all("Invoice")) == 2
    assert "Nothing to adopt" in bob_client.get("/f/acme/issues/adopt/").content.decode()


@pytest.fixture
def conflict(portal: Portal) -> Issue:
    """A contact whose family name was changed on both sides, and whose e-mail was cleared in QuickBooks."""
    ann = portal.contact()
    portal.bill("100.00", contact=ann)
    portal.run()
    portal.clio.edit_contact(ann, last_name="Lowe")
    (customer,) = portal.quickbooks.all("Customer")
    portal.quickbooks.edit_customer(customer["Id"], FamilyName="Leigh", PrimaryEmailAddr=None)
    portal.run()
    return Issue.objects.of(portal.firm).get(code="contact_conflict")


def test_r7_the_page_lets_a_person_pick_field_by_field(bob_client: Client, conflict: Issue) -> None:
    page = bob_client.get(at(conflict)).content.decode()
    for said in ("Family name", "Lowe", "Leigh", "Both last said", "E-mail", "cleared in QuickBooks"):
        assert said in page
    assert page.count('type="radio"') == 4
    assert 'id="p2q" value="quickbooks" disabled' in page  # Clio's entry is never removed


def test_r7_what_was_picked_is_carried_out_and_the_rest_stays_asked(
    bob_client: Client, conflict: Issue, portal: Portal
) -> None:
    sent = {"action": "merge", "pick-family_name": "quickbooks", "note": "Ann told me"}
    assert bob_client.post(at(conflict), sent).status_code == 302
    decided = SyncEvent.objects.of(portal.firm).get(outcome="decided")
    assert (decided.actor and decided.actor.name, decided.message) == (
        "Bob",
        "Use what is chosen for each field (family_name=quickbooks): Ann told me",
    )
    portal.run()
    conflict.refresh_from_db()
    assert (conflict.state, list(conflict.details["fields"])) == ("open", ["primary_email"])
    assert portal.clio.snapshot()["contacts"][0]["last_name"] == "Leigh"
    assert portal.pairing.contact_preferences == {}


@pytest.mark.parametrize(
    ("sent", "preferred"),
    [
        ({"action": "use_clio"}, {"all": "clio"}),
        ({"action": "merge", "pick-family_name": "quickbooks"}, {"family_name": "quickbooks"}),
    ],
)
def test_r7_always_is_kept_and_can_be_changed_with_the_mappings(
    bob_client: Client, conflict: Issue, portal: Portal, sent: dict[str, str], preferred: dict[str, str]
) -> None:
    bob_client.post(at(conflict), {**sent, "always": "yes"})
    assert portal.pairing.contact_preferences == preferred
    page = bob_client.get("/f/acme/mappings/").content.decode()
    (name, side) = next(iter(preferred.items()))
    assert f'<option value="{side}" selected>' in page.split(f'name="prefer:{name}"')[1].split("</select>")[0]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"action": "merge"}, "Choose for at least one field"),
        ({"action": "merge", "pick-family_name": "mine"}, "is no side"),
        ({"action": "merge", "pick-primary_email": "quickbooks"}, "never removes an entry in Clio"),
        ({"action": "use_quickbooks"}, "never removes an entry in Clio"),
    ],
)
def test_r7_a_pick_that_cannot_be_carried_out_is_told(
    bob_client: Client, conflict: Issue, sent: dict[str, str], said: str
) -> None:
    answer = bob_client.post(at(conflict), sent)
    assert answer.status_code == 422 and said in answer.content.decode()
    conflict.refresh_from_db()
    assert conflict.state == "open"


def test_r7_a_choice_that_was_not_taken_is_still_chosen(bob_client: Client, conflict: Issue) -> None:
    sent = {"action": "merge", "pick-family_name": "clio", "pick-primary_email": "quickbooks", "always": "yes"}
    page = bob_client.post(at(conflict), sent).content.decode()
    assert 'id="p1c" value="clio" checked' in page
    assert 'id="always" value="yes" checked' in page


@pytest.fixture
def drifted(portal: Portal) -> Issue:
    """An invoice of ours that somebody renumbered in QuickBooks."""
    portal.bill("100.00", number="701")
    portal.run()
    (invoice,) = portal.quickbooks.all("Invoice")
    portal.quickbooks.renumber_invoice(invoice["Id"], "by hand")
    portal.run()
    return Issue.objects.of(portal.firm).get(code="drift")


def test_both_versions_of_a_changed_document_are_shown_field_by_field(bob_client: Client, drifted: Issue) -> None:
    page = bob_client.get(at(drifted)).content.decode()
    for said in ("Ours, from Clio", "In QuickBooks", "Number", "701", "by hand"):
        assert said in page
    for action in ("restore", "accept_theirs", "unlink", "ignore"):
        assert f'value="{action}"' in page


def test_a_person_reads_amounts_and_days_as_everywhere(bob_client: Client, drifted: Issue) -> None:
    days = {"label": "Date", "ours": "2026-03-13", "theirs": "2026-03-14"}
    drifted.details = {"fields": [{"label": "Amount", "ours": "2186.21", "theirs": "100.00"}, days]}
    drifted.save()
    page = bob_client.get(at(drifted)).content.decode()
    for said in ("2,186.21", "13 Mar 2026", "14 Mar 2026"):
        assert f"<bdi>{said}</bdi>" in page


def test_an_accepted_difference_can_be_opened_again_from_its_page(
    bob_client: Client, drifted: Issue, portal: Portal
) -> None:
    assert bob_client.post(at(drifted), {"action": "reopen"}).status_code == 422
    bob_client.post(at(drifted), {"action": "accept_theirs", "note": "agreed with the client"})
    portal.run()
    page = bob_client.get(at(drifted)).content.decode()
    assert "agreed with the client" in page and 'value="reopen"' in page
    bob_client.post(at(drifted), {"action": "reopen"})
    drifted.refresh_from_db()
    assert drifted.state == "open"
    decided = SyncEvent.objects.of(drifted.firm).filter(outcome="decided").values_list("actor__name", "message")
    assert [(name.split()[0], said.split(":")[0]) for name, said in decided] == [
        ("Bob", "Open again"),
        ("Bob", "Accept QuickBooks's version"),
    ]


def test_no_more_invoices_are_adopted_than_were_there_when_it_was_asked(bob_client: Client, acme: Firm) -> None:
    pairing = pairing_of(acme)
    shown = issue_of(pairing, code="invoice_exists", practice_id="1", ledger_id="101")
    asked = hidden(bob_client.get("/f/acme/issues/adopt/").content.decode())
    later = issue_of(pairing, code="invoice_exists", practice_id="2", ledger_id="102")
    bob_client.post("/f/acme/issues/adopt/", asked)
    states = dict(Issue.objects.of(acme).values_list("pk", "state"))
    assert states == {shown.pk: "decided", later.pk: "open"}
    for odd in ({}, {"last": "9999", "latest": "2026-13-45T00:00:00+00:00"}, {"last": "x", "latest": "y"}):
        bob_client.post("/f/acme/issues/adopt/", odd)
    later.refresh_from_db()
    assert later.state == "open"


def test_candidates_stand_with_a_score_and_the_reasons_the_likest_first(bob_client: Client, portal: Portal) -> None:
    for name, given in (("Lee, Ann", "Ann"), ("Ann Lee", "Ann")):
        portal.quickbooks.create_customer(name, GivenName=given, FamilyName="Lee")
    portal.bill("100.00")
    portal.run()
    issue = Issue.objects.of(portal.firm).get(code="probable_match")
    page = bob_client.get(at(issue)).content.decode()
    scores = [int(score) for score in re.findall(r'class="score number">(\d+)<', page)]
    assert len(scores) == 2 and scores == sorted(scores, reverse=True) and scores[0] > 0
    assert "In Clio: <bdi>Ann Lee</bdi> · <bdi>Person · ann@example.com</bdi>" in page
    assert "Same name" in page and "up to 50 for the e-mail address" in page


def test_only_what_an_issue_names_can_be_adopted(bob_client: Client, acme: Firm) -> None:
    named = {"code": "payment_exists", "kind": "payment", "ledger_id": "7", "details": {"candidates": ["7", "8"]}}
    issue = issue_of(pairing_of(acme), **named)
    page = bob_client.get(at(issue)).content.decode()
    assert page.count('type="radio"') == 2 and 'value="7" checked' in page and "Same customer, same amount" in page
    answer = bob_client.post(at(issue), {"action": "adopt", "value": "9"})
    assert answer.status_code == 422 and "not one of those shown" in answer.content.decode()
    bob_client.post(at(issue), {"action": "adopt", "value": "8"})
    issue.refresh_from_db()
    assert (issue.state, issue.value) == ("decided", "8")


ABOUT_THE_FIRM = {
    name for name, known in ADVICE.items() if known.place and name not in ("name_taken", "period_closed", "not_planned")
}


@pytest.mark.parametrize("name", sorted(CODES))
def test_every_page_says_what_happened_why_and_what_to_do_and_leads_to_the_place(
    name: str, bob_client: Client, acme: Firm, settings: Any
) -> None:
    settings.SANDBOX = False  # as it is with Clio and QuickBooks themselves
    about = {"kind": "", "practice_id": ""} if name in ABOUT_THE_FIRM else {}
    issue = issue_of(pairing_of(acme), code=name, message="It happened so.", **about)
    page = html.unescape(bob_client.get(at(issue)).content.decode())
    for said in ("What happened", "It happened so.", "Why it matters", CODES[name].why, ADVICE[name].text):
        assert said in page, said
    assert re.search(r'<a [^>]*href="[^"]+"[^>]*>(?:Open |See each|Both sides|Clio ↗)', page), "nothing but the manual"
