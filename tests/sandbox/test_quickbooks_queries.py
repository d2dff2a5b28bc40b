"""Queries, company facts and preferences of the QuickBooks stand-in."""

import pytest

from integrations.sandbox.http import Request
from integrations.sandbox.quickbooks.office import open_company
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sandbox.store import Store
from tests.sandbox.test_quickbooks_oauth import BASE, Caller, code_of, key, parsed


def people(count: int) -> Caller:
    caller = Caller()
    for number in range(count):
        caller.customer(f"Person {number:03}", CompanyName="Odd" if number % 2 else "Even")
    return caller


def test_pages_have_a_start_and_a_count_of_rows() -> None:
    caller = people(7)
    page = caller.query("SELECT * FROM Customer STARTPOSITION 6 MAXRESULTS 5")
    assert [row["DisplayName"] for row in page["Customer"]] == ["Person 005", "Person 006"]
    assert (page["startPosition"], page["maxResults"]) == (6, 2)
    assert caller.query("SELECT * FROM Customer STARTPOSITION 8") == {}
    assert caller.query("select count(*) from Customer") == {"totalCount": 7}


def test_pages_skip_inactive_names() -> None:
    caller = people(4)
    caller.office.deactivate("Customer", caller.office.all("Customer")[1]["Id"])
    page = caller.query("SELECT * FROM Customer STARTPOSITION 2 MAXRESULTS 2")
    assert [row["DisplayName"] for row in page["Customer"]] == ["Person 002", "Person 003"]
    assert caller.query("select count(*) from Customer") == {"totalCount": 3}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("DisplayName = 'person 001'", ["Person 001"]),
        ("DisplayName IN ('Person 000','Person 002')", ["Person 000", "Person 002"]),
        ("DisplayName LIKE '%003'", ["Person 003"]),
        ("DisplayName > 'Person 001' AND CompanyName = 'Odd'", ["Person 003"]),
        ("Active = true AND DisplayName <= 'Person 000'", ["Person 000"]),
        ("MetaData.CreateTime >= '2099-01-01'", []),
        ("Balance > '0'", []),
        ("displayname = 'Person 001' orderby DisplayName desc", ["Person 001"]),
        ("CompanyName = 'Odd' ORDERBY DisplayName DESC", ["Person 003", "Person 001"]),
    ],
)
def test_conditions_filter(where: str, expected: list[str]) -> None:
    rows = people(4).query(f"SELECT * FROM Customer WHERE {where}").get("Customer", [])
    assert [row["DisplayName"] for row in rows] == expected


def test_a_quote_is_escaped_with_a_backslash() -> None:
    caller = Caller()
    caller.customer("Adam's \\ Co")
    found = caller.query("SELECT * FROM Customer WHERE DisplayName = 'Adam\\'s \\\\ Co'")
    assert len(found["Customer"]) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * Customer", "4000"),
        ('SELECT * FROM Customer WHERE DisplayName = "A"', "4000"),
        ("SELECT * FROM Customer WHERE DisplayName != 'A'", "4000"),
        ("", "4000"),
        ("SELECT * FROM Customer WHERE DisplayName = 'A' OR Id = '1'", "4000"),
        ("SELECT * FROM Customer WHERE DisplayName = 'it''s'", "4000"),
        ("SELECT * FROM Customer STARTPOSITION 0", "4000"),
        ("SELECT * FROM Customer MAXRESULTS 1001", "4001"),
        ("SELECT * FROM Nothing", "4001"),
        ("SELECT * FROM Customer WHERE Notes = 'A'", "4001"),
        ("SELECT * FROM Customer WHERE Shoe = 'A'", "4001"),
        ("SELECT BillAddr FROM Customer", "4001"),
        ("SELECT * FROM Customer WHERE Id > '5'", "4001"),
        ("SELECT * FROM Payment WHERE DocNumber = '1'", "4001"),
        ("SELECT * FROM Deposit WHERE TotalAmt = '1'", "4001"),
        ("SELECT * FROM Customer ORDERBY Notes", "4001"),
        ("SELECT * FROM Invoice WHERE TxnDate > 'soon'", "4001"),
    ],
)
def test_a_query_outside_the_grammar_or_the_filterable_members_is_refused(text: str, code: str) -> None:
    assert code_of(Caller().call("GET", "query", query=text)) == code


def test_a_refused_filter_says_whether_the_member_exists() -> None:
    caller = Caller()
    known = caller.call("GET", "query", query="SELECT * FROM Customer WHERE Notes = 'A'")
    assert b"property 'Notes' is not queryable" in known.body
    unknown = caller.call("GET", "query", query="SELECT * FROM Customer WHERE Shoe = 'A'")
    assert b"Property Shoe not found for Entity Customer" in unknown.body


def test_a_projection_answers_sparse_rows_of_the_members_asked_for() -> None:
    caller = Caller()
    invoice = caller.invoice(caller.customer(), DocNumber="A-1")
    rows = caller.query("SELECT Id, DocNumber FROM Invoice WHERE DocNumber IN ('a-1', 'B')")["Invoice"]
    assert rows == [{"Id": invoice["Id"], "DocNumber": "A-1", "domain": "QBO", "sparse": True}]


def test_changed_documents_are_found_by_their_time() -> None:
    caller = people(3)
    caller.store.advance(100)
    moment = caller.store.now().isoformat(timespec="seconds")
    caller.store.advance(5)
    caller.office.edit_customer(caller.office.all("Customer")[1]["Id"], Notes="x")
    rows = caller.query(f"SELECT * FROM Customer WHERE MetaData.LastUpdatedTime > '{moment}'")["Customer"]
    assert [row["Notes"] for row in rows] == ["x"]


def test_a_query_may_be_posted_as_text() -> None:
    caller = people(1)
    headers = {
        "authorization": f"Bearer {caller.token}",
        "accept": "application/json",
        "content-type": "application/text",
    }
    path = f"/v3/company/{caller.office.realm}/query"
    answer = caller.stand_in.handle(Request("POST", path, (), headers, b"select * from Customer", BASE))
    assert len(parsed(answer)["QueryResponse"]["Customer"]) == 1


def test_company_and_preferences_can_be_read_and_queried() -> None:
    caller = Caller()
    assert caller.get(f"companyinfo/{caller.office.realm}")["CompanyName"] == "Acme Law"
    prefs = caller.query("select * from Preferences")["Preferences"][0]
    assert prefs["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert prefs["CurrencyPrefs"]["HomeCurrency"] == {"value": "USD"}
    assert [row["Id"] for row in caller.query("select * from TaxCode")["TaxCode"]] == ["TAX", "NON"]


def test_a_preference_update_merges_its_group() -> None:
    caller = Caller()
    prefs = caller.get("preferences")
    sent = {**key(prefs), "sparse": True, "SalesFormsPrefs": {"AutoApplyCredit": True}}
    after = caller.post("preferences", sent)["SalesFormsPrefs"]
    assert (after["AutoApplyCredit"], after["CustomTxnNumbers"]) == (True, True)


@pytest.mark.parametrize(("reading", "reported"), [("present", True), ("absent", False)])
def test_the_duplicate_bill_warning_is_reported_by_switch(reading: str, reported: bool) -> None:
    store = Store()
    set_switch(store, "warn_duplicate_bill_number", reading)
    office = open_company(store, "Acme", duplicate_bill_warning=False)
    pairs = office.get("Preferences", "1")["OtherPrefs"]["NameValue"]
    found = [pair["Value"] for pair in pairs if pair["Name"] == "WarnDuplicateBillNumber"]
    assert found == (["false"] if reported else [])
