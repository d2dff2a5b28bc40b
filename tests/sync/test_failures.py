"""What goes wrong: bad records, failing systems, dying runs. Nothing is lost, nothing is doubled."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations import connecting
from integrations.models import Connection, Dispatch, SyncEvent, SyncRun
from integrations.sandbox.clio.office import BillLine
from integrations.sandbox.clio.switches import switch as set_clio_switch
from integrations.sandbox.consent import consent
from integrations.sandbox.http import Response, html_response
from integrations.sandbox.quickbooks.switches import set_switch
from integrations.sync import clusters, completion, dispatches, issues, jobs, mirror
from integrations.sync.run import open_run, sync
from tests.portal import Portal
from tests.sync.books import settled

ENTITIES = ("Customer", "Invoice", "Payment")
Spoil = Callable[[str, Any], None]


def story(portal: Portal) -> int:
    """One bill with a payment: a customer, an invoice and a payment to write."""
    bill = portal.bill("100.00", number="1")
    portal.pay(bill, 40)
    return bill


def one_of_each(portal: Portal) -> None:
    assert [len(portal.quickbooks.all(entity)) for entity in ENTITIES] == [1, 1, 1]
    assert portal.invoice("1")["Balance"] == 60
    settled(portal)


# Bad records


def spoiling(path: str, id: int, **members: Any) -> Spoil:
    def spoil(asked: str, answer: Any) -> None:
        for row in answer["data"] if f"/{path}.json" in asked else ():
            if row["id"] == id:
                row |= members

    return spoil


@pytest.mark.parametrize(
    "members, code",
    [
        ({"total": "n/a"}, "unreadable"),
        ({"balance": "1,000.00"}, "unreadable"),
        ({"issued_at": "soon"}, "unreadable"),
        ({"number": None}, "number_missing"),
        ({"due_at": "0000-00-00"}, "unreadable"),
        ({"sub_total": []}, "unreadable"),
        ({"matters": None, "currency": None, "discount": None}, ""),
        ({"redacted": True}, "permission_lost"),
    ],
)
def test_one_bad_bill_never_stops_its_neighbours(portal: Portal, members: dict[str, Any], code: str) -> None:
    ann = portal.contact()
    bad, good = portal.bill("70.00", contact=ann), portal.bill("30.00", contact=ann, number="good")
    portal.pay(good, 10)
    portal.wire.tamper.append(spoiling("bills", bad, **members))
    done = portal.run()
    assert done.reason == ""
    assert portal.invoice("good")["Balance"] == 20
    if not code:
        return settled(portal)
    assert portal.issue(code).practice_id == str(bad)
    settled(portal, code, but=[bad])
    portal.wire.tamper.clear()
    portal.run()
    return settled(portal)


@pytest.mark.parametrize("members", [{"quantity": "abc"}, {"sub_total": "x"}, {"date": "?"}, {"bill": None}])
def test_one_malformed_line_stops_only_its_bill(portal: Portal, members: dict[str, Any]) -> None:
    ann = portal.contact()
    bad = portal.bill("70.00", contact=ann)
    portal.bill("30.00", contact=ann, number="good")
    line = next(row["id"] for row in portal.clio.snapshot()["line_items"] if row["bill_id"] == bad)
    portal.wire.tamper.append(spoiling("line_items", line, **members))
    portal.run()
    assert portal.invoice("good")["TotalAmt"] == 30
    assert portal.issue("total_mismatch").practice_id == str(bad)
    settled(portal, "total_mismatch", but=[bad])


@pytest.mark.parametrize("members", [{"amount": "lots"}, {"date": None}, {"parent": None}, {"date": "yesterday"}])
def test_one_malformed_allocation_stops_only_what_it_pays(portal: Portal, members: dict[str, Any]) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ray", "bo@example.com")
    bad, good = portal.bill("70.00", contact=ann), portal.bill("30.00", contact=bo, number="good")
    portal.pay(bad, 70)
    portal.pay(good, 10)
    allocation = next(row["id"] for row in portal.clio.snapshot()["allocations"] if row["bill_id"] == bad)
    portal.wire.tamper.append(spoiling("allocations", allocation, **members))
    done = portal.run()
    assert done.reason == ""
    assert portal.invoice("good")["Balance"] == 20
    assert [doc["TotalAmt"] for doc in portal.quickbooks.all("Payment")] == [10]
    portal.wire.tamper.clear()
    portal.clio.edit_payment(portal.clio.snapshot()["payments"][0]["id"], reference="seen")
    set_clio_switch(portal.world.store, "clio_updated_since", "inclusive")
    portal.run()
    settled(portal)


@pytest.mark.parametrize("members", [{"name": "", "first_name": "", "last_name": ""}, {"redacted": True}])
def test_one_bad_contact_stops_only_its_bills(portal: Portal, members: dict[str, Any]) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ray", "bo@example.com")
    bad = portal.bill("70.00", contact=ann)
    portal.bill("30.00", contact=bo, number="good")
    portal.wire.tamper.append(spoiling("contacts", ann, **members))
    portal.run()
    assert portal.invoice("good")["TotalAmt"] == 30
    settled(portal, "permission_lost", but=[bad])


def test_a_failure_of_the_planner_itself_stops_only_one_contact(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = portal.contact()
    bad = portal.bill("70.00", contact=ann)
    portal.bill("30.00", contact=portal.contact("Bo", "Ray", "bo@example.com"), number="good")
    plan_group = jobs.plan_group

    def failing(group: Any, policy: Any, catalog: Any) -> Any:
        if str(ann) in group.contacts:
            raise ZeroDivisionError
        return plan_group(group, policy, catalog)

    monkeypatch.setattr(jobs, "plan_group", failing)
    portal.run()
    assert portal.invoice("good")["TotalAmt"] == 30
    settled(portal, "not_planned", but=[bad])
    monkeypatch.undo()
    portal.run()
    settled(portal)


# QuickBooks fails while it is written to


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("kind", ["500_before", "500_after", "html_503", "timeout_after"])
@pytest.mark.parametrize("times", [1, 3])
def test_an_unanswered_write_is_repeated_and_leaves_one_document(
    portal: Portal, entity: str, kind: str, times: int
) -> None:
    story(portal)
    portal.on_write(entity, lambda: portal.world.quickbooks.fail_next(kind, times))
    done = portal.run()
    assert done.outcome == ("in_sync" if times == 1 else "issues")
    if times > 1:
        assert portal.codes() == ["unresolved_write"]
        portal.run()
    one_of_each(portal)


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("kind", ["500_before", "timeout_after"])
def test_an_old_unanswered_write_is_looked_for_before_it_is_repeated(portal: Portal, entity: str, kind: str) -> None:
    story(portal)
    portal.on_write(entity, lambda: portal.world.quickbooks.fail_next(kind, 3))
    portal.run()
    portal.clock.sleep(26 * 3600)  # longer than QuickBooks remembers a request id
    sent = len(portal.bodies(entity))
    portal.run()
    if kind == "timeout_after":
        assert len(portal.bodies(entity)) == sent  # found by our mark
    else:
        assert portal.codes() == ["unresolved_write"]
        portal.until_quiet()
    one_of_each(portal)


def test_one_empty_look_is_not_enough(portal: Portal) -> None:
    story(portal)
    portal.on_write("Invoice", lambda: portal.world.quickbooks.fail_next("500_before", 3))
    portal.run()
    portal.clock.sleep(3600)
    sent = len(portal.bodies("Invoice"))
    portal.run()
    portal.clock.sleep(30)
    portal.run()
    assert len(portal.bodies("Invoice")) == sent
    portal.clock.sleep(60)
    portal.run()
    one_of_each(portal)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("entity, change", [("Invoice", "edit"), ("Payment", "edit"), ("Invoice", "void")])
@pytest.mark.parametrize("kind", ["500_before", "timeout_after"])
def test_an_unanswered_update_or_void_is_resolved_too(
    portal: Portal, entity: str, change: str, kind: str, old: bool
) -> None:
    bill = portal.bill("100.00", number="1")
    payment = portal.pay(bill, 40)
    portal.run()
    portal.on_write(entity, lambda: portal.world.quickbooks.fail_next(kind, 3))
    if change == "void":
        portal.clio.delete_payment(payment)
        portal.clio.void_bill(bill)
    elif entity == "Invoice":
        portal.clio.edit_bill(bill, lines=[BillLine("Advice", Decimal(90), date=date(2026, 2, 2))])
    else:
        portal.clio.edit_payment(payment, [(bill, Decimal(30))])
    portal.run()
    assert "unresolved_write" in portal.codes()
    if old:
        portal.clock.sleep(26 * 3600)
    portal.until_quiet()
    assert len(portal.quickbooks.all("Invoice")) == len(portal.quickbooks.all("Payment")) == 1
    settled(portal)


def test_an_old_unanswered_update_overtaken_by_a_person_counts_as_not_done(portal: Portal) -> None:
    """The SyncToken moved, but not by our write: the invoice does not say what we sent."""
    bill = portal.bill("100.00", number="1")
    portal.run()
    invoice = portal.invoice("1")
    portal.on_write("Invoice", lambda: portal.world.quickbooks.fail_next("500_before", 3))
    portal.clio.edit_bill(bill, lines=[BillLine("Advice", Decimal(90), date=date(2026, 2, 2))])
    portal.run()
    portal.quickbooks.edit_invoice(invoice["Id"], CustomerMemo={"value": "hello"})
    portal.clock.sleep(3600)
    portal.until_quiet()
    assert portal.invoice("1")["TotalAmt"] == 90
    settled(portal)


def test_a_refusal_after_an_unanswered_try_tells_nothing(portal: Portal) -> None:
    """The first try was done; the second was throttled: the payment is there, and only once."""
    story(portal)
    tries: list[str] = []

    def act() -> Response | None:
        tries.append("")
        if len(tries) == 1:
            portal.world.quickbooks.fail_next("timeout_after")
            return None
        return Response(
            403, b'{"fault":{"error":[{"code":"3100","message":"no"}]}}', {"content-type": "application/json"}
        )

    portal.on_write("Payment", act, times=2)
    portal.run()
    assert portal.codes() == ["unresolved_write"]
    portal.run()
    one_of_each(portal)


def test_a_recovery_that_is_itself_refused_keeps_the_question_open(portal: Portal) -> None:
    story(portal)
    portal.on_write("Payment", lambda: portal.world.quickbooks.fail_next("timeout_after", 3))
    portal.run()
    refused = b'{"fault":{"error":[{"code":"3100","message":"no"}],"type":"AUTHORIZATION"}}'
    portal.on_write("Payment", lambda: Response(403, refused, {"content-type": "application/json"}))
    assert portal.run().outcome == "failed"
    assert Dispatch.objects.of(portal.firm).filter(state="unknown").count() == 1
    portal.run()
    one_of_each(portal)


def test_an_invoice_found_later_is_checked_for_its_total_like_any_other(portal: Portal) -> None:
    set_switch(portal.world.store, "tax_engine", "every_line")
    bill = portal.bill("100.00", number="1")
    portal.on_write("Invoice", lambda: portal.world.quickbooks.fail_next("timeout_after", 3))
    portal.run()
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 0
    settled(portal, "total_mismatch", but=[bill])


# A run dies

POINTS: dict[str, tuple[Any, str]] = {
    "before it is sent": (dispatches, "send"),
    "before the answer is recorded": (dispatches, "settle"),
    "while the answer is recorded": (completion, "_link"),
    "while history is written": (completion, "_event"),
    "before the issues are": (issues, "sync_group"),
    "before the group is settled": (clusters, "settle"),
}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_dies_is_taken_up_by_the_next_without_doubling(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, point: str, nth: int, old: bool
) -> None:
    story(portal)
    module, name = POINTS[point]
    real, calls = getattr(module, name), []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        if len(calls) == nth:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, dying)
    if nth > 1 and module in (issues, clusters):
        portal.run()
    else:
        with pytest.raises(Killed):
            portal.run()
    monkeypatch.undo()
    if old:
        portal.clock.sleep(26 * 3600)
    portal.until_quiet()
    one_of_each(portal)


class Killed(BaseException):
    """The worker is gone."""


def test_a_run_that_dies_while_reading_reads_the_same_again(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    story(portal)
    calls: list[str] = []
    real = mirror.keep_practice

    def dying(pairing: Any, entity: str, rows: Any, **kwargs: Any) -> None:
        calls.append(entity)
        if len(calls) == 3:
            raise Killed
        real(pairing, entity, rows, **kwargs)

    monkeypatch.setattr(mirror, "keep_practice", dying)
    with pytest.raises(Killed):
        portal.run()
    monkeypatch.undo()
    portal.run()
    one_of_each(portal)


def test_a_run_given_up_for_dead_writes_nothing_more(portal: Portal) -> None:
    """It was only slow: the next worker finds the write that was under way, and does the rest."""
    story(portal)
    taken: list[SyncRun] = []

    def take_over() -> None:
        portal.clock.sleep(11 * 60)
        taken.append(open_run(portal.pairing, portal.clock, SyncRun.Trigger.COMMAND))

    portal.on_write("Invoice", take_over)
    slow = portal.run()
    assert (slow.outcome, portal.quickbooks.all("Payment")) == ("", [])
    sync(portal.workspace(), taken[0])
    one_of_each(portal)


# The connection fails


def test_a_throttled_run_waits_on_the_clock(portal: Portal) -> None:
    portal.world.store.set_setting("qbo:limit:minute", 5)
    set_clio_switch(portal.world.store, "clio_rate_limit", 4)
    story(portal)
    slept = portal.clock.slept_s
    assert portal.run().outcome == "in_sync"
    assert portal.clock.slept_s - slept > 120
    one_of_each(portal)


def test_a_storm_of_429_ends_the_run_and_nothing_counts_as_refused(portal: Portal) -> None:
    story(portal)
    portal.on_write("Invoice", lambda: Response(429, b"{}", {"content-type": "application/json"}), times=20)
    done = portal.run()
    assert done.outcome == "failed"
    assert len(portal.bodies("Invoice")) == 3
    assert not SyncEvent.objects.of(portal.firm).filter(outcome="failed").exists()
    portal.wire.before.clear()
    portal.run()
    one_of_each(portal)


def test_an_unreachable_quickbooks_ends_the_run_and_the_next_goes_on(portal: Portal) -> None:
    story(portal)

    def down() -> None:
        raise requests.ConnectTimeout("no route")

    portal.on_write("Payment", down)
    done = portal.run()
    assert (done.outcome, "could not be reached" in done.reason) == ("failed", True)
    portal.run()
    one_of_each(portal)


@pytest.mark.parametrize("answer", [html_response(502, "<h1>Bad gateway</h1>"), Response(200, b'{"data": [{"id"')])
def test_markup_or_half_an_answer_from_clio_fails_clearly_and_loses_nothing(portal: Portal, answer: Response) -> None:
    bill = story(portal)
    portal.run()
    portal.pay(bill, 60)
    portal.wire.before.append(lambda request: answer if "/allocations.json" in str(request.url) else None)
    done = portal.run()
    assert (done.outcome, done.reason[:4]) == ("failed", "Clio")
    portal.wire.before.clear()
    portal.run()
    assert portal.invoice("1")["Balance"] == 0
    settled(portal)


def test_a_token_that_expires_in_mid_run_is_renewed_once(portal: Portal) -> None:
    story(portal)
    portal.on_write("Invoice", lambda: portal.clock.sleep(2 * 3600))
    renewals = [path for method, path, _ in portal.log if "tokens/bearer" in path]
    assert portal.run().outcome == "in_sync"
    assert len([path for method, path, _ in portal.log if "tokens/bearer" in path]) == len(renewals) + 1
    one_of_each(portal)


def test_a_revoked_connection_fails_the_run_and_asks_to_reconnect(portal: Portal) -> None:
    story(portal)
    portal.on_write("Invoice", portal.quickbooks.disconnect_apps)
    done = portal.run()
    assert (done.outcome, portal.codes()) == ("failed", ["reconnect"])
    ledger = Connection.objects.of(portal.firm).get(system="quickbooks")
    assert ledger.state == Connection.State.RECONNECT
    assert portal.run().outcome == "failed"
    assert portal.codes() == ["reconnect"]
    visitor = connecting.Visitor(portal.owner, "session")
    address = connecting.begin(portal.firm, visitor, "quickbooks", "", portal.clock, portal.session)
    answer = consent(portal.session, address, portal.quickbooks.realm)
    connecting.finish(visitor, "quickbooks", answer, portal.clock, portal.session)
    portal.run()
    one_of_each(portal)


# QuickBooks refuses


def test_a_name_a_vendor_takes_in_mid_run_gets_the_template_next_time(portal: Portal) -> None:
    bill = story(portal)
    portal.on_write("Customer", lambda: portal.quickbooks.create_vendor("Ann Lee") and None)
    portal.run()
    assert portal.codes() == ["name_taken"]
    portal.run()
    contact = portal.clio.bill(bill)["client_id"]
    assert [doc["DisplayName"] for doc in portal.quickbooks.all("Customer")] == [f"Ann Lee (Clio {contact})"]
    one_of_each(portal)


def test_books_closed_in_mid_run_are_an_issue(portal: Portal) -> None:
    bill = story(portal)
    portal.on_write("Invoice", lambda: portal.quickbooks.close_books("2026-02-28"))
    portal.run()
    assert portal.codes() == ["period_closed"]
    portal.run()
    settled(portal, "books_closed", "period_closed", "period_closed", but=[bill])
    portal.quickbooks.close_books(None)
    portal.run()
    one_of_each(portal)


@pytest.mark.parametrize("code", ["610", "2500"])
def test_an_item_made_inactive_in_mid_run_is_refused_once(portal: Portal, code: str) -> None:
    set_switch(portal.world.store, "inactive_reference_code", code)
    bill = story(portal)
    item = portal.quickbooks.all("Item")[0]["Id"]
    portal.on_write("Invoice", lambda: portal.quickbooks.deactivate("Item", item) and None)
    portal.run()
    assert portal.issue("rejected").practice_id == str(bill)
    portal.run()
    settled(portal, "mapping_invalid", "mapping_missing", but=[bill])
    portal.quickbooks.reactivate("Item", item)
    portal.run()
    one_of_each(portal)


def test_a_refused_write_is_not_sent_again_unchanged_until_a_person_says_so(portal: Portal) -> None:
    set_switch(portal.world.store, "characters_beyond_latin1", "refused")
    bill = portal.bill("100.00", contact=portal.contact("Łukasz", "Lee", "l@example.com"), number="1")
    portal.pay(bill, 40)
    portal.run()
    assert (portal.codes(), len(portal.bodies("Customer"))) == (["rejected"], 1)
    settled(portal, "rejected", but=[bill])
    assert len(portal.bodies("Customer")) == 1
    portal.resolve("rejected", "retry")
    portal.run()
    assert (portal.codes(), len(portal.bodies("Customer"))) == (["rejected"], 2)
    set_switch(portal.world.store, "characters_beyond_latin1", "accepted")
    portal.run()
    assert len(portal.bodies("Customer")) == 2
    portal.resolve("rejected", "retry")
    portal.run()
    one_of_each(portal)


def test_a_refused_write_is_sent_again_once_it_has_changed(portal: Portal) -> None:
    set_switch(portal.world.store, "characters_beyond_latin1", "refused")
    contact = portal.contact("Łukasz", "Lee", "l@example.com")
    bill = portal.bill("100.00", contact=contact, number="1")
    portal.pay(bill, 40)
    portal.run()
    portal.clio.edit_contact(contact, first_name="Lukasz")
    portal.run()
    one_of_each(portal)


def test_a_document_touched_in_mid_run_is_written_on_what_it_is_now(portal: Portal) -> None:
    bill = story(portal)
    portal.run()
    invoice = portal.invoice("1")
    portal.clio.edit_bill(bill, due_at=date(2026, 6, 6))

    def touch() -> None:
        portal.quickbooks.edit_invoice(invoice["Id"], CustomerMemo={"value": "hello"})

    portal.on_write("Invoice", touch)
    assert portal.run().outcome == "in_sync"
    now = portal.invoice("1")
    assert (now["DueDate"], now["CustomerMemo"]) == ("2026-06-06", {"value": "hello"})
    one_of_each(portal)


def test_a_document_changed_in_mid_run_is_not_overwritten(portal: Portal) -> None:
    bill = story(portal)
    portal.run()
    invoice = portal.invoice("1")
    portal.clio.edit_bill(bill, due_at=date(2026, 6, 6))
    portal.on_write("Invoice", lambda: portal.quickbooks.edit_invoice(invoice["Id"], TxnDate="2026-02-28") and None)
    portal.run()
    assert portal.codes() == ["rejected"]
    assert portal.invoice("1")["TxnDate"] == "2026-02-28"
    portal.run()
    assert portal.codes() == ["drift"]
    assert portal.invoice("1")["TxnDate"] == "2026-02-28"
