"""Numbers and people that look alike: told at the end of a run, gone with their cause, accepted once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import Issue, Record, SyncEvent
from integrations.sync import lookalikes, mirror
from integrations.sync.run import open_run
from tests.portal import Portal
from tests.sync.books import settled


def form(portal: Portal, number: str) -> str:
    """An invoice a person made in QuickBooks."""
    known = {customer["DisplayName"]: customer["Id"] for customer in portal.quickbooks.all("Customer")}
    someone = known.get("Walk-in") or portal.quickbooks.create_customer("Walk-in")["Id"]
    line = [(portal.quickbooks.all("Item")[0]["Id"], Decimal(1))]
    made = portal.quickbooks.create_invoice(someone, line, number=number)
    return str(made["Id"])


def alike(portal: Portal, state: str = "open") -> list[Issue]:
    """Open warnings about people that look alike."""
    return list(Issue.objects.of(portal.firm).filter(code="similar_contacts", state=state).order_by("id"))


def ids(issue: Issue) -> list[tuple[str, str]]:
    return [(member["entity"], member["id"]) for member in issue.details["alike"]]


# Numbers


def test_a_form_whose_number_only_looks_different_is_told_and_gone_once_renumbered(portal: Portal) -> None:
    bill = portal.bill("100.00", number="1042")
    theirs = form(portal, "001042-")
    run = portal.run()
    assert (run.outcome, run.warnings) == ("in_sync", 1)
    issue = portal.issue("near_duplicate_number")
    assert (issue.severity, issue.kind, issue.practice_id) == ("warning", "invoice", str(bill))
    assert ids(issue) == [("bill", str(bill)), ("Invoice", theirs)]
    assert "Bill “1042” (Ann Lee, 2 Feb 2026) and invoice “001042-” in QuickBooks" in issue.message
    settled(portal, "near_duplicate_number")
    portal.quickbooks.edit("Invoice", theirs, DocNumber="77")
    portal.run()
    settled(portal)
    assert SyncEvent.objects.of(portal.firm).filter(code="near_duplicate_number", outcome="closed").count() == 1


@pytest.mark.parametrize("gone", ["renumbered in Clio", "deleted in QuickBooks", "voided in Clio"])
def test_it_is_gone_with_its_cause_whichever_side_that_was(portal: Portal, gone: str) -> None:
    bill, theirs = portal.bill("100.00", number="7-1"), form(portal, "7/01")
    portal.run()
    assert portal.codes() == ["near_duplicate_number"]
    match gone:
        case "renumbered in Clio":
            portal.clio.renumber(bill, "8")
        case "deleted in QuickBooks":
            portal.quickbooks.delete("Invoice", theirs)
        case "voided in Clio":
            portal.clio.void_bill(bill)
    portal.run()
    settled(portal)


def test_an_accepted_pair_stays_accepted_until_a_third_joins(portal: Portal) -> None:
    portal.bill("100.00", number="1042")
    form(portal, "01042")
    portal.run()
    portal.resolve("near_duplicate_number", "ignore")
    portal.run()
    assert portal.codes() == []
    assert Issue.objects.of(portal.firm).get(code="near_duplicate_number").state == "accepted"
    form(portal, "001042")
    portal.run()
    issue = portal.issue("near_duplicate_number")
    assert len(ids(issue)) == 3, "all three are named anew"


def test_two_live_bills_with_one_number_are_one_error_and_no_warning(portal: Portal) -> None:
    portal.bill("100.00", number="7")
    second = portal.bill("90.00", number="7")
    portal.run()
    settled(portal, "duplicate_number", but=[second])


@pytest.mark.parametrize("other", ["draft", "before the start"])
def test_of_two_bills_with_one_number_of_which_one_is_not_posted_a_warning_is_given(portal: Portal, other: str) -> None:
    first = portal.bill("100.00", number="7")
    earlier = {"issued": date(2025, 6, 1)} if other == "before the start" else {"approve": False}
    second = portal.bill("90.00", number="7", **earlier)  # type: ignore[arg-type]
    portal.run()
    issue = portal.issue("duplicate_in_clio")
    assert ids(issue) == [("bill", str(first)), ("bill", str(second))]
    settled(portal, "duplicate_in_clio")
    portal.clio.renumber(second, "8")
    portal.run()
    settled(portal)


def test_a_draft_is_told_before_its_number_can_be_refused(portal: Portal) -> None:
    form(portal, "7")
    draft = portal.bill("100.00", number="7", approve=False)
    portal.run()
    assert portal.codes() == ["duplicate_in_quickbooks"]
    portal.clio.approve(draft)
    portal.run()
    assert portal.codes() == ["duplicate_number"], "now the planner says so, once"


def test_a_form_that_takes_the_number_of_a_posted_bill_later_is_told(portal: Portal) -> None:
    bill = portal.bill("100.00", number="7")
    portal.run()
    mirror.keep_numbers(portal.pairing, "SalesReceipt", [{"Id": "990", "DocNumber": "7"}])
    portal.run()
    issue = portal.issue("duplicate_in_quickbooks")
    assert ids(issue) == [("bill", str(bill)), ("SalesReceipt", "990")]
    mirror.mark_deleted(portal.pairing, "SalesReceipt", ["990"])
    portal.run()
    settled(portal)


def test_old_bills_that_quickbooks_has_under_their_numbers_are_no_news(portal: Portal) -> None:
    for number in ("1", "2", "03"):
        form(portal, number)
    portal.bill("50.00", number="1", issued=date(2025, 5, 1))
    portal.bill("50.00", number="3", issued=date(2025, 5, 1))
    portal.bill("50.00", number="4")
    portal.run()
    settled(portal)


def test_a_void_bill_gives_its_number_back(portal: Portal) -> None:
    gone = portal.bill("50.00", number="5")
    portal.clio.void_bill(gone)
    portal.bill("60.00", number="5")
    portal.run()
    settled(portal)


# People


def test_two_contacts_of_one_name_are_told_when_one_of_them_is_billed(portal: Portal) -> None:
    first, second = portal.contact("Zoë", "O’Hara", "zoe@example.com"), portal.contact("ZOE", "O'Hara", "")
    portal.run()
    assert alike(portal) == [], "nobody is billed yet"
    portal.bill("100.00", contact=second)
    portal.run()
    (issue,) = alike(portal)
    assert (issue.severity, issue.kind, issue.practice_id) == ("warning", "contact", str(second))
    assert ids(issue) == [("contact", str(second)), ("contact", str(first))]
    assert "have the same name." in issue.message and "merge them in Clio" in issue.message


def test_they_are_gone_once_one_is_renamed_and_accepted_ones_stay(portal: Portal) -> None:
    first, second = portal.contact("Ann", "Lee", "a@example.com"), portal.contact("Ann", "Lee", "b@example.com")
    portal.bill("100.00", contact=first)
    portal.run()
    (issue,) = alike(portal)
    issue.state = "accepted"
    issue.save()
    portal.run()
    assert alike(portal) == [] and len(alike(portal, "accepted")) == 1
    portal.clio.edit_contact(second, last_name="Stone")
    portal.run()
    assert alike(portal, "accepted") == [] and len(alike(portal, "closed")) == 1


def test_one_address_is_a_reason_too_and_both_reasons_are_one_warning(portal: Portal) -> None:
    portal.bill("100.00", contact=portal.contact("Ann", "Lee", "ann@example.com"))
    portal.contact("Bob", "Stone", "ANN@example.com")
    portal.bill("100.00", contact=portal.contact("Eve", "Moss", "eve@example.com"))
    portal.contact("Eve", "Moss", "eve@example.com")
    portal.run()
    said = sorted(issue.message.split(" in Clio have ")[1].split(".")[0] for issue in alike(portal))
    assert said == ["the same e-mail address", "the same name and e-mail address"]


def test_two_customers_are_told_when_one_of_them_stands_for_a_contact(portal: Portal) -> None:
    contact = portal.contact()
    portal.bill("100.00", contact=contact)
    portal.run()
    twin = portal.quickbooks.create_customer("Ann Lee 2", PrimaryEmailAddr={"Address": "ANN@example.com"})["Id"]
    portal.run()
    (issue,) = alike(portal)
    linked = portal.invoice(portal.quickbooks.all("Invoice")[0]["DocNumber"])["CustomerRef"]["value"]
    assert ids(issue) == [("Customer", linked), ("Customer", twin)]
    assert issue.practice_id == str(contact) and "merge them in QuickBooks" in issue.message
    portal.quickbooks.deactivate("Customer", twin)
    portal.run()
    assert alike(portal) == []


def test_customers_of_two_contacts_that_are_alike_are_not_told_twice(portal: Portal) -> None:
    for _ in range(2):
        portal.bill("100.00", contact=portal.contact())
    portal.run()
    assert len(portal.quickbooks.all("Customer")) == 2
    (issue,) = alike(portal)
    assert {entity for entity, _ in ids(issue)} == {"contact"}


def test_sub_customers_share_their_customers_address(portal: Portal) -> None:
    portal.bill("100.00", contact=portal.contact())
    portal.run()
    (parent,) = portal.quickbooks.all("Customer")
    portal.quickbooks.create_customer(
        "Matter 1", PrimaryEmailAddr={"Address": "ann@example.com"}, Job=True, ParentRef={"value": parent["Id"]}
    )
    portal.run()
    assert alike(portal) == []


# Size


def test_many_bills_cost_a_handful_of_statements_and_few_rows(portal: Portal) -> None:
    bills = [
        {"id": n, "number": f"{n:06}", "state": "awaiting_payment", "issued_at": "2026-02-01", "client": {"id": 1}}
        for n in range(1, 20_001)
    ]
    for start in range(0, len(bills), 5000):
        mirror.keep_practice(portal.pairing, "bills", bills[start : start + 5000])
    mirror.keep_numbers(portal.pairing, "Invoice", [{"Id": str(n), "DocNumber": f"X-{n}"} for n in range(5000)])
    mirror.keep_numbers(portal.pairing, "Invoice", [{"Id": "77777", "DocNumber": "17"}])
    work = portal.workspace()
    run = open_run(work.pairing, portal.clock, "command")
    with CaptureQueriesContext(connection) as asked:
        lookalikes.tell(work, run)
    assert len(asked) < 40
    assert [ids(issue) for issue in portal.issues()] == [[("bill", "17"), ("Invoice", "77777")]]
    assert Record.objects.of(portal.firm).filter(entity="bills").count() == 20_000
