"""Rule R1.5: a run that would do more than is usual to what is linked is held before it writes anything."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import HeldChange, Issue, SyncRun
from integrations.resolving import CannotResolve, resolve
from integrations.sandbox.clio.office import BillLine
from integrations.sandbox.http import Response, json_response
from integrations.sync import jobs, safety
from integrations.sync import run as runs
from integrations.sync.cursors import reset_cursors
from tests.portal import Portal
from tests.sync.books import assert_equal, settled

MINUTE = 60


def bills(portal: Portal, number: int) -> list[int]:
    """So many bills of one client, all posted."""
    ann = portal.contact()
    made = [portal.bill("100.00", contact=ann, number=str(n)) for n in range(1, number + 1)]
    assert portal.run().outcome == "in_sync"
    return made


def voided(portal: Portal) -> int:
    return sum(doc["TotalAmt"] == 0 for doc in portal.quickbooks.all("Invoice"))


def edit(portal: Portal, bill: int, amount: str) -> None:
    portal.clio.edit_bill(bill, lines=[BillLine("Advice", Decimal(amount))])


def test_five_voids_go_through(portal: Portal) -> None:
    for bill in bills(portal, 8)[:5]:
        portal.clio.void_bill(bill)
    assert portal.run().outcome == "in_sync"
    assert voided(portal) == 5
    settled(portal)


def test_six_voids_are_held_with_everything_else_of_the_run(portal: Portal) -> None:
    made = bills(portal, 8)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.bill("70.00", contact=portal.contact("Bo", "Ray", "bo@example.com"), number="new")
    written = portal.writes()
    run = portal.run()
    assert (run.outcome, run.state, portal.codes()) == ("held", "held", ["run_held"])
    assert "void 6 of 8 invoices" in run.reason
    assert (portal.writes(), voided(portal)) == (written, 0)
    issue = portal.issue("run_held")
    assert f"issue {issue.pk}" in run.reason
    assert issue.details["counts"] == [{"kind": "invoice", "action": "void", "number": 6, "linked": 8}]
    rows = HeldChange.objects.of(portal.firm).order_by("position")
    assert [(row.action, row.practice_id, row.data["title"]) for row in rows] == [
        ("void", str(bill), f"Bill {n}") for n, bill in enumerate(made[:6], 1)
    ]


def test_a_held_run_keeps_nobody_out_and_the_next_one_looks_again(portal: Portal) -> None:
    made = bills(portal, 8)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    assert [portal.run().outcome for _ in range(2)] == ["held", "held"]
    assert len(Issue.objects.of(portal.firm).filter(code="run_held")) == 1
    assert not SyncRun.objects.of(portal.firm).filter(finished_at=None).exists()
    assert len([change for change in portal.plan() if change.action == "void"]) == 6


def test_what_was_let_through_is_done_and_the_issue_closes(portal: Portal) -> None:
    made = bills(portal, 8)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.bill("70.00", contact=portal.contact("Bo", "Ray", "bo@example.com"), number="new")
    portal.run()
    portal.resolve("run_held", "apply")
    assert portal.run().outcome == "in_sync"
    assert (voided(portal), portal.invoice("new")["TotalAmt"]) == (6, 70)
    assert not HeldChange.objects.of(portal.firm).exists()
    settled(portal)


def test_a_void_that_came_since_holds_the_run_again(portal: Portal) -> None:
    made = bills(portal, 10)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.run()
    portal.resolve("run_held", "apply")
    portal.clio.void_bill(made[6])
    run = portal.run()
    assert (run.outcome, voided(portal)) == ("held", 0)
    issue = portal.issue("run_held")
    assert (issue.state, issue.action, issue.decided_at) == ("open", "", None)
    assert "more than was let through" in issue.message
    assert HeldChange.objects.of(portal.firm).count() == 7
    portal.resolve("run_held", "apply")
    portal.run()
    assert voided(portal) == 7
    settled(portal)


def test_what_moved_since_it_was_shown_is_not_let_through(portal: Portal) -> None:
    made = bills(portal, 30)
    for bill in made:
        edit(portal, bill, "90.00")
    assert "change 30 of 30 invoices" in portal.run().reason
    portal.resolve("run_held", "apply")
    for bill in made:
        edit(portal, bill, "9.00")
    assert portal.run().outcome == "held"
    assert {doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")} == {100}
    portal.resolve("run_held", "apply")
    assert portal.run().outcome == "in_sync"
    assert {doc["TotalAmt"] for doc in portal.quickbooks.all("Invoice")} == {9}


def test_twenty_five_updates_go_through_and_one_more_does_not(portal: Portal) -> None:
    made = bills(portal, 30)
    for bill in made[:25]:
        edit(portal, bill, "90.00")
    assert portal.run().outcome == "in_sync"
    for bill in made[:26]:
        edit(portal, bill, "80.00")
    written = portal.writes()
    assert portal.run().outcome == "held"
    assert portal.writes() == written


def test_what_is_discarded_is_left_as_it_is_and_the_rest_goes_on(portal: Portal) -> None:
    made = bills(portal, 8)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.bill("70.00", contact=portal.contact("Bo", "Ray", "bo@example.com"), number="new")
    portal.run()
    issue = portal.issue("run_held")
    resolve(issue, "discard", portal.owner, portal.clock, note="voided by mistake")
    assert issue.state == "closed"
    run = portal.run()
    assert (run.outcome, voided(portal), portal.invoice("new")["TotalAmt"]) == ("in_sync", 0, 70)
    kept = Issue.objects.of(portal.firm).filter(code="set_aside", state="accepted")
    assert sorted(issue.practice_id for issue in kept) == sorted(str(bill) for bill in made[:6])
    assert {(issue.note, issue.decided_by) for issue in kept} == {("voided by mistake", portal.owner)}
    written = portal.writes()
    assert [portal.run().outcome for _ in range(2)] == ["in_sync", "in_sync"]
    assert portal.writes() == written


def test_one_that_was_discarded_can_be_opened_again_and_is_then_done(portal: Portal) -> None:
    made = bills(portal, 8)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.run()
    portal.resolve("run_held", "discard")
    portal.run()
    kept = Issue.objects.of(portal.firm).filter(code="set_aside", state="accepted")
    portal.resolve_one(kept.get(practice_id=str(made[2])), "reopen")
    portal.run()
    assert voided(portal) == 1
    assert portal.invoice("3")["TotalAmt"] == 0
    assert kept.count() == 5
    for issue in kept:
        portal.resolve_one(issue, "reopen")
    portal.run()
    assert voided(portal) == 6
    settled(portal)


def test_something_else_about_a_discarded_document_is_looked_at_anew(portal: Portal) -> None:
    made = bills(portal, 26)
    for bill in made:
        edit(portal, bill, "90.00")
    portal.run()
    portal.resolve("run_held", "discard")
    portal.run()
    edit(portal, made[0], "55.00")
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 55
    assert not Issue.objects.of(portal.firm).filter(practice_id=str(made[0])).exclude(state="closed").exists()
    assert portal.invoice("2")["TotalAmt"] == 100


def test_what_depends_on_a_discarded_change_waits_behind_it(portal: Portal) -> None:
    made = bills(portal, 26)
    for bill in made:
        edit(portal, bill, "190.00")
    portal.run()
    portal.resolve("run_held", "discard")
    portal.pay(made[0], 190)
    run = portal.run()
    assert portal.quickbooks.all("Payment") == []
    assert run.counts["payment"]["waiting"] == 1
    kept = Issue.objects.of(portal.firm).get(code="set_aside", state="accepted", practice_id=str(made[0]))
    portal.resolve_one(kept, "reopen")
    portal.run()
    assert portal.invoice("1")["Balance"] == 0


def test_a_decision_about_another_list_than_was_shown_is_not_taken(portal: Portal) -> None:
    made = bills(portal, 8)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.run()
    seen = portal.issue("run_held").details["seen"]
    portal.clio.void_bill(made[6])
    portal.run()
    with pytest.raises(CannotResolve, match="has changed since"):
        portal.resolve("run_held", "apply", seen)
    portal.resolve("run_held", "apply", portal.issue("run_held").details["seen"])


def test_a_list_that_is_right_again_lets_the_run_go(portal: Portal) -> None:
    made = bills(portal, 26)
    for bill in made:
        edit(portal, bill, "90.00")
    assert portal.run().outcome == "held"
    for bill in made:
        edit(portal, bill, "100.00")
    assert portal.run().outcome == "in_sync"
    assert portal.codes() == []


def test_a_run_cut_into_slices_is_judged_as_one(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.clusters, "CHUNK_OF_BILLS", 1)
    people = [portal.contact(f"P{n}", "Lee", f"p{n}@example.com") for n in range(8)]
    made = [portal.bill("100.00", contact=person, number=str(n)) for n, person in enumerate(people, 1)]
    portal.run()
    for bill in made[:4]:
        portal.clio.void_bill(bill)
    work = portal.workspace()
    run = runs.open_run(work.pairing, portal.clock, SyncRun.Trigger.COMMAND)
    assert runs.sync(work, run, slice_s=0) is False
    assert voided(portal) == 1
    for bill in made[4:7]:
        portal.clio.void_bill(bill)
    assert runs.sync(portal.workspace(), run, slice_s=0) is True
    assert (run.outcome, voided(portal)) == ("held", 1)


def test_a_small_change_is_planned_once(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(8):
        portal.bill("100.00", contact=portal.contact(f"P{n}", "Lee", f"p{n}@example.com"), number=str(n + 1))
    portal.run()
    planned: list[Any] = []
    plan_group = jobs.plan_group
    monkeypatch.setattr(jobs, "plan_group", lambda group, *rest: planned.append(group) or plan_group(group, *rest))
    for bill in portal.clio.snapshot()["bills"][:3]:
        edit(portal, bill["id"], "90.00")
    portal.run()
    assert len(planned) == 3


# A side that is suddenly empty, and what may no longer be read


def emptying(path: str) -> Callable[[str, Any], None]:
    def spoil(asked: str, answer: Any) -> None:
        if f"/{path}.json" in asked:
            answer["data"] = []

    return spoil


def swept(portal: Portal) -> SyncRun:
    portal.clock.sleep(20 * MINUTE)
    reset_cursors(portal.pairing)
    return portal.run()


def test_a_list_that_is_suddenly_empty_is_no_deletion(portal: Portal) -> None:
    bills(portal, 8)
    portal.wire.tamper.append(emptying("bills"))
    for _ in range(3):
        run = swept(portal)
        assert (run.outcome, portal.codes(), voided(portal)) == ("held", ["run_held"], 0)
    assert "Clio shows no bills at all, and there were 8" in run.reason
    portal.wire.tamper.clear()
    assert swept(portal).outcome == "in_sync"
    settled(portal)


def test_an_empty_list_that_is_believed_is_then_judged_by_what_follows(portal: Portal) -> None:
    bills(portal, 8)
    portal.wire.tamper.append(emptying("bills"))
    swept(portal)
    portal.resolve("run_held", "apply")
    assert swept(portal).outcome == "in_sync"  # missing for the first time
    run = swept(portal)
    assert (run.outcome, voided(portal)) == ("held", 0)
    assert "void 8 of 8 invoices" in run.reason
    portal.resolve("run_held", "apply")
    swept(portal)
    assert voided(portal) == 8


def test_an_empty_list_that_is_not_believed_is_left_out_this_time(portal: Portal) -> None:
    bills(portal, 8)
    portal.wire.tamper.append(emptying("bills"))
    swept(portal)
    portal.resolve("run_held", "discard")
    assert portal.run().outcome == "in_sync"
    assert (portal.codes(), voided(portal)) == ([], 0)
    assert swept(portal).outcome == "held"


def test_the_nightly_list_of_ids_that_names_nothing_is_asked_about(portal: Portal) -> None:
    bills(portal, 6)
    portal.clock.sleep(25 * 60 * MINUTE)
    portal.wire.tamper.append(emptying("bills"))
    run = portal.run()
    assert (run.outcome, portal.codes(), voided(portal)) == ("held", ["run_held"], 0)
    portal.wire.tamper.clear()
    assert portal.run().outcome == "in_sync"
    settled(portal)


def test_a_run_that_planned_nothing_does_not_say_that_there_is_less_to_do(portal: Portal) -> None:
    made = bills(portal, 8)
    for bill in made[:6]:
        portal.clio.void_bill(bill)
    portal.run()
    work = portal.workspace()
    for is_fresh, held in ((False, 1), (True, 0)):
        work.ledger_is_fresh = is_fresh
        safety.release(work, SyncRun.objects.of(portal.firm).latest("id"))
        assert len([code for code in portal.codes() if code == "run_held"]) == held


def test_a_short_list_may_well_be_empty_one_day(portal: Portal) -> None:
    bills(portal, 5)
    portal.wire.tamper.append(emptying("bills"))
    swept(portal)
    swept(portal)
    assert voided(portal) == 5


def test_quickbooks_that_shows_no_customers_has_not_lost_them(portal: Portal) -> None:
    for n in range(6):
        portal.bill("100.00", contact=portal.contact(f"P{n}", "Lee", f"p{n}@example.com"), number=str(n + 1))
    portal.run()

    def hide(request: Any) -> Response | None:
        asked = "query" in str(request.url) and "from+customer" in str(request.url).lower().replace("%20", "+")
        return json_response(200, {"QueryResponse": {}, "time": portal.clock.now().isoformat()}) if asked else None

    portal.wire.before.append(hide)
    run = swept(portal)
    assert (run.outcome, portal.codes()) == ("held", ["run_held"])
    assert "QuickBooks shows no customers at all" in run.reason
    portal.wire.before.clear()
    assert swept(portal).outcome == "in_sync"
    settled(portal)


@pytest.mark.parametrize("permission", ["billing", "contacts", "payments"])
def test_f8_a_permission_that_goes_while_a_run_reads_takes_nothing_back(portal: Portal, permission: str) -> None:
    made = bills(portal, 8)
    for bill in made:
        portal.pay(bill, 30)
    portal.run()
    owner, asked = portal.clio.account["owner_id"], []

    def drop(request: Any) -> None:
        asked.append(request)
        if len(asked) == 4:
            portal.clio.forbid(owner, permission)

    portal.wire.before.append(drop)
    for _ in range(3):
        run = swept(portal)
        assert run.outcome == "held"
    assert portal.codes() == ["permission_lost"]
    assert voided(portal) == 0
    assert {doc["Balance"] for doc in portal.quickbooks.all("Invoice")} == {70}
    portal.clio.forbid(owner)
    assert portal.run().outcome == "in_sync"
    assert_equal(portal)


def shrinking(kept: int) -> Callable[[str, Any], None]:
    def spoil(asked: str, answer: Any) -> None:
        if "/bills.json" in asked:
            answer["data"] = answer["data"][:kept]

    return spoil


def test_f8_a_list_that_shrinks_silently_takes_nothing_back_without_a_person(portal: Portal) -> None:
    bills(portal, 8)
    portal.wire.tamper.append(shrinking(2))
    for _ in range(4):
        run = swept(portal)
    assert (run.outcome, voided(portal)) == ("held", 0)
    portal.wire.tamper.clear()
    assert swept(portal).outcome == "in_sync"
    settled(portal)


def refusing(entity: str) -> Callable[[Any], Response | None]:
    def act(request: Any) -> Response | None:
        no = {"error": {"type": "ForbiddenError", "message": "not for you"}}
        return json_response(403, no) if f"/{entity}.json" in str(request.url) else None

    return act


def test_a_list_that_may_no_longer_be_read_holds_the_run_until_somebody_says_go_on(portal: Portal) -> None:
    bill = portal.bill("1000.00", number="1")
    portal.clio.credit_note(bill, Decimal(100), date(2026, 2, 20), "Goodwill")
    portal.run()
    portal.wire.before.append(refusing("credit_memos"))
    portal.bill("50.00", number="2")
    run = portal.run()
    assert (run.outcome, portal.codes()) == ("held", ["run_held"])
    assert "no longer lets the connected user read credit notes" in run.reason
    with pytest.raises(CannotResolve, match="Possible: apply"):
        portal.resolve("run_held", "discard")
    portal.resolve("run_held", "apply")
    for _ in range(2):
        assert portal.run().outcome == "issues"
        assert portal.codes() == ["permission_lost"]
    assert portal.invoice("2")["TotalAmt"] == 50
    portal.wire.before.clear()
    portal.run()
    settled(portal)
