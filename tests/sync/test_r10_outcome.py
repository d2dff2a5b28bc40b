"""R10: what a run's outcome says, and that everything in scope is posted or explained."""

from datetime import date
from decimal import Decimal

from integrations.models import EntityLink, Issue
from integrations.reports import run_report
from tests.portal import Portal
from tests.sync.books import settled


def test_r10_only_errors_make_the_outcome_issues(portal: Portal) -> None:
    portal.quickbooks.set_preference("OtherPrefs", "WarnDuplicateBillNumber", value=False)
    portal.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", value=True)
    portal.bill("100.00")
    run = portal.run()
    assert (run.outcome, run.warnings) == ("in_sync", 1)
    assert {issue.severity for issue in portal.issues()} == {"warning", "info"}


def test_r10_an_accepted_difference_no_longer_needs_anybody(portal: Portal) -> None:
    portal.quickbooks.create_customer("Ann Lee")
    portal.bill("100.00")
    assert portal.run().outcome == "issues"
    portal.resolve("probable_match", "ignore")
    assert portal.run().outcome == "in_sync"


def test_r10_every_bill_in_scope_is_posted_once_per_leg_or_named_by_an_issue(portal: Portal) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ray", "bo@example.com")
    portal.quickbooks.create_customer("Bo Ray")
    bills = [portal.bill(str(10 * n), contact=ann if n % 2 else bo) for n in range(1, 9)]
    portal.clio.charge_interest(bills[0], Decimal(5), date(2026, 3, 3))
    too_long = portal.bill("9.00", contact=ann, number="N" * 30)
    portal.run()
    posted = list(EntityLink.objects.of(portal.firm).filter(kind="invoice").values_list("practice_id", "leg"))
    assert len(posted) == len(set(posted)) == 5
    named = {(issue.kind, issue.practice_id) for issue in Issue.objects.of(portal.firm)}
    assert named == {("contact", str(bo)), ("invoice", str(too_long))}
    settled(portal, "probable_match", "number_too_long", but=[*bills[1::2], too_long])


def test_r10_the_report_of_a_run_counts_by_kind(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("100.00", contact=ann)
    portal.pay(bill, 40)
    run = portal.run()
    report = run_report(portal.firm, run)
    assert (report["outcome"], report["reason"], report["run"]) == ("in_sync", None, run.pk)
    assert [report["kinds"][kind]["created"] for kind in ("contact", "invoice", "payment")] == [1, 1, 1]
    again = run_report(portal.firm, portal.run())
    assert [again["kinds"][kind]["unchanged"] for kind in ("contact", "invoice", "payment")] == [1, 1, 1]
    assert again["requests"]["quickbooks_writes"] == 0
