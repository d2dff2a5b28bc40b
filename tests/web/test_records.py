"""Records: lists that say what became of each, and a page with both sides and the history."""

import html
import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from integrations.models import Dispatch, EntityLink, Issue, Record
from integrations.queries import requests, unlinked
from integrations.queries.paging import SIZE
from integrations.systems.wire import encode, parse
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
        "Requests and answers",
    ):
        assert said in page, said
    sent = Dispatch.objects.of(synced.firm).get(entity="Invoice", practice_id=practice_id(synced, "1042"))
    assert sent.sent_under in page
    assert "differs" not in page, "both sides say the same, the open balance after the payment too"


def sent_for(portal: Portal, kind: str, id: str, **more: object) -> Dispatch:
    return Dispatch.objects.of(portal.firm).filter(kind=kind, practice_id=id, **more).latest("id")


def test_each_request_is_shown_as_it_was_sent_with_its_answer(alice_client: Client, synced: Portal) -> None:
    bill = practice_id(synced, "1042")
    sent = sent_for(synced, "invoice", bill)
    assert sent.batch and sent.answer
    page = alice_client.get(f"{BILLS}{bill}/").content.decode()
    (request,) = alice_client.get(f"{BILLS}{bill}/").context["found"].requests.rows
    realm = synced.pairing.ledger.external_account_id
    assert request.address == f"POST /v3/company/{realm}/batch?requestid={sent.batch.request_id}"
    assert parse(request.body.text.encode()) == parse(bytes(sent.body)), "laid out, and nothing else"
    answer = parse(request.answer.text.encode())
    assert isinstance(answer, dict) and (answer["Id"], answer["TotalAmt"]) == (sent.ledger_id, Decimal(1000))
    assert html.escape('"DocNumber": "1042"') in page and not re.search("bearer|authorization|access_token", page, re.I)


def test_a_request_that_was_sent_alone_names_its_own_address(alice_client: Client, synced: Portal) -> None:
    bill = int(practice_id(synced, "1043"))
    synced.clio.void_bill(bill)
    synced.run()
    latest = alice_client.get(f"{BILLS}{bill}/").context["found"].requests.rows[0]
    posted = next(row for row in reversed(synced.log) if row[0] == "POST" and row[1].endswith("/invoice"))
    asked = latest.address.partition("?")[2]
    assert latest.address.startswith(f"POST {posted[1].removeprefix('/sandbox/quickbooks')}?operation=void&requestid=")
    assert posted[2].startswith(asked)


def test_a_refused_request_shows_why_and_no_answer(alice_client: Client, synced: Portal) -> None:
    bill = practice_id(synced, "1042")
    refused = {"state": "refused", "error_code": "6140", "error": "Duplicate Document Number", "answer": None}
    Dispatch.objects.of(synced.firm).filter(kind="invoice", practice_id=bill).update(**refused)
    page = alice_client.get(f"{BILLS}{bill}/").content.decode()
    for said in ("Duplicate Document Number", "6140", "Nothing was written: see the reason above."):
        assert said in page, said


def test_numbers_of_people_and_cards_that_quickbooks_holds_are_not_shown(alice_client: Client, synced: Portal) -> None:
    contact = EntityLink.objects.of(synced.firm).filter(kind="contact").latest("id").practice_id
    sent = sent_for(synced, "contact", contact)
    answer = {"Id": sent.ledger_id, "PrimaryTaxIdentifier": "123-45-6789", "Line": [{"CCDetail": {"Number": "4111"}}]}
    Dispatch.objects.of(synced.firm).filter(pk=sent.pk).update(answer=encode(answer))
    page = alice_client.get(f"/f/acme/records/contact/{contact}/").content.decode()
    assert "PrimaryTaxIdentifier" in page and "(not shown)" in page
    assert "123-45-6789" not in page and "4111" not in page


def test_long_requests_are_cut_until_they_are_asked_for(alice_client: Client, synced: Portal) -> None:
    bill = practice_id(synced, "1042")
    lines = [{"Description": f"Line {n}", "Amount": Decimal("1.00")} for n in range(500)]
    Dispatch.objects.of(synced.firm).filter(practice_id=bill, kind="invoice").update(body=encode({"Line": lines}))
    (cut,) = alice_client.get(f"{BILLS}{bill}/").context["found"].requests.rows
    assert (len(cut.body.text), cut.is_cut, cut.is_whole) == (requests.LONG, True, False)
    address = cut.whole.partition("#")[0]
    (whole,) = alice_client.get(f"{BILLS}{bill}/{address}").context["found"].requests.rows
    assert "Line 499" in whole.body.text and not whole.is_cut and whole.is_whole


def test_many_requests_are_paged(alice_client: Client, synced: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "SIZE", 1)
    bill = int(practice_id(synced, "1043"))
    synced.clio.void_bill(bill)
    synced.run()
    first = alice_client.get(f"{BILLS}{bill}/").context["found"].requests
    second = alice_client.get(f"{BILLS}{bill}/{first.older}").context["found"].requests
    actions = [row.dispatch.operation for page in (first, second) for row in page.rows]
    assert (actions, second.older) == (["void", "create"], "")


def test_what_is_written_to_clio_is_shown_too(alice_client: Client, synced: Portal) -> None:
    contact = EntityLink.objects.of(synced.firm).filter(kind="contact").earliest("id")
    synced.quickbooks.edit_customer(contact.ledger_id, PrimaryPhone={"FreeFormNumber": "555 0199"})
    synced.run()
    shown = alice_client.get(f"/f/acme/records/contact/{contact.practice_id}/").context["found"].requests.rows[0]
    assert shown.address == f"PATCH /api/v4/contacts/{contact.practice_id}.json"
    assert "555 0199" in shown.body.text and shown.answer and "555 0199" in shown.answer.text


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
