"""A worker is killed or frozen at every place where something was just committed: nothing is lost, nothing doubled.

The worker and the stand-ins are real processes, the database a real PostgreSQL.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from firms.membership import create_firm
from firms.models import Firm, User
from integrations.line import waiting
from integrations.models import Bookmark, Dispatch, EntityLink, OAuthToken, Pairing, SyncEvent, SyncRun
from tests.kill.conftest import CLOCK, Workers, silent_for_long
from tests.portal import Portal
from tests.sync.books import assert_equal

pytestmark = pytest.mark.django_db(transaction=True)
ENTITIES = ("Customer", "Invoice", "Payment")


def asked(portal: Portal) -> None:
    Pairing.objects.of(portal.firm).update(sync_asked_at=CLOCK.now(), sync_asked_by=portal.owner)


def story(portal: Portal, number: int) -> None:
    """One more client with a bill and a payment, and somebody who wants it synced."""
    client = portal.contact("Ann", f"Lee {number}", f"ann{number}@example.com")
    portal.pay(portal.bill("100.00", number=str(number), contact=client), 40)
    asked(portal)


def recover(workers: Workers) -> None:
    silent_for_long()
    assert workers.work().ended == 0


def one_of_each(portal: Portal, number: int) -> None:
    """Exactly one document for each of so many stories, books that are equal, nothing that needs a person."""
    assert [len(portal.quickbooks.all(entity)) for entity in ENTITIES] == [number] * 3
    links = EntityLink.objects.of(portal.firm).filter(state="live")
    assert sorted(links.values_list("kind", flat=True)) == sorted(["contact", "invoice", "payment"] * number)
    assert SyncEvent.objects.of(portal.firm).filter(outcome="created").count() == 3 * number
    assert not Dispatch.objects.of(portal.firm).exclude(state="answered").exists()
    assert portal.codes() == []
    assert_equal(portal)
    (last, *_) = SyncRun.objects.of(portal.firm).order_by("-id")
    assert (last.outcome, waiting(CLOCK.now())) == ("in_sync", [])


@pytest.mark.parametrize("place, next_time", [("intent", 1), ("answer", 2), ("completion", 1)])
def test_killed_around_each_write(portal: Portal, workers: Workers, place: str, next_time: int) -> None:
    """Each worker gets one write further; the first answer of the next one is to the write that was under way."""
    story(portal, 1)
    kills, at = 0, 1
    while workers.work(fault=f"{place}:{at}").was_killed:
        kills, at = kills + 1, next_time
        silent_for_long()
    assert kills >= 2, "every write was reached"
    one_of_each(portal, 1)


@pytest.mark.parametrize("fault", ["claim", "cursor:1", "cursor:6", "page:2"])
def test_killed_while_reading(portal: Portal, workers: Workers, fault: str) -> None:
    for number in (1, 2, 3):
        story(portal, number)
    assert workers.work(fault=fault, page_rows=1).was_killed
    recover(workers)
    one_of_each(portal, 3)
    assert not Bookmark.objects.of(portal.firm).exists()


def test_killed_once_a_renewed_token_is_kept(portal: Portal, workers: Workers) -> None:
    story(portal, 1)
    OAuthToken.objects.of(portal.firm).update(access_expires_at=CLOCK.now() - timedelta(hours=1))
    assert workers.work(fault="token").was_killed
    recover(workers)
    one_of_each(portal, 1)


def test_killed_between_slices(portal: Portal, workers: Workers) -> None:
    for number in (1, 2, 3):
        story(portal, number)
    assert workers.work(slice_s=0.0, fault="slice").was_killed
    (run,) = SyncRun.objects.of(portal.firm)
    assert (run.held_by, run.attempts, run.finished_at) == ("", 0, None), "it waits for its turn, not for a lease"
    assert workers.work(slice_s=0.0, fault="slice").was_killed
    assert workers.work(slice_s=0.0).ended == 0
    one_of_each(portal, 3)
    run.refresh_from_db()
    assert {kind: counts["created"] for kind, counts in run.counts.items() if counts["created"]} == {
        "contact": 3, "invoice": 3, "payment": 3,
    }  # fmt: skip


@pytest.mark.parametrize("fault", ["intent:2", "answer:2", "page:2"])
def test_a_worker_that_was_frozen_while_another_took_over_changes_nothing(
    portal: Portal, workers: Workers, fault: str
) -> None:
    story(portal, 1)
    frozen = workers.work(fault=f"{fault}:STOP")
    assert frozen.ended is None
    recover(workers)
    one_of_each(portal, 1)
    before = everything(portal)
    assert workers.thaw(frozen).ended == 0
    assert everything(portal) == before
    one_of_each(portal, 1)


def everything(portal: Portal) -> list[Any]:
    """What the portal and QuickBooks hold of the firm's sync."""
    tables = (SyncRun, Dispatch, SyncEvent, EntityLink)
    ours = [list(table.objects.of(portal.firm).order_by("id").values()) for table in tables]
    return [*ours, *(portal.quickbooks.all(entity) for entity in ENTITIES)]


def test_work_that_kills_its_worker_is_set_aside_and_the_others_go_on(
    portal: Portal, portal_of: Callable[[Firm], Portal], alice: User, workers: Workers
) -> None:
    other = portal_of(create_firm(alice, "Initech", "initech"))
    story(portal, 1)
    story(other, 1)
    deaths = 0
    while workers.work(poison="acme").was_killed:
        deaths += 1
        silent_for_long()
    assert deaths == 5
    one_of_each(other, 1)
    (run,) = SyncRun.objects.of(portal.firm)
    assert (run.outcome, portal.codes()) == ("failed", ["sync_stopped"])
    asked(portal)
    assert workers.work().ended == 0
    one_of_each(portal, 1)
