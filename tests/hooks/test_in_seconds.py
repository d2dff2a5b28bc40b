"""From a change on one side, by webhook, to the other side, as the queue does it; however the posts come."""

import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from firms.models import Firm, User
from integrations import tasks
from integrations.models import Connection, StaleMark, SyncRun
from integrations.sandbox.outbox import Post
from integrations.sandbox.quickbooks.webhooks import set_endpoint
from integrations.subscribing import keep_up
from integrations.sync.run import sync
from integrations.tasks import sync_pairing, work
from tests.hooks.carrying import carry, deliver
from tests.portal import Portal, make_portal
from tests.served import MachineClock, stand_ins_served
from tests.test_tasks import BELL, CLOCK, rung

Capture = DjangoCaptureOnCommitCallbacks


@pytest.fixture
def portal(acme: Firm, alice: User, settings: Settings, tmp_path: Path) -> Iterator[Portal]:
    """Synced once; both systems tell of what changes. The tasks reach the stand-ins by HTTP."""
    with stand_ins_served(settings, tmp_path) as world:
        made = make_portal(acme, alice, store=world.store, clock=MachineClock(world.store))
        set_endpoint(world.store, f"{settings.SITE_URL}/hooks/quickbooks/", "sandbox-verifier")
        clio = Connection.objects.of(acme).select_related("firm").get(system="clio")
        keep_up(clio, CLOCK)
        assert deliver(made) == [200, 200]
        made.bill("10.00", number="1")
        made.run()
        settle(made)
        yield made


def settle(portal: Portal) -> None:
    """Everything told so far is read; the queue is empty."""
    deliver(portal)
    StaleMark.objects.of(portal.firm).delete()
    portal.run()
    OrmQ.objects.all().delete()
    deliver(portal)
    StaleMark.objects.of(portal.firm).delete()
    type(portal.pairing).objects.of(portal.firm).update(hooked_at=None)


def last_run(portal: Portal) -> SyncRun:
    found = SyncRun.objects.of(portal.firm).order_by("-id").first()
    assert found
    return found


def test_a_bill_approved_in_clio_is_an_invoice_once_its_post_came(
    portal: Portal, django_capture_on_commit_callbacks: Capture
) -> None:
    portal.bill("250.00", number="2")
    with django_capture_on_commit_callbacks(execute=True):
        assert set(deliver(portal)) == {200}
    assert rung() == [BELL]
    work()
    assert portal.invoice("2")["TotalAmt"] == 250
    run = last_run(portal)
    assert (run.trigger, run.outcome) == ("webhook", "in_sync")
    assert not StaleMark.objects.of(portal.firm).exists()
    assert portal.pairing.hooked_at is None


def test_an_invoice_deleted_in_quickbooks_is_an_issue_once_its_post_came(
    portal: Portal, django_capture_on_commit_callbacks: Capture
) -> None:
    portal.quickbooks.delete_invoice(portal.invoice("1")["Id"])
    with django_capture_on_commit_callbacks(execute=True):
        assert set(deliver(portal)) == {200}
    work()
    assert (last_run(portal).trigger, portal.codes()) == ("webhook", ["deleted_in_ledger"])


def test_what_the_portal_itself_wrote_is_told_back_and_changes_nothing(portal: Portal) -> None:
    portal.bill("250.00", number="2")
    deliver(portal)
    sync_pairing(portal.pairing.pk)
    written = portal.quickbooks.snapshot()
    for _ in range(3):  # the echo of the run before
        deliver(portal)
        sync_pairing(portal.pairing.pk)
    assert portal.quickbooks.snapshot() == written
    assert deliver(portal) == []


def test_marks_that_come_during_a_run_make_one_more(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*args: object, **options: object) -> bool:
        for number in (3, 4, 5):
            portal.bill("1.00", number=str(number))
            deliver(portal)
        return bool(sync(*args, **options))  # type: ignore[arg-type]

    portal.bill("250.00", number="2")
    deliver(portal)
    before = SyncRun.objects.of(portal.firm).count()
    monkeypatch.setattr(tasks, "sync", meanwhile)
    sync_pairing(portal.pairing.pk)
    monkeypatch.undo()
    while sync_pairing(portal.pairing.pk):
        pass
    assert SyncRun.objects.of(portal.firm).count() == before + 2
    assert {portal.invoice(str(number))["TotalAmt"] for number in (3, 4, 5)} == {1}


def test_f27_in_every_order_with_a_run_between_any_two_one_invoice_and_one_payment_come_of_it(portal: Portal) -> None:
    """A bill drafted, approved and paid: three posts about it, in all six orders, one bill for each order."""
    for number, order in enumerate(itertools.permutations(range(3)), 100):
        posts = told_of_one_bill(portal, str(number))
        for position in order:
            assert portal.world.mail.send(posts[position], carry) == 200
            sync_pairing(portal.pairing.pk)
    invoices = [doc for doc in portal.quickbooks.all("Invoice") if int(doc["DocNumber"]) >= 100]
    assert sorted(doc["DocNumber"] for doc in invoices) == [str(number) for number in range(100, 106)]
    assert {(doc["TotalAmt"], doc["Balance"]) for doc in invoices} == {(Decimal(100), Decimal(0))}
    assert len(portal.quickbooks.all("Payment")) == 6
    assert portal.codes() == []


def told_of_one_bill(portal: Portal, number: str) -> list[Post]:
    bill = portal.bill("100.00", number=number, contact=portal.contact("Ann", number, ""), approve=False)
    posts = of_bills(portal)
    portal.clio.approve(bill)
    posts += of_bills(portal)
    portal.pay(bill, "100.00")
    posts += of_bills(portal)
    assert len(posts) == 3
    return posts


def of_bills(portal: Portal) -> list[Post]:
    """What is told of bills; what is told of contacts is lost, and so is the echo of what the portal wrote."""
    posts = portal.world.mail.collect()
    kept = [post for post in posts if b'"balance"' in post.body]
    for post in posts:
        portal.world.mail.lose(post)
    return kept
