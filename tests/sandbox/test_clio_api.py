"""The Clio stand-in over its API: fields, lists, conditions, limits, errors, OAuth."""

import json
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.clio.stand_in import ClioStandIn
from integrations.sandbox.clio.switches import SWITCHES, switch
from integrations.sandbox.store import Store
from tests.sandbox.clio_world import account, form, parsed

REDIRECT = "http://localhost:8000/oauth/clio/callback/"


def refused(response, status, type=None):
    error = parsed(response, status)["error"]
    assert set(error) == {"type", "message"}
    assert type is None or error["type"] == type
    return error


@pytest.mark.parametrize(
    "fields",
    [
        "id,nonsense",
        "client{nonsense}",
        "matters{client{name}}",
        "client{}",
        "id,",
        ",id",
        "client{id",
        "number{id}",
        "*",
        "client{id}}",
    ],
)
def test_fields_outside_the_grammar_are_refused(fields):
    clio = account()
    clio.bill()
    refused(clio.call("GET", "bills.json", fields=fields), 400, "InvalidFields")


def test_without_fields_a_record_is_its_id_and_etag():
    clio = account()
    bill = clio.bill()
    (row,) = clio.get("bills")
    assert set(row) == {"id", "etag"} and row["id"] == bill
    assert row["etag"].startswith('"') and row["etag"].endswith('"')


def test_a_bare_association_gives_its_id_and_etag_and_braces_choose():
    clio = account()
    clio.bill()
    (row,) = clio.get("bills.json", fields="number,client,matters{display_number,client}")
    assert set(row) == {"number", "client", "matters"}
    assert set(row["client"]) == {"id", "etag"} and row["client"]["id"] == clio.contact
    assert row["matters"] == [{"display_number": "00001", "client": row["client"]}]


def test_pages_are_followed_to_the_end_without_gap_or_repeat():
    clio = account()
    ids = [clio.bill() for _ in range(7)]
    rows = clio.pages("bills.json", limit=3, fields="id,client{id}", order="id(asc)")
    assert [row["id"] for row in rows] == ids
    assert all(row["client"]["id"] == clio.contact for row in rows)


def test_a_page_that_ends_exactly_with_the_list_has_no_next():
    clio = account()
    for _ in range(4):
        clio.bill()
    body = parsed(clio.call("GET", "bills.json", limit=4), 200)
    assert len(body["data"]) == 4 and body["meta"] == {"paging": {}}


def test_next_carries_fields_limit_and_filters():
    clio = account()
    for _ in range(3):
        clio.bill()
    body = parsed(clio.call("GET", "bills.json", limit=1, state="awaiting_payment", fields="id,matters{id}"), 200)
    query = parse_qs(urlsplit(body["meta"]["paging"]["next"]).query)
    assert query["limit"] == ["1"] and query["state"] == ["awaiting_payment"] and query["fields"] == ["id,matters{id}"]
    assert "page_token" in query


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1"])
def test_a_limit_outside_1_to_200_is_refused(limit):
    refused(account().call("GET", "bills", limit=limit), 400)


def test_an_offset_beyond_ten_thousand_is_an_argument_error():
    refused(account().call("GET", "bills", offset=10_000), 422, "ArgumentError")


def test_offset_pages_keep_a_custom_order_and_know_the_previous_page():
    clio = account()
    for amount in (30, 10, 20):
        clio.bill(amount)
    body = parsed(clio.call("GET", "bills", order="balance(desc)", limit=1, offset=1, fields="balance"), 200)
    assert body["data"] == [{"balance": 20}]
    assert set(body["meta"]["paging"]) == {"next", "previous"}


def test_allocations_come_by_date_unless_asked_by_id():
    clio = account()
    bill = clio.bill()
    late = clio.office.record_payment(clio.contact, [(bill, 100)], "2026-03-01")
    early = clio.office.record_payment(clio.contact, [(bill, 100)], "2026-02-01")
    parents = [row["parent"]["id"] for row in clio.get("allocations", fields="parent{id}")]
    assert parents == [early, late]
    parents = [row["parent"]["id"] for row in clio.pages("allocations", fields="parent{id}", order="id(asc)", limit=1)]
    assert parents == [late, early]


def test_updated_since_gives_only_what_moved():
    clio = account()
    clio.bill()
    clio.store.advance(60)
    since = clio.office.now()
    moved = clio.bill()
    assert [row["id"] for row in clio.get("bills", updated_since=since)] == [moved]


@pytest.mark.parametrize(("reading", "count"), [("inclusive", 1), ("exclusive", 0)])
def test_updated_since_at_the_very_second(reading, count):
    clio = account(updated_since=reading)
    bill = clio.bill()
    (row,) = clio.get("bills", fields="updated_at", ids=[bill])
    assert len(clio.get("bills", updated_since=row["updated_at"])) == count


def test_ids_choose_records_and_unknown_ones_are_left_out():
    clio = account()
    bills = [clio.bill() for _ in range(3)]
    assert [row["id"] for row in clio.get("bills", ids=[bills[2], bills[0], 999_999])] == [bills[0], bills[2]]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("bills", "state", "unpaid"),
        ("bills", "type", "other"),
        ("bills", "client_id", "x"),
        ("bills", "order", "total(asc)"),
        ("bills", "updated_since", "yesterday"),
        ("bills", "issued_after", "soon"),
        ("bills", "page_token", "%%"),
        ("allocations", "status", "voided"),
        ("allocations", "parent_type", "Refund"),
        ("bank_accounts", "type", "Trust"),
        ("line_items", "display", "maybe"),
    ],
)
def test_a_value_a_filter_does_not_have_is_refused(path, name, value):
    clio = account()
    clio.bill()
    refused(clio.call("GET", path, **{name: value}), 400)


def test_bill_filters_choose_by_kind_state_contact_matter_and_date():
    clio = account()
    old = clio.bill(issued_at="2025-12-31")
    new = clio.bill(issued_at="2026-01-01")
    trust = clio.bill(5, kind="trust_kind")
    clio.office.void_bill(old)

    def ids(**query):
        return [row["id"] for row in clio.get("bills", **query)]

    assert ids(type="revenue") == [old, new]
    assert ids(type="trust") == [trust]
    assert ids(state="void") == [old]
    assert ids(issued_after="2025-12-31", type="revenue") == [new]
    assert ids(issued_before="2026-01-01") == [old]
    assert ids(client_id=clio.contact) == [old, new, trust]
    assert ids(matter_id=clio.matter + 1) == []
    assert ids(query="2") == [new]


def test_the_unfiltered_bill_list_can_hide_void_bills():
    clio = account(void_bills_listed="no")
    clio.office.void_bill(clio.bill())
    assert clio.get("bills") == []
    assert len(clio.get("bills", state="void")) == 1


def test_allocations_are_filtered_by_bill_parent_and_validity():
    clio = account()
    first, second = clio.bill(), clio.bill()
    payment = clio.office.record_payment(clio.contact, [(first, 10), (second, 20)], "2026-02-01")
    memo = clio.office.credit_note(first, Decimal(5), "2026-02-02")

    def amounts(**query):
        return [row["amount"] for row in clio.get("allocations", fields="amount", order="id(asc)", **query)]

    assert amounts(bill_id=first) == [10, 5]
    assert amounts(parent_id=payment) == [10, 20]
    assert amounts(parent_type="CreditMemo") == [5]
    clio.office.delete_credit_note(memo)
    assert amounts(status="valid") == [10, 20]
    assert amounts(status="invalid") == [5]
    assert amounts() == [10, 20, 5]
    switch(clio.store, "clio_voided_allocations_listed", "no")
    assert amounts() == [10, 20]
    switch(clio.store, "clio_parent_type", "ignored")
    assert amounts(parent_type="CreditMemo", status="valid") == [10, 20]
    switch(clio.store, "clio_parent_type", "number")
    assert amounts(parent_type="2", status="invalid") == [5]


def test_a_payment_cannot_be_read_and_bills_cannot_be_made():
    clio = account()
    payment = clio.office.record_payment(clio.contact, [(clio.bill(), 10)], "2026-02-01")
    refused(clio.call("GET", f"payments/{payment}"), 404)
    refused(clio.call("GET", "payments"), 404)
    for name in ("bills", "allocations", "credit_memos", "bank_transactions"):
        refused(clio.call("POST", name, body={}), 404)
    refused(clio.call("GET", "line_items/1"), 404)


def test_an_unknown_parameter_is_ignored_or_refused_by_switch():
    clio = account()
    assert clio.get("bills", colour="red") == []
    switch(clio.store, "clio_unknown_parameter", "refuse")
    refused(clio.call("GET", "bills", colour="red"), 400)
    assert clio.get("bills", updated_since="2026-01-01T00:00:00Z", ids=[1], limit=5, order="id(asc)") == []


def test_show_answers_304_for_a_known_etag_and_200_after_a_change():
    clio = account()
    path = f"contacts/{clio.contact}"
    first = clio.call("GET", path)
    etag = first.headers["etag"]
    assert parsed(first, 200)["data"]["etag"] == etag
    assert clio.call("GET", path, headers={"if-none-match": etag}).status == 304
    since = {"if-modified-since": first.headers["last-modified"]}
    assert clio.call("GET", path, headers=since).status == 304
    clio.store.advance(5)
    clio.office.edit_contact(clio.contact, last_name="Smith")
    assert clio.call("GET", path, headers={"if-none-match": etag}).status == 200
    assert clio.call("GET", path, headers=since).status == 200


def test_a_stale_if_match_writes_nothing():
    clio = account()
    path = f"contacts/{clio.contact}"
    etag = clio.call("GET", path).headers["etag"]
    clio.office.edit_contact(clio.contact, title="Dr")
    refused(clio.call("PATCH", path, body={"last_name": "X"}, headers={"if-match": etag}), 412)
    assert clio.get(path, fields="last_name")["last_name"] == "O'Hara"
    fresh = clio.call("GET", path).headers["etag"]
    answer = clio.call("PATCH", path, body={"last_name": "X"}, headers={"if-match": fresh}, fields="name,etag")
    body = parsed(answer, 200)["data"]
    assert body["name"] == "Zoë X" and body["etag"] not in (etag, fresh)


def test_a_patch_that_changes_nothing_keeps_the_etag():
    clio = account()
    path = f"contacts/{clio.contact}"
    before = clio.get(path)["etag"]
    assert parsed(clio.call("PATCH", path, body={"last_name": "O'Hara"}), 200)["data"]["etag"] == before


def test_contact_rows_are_edited_added_and_removed_by_id():
    clio = account()
    body = {
        "type": "Company",
        "name": "Müller GmbH",
        "email_addresses": [
            {"name": "Work", "address": "a@example.com"},
            {"name": "Other", "address": "b@example.com"},
        ],
        "phone_numbers": [{"name": "Mobile", "number": "1"}],
    }
    fields = "id,name,primary_email_address,email_addresses{id,address,primary},phone_numbers{name}"
    made = parsed(clio.call("POST", "contacts", body=body, fields=fields), 201)["data"]
    first, second = made["email_addresses"]
    assert made["primary_email_address"] == "a@example.com" and made["phone_numbers"] == [{"name": "Mobile"}]
    change = {
        "email_addresses": [
            {"id": first["id"], "_destroy": True},
            {"id": second["id"], "address": "c@example.com", "default_email": True},
            {"name": "Home", "address": "d@example.com"},
        ]
    }
    after = parsed(clio.call("PATCH", f"contacts/{made['id']}", body=change, fields=fields), 200)["data"]
    assert [row["address"] for row in after["email_addresses"]] == ["c@example.com", "d@example.com"]
    assert after["email_addresses"][0]["id"] == second["id"] and after["primary_email_address"] == "c@example.com"
    rows = clio.get(f"contacts/{made['id']}/email_addresses", fields="address")
    assert rows == [{"address": "c@example.com"}, {"address": "d@example.com"}]


@pytest.mark.parametrize(
    "body",
    [
        {"type": "Person"},
        {"type": "Company"},
        {"type": "Robot", "name": "x"},
        {"type": "Person", "first_name": "A", "email_addresses": [{"name": "Desk", "address": "a"}]},
        {"type": "Person", "first_name": "A", "phone_numbers": [{"name": "Work", "number": str(n)} for n in range(21)]},
        {"type": "Person", "first_name": "A", "phone_numbers": [{"id": 5, "number": "1"}]},
        {"type": "Person", "first_name": {"a": 1}},
        {"type": "Person", "first_name": "A", "favourite": "x"},
        {"type": "Person", "first_name": "A", "company": {"id": 1}},
    ],
)
def test_a_contact_that_breaks_a_rule_is_422_and_not_made(body):
    clio = account()
    refused(clio.call("POST", "contacts", body=body), 422)
    assert len(clio.get("contacts")) == 1


def test_a_person_given_by_one_name_is_split():
    clio = account()
    body = {"type": "Person", "name": "Anna Maria Lund"}
    made = parsed(clio.call("POST", "contacts", body=body, fields="first_name,middle_name,last_name,name"), 201)
    assert made["data"] == {
        "first_name": "Anna",
        "middle_name": "Maria",
        "last_name": "Lund",
        "name": "Anna Maria Lund",
    }


def test_a_body_that_is_not_json_is_refused():
    clio = account()
    request = clio.call("POST", "contacts")
    refused(request, 400)


def test_a_bill_is_renumbered_approved_and_voided_by_patch():
    clio = account()
    bill = clio.office.draft_bill(clio.matter, [BillLine("x", 10)], "2026-01-10")
    path = f"bills/{bill}"
    body = {"number": "A-7", "state": "awaiting_payment"}
    answer = parsed(clio.call("PATCH", path, body=body, fields="number,state,available_state_transitions"), 200)["data"]
    assert answer == {"number": "A-7", "state": "awaiting_payment", "available_state_transitions": ["paid", "void"]}
    refused(clio.call("PATCH", path, body={"state": "paid"}), 422)
    assert clio.call("DELETE", path).status == 204
    assert clio.get(path, fields="state")["state"] == "void"


def test_deleting_a_bill_with_a_payment_is_forbidden():
    clio = account()
    bill = clio.bill()
    clio.office.record_payment(clio.contact, [(bill, 10)], "2026-02-01")
    refused(clio.call("DELETE", f"bills/{bill}"), 403)


def test_a_refused_patch_of_number_and_state_changes_neither():
    clio = account()
    bill = clio.bill()
    refused(clio.call("PATCH", f"bills/{bill}", body={"number": "77", "state": "awaiting_approval"}), 422)
    assert clio.get(f"bills/{bill}", fields="number")["number"] == "1"


def test_a_duplicate_number_is_allowed_or_refused_by_switch():
    clio = account()
    clio.bill()
    second = clio.bill()
    switch(clio.store, "clio_duplicate_number", "refused")
    refused(clio.call("PATCH", f"bills/{second}", body={"number": "1"}), 422)
    switch(clio.store, "clio_duplicate_number", "allowed")
    assert clio.call("PATCH", f"bills/{second}", body={"number": "1"}).status == 200


def test_calls_are_limited_by_the_minute_on_the_stand_ins_clock():
    clio = account(rate_limit=3)
    left = [clio.call("GET", "bills").headers["x-ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    answer = clio.call("GET", "bills")
    refused(answer, 429)
    wait = int(answer.headers["retry-after"])
    assert 0 < wait <= 60 and answer.headers["x-ratelimit-limit"] == "3"
    clio.store.advance(wait)
    assert clio.call("GET", "bills").status == 200


def test_another_token_has_its_own_minute():
    clio = account(rate_limit=1)
    clio.call("GET", "bills")
    assert clio.call("GET", "bills").status == 429
    clio.token = clio.clio.token(clio.office)
    assert clio.call("GET", "bills").status == 200


def test_every_answer_carries_the_stand_ins_date():
    clio = account()
    clio.store.advance(86_400 * 3)
    for answer in (clio.call("GET", "bills"), clio.call("GET", "nowhere"), form(clio.clio, "GET", "/oauth/x", {})):
        assert abs(parsedate_to_datetime(answer.headers["date"]) - clio.store.now()) < timedelta(seconds=5)


def test_a_dead_token_is_401_with_error_as_a_string():
    clio = account()
    clio.store.advance(2_592_001)
    answer = clio.call("GET", "bills")
    assert parsed(answer, 401)["error"] == "invalid_token"
    assert "x-ratelimit-limit" in answer.headers


def test_a_token_of_another_region_is_unknown():
    clio = account()
    clio.clio = ClioStandIn(clio.store, "eu")
    assert clio.call("GET", "bills").status == 401


def test_a_missing_permission_is_403_for_application_and_for_person():
    clio = account()
    clio.token = clio.clio.token(clio.office, scopes={"contacts": "read"})
    assert clio.call("GET", "contacts").status == 200
    refused(clio.call("GET", "bills"), 403, "ForbiddenError")
    refused(clio.call("PATCH", f"contacts/{clio.contact}", body={"title": "Dr"}), 403, "ForbiddenError")
    user = clio.office.add_user("Kim Clerk")
    clio.office.forbid(user, "accounting")
    clio.token = clio.clio.token(clio.office, user)
    refused(clio.call("GET", "bank_accounts"), 403, "ForbiddenError")
    assert clio.call("GET", "bills").status == 200


def test_the_version_is_echoed_and_an_unknown_one_is_gone():
    clio = account()
    assert clio.call("GET", "bills").headers["x-api-version"] == "4.0.13"
    older = clio.call("GET", "bills", headers={"x-api-version": "4.0.11"})
    assert older.status == 200 and older.headers["x-api-version"] == "4.0.11"
    refused(clio.call("GET", "bills", headers={"x-api-version": "9.9"}), 410)


def test_who_am_i_names_the_firm():
    clio = account()
    me = clio.get("users/who_am_i.json", fields="id,name,email,account{id,name}")
    assert me["account"] == {"id": clio.office.account_id, "name": "O'Brien & Søn LLP"}


def test_a_hidden_contact_is_redacted_when_nested_and_absent_otherwise():
    clio = account()
    clio.bill()
    clio.office.hide_contact(clio.contact)
    (row,) = clio.get("bills", fields="client{id,name}")
    assert row["client"] == {"id": clio.contact, "name": None, "redacted": True}
    assert clio.get("contacts") == []
    assert clio.call("GET", f"contacts/{clio.contact}").status == 404


def test_a_deleted_or_merged_contact_is_404():
    clio = account()
    other = clio.office.create_contact(type="Company", name="Keeps Ltd")
    bill = clio.bill()
    clio.office.merge_contacts(other, clio.contact)
    assert clio.call("GET", f"contacts/{clio.contact}").status == 404
    assert clio.get(f"bills/{bill}", fields="client{id}")["client"]["id"] == other
    clio.office.delete_contact(other)
    assert clio.call("GET", f"contacts/{other}").status == 404
    assert clio.get(f"bills/{bill}", fields="client{id}")["client"] is None


def test_amounts_are_numbers_or_strings_by_switch():
    clio = account()
    clio.bill("97.41")
    assert clio.get("bills", fields="balance") == [{"balance": Decimal("97.41")}]
    switch(clio.store, "clio_money", "strings")
    assert clio.get("bills", fields="balance,paid,id")[0]["balance"] == "97.41"
    assert clio.get("bills", fields="paid") == [{"paid": "0.0"}]


def test_instants_are_in_utc_or_local_by_switch():
    clio = account()
    clio.bill()
    assert clio.get("bills", fields="updated_at")[0]["updated_at"].endswith("Z")
    switch(clio.store, "clio_instants", "local")
    assert clio.get("bills", fields="updated_at")[0]["updated_at"].endswith("-08:00")


def test_empty_values_are_null_by_switch():
    clio = account(nulls="yes")
    row = clio.get(f"contacts/{clio.contact}", fields="title,phone_numbers,primary_address")
    assert row == {"title": None, "phone_numbers": None, "primary_address": None}


@pytest.mark.parametrize(("reading", "meta"), [("empty_paging", {"paging": {}}), ("no_paging", {}), ("no_meta", None)])
def test_the_last_page_has_meta_by_switch(reading, meta):
    clio = account(last_page=reading)
    assert parsed(clio.call("GET", "bills"), 200).get("meta") == meta


def test_a_bank_row_points_at_what_the_switch_says():
    clio = account()
    clio.office.record_payment(clio.contact, [(clio.bill(), 10)], "2026-02-01", reference="chq 7")
    fields = "bill{id},allocation{id},confirmation,amount,funds_in"
    seen = {}
    for reading in SWITCHES["clio_row_carries"][1]:
        switch(clio.store, "clio_row_carries", reading)
        (row,) = clio.get("bank_transactions", fields=fields)
        seen[reading] = (bool(row["bill"]), bool(row["allocation"]))
        assert row["confirmation"] == "chq 7" and row["funds_in"] == 10
    assert seen == {
        "allocation": (False, True),
        "bill": (True, False),
        "both": (True, True),
        "neither": (False, False),
    }


def test_outstanding_balances_add_up_per_contact():
    clio = account()
    clio.bill(100)
    paid = clio.bill(50)
    clio.office.record_payment(clio.contact, [(paid, 20)], "2026-02-01")
    fields = "total_outstanding_balance,contact{id},outstanding_bills{number}"
    (row,) = clio.get("outstanding_client_balances", fields=fields)
    assert row["total_outstanding_balance"] == 130 and row["contact"]["id"] == clio.contact
    assert [bill["number"] for bill in row["outstanding_bills"]] == ["1", "2"]


def test_thirty_thousand_line_items_are_walked_without_reading_all_for_each_page():
    clio = account()
    bill = clio.bill()
    (line,) = clio.office.find("line_item", "bill_id", bill)
    with clio.store.transaction():
        for number in range(3000):
            clio.office._put("line_item", {**line, "id": 1_000_000 + number})
    read = []
    scan = clio.store.scan
    clio.store.scan = lambda *args, **kwargs: read.append(len(rows := scan(*args, **kwargs))) or rows
    rows = clio.pages("line_items", fields="id,bill{id},total", updated_since="2020-01-01T00:00:00Z")
    assert len(rows) == 3001 and sum(read) <= 3001 + 2 * 17


def test_the_consent_page_offers_every_account_and_gives_a_code_that_works_once():
    store = Store()
    clio = ClioStandIn(store)
    ClioOffice.open_account(store, name="First")
    second = ClioOffice.open_account(store, name="<Second>")
    ask = {"client_id": "sandbox-clio", "redirect_uri": REDIRECT, "response_type": "code", "state": "s1"}
    page = form(clio, "GET", "/oauth/authorize", ask)
    assert page.status == 200 and b"First" in page.body and b"&lt;Second&gt;" in page.body
    choice = {**ask, "decision": "approve", "account_id": str(second.account_id)}
    back = form(clio, "POST", "/oauth/approve", choice)
    assert back.status == 302 and back.headers["location"].startswith(REDIRECT)
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert query["state"] == ["s1"]
    trade = {
        "client_id": "sandbox-clio",
        "client_secret": "sandbox-clio-secret",
        "grant_type": "authorization_code",
        "code": query["code"][0],
        "redirect_uri": REDIRECT,
    }
    tokens = parsed(form(clio, "POST", "/oauth/token", trade), 200)
    assert tokens["expires_in"] == 2_592_000 and tokens["token_type"] == "bearer"
    assert parsed(form(clio, "POST", "/oauth/token", trade), 400)["error"] == "invalid_grant"


def connected(**settings):
    """An account with a refresh token from the real exchange: (account, tokens, refresh())."""
    clio = account(**settings)
    ask = {"client_id": "sandbox-clio", "redirect_uri": REDIRECT, "decision": "approve"}
    back = form(clio.clio, "POST", "/oauth/approve", {**ask, "account_id": str(clio.office.account_id)})
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    app = {"client_id": "sandbox-clio", "client_secret": "sandbox-clio-secret"}
    grant = {**app, "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    tokens = json.loads(form(clio.clio, "POST", "/oauth/token", grant).body)
    clio.token = tokens["access_token"]

    def refresh(token):
        wanted = {**app, "grant_type": "refresh_token", "refresh_token": token}
        return form(clio.clio, "POST", "/oauth/token", wanted)

    return clio, tokens, refresh


def test_a_refresh_token_is_reused_and_leaves_the_old_access_token_alive():
    clio, tokens, refresh = connected()
    for _ in range(2):
        assert set(parsed(refresh(tokens["refresh_token"]), 200)) == {"token_type", "access_token", "expires_in"}
    assert clio.call("GET", "bills").status == 200


def test_a_refresh_rotates_and_revokes_by_switch():
    clio, tokens, refresh = connected(refresh_rotates="yes", refresh_revokes="yes")
    renewed = parsed(refresh(tokens["refresh_token"]), 200)
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert clio.call("GET", "bills").status == 401
    assert parsed(refresh(tokens["refresh_token"]), 400)["error"] == "invalid_grant"
    clio.token = renewed["access_token"]
    assert clio.call("GET", "bills").status == 200


def test_deauthorizing_ends_both_tokens():
    clio, tokens, refresh = connected()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    answer = form(clio.clio, "POST", "/oauth/deauthorize", {"token": tokens["access_token"]}, **bearer)
    assert answer.status == 200 and answer.body == b""
    assert clio.call("GET", "bills").status == 401
    assert refresh(tokens["refresh_token"]).status == 400


def test_the_secret_and_the_redirect_uri_are_checked():
    clio = ClioStandIn(Store())
    clio.register_client("app", "s3", ["https://portal.example.com/cb"])
    ask = {"client_id": "app", "redirect_uri": "https://portal.example.com/cb", "response_type": "code"}
    assert form(clio, "GET", "/oauth/authorize", ask).status == 200
    assert form(clio, "GET", "/oauth/authorize", {**ask, "redirect_uri": ask["redirect_uri"] + "/"}).status == 400
    assert form(clio, "GET", "/oauth/authorize", {**ask, "client_id": "sandbox-clio"}).status == 400
    trade = {"client_id": "app", "client_secret": "wrong", "grant_type": "refresh_token", "refresh_token": "x"}
    assert form(clio, "POST", "/oauth/token", trade).status == 401


def test_a_code_is_too_old_after_ten_minutes():
    clio = account()
    ask = {"client_id": "sandbox-clio", "redirect_uri": REDIRECT, "decision": "approve"}
    back = form(clio.clio, "POST", "/oauth/approve", {**ask, "account_id": str(clio.office.account_id)})
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    clio.store.advance(601)
    app = {"client_id": "sandbox-clio", "client_secret": "sandbox-clio-secret", "grant_type": "authorization_code"}
    assert form(clio.clio, "POST", "/oauth/token", {**app, "code": code, "redirect_uri": REDIRECT}).status == 400


@pytest.mark.parametrize(("extra", "status"), [({}, 200), ({"redirect_on_decline": "true"}, 302)])
def test_declining_returns_only_when_asked(extra, status):
    clio = account()
    ask = {"client_id": "sandbox-clio", "redirect_uri": REDIRECT, "state": "s", "decision": "decline", **extra}
    answer = form(clio.clio, "POST", "/oauth/approve", ask)
    assert answer.status == status
    if status == 302:
        assert "error=access_denied&state=s" in answer.headers["location"]


def test_a_switch_has_only_the_readings_of_its_table():
    store = Store()
    with pytest.raises(ValueError):
        switch(store, "clio_money", "coins")
    with pytest.raises(ValueError):
        switch(store, "clio_nonsense", "yes")
