"""How the QuickBooks stand-in is spoken to: batches, changes, request ids, limits, failures."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.http import Request
from integrations.sandbox.quickbooks.faults import GatewayRefusal
from integrations.sandbox.quickbooks.limits import Throttle
from integrations.sandbox.quickbooks.office import QuickBooksOffice, open_company
from integrations.sandbox.quickbooks.stand_in import QuickBooksStandIn
from integrations.sandbox.quickbooks.switches import SWITCHES, set_switch, switch
from integrations.sandbox.store import Store
from tests.sandbox.test_quickbooks_oauth import BASE, Caller, applied, code_of, key, parsed


def test_every_answer_carries_a_trace_id_the_stand_ins_date_and_a_time() -> None:
    caller = Caller()
    caller.store.advance(3000)
    answer = caller.call("GET", "preferences")
    assert answer.headers["intuit_tid"] != caller.call("GET", "preferences").headers["intuit_tid"]
    assert abs((parsedate_to_datetime(answer.headers["date"]) - caller.store.now()).total_seconds()) < 5
    assert parsed(answer)["time"][10] == "T"


def test_without_asking_for_json_the_answer_is_xml_and_nothing_is_done() -> None:
    caller = Caller()
    headers = {"authorization": f"Bearer {caller.token}", "accept": "*/*", "content-type": "application/json"}
    path = f"/v3/company/{caller.office.realm}/customer"
    answer = caller.stand_in.handle(Request("POST", path, (), headers, b'{"DisplayName":"A"}', BASE))
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/xml"
    assert caller.office.all("Customer") == []


@pytest.mark.parametrize("path", ["Customer", "nonsense", "bill", "customer/5/x"])
def test_paths_are_case_sensitive_and_unknown_ones_unsupported(path: str) -> None:
    assert Caller().refused(path, {"DisplayName": "A"}) == "500"


def test_broken_json_is_2010() -> None:
    caller = Caller()
    headers = {
        "authorization": f"Bearer {caller.token}",
        "accept": "application/json",
        "content-type": "application/json",
    }
    path = f"/v3/company/{caller.office.realm}/customer"
    assert code_of(caller.stand_in.handle(Request("POST", path, (), headers, b"{", BASE))) == "2010"


def test_a_batch_answers_each_item_and_keeps_the_good_ones() -> None:
    caller = Caller()
    customer = caller.customer("Ann")
    invoice = caller.invoice(customer, "100", DocNumber="A-1")
    payment = caller.office.receive_payment(customer, "5")
    items = [
        {"bId": "a", "operation": "create", "Customer": {"DisplayName": "ann"}},
        {"bId": "b", "operation": "create", "Customer": {"DisplayName": "Bob"}},
        {"bId": "c", "operation": "update", "optionsData": "void", "Payment": {**key(payment), "sparse": True}},
        {"bId": "d", "operation": "delete", "Invoice": key(invoice)},
        {"bId": "e", "Query": "select Id from Customer where DisplayName = 'Bob'"},
        {"bId": "f", "operation": "fly", "Customer": {}},
    ]
    answer = caller.call("POST", "batch", {"BatchItemRequest": items})
    found = {item["bId"]: item for item in parsed(answer)["BatchItemResponse"]}
    assert answer.status == 200
    assert found["a"]["Fault"]["Error"][0]["code"] == "6240"
    assert found["b"]["Customer"]["DisplayName"] == "Bob"
    assert found["c"]["Payment"]["TotalAmt"] == 0
    assert found["d"]["Invoice"]["status"] == "Deleted"
    assert found["e"]["QueryResponse"]["Customer"][0]["Id"] == found["b"]["Customer"]["Id"]
    assert found["f"]["Fault"]["Error"][0]["code"] == "500"


def test_a_failed_item_leaves_nothing_half_done() -> None:
    caller = Caller()
    customer = caller.customer()
    first, second = caller.invoice(customer, "100"), caller.invoice(customer, "100")
    lines = [applied(first["Id"], "100"), applied(second["Id"], "101")]
    body = {"CustomerRef": {"value": customer}, "TotalAmt": 300, "Line": lines}
    items = [{"bId": "a", "operation": "create", "Payment": body}]
    answer = parsed(caller.call("POST", "batch", {"BatchItemRequest": items}))
    assert answer["BatchItemResponse"][0]["Fault"]["Error"][0]["code"] == "6000"
    assert caller.get(f"invoice/{first['Id']}")["Balance"] == 100


def test_a_refused_item_uses_up_no_number() -> None:
    caller = Caller(custom_numbers=False)
    caller.office.close_books("2026-03-01")
    customer = caller.customer()
    late, good = (caller.invoice_body(customer, TxnDate=day) for day in ("2026-03-01", "2026-03-02"))
    items = [{"bId": str(n), "operation": "create", "Invoice": body} for n, body in enumerate((late, good))]
    answers = parsed(caller.call("POST", "batch", {"BatchItemRequest": items}))["BatchItemResponse"]
    assert answers[0]["Fault"]["Error"][0]["code"] == "6210"
    assert answers[1]["Invoice"]["DocNumber"] == "1001"


@pytest.mark.parametrize(("count", "code"), [(30, ""), (31, "6000")])
def test_a_batch_has_at_most_thirty_items(count: int, code: str) -> None:
    items = [{"bId": str(n), "operation": "create", "Customer": {"DisplayName": f"P{n}"}} for n in range(count)]
    answer = Caller().call("POST", "batch", {"BatchItemRequest": items})
    assert answer.status == 200 if not code else code_of(answer) == code


def test_a_batch_number_may_repeat_only_with_the_option() -> None:
    caller = Caller()
    body = caller.invoice_body(caller.customer(), DocNumber="1")
    items: list[dict[str, Any]] = [{"bId": str(n), "operation": "create", "Invoice": body} for n in range(2)]
    items.append({"bId": "2", "operation": "create", "optionsData": "allowduplicatedocnum", "Invoice": body})
    answers = parsed(caller.call("POST", "batch", {"BatchItemRequest": items}))["BatchItemResponse"]
    assert ["Fault" in item for item in answers] == [False, True, False]


def test_a_request_id_replays_the_first_answer() -> None:
    caller = Caller()
    first = caller.call("POST", "customer", {"DisplayName": "Ann"}, requestid="r1")
    assert caller.call("POST", "customer", {"DisplayName": "Ann"}, requestid="r1").body == first.body
    assert caller.refused("customer", {"DisplayName": "Ann"}, requestid="r2") == "6240"
    assert len(caller.office.all("Customer")) == 1


def test_a_request_id_sent_twice_at_once_acts_once() -> None:
    caller = Caller()

    def send(number: int) -> bytes:
        return caller.call("POST", "customer", {"DisplayName": "Ann"}, requestid="r1").body

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(send, range(8)))
    assert len(answers) == 1
    assert len(caller.office.all("Customer")) == 1


def test_a_request_id_replays_a_whole_batch() -> None:
    caller = Caller()
    body = {"BatchItemRequest": [{"bId": "a", "operation": "create", "Customer": {"DisplayName": "Ann"}}]}
    first = caller.call("POST", "batch", body, requestid="r1")
    assert caller.call("POST", "batch", body, requestid="r1").body == first.body


def test_request_ids_and_batch_ids_have_a_length() -> None:
    caller = Caller()
    assert caller.refused("customer", {"DisplayName": "Ann"}, requestid="r" * 51) == "2050"
    body = {"BatchItemRequest": [{"bId": "a" * 11, "Query": "select * from Term"}]}
    assert caller.refused("batch", body, requestid="r" * 37) == "2050"
    assert caller.refused("batch", body, requestid="r" * 36) == "2050"
    assert caller.call("POST", "batch", body).status == 200


def test_a_request_id_is_forgotten_after_its_time() -> None:
    caller = Caller()
    caller.switch("requestid_keep_h", 1)
    caller.post("customer", {"DisplayName": "Ann"}, requestid="r1")
    caller.store.advance(3590)
    caller.post("customer", {"DisplayName": "Ann"}, requestid="r1")
    caller.store.advance(20)
    caller.token = caller.connect()["access_token"]
    assert caller.refused("customer", {"DisplayName": "Ann"}, requestid="r1") == "6240"


@pytest.mark.parametrize(("reading", "status"), [("replayed", 400), ("tried_again", 200)])
def test_the_replay_of_a_refusal_follows_its_switch(reading: str, status: int) -> None:
    caller = Caller()
    caller.switch("requestid_failures", reading)
    customer = caller.customer("Ann")
    caller.refused("customer", {"DisplayName": "Ann"}, requestid="r1")
    caller.office.edit_customer(customer, DisplayName="Bob")
    assert caller.call("POST", "customer", {"DisplayName": "Ann"}, requestid="r1").status == status


@pytest.mark.parametrize(
    ("reading", "names"),
    [
        ("first_answer", ["Ann"]),
        ("acts_again", ["Ann", "Bob"]),
        ("refused", ["Ann"]),
    ],
)
def test_a_request_id_with_another_body_follows_its_switch(reading: str, names: list[str]) -> None:
    caller = Caller()
    caller.switch("requestid_other_body", reading)
    caller.post("customer", {"DisplayName": "Ann"}, requestid="r1")
    answer = caller.call("POST", "customer", {"DisplayName": "Bob"}, requestid="r1")
    assert (answer.status == 400) is (reading == "refused")
    assert [row["DisplayName"] for row in caller.office.all("Customer")] == names


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("500_before", 500, False),
        ("500_after", 500, True),
        ("html_503", 503, False),
        ("timeout_after", 504, True),
    ],
)
def test_injected_failures_act_before_or_after_and_a_repeat_is_safe(kind: str, status: int, done: bool) -> None:
    caller = Caller()
    caller.stand_in.fail_next(kind)
    answer = caller.call("POST", "customer", {"DisplayName": "Ann"}, requestid="r1")
    assert answer.status == status
    assert bool(caller.office.all("Customer")) is done
    assert caller.post("customer", {"DisplayName": "Ann"}, requestid="r1")["DisplayName"] == "Ann"
    assert len(caller.office.all("Customer")) == 1


def test_the_limit_per_minute_is_the_gateways_429_on_the_stand_ins_clock() -> None:
    caller = Caller()
    caller.limits(minute=3)
    statuses = [caller.call("GET", "preferences").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = parsed(caller.call("GET", "preferences"))
    assert refused["fault"]["error"][0]["code"] == "3001"
    caller.store.advance(61)
    assert caller.call("GET", "preferences").status == 200


def test_the_limit_per_second_and_of_batches_hold_too() -> None:
    caller = Caller()
    caller.limits(second=2)
    assert [caller.call("GET", "preferences").status for _ in range(3)][-1] == 429
    caller.limits(second=0, batch_minute=1)
    body = {"BatchItemRequest": [{"bId": "a", "Query": "select * from Term"}]}
    assert caller.call("POST", "batch", body).status == 200
    assert caller.call("POST", "batch", body).status == 429
    assert caller.call("GET", "preferences").status == 200


def test_a_throttled_batch_may_come_as_faults_of_its_items() -> None:
    caller = Caller()
    caller.switch("batch_throttle", "per_item")
    caller.switch("retry_after_header", "present")
    caller.limits(batch_minute=1)
    body = {"BatchItemRequest": [{"bId": "a", "Query": "select * from Term"}]}
    caller.call("POST", "batch", body)
    answer = caller.call("POST", "batch", body)
    assert answer.status == 200
    assert parsed(answer)["BatchItemResponse"][0]["Fault"]["Error"][0]["code"] == "3001"
    caller.limits(minute=1)
    assert caller.call("GET", "preferences").headers["retry-after"] == "60"


def test_more_calls_at_the_same_time_than_allowed_are_refused() -> None:
    throttle = Throttle(Store())
    with ExitStack() as flying:
        for _ in range(10):
            flying.enter_context(throttle.in_flight("1"))
        with pytest.raises(GatewayRefusal), throttle.in_flight("1"):
            pass
        flying.enter_context(throttle.in_flight("2"))
    with throttle.in_flight("1"):
        pass


def test_answered_reads_are_metered_and_past_the_months_quota_only_writes_go() -> None:
    caller = Caller()
    caller.limits(metered_month=3)
    body = {"BatchItemRequest": [{"bId": "a", "Query": "select * from Term"}]}
    assert caller.call("GET", "preferences").status == 200
    assert caller.call("GET", "nothing").status == 400, "what was refused costs nothing"
    caller.post("customer", {"DisplayName": "Ann"})
    caller.call("POST", "batch", body)
    assert caller.stand_in.metered == 2
    assert caller.call("GET", "preferences").status == 200
    assert parsed(caller.call("GET", "preferences"))["fault"]["error"][0]["code"] == "3001"
    assert caller.post("customer", {"DisplayName": "Bob"})["DisplayName"] == "Bob"
    caller.store.advance(32 * 86_400)
    assert caller.stand_in.metered == 0


def changes(caller: Caller, entities: str, since: str) -> dict[str, list[dict[str, Any]]]:
    answer = caller.call("GET", "cdc", entities=entities, changedSince=since)
    assert answer.status == 200, answer.body
    found: dict[str, list[dict[str, Any]]] = {}
    for part in parsed(answer)["CDCResponse"][0]["QueryResponse"]:
        found.update({name: rows for name, rows in part.items() if isinstance(rows, list)})
    return found


def test_changes_hold_full_documents_inactive_ones_and_tombstones() -> None:
    caller = Caller()
    old = caller.customer("Old")
    caller.store.advance(100)
    since = caller.store.now().isoformat(timespec="seconds")
    caller.store.advance(5)
    invoice = caller.invoice(old)
    caller.post("invoice", key(invoice), operation="delete")
    caller.office.deactivate("Customer", caller.customer("New"))
    found = changes(caller, "Customer,Invoice,Payment", since)
    assert [(row["DisplayName"], row["Active"]) for row in found["Customer"]] == [("New (deleted)", False)]
    assert [(row["Id"], row["status"]) for row in found["Invoice"]] == [(invoice["Id"], "Deleted")]
    assert "Payment" not in found


@pytest.mark.parametrize(
    ("entities", "since"),
    [
        ("TaxCode", "2026-11-01"),
        ("Customer", "yesterday"),
        ("Customer", "2020-01-01"),
        ("", "2026-11-01"),
    ],
)
def test_changes_that_cannot_be_told_are_refused(entities: str, since: str) -> None:
    assert Caller().call("GET", "cdc", entities=entities, changedSince=since).status == 400


@pytest.mark.parametrize(("reading", "first"), [("oldest_first", "Person 000"), ("newest_first", "Person 1000")])
def test_changes_are_cut_at_a_thousand(reading: str, first: str) -> None:
    caller = Caller()
    caller.switch("cdc_over_cap", reading)
    since = caller.store.now().isoformat(timespec="seconds")
    with caller.store.transaction():
        for number in range(1000):
            caller.customer(f"Person {number:03}")
    caller.store.advance(5)
    caller.customer("Person 1000")
    rows = changes(caller, "Customer", since)["Customer"]
    names = [row["DisplayName"] for row in rows]
    assert len(names) == 1000
    assert first in names


def test_state_survives_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox.sqlite")
    office = open_company(store, "Acme")
    office.create_customer("Ann")
    store.close()
    again = QuickBooksOffice(Store(tmp_path / "sandbox.sqlite"), office.realm)
    assert [row["DisplayName"] for row in again.all("Customer")] == ["Ann"]


def test_ids_can_start_anywhere() -> None:
    store = Store()
    store.set_setting("qbo:first_id", 900_000_000_001)
    office = open_company(store, "Acme", realm="77")
    assert office.create_customer("Ann")["Id"] == "900000000001"


def test_a_snapshot_is_plain_and_exact() -> None:
    caller = Caller()
    customer = caller.customer()
    caller.invoice(customer, "100")
    found = caller.office.snapshot()
    invoice = found["Invoice"][0]
    assert isinstance(invoice["TotalAmt"], Decimal)
    assert isinstance(invoice["Line"][0]["Amount"], Decimal)
    assert not any(name.startswith("_") for name in invoice)
    assert sum(row["amount"] for row in found["Postings"]) == 0


def test_every_switch_starts_at_its_first_value_and_refuses_others() -> None:
    store = Store()
    for name, entry in SWITCHES.items():
        assert switch(store, name) == entry.values[0]
        assert len(entry.values) > 1
        with pytest.raises(ValueError, match=name):
            set_switch(store, name, "nonsense")


def test_two_stand_ins_over_one_store_see_the_same_companies() -> None:
    caller = Caller()
    other = QuickBooksStandIn(caller.store)
    path = f"/v3/company/{caller.office.realm}/preferences"
    headers = {"authorization": f"Bearer {caller.token}", "accept": "application/json"}
    answer = other.handle(Request("GET", path, (), headers, b"", BASE))
    assert json.loads(answer.body)["Preferences"]["Id"] == "1"
