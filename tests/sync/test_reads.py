"""How much is read: Clio by the page, QuickBooks never by the record."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.sandbox.clio.office import BillLine
from tests.portal import Portal
from tests.sync.books import settled

LISTS = 12  # lists of Clio that one run asks for, each at least one page


def many(portal: Portal, bills: int) -> None:
    contacts = [portal.contact(f"Ann{n}", "Lee", f"ann{n}@example.com") for n in range(max(bills // 3, 1))]
    for number in range(bills):
        bill = portal.bill("100.00", contact=contacts[number % len(contacts)])
        portal.pay(bill, 40)


def reads_of_a_run(portal: Portal) -> tuple[int, int]:
    before = portal.reads("clio"), portal.reads("quickbooks")
    assert portal.run().outcome == "in_sync"
    return portal.reads("clio") - before[0], portal.reads("quickbooks") - before[1]


@pytest.mark.parametrize("bills", [1, 60])
def test_quickbooks_is_read_as_often_for_sixty_bills_as_for_one(portal: Portal, bills: int) -> None:
    many(portal, bills)
    assert reads_of_a_run(portal)[1] == 13  # preferences, accounts, items, names, numbers, payments, checks


def test_clio_is_read_by_the_page(portal: Portal) -> None:
    many(portal, 60)
    assert reads_of_a_run(portal)[0] <= LISTS


def test_what_changed_costs_no_read_per_record_either(portal: Portal) -> None:
    many(portal, 30)
    portal.run()
    for bill in list(portal.clio.snapshot()["bills"])[:10]:
        portal.pay(bill["id"], 10, date(2026, 3, 3))
    clio, quickbooks = reads_of_a_run(portal)
    assert clio <= LISTS
    assert quickbooks == 4  # preferences, accounts, items, what changed


def test_a_run_with_nothing_to_do_reads_only_what_changed(portal: Portal) -> None:
    many(portal, 3)
    portal.run()
    assert reads_of_a_run(portal)[1] == 4


def test_a_bill_whose_lines_shrank_costs_a_few_calls_of_its_own(portal: Portal) -> None:

    day = date(2026, 2, 2)
    lines = [BillLine("A", Decimal(60), date=day), BillLine("B", Decimal(40), date=day)]
    bill = portal.bill(lines=lines, number="1")
    many(portal, 5)
    portal.run()
    portal.clio.edit_bill(bill, lines=lines[:1])
    clio, quickbooks = reads_of_a_run(portal)
    assert (clio <= LISTS + 6, quickbooks) == (True, 4)
    assert portal.invoice("1")["TotalAmt"] == 60
    settled(portal)


def test_many_bills_that_show_only_summaries_are_read_in_bulk(portal: Portal) -> None:

    day = date(2026, 2, 2)
    ann = portal.contact()
    for _ in range(25):
        lines = [BillLine("A", Decimal(60), date=day), BillLine("All", kind="summary", covers=(0,), date=day)]
        portal.bill(lines=lines, contact=ann)
    clio, _ = reads_of_a_run(portal)
    assert clio <= LISTS + 2
    settled(portal)
