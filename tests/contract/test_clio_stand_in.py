"""The Clio stand-in's answers against Clio's published description; collected only where SPEC_DIR has one."""

import json
from decimal import Decimal

from integrations.sandbox.clio.office import BillLine, Discount
from integrations.sandbox.clio.resources import RESOURCES
from tests.contract import openapi
from tests.sandbox.clio_world import Account, account

_MEMBERS = ("contacts", "matters", "bills", "allocations", "credit_memos", "bank_accounts", "bank_transactions")
_MEMBERS += ("expense_categories", "activities", "users")
_LISTS = (*_MEMBERS, "line_items", "interest_charges", "currencies", "trust_line_items", "outstanding_client_balances")


def furnished(**switches: object) -> Account:
    """An account in which every list has records and most values are filled."""
    clio = account(**switches)
    office = clio.office
    company = office.create_contact(type="Company", name="Sea Ltd")
    rows = {
        "email_addresses": [{"name": "Work", "address": "z@example.com"}],
        "phone_numbers": [{"name": "Mobile", "number": "1"}, {"name": "Fax", "number": "2"}],
        "addresses": [{"name": "Billing", "city": "Malmö"}, {"name": "Work", "city": "Lund"}],
        "web_sites": [{"name": "Work", "address": "https://example.com"}],
    }
    office.edit_contact(clio.contact, {**rows, "company": {"id": company}})
    category = office.add_expense_category("Court fees", "hard_cost", Decimal(5))
    lines = [
        BillLine("Call", price=Decimal("33.33"), quantity=Decimal("1.5")),
        BillLine("Filing", price=35, kind="hard_cost", category_id=category, vendor_id=company),
        BillLine("All", kind="summary", covers=(0,)),
        BillLine("Courtesy", price=9, kind="no_charge"),
    ]
    bill = office.draft_bill(
        clio.matter, lines, "2026-01-10", discount=Discount(Decimal(10)), tax_rate="8.25", state="awaiting_payment"
    )
    office.charge_interest(bill, Decimal("1.5"), "2026-02-01")
    office.record_payment(clio.contact, [(bill, Decimal(20))], "2026-02-01", Decimal(50), reference="7", online=True)
    office.trust_deposit(clio.contact, Decimal(100), "2026-01-05", matter_id=clio.matter)
    office.pay_from_trust(bill, Decimal(10), "2026-02-02", matter_id=clio.matter)
    office.credit_note(bill, Decimal(1), "2026-02-03")
    office.bill(clio.bill(5, kind="trust_kind"))
    office.void_bill(clio.bill(7))
    return clio


def checked(clio: Account, path: str, **query: object) -> dict:
    """An answer that fits the description, from a request that does."""
    pairs = [pair for name, value in query.items() for pair in [(name, str(value))]]
    openapi.check_request("GET", path, pairs)
    answer = clio.call("GET", path, **query)
    body = json.loads(answer.body) if answer.body else None
    assert answer.status == 200, body
    openapi.check_answer("GET", path, answer.status, body)
    return body


if openapi.available():
    import pytest

    @pytest.mark.parametrize("name", _LISTS)
    @pytest.mark.parametrize("nulls", ["no", "yes"])
    def test_a_list_with_every_field_fits_the_description(name, nulls):
        path = f"{name}.json"
        rows = checked(furnished(nulls=nulls), path, fields=openapi.all_fields("GET", path))["data"]
        assert rows

    @pytest.mark.parametrize("name", _MEMBERS)
    def test_a_single_record_with_every_field_fits_the_description(name):
        clio = furnished()
        id = clio.get(name)[0]["id"]
        path = f"{name}/{id}.json"
        assert checked(clio, path, fields=openapi.all_fields("GET", path))["data"]["id"] == id

    @pytest.mark.parametrize("path", ["users/who_am_i.json", "settings/billing.json"])
    def test_a_record_without_id_in_its_address_fits_the_description(path):
        assert checked(furnished(), path, fields=openapi.all_fields("GET", path))["data"]["id"]

    @pytest.mark.parametrize("rows", ["email_addresses", "phone_numbers"])
    def test_rows_of_a_contact_fit_the_description(rows):
        clio = furnished()
        path = f"contacts/{clio.contact}/{rows}.json"
        assert checked(clio, path, fields=openapi.all_fields("GET", path))["data"]

    def test_writes_of_a_contact_fit_the_description():
        clio = furnished()
        body = {"type": "Person", "name": "Ada Lund", "email_addresses": [{"name": "Home", "address": "a@example.com"}]}
        openapi.check_request("POST", "contacts.json", [], {"data": body})
        answer = clio.call("POST", "contacts.json", body=body)
        openapi.check_answer("POST", "contacts.json", answer.status, json.loads(answer.body))
        path = f"contacts/{clio.contact}.json"
        openapi.check_request("PATCH", path, [("fields", "id,name")], {"data": {"last_name": "Lund"}})
        answer = clio.call("PATCH", path, body={"last_name": "Lund"}, fields="id,name")
        openapi.check_answer("PATCH", path, answer.status, json.loads(answer.body))

    @pytest.mark.parametrize(
        ("method", "path", "query", "headers", "status"),
        [
            ("GET", "bills.json", {"fields": "x"}, {}, 400),
            ("GET", "bills.json", {}, {"authorization": "Bearer nobody"}, 401),
            ("GET", "bills/1.json", {}, {}, 404),
            ("PATCH", "contacts/{contact}.json", {}, {"if-match": '"old"'}, 412),
            ("DELETE", "bills/{paid}.json", {}, {}, 403),
        ],
    )
    def test_a_refusal_fits_the_description(method, path, query, headers, status):
        clio = furnished()
        path = path.format(contact=clio.contact, paid=clio.get("bills")[0]["id"])
        answer = clio.call(method, path, body={}, headers=headers, **query)
        assert answer.status == status
        openapi.check_answer(method, path, status, json.loads(answer.body))

    def test_every_filter_the_stand_in_knows_is_described():
        for name, resource in RESOURCES.items():
            assert resource.filters.keys() <= openapi.parameters("GET", name), name

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("bills.json", [("colour", "red")]),
            ("bills.json", [("state", "open")]),
            ("bills.json", [("fields", "nonsense")]),
            ("bills.json", [("fields", "client{nonsense}")]),
            ("bills.json", [("limit", "500")]),
            ("payments.json", []),
        ],
    )
    def test_a_request_outside_the_description_is_found(path, query):
        with pytest.raises(AssertionError):
            openapi.check_request("GET", path, query)

    def test_an_answer_outside_the_description_is_found():
        for row in ({"nonsense": 1}, {"balance": "1"}, {"state": "open"}, {"issued_at": "10/01/2026"}):
            with pytest.raises(AssertionError):
                openapi.check_answer("GET", "bills.json", 200, {"data": [row]})
