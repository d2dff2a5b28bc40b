"""Reading contacts and writing customers field by field (rules R2.2, R2.3)."""

from typing import Any

import pytest

from integrations.core.read import Unreadable
from integrations.core.records import Kind, Ref
from integrations.kinds.contact import (
    customer_body,
    customer_fingerprint,
    decode,
    decode_customer,
    display_name,
    with_mark,
)
from tests.kinds.builders import contact

PERSON: dict[str, Any] = {"id": 7, "type": "Person", "name": "Ann Lee", "first_name": "Ann", "last_name": "Lee"}


def body(**members: Any) -> dict[str, Any]:
    found = decode({**PERSON, **members})
    return customer_body(found, display_name(found), "acme")


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"id": 7},
        {"id": 7, "name": " \x00 "},
        {**PERSON, "redacted": True},
        {"name": "Ann Lee"},
        {**PERSON, "id": None},
    ],
)
def test_a_contact_without_id_or_name_or_that_is_hidden_is_unreadable(raw: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode(raw)


def test_null_in_every_member_is_read_as_nothing() -> None:
    names = ("middle_name", "primary_email_address", "email_addresses", "phone_numbers", "addresses", "primary_address")
    assert body(**dict.fromkeys(names)) == body()


def test_r2_2_colon_tab_newline_control_and_bidi_characters_are_replaced() -> None:
    assert body(name="Lee:\tEstate\n\x07 of\u202e Ann")["DisplayName"] == "Lee - Estate of Ann"


def test_r2_2_a_display_name_is_never_cut_inside_a_grapheme() -> None:
    name = "x" * 498 + "e\u0301" + "\U0001f44d\U0001f3fd"
    assert display_name(contact(name=name)) == "x" * 498 + "e\u0301"
    assert display_name(contact(name="x" + name)) == "x" * 499


def test_r2_2_the_template_keeps_its_id_whole_whatever_the_length_of_the_name() -> None:
    name = display_name(contact(name="x" * 600), "{name} (Clio {id})")
    assert len(name) == 500
    assert name.endswith("x (Clio 7)")


def test_r2_2_a_name_that_looks_like_a_template_is_only_a_name() -> None:
    assert display_name(contact(name="{id} {name}"), "{name} (Clio {id})") == "{id} {name} (Clio 7)"


def test_r2_3_name_parts_of_a_person_and_company_name_of_a_company() -> None:
    person = body(middle_name="M")
    assert (person["GivenName"], person["MiddleName"], person["FamilyName"]) == ("Ann", "M", "Lee")
    assert "CompanyName" not in person
    company = body(type="Company", name="Kit Ltd")
    assert company["CompanyName"] == "Kit Ltd"
    assert "GivenName" not in company


def test_r2_3_the_primary_e_mail_goes_over_and_all_of_them_are_known() -> None:
    rows = [{"address": "b@example.com"}, {"address": "a@example.com", "primary": True}, {"address": "no mail"}]
    assert body(email_addresses=rows)["PrimaryEmailAddr"] == {"Address": "a@example.com"}
    assert decode({**PERSON, "email_addresses": rows}).emails == ("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    "mail", ["ann", "ann@", "@example.com", "ann@example", "a b@example.com", "a" * 95 + "@ex.com"]
)
def test_r2_3_an_e_mail_that_quickbooks_refuses_is_left_out(mail: str) -> None:
    assert "PrimaryEmailAddr" not in body(primary_email_address=mail)


def test_r2_3_phones_go_by_primary_mobile_home_and_fax() -> None:
    rows = [
        {"name": "Work", "number": "1"},
        {"name": "Mobile", "number": "2"},
        {"name": "Home", "number": "3"},
        {"name": "Fax", "number": "4"},
        {"name": "Other", "number": "5", "primary": True},
        {"name": "Home", "number": "6"},
    ]
    found = body(phone_numbers=rows)
    numbers = [found[key]["FreeFormNumber"] for key in ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")]
    assert numbers == ["5", "2", "3", "4"]
    assert body(phone_numbers=rows[:1])["PrimaryPhone"] == {"FreeFormNumber": "1"}


def test_r2_3_billing_else_primary_address_and_work_as_shipping() -> None:
    billing = {"name": "Billing", "street": "1 High St\nFlat 2", "city": "Austin", "province": "TX"}
    work = {"name": "Work", "street": "2 Low St", "primary": True}
    both = body(addresses=[work, billing])
    assert both["BillAddr"] == {
        "Line1": "1 High St",
        "Line2": "Flat 2",
        "City": "Austin",
        "CountrySubDivisionCode": "TX",
    }
    assert both["ShipAddr"] == {"Line1": "2 Low St"}
    assert body(addresses=[work])["BillAddr"] == {"Line1": "2 Low St"}
    assert body(primary_address={"street": "3 Mid St"})["BillAddr"] == {"Line1": "3 Mid St"}


def test_r2_3_a_long_street_loses_no_line() -> None:
    found = body(addresses=[{"name": "Billing", "street": "\n".join("abcdefg")}])["BillAddr"]
    assert (found["Line4"], found["Line5"]) == ("d", "e, f, g")


def test_what_we_replaced_does_not_echo_back() -> None:
    one, other = decode({**PERSON, "name": "Lee: Ann"}), decode({**PERSON, "name": "Lee - Ann"})
    assert one.fingerprint() == other.fingerprint()


def test_a_customers_own_bookkeeping_is_no_change() -> None:
    raw = {"Id": "1", "DisplayName": "Ann Lee", "SyncToken": "0", "Balance": 5}
    assert customer_fingerprint(raw) == customer_fingerprint({**raw, "SyncToken": "4", "Balance": 9, "Active": True})
    assert customer_fingerprint(raw) != customer_fingerprint({**raw, "Active": False})


def test_an_inactive_customer_is_known_by_its_plain_name() -> None:
    raw = {
        "Id": "1",
        "DisplayName": "Ann Lee (deleted)",
        "Active": False,
        "PrimaryEmailAddr": {"Address": "A@b.co, c@d.co"},
    }
    found = decode_customer(raw)
    assert (found.plain_name, found.active, found.emails) == ("Ann Lee", False, ("a@b.co", "c@d.co"))


def test_the_mark_stays_whole_on_a_full_note() -> None:
    note = with_mark("x" * 5000, Ref(Kind.INVOICE, "12"), "acme", 100)
    assert len(note) == 100
    assert note.endswith("\nClio invoice 12 · acme")
    assert with_mark(note, Ref(Kind.INVOICE, "12"), "acme", 100) == note
