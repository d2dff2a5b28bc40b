"""Writes that travel together: each is judged by its own name, and none is lost or doubled whatever happens to them."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import Batch, Dispatch, EntityLink, SyncEvent
from integrations.sandbox.clio.office import BillLine
from integrations.sandbox.http import Response
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sync import batches, clusters, completion, dispatches, issues
from tests.portal import Portal
from tests.sync.books import settled

ENTITIES = ("Customer", "Invoice", "Payment")
READINGS = ("whole_answer", "each_item")
Spoil = Callable[[list[dict[str, Any]]], None]


def firm(portal: Portal, people: int = 3, bills: int = 1) -> list[int]:
    """So many contacts with so many bills, each partly paid."""
    found = []
    for n in range(people):
        contact = portal.contact("Ann", f"Lee {n}", f"ann{n}@example.com")
        for m in range(bills):
            found.append(portal.bill("100.00", contact=contact, number=f"{n}-{m}"))
            portal.pay(found[-1], 40)
    return found


def one_of_each(portal: Portal, of: int = 3) -> None:
    assert [len(portal.quickbooks.all(entity)) for entity in ENTITIES] == [of, of, of]
    assert {doc["Balance"] for doc in portal.quickbooks.all("Invoice")} == {60}
    settled(portal)


def requests_of(portal: Portal) -> list[str]:
    """The last part of the address of every write QuickBooks received."""
    return [path.rpartition("/")[2] for method, path, _ in portal.log if method == "POST" and "/v3/" in path]


def batches_of(portal: Portal) -> list[list[dict[str, Any]]]:
    return [json.loads(bytes(batch.body))["BatchItemRequest"] for batch in Batch.objects.of(portal.firm)]


def spoiled(portal: Portal, entity: str, spoil: Spoil) -> None:
    """Has the answer to the first batch of this entity changed on its way."""
    left = [spoil]

    def tamper(path: str, answer: Any) -> None:
        items = answer.get("BatchItemResponse", []) if path.endswith("/batch") else []
        if left and any(entity in item for item in items):
            left.pop()(items)

    portal.wire.tamper.append(tamper)


# What goes together


def test_independent_writes_of_one_kind_share_requests(portal: Portal) -> None:
    firm(portal, people=10, bills=3)
    before = len(requests_of(portal))
    run = portal.run()
    assert (run.reason, run.outcome) == ("", "in_sync")
    assert requests_of(portal)[before:] == ["batch"] * 5  # 10 customers, 30 invoices, 30 payments
    assert [len(items) for items in batches_of(portal)] == [10, 25, 5, 25, 5]
    assert run.requests["quickbooks_writes"] == 5
    settled(portal)


def test_one_write_of_its_kind_is_sent_alone(portal: Portal) -> None:
    bill = firm(portal, people=1)[0]
    before = len(requests_of(portal))
    portal.run()
    assert requests_of(portal)[before:] == ["customer", "invoice", "payment"]
    assert portal.clio.bill(bill)["balance"] == 60
    assert not Batch.objects.of(portal.firm).exists()


def test_a_batch_is_of_one_kind_and_touches_no_document_twice(portal: Portal) -> None:
    """Three payments on each of four bills: no two of one bill travel together, since the first moves its invoice."""
    bills = firm(portal, people=2, bills=2)
    for bill in bills:
        portal.pay(bill, 10)
        portal.pay(bill, 5)
    portal.run()
    sent = batches_of(portal)
    for items in sent:
        assert len({name for item in items for name in item if name in ENTITIES}) == 1
        paid = [
            txn["TxnId"]
            for item in items
            for line in item.get("Payment", {}).get("Line", ())
            for txn in line["LinkedTxn"]
        ]
        assert len(paid) == len(set(paid))
    assert [len(items) for items in sent] == [2, 4, 4, 4, 4]
    settled(portal)


def test_changes_and_voids_share_requests_too(portal: Portal) -> None:
    bills = firm(portal)
    portal.run()
    for bill in bills:
        portal.clio.edit_bill(bill, lines=[BillLine("Advice", Decimal(90), date=date(2026, 2, 2))])
    before = len(requests_of(portal))
    portal.run()
    assert requests_of(portal)[before:] == ["batch"]
    assert {doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")} == {90}
    for payment in portal.clio.snapshot()["payments"]:
        portal.clio.delete_payment(payment["id"])
    for bill in bills:
        portal.clio.void_bill(bill)
    before = len(requests_of(portal))
    portal.run()
    assert requests_of(portal)[before:] == ["batch", "batch"]
    assert {doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")} == {0}
    assert [item.get("optionsData") for items in batches_of(portal)[-2:] for item in items] == ["void"] * 6
    settled(portal)


# What is recorded


def test_a_batch_and_its_items_are_rows_before_it_is_sent(portal: Portal) -> None:
    firm(portal)
    seen: list[tuple[bytes, int]] = []

    def look(request: requests.PreparedRequest) -> None:
        if request.path_url.partition("?")[0].endswith("/batch"):
            batch = Batch.objects.of(portal.firm).latest("id")
            assert isinstance(request.body, bytes)
            assert f"requestid={batch.request_id}" in request.path_url
            assert bytes(batch.body) == request.body
            names = [item["bId"] for item in json.loads(request.body)["BatchItemRequest"]]
            items = Dispatch.objects.of(portal.firm).filter(batch=batch, state="sent")
            assert sorted(items.values_list("item", flat=True)) == sorted(names)
            seen.append((request.body, len(names)))

    portal.wire.before.append(look)
    portal.run()
    assert [count for _, count in seen] == [3, 3, 3]
    for dispatch in Dispatch.objects.of(portal.firm):
        assert (dispatch.state, bool(dispatch.ledger_id)) == ("answered", True)
        assert SyncEvent.objects.of(portal.firm).get(dispatch=dispatch).outcome == "created"
        assert EntityLink.objects.of(portal.firm).filter(ledger_id=dispatch.ledger_id, kind=dispatch.kind).exists()


def test_a_batch_takes_the_same_few_statements_whatever_its_size(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: dict[tuple[str, int], int] = {}
    write = batches.write

    def counting(work: Any, run: Any, steps: Any, known: Any = None) -> Any:
        with CaptureQueriesContext(connection) as queries:
            verdicts = write(work, run, steps, known)
        counted[steps[0].change.entity, len(steps)] = sum(not of_the_clock(q["sql"]) for q in queries)
        return verdicts

    def of_the_clock(sql: str) -> bool:
        """How often a worker waits for its turn, and says that it lives, is a matter of time and not of size."""
        return sql.startswith(("SAVEPOINT", "RELEASE")) or "callbudget" in sql or '"heartbeat_at" = ' in sql

    monkeypatch.setattr(batches, "write", counting)
    firm(portal, people=3)
    portal.run()
    for n in range(3, 23):
        portal.bill("100.00", contact=portal.contact("Ann", f"Lee {n}", f"ann{n}@example.com"), number=f"{n}-0")
    portal.run()
    for entity in ("Customer", "Invoice"):
        assert counted[entity, 20] == counted[entity, 3] <= 15


# What comes back


def lose_first(items: list[dict[str, Any]]) -> None:
    items.pop(0)


def double_first(items: list[dict[str, Any]]) -> None:
    items.append(items[0])


def name_another(items: list[dict[str, Any]]) -> None:
    items[0]["bId"] = "stranger"


def turn_round(items: list[dict[str, Any]]) -> None:
    items.reverse()


def fail_inside(items: list[dict[str, Any]]) -> None:
    error = {"code": "10000", "Message": "An application error has occurred", "Detail": "System Failure Error"}
    items[0] = {"bId": items[0]["bId"], "Fault": {"type": "SystemFault", "Error": [error]}}


def empty_first(items: list[dict[str, Any]]) -> None:
    items[0] = {"bId": items[0]["bId"]}


@pytest.mark.parametrize("entity", ["Invoice", "Payment"])
@pytest.mark.parametrize("spoil", [lose_first, double_first, name_another, turn_round, fail_inside, empty_first])
def test_each_item_is_judged_by_its_name_and_only_an_unclear_one_is_looked_for(
    portal: Portal, entity: str, spoil: Spoil
) -> None:
    """All three were done; what the answer does not tell clearly of one of them is found in QuickBooks itself."""
    firm(portal)
    spoiled(portal, entity, spoil)
    portal.run()
    unclear = 0 if spoil is turn_round else 1
    assert portal.codes() == ["unresolved_write"] * unclear
    assert Dispatch.objects.of(portal.firm).filter(state="unknown").count() == unclear
    sent = portal.bodies(entity)
    portal.until_quiet()
    assert portal.bodies(entity) == sent
    one_of_each(portal)
    for link in EntityLink.objects.of(portal.firm).filter(kind="invoice"):
        invoice = next(doc for doc in portal.quickbooks.all("Invoice") if doc["Id"] == link.ledger_id)
        assert f"Clio invoice {link.practice_id} " in invoice["PrivateNote"]


def test_one_refused_item_leaves_the_others_alone(portal: Portal) -> None:
    set_switch(portal.world.store, "characters_beyond_latin1", "refused")
    firm(portal)
    bad = portal.bill("70.00", contact=portal.contact("Łukasz", "Lee", "l@example.com"), number="bad")
    portal.run()
    assert len(portal.quickbooks.all("Invoice")) == 3
    assert (portal.issue("rejected").kind, len(portal.bodies("Customer"))) == ("contact", 4)
    settled(portal, "rejected", but=[bad])
    assert len(portal.bodies("Customer")) == 4


def test_an_invoice_of_a_batch_with_another_total_is_voided_at_once(portal: Portal) -> None:
    set_switch(portal.world.store, "tax_engine", "every_line")
    bills = firm(portal)
    portal.run()
    assert {doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")} == {0}
    settled(portal, *["total_mismatch"] * 3, but=bills)


def test_a_document_touched_in_mid_run_is_written_on_what_it_is_now_and_alone(portal: Portal) -> None:
    bills = firm(portal)
    portal.run()
    for bill in bills:
        portal.clio.edit_bill(bill, due_at=date(2026, 6, 6))
    touched = portal.invoice("1-0")["Id"]
    memo = {"value": "hello"}
    portal.on_write("Invoice", lambda: portal.quickbooks.edit_invoice(touched, CustomerMemo=memo) and None)
    before = len(requests_of(portal))
    assert portal.run().outcome == "in_sync"
    assert requests_of(portal)[before:] == ["batch", "invoice"]
    assert portal.invoice("1-0")["CustomerMemo"] == memo
    assert {doc["DueDate"] for doc in portal.quickbooks.all("Invoice")} == {"2026-06-06"}
    one_of_each(portal)


def test_a_document_changed_in_mid_run_is_not_overwritten_and_its_neighbours_are_written(portal: Portal) -> None:
    bills = firm(portal)
    portal.run()
    for bill in bills:
        portal.clio.edit_bill(bill, due_at=date(2026, 6, 6))
    changed = portal.invoice("1-0")["Id"]
    portal.on_write("Invoice", lambda: portal.quickbooks.edit_invoice(changed, TxnDate="2026-02-28") and None)
    portal.run()
    assert portal.codes() == ["rejected"]
    assert portal.invoice("1-0")["TxnDate"] == "2026-02-28"
    assert sorted(doc["DueDate"] == "2026-06-06" for doc in portal.quickbooks.all("Invoice")) == [False, True, True]


# When no clean answer comes


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("kind", ["500_before", "500_after", "html_503", "timeout_after", "cut_after"])
@pytest.mark.parametrize("times", [1, 9])
def test_an_unanswered_batch_leaves_one_document_each(portal: Portal, reading: str, kind: str, times: int) -> None:
    """Payments are the kind that QuickBooks does not keep from being doubled: they have no number of their own."""
    set_switch(portal.world.store, "requestid_of_batch", reading)
    firm(portal)
    portal.on_write("Payment", lambda: portal.world.quickbooks.fail_next(kind, times))
    portal.run()
    portal.world.quickbooks.fail_next("500_before", 0)
    portal.until_quiet()
    one_of_each(portal)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("done, old", [(0, False), (1, False), (2, False), (3, False), (0, True), (2, True)])
def test_a_batch_that_stopped_half_way_is_not_begun_again(portal: Portal, reading: str, done: int, old: bool) -> None:
    set_switch(portal.world.store, "requestid_of_batch", reading)
    firm(portal)
    portal.on_write("Payment", lambda: portal.world.quickbooks.fail_next("batch_stops", items=done))
    portal.run()
    if old:
        portal.clock.sleep(26 * 3600)
    portal.until_quiet()
    one_of_each(portal)


def test_an_old_unanswered_batch_is_looked_for_item_by_item(portal: Portal) -> None:
    firm(portal)
    portal.on_write("Payment", lambda: portal.world.quickbooks.fail_next("500_before", 9))
    portal.run()
    assert portal.codes() == ["unresolved_write"] * 3
    portal.clock.sleep(26 * 3600)
    sent = len(portal.bodies("Payment"))
    portal.world.quickbooks.fail_next("500_before", 0)
    portal.run()
    assert len(portal.bodies("Payment")) == sent  # one empty look is not enough
    portal.until_quiet()
    one_of_each(portal)


def test_a_batch_that_is_refused_as_such_is_sent_one_by_one(portal: Portal) -> None:
    firm(portal)
    fault = b'{"Fault":{"Error":[{"code":"2010","Message":"No","Detail":"No batches today"}],"type":"ValidationFault"}}'
    portal.on_write("Invoice", lambda: Response(400, fault, {"content-type": "application/json"}))
    before = len(requests_of(portal))
    assert portal.run().outcome == "in_sync"
    assert requests_of(portal)[before:] == ["batch", "batch", "invoice", "invoice", "invoice", "batch"]
    assert not SyncEvent.objects.of(portal.firm).filter(outcome="failed").exists()
    one_of_each(portal)


# Limits


def test_a_throttled_batch_is_waited_for(portal: Portal) -> None:
    portal.world.store.set_setting("qbo:limit:batch_minute", 1)
    firm(portal)
    slept = portal.clock.slept_s
    assert portal.run().outcome == "in_sync"
    assert portal.clock.slept_s - slept > 100
    one_of_each(portal)


def test_items_that_were_throttled_are_sent_alone_after_a_wait(portal: Portal) -> None:
    portal.world.store.set_setting("qbo:limit:batch_minute", 1)
    set_switch(portal.world.store, "batch_throttle", "per_item")
    firm(portal)
    slept = portal.clock.slept_s
    assert portal.run().outcome == "in_sync"
    assert portal.clock.slept_s - slept >= 60
    assert not SyncEvent.objects.of(portal.firm).filter(outcome="failed").exists()
    one_of_each(portal)


def test_a_storm_of_429_ends_the_run_and_nothing_counts_as_refused(portal: Portal) -> None:
    firm(portal)
    portal.on_write("Invoice", lambda: Response(429, b"{}", {"content-type": "application/json"}), times=20)
    assert portal.run().outcome == "failed"
    assert not SyncEvent.objects.of(portal.firm).filter(outcome="failed").exists()
    portal.wire.before.clear()
    portal.run()
    one_of_each(portal)


def test_a_connection_that_fails_in_mid_batch_ends_the_run_and_what_was_answered_stands(portal: Portal) -> None:
    firm(portal)

    def lapse(items: list[dict[str, Any]]) -> None:
        error = {"code": "6190", "Message": "Invalid Company Status", "Detail": "Subscription period has ended"}
        items[0] = {"bId": items[0]["bId"], "Fault": {"type": "ValidationFault", "Error": [error]}}

    spoiled(portal, "Invoice", lapse)
    # The item that was refused was not done either.
    portal.on_write("Invoice", lambda: None)
    run = portal.run()
    assert (run.outcome, portal.codes()) == ("failed", ["permission_lost"])
    assert EntityLink.objects.of(portal.firm).filter(kind="invoice").count() == 2


# A run dies

POINTS: dict[str, tuple[Any, str]] = {
    "before it is sent": (dispatches, "send"),
    "before the answer is recorded": (dispatches, "settle"),
    "while the answer is recorded": (completion, "_link"),
    "while history is written": (completion, "_event"),
    "before the issues are": (issues, "sync_group"),
    "before the groups are settled": (clusters, "settle"),
}


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.parametrize("nth, old", [(1, False), (2, True), (3, False), (3, True)])
@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_dies_in_mid_batch_is_taken_up_without_doubling(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, point: str, nth: int, old: bool
) -> None:
    firm(portal)
    module, name = POINTS[point]
    real, calls = getattr(module, name), []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        if len(calls) == nth:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, dying)
    if nth > 1 and module is clusters:
        portal.run()
    else:
        with pytest.raises(Killed):
            portal.run()
    monkeypatch.undo()
    if old:
        portal.clock.sleep(26 * 3600)
    portal.until_quiet()
    one_of_each(portal)
