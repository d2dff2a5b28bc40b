"""The log: every event of a firm, narrowed, paged and downloaded."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from firms.models import Firm, User
from integrations.models import SyncEvent, SyncRun
from integrations.queries import log as queries
from integrations.queries import subjects
from integrations.queries.paging import SIZE
from integrations.sandbox.clio.office import BillLine
from tests.portal import Portal, make_portal

ADDRESS = "/f/acme/log/"
NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)  # noon in New York, where Acme is
SECOND = timedelta(seconds=1)
MOST_QUERIES = 12


def events(portal: Portal, number: int = 1, at: datetime = NOON, **fields: Any) -> list[SyncEvent]:
    """So many lines, a second apart, the first the earliest."""
    fields = {"outcome": "created", "kind": "invoice", "practice_id": "1", "title": "Bill 1", **fields}
    rows = [SyncEvent(pairing=portal.pairing, at=at + n * SECOND, **fields) for n in range(number)]
    return SyncEvent.objects.of(portal.firm).bulk_create(rows)


def shown(client: Client, query: str = "") -> list[SyncEvent]:
    answer = client.get(f"{ADDRESS}{query}")
    assert answer.status_code == 200
    found = answer.context["found"]
    return [row.event for row in found.page.rows] if found else []


def titles(client: Client, query: str = "") -> list[str]:
    """What the lines are about, the earliest first, each once."""
    return list(dict.fromkeys(event.title for event in reversed(shown(client, query))))


def page(client: Client, query: str = "") -> str:
    return " ".join(client.get(f"{ADDRESS}{query}").content.decode().split())


def downloaded(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{ADDRESS}download/{query}")
    assert answer.streaming and answer["Content-Type"] == "text/csv; charset=utf-8"  # type: ignore[attr-defined]
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))


# What is shown


def test_each_line_says_when_what_of_whom_why_how_much_and_in_which_run(alice_client: Client, synced: Portal) -> None:
    run = SyncRun.objects.of(synced.firm).get()
    whole = page(alice_client)
    refused, paid = whole.split("<tr>")[2:4]
    assert '<span class="pill warn">Issue opened</span>' in refused and "<bdi>Bill 1044</bdi>" in refused
    assert "Number already used" in refused and "Number 1044 already belongs to an invoice" in refused
    assert "Ann Stone" in refused and f'href="/f/acme/runs/{run.pk}/"' in refused
    assert "<bdi>Payment" in paid and '<span class="currency">USD</span> 400.00' in paid and "Ann Lee" in paid
    assert "EST</time>" not in whole and 'title="' in whole  # the exact time is the title of the relative one


def test_the_latest_comes_first_and_times_are_the_firms(alice_client: Client, portal: Portal) -> None:
    events(portal, at=NOON, title="earlier")
    events(portal, at=NOON + SECOND, title="later")
    assert [event.title for event in shown(alice_client)] == ["later", "earlier"]
    assert 'title="2 Mar 2026, 12:00:01 EST"' in page(alice_client)


def test_a_record_leads_to_its_page_to_clio_and_to_quickbooks(alice_client: Client, synced: Portal) -> None:
    line = next(row for row in page(alice_client, "?number=1042").split("<tr>") if "Bill 1042" in row)
    bill = SyncEvent.objects.of(synced.firm).get(title="Bill 1042")
    assert f'href="/f/acme/records/invoice/{bill.practice_id}/"' in line
    assert f"/bills/{bill.practice_id}/" in line and f"/invoices/{bill.ledger_id}/" in line
    assert "QuickBooks invoice" in line


def test_what_a_person_decided_names_the_person(alice_client: Client, portal: Portal, bob: User) -> None:
    events(portal, outcome="decided", code="drift", actor=bob, message="Restore ours")
    assert "by <bdi>Bob</bdi>" in page(alice_client)


def test_records_of_a_link_that_was_purged_have_no_page_any_more(alice_client: Client, portal: Portal) -> None:
    events(portal)
    assert "/records/invoice/1/" in page(alice_client)
    pairing = portal.pairing
    pairing.archived_at = NOON
    pairing.save()
    assert "Bill 1" in page(alice_client) and "/records/invoice/1/" not in page(alice_client)


def test_the_run_leads_to_its_events(alice_client: Client, synced: Portal) -> None:
    events(synced, title="of no run")
    run = SyncRun.objects.of(synced.firm).get()
    assert f'href="/f/acme/log/?run={run.pk}"' in alice_client.get(f"/f/acme/runs/{run.pk}/").content.decode()
    assert len(shown(alice_client, f"?run={run.pk}")) == 7 and "of no run" not in titles(alice_client, f"?run={run.pk}")


def test_a_firm_that_has_done_nothing_is_told_what_comes_here(alice_client: Client, acme: Firm) -> None:
    assert (
        "Nothing has happened yet" in page(alice_client)
        and "<form" not in page(alice_client).split("<main")[1].split("<footer")[0]
    )


# Filters


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?kind=contact", ["Ann Lee", "Ann Moss", "Ann Stone"]),
        ("?outcome=issue", ["Bill 1044"]),
        ("?code=duplicate_number", ["Bill 1044"]),
        ("?kind=invoice&outcome=created", ["Bill 1042", "Bill 1043"]),
        ("?kind=contact&outcome=issue", []),
        ("?number=1043", ["Bill 1043"]),
        ("?number=%2301043", ["Bill 1043"]),
        ("?number=104", []),
        ("?number=9999", []),
        ("?contact=moss", ["Ann Moss", "Bill 1043"]),
        ("?contact=MOSS+Ann&kind=invoice", ["Bill 1043"]),
        ("?contact=nobody", []),
        ("?q=104", ["Bill 1042", "Bill 1043", "Bill 1044"]),
        ("?q=1044", ["Bill 1044"]),
        ("?q=stone", ["Ann Stone", "Bill 1044"]),
        ("?q=stone&contact=lee", []),
        ("?q=1043&contact=moss", ["Bill 1043"]),
        ("?q=%25", []),
        ("?q=---", []),
    ],
)
def test_filters_narrow_and_add_up(query: str, found: list[str], alice_client: Client, synced: Portal) -> None:
    assert [title for title in titles(alice_client, query) if not title.startswith("Payment")] == sorted(found)


def test_a_bill_is_found_with_what_pays_it_and_a_contact_with_all_of_theirs(
    alice_client: Client, synced: Portal
) -> None:
    payment = SyncEvent.objects.of(synced.firm).get(kind="payment").title
    assert titles(alice_client, "?number=1042") == ["Bill 1042", payment]
    lee = SyncEvent.objects.of(synced.firm).get(title="Ann Lee").practice_id
    assert titles(alice_client, f"?contact={lee}") == titles(alice_client, "?contact=lee")
    assert titles(alice_client, f"?contact={lee}") == ["Ann Lee", "Bill 1042", payment]
    assert titles(alice_client, f"?contact={lee}&kind=payment") == [payment]


def test_a_matter_is_found_with_its_bills_payments_and_trust_money(alice_client: Client, portal: Portal) -> None:
    lee = portal.contact()
    matter, other = (portal.clio.create_matter(lee, "Advice", display_number=n) for n in ("00012-Lee", "00013-Lee"))
    portal.clio.trust_deposit(lee, Decimal(500), date(2026, 2, 4), matter_id=matter, source="Ann")
    portal.clio.trust_deposit(lee, Decimal(700), date(2026, 2, 4), matter_id=other, source="Ann")
    issued = date(2026, 2, 5)
    bill = portal.clio.draft_bill([matter], [BillLine("Advice", Decimal(90), date=issued)], issued, issued, number="77")
    portal.clio.approve(bill)
    portal.pay(bill, 90)
    portal.bill("10.00", contact=lee, number="78")
    portal.run()
    found = {(event.kind, event.amount) for event in shown(alice_client, "?matter=00012-Lee")}
    assert found == {("trust_entry", Decimal(500)), ("invoice", Decimal(90)), ("payment", Decimal(90))}
    assert titles(alice_client, "?matter=00012-Lee&number=77&kind=invoice") == ["Bill 77"]
    assert titles(alice_client, "?matter=00012-Lee&number=78") == []
    assert "Nobody and nothing of that name or number" in page(alice_client, "?matter=0001")
    assert titles(alice_client, "?matter=00012-Lee&contact=stone") == []


def test_credit_notes_and_trust_entries_are_found_by_their_numbers_in_quickbooks(
    alice_client: Client, portal: Portal
) -> None:
    row = portal.clio.trust_deposit(portal.contact(), Decimal(500), date(2026, 2, 4), source="Ann")
    portal.run()
    for query in (f"?number=CT-{row}", f"?q=ct-{row}"):
        assert [event.practice_id for event in shown(alice_client, query)] == [str(row)]
    assert shown(alice_client, f"?number=CN-{row}") == []


def test_a_customer_that_is_only_in_quickbooks_is_found_by_name(bob_client: Client, portal: Portal) -> None:
    id = portal.quickbooks.create_customer("Coffee Supplier")["Id"]
    portal.run()
    bob_client.post(f"/f/acme/quickbooks-only/{id}/", {"action": "ignore"})
    assert titles(bob_client, "?q=coffee") == ["Coffee Supplier"]


def test_of_customers_that_stand_for_nobody_only_those_looked_for_are_found(bob_client: Client, portal: Portal) -> None:
    ids = [portal.quickbooks.create_customer(name)["Id"] for name in ("Coffee Supplier", "Window Cleaner")]
    portal.run()
    for id in ids:
        bob_client.post(f"/f/acme/quickbooks-only/{id}/", {"action": "ignore"})
    assert titles(bob_client, "?q=window") == ["Window Cleaner"]


def test_what_is_searched_is_narrowed_by_the_other_filters_too(alice_client: Client, portal: Portal) -> None:
    """Of a record that much has happened to, lines behind more of others than a page holds are found."""
    bill = str(portal.bill("90.00", number="1"))
    portal.run()
    events(portal, 1, at=NOON - SECOND, practice_id=bill, outcome="failed", title="refused")
    events(portal, 2 * SIZE, practice_id=bill)
    assert titles(alice_client, "?number=1&outcome=failed") == ["refused"]
    assert len(shown(alice_client, "?number=1")) == SIZE


def test_days_are_the_firms_and_both_included(alice_client: Client, portal: Portal) -> None:
    midnight = datetime(2026, 3, 2, 5, tzinfo=UTC)  # in New York
    for title, at in (
        ("the day before", midnight - SECOND),
        ("first", midnight),
        ("last", midnight + timedelta(days=1) - SECOND),
        ("the day after", midnight + timedelta(days=1)),
    ):
        events(portal, at=at, title=title)
    assert titles(alice_client, "?since=2026-03-02&until=2026-03-02") == ["first", "last"]
    assert titles(alice_client, "?since=2026-03-02") == ["first", "last", "the day after"]
    assert titles(alice_client, "?until=1 Mar 2026") == ["the day before"]


def test_one_record_has_its_whole_history_here(alice_client: Client, portal: Portal) -> None:
    events(portal, 3, practice_id="7", title="Bill 7")
    events(portal, 2, practice_id="7", kind="payment", title="Payment 7")
    assert titles(alice_client, "?kind=invoice&id=7") == ["Bill 7"]
    assert "Choose which" in page(alice_client, "?id=7")


def test_a_long_record_leads_from_its_page_to_the_rest_of_its_history(alice_client: Client, synced: Portal) -> None:
    bill = SyncEvent.objects.of(synced.firm).get(title="Bill 1042").practice_id
    address, rest = f"/f/acme/records/invoice/{bill}/", f"/f/acme/log/?kind=invoice&amp;id={bill}"
    assert rest not in alice_client.get(address).content.decode()
    events(synced, 100, practice_id=bill)
    assert rest in alice_client.get(address).content.decode()


def test_codes_that_occur_are_offered_in_words(alice_client: Client, portal: Portal) -> None:
    for code in ("drift", "drift", "6140", ""):
        events(portal, code=code)
    whole = page(alice_client, "?code=6140")
    assert '<option value="6140" selected>Code 6140</option>' in whole
    assert whole.count('<option value="drift">') == 1 and 'value="probable_match"' not in whole


def test_filters_in_use_are_shown_and_can_be_taken_off_one_by_one(alice_client: Client, synced: Portal) -> None:
    used = alice_client.get(f"{ADDRESS}?kind=invoice&q=10&since=2026-01-02&before=5-5").context["form"].used
    assert [(chip.label, chip.value) for chip in used] == [
        ("Search", "10"),
        ("Kind", "Bills"),
        ("From", "2 Jan 2026"),
    ]
    assert [chip.url for chip in used] == [
        "?kind=invoice&since=2026-01-02",
        "?q=10&since=2026-01-02",
        "?q=10&kind=invoice",
    ]
    assert f'href="{ADDRESS}">Clear all' in page(alice_client, "?kind=invoice")


@pytest.mark.parametrize(
    ("query", "said", "kept"),
    [
        ("since=2026-02-30", "This is no day", 'value="2026-02-30"'),
        ("until=tomorrow", "This is no day", 'value="tomorrow"'),
        ("since=0001-01-01", "Choose a day between 2000 and 2100", 'value="0001-01-01"'),
        ("since=2026-03-02&until=2026-03-01", "This is before the first day", 'value="2026-03-01"'),
        ("kind=bills", "“bills” is not one of these", '<option value="bills" selected>bills</option>'),
        ("outcome=lost", "“lost” is not one of these", '<option value="lost" selected>lost</option>'),
        ("code=nonsense", "“nonsense” is not one of these", '<option value="nonsense" selected>nonsense</option>'),
        ("run=x", "There is no such run", 'value="x"'),
        ("run=99999999999999999999", "There is no such run", 'value="99999999999999999999"'),
        ("id=../x&kind=invoice", "There is no such id", 'value="../x"'),
        ("q=" + "x" * 201, "at most 200 characters", "x" * 201),
    ],
)
def test_what_cannot_be_understood_is_said_and_nothing_of_the_form_is_lost(
    query: str, said: str, kept: str, alice_client: Client, synced: Portal
) -> None:
    whole = page(alice_client, f"?contact=lee&{query}")
    assert "Nothing is shown: a filter cannot be understood." in whole and said in whole and kept in whole
    assert 'value="lee"' in whole and "<table" not in whole
    refused = alice_client.get(f"{ADDRESS}download/?contact=lee&{query}")
    assert refused.status_code == 302 and refused["Location"].startswith(f"{ADDRESS}?")
    assert said in alice_client.get(refused["Location"]).content.decode()


def test_a_search_that_fits_too_much_is_cut_and_says_so(
    alice_client: Client, synced: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "More records fit" not in page(alice_client, "?q=ann")
    monkeypatch.setattr(subjects, "MOST_PEOPLE", 2)
    assert "More records fit" in page(alice_client, "?q=ann")
    monkeypatch.undo()
    monkeypatch.setattr(subjects, "MOST", 1)
    assert "More records fit" in page(alice_client, "?q=104")


# Pages


def walk(
    client: Client, query: str, link: Callable[[Any], str], between: Callable[[], object] = lambda: None
) -> list[int]:
    """The ids on every page from here on, in the order of the pages."""
    seen = []
    while query is not None:
        answer = client.get(f"{ADDRESS}{query}").context["found"].page
        seen += [row.event.pk for row in answer.rows]
        query = link(answer) or None
        between()
    return seen


@pytest.mark.parametrize("filters", ["", "?kind=invoice", "?number=1"])
def test_no_line_is_lost_or_repeated_while_new_ones_arrive(filters: str, alice_client: Client, portal: Portal) -> None:
    bill = portal.bill("90.00", number="1")
    portal.run()
    old = events(portal, 3 * SIZE + 7, at=NOON, practice_id=str(bill))
    latest = SyncEvent.objects.of(portal.firm).latest("at").at

    def arrives() -> None:
        events(portal, at=latest + SECOND, practice_id=str(bill), title="new")

    wanted = [event.pk for event in reversed(old)]
    seen = [pk for pk in walk(alice_client, filters, lambda found: found.older, arrives) if pk in set(wanted)]
    assert seen == wanted
    last = walk_to_the_end(alice_client, filters)
    back = walk(alice_client, last, lambda found: found.newer)
    assert len(back) == len(set(back)) and {*wanted} <= {*back}


def walk_to_the_end(client: Client, query: str) -> str:
    while older := client.get(f"{ADDRESS}{query}").context["found"].page.older:
        query = older
    return query


def test_lines_of_one_moment_are_told_apart(alice_client: Client, portal: Portal) -> None:
    rows = [SyncEvent(pairing=portal.pairing, at=NOON, outcome="created", title=str(n)) for n in range(2 * SIZE + 3)]
    made = SyncEvent.objects.of(portal.firm).bulk_create(rows)
    assert walk(alice_client, "", lambda found: found.older) == [event.pk for event in reversed(made)]
    back = walk(alice_client, walk_to_the_end(alice_client, ""), lambda found: found.newer)
    assert sorted(back) == [event.pk for event in made]


def test_a_record_and_a_search_show_what_happened_in_the_order_of_time(alice_client: Client, portal: Portal) -> None:
    """Also where a worker that was slow wrote its line after a later one."""
    bill = str(portal.bill("90.00", number="1"))
    portal.run()
    late = SyncEvent.objects.of(portal.firm).latest("at").at + SECOND
    events(portal, at=late + SECOND, practice_id=bill, title="last")
    events(portal, at=late, practice_id=bill, title="last but one")
    told = alice_client.get(f"/f/acme/records/invoice/{bill}/").context["found"].events
    assert [row.event.title for row in told][:2] == ["last", "last but one"]
    assert [event.title for event in shown(alice_client, "?number=1")][:2] == ["last", "last but one"]


def test_pages_keep_the_filters(alice_client: Client, portal: Portal) -> None:
    events(portal, SIZE + 1)
    events(portal, kind="contact", title="Ann")
    older = alice_client.get(f"{ADDRESS}?kind=invoice&since=2026-01-01").context["found"].page.older
    assert older.startswith("?kind=invoice&since=2026-01-01&before=")
    assert [event.kind for event in shown(alice_client, older)] == ["invoice"]


@pytest.mark.parametrize("place", ["5", "x-y", "-", "1-", "99999999999999999999-1", "1-99999999999999999999"])
def test_a_place_that_is_none_is_the_first_page(place: str, alice_client: Client, portal: Portal) -> None:
    events(portal)
    assert len(shown(alice_client, f"?before={place}")) == len(shown(alice_client, f"?after={place}")) == 1


# Other firms


def test_nothing_of_another_firm_is_shown_whatever_is_asked_for(
    alice_client: Client, portal: Portal, charlie: User, globex: Firm
) -> None:
    theirs = make_portal(globex, charlie, store=portal.world.store)
    contact = theirs.contact("Gus", "Foreign", "gus@example.com")
    bill = theirs.bill("10.00", number="1", contact=contact)
    run = theirs.run()
    (last, *_) = SyncEvent.objects.of(globex).order_by("-at")
    place = f"{int(last.at.timestamp() * 10**6) + 1}-{last.pk}"
    events(portal, code="drift")
    asked = [f"contact={contact}", "contact=foreign", "q=gus", "number=1", f"run={run.pk}", f"id={bill}&kind=invoice"]
    for query in asked:
        assert shown(alice_client, f"?{query}") == [], query
        assert downloaded(alice_client, f"?{query}") == [], query
    assert [event.firm_id for event in shown(alice_client, f"?before={place}")] == [portal.firm.pk]
    assert [event.firm_id for event in shown(alice_client, f"?after={last.pk}")] == [portal.firm.pk]
    assert [choice for choice, _ in alice_client.get(ADDRESS).context["form"].fields["code"].choices] == ["", "drift"]


# The file


@pytest.mark.parametrize("filters", ["", "?kind=invoice", "?outcome=issue", "?q=1", "?until=2026-03-02"])
def test_the_file_is_what_the_pages_show(filters: str, vera_client: Client, synced: Portal) -> None:
    events(synced, 2 * SIZE)
    seen = walk(vera_client, filters, lambda found: found.older)
    rows = downloaded(vera_client, filters)
    known = {event.pk: event for event in SyncEvent.objects.of(synced.firm)}
    assert [(row["What"], row["Clio id"]) for row in rows] == [(known[pk].title, known[pk].practice_id) for pk in seen]
    assert [datetime.fromisoformat(row["When"]) for row in rows] == [known[pk].at.replace(microsecond=0) for pk in seen]


def test_a_line_of_the_file_has_iso_times_plain_amounts_and_words(alice_client: Client, synced: Portal) -> None:
    (row,) = downloaded(alice_client, "?kind=payment")
    assert (row["Kind"], row["Happened"], row["Amount"], row["Currency"]) == ("Payments", "Created", "400.00", "USD")
    assert row["Whose"] == "Ann Lee" and row["QuickBooks type"] == "Payment" and row["Run"].isdigit()
    assert datetime.fromisoformat(row["When"]).utcoffset() in (timedelta(hours=-5), timedelta(hours=-4))
    (row,) = downloaded(alice_client, "?outcome=issue")
    assert (row["Reason"], row["Code"], row["Amount"]) == ("Number already used", "duplicate_number", "")


def test_no_cell_of_the_file_is_a_formula_and_amounts_stay_numbers(alice_client: Client, portal: Portal) -> None:
    events(portal, title="=cmd|' /C calc'!A0", message="+1", amount=Decimal("-5.50"), currency="USD")
    (row,) = downloaded(alice_client)
    assert (row["What"], row["Message"], row["Amount"]) == ("'=cmd|' /C calc'!A0", "'+1", "-5.50")


def test_the_file_is_read_in_chunks_of_a_few_queries_each(
    alice_client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "ROWS_AT_ONCE", 20)
    events(portal, 100)
    answer = alice_client.get(f"{ADDRESS}download/")
    lines = iter(answer.streaming_content)  # type: ignore[attr-defined]
    with CaptureQueriesContext(connection) as first:
        for _ in range(22):  # the mark of UTF-8, the heading, and a chunk
            next(lines)
    with CaptureQueriesContext(connection) as rest:
        assert len(list(lines)) == 80
    assert len(first) == 2 and len(rest) == 2 * 4 + 1


# Cost


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?kind=invoice&outcome=created&code=drift&since=2026-01-01&until=2026-12-31&run=1",
        "?q=1",
        "?q=ann&contact=ann&number=1&matter=1",
        "?contact=ann",
        "?matter=1&number=1",
        "?kind=wrong",
    ],
)
def test_a_page_costs_twelve_queries_at_most(
    query: str, alice_client: Client, synced: Portal, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        synced.bill("10.00", number=str(3000 + number))
    synced.run()
    events(synced, SIZE, practice_id="2")
    older = alice_client.get(ADDRESS).context["found"].page.older
    for address in (query, query or older):
        with django_assert_max_num_queries(MOST_QUERIES):
            alice_client.get(f"{ADDRESS}{address}")


def test_it_costs_as_much_while_a_sync_is_under_way(
    alice_client: Client, synced: Portal, django_assert_max_num_queries: Any
) -> None:
    SyncRun.objects.of(synced.firm).create(
        pairing=synced.pairing, trigger="schedule", started_at=NOON, heartbeat_at=NOON
    )
    alice_client.get(ADDRESS)
    with django_assert_max_num_queries(MOST_QUERIES):
        alice_client.get(f"{ADDRESS}?q=ann&contact=ann")
