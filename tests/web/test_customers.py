"""Customers that stand for nobody in Clio: found, copied, linked to a contact, ignored, downloaded."""

import csv
import time
from typing import Any

import pytest
from django.test import Client

from integrations.core.sheets import harmless
from integrations.models import EntityLink, IgnoredCustomer, Issue, Record, SyncEvent
from integrations.queries import customers, unlinked
from integrations.queries.paging import SIZE
from integrations.sync import mirror
from tests.portal import Portal

ADDRESS = "/f/acme/quickbooks-only/"


def customer(portal: Portal, name: str, email: str = "", **members: Any) -> str:
    mail = {"PrimaryEmailAddr": {"Address": email}} if email else {}
    return str(portal.quickbooks.create_customer(name, **mail, **members)["Id"])


def names(client: Client, query: str = "") -> list[str]:
    return [row.name for row in client.get(f"{ADDRESS}?{query}").context["page"].rows]


def downloaded(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"{ADDRESS}download/?{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8" and answer.streaming  # type: ignore[attr-defined]
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.reader(text.removeprefix("\ufeff").splitlines()))


def test_they_are_listed_with_what_a_contact_needs(alice_client: Client, synced: Portal) -> None:
    page = alice_client.get(ADDRESS).content.decode()
    assert "1 active customer of QuickBooks stands for nobody" in page
    assert "Walk-in Client" in page and "walk@example.com" in page and "Ann Lee" not in page
    assert "Nobody found" in alice_client.get(f"{ADDRESS}?q=zzz").content.decode()


def test_the_details_can_be_copied_with_and_without_a_script(alice_client: Client, portal: Portal) -> None:
    id = customer(
        portal,
        "Zoë <O’Hara>",
        "zoe@example.com",
        GivenName="Zoë",
        FamilyName="O’Hara",
        PrimaryPhone={"FreeFormNumber": "+1 555 010 2222"},
        Mobile={"FreeFormNumber": "555-0103"},
        BillAddr={"Line1": "1 High St", "Line2": "Flat 2", "City": "Springfield", "PostalCode": "12345"},
        ShipAddr={"Line1": "2 Low St"},
    )
    portal.run()
    page = alice_client.get(f"{ADDRESS}{id}/").content.decode()
    everything = "Zoë &lt;O’Hara&gt;\nZoë O’Hara\nzoe@example.com\n+1 555 010 2222\n555-0103\n"
    everything += "1 High St\nFlat 2\nSpringfield 12345\n2 Low St"
    assert f'data-copy="{everything}"' in page
    assert page.count('<span class="copy">') == page.count("hidden>Copy</button>") == 7
    assert "/static/js/copy" in page and "<br>Flat 2" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=zoe", ["Zoë O’Hara"]),
        ("q=O'HARA ZOË", ["Zoë O’Hara"]),
        ("q=lodz", ["Łódź Textiles"]),
        ("q=widget", ["Zoë O’Hara"]),
        ("q=zoe%40widgets", ["Zoë O’Hara"]),
        ("q=0102222", ["Łódź Textiles"]),
        ("q=555-010", ["Łódź Textiles"]),
        ("q=%25", ["Łódź Textiles", "Zoë O’Hara"]),
        ("q=zoe+lodz", []),
    ],
)
def test_a_search_minds_no_case_accents_or_punctuation(
    query: str, found: list[str], alice_client: Client, portal: Portal
) -> None:
    customer(portal, "Zoë O’Hara", "zoe@widgets.example", CompanyName="Widgets Ltd")
    customer(portal, "Łódź Textiles", PrimaryPhone={"FreeFormNumber": "(555) 010-2222"})
    portal.run()
    assert names(alice_client, query) == found


def test_names_stand_where_people_look_for_them(alice_client: Client, portal: Portal) -> None:
    for name in ("Zander", "Élan", "eagle", "Österreich", "“Fable”", "Ørsted", "ant", "中文"):
        customer(portal, name)
    portal.run()
    assert names(alice_client) == ["ant", "eagle", "Élan", "“Fable”", "Ørsted", "Österreich", "Zander", "中文"]


def test_inactive_ones_are_shown_when_asked_for(alice_client: Client, portal: Portal) -> None:
    portal.quickbooks.deactivate("Customer", customer(portal, "Gone"))
    customer(portal, "Here")
    portal.run()
    assert names(alice_client) == ["Here"]
    assert len(names(alice_client, "inactive=1")) == 2


def test_a_long_list_is_paged_by_name_and_fast(
    alice_client: Client, portal: Portal, django_assert_max_num_queries: Any
) -> None:
    rows = [{"Id": str(9000 + n), "DisplayName": f"Customer {n // 2:05}", "Active": True} for n in range(20_000)]
    for start in range(0, len(rows), 5000):
        mirror.keep_ledger(portal.pairing, "Customer", rows[start : start + 5000])
    first = alice_client.get(ADDRESS).context["page"]
    second = alice_client.get(ADDRESS + first.older).context["page"]
    seen = [row.id for row in (*first.rows, *second.rows)]
    assert len(seen) == len(set(seen)) == 2 * SIZE and [row.name for row in second.rows] == sorted(
        row.name for row in second.rows
    )
    begun = time.monotonic()
    with django_assert_max_num_queries(32):
        assert names(alice_client, "q=customer+09999") == ["Customer 09999", "Customer 09999"]
    assert time.monotonic() - begun < 5


def test_few_or_very_many_are_the_same_customers(
    alice_client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.bill("10.00")
    for name, told in {"Bo": {}, "Cy": {}, "Éa": {}, "Di": {"Active": False}}.items():
        customer(portal, name, **told)
    ignored = customer(portal, "Bea")
    portal.run()
    alice_client.post(f"{ADDRESS}{ignored}/", {"action": "ignore"})

    def looked() -> list[tuple[list[str], object]]:
        answers = (alice_client.get(f"{ADDRESS}?{query}").context for query in ("", "inactive=1", "q=b", "tab=ignored"))
        return [([row.name for row in answer["page"].rows], answer["tabs"]) for answer in answers]

    few = looked()
    monkeypatch.setattr(unlinked, "MOST", 1)
    assert few == looked()
    assert [names for names, _ in few] == [["Bo", "Cy", "Éa"], ["Bo", "Cy", "Di (deleted)", "Éa"], ["Bo"], ["Bea"]]
    assert few[0][1] == [("", "Listed", 3), ("ignored", "Ignored", 1)]


def test_pages_of_few_follow_each_other(alice_client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers, "SIZE", 2)
    rows = [{"Id": str(900 + n), "DisplayName": name} for n, name in enumerate(("Cy", "Ann", "Bo", "Bo", "Di"))]
    mirror.keep_ledger(portal.pairing, "Customer", rows)
    seen, older = [], "?"
    while older:
        page = alice_client.get(ADDRESS + older).context["page"]
        seen += [row.name for row in page.rows]
        older = page.older
    assert seen == ["Ann", "Bo", "Bo", "Cy", "Di"]


# Linking


def test_who_it_may_be_is_said_with_the_reasons(alice_client: Client, portal: Portal) -> None:
    id = customer(portal, "Lee Consulting LLC", "ann@example.com")
    portal.contact()
    portal.contact("Bob", "Stone", "bob@example.com")
    portal.clio.create_contact(type="Company", name="Lee Consulting")
    portal.run()
    found = alice_client.get(f"{ADDRESS}{id}/").context["candidates"]
    assert [(row.name, row.reasons) for row in found] == [
        ("Ann Lee", ("same e-mail address",)),
        ("Lee Consulting", ("same name, written differently",)),
    ]
    looked_for = alice_client.get(f"{ADDRESS}{id}/?q=stone").context["candidates"]
    assert [row.name for row in looked_for] == ["Bob Stone"]
    assert "Perhaps" in alice_client.get(ADDRESS).content.decode()


def test_a_link_is_decided_here_and_made_by_the_next_sync(bob_client: Client, portal: Portal) -> None:
    id, contact = customer(portal, "A. Lee & Sons"), portal.contact()
    portal.run()
    answer = bob_client.post(f"{ADDRESS}{id}/", {"action": "link", "contact": str(contact)}, follow=True)
    page = answer.content.decode()
    assert "is Ann Lee in Clio. The next sync links the two" in page and "linked by the next sync" in page
    assert not EntityLink.objects.of(portal.firm).filter(kind="contact").exists()
    portal.run()
    link = EntityLink.objects.of(portal.firm).get(kind="contact")
    assert (link.practice_id, link.ledger_id, link.state) == (str(contact), id, "live")
    assert portal.codes() == [] and names(bob_client) == []
    event = SyncEvent.objects.of(portal.firm).get(outcome="decided")
    assert event.actor is not None and event.actor.email == "bob@example.com"
    redirected = bob_client.get(f"{ADDRESS}{id}/")
    assert redirected["Location"] == f"/f/acme/records/contact/{contact}/"


def test_bills_of_a_linked_contact_go_to_that_customer_and_no_second_one_is_made(
    bob_client: Client, portal: Portal
) -> None:
    id, contact = customer(portal, "A. Lee & Sons"), portal.contact()
    portal.run()
    bob_client.post(f"{ADDRESS}{id}/", {"action": "link", "contact": str(contact)})
    portal.bill("100.00", contact=contact, number="1")
    portal.run()
    assert portal.invoice("1")["CustomerRef"]["value"] == id
    assert len(portal.quickbooks.all("Customer")) == 1
    written = portal.writes()
    portal.run()
    assert portal.writes() == written


def test_a_decision_answers_the_open_question_about_the_contact(bob_client: Client, portal: Portal) -> None:
    first, second = customer(portal, "Ann Lee"), customer(portal, "Ann Lee (home)")
    contact = portal.contact()
    portal.bill("100.00", contact=contact, number="1")
    portal.run()
    assert portal.codes() == ["probable_match"]
    bob_client.post(f"{ADDRESS}{second}/", {"action": "link", "contact": str(contact), "note": "asked her"})
    issue = Issue.objects.of(portal.firm).get(code="probable_match")
    assert (issue.state, issue.value, issue.note) == ("decided", second, "asked her")
    portal.run()
    assert portal.invoice("1")["CustomerRef"]["value"] == second != first


@pytest.mark.parametrize("taken", ["contact", "customer", "decided", "inactive", "gone", "nobody"])
def test_what_cannot_be_linked_is_refused_and_nothing_changes(taken: str, bob_client: Client, portal: Portal) -> None:
    id, other = customer(portal, "A. Lee & Sons"), customer(portal, "Other")
    contact, second = portal.contact(), portal.contact("Bob", "Stone", "bob@example.com")
    portal.run()
    sent = {"action": "link", "contact": str(contact)}
    match taken:
        case "contact":
            link_row(portal, str(contact), other)
        case "customer":
            link_row(portal, str(second), id)
        case "decided":
            bob_client.post(f"{ADDRESS}{id}/", {"action": "link", "contact": str(second)})
        case "inactive":
            portal.quickbooks.deactivate("Customer", id)
            portal.run()
        case "gone":
            Record.objects.of(portal.firm).filter(entity="contacts", external_id=str(contact)).update(is_deleted=True)
        case "nobody":
            sent["contact"] = ""
    before = Issue.objects.of(portal.firm).count()
    answer = bob_client.post(f"{ADDRESS}{id}/", sent)
    if taken == "customer":
        assert answer["Location"] == f"/f/acme/records/contact/{second}/"
    else:
        assert answer.status_code == 422 and "Nothing was decided." in answer.content.decode()
    assert Issue.objects.of(portal.firm).count() == before


def link_row(portal: Portal, contact: str, customer_id: str) -> None:
    EntityLink.objects.of(portal.firm).create(
        pairing=portal.pairing, kind="contact", practice_id=contact, ledger_entity="Customer", ledger_id=customer_id
    )


# Ignoring


def test_an_ignored_customer_is_kept_with_who_and_why_and_can_come_back(bob_client: Client, portal: Portal) -> None:
    id = customer(portal, "Coffee Supplier")
    customer(portal, "Other")
    portal.run()
    bob_client.post(f"{ADDRESS}{id}/", {"action": "ignore", "note": "not a client"})
    assert names(bob_client) == ["Other"] and names(bob_client, "tab=ignored") == ["Coffee Supplier"]
    page = bob_client.get(f"{ADDRESS}?tab=ignored").content.decode()
    assert "Ignored by <bdi>Bob</bdi>" in page and "not a client" in page
    assert names(bob_client, "tab=ignored&q=coffee") == ["Coffee Supplier"]
    bob_client.post(f"{ADDRESS}{id}/", {"action": "list"})
    assert names(bob_client) == ["Coffee Supplier", "Other"] and names(bob_client, "tab=ignored") == []
    told = SyncEvent.objects.of(portal.firm).filter(outcome="decided", ledger_id=id).order_by("id")
    assert [event.message for event in told] == ["Ignored: not a client", "Listed again"]


def test_ignoring_twice_is_ignoring_once_and_a_link_ends_it(bob_client: Client, portal: Portal) -> None:
    id, contact = customer(portal, "A. Lee & Sons"), portal.contact()
    portal.run()
    for _ in range(2):
        bob_client.post(f"{ADDRESS}{id}/", {"action": "ignore"})
    assert IgnoredCustomer.objects.of(portal.firm).count() == 1
    bob_client.post(f"{ADDRESS}{id}/", {"action": "link", "contact": str(contact)})
    assert not IgnoredCustomer.objects.of(portal.firm).exists()


def test_a_note_may_not_be_endless_and_an_odd_action_does_nothing(bob_client: Client, portal: Portal) -> None:
    id = customer(portal, "Coffee Supplier")
    portal.run()
    answer = bob_client.post(f"{ADDRESS}{id}/", {"action": "ignore", "note": "x" * 2001})
    assert answer.status_code == 422 and "x" * 2001 in answer.content.decode()
    assert bob_client.post(f"{ADDRESS}{id}/", {"action": "delete"}).status_code == 422
    assert names(bob_client) == ["Coffee Supplier"]


# The file


def test_the_file_holds_what_is_shown(alice_client: Client, portal: Portal) -> None:
    customer(portal, "Zoë", "zoe@example.com", BillAddr={"Line1": "1 High St", "City": "Springfield"})
    portal.quickbooks.deactivate("Customer", customer(portal, "Gone"))
    portal.run()
    heading, *rows = downloaded(alice_client)
    (zoe,) = [dict(zip(heading, row, strict=True)) for row in rows]
    assert (zoe["Name"], zoe["E-mail"], zoe["Billing address"]) == ("Zoë", "zoe@example.com", "1 High St, Springfield")
    assert len(downloaded(alice_client, "inactive=1")) == 3 and len(downloaded(alice_client, "q=nobody")) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_it_is_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless(f"a{start}1") == f"a{start}1"


def test_a_name_that_is_a_formula_stays_text(alice_client: Client, portal: Portal) -> None:
    customer(portal, "=cmd|' /C calc'!A0", PrimaryPhone={"FreeFormNumber": "+1 555"})
    portal.run()
    _, row = downloaded(alice_client)
    assert row[0].startswith("'=cmd") and "'+1 555" in row


# Who may


def test_a_viewer_looks_and_copies_and_decides_nothing(vera_client: Client, portal: Portal) -> None:
    id = customer(portal, "Coffee Supplier")
    portal.run()
    page = vera_client.get(f"{ADDRESS}{id}/").content.decode()
    assert "To link or ignore a customer it takes" in page and 'value="ignore"' not in page
    assert vera_client.post(f"{ADDRESS}{id}/", {"action": "ignore"}).status_code == 403
    assert len(downloaded(vera_client)) == 2


def test_a_stranger_finds_nothing(charlie_client: Client, portal: Portal) -> None:
    id = customer(portal, "Coffee Supplier")
    portal.run()
    for address in (ADDRESS, f"{ADDRESS}{id}/", f"{ADDRESS}download/"):
        assert charlie_client.get(address).status_code == 404, address
    assert charlie_client.post(f"{ADDRESS}{id}/", {"action": "ignore"}).status_code == 404
    assert charlie_client.get(f"/f/globex/quickbooks-only/{id}/").status_code == 404


def test_a_firm_without_connections_is_told_so(alice_client: Client, acme: object) -> None:
    assert alice_client.get(ADDRESS).status_code == 200
    assert alice_client.get(f"{ADDRESS}download/")["Location"] == ADDRESS
    assert alice_client.get(f"{ADDRESS}1/").status_code == 404
