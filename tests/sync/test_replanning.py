"""What a changed start date, mapping or setting makes the next run do, and what it must not."""

from datetime import date

from integrations import mapping
from integrations.core import mapping as keys
from integrations.models import Pairing, SyncRun
from integrations.sync import clusters
from integrations.sync.run import open_run, sync
from tests.portal import START, Portal
from tests.sync.books import settled


def move_start(portal: Portal, start: date) -> None:
    mapping.save(portal.pairing, {}, start)


def test_an_earlier_start_date_brings_earlier_bills_in(portal: Portal) -> None:
    ann = portal.contact()
    old = portal.bill("70.00", contact=ann, issued=date(2025, 11, 3), number="old")
    portal.pay(old, 20, date(2025, 11, 20))
    portal.bill("30.00", contact=ann, number="new")
    portal.run()
    written = portal.writes()
    move_start(portal, date(2025, 10, 1))
    portal.run()
    assert portal.invoice("old")["Balance"] == 50
    assert portal.writes() == written + 2
    settled(portal)


def test_payments_of_that_time_already_in_quickbooks_are_offered_and_not_doubled(portal: Portal) -> None:
    customer = portal.quickbooks.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})
    portal.quickbooks.receive_payment(customer["Id"], 20, TxnDate="2025-06-20")
    ann = portal.contact()
    old = portal.bill("70.00", contact=ann, issued=date(2025, 6, 3), number="old")
    portal.pay(old, 20, date(2025, 6, 20))
    portal.bill("30.00", contact=ann)
    portal.run()
    move_start(portal, date(2025, 6, 1))
    portal.run()
    settled(portal, "payment_exists", but=[old])


def test_a_later_start_date_takes_nothing_back(portal: Portal) -> None:
    bill = portal.bill("30.00", number="1")
    portal.run()
    move_start(portal, date(2026, 6, 1))
    portal.pay(bill, 10)
    portal.run()
    assert portal.invoice("1")["Balance"] == 20


def test_a_new_mapping_counts_from_now_on_and_rewrites_nothing(portal: Portal) -> None:
    ann = portal.contact()
    bill = portal.bill("30.00", contact=ann, number="1")
    portal.pay(bill, 10)
    portal.run()
    written = portal.writes()
    item = portal.quickbooks.create_item("Advice", portal.quickbooks.account_id("services"))
    work = portal.workspace()
    mapping.read_targets(work)
    mapping.save(portal.pairing, {keys.SERVICE: item["Id"], keys.DEPOSIT: portal.quickbooks.account_id("checking")})
    portal.run()
    assert portal.writes() == written
    portal.bill("40.00", contact=ann, number="2")
    portal.run()
    assert portal.invoice("2")["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == item["Id"]
    settled(portal)


def test_neither_does_a_changed_setting(portal: Portal) -> None:
    portal.bill("30.00", number="1", tax_rate=10)
    portal.run()
    written = portal.writes()
    settings = {"aggregate_tax": True, "name_template": "{name} #{id}", "reactivate_customers": True}
    Pairing.objects.of(portal.firm).update(**settings)
    portal.quickbooks.set_preference("SalesFormsPrefs", "AllowDiscount", value=False)
    portal.run()
    assert portal.writes() == written
    settled(portal)


def test_the_first_mapping_posts_what_waited_for_it(portal: Portal) -> None:
    work = portal.workspace()
    every = {proposal.slot.key: "" for proposal in mapping.recommend(mapping.targets(work.pairing))}
    mapping.save(portal.pairing, every)
    bill = portal.bill("30.00", number="1")
    portal.run()
    settled(portal, "mapping_missing", "mapping_missing", but=[bill])
    mapping.apply(portal.workspace(), START)
    portal.run()
    settled(portal)


def test_a_run_cut_into_slices_does_the_whole(portal: Portal) -> None:

    for number in range(4):
        portal.bill("10.00", contact=portal.contact(f"Ann{number}", "Lee", f"a{number}@example.com"))
    size, clusters.CHUNK_OF_BILLS = clusters.CHUNK_OF_BILLS, 1
    try:
        work = portal.workspace()
        run = open_run(work.pairing, portal.clock, SyncRun.Trigger.COMMAND)
        slices = 1
        while not sync(portal.workspace(), run, slice_s=0.01):
            slices += 1
    finally:
        clusters.CHUNK_OF_BILLS = size
    run.refresh_from_db()
    assert (run.outcome, run.counts["invoice"]["created"]) == ("in_sync", 4)
    assert run.done == run.total == 4
    settled(portal)
