"""A worker is killed or frozen in the middle of a preview or a comparison: another one goes on with what is kept."""

from typing import Any

import pytest

from integrations import errands
from integrations.line import waiting
from integrations.models import Errand, KeptPart, Pairing, PlannedChange, Proof, SyncRun
from tests.kill.conftest import CLOCK, Workers, silent_for_long
from tests.kill.test_kill import story
from tests.portal import Portal

pytestmark = pytest.mark.django_db(transaction=True)
EACH = {"create": 3}


@pytest.fixture
def told(portal: Portal) -> Portal:
    """Three stories that nobody has asked to sync."""
    for number in (1, 2, 3):
        story(portal, number)
    Pairing.objects.of(portal.firm).update(sync_asked_at=None, next_sync_at=None)
    return portal


def ask(portal: Portal, purpose: str) -> Errand:
    return errands.ask(portal.pairing, purpose, portal.owner, CLOCK)


def one_whole_preview(portal: Portal, errand: Errand) -> list[Any]:
    """It got through, each change is in it once, and nothing is left of how it was made."""
    errand.refresh_from_db()
    assert (errand.state, errand.error, waiting(CLOCK.now())) == ("done", "", [])
    assert errand.result["counts"] == {"contact": EACH, "invoice": EACH, "payment": EACH}
    rows = list(PlannedChange.objects.of(portal.firm).order_by("position").values_list("position", "digest", "errand"))
    assert [position for position, *_ in rows] == list(range(9)) and len({digest for _, digest, _ in rows}) == 9
    assert not SyncRun.objects.of(portal.firm).exists() and not KeptPart.objects.of(portal.firm).exists()
    return rows


@pytest.mark.parametrize("fault", ["page:1", "kept:1", "kept:3", "slice:1", "slice:2"])
def test_a_preview_whose_worker_is_killed_is_gone_on_with(told: Portal, workers: Workers, fault: str) -> None:
    errand = ask(told, Errand.Purpose.PREVIEW)
    assert workers.work(slice_s=0.0, fault=fault).was_killed
    silent_for_long()
    assert workers.work(slice_s=0.0).ended == 0
    one_whole_preview(told, errand)


@pytest.mark.parametrize("fault", ["page:1", "kept:1", "kept:3"])
def test_whoever_was_frozen_adds_nothing_to_a_preview(told: Portal, workers: Workers, fault: str) -> None:
    errand = ask(told, Errand.Purpose.PREVIEW)
    frozen = workers.work(slice_s=0.0, fault=f"{fault}:STOP")
    assert frozen.ended is None
    silent_for_long()
    assert workers.work(slice_s=0.0).ended == 0
    before = one_whole_preview(told, errand)
    assert workers.thaw(frozen).ended == 0
    assert one_whole_preview(told, errand) == before


@pytest.mark.parametrize("fault", ["kept:2", "kept:9", "slice:3"])
def test_a_comparison_whose_worker_is_killed_is_gone_on_with(told: Portal, workers: Workers, fault: str) -> None:
    Pairing.objects.of(told.firm).update(sync_asked_at=CLOCK.now())
    assert workers.work().ended == 0
    errand = ask(told, Errand.Purpose.PROOF)
    assert workers.work(slice_s=0.0, fault=fault).was_killed
    silent_for_long()
    assert workers.work(slice_s=0.0).ended == 0
    errand.refresh_from_db()
    proof = Proof.objects.of(told.firm).get()
    assert (errand.state, proof.is_equal, proof.report["checked"]["invoice"]["compared"]) == ("done", True, 3)
    assert not KeptPart.objects.of(told.firm).exists()
