"""The set-up in one sitting: one step after the other, each with its reason, each returning to the page."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from firms.models import Firm, User
from integrations import errands, line
from integrations.core.ports import Raw
from integrations.core.read import Unreadable
from integrations.kinds import invoice
from integrations.kinds.invoice import Bill
from integrations.models import Connection, Errand, Issue, Pairing, SyncEvent, SyncRun
from integrations.queries.setup import NAMES, WHY, sitting, steps
from integrations.queries.state import state_of
from integrations.views import setting_up
from tests.portal import Portal

SETUP = "/f/acme/setup/"
BEFORE = date(2025, 12, 30)


def standing(firm: Firm) -> dict[str, str]:
    return {step.name: step.state for step in steps(sitting(firm, state_of(firm)))}


def current(firm: Firm) -> str:
    return next((step.name for step in steps(sitting(firm, state_of(firm))) if step.is_current), "")


def work_off(portal: Portal) -> None:
    """What a worker would do: every errand that waits, and what follows each."""
    while waiting := Errand.objects.of(portal.firm).filter(finished_at=None).order_by("id").first():
        portal.clock.sleep(2)
        errands.carry_out(waiting.pk, portal.clock)


def at_hand(client: Client, portal: Portal) -> str:
    """The page, once what it waits for is done."""
    work_off(portal)
    return client.get(SETUP).content.decode()


@pytest.fixture
def confirmed(unmapped: Portal, alice_client: Client) -> Portal:
    """The company has just been confirmed on the page of the set-up."""
    Connection.objects.of(unmapped.firm).filter(system="quickbooks").update(confirmed_at=None)
    sent = {"connection": unmapped.pairing.ledger_id, "next": SETUP}
    assert alice_client.post("/f/acme/connections/quickbooks/confirm/", sent)["Location"] == SETUP
    return unmapped


def test_a_new_firm_begins_with_clio_and_the_rest_waits(alice_client: Client, acme: Firm) -> None:
    assert standing(acme) == {"clio": "todo", **dict.fromkeys(NAMES[1:], "waiting")}
    page = alice_client.get(SETUP).content.decode()
    assert "Connect Clio</button>" in page and "Connect QuickBooks</button>" not in page
    for why in WHY.values():
        assert why in page, "each step says why it matters"


def test_connecting_from_the_set_up_returns_to_it(alice_client: Client, acme: Firm, settings: Any) -> None:
    alice_client.post("/f/acme/connections/clio/connect/", {"next": SETUP})
    declined = alice_client.get("/oauth/clio/callback/", {"error": "access_denied", "state": "unknown"})
    assert declined["Location"] == "/", "an attempt that nobody began leads nowhere"
    assert alice_client.session["after_connecting_acme"] == SETUP


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/f/acme/setup/",
        "//evil.example/f/acme/setup/",
        "/f/globex/setup/",
        "/f/acme/../globex/",
        "/f/acme/\\evil",
        "javascript:alert(1)",
        "\nhttps://evil.example",
        "f/acme/setup/",
        "",
    ],
)
def test_a_form_returns_to_nowhere_but_its_own_firm(wanted: str, alice_client: Client, portal: Portal) -> None:
    assert alice_client.post(f"{SETUP}check/", {"next": wanted})["Location"] == SETUP
    assert alice_client.post("/f/acme/preview/", {"next": wanted})["Location"] == "/f/acme/preview/"
    assert alice_client.post("/f/acme/sync/", {"next": wanted})["Location"] == "/f/acme/"


def test_once_the_company_is_confirmed_settings_and_the_usual_date_are_read_without_being_asked_for(
    alice_client: Client, confirmed: Portal
) -> None:
    asked = Errand.objects.of(confirmed.firm).order_by("id")
    assert [errand.purpose for errand in asked] == ["check", "start"]
    assert asked[1].wanted == {"start_date": f"{confirmed.clock.now().year}-01-01"}
    page = alice_client.get(SETUP).content.decode()
    assert "Waiting for the queue" in page and current(confirmed.firm) == "settings"
    work_off(confirmed)
    assert current(confirmed.firm) == "start"


def test_what_has_to_be_put_right_in_quickbooks_keeps_the_steps_after_it_waiting(
    alice_client: Client, confirmed: Portal
) -> None:
    confirmed.quickbooks.set_custom_numbers(on=False)
    page = at_hand(alice_client, confirmed)
    assert standing(confirmed.firm)["start"] == "waiting"
    assert "A setting stands in the way." in page and "Switch Custom transaction numbers on and save." in page
    confirmed.quickbooks.set_custom_numbers(on=True)
    assert alice_client.post(f"{SETUP}check/", {"next": SETUP})["Location"] == SETUP
    work_off(confirmed)
    assert current(confirmed.firm) == "start"


def from_before(portal: Portal) -> int:
    """Ann's bill 41 of 800 from before 2026, 500 of it paid since; bill 42 of 1,000; 300 of hers held in trust."""
    ann = portal.contact()
    old = portal.bill("800.00", contact=ann, issued=BEFORE, number="41")
    portal.bill("1000.00", contact=ann, issued=date(2026, 2, 2), number="42")
    portal.pay(old, "500.00", date(2026, 1, 15))
    portal.clio.trust_deposit(ann, Decimal(300), BEFORE, source="Ann", description="Retainer")
    return ann


def test_a_start_date_shows_what_it_brings_in_and_what_was_open_in_both_systems(
    alice_client: Client, confirmed: Portal
) -> None:
    from_before(confirmed)
    books = confirmed.quickbooks
    customer = books.create_customer("Ann Lee")["Id"]
    item = books.all("Item")[0]["Id"]
    books.create_invoice(customer, [(item, Decimal("800.00"))], number="41", TxnDate=BEFORE.isoformat())
    page = at_hand(alice_client, confirmed)
    figures = alice_client.get(SETUP).context["figures"]
    assert [(flow.label, flow.number, flow.amount) for flow in figures.brings_in[:2]] == [
        ("Bills", 1, Decimal(1000)),
        ("Payments", 0, Decimal(0)),
    ]
    assert [(flow.number, flow.amount) for flow in figures.leaves_out] == [(1, Decimal(800)), (1, Decimal(500))]
    assert (figures.receivable, figures.ledger_receivable) == (Decimal(800), Decimal(800))
    (trust,) = figures.trust
    assert (trust.clio, trust.bank, trust.liability) == (Decimal(300), None, None)
    assert "31 Dec 2025" in page and "no account yet" in page
    assert confirmed.writes() == 0 and confirmed.pairing.start_date is None


def hidden(raw: Raw) -> Bill:
    raise Unreadable("Clio hides this bill")


def counted(client: Client, part: str, query: str = "") -> tuple[int, Decimal]:
    """How many the list behind a figure has, and what they come to."""
    rows = [line.row for line in client.get(f"{SETUP}start/{part}/{query}").context["page"].rows]
    return len(rows), sum((row.amount for row in rows), Decimal(0))


def test_every_figure_of_a_start_date_leads_to_what_it_counts(alice_client: Client, confirmed: Portal) -> None:
    ann = from_before(confirmed)
    new = confirmed.bill("70.00", contact=ann, issued=date(2026, 3, 3), number="43")
    confirmed.pay(new, "70.00", date(2026, 3, 4))
    confirmed.clio.trust_deposit(ann, Decimal(90), date(2026, 3, 5), source="Ann", description="Retainer")
    page = at_hand(alice_client, confirmed)
    figures = alice_client.get(SETUP).context["figures"]
    for flow in (*figures.brings_in, *figures.leaves_out):
        assert counted(alice_client, flow.part) == (flow.number, flow.amount), flow.part
        assert page.count(f'href="{SETUP}start/{flow.part}/"') == 2, "the number and the sum"
        if flow.owed is not None:
            owed = alice_client.get(f"{SETUP}start/{flow.part}/?owed=1").context["page"].rows
            assert sum(line.row.owed for line in owed) == flow.owed
    assert counted(alice_client, "receivable") == (1, figures.receivable)
    assert counted(alice_client, "held", f"?account={figures.trust[0].id}") == (1, Decimal(300))
    assert counted(alice_client, "clients")[0] == figures.clients == 1
    assert "Bill 42" in alice_client.get(f"{SETUP}start/bills_in/").content.decode()


def test_what_is_not_counted_is_named(alice_client: Client, confirmed: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed.bill("70.00", issued=date(2026, 3, 3), number="43")
    monkeypatch.setattr(invoice, "decode_bill", hidden)
    assert f'href="{SETUP}start/unreadable/"' in at_hand(alice_client, confirmed)
    (line,) = alice_client.get(f"{SETUP}start/unreadable/").context["page"].rows
    assert line.row.label == "Bill 43: Clio hides this bill"


def test_another_trial_replaces_the_lists_of_the_last(alice_client: Client, confirmed: Portal) -> None:
    from_before(confirmed)
    work_off(confirmed)
    alice_client.post(f"{SETUP}start/", {"start_date": "2025-12-01", "next": SETUP})
    work_off(confirmed)
    assert counted(alice_client, "bills_in") == (2, Decimal(1800)) and counted(alice_client, "bills_out")[0] == 0
    assert alice_client.get(f"{SETUP}start/nothing/").status_code == 404


def test_nobody_else_sees_what_a_start_date_counts(charlie_client: Client, confirmed: Portal) -> None:
    assert charlie_client.get(f"{SETUP}start/bills_in/").status_code == 404


def test_the_opening_entry_of_trust_is_a_file_for_the_accountant(alice_client: Client, confirmed: Portal) -> None:
    from_before(confirmed)
    work_off(confirmed)
    answer = alice_client.get(f"{SETUP}opening.csv")
    assert "acme-opening-2025-12-31.csv" in answer["Content-Disposition"]
    lines = b"".join(answer).decode().lstrip("\ufeff").splitlines()
    assert lines == [
        "Date,Account,Customer,Debit,Credit,Memo",
        "2025-12-31,Trust,,300.00,,Trust balance before the start date",
        "2025-12-31,Trust Liability,Ann Lee,,300.00,Trust balance before the start date",
    ]


def test_another_date_is_shown_before_it_is_used(alice_client: Client, confirmed: Portal) -> None:
    from_before(confirmed)
    work_off(confirmed)
    alice_client.post(f"{SETUP}start/", {"start_date": "2025-12-01", "next": SETUP})
    work_off(confirmed)
    assert alice_client.get(SETUP).context["figures"].brings_in[0].number == 2
    assert confirmed.pairing.start_date is None
    sent = {"start_date": "2025-12-01", "do": "use", "next": SETUP}
    assert alice_client.post(f"{SETUP}start/", sent)["Location"] == SETUP
    assert confirmed.pairing.start_date == date(2025, 12, 1)
    assert current(confirmed.firm) == "mappings"


def test_a_date_that_is_none_is_said_to_be(alice_client: Client, confirmed: Portal) -> None:
    work_off(confirmed)
    for written in ("", "yesterday", "1823-01-01"):
        answer = alice_client.post(f"{SETUP}start/", {"start_date": written, "next": SETUP})
        assert answer.status_code == 422 and 'class="errorlist"' in answer.content.decode(), written
    assert confirmed.pairing.start_date is None


def test_a_date_that_could_not_be_tried_out_can_be_used_all_the_same(alice_client: Client, confirmed: Portal) -> None:
    work_off(confirmed)
    confirmed.clio.forbid(confirmed.clio.account["owner_id"], "billing")
    alice_client.post(f"{SETUP}start/", {"start_date": "2025-12-01", "next": SETUP})
    page = at_hand(alice_client, confirmed)
    assert "It did not get through" in page and "Use 1 Dec 2025 without the figures" in page


def test_balances_that_quickbooks_does_not_tell_keep_nobody_from_going_on(
    alice_client: Client, confirmed: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.core.errors import NotFound, Trace
    from integrations.systems.quickbooks.gateway import QuickBooksGateway

    def refuse(self: object, on: date) -> None:
        raise NotFound("no such report", Trace("quickbooks", "GET", "reports"))

    monkeypatch.setattr(QuickBooksGateway, "balances", refuse)
    page = at_hand(alice_client, confirmed)
    assert "QuickBooks did not tell its balances." in page and "no such report" in page and "Use 1 Jan" in page


def dated(portal: Portal, client: Client, start: str = "2026-01-01") -> None:
    work_off(portal)
    client.post(f"{SETUP}start/", {"start_date": start, "do": "use", "next": SETUP})


def filled_in(portal: Portal, client: Client) -> None:
    """The mapping's form, sent as it stands."""
    form = client.get(SETUP).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if form[name].value() not in (None, False)}
    answer = client.post("/f/acme/mappings/", {**sent, "do": "fill", "next": SETUP})
    assert answer["Location"] == SETUP
    work_off(portal)


def test_the_mappings_are_filled_in_and_the_comparison_follows_by_itself(
    alice_client: Client, confirmed: Portal
) -> None:
    from_before(confirmed)
    dated(confirmed, alice_client)
    page = alice_client.get(SETUP).content.decode()
    assert "Save and fill in what is recommended" in page and "Item “Cost Recovery”" in page
    filled_in(confirmed, alice_client)
    assert [e.purpose for e in Errand.objects.of(confirmed.firm).order_by("id")][-2:] == ["fill_in", "preview"]
    assert current(confirmed.firm) == "preview"
    assert "Start the first sync" in alice_client.get(SETUP).content.decode()


def known_already(portal: Portal) -> None:
    """Bill 42 of Ann Lee is an invoice in QuickBooks already, and a Bo Moss without an address may be Clio's."""
    portal.bill("1000.00", contact=portal.contact(), number="42")
    portal.bill("70.00", contact=portal.contact("Bo", "Moss", "bo@example.com"), number="43")
    books = portal.quickbooks
    ann = books.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})["Id"]
    books.create_customer("Bo Moss")
    item = books.all("Item")[0]["Id"]
    books.create_invoice(ann, [(item, Decimal("1000.00"))], number="42", TxnDate="2026-02-02")


def test_what_is_there_already_is_confirmed_before_anything_is_posted(alice_client: Client, confirmed: Portal) -> None:
    known_already(confirmed)
    dated(confirmed, alice_client)
    filled_in(confirmed, alice_client)
    assert current(confirmed.firm) == "matches"
    page = alice_client.get(SETUP).content.decode()
    assert "1 invoice is in QuickBooks already" in page and "Adopt it" in page and "Bo Moss" in page
    bo = Issue.objects.of(confirmed.firm).get(code="probable_match")
    (candidate,) = bo.details["candidates"]
    alice_client.post(f"{SETUP}match/{bo.pk}/", {"choice": candidate, "next": SETUP})
    alice_client.post(f"{SETUP}adopt/", {"next": SETUP, "seen": "0"})
    assert Issue.objects.of(confirmed.firm).get(code="invoice_exists").state == Issue.State.OPEN, (
        "another list was seen"
    )
    seen = alice_client.get(SETUP).context["made"].pk
    assert alice_client.post(f"{SETUP}adopt/", {"next": SETUP, "seen": seen})["Location"] == SETUP
    work_off(confirmed)
    assert current(confirmed.firm) == "preview", "the preview is made again with what was decided"
    made = alice_client.get(SETUP).context["made"]
    assert made.result["counts"]["invoice"] == {"adopt": 1, "create": 1}
    assert made.result["counts"]["contact"]["adopt"] == 2 and "create" not in made.result["counts"]["contact"]
    confirmed.run()
    assert len(confirmed.quickbooks.all("Invoice")) == 2, "nothing is doubled"


def waiting_to_be_adopted(portal: Portal, number: int) -> None:
    now, pairing = portal.clock.now(), portal.pairing
    Issue.objects.of(portal.firm).bulk_create(
        Issue(
            pairing=pairing,
            code="invoice_exists",
            severity="error",
            kind="invoice",
            practice_id=str(n),
            ledger_id=str(n + 1),
            title=f"Bill {n}",
            message="It is there.",
            opened_at=now,
        )
        for n in range(number)
    )


def made_preview(portal: Portal) -> Errand:
    now = portal.clock.now()
    times: Any = {"asked_at": now, "heartbeat_at": now, "finished_at": now}
    return Errand.objects.of(portal.firm).create(pairing=portal.pairing, purpose="preview", state="done", **times)


def test_thousands_are_adopted_at_once_and_a_second_click_adopts_nothing_more(
    alice_client: Client, portal: Portal, alice: User
) -> None:
    waiting_to_be_adopted(portal, 2000)
    with CaptureQueriesContext(connection) as captured:
        assert setting_up.adopt_all(portal.pairing, alice, portal.clock) == 2000
    assert len(captured) < 20, "a few statements, however many they are"
    mine = Issue.objects.of(portal.firm).filter(code="invoice_exists")
    assert set(mine.values_list("state", "action", "decided_by")) == {("decided", "adopt", alice.pk)}
    assert all(issue.value == issue.ledger_id and issue.before["value"] == "" for issue in mine)
    told = SyncEvent.objects.of(portal.firm).filter(outcome="decided")
    assert told.count() == 2000 and told.get(practice_id="7").message == "Adopt the one in QuickBooks (8)"
    sent = {"next": SETUP, "seen": str(made_preview(portal).pk)}
    said = alice_client.post(f"{SETUP}adopt/", sent, follow=True).content.decode()
    assert "Nothing is left to adopt; it was decided already." in said
    asked = Errand.objects.of(portal.firm).filter(purpose="preview", finished_at=None)
    assert (told.count(), asked.count()) == (2000, 1)


def test_a_match_that_waits_can_be_left_for_later(alice_client: Client, confirmed: Portal) -> None:
    known_already(confirmed)
    dated(confirmed, alice_client)
    filled_in(confirmed, alice_client)
    page = alice_client.get(f"{SETUP}?step=preview").content.decode()
    assert "Start the first sync" in page
    sent = {"next": f"{SETUP}?step=sync#sync"}
    assert alice_client.post("/f/acme/sync/", sent)["Location"] == f"{SETUP}?step=sync#sync"
    assert "Waiting for the queue to start the sync" in alice_client.get(SETUP).content.decode()
    confirmed.run()
    assert {"probable_match", "invoice_exists"} <= set(confirmed.codes())
    assert len(confirmed.quickbooks.all("Invoice")) == 1


def test_an_answer_that_was_not_offered_decides_nothing(alice_client: Client, confirmed: Portal) -> None:
    known_already(confirmed)
    dated(confirmed, alice_client)
    filled_in(confirmed, alice_client)
    bo = Issue.objects.of(confirmed.firm).get(code="probable_match")
    for choice in ("999999", "adopt", "", "link"):
        alice_client.post(f"{SETUP}match/{bo.pk}/", {"choice": choice})
    bo.refresh_from_db()
    assert bo.state == Issue.State.OPEN


def test_a_preview_of_a_firm_that_syncs_opens_no_issue(alice_client: Client, portal: Portal) -> None:
    portal.run()
    known_already(portal)
    alice_client.post("/f/acme/preview/")
    work_off(portal)
    assert not Issue.objects.of(portal.firm).filter(code__in=["probable_match", "invoice_exists"]).exists()


def test_a_match_that_is_gone_is_no_longer_asked_about(alice_client: Client, confirmed: Portal) -> None:
    known_already(confirmed)
    dated(confirmed, alice_client)
    filled_in(confirmed, alice_client)
    (invoice,) = confirmed.quickbooks.all("Invoice")
    confirmed.quickbooks.renumber_invoice(invoice["Id"], "9042")
    alice_client.post("/f/acme/preview/", {"next": SETUP})
    work_off(confirmed)
    assert Issue.objects.of(confirmed.firm).get(code="invoice_exists").state == Issue.State.CLOSED


def test_nothing_begins_the_first_sync_but_a_person(confirmed: Portal, alice_client: Client) -> None:
    known_already(confirmed)
    dated(confirmed, alice_client)
    filled_in(confirmed, alice_client)
    assert not line.waiting(confirmed.clock.now())
    assert not SyncRun.objects.of(confirmed.firm).exists()


def test_a_firm_that_syncs_has_every_step_behind_it(alice_client: Client, synced: Portal) -> None:
    assert set(standing(synced.firm).values()) <= {"done", "unconfirmed"}
    assert current(synced.firm) == ""
    for name in NAMES:
        assert alice_client.get(f"{SETUP}?step={name}").context["current"] == name


def test_a_step_that_waits_cannot_be_opened(alice_client: Client, acme: Firm) -> None:
    assert alice_client.get(f"{SETUP}?step=mappings").context["current"] == "clio"


def test_viewers_see_how_it_stands_and_who_can_go_on(vera_client: Client, confirmed: Portal) -> None:
    for name in NAMES:
        page = vera_client.get(f"{SETUP}?step={name}").content.decode()
        assert "it takes an owner" in page, name
    for address in ("start/", "adopt/", "match/1/", "check/"):
        assert vera_client.post(f"{SETUP}{address}").status_code == 403, address


def test_a_stranger_finds_nothing(charlie_client: Client, confirmed: Portal) -> None:
    assert charlie_client.get(f"{SETUP}opening.csv").status_code == 404
    for address in ("start/", "adopt/", "match/1/"):
        assert charlie_client.post(f"{SETUP}{address}").status_code == 404, address


@pytest.mark.parametrize("name", NAMES)
def test_the_page_costs_twelve_queries_at_most_whatever_step_is_open(
    name: str, alice_client: Client, synced: Portal, django_assert_max_num_queries: Any
) -> None:
    alice_client.get(SETUP)  # which notes the session
    with django_assert_max_num_queries(12):
        alice_client.get(f"{SETUP}?step={name}")


def test_the_steps_are_left_and_taken_up_again(alice_client: Client, portal: Portal) -> None:
    Pairing.objects.of(portal.firm).update(settings_checked_at=portal.clock.now())
    assert current(portal.firm) == "matches"
    Pairing.objects.of(portal.firm).update(start_date=None)
    assert current(portal.firm) == "start"
