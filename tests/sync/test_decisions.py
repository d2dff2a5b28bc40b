"""What people decide, that it is carried out once, and that what they accept stays quiet."""

import pytest

from integrations import mapping
from integrations.core import mapping as keys
from integrations.core.changes import Problem
from integrations.core.records import Kind, Ref
from integrations.models import Issue, Mapping, SyncEvent
from integrations.resolving import CannotResolve, resolve
from integrations.sync import issues
from tests.portal import START, Portal
from tests.sync.books import settled


def probable(portal: Portal) -> int:
    portal.quickbooks.create_customer("Ann Lee")
    bill = portal.bill("100.00", number="1")
    portal.run()
    return bill


def test_what_is_ignored_is_accepted_and_stays_quiet(portal: Portal) -> None:
    bill = probable(portal)
    portal.resolve("probable_match", "ignore")
    settled(portal, but=[bill])
    assert [issue.state for issue in Issue.objects.of(portal.firm)] == ["accepted"]


SAID = {"said": "Ann Lee, 13 Mar 2026", "amount": "2,186.21"}


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (("2186.21 of 2026-03-13", {}), ("2,186.21 of 13 Mar 2026", {}), "accepted"),
        (("2186.20 of 2026-03-13", {}), ("2,186.21 of 13 Mar 2026", {}), "open"),
        (("", {"amount": "2186.21", "said": "Ann Lee, 2026-03-13"}), ("", SAID), "accepted"),
        (("", {"amount": "2186.21", "said": "Ann Lee, 2026-03-12"}), ("", SAID), "open"),
    ],
)
def test_r10_what_was_accepted_opens_again_where_another_thing_is_said_and_not_where_it_is_said_otherwise(
    portal: Portal, before: tuple[str, dict[str, object]], now: tuple[str, dict[str, object]], state: str
) -> None:
    run, ref = portal.run(), Ref(Kind.PAYMENT, "1")
    for (message, details), todo in ((before, "accept"), (now, "look")):
        found = Problem("payment_partly_outside", ref, message, details=details)
        issues.sync_codes(portal.workspace(), run, {found.code}, [found])
        if todo == "accept":
            portal.resolve(found.code, "ignore")
    issue = Issue.objects.of(portal.firm).get()
    assert (issue.state, issue.message, issue.details) == (state, *now)


def test_a_decision_names_who_made_it_in_the_history(portal: Portal) -> None:
    probable(portal)
    portal.resolve("probable_match", "create")
    event = SyncEvent.objects.of(portal.firm).get(outcome="decided")
    assert (event.actor, event.code) == (portal.owner, "probable_match")
    portal.run()
    assert Issue.objects.of(portal.firm).get().state == "closed"


def test_an_action_that_does_not_fit_is_refused_with_those_that_do(portal: Portal) -> None:
    probable(portal)
    with pytest.raises(CannotResolve, match="link, create, ignore"):
        portal.resolve("probable_match", "adopt")
    with pytest.raises(CannotResolve, match="customer=ID"):
        portal.resolve("probable_match", "link")


def test_a_closed_issue_cannot_be_decided(portal: Portal) -> None:
    probable(portal)
    issue = portal.issue("probable_match")
    portal.resolve("probable_match", "create")
    portal.run()
    issue.refresh_from_db()
    with pytest.raises(CannotResolve, match="already closed"):
        resolve(issue, "create", portal.owner, portal.clock)


def test_an_accepted_difference_whose_cause_goes_away_is_posted_after_all(portal: Portal) -> None:
    Mapping.objects.of(portal.firm).filter(key=keys.SERVICE).delete()
    portal.bill("100.00", number="1")
    portal.run()
    portal.resolve("mapping_missing", "ignore")
    assert portal.run().outcome == "in_sync"

    mapping.apply(portal.workspace(), START)
    portal.run()
    assert portal.invoice("1")["TotalAmt"] == 100
    settled(portal)


def test_renumber_only_opens_the_bill_in_clio(portal: Portal) -> None:
    someone = portal.quickbooks.create_customer("Someone")
    portal.quickbooks.create_invoice(someone["Id"], [(portal.quickbooks.all("Item")[0]["Id"], 5)], number="42")
    bill = portal.bill("10.00", number="42")
    portal.run()
    portal.resolve("duplicate_number", "renumber")
    settled(portal, "duplicate_number", but=[bill])
    portal.clio.renumber(bill, "43")
    portal.run()
    settled(portal)


def test_two_payments_are_never_linked_to_the_one_that_was_adopted(portal: Portal) -> None:
    ann = portal.quickbooks.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})
    portal.quickbooks.receive_payment(ann["Id"], 50, TxnDate="2026-02-20")
    contact = portal.contact()
    bill = portal.bill("100.00", contact=contact, number="1")
    portal.pay(bill, 50)
    portal.pay(bill, 50)
    portal.run()
    for issue in portal.issues():
        resolve(issue, "adopt", portal.owner, portal.clock)
    portal.run()
    portal.run()
    assert sorted(doc["TotalAmt"] for doc in portal.quickbooks.all("Payment")) == [50, 50]
    settled(portal)
