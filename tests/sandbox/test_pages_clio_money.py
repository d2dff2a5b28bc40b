"""Played from the pages: trust money, bank rows, payments put right, and contacts, in the Clio stand-in."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.clio.switches import switch
from tests.sandbox.playing import DAY, at, post, refused

D = Decimal


@pytest.fixture
def trust(clio: ClioOffice) -> int:
    return clio.first_account("Trust")


def rows(clio: ClioOffice, bank: int) -> list[tuple[str, Decimal]]:
    return [
        (row["date"], row["signed"]) for row in clio.snapshot()["bank_transactions"] if row["bank_account_id"] == bank
    ]


def last_row(clio: ClioOffice) -> dict[str, Any]:
    return clio.snapshot()["bank_transactions"][-1]


def last_payment(clio: ClioOffice) -> dict[str, Any]:
    return clio.snapshot()["payments"][-1]


def another_bill(clio: ClioOffice, contact: int, amount: int) -> int:
    return clio.draft_bill(clio.create_matter(contact), [BillLine("More", amount)], DAY, state="awaiting_payment")


# Trust


def test_trust_money_comes_in_and_goes_out_with_and_without_a_cheque(
    client: Client, clio: ClioOffice, contact: int, trust: int
) -> None:
    url, matter = at(clio, f"contacts/{contact}/"), clio.create_matter(contact)
    post(
        client, url, "deposit", amount="500", on=DAY, matter=matter, source="Zoë", reference="Wire 1", description="Fee"
    )
    assert clio.held(trust, contact, matter) == 500
    post(client, url, "withdraw", amount="120", on=DAY, matter=matter, source="County Recorder", reference="2051")
    paid = last_row(clio)
    assert (paid["signed"], paid["source"], paid["confirmation"]) == (D(-120), "County Recorder", "2051")
    post(client, url, "withdraw", amount="80", on=DAY, matter=matter, account=trust)
    assert (last_row(clio)["source"], last_row(clio)["confirmation"]) == ("", "")
    assert clio.held(trust, contact, matter) == 300


def test_trust_money_moves_between_matters_clients_and_accounts(
    client: Client, clio: ClioOffice, contact: int, trust: int
) -> None:
    post(client, at(clio, "banking/"), "open_account", name="Second trust", type="Trust")
    second = clio.snapshot()["bank_accounts"][-1]["id"]
    other, matter = clio.create_contact(first_name="Bo", last_name="Ek"), clio.create_matter(contact)
    url = at(clio, f"contacts/{contact}/")
    post(client, url, "deposit", amount="900", on=DAY)
    post(client, url, "transfer", amount="100", on=DAY, to_matter=matter)
    post(client, url, "transfer", amount="200", on=DAY, to_contact=other)
    post(client, url, "transfer", amount="300", on=DAY, to_account=second)
    held = [clio.held(trust, contact), clio.held(trust, contact, matter), clio.held(trust, other)]
    assert [*held, clio.held(second, contact)] == [300, 100, 200, 300]
    assert "does not hold enough" in refused(post(client, url, "transfer", amount="301", on=DAY, to_contact=other))


def test_a_trust_row_is_changed_re_dated_moved_and_deleted(
    client: Client, clio: ClioOffice, contact: int, trust: int
) -> None:
    post(client, at(clio, f"contacts/{contact}/"), "deposit", amount="500", on=DAY)
    row, matter = last_row(clio)["id"], clio.create_matter(contact)
    url, form = at(clio, f"rows/{row}/"), {"on": "2026-03-03", "amount": "450", "reference": "7"}
    post(client, url, "edit", contact=contact, matter=matter, **form)
    assert rows(clio, trust) == [("2026-03-03", D(450))]
    assert (clio.held(trust, contact), clio.held(trust, contact, matter)) == (0, 450)
    page = post(client, url, "delete")
    assert at(clio, f"rows/{row}/") not in page
    assert rows(clio, trust) == []


def test_money_that_was_used_cannot_be_taken_away(client: Client, clio: ClioOffice, contact: int, trust: int) -> None:
    url = at(clio, f"contacts/{contact}/")
    post(client, url, "deposit", amount="500", on=DAY)
    row = last_row(clio)["id"]
    post(client, url, "withdraw", amount="400", on=DAY)
    assert "does not hold enough" in refused(post(client, at(clio, f"rows/{row}/"), "delete"))
    form = {"on": DAY, "amount": "399", "contact": contact}
    assert "does not hold enough" in refused(post(client, at(clio, f"rows/{row}/"), "edit", **form))
    assert rows(clio, trust) == [(DAY, D(500)), (DAY, D(-400))]


@pytest.mark.parametrize("action", ["deposit", "withdraw", "transfer"])
def test_trust_money_is_moved_by_more_than_nothing(
    client: Client, clio: ClioOffice, contact: int, trust: int, action: str
) -> None:
    assert "more than zero" in refused(post(client, at(clio, f"contacts/{contact}/"), action, amount="0", on=DAY))
    assert rows(clio, trust) == []


def test_a_row_of_a_payment_is_left_to_the_payment(client: Client, clio: ClioOffice, bill: int) -> None:
    post(client, at(clio, f"bills/{bill}/"), "pay", amount="10", on=DAY)
    row = last_row(clio)["id"]
    assert "edit the payment" in client.get(at(clio, f"rows/{row}/")).content.decode()
    assert "edit the payment" in refused(post(client, at(clio, f"rows/{row}/"), "delete"))


def test_money_is_typed_into_an_operating_account_but_not_into_trust(
    client: Client, clio: ClioOffice, contact: int, trust: int
) -> None:
    operating = clio.first_account("Operating")
    post(
        client, at(clio, f"banking/{operating}/"), "entry", amount="-40", on=DAY, contact=contact, description="Refund"
    )
    assert rows(clio, operating) == [(DAY, D(-40))]
    page = post(client, at(clio, f"banking/{trust}/"), "entry", amount="40", on=DAY)
    assert "on the page of its contact" in refused(page)
    assert rows(clio, trust) == []


# Payments


def test_one_payment_pays_several_bills_and_leaves_the_rest(
    client: Client, clio: ClioOffice, contact: int, bill: int
) -> None:
    second = another_bill(clio, contact, 100)
    url = at(clio, f"contacts/{contact}/")
    post(client, url, "pay_bills", bill=[bill, second], amount="400", on=DAY, reference="Check 9")
    assert [clio.bill(one)["balance"] for one in (bill, second)] == [0, 0]
    assert clio.held(clio.first_account("Operating"), contact) == D(59)
    assert "Choose the bills" in refused(post(client, url, "pay_bills", amount="5", on=DAY))
    assert "Choose the bills" in refused(post(client, url, "pay_bills", bill=[bill], amount="5", on=DAY))


def test_a_payment_is_edited_and_put_on_other_bills(client: Client, clio: ClioOffice, contact: int, bill: int) -> None:
    second, operating = another_bill(clio, contact, 100), clio.first_account("Operating")
    cards = clio.add_bank_account("Cards", "Operating")
    post(client, at(clio, f"bills/{bill}/"), "pay", amount="200", on=DAY, into=operating)
    payment = last_payment(clio)["id"]
    url = at(clio, f"payments/{payment}/")
    post(client, url, "edit", amount="260", on="2026-03-03", reference="Wire 2", into=cards)
    known = clio.payment(payment)
    assert [known[name] for name in ("amount", "date", "reference")] == [260, "2026-03-03", "Wire 2"]
    assert rows(clio, cards) == [("2026-03-03", D(260))]
    post(client, url, "allocate", bill=second, amount="60")
    post(client, url, "allocate", bill=bill, amount="0")
    assert clio.allocated_to(payment) == [(second, D(60))]
    assert clio.held(cards, contact) == 200
    assert "cannot take" in refused(post(client, url, "allocate", bill=second, amount="101"))
    post(client, url, "delete")
    assert clio.payment(payment)["voided_at"]
    assert "Only a completed payment" in refused(post(client, url, "edit", amount="1", on=DAY))


def test_a_payment_is_deleted_and_entered_again(client: Client, clio: ClioOffice, bill: int) -> None:
    post(client, at(clio, f"bills/{bill}/"), "pay", amount="100", received="130", on=DAY, reference="Check 1")
    old = last_payment(clio)["id"]
    post(client, at(clio, f"payments/{old}/"), "replace", on="2026-02-05")
    new = last_payment(clio)
    assert clio.payment(old)["voided_at"] and new["id"] != old
    assert (new["amount"], new["date"], new["reference"]) == (D(130), "2026-02-05", "Check 1")
    assert clio.allocated_to(new["id"]) == [(bill, D(100))]


@pytest.mark.parametrize("reading", ["smaller", "own"])
def test_a_refund_gives_back_first_what_is_not_allocated(
    client: Client, clio: ClioOffice, contact: int, bill: int, reading: str
) -> None:
    switch(clio.store, "clio_refund_row", reading)
    operating = clio.first_account("Operating")
    post(client, at(clio, f"bills/{bill}/"), "pay", amount="241", received="300", on=DAY)
    payment = last_payment(clio)["id"]
    url = at(clio, f"payments/{payment}/")
    post(client, url, "refund", amount="99", on="2026-02-09", reference="Check 88")
    assert (clio.bill(bill)["balance"], clio.held(operating, contact)) == (D(40), 0)
    own = [(DAY, D(300)), ("2026-02-09", D(-99))]
    assert rows(clio, operating) == (own if reading == "own" else [(DAY, D(201))])
    assert "at most" in refused(post(client, url, "refund", amount="202", on=DAY))
    post(client, url, "refund", amount="201", on=DAY)
    assert clio.bill(bill)["balance"] == clio.bill(bill)["due"]
    assert clio.payment(payment)["voided_at"] and clio.allocated_to(payment) == []
    assert clio.take("bank_account", operating)["balance"] == 0


def test_a_payment_of_which_a_part_was_refunded_is_not_deleted_where_the_refund_is_a_row(
    client: Client, clio: ClioOffice, bill: int
) -> None:
    switch(clio.store, "clio_refund_row", "own")
    post(client, at(clio, f"bills/{bill}/"), "pay", amount="100", on=DAY)
    url = at(clio, f"payments/{last_payment(clio)['id']}/")
    post(client, url, "refund", amount="30", on=DAY)
    post(client, url, "edit", amount="70", on="2026-02-10")
    assert [signed for _, signed in rows(clio, clio.first_account("Operating"))] == [100, -30]
    assert "was refunded" in refused(post(client, url, "delete"))


def test_funds_that_were_used_are_not_refunded(client: Client, clio: ClioOffice, contact: int, bill: int) -> None:
    post(client, at(clio, f"contacts/{contact}/"), "deposit", amount="500", on=DAY)
    post(client, at(clio, f"bills/{bill}/"), "pay_from_trust", amount="100", on=DAY)
    url = at(clio, f"payments/{last_payment(clio)['id']}/")
    assert "at most the money that came in" in refused(post(client, url, "refund", amount="1", on=DAY))


def test_a_card_payment_is_pending_until_it_arrives_or_fails(client: Client, clio: ClioOffice, bill: int) -> None:
    url = at(clio, f"bills/{bill}/")
    post(client, url, "pay", amount="100", on=DAY, card="on")
    post(client, url, "pay", amount="50", on=DAY, card="on")
    assert (clio.bill(bill)["pending"], clio.bill(bill)["payments"]) == (150, 0)
    first, second = (payment["id"] for payment in clio.snapshot()["payments"])
    post(client, at(clio, f"payments/{first}/"), "complete")
    post(client, at(clio, f"payments/{second}/"), "fail")
    assert (clio.bill(bill)["pending"], clio.bill(bill)["payments"]) == (0, 100)
    assert "not pending" in refused(post(client, at(clio, f"payments/{first}/"), "complete"))


def test_a_trust_request_is_paid_into_trust(client: Client, clio: ClioOffice, contact: int, trust: int) -> None:
    line = [BillLine("Advance", 300)]
    request = clio.draft_bill(clio.create_matter(contact), line, DAY, kind="trust_kind", state="awaiting_payment")
    page = client.get(at(clio, f"bills/{request}/")).content.decode()
    assert f'<option value="{trust}"' in page
    post(client, at(clio, f"bills/{request}/"), "pay", amount="300", on=DAY, into=trust)
    assert clio.held(trust, contact) == 300


# Interest and kept money


def test_interest_is_charged_and_removed(client: Client, clio: ClioOffice, bill: int) -> None:
    url = at(clio, f"bills/{bill}/")
    post(client, url, "interest", amount="5", on=DAY)
    (charge,) = clio.snapshot()["interest_charges"]
    assert "Remove interest" in client.get(url).content.decode()
    post(client, url, "drop_interest", charge=charge["id"])
    assert clio.snapshot()["interest_charges"] == []
    assert clio.bill(bill)["due"] == D(241)
    assert "There is no interest charge" in refused(post(client, url, "drop_interest", charge=charge["id"]))


def test_a_paid_bill_is_voided_only_where_the_money_is_kept(
    client: Client, clio: ClioOffice, contact: int, bill: int
) -> None:
    url = at(clio, f"bills/{bill}/")
    post(client, url, "pay", amount="100", on=DAY)
    assert "Delete the payments" in refused(post(client, url, "void"))
    post(client, url, "void", keep_money="on")
    assert clio.bill(bill)["state"] == "void"
    assert clio.held(clio.first_account("Operating"), contact) == 100


# Contacts


def test_a_contact_has_numbers_and_addresses_by_their_label(client: Client, clio: ClioOffice, contact: int) -> None:
    url = at(clio, f"contacts/{contact}/")
    post(client, url, "reach", collection="phone_numbers", label="Mobile", value="555-1")
    post(client, url, "reach", collection="phone_numbers", label="Fax", value="555-2")
    post(client, url, "reach", collection="phone_numbers", label="Mobile", value="555-3")
    post(client, url, "reach", collection="email_addresses", label="Home", value="z@home.example")
    post(client, url, "address", label="Billing", street="1 Elm", city="Bergen")
    known = clio.take("contact", contact)
    assert [(one["name"], one["number"]) for one in known["phone_numbers"]] == [("Mobile", "555-3"), ("Fax", "555-2")]
    assert [one["name"] for one in known["email_addresses"]] == ["Work", "Home"]
    assert (known["addresses"][0]["name"], known["addresses"][0]["city"]) == ("Billing", "Bergen")
    post(client, url, "reach", collection="phone_numbers", label="Fax", value="")
    post(client, url, "address", label="Billing")
    known = clio.take("contact", contact)
    assert len(known["phone_numbers"]) == 1 and known["addresses"] == []
    page = post(client, url, "reach", collection="email_addresses", label="Fax", value="x@example.com")
    assert "not a valid name" in refused(page)
    assert "e-mail address or a number" in refused(post(client, url, "reach", collection="bill", label="A", value="x"))


def test_contacts_are_merged_with_all_they_have(
    client: Client, clio: ClioOffice, contact: int, bill: int, trust: int
) -> None:
    other = clio.create_contact(first_name="Zoe", last_name="O'Hara")
    url = at(clio, f"contacts/{contact}/")
    post(client, url, "deposit", amount="50", on=DAY)
    assert "with itself" in refused(post(client, url, "merge", survivor=contact))
    assert "There is no contact" in refused(post(client, url, "merge", survivor=999_999))
    post(client, url, "merge", survivor=other)
    assert clio.look("contact", contact) is None
    assert (clio.bill(bill)["client_id"], clio.held(trust, other)) == (other, 50)


@pytest.mark.parametrize("path", ["payments/999/", "banking/999/", "rows/999/"])
def test_what_is_not_there_is_not_found(client: Client, clio: ClioOffice, path: str) -> None:
    assert client.get(at(clio, path)).status_code == 404
    assert client.post(at(clio, path), {"action": "delete"}).status_code == 404
