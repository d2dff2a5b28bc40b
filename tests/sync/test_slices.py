"""Previews, comparisons and trials of a start date in slices: the same as in one piece, whoever has the next slice."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from firms.models import Firm, User
from integrations import errands, line, tasks
from integrations.models import (
    CountedRecord,
    Errand,
    Issue,
    KeptPart,
    Pairing,
    PlannedChange,
    Proof,
    ProofDifference,
    SyncRun,
)
from integrations.queries.errands import run_of
from integrations.sync.lease import LEASE
from tests.portal import Portal, make_portal
from tests.sync.test_reconcile import one_cent_more
from tests.web.conftest import carry

Purpose = Errand.Purpose
MOST_SLICES = 80


@pytest.fixture
def portal(acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Five clients with a bill each, two of one name and two bills of one number; pages of two, chunks of one."""
    made = make_portal(acme, alice)
    carry(monkeypatch, made.world)
    for number, name in (("1", "Lee"), ("2", "Moss"), ("3", "Lee"), ("2", "Stone"), ("5", "Weber")):
        client = made.contact("Ann", name, f"{number}.{name}@example.com".lower())
        made.pay(made.bill("100.00", number=number, contact=client), 40)
    made.clock.sleep(1000)  # nothing of it is among what changed lately
    monkeypatch.setattr("integrations.systems.clio.limits.PAGE_ROWS", 2)
    monkeypatch.setattr("integrations.sync.clusters.CHUNK_OF_BILLS", 1)
    return made


def ask(portal: Portal, purpose: str, **wanted: str) -> Errand:
    return errands.ask(portal.pairing, purpose, portal.owner, portal.clock, wanted)


def one_slice(portal: Portal, errand: Errand, slice_s: float | None = 0.0) -> Errand:
    portal.clock.sleep(2)
    errands.carry_out(errand.pk, portal.clock, slice_s=slice_s)
    errand.refresh_from_db()
    return errand


def in_one_piece(portal: Portal, purpose: str, **wanted: str) -> Errand:
    done = one_slice(portal, ask(portal, purpose, **wanted), None)
    assert done.state == "done", done.error
    return done


def in_slices(
    portal: Portal, errand: Errand, between: Callable[[Portal, Errand], object] = lambda portal, errand: None
) -> int:
    """Slice by slice to the end; how many that took."""
    for number in range(1, MOST_SLICES):
        if not one_slice(portal, errand).is_open:
            assert errand.state == "done", errand.error
            return number
        between(portal, errand)
    raise AssertionError("it gets nowhere")


def its_worker_dies(portal: Portal, errand: Errand) -> None:
    """As after kill -9: rows that somebody holds who is never heard of again."""
    dead = {"held_by": "gone", "heartbeat_at": portal.clock.now() - LEASE - timedelta(seconds=1)}
    Errand.objects.of(portal.firm).filter(pk=errand.pk).update(**dead)
    SyncRun.objects.of(portal.firm).filter(finished_at=None).update(**dead | {"heartbeat_at": portal.clock.now()})


def shown(portal: Portal, errand: Errand) -> tuple[Any, ...]:
    """All that a person sees of a preview."""
    rows = PlannedChange.objects.of(portal.firm).filter(errand=errand).order_by("position")
    listed = list(rows.values_list("position", "kind", "action", "practice_id", "digest", "data"))
    asked = Issue.objects.of(portal.firm).filter(state="open").order_by("code", "practice_id")
    return errand.result, listed, list(asked.values_list("code", "practice_id", "message", "details"))


# Previews


@pytest.mark.parametrize("between", [lambda portal, errand: None, its_worker_dies])
def test_a_preview_in_slices_shows_what_one_in_one_piece_shows(
    portal: Portal, between: Callable[[Portal, Errand], object]
) -> None:
    portal.quickbooks.create_customer("Ann Weber")
    errand, written = ask(portal, Purpose.PREVIEW), portal.writes()
    assert in_slices(portal, errand, between) > 8
    sliced = shown(portal, errand)
    assert sliced == shown(portal, in_one_piece(portal, Purpose.PREVIEW))
    assert sliced[0]["counts"]["invoice"] == {"create": 3} and {code for code, *_ in sliced[2]} == {"probable_match"}
    assert portal.writes() == written
    assert not SyncRun.objects.of(portal.firm).exists() and not KeptPart.objects.of(portal.firm).exists()


def test_each_page_of_clio_is_read_once_for_a_preview_and_each_chunk_planned_once(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[str] = []
    from integrations.sync import foreseeing

    real = foreseeing._Foreseeing._foreseen

    def counting(self: Any, chunk: Any, *args: Any) -> Any:
        planned.extend(id for cluster in chunk for id in cluster.contact_ids)
        return real(self, chunk, *args)

    monkeypatch.setattr(foreseeing._Foreseeing, "_foreseen", counting)
    in_slices(portal, ask(portal, Purpose.PREVIEW), its_worker_dies)
    assert len(planned) == len(set(planned)) == 5


def test_a_person_sees_how_far_a_preview_is_and_no_run_comes_between(portal: Portal) -> None:
    errand, seen = ask(portal, Purpose.PREVIEW), set()

    def look(portal: Portal, errand: Errand) -> None:
        run = run_of(errand)
        assert run is not None and run.is_dry
        seen.add((run.state, run.done, run.total))
        Pairing.objects.of(portal.firm).update(sync_asked_at=portal.clock.now())
        turns = line.waiting(portal.clock.now())
        assert [turn.errand_id for turn in turns] == [errand.pk], "the run that is asked for waits"

    in_slices(portal, errand, look)
    assert {("reading", 0, 0), ("applying", 1, 5), ("applying", 4, 5)} <= seen
    assert [turn.errand_id for turn in line.waiting(portal.clock.now())] == [0], "now it is its turn"


def test_other_settings_between_two_slices_begin_the_planning_anew(portal: Portal) -> None:
    errand, moved = ask(portal, Purpose.PREVIEW), []

    def move(portal: Portal, errand: Errand) -> None:
        if PlannedChange.objects.of(portal.firm).filter(errand=errand).count() > 2 and not moved:
            Pairing.objects.of(portal.firm).update(start_date=date(2026, 12, 1))
            moved.append(True)

    in_slices(portal, errand, move)
    assert moved and errand.result["counts"] == {}, "no bill is in scope any more"


def test_a_preview_that_fails_between_stands_in_nobodys_way(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    errand = one_slice(portal, ask(portal, Purpose.PREVIEW))
    assert errand.state == "working" and SyncRun.objects.of(portal.firm).filter(is_dry=True).exists()
    Errand.objects.of(portal.firm).update(attempts=9)
    assert one_slice(portal, errand).state == "failed"
    assert not SyncRun.objects.of(portal.firm).exists() and not KeptPart.objects.of(portal.firm).exists()
    assert portal.run().outcome == "issues"


# Comparisons


@pytest.fixture
def synced(portal: Portal) -> Portal:
    portal.run()
    Pairing.objects.of(portal.firm).update(next_sync_at=portal.clock.now() + timedelta(days=1))
    one_cent_more(portal, portal.clio.snapshot()["bills"][0]["id"])
    return portal


def compared(portal: Portal) -> tuple[Any, ...]:
    proof = Proof.objects.of(portal.firm).latest("id")
    report = {name: value for name, value in proof.report.items() if not name.endswith("as_of")}
    rows = ProofDifference.objects.of(portal.firm).filter(proof=proof).order_by("position")
    return proof.is_equal, proof.differing, proof.unexplained, report, list(rows.values_list("standing", "data"))


@pytest.mark.parametrize("between", [lambda portal, errand: None, its_worker_dies])
def test_a_comparison_in_slices_finds_what_one_in_one_piece_finds(
    synced: Portal, between: Callable[[Portal, Errand], object]
) -> None:
    in_one_piece(synced, Purpose.PROOF)
    at_once, before = compared(synced), len(synced.log)
    in_one_piece(synced, Purpose.PROOF)
    calls, before = len(synced.log) - before, len(synced.log)
    assert in_slices(synced, ask(synced, Purpose.PROOF), between) > 10
    assert compared(synced) == at_once and at_once[1] > 0
    assert len(synced.log) - before == calls, "no page is read twice"
    assert not KeptPart.objects.of(synced.firm).exists()


def test_what_was_read_before_a_run_is_read_again_after_it(synced: Portal) -> None:
    errand = ask(synced, Purpose.PROOF)
    for _ in range(4):
        one_slice(synced, errand)
    assert errand.step.startswith("bills of Clio, page ") or errand.step.endswith("page 1")
    Pairing.objects.of(synced.firm).update(next_sync_at=synced.clock.now())
    assert [turn.errand_id for turn in line.waiting(synced.clock.now())] == [errand.pk], "the schedule waits"
    client = synced.contact("Late", "Comer", "late@example.com")
    synced.bill("70.00", number="9", contact=client)
    synced.run()
    in_slices(synced, errand)
    report = Proof.objects.of(synced.firm).latest("id").report
    assert report["open_run"] is None and report["checked"]["invoice"]["compared"] == 6


# A start date


@pytest.mark.parametrize("between", [lambda portal, errand: None, its_worker_dies])
def test_a_start_date_is_tried_in_slices_with_the_same_figures(
    portal: Portal, between: Callable[[Portal, Errand], object]
) -> None:
    def counted() -> list[tuple[Any, ...]]:
        rows = CountedRecord.objects.of(portal.firm).order_by("id")
        return list(rows.values_list("part", "practice_id", "label", "client", "dated", "amount", "owed"))

    done = in_one_piece(portal, Purpose.START, start_date="2026-01-01")
    at_once = done.result, counted()
    errand = ask(portal, Purpose.START, start_date="2026-01-01")
    assert in_slices(portal, errand, between) > 5
    assert (errand.result, counted()) == at_once and at_once[0]["bills_in"]["count"] == 5


def test_the_queue_gives_each_errand_slices_of_two_minutes(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float | None] = []
    monkeypatch.setattr(errands, "carry_out", lambda pk, clock, slice_s=None: bool(given.append(slice_s)))
    tasks.run_errand(1)
    assert given == [tasks.SLICE_S] == [120.0]
