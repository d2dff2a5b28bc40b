"""Records: lists that say what became of each, and a page with both sides and the history."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from integrations.models import Dispatch, EntityLink, Issue, Record
from integrations.queries import unlinked
from integrations.queries.paging import SIZE
from tests.portal import Portal

BILLS = "/f/acme/records/invoice/"


def practice_id(portal: Portal, number: str) -> str:
    return Record.objects.of(portal.firm).get(entity="bills", data__number=number).external_id


def test_each_bill_says_what_became_of_it(alice_client: Client, synced: Portal) -> None:
    synced.bill("5.00", number="0900", issued=date(2025, 12, 1))
    synced.bill("6.00", number="1050", approve=False)
    synced.run()
    rows = {row.label: row for row in alice_client.get(BILLS).context["page"].rows}
    assert (rows["Bill 1042"].word, rows["Bill 1044"].word) == ("In QuickBooks", "Needs you")
    assert rows["Bill 0900"].why == "Issued before the start date"
    assert [row.word for row in rows.values() if row.amount and row.amount == 6] == ["Draft"]


def test_a_bill_behind_its_contacts_issue_says_so(alice_client: Client, portal: Portal) -> None:
    portal.quickbooks.create_customer("Ann Lee")
    portal.bill("100.00", number="7001")
    portal.run()
    assert Issue.objects.of(portal.firm).get().code == "probable_match"
    (row,) = alice_client.get(BILLS).context["page"].rows
    assert (row.word, row.why) == ("Waiting", "Its client comes first: perhaps the same customer")


def test_records_are_found_by_number_name_and_state(
    alice_client: Client, synced: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def labels(query: str) -> set[str]:
        return {row.label for row in alice_client.get(f"{BILLS}?{query}").context["page"].rows}

    assert labels("q=1042") == {"Bill 1042"}
    assert labels("q=ann") == {"Bill 1042", "Bill 1043", "Bill 1044"}
    assert labels("state=linked") == {"Bill 1042", "Bill 1043"}
    assert labels("state=needs") == labels("state=left") == {"Bill 1044"}
    assert labels("state=voided") == set()
    monkeypatch.setattr(unlinked, "MOST", 0)  # as where very many are not linked
    assert labels("state=left") == {"Bill 1044"}


def test_long_lists_are_paged_both_ways(alice_client: Client, portal: Portal) -> None:
    data = {"number": "x", "state": "draft", "client": {"name": "N"}}
    Record.objects.of(portal.firm).bulk_create(
        Record(
            firm=portal.firm,
            pairing=portal.pairing,
            side="practice",
            entity="bills",
            external_id=str(n),
            data=data,
            digest="",
        )
        for n in range(SIZE + 5)
    )
    first = alice_client.get(BILLS).context["page"]
    assert (len(first.rows), first.newer) == (SIZE, "")
    second = alice_client.get(BILLS + first.older).context["page"]
    assert (len(second.rows), second.older) == (5, "")
    back = alice_client.get(BILLS + second.newer).context["page"]
    assert [row.id for row in back.rows] == [row.id for row in first.rows]


def test_a_bills_page_shows_both_sides_its_postings_payments_and_history(alice_client: Client, synced: Portal) -> None:
    page = alice_client.get(f"{BILLS}{practice_id(synced, '1042')}/").content.decode()
    for said in (
        "Both sides",
        "In the books",
        "Accounts Receivable",
        "Paid or reduced by",
        "History",
        "Requests sent (",
    ):
        assert said in page, said
    sent = Dispatch.objects.of(synced.firm).get(entity="Invoice", practice_id=practice_id(synced, "1042"))
    assert sent.sent_under in page
    assert "differs" not in page, "both sides say the same, the open balance after the payment too"


def test_what_differs_is_marked_by_more_than_colour(alice_client: Client, synced: Portal) -> None:
    link = EntityLink.objects.of(synced.firm).get(kind="invoice", practice_id=practice_id(synced, "1043"))
    mirrored = Record.objects.of(synced.firm).get(entity="Invoice", external_id=link.ledger_id)
    mirrored.data = {**mirrored.data, "DocNumber": "1043-X"}
    mirrored.save()
    page = alice_client.get(f"{BILLS}{link.practice_id}/").content.decode()
    assert page.count('<span class="differs-mark">differs</span>') == 1 and "1043-X" in page


def test_payments_and_contacts_have_pages_too(alice_client: Client, synced: Portal) -> None:
    payment = EntityLink.objects.of(synced.firm).get(kind="payment")
    page = alice_client.get(f"/f/acme/records/payment/{payment.practice_id}/").content.decode()
    assert "Pays" in page and "Bill 1042" in page and "400.00" in page and "differs" not in page
    contact = EntityLink.objects.of(synced.firm).filter(kind="contact").first()
    assert contact
    page = alice_client.get(f"/f/acme/records/contact/{contact.practice_id}/").content.decode()
    assert "Ann Lee" in page and "ann.lee@example.com" in page and "differs" not in page


def test_a_credit_note_shows_its_memo_and_its_application(alice_client: Client, synced: Portal) -> None:
    bill = int(practice_id(synced, "1043"))
    note = synced.clio.credit_note(bill, Decimal(50), date(2026, 3, 3), "Goodwill")
    synced.run()
    (row,) = alice_client.get("/f/acme/records/credit_note/?q=1043").context["page"].rows
    assert (row.label, row.word, row.amount, row.dated) == (f"Credit note CN-{note}", "In QuickBooks", 50, "2026-03-03")
    page = alice_client.get(row.url).content.decode()
    for said in ("part 1", "part 2", f"CN-{note}", "Applied to bills", "Reduces", "Bill 1043", "Goodwill"):
        assert said in page, said
    assert "differs" not in page
    bills = alice_client.get(f"{BILLS}{bill}/").content.decode()
    assert f"Credit note CN-{note}" in bills and "differs" not in bills, (
        "what it reduces is open no more on either side"
    )


def test_a_credit_note_that_is_gone_and_one_of_an_earlier_bill_say_so(alice_client: Client, synced: Portal) -> None:
    bill = int(practice_id(synced, "1043"))
    note = synced.clio.credit_note(bill, Decimal(50), date(2026, 3, 3))
    earlier = synced.clio.credit_note(synced.bill("5.00", issued=date(2025, 12, 1)), Decimal(5), date(2026, 3, 3))
    synced.run()
    synced.clio.delete_credit_note(note)
    synced.run()
    rows = {row.id: row for row in alice_client.get("/f/acme/records/credit_note/").context["page"].rows}
    assert (rows[str(note)].word, rows[str(earlier)].why) == ("Voided", "Reduces only bills that are not in scope")
    assert alice_client.get("/f/acme/records/credit_note/?state=voided").context["page"].rows[0].id == str(note)


def test_an_accepted_warning_leaves_no_bill_out(alice_client: Client, synced: Portal) -> None:
    Issue.objects.of(synced.firm).filter(code="duplicate_number").update(severity="warning", state="accepted")
    rows = {row.label: row for row in alice_client.get(BILLS).context["page"].rows}
    assert rows["Bill 1044"].word == "Waiting"
