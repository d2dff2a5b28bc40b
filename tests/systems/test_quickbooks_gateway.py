"""QuickBooks is read by pages and changes, and written one exact body at a time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.core import errors
from integrations.core.ports import Operation, Write
from integrations.sandbox.http import Request, Response
from integrations.systems import wire
from integrations.systems.factory import quickbooks_gateway
from integrations.systems.quickbooks.gateway import QuickBooksGateway
from tests.systems.fakes import ROOT, FakeClock, Remote, Tokens, answer, fault

REALM = "4620816365"
SINCE = datetime(2026, 11, 20, 9, tzinfo=UTC)
STAMP = "2026-11-20T13:00:01.000-08:00"


def gateway(remote: Remote) -> QuickBooksGateway:
    return quickbooks_gateway(api_root=ROOT, realm=REALM, token=Tokens(), clock=FakeClock(), session=remote.session())


def queried(entity: str, rows: Sequence[object]) -> Response:
    found = {entity: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {}
    return answer({"QueryResponse": found, "time": STAMP})


def changed(*blocks: dict[str, object]) -> Response:
    return answer({"CDCResponse": [{"QueryResponse": list(blocks)}], "time": STAMP})


def write(
    entity: str = "Invoice", operation: Operation = "create", body: bytes = b"{}", request_id: str = "r1"
) -> Write:
    return Write(entity, operation, body, request_id)


def test_a_query_is_read_by_the_thousand() -> None:
    full = [{"Id": str(n)} for n in range(1000)]
    remote = Remote(queried("Invoice", full), queried("Invoice", full[:3]))
    pages = list(gateway(remote).pages("Invoice", fields="Id, DocNumber"))
    assert [len(page.rows) for page in pages] == [1000, 3]
    assert [request.param("query").split("STARTPOSITION ")[1] for request in remote.seen] == [
        "1 MAXRESULTS 1000",
        "1001 MAXRESULTS 1000",
    ]
    assert all(request.path == f"/v3/company/{REALM}/query" for request in remote.seen)
    assert all(request.param("minorversion") == "75" for request in remote.seen)
    assert all(request.headers["accept"] == "application/json" for request in remote.seen)


def test_a_last_page_that_is_full_ends_with_the_empty_one_after_it() -> None:
    full = [{"Id": str(n)} for n in range(1000)]
    remote = Remote(queried("Item", full), queried("Item", []))
    assert [(len(page.rows), page.following) for page in gateway(remote).pages("Item")] == [(1000, "1001"), (0, "")]


def test_a_query_goes_on_from_the_place_a_page_named() -> None:
    remote = Remote(queried("Item", [{"Id": "1001"}]))
    (page,) = gateway(remote).pages("Item", place="1001")
    assert (len(page.rows), page.following) == (1, "") and "STARTPOSITION 1001" in remote.seen[0].param("query")


def test_nothing_found_is_one_empty_page_with_quickbookss_time() -> None:
    (page,) = gateway(Remote(queried("Item", []))).pages("Item")
    assert page.rows == ()
    assert page.as_of == datetime(2026, 11, 20, 21, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize("body", [{}, {"QueryResponse": None}, {"QueryResponse": {"Item": {}}}, []])
def test_an_answer_without_a_list_is_not_an_empty_list(body: object) -> None:
    with pytest.raises(errors.Garbled):
        list(gateway(Remote(answer(body))).pages("Item"))


def test_changes_tell_what_is_there_from_what_was_deleted() -> None:
    remote = Remote(
        changed(
            {"Customer": [{"Id": "63", "DisplayName": "Ann"}]},
            {"Invoice": [{"Id": "979", "status": "Deleted"}, {"Id": "980"}]},
            {},
        )
    )
    found = gateway(remote).changes(["Customer", "Invoice", "Payment"], SINCE)
    assert found.rows == {"Customer": ({"Id": "63", "DisplayName": "Ann"},), "Invoice": ({"Id": "980"},), "Payment": ()}
    assert found.deleted == {"Customer": (), "Invoice": ("979",), "Payment": ()}
    assert found.complete
    assert found.as_of == datetime(2026, 11, 20, 21, 0, 1, tzinfo=UTC)
    assert remote.seen[0].param("entities") == "Customer,Invoice,Payment"
    assert remote.seen[0].param("changedSince") == "2026-11-20T09:00:00+00:00"


def some(count: int) -> list[dict[str, object]]:
    return [{"Id": str(n)} for n in range(count)]


@pytest.mark.parametrize(
    ("blocks", "complete"),
    [
        ([{"Invoice": some(999)}], True),
        ([{"Invoice": some(1000)}], False),
        ([{"Invoice": some(600)}, {"Payment": some(400)}], False),
        ([{"Invoice": some(10), "totalCount": 12}], False),
        ([{"Invoice": some(10), "totalCount": 10}], True),
    ],
)
def test_an_answer_that_may_have_been_cut_off_is_not_complete(blocks: list[dict[str, object]], complete: bool) -> None:
    assert gateway(Remote(changed(*blocks))).changes(["Invoice", "Payment"], SINCE).complete is complete


@pytest.mark.parametrize(
    "body",
    [
        {"CDCResponse": [{"Fault": {"Error": [{"code": "6190", "Message": "ended"}]}}]},
        {"CDCResponse": [{"QueryResponse": [{"Fault": {"Error": [{"code": "6190", "Message": "ended"}]}}]}]},
    ],
)
def test_a_fault_among_the_changes_is_an_error(body: object) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        gateway(Remote(answer(body))).changes(["Invoice"], SINCE)
    assert caught.value.code == "6190"


def test_an_answer_without_changes_is_not_no_change() -> None:
    with pytest.raises(errors.Garbled):
        gateway(Remote(answer({"time": STAMP}))).changes(["Invoice"], SINCE)


def test_a_write_sends_exactly_its_bytes_under_its_request_id() -> None:
    remote = Remote(answer({"Invoice": {"Id": "130", "TotalAmt": Decimal("1200.50")}, "time": STAMP}))
    body = wire.encode({"Line": [{"Amount": Decimal("1200.50")}]})
    written = gateway(remote).write(write(body=body, request_id="6f1b"))
    (request,) = remote.seen
    assert (request.method, request.path) == ("POST", f"/v3/company/{REALM}/invoice")
    assert request.query == (("requestid", "6f1b"), ("minorversion", "75"))
    assert request.body == body == b'{"Line":[{"Amount":1200.50}]}'
    assert request.headers["content-type"] == "application/json"
    assert written == {"Id": "130", "TotalAmt": Decimal("1200.5")}


@pytest.mark.parametrize(
    ("entity", "query"),
    [
        ("Invoice", [("operation", "void")]),
        ("Payment", [("operation", "update"), ("include", "void")]),
    ],
)
def test_each_entity_is_voided_in_its_own_way(entity: str, query: list[tuple[str, str]]) -> None:
    remote = Remote(answer({entity: {"Id": "1"}}))
    gateway(remote).write(write(entity, "void"))
    assert list(remote.seen[0].query)[:-2] == query


@pytest.mark.parametrize(
    "wrong",
    [
        write("CreditMemo", "void"),
        write("JournalEntry", "void"),
        write("Invoice/../preferences"),
        write("Preferences"),
        write(request_id=""),
        write(request_id="x" * 51),
    ],
)
def test_a_write_quickbooks_has_no_way_for_is_never_sent(wrong: Write) -> None:
    remote = Remote(answer({}))
    with pytest.raises(ValueError):
        gateway(remote).write(wrong)
    assert remote.seen == []


@pytest.mark.parametrize("body", [{}, {"Payment": {"Id": "1"}}, {"Invoice": {}}, {"Invoice": []}, []])
def test_a_write_answered_with_something_else_has_an_unknown_effect(body: object) -> None:
    remote = Remote(answer(body))
    with pytest.raises(errors.Garbled) as caught:
        gateway(remote).write(write())
    assert caught.value.sent
    assert len(remote.seen) == 1


def test_a_refusal_keeps_the_vendors_code() -> None:
    with pytest.raises(errors.Refused) as caught:
        gateway(Remote(fault("6140"))).write(write())
    assert caught.value.code == "6140"


def company(request: Request) -> Response:
    if "companyinfo" in request.path:
        return answer({"CompanyInfo": {"Id": "1", "CompanyName": "Lee LLC", "Country": "US"}})
    return answer({"Preferences": {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}})


def test_a_connection_speaks_for_a_company() -> None:
    remote = Remote(company)
    found = gateway(remote).identity()
    assert (found.external_account_id, found.name, found.country, found.currency) == (REALM, "Lee LLC", "US", "USD")
    assert remote.seen[0].path == f"/v3/company/{REALM}/companyinfo/{REALM}"


def test_a_gateway_of_one_company_takes_no_transport_of_another() -> None:
    transport = gateway(Remote(company))._transport
    with pytest.raises(ValueError, match="another company"):
        QuickBooksGateway(transport, "99")


@pytest.mark.parametrize("realm", ["", "1/2", "../1", "abc"])
def test_a_realm_is_a_number(realm: str) -> None:
    with pytest.raises(ValueError):
        quickbooks_gateway(api_root=ROOT, realm=realm, token=Tokens(), clock=FakeClock())


def trial_balance(*rows: object, titles: Sequence[str] = ("", "Debit", "Credit")) -> Response:
    columns = [{"ColTitle": title, "ColType": "Money"} for title in titles]
    return answer({"Header": {"ReportName": "TrialBalance"}, "Columns": {"Column": columns}, "Rows": {"Row": rows}})


def cells(name: str, id: str, *values: str) -> list[dict[str, str]]:
    return [{"value": name, "id": id}, *({"value": value} for value in values)]


def test_a_trial_balance_tells_what_stood_on_each_account() -> None:
    total = {"Summary": {"ColData": cells("TOTAL", "", "300.00", "300.00")}, "type": "Section", "group": "GrandTotal"}
    rows = [{"ColData": cells("Checking", "35", "1,201.50", "")}, {"ColData": cells("Trust owed", "92", "", "300.00")}]
    remote = Remote(trial_balance(*rows, total))
    found = gateway(remote).balances(date(2025, 12, 31))
    assert found == {"35": Decimal("1201.50"), "92": Decimal("-300.00")}
    (request,) = remote.seen
    assert request.path == f"/v3/company/{REALM}/reports/TrialBalance"
    assert (request.param("end_date"), request.param("accounting_method")) == ("2025-12-31", "Accrual")


def test_a_trial_balance_may_be_nested_and_have_its_columns_in_another_order() -> None:
    inner = {"Row": [{"ColData": cells("Smith", "46", "5.00", "")}]}
    nest = {"Header": {"ColData": cells("Held", "45", "7.00", "")}, "Rows": inner, "type": "Section"}
    found = gateway(Remote(trial_balance(nest, titles=("", "Credit", "Debit")))).balances(date(2025, 12, 31))
    assert found == {"45": Decimal("-7.00"), "46": Decimal("-5.00")}


def test_a_company_without_entries_has_a_trial_balance_without_rows() -> None:
    empty = answer({"Header": {"Option": [{"Name": "NoReportData", "Value": "true"}]}, "Rows": {}})
    assert gateway(Remote(empty)).balances(date(2025, 12, 31)) == {}


@pytest.mark.parametrize("body", [{}, [], {"Rows": []}, {"QueryResponse": {}}])
def test_an_answer_that_is_no_report_is_not_a_company_without_entries(body: object) -> None:
    with pytest.raises(errors.Garbled):
        gateway(Remote(answer(body))).balances(date(2025, 12, 31))
