"""What a run by schedule reads of either system, and the nightly comparison under it."""

from datetime import datetime, timedelta

import pytest

from integrations.models import Cursor, Record, StaleMark, SyncRun
from integrations.sync.run import open_run, sync
from tests.portal import Portal
from tests.sync.books import settled
from tests.sync.test_r1_scope import hiding

QUARTER = 15 * 60
HOUR = 3600
DAY = 24 * HOUR


def by_schedule(portal: Portal, after_s: float = QUARTER) -> list[str]:
    """One run by schedule; the paths it read of QuickBooks."""
    portal.clock.sleep(after_s)
    before = len(portal.log)
    work = portal.workspace()
    run = open_run(work.pairing, portal.clock, SyncRun.Trigger.SCHEDULE)
    sync(work, run)
    assert run.outcome in ("in_sync", "issues"), run.reason
    return [path.rsplit("/", 1)[-1] for method, path, _ in portal.log[before:] if method == "GET" and "/v3/" in path]


def mark(portal: Portal, side: str, entity: str, id: str) -> None:
    StaleMark.objects.of(portal.firm).create(
        firm=portal.firm, pairing=portal.pairing, side=side, entity=entity, external_id=id, since=portal.clock.now()
    )


def marks(portal: Portal) -> int:
    return StaleMark.objects.of(portal.firm).count()


@pytest.fixture
def posted(portal: Portal) -> int:
    """A bill that is in QuickBooks, of a firm whose QuickBooks webhooks come."""
    bill = portal.bill("80.00", number="8")
    portal.run()
    heard(portal)
    return bill


def heard(portal: Portal) -> None:
    pairing = portal.pairing
    pairing.ledger_heard_at = portal.clock.now()
    pairing.save()


def test_without_news_clio_is_read_and_nothing_metered(portal: Portal, posted: int) -> None:
    assert by_schedule(portal) == []
    assert by_schedule(portal) == []


def test_what_changed_in_quickbooks_is_read_every_two_hours(portal: Portal, posted: int) -> None:
    assert by_schedule(portal, 2 * HOUR) == ["cdc"]
    assert by_schedule(portal, HOUR) == []
    assert by_schedule(portal, HOUR) == ["cdc"]


def test_what_changed_in_quickbooks_is_read_each_time_where_its_webhooks_do_not_come(portal: Portal) -> None:
    portal.bill("80.00", number="8")
    portal.run()
    assert by_schedule(portal) == ["cdc"]
    assert by_schedule(portal) == ["cdc"]


def test_a_new_bill_has_changes_and_settings_of_quickbooks_read_before_it_is_posted(
    portal: Portal, posted: int
) -> None:
    portal.bill("5.00", number="9")
    assert {"cdc", "preferences"} <= set(by_schedule(portal))
    assert portal.invoice("9")["TotalAmt"] == 5
    assert by_schedule(portal) == []


def test_a_bill_that_waits_for_a_person_costs_no_reads_by_itself(portal: Portal, posted: int) -> None:
    someone = portal.quickbooks.create_customer("Walk-in")
    portal.quickbooks.create_invoice(someone["Id"], [(portal.quickbooks.all("Item")[0]["Id"], 7)], number="9")
    portal.bill("5.00", number="9")
    heard(portal)  # of what was entered there
    by_schedule(portal)
    assert "duplicate_number" in portal.codes()
    assert by_schedule(portal) == []


def test_a_decision_is_carried_out_on_what_quickbooks_says_now(portal: Portal, posted: int) -> None:
    portal.quickbooks.edit_invoice(portal.invoice("8")["Id"], TxnDate="2026-03-03")
    by_schedule(portal, 2 * HOUR)
    portal.resolve("drift", "restore")
    assert "cdc" in by_schedule(portal, 60)
    settled(portal)


def test_settings_are_read_once_a_day(portal: Portal, posted: int) -> None:
    assert ["preferences" in by_schedule(portal, 2 * HOUR) for _ in range(12)].count(True) == 1


def test_an_idle_firm_costs_less_than_thirty_metered_reads_a_day(portal: Portal, posted: int) -> None:
    by_schedule(portal)
    seen = [path for _ in range(DAY // HOUR) for path in by_schedule(portal, HOUR)]
    assert 12 <= len(seen) < 30, seen


def test_a_run_that_failed_leaves_its_work_to_one_that_looks_at_quickbooks(portal: Portal, posted: int) -> None:
    portal.bill("5.00", number="9")
    portal.clock.sleep(QUARTER)
    work = portal.workspace()
    work.ledger.changes = broken  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        sync(work, open_run(work.pairing, portal.clock, SyncRun.Trigger.SCHEDULE))
    assert "cdc" in by_schedule(portal)
    assert portal.invoice("9")["TotalAmt"] == 5


def broken(entities: object, since: datetime) -> None:
    raise RuntimeError("the worker died here")


def test_r1_4_the_nightly_comparison_finds_a_bill_that_left_no_trace(portal: Portal, posted: int) -> None:
    other = portal.bill("5.00", number="9")
    portal.run()
    portal.wire.tamper.append(hiding("bills", posted))
    by_schedule(portal, DAY)
    assert portal.invoice("8")["TotalAmt"] == 80
    by_schedule(portal, 5 * 60)
    assert portal.invoice("8")["TotalAmt"] == 80
    by_schedule(portal, 6 * 60)
    assert portal.invoice("8")["TotalAmt"] == 0
    assert portal.invoice("9")["TotalAmt"] == 5 and other


def test_r1_4_a_list_that_names_nothing_at_all_is_evidence_of_nothing(portal: Portal, posted: int) -> None:
    portal.wire.tamper.append(hiding("bills", posted))
    for _ in range(3):
        by_schedule(portal, DAY)
    assert portal.invoice("8")["TotalAmt"] == 80


def test_the_nightly_comparison_reads_what_the_lists_of_changes_left_out(portal: Portal, posted: int) -> None:
    record = Record.objects.of(portal.firm).get(entity="bills", external_id=str(posted))
    true = record.data
    record.data = {**true, "number": "7", "etag": "an older one"}
    record.save()
    by_schedule(portal)
    swept_at = Cursor.objects.of(portal.firm).get(stream="every_id.bills").at
    assert swept_at < portal.clock.now() - timedelta(minutes=10)
    by_schedule(portal, DAY)
    record.refresh_from_db()
    assert record.data == true
    settled(portal)


def test_the_nightly_comparison_finds_a_document_whose_change_quickbooks_never_told(
    portal: Portal, posted: int
) -> None:
    id = portal.invoice("8")["Id"]
    record = Record.objects.of(portal.firm).get(entity="Invoice", external_id=id)
    true = dict(record.data)
    Record.objects.of(portal.firm).filter(pk=record.pk).update(
        data={**true, "SyncToken": "99", "TxnDate": "2026-01-09"}
    )
    reads = by_schedule(portal, DAY + HOUR)
    record.refresh_from_db()
    assert record.data["TxnDate"] == true["TxnDate"]
    assert reads.count("query") >= 2


def test_the_nightly_comparison_finds_a_document_whose_deletion_quickbooks_never_told(
    portal: Portal, posted: int
) -> None:
    ghost = Record.objects.of(portal.firm).get(entity="Invoice")
    ghost.pk, ghost.external_id = None, "987654"
    ghost.save()
    by_schedule(portal, DAY + HOUR)
    assert Record.objects.of(portal.firm).get(entity="Invoice", external_id="987654").is_deleted
    assert not Record.objects.of(portal.firm).exclude(external_id="987654").get(entity="Invoice").is_deleted


def test_a_marked_bill_is_read_by_its_id_where_the_list_of_changes_leaves_it_out(portal: Portal, posted: int) -> None:
    record = Record.objects.of(portal.firm).get(entity="bills", external_id=str(posted))
    true = record.data
    by_schedule(portal, HOUR)
    Record.objects.of(portal.firm).filter(pk=record.pk).update(data={**true, "number": "7"})
    by_schedule(portal)
    record.refresh_from_db()
    assert record.data["number"] == "7"
    mark(portal, "practice", "bills", str(posted))
    by_schedule(portal)
    record.refresh_from_db()
    assert record.data == true
    assert marks(portal) == 0


def test_r1_4_a_marked_bill_that_is_not_there_is_missing_and_voided_when_it_is_missing_again(
    portal: Portal, posted: int
) -> None:
    portal.wire.tamper.append(hiding("bills", posted))
    mark(portal, "practice", "bills", str(posted))
    by_schedule(portal)
    assert portal.invoice("8")["TotalAmt"] == 80
    mark(portal, "practice", "bills", str(posted))
    by_schedule(portal, 11 * 60)
    assert portal.invoice("8")["TotalAmt"] == 0


def test_a_mark_of_quickbooks_has_its_changes_read_at_once_and_only_once(portal: Portal, posted: int) -> None:
    invoice = portal.invoice("8")["Id"]
    portal.quickbooks.edit_invoice(invoice, TxnDate="2026-03-03")
    mark(portal, "ledger", "Invoice", invoice)
    assert "cdc" in by_schedule(portal, 60)
    assert portal.issue("drift").practice_id == str(posted)
    assert marks(portal) == 0
    assert by_schedule(portal) == []


def test_a_marked_document_that_the_changes_leave_out_is_asked_for_by_its_id(portal: Portal, posted: int) -> None:
    invoice = portal.invoice("8")["Id"]
    portal.clock.sleep(HOUR)
    by_schedule(portal, 2 * HOUR)
    record = Record.objects.of(portal.firm).filter(entity="Invoice", external_id=invoice)
    record.update(data={**record.get().data, "TxnDate": "2026-01-09"})
    mark(portal, "ledger", "Invoice", invoice)
    assert by_schedule(portal, 60)[:2] == ["cdc", "query"]
    assert record.get().data["TxnDate"] != "2026-01-09"


def test_a_stream_that_told_nothing_of_a_change_is_dead_until_it_is_heard_again(portal: Portal, posted: int) -> None:
    portal.clock.sleep(60)
    portal.quickbooks.edit_invoice(portal.invoice("8")["Id"], TxnDate="2026-03-03")
    assert "cdc" in by_schedule(portal, 2 * HOUR)
    assert portal.pairing.ledger_heard_at is None
    assert "cdc" in by_schedule(portal)
    mark(portal, "ledger", "Customer", "999999")
    by_schedule(portal)
    assert portal.pairing.ledger_heard_at is not None
    assert by_schedule(portal) == []
