"""The pages to play the other side, and the stand-ins inside the portal's server."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from integrations.sandbox.clio.office import BillLine, ClioOffice, Discount
from integrations.sandbox.generator import seed
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.world import World
from tests.sandbox.playing import DAY, at, post, refused

TODAY = date(2026, 11, 24)


# The mount


def test_the_index_lists_what_there_is(client: Client, clio: ClioOffice, quickbooks: QuickBooksOffice) -> None:
    page = client.get("/sandbox/").content.decode()
    assert "O&#x27;Brien &amp; Søn" in page
    assert at(clio) in page
    assert at(quickbooks) in page


def test_the_clock_moves_on_and_refuses_to_go_back(client: Client, world: World) -> None:
    before = world.store.now()
    post(client, "/sandbox/", "advance", hours="24")
    assert (world.store.now() - before).total_seconds() >= 86_400
    assert "forward" in refused(post(client, "/sandbox/", "advance", hours="-1"))


def test_a_switch_is_set_and_a_wrong_reading_refused(client: Client, world: World) -> None:
    url = "/sandbox/play/switches/"
    post(client, url, "clio_money", reading="strings")
    post(client, url, "clio_rate_limit", reading="77")
    post(client, url, "payment_bumps_invoice", reading="False")
    assert world.store.setting("switch:clio_money") == "strings"
    assert world.store.setting("switch:clio_rate_limit") == 77
    assert world.store.setting("switch:payment_bumps_invoice") is False
    assert "is one of" in refused(post(client, url, "clio_money", reading="pearls"))
    assert "cannot do" in refused(post(client, url, "clio_pearls", reading="x"))


@pytest.mark.parametrize(
    "path",
    ["play/clio/us/999/", "play/clio/xx/1/", f"play/clio/us/{10**30}/", "play/quickbooks/999/", "play/nowhere/"],
)
def test_what_is_not_there_is_not_found(client: Client, world: World, path: str) -> None:
    assert client.get(f"/sandbox/{path}").status_code == 404


@pytest.mark.parametrize("path", ["bills/999/", f"bills/{10**30}/", "contacts/999/"])
def test_nor_is_a_record_there_is_not(client: Client, clio: ClioOffice, path: str) -> None:
    assert client.get(at(clio, path)).status_code == 404


@pytest.mark.parametrize("path", ["invoices/999/", "invoices/abc/", "customers/999/", "payments/999/"])
def test_nor_is_a_document_there_is_not(client: Client, quickbooks: QuickBooksOffice, path: str) -> None:
    assert client.get(at(quickbooks, path)).status_code == 404


def test_the_api_needs_no_csrf_token_and_makes_no_session(world: World, clio: ClioOffice) -> None:
    strict = Client(enforce_csrf_checks=True)
    token = world.clio["us"].token(clio)
    answer = strict.get("/sandbox/clio/api/v4/bills.json?limit=1", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert not answer.cookies
    asked = strict.post("/sandbox/quickbooks/oauth2/v1/tokens/bearer", {"grant_type": "refresh_token"})
    assert asked.status_code == 401
    assert strict.post("/sandbox/clock", b'{"seconds": 60}', "application/json").status_code == 200


def test_pages_lead_on_at_the_address_they_were_asked_at(world: World, clio: ClioOffice, contact: int) -> None:
    clio.create_contact(first_name="A", last_name="B")
    token = world.clio["us"].token(clio)
    answer = Client().get(
        "/far/sandbox/clio/api/v4/contacts.json?limit=1",
        headers={"authorization": f"Bearer {token}"},
        SCRIPT_NAME="/far",
        PATH_INFO="/sandbox/clio/api/v4/contacts.json",
    )
    assert answer.json()["meta"]["paging"]["next"].startswith("http://testserver/far/sandbox/clio/api/v4/contacts")


def test_a_rate_limit_ends_by_the_date_of_the_web_server(world: World, clio: ClioOffice) -> None:
    world.store.advance(86_400)
    token = world.clio["us"].token(clio)
    answer = Client().get("/sandbox/clio/api/v4/bills.json", headers={"authorization": f"Bearer {token}"})
    ends = int(answer.headers["x-ratelimit-reset"]) + 86_400 - world.store.now().timestamp()
    assert 0 < ends <= 61
    assert "date" not in answer.headers


def test_a_request_that_is_too_large_is_refused(world: World, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert Client().post("/sandbox/clock", b"x" * 11, "application/json").status_code == 413


def test_consent_pages_have_a_style_sheet_and_no_style_of_their_own(world: World, clio: ClioOffice) -> None:
    asked = "response_type=code&client_id=sandbox-clio&redirect_uri=http://testserver/oauth/clio/callback/"
    answer = Client().get(f"/sandbox/clio/oauth/authorize?{asked}")
    assert answer.status_code == 200
    assert b"css/sandbox.css" in answer.content
    assert b"style=" not in answer.content
    assert b"<script" not in answer.content


def test_a_form_without_its_token_is_refused(world: World, clio: ClioOffice, bill: int) -> None:
    answer = Client(enforce_csrf_checks=True).post(at(clio, f"bills/{bill}/"), {"action": "void"})
    assert answer.status_code == 403
    assert clio.bill(bill)["state"] == "awaiting_payment"


def test_every_page_of_a_generated_firm_can_be_opened(client: Client, world: World) -> None:
    seeded = seed(world.store, bills=60, today=TODAY)
    clio = ClioOffice(world.store, seeded.region, seeded.account_id)
    quickbooks = QuickBooksOffice(world.store, seeded.realm)
    found = clio.snapshot()
    pages = [at(clio), at(clio, "contacts/"), at(quickbooks, "accounts/"), at(quickbooks, "settings/")]
    pages += [at(clio, f"bills/{one['id']}/") for one in found["bills"]]
    pages += [at(clio, f"contacts/{one['id']}/") for one in found["contacts"]]
    pages += [at(clio, "payments/"), at(clio, "banking/"), at(quickbooks, "documents/")]
    pages += [at(clio, f"payments/{one['id']}/") for one in found["payments"]]
    pages += [at(clio, f"banking/{one['id']}/") for one in found["bank_accounts"]]
    pages += [at(clio, f"rows/{one['id']}/") for one in found["bank_transactions"]]
    for entity in ("JournalEntry", "Purchase", "CreditMemo", "Deposit"):
        pages += [at(quickbooks, f"documents/{entity}/{one['Id']}/") for one in quickbooks.all(entity)]
    for entity in ("Invoice", "Customer", "Payment"):
        path = f"{entity.lower()}s/"
        pages += [at(quickbooks, "" if entity == "Invoice" else path)]
        pages += [at(quickbooks, f"{path}{one['Id']}/") for one in quickbooks.all(entity)]
    assert dict.fromkeys(pages, 200) == {url: client.get(url).status_code for url in pages}


def test_long_lists_come_in_pages_newest_first(client: Client, clio: ClioOffice, contact: int) -> None:
    matter = clio.create_matter(contact)
    for _ in range(120):
        clio.draft_bill(matter, [BillLine("Advice", 10)], DAY)
    first, second, third = (client.get(at(clio), {"page": page}).content.decode() for page in (1, 2, 3))
    numbers = [re.findall(r"<bdi>(\d+)</bdi></a>", page) for page in (first, second, third)]
    assert [int(number) for page in numbers for number in page] == list(range(120, 0, -1))
    assert "?page=2" in first
    assert "?page=3" in second
    assert "Older" not in third


def test_bills_are_found_by_number_and_state(client: Client, clio: ClioOffice, bill: int) -> None:
    number = clio.bill(bill)["number"]
    link = at(clio, f"bills/{bill}/")
    assert link in client.get(at(clio), {"number": number, "state": "awaiting_payment"}).content.decode()
    assert link not in client.get(at(clio), {"number": number, "state": "void"}).content.decode()
    assert link not in client.get(at(clio), {"number": "none"}).content.decode()


# Clio


def test_a_draft_is_approved_edited_and_taken_back(client: Client, clio: ClioOffice, contact: int) -> None:
    draft = clio.draft_bill(clio.create_matter(contact), [BillLine("Advice", 100)], DAY, discount=Discount(Decimal(10)))
    url = at(clio, f"bills/{draft}/")
    post(client, url, "approve")
    assert clio.bill(draft)["state"] == "awaiting_payment"
    post(client, url, "edit_line", line="0", price="50.00", quantity="3")
    assert clio.bill(draft)["due"] == Decimal("135.00")
    post(client, url, "add_line", description="Flat fee", price="10")
    assert clio.bill(draft)["due"] == Decimal("144.00")
    post(client, url, "to_draft")
    assert clio.bill(draft)["state"] == "draft"
    post(client, url, "delete")
    assert clio.bill(draft)["state"] == "deleted"


def test_an_edited_line_leaves_the_others_as_they_were(client: Client, clio: ClioOffice, bill: int) -> None:
    before = clio.find("line_item", "bill_id", bill)
    post(client, at(clio, f"bills/{bill}/"), "edit_line", line="0", price="100.50", quantity="2")
    after = clio.find("line_item", "bill_id", bill)
    assert [(line["id"], line["type"], line["displayed"], line["gross"]) for line in after] == [
        (line["id"], line["type"], line["displayed"], line["gross"]) for line in before
    ]
    assert clio.find("activity", "bill_id", bill)[1]["vendor_id"]


def test_a_bill_is_redated_renumbered_and_voided(client: Client, clio: ClioOffice, bill: int) -> None:
    url = at(clio, f"bills/{bill}/")
    post(client, url, "redate", issued="2026-03-03", due="2026-04-03")
    post(client, url, "renumber", number="A-17")
    assert [clio.bill(bill)[name] for name in ("issued_at", "due_at", "number")] == ["2026-03-03", "2026-04-03", "A-17"]
    post(client, url, "void")
    assert clio.bill(bill)["state"] == "void"


def test_a_bill_is_paid_in_every_way(client: Client, clio: ClioOffice, contact: int, bill: int) -> None:
    url = at(clio, f"bills/{bill}/")
    post(client, url, "pay", amount="41", received="91", on=DAY, reference="Check 7")
    assert clio.bill(bill)["balance"] == Decimal("200.00")
    post(client, url, "pay_from_funds", amount="50", on=DAY)
    post(client, at(clio, f"contacts/{contact}/"), "deposit", amount="500", on=DAY, source="Zoë")
    post(client, url, "pay_from_trust", amount="100", on=DAY)
    post(client, url, "credit", amount="20", on=DAY, description="Courtesy")
    assert clio.bill(bill)["balance"] == Decimal("30.00")
    post(client, url, "interest", amount="5", on=DAY)
    assert clio.bill(bill)["balance"] == Decimal("35.00")
    memo = clio.snapshot()["credit_memos"][0]["id"]
    post(client, url, "undo", parent=f"CreditMemo-{memo}")
    first, from_funds, _ = (payment["id"] for payment in clio.snapshot()["payments"])
    assert "does not hold enough" in refused(post(client, url, "undo", parent=f"Payment-{first}"))
    post(client, url, "undo", parent=f"Payment-{from_funds}")
    assert clio.bill(bill)["balance"] == Decimal("105.00")


@pytest.mark.parametrize(
    "action, fields, message",
    [
        ("approve", {}, "cannot become"),
        ("pay", {"amount": "lots", "on": DAY}, "not a number"),
        ("pay", {"amount": "9999999", "on": DAY}, "cannot take"),
        ("pay", {"amount": "NaN", "on": DAY}, "not an amount"),
        ("pay", {"amount": "1e400", "on": DAY}, "not an amount"),
        ("pay", {"amount": "10", "on": "yesterday"}, "not a date"),
        ("pay", {"amount": "10"}, "Date is missing"),
        ("pay_from_trust", {"amount": "10", "on": DAY}, "does not hold enough"),
        ("credit", {"amount": "-1", "on": DAY}, "credit note is at most"),
        ("interest", {"amount": "0", "on": DAY}, "more than zero"),
        ("edit_line", {"line": "77", "price": "1", "quantity": "1"}, "no such line"),
        ("edit_line", {"line": "x", "price": "1", "quantity": "1"}, "not a number of a record"),
        ("renumber", {"number": " "}, "Number is missing"),
        ("undo", {"parent": "Payment-x"}, "Choose a payment"),
        ("undo", {"parent": "Payment-1"}, "There is no payment"),
        ("explode", {}, "cannot do"),
    ],
)
def test_what_clio_refuses_is_said(
    client: Client, clio: ClioOffice, bill: int, action: str, fields: dict[str, str], message: str
) -> None:
    before = clio.bill(bill)
    assert message in refused(post(client, at(clio, f"bills/{bill}/"), action, **fields))
    assert clio.bill(bill) == before


def test_a_contact_is_created_and_billed(client: Client, clio: ClioOffice) -> None:
    post(client, at(clio, "contacts/"), "create_contact", type="Company", name="Børge & Co", email="b@example.com")
    (made,) = clio.snapshot()["contacts"]
    url = at(clio, f"contacts/{made['id']}/")
    form = {"description": "Advice", "price": "120", "issued": DAY, "due": DAY}
    post(client, url, "bill", **form, approve="on")
    post(client, url, "bill", **form, number="77")
    first, second = clio.snapshot()["bills"]
    assert (first["state"], second["state"], second["number"]) == ("awaiting_payment", "draft", "77")


def test_a_contact_is_edited_row_by_row(client: Client, clio: ClioOffice, contact: int) -> None:
    url = at(clio, f"contacts/{contact}/")
    row = clio.take("contact", contact)["email_addresses"][0]["id"]
    form = {"first_name": "Zoe", "last_name": "O'Hara", "email": "new@example.com", "phone": "555", "city": "Bergen"}
    post(client, url, "edit", **form)
    known = clio.take("contact", contact)
    assert known["name"] == "Zoe O'Hara"
    assert [(one["id"], one["address"]) for one in known["email_addresses"]] == [(row, "new@example.com")]
    assert (known["phone_numbers"][0]["number"], known["addresses"][0]["city"]) == ("555", "Bergen")
    post(client, url, "edit", **{**form, "email": ""})
    assert clio.take("contact", contact)["email_addresses"] == []
    post(client, url, "delete")
    assert clio.look("contact", contact) is None


def test_a_contact_without_a_name_is_refused(client: Client, clio: ClioOffice, contact: int) -> None:
    assert "Name is missing" in refused(post(client, at(clio, "contacts/"), "create_contact", type="Person"))
    assert "Type must be" in refused(post(client, at(clio, "contacts/"), "create_contact", type="Cat", name="Tom"))
    url = at(clio, f"contacts/{contact}/")
    assert "must have" in refused(post(client, url, "edit", first_name="", last_name=""))
    assert clio.take("contact", contact)["name"] == "Zoë O'Hara"


# QuickBooks


def test_a_customer_is_created_edited_and_put_away(client: Client, quickbooks: QuickBooksOffice) -> None:
    form = {"name": "Ann Lee", "given": "Ann", "family": "Lee", "email": "a@example.com", "street": "1 Elm"}
    post(client, at(quickbooks, "customers/"), "create_customer", **form)
    (made,) = quickbooks.all("Customer")
    url = at(quickbooks, f"customers/{made['Id']}/")
    post(client, url, "edit", **{**form, "name": "Anne Lee", "email": ""})
    known = quickbooks.get("Customer", made["Id"])
    assert (known["DisplayName"], known["BillAddr"]["Line1"]) == ("Anne Lee", "1 Elm")
    assert "PrimaryEmailAddr" not in known
    post(client, url, "deactivate")
    assert quickbooks.get("Customer", made["Id"])["Active"] is False
    post(client, url, "edit", name="ignored", given="A", family="Lee")
    post(client, url, "reactivate")
    assert quickbooks.get("Customer", made["Id"])["DisplayName"] == "Anne Lee"


def test_a_customer_is_billed_pays_and_is_merged(client: Client, quickbooks: QuickBooksOffice, customer: str) -> None:
    url, item = at(quickbooks, f"customers/{customer}/"), quickbooks.all("Item")[0]["Id"]
    form = {"item": item, "amount": "80.50", "issued": DAY, "due": DAY, "number": "77"}
    post(client, url, "invoice", **form)
    assert "6140" in refused(post(client, url, "invoice", **form))
    post(client, url, "invoice", **form, duplicate_ok="on")
    post(client, url, "payment", amount="20", on=DAY)
    assert [doc["DocNumber"] for doc in quickbooks.all("Invoice")] == ["77", "77"]
    other = quickbooks.create_customer("Survivor")["Id"]
    post(client, url, "merge", survivor=other)
    assert {doc["CustomerRef"]["value"] for doc in quickbooks.all("Invoice")} == {other}


def test_an_invoice_is_changed_paid_and_deleted(client: Client, quickbooks: QuickBooksOffice, invoice: str) -> None:
    url = at(quickbooks, f"invoices/{invoice}/")
    post(client, url, "amount", amount="150")
    post(client, url, "dates", issued="2026-03-03", due="2026-04-04")
    post(client, url, "renumber", number="2001")
    post(client, url, "receive", amount="40", on=DAY)
    known = quickbooks.get("Invoice", invoice)
    assert [known[name] for name in ("TotalAmt", "Balance", "TxnDate", "DueDate", "DocNumber")] == [
        150,
        110,
        "2026-03-03",
        "2026-04-04",
        "2001",
    ]
    post(client, url, "void")
    assert quickbooks.get("Invoice", invoice)["TotalAmt"] == 0
    post(client, url, "delete")
    assert quickbooks.all("Invoice") == []


def test_payments_are_deposited_edited_and_undone(client: Client, quickbooks: QuickBooksOffice, customer: str) -> None:
    first, second = (quickbooks.receive_payment(customer, amount)["Id"] for amount in (30, 50))
    url = at(quickbooks, "payments/")
    post(client, url, "deposit", payment=[first], bank=quickbooks.account_id("checking"))
    assert [deposit["TotalAmt"] for deposit in quickbooks.all("Deposit")] == [30]
    assert "6540" in refused(post(client, f"{url}{first}/", "delete"))
    post(client, f"{url}{second}/", "edit", amount="55", on=DAY)
    assert quickbooks.get("Payment", second)["TotalAmt"] == 55
    post(client, f"{url}{second}/", "void")
    assert quickbooks.get("Payment", second)["TotalAmt"] == 0
    post(client, f"{url}{second}/", "delete")
    assert [doc["Id"] for doc in quickbooks.all("Payment")] == [first]


def test_settings_are_switched_off_and_on(client: Client, quickbooks: QuickBooksOffice) -> None:
    url = at(quickbooks, "settings/")
    post(client, url, "numbers")
    post(client, url, "warning")
    post(client, url, "credits", on="on")
    post(client, url, "payments", on="on")
    post(client, url, "closing", date="2026-01-31")
    known = quickbooks.get("Preferences", "1")
    assert known["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    assert known["SalesFormsPrefs"]["AutoApplyCredit"] is known["SalesFormsPrefs"]["AutoApplyPayments"] is True
    assert {"Name": "WarnDuplicateBillNumber", "Value": "false"} in known["OtherPrefs"]["NameValue"]
    assert known["AccountingInfoPrefs"]["BookCloseDate"] == "2026-01-31"
    post(client, url, "numbers", on="on")
    post(client, url, "closing", date="")
    known = quickbooks.get("Preferences", "1")
    assert known["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert "BookCloseDate" not in known["AccountingInfoPrefs"]
    assert "not a date" in refused(post(client, url, "closing", date="soon"))


def test_accounts_show_a_balanced_trial_balance(client: Client, quickbooks: QuickBooksOffice, invoice: str) -> None:
    page = client.get(at(quickbooks, "accounts/")).content.decode()
    total = re.search(r"<bdi>Total</bdi>.*?</tr>", page, re.S)
    assert total
    assert re.findall(r"<bdi>([\d.,]+)</bdi>", total[0]) == ["100.00", "100.00"]


@pytest.mark.parametrize(
    "path, action, fields, message",
    [
        ("customers/", "create_customer", {"name": "Zoë O'Hara"}, "6240"),
        ("customers/", "create_customer", {"name": "A:B"}, "refuses this"),
        ("customers/", "create_customer", {"name": "X", "email": "nobody"}, "refuses this"),
        ("customers/1/", "merge", {"survivor": "1"}, "cannot be merged"),
        ("customers/1/", "invoice", {"item": "999", "amount": "1", "issued": DAY, "due": DAY}, "2500"),
        ("invoices/{invoice}/", "amount", {"amount": "-500"}, "0 or greater"),
        ("invoices/{invoice}/", "renumber", {"number": "x" * 30}, "refuses this"),
        ("invoices/{invoice}/", "receive", {"amount": "-5", "on": DAY}, "refuses this"),
        ("payments/", "deposit", {}, "Choose the payments"),
        ("payments/", "deposit", {"payment": ["999"]}, "refuses this"),
    ],
)
def test_what_quickbooks_refuses_is_said(
    client: Client, quickbooks: QuickBooksOffice, invoice: str, path: str, action: str, fields: Any, message: str
) -> None:
    before = quickbooks.snapshot()
    assert message in refused(post(client, at(quickbooks, path.format(invoice=invoice)), action, **fields))
    assert quickbooks.snapshot() == before
