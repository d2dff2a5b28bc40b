"""Proofs: made on request and once a night, kept, and told of where nothing explains what differs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from firms.models import Firm, User
from integrations import errands, line, proofs, tasks
from integrations.budgets import standing_of
from integrations.core.errors import RemoteError
from integrations.metering import Reads
from integrations.models import Errand, Issue, Notice, Pairing, Proof, ProofDifference, SyncRun
from integrations.sync.run import open_run
from integrations.systems.pace import metered_reads
from tests.models.rows import pairing_of
from tests.portal import Portal, make_portal
from tests.sync.test_reconcile import document, one_cent_more
from tests.web.conftest import carry


@pytest.fixture
def portal(acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch) -> Portal:
    made = make_portal(acme, alice)
    carry(monkeypatch, made.world)
    return made


@pytest.fixture
def billed(portal: Portal) -> tuple[Portal, int]:
    """One bill of 1,000, posted; the next run by schedule is far away."""
    bill = portal.bill()
    portal.run()
    Pairing.objects.of(portal.firm).update(next_sync_at=portal.clock.now() + timedelta(days=1))
    return portal, bill


def ask(portal: Portal, user: User | None) -> Errand:
    return errands.ask(portal.pairing, Errand.Purpose.PROOF, user, portal.clock)


def carry_out(portal: Portal, errand: Errand) -> Errand:
    portal.clock.sleep(2)
    errands.carry_out(errand.pk, portal.clock)
    errand.refresh_from_db()
    return errand


def compared(portal: Portal) -> Proof:
    """What a person who presses the button gets."""
    assert carry_out(portal, ask(portal, portal.owner)).state == "done"
    return last(portal)


def nightly(portal: Portal, *, sync: bool = False) -> Proof:
    """What the night finds, with or without a run between its two looks."""
    errand = carry_out(portal, ask(portal, None))
    if errand.is_open:
        if sync:
            portal.run()
        carry_out(portal, errand)
    assert errand.state == "done"
    return last(portal)


def last(portal: Portal) -> Proof:
    found = Proof.objects.of(portal.firm).order_by("-id").first()
    assert found
    return found


def told(portal: Portal) -> list[str]:
    """The messages of the open issues about unexplained differences."""
    mine = Issue.objects.of(portal.firm).filter(code="proof_differs", state="open")
    return list(mine.values_list("message", flat=True))


# On request


def test_a_proof_of_equal_books_is_kept_with_who_asked_and_when(billed: tuple[Portal, int]) -> None:
    portal, _ = billed
    written = portal.writes()
    proof = compared(portal)
    assert (proof.is_equal, proof.unexplained, proof.differing, proof.reason) == (True, 0, 0, "")
    assert (proof.asked_by, proof.is_nightly) == (portal.owner, False)
    assert proof.report["receivables"]["clio"] == proof.report["receivables"]["quickbooks"] == "1000.00"
    assert "differences" not in proof.report and portal.writes() == written


def test_differences_are_kept_one_by_one_those_that_nothing_explains_first(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    one_cent_more(portal, bill)
    portal.run()
    other = portal.bill("50.00")
    proof = compared(portal)
    rows = ProofDifference.objects.of(portal.firm).filter(proof=proof)
    assert next((row.standing, row.practice_id) for row in rows) == ("unexplained", str(other))
    assert [row.data["code"] for row in rows if row.standing == "explained"] == ["drift"]
    assert (proof.is_equal, proof.differing, proof.unexplained) == (False, 2, 1)


def test_reads_for_a_proof_are_counted_as_all_reads_are(billed: tuple[Portal, int]) -> None:
    portal, _ = billed
    before, answered = _metered(portal), portal.reads("quickbooks")
    compared(portal)
    assert _metered(portal) > before and _metered(portal) - before >= portal.reads("quickbooks") - answered


def _metered(portal: Portal) -> int:
    return metered_reads(standing_of(portal.pairing.ledger), portal.clock.now().timestamp())


def test_the_last_ninety_are_kept(billed: tuple[Portal, int]) -> None:
    portal, _ = billed
    old = {"pairing": portal.pairing, "made_at": portal.clock.now(), "is_equal": True}
    Proof.objects.of(portal.firm).bulk_create([Proof(firm=portal.firm, **old) for _ in range(proofs.KEPT + 3)])
    proof = compared(portal)
    kept = list(Proof.objects.of(portal.firm).order_by("-id").values_list("pk", flat=True))
    assert len(kept) == proofs.KEPT == 90 and kept[0] == proof.pk


# A run of the firm


def test_a_proof_waits_until_the_run_is_over(billed: tuple[Portal, int]) -> None:
    portal, _ = billed
    run = open_run(portal.pairing, portal.clock, SyncRun.Trigger.PERSON)
    errand = ask(portal, portal.owner)
    assert not [turn for turn in line.waiting(portal.clock.now()) if turn.errand_id]
    carry_out(portal, errand)
    assert (errand.state, errand.attempts) == ("asked", 0) and not Proof.objects.of(portal.firm).exists()
    ended = {"state": "finished", "outcome": "in_sync", "finished_at": portal.clock.now()}
    SyncRun.objects.of(portal.firm).filter(pk=run.pk).update(**ended)
    assert [turn for turn in line.waiting(portal.clock.now()) if turn.errand_id == errand.pk]
    assert carry_out(portal, errand).state == "done"


def test_a_run_by_schedule_waits_for_the_proof_and_a_persons_does_not(billed: tuple[Portal, int]) -> None:
    portal, _ = billed
    errand, now = ask(portal, portal.owner), portal.clock.now()
    Errand.objects.of(portal.firm).filter(pk=errand.pk).update(held_by="somebody", heartbeat_at=now)
    Pairing.objects.of(portal.firm).update(next_sync_at=now)
    assert line.waiting(now) == []
    Errand.objects.of(portal.firm).filter(pk=errand.pk).update(held_by="", state="working")
    assert [turn.errand_id for turn in line.waiting(now)] == [errand.pk], "between two slices too"
    Pairing.objects.of(portal.firm).update(sync_asked_at=now)
    assert [turn.pairing_id for turn in line.waiting(now)] == [portal.pairing.pk]


def test_what_differs_while_a_run_is_at_work_is_looked_at_again_and_opens_no_issue(
    billed: tuple[Portal, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, bill = billed
    one_cent_more(portal, bill)
    real = proofs.proof_report
    monkeypatch.setattr(proofs, "proof_report", lambda firm, proof: {**real(firm, proof), "open_run": 7})
    errand = carry_out(portal, ask(portal, portal.owner))
    assert errand.is_open and not Proof.objects.of(portal.firm).exists()
    assert carry_out(portal, errand).state == "done"
    assert (last(portal).unexplained, told(portal)) == (1, [])


# What cannot be read


def test_a_system_that_fails_gives_a_proof_with_the_reason_and_no_difference(
    billed: tuple[Portal, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, bill = billed
    one_cent_more(portal, bill)

    def down(*_: object) -> None:
        raise RemoteError("QuickBooks does not answer.", "trace")

    monkeypatch.setattr(proofs, "reconcile", down)
    proof = nightly(portal)
    assert (proof.is_equal, proof.reason, proof.unexplained) == (False, "QuickBooks does not answer.", 0)
    assert told(portal) == [] and not ProofDifference.objects.of(portal.firm).exists()


def test_a_proof_that_could_not_be_made_leaves_the_issue_as_it_is(
    billed: tuple[Portal, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, bill = billed
    one_cent_more(portal, bill)
    nightly(portal)
    portal.quickbooks.disconnect_apps()
    assert nightly(portal).reason
    assert len(told(portal)) == 1


def test_a_proof_that_fails_by_itself_is_kept_with_its_reason(
    billed: tuple[Portal, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, _ = billed

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(proofs, "reconcile", broken)
    errand = ask(portal, None)
    with pytest.raises(ZeroDivisionError):
        carry_out(portal, errand)
    assert (last(portal).is_equal, last(portal).reason) == (False, "The portal itself failed; support has been told.")
    assert Errand.objects.of(portal.firm).get(pk=errand.pk).state == "failed"


# At night


def test_what_the_night_cannot_explain_is_an_issue_until_it_is_healed_and_compared_again(
    billed: tuple[Portal, int],
) -> None:
    portal, bill = billed
    before = document(portal, "invoice", bill)["Line"]
    one_cent_more(portal, bill)
    assert nightly(portal).unexplained == 1
    (message,) = told(portal)
    assert "1 difference that nothing explains" in message
    tasks.notices.write(portal.clock)
    assert Notice.objects.of(portal.firm).filter(purpose="digest").exists()
    portal.quickbooks.edit("Invoice", document(portal, "invoice", bill)["Id"], Line=before[:-1])
    assert compared(portal).is_equal
    assert told(portal) == []


def test_the_night_asks_for_a_sync_first_so_that_what_only_waits_for_one_alarms_nobody(
    billed: tuple[Portal, int],
) -> None:
    portal, _ = billed
    portal.bill("50.00")
    errand = carry_out(portal, ask(portal, None))
    now = portal.clock.now()
    wanted = portal.pairing.next_sync_at
    assert errand.is_open and wanted is not None and wanted <= now
    assert [turn.errand_id for turn in line.waiting(now)] == [0], "the sync, and then the proof"
    portal.run()
    carry_out(portal, errand)
    assert last(portal).is_equal and last(portal).is_nightly
    assert told(portal) == []


def test_what_a_person_finds_while_looking_is_shown_and_mailed_to_nobody(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    one_cent_more(portal, bill)
    assert compared(portal).unexplained == 1
    assert told(portal) == []


def test_what_an_issue_explains_is_not_told_again(billed: tuple[Portal, int]) -> None:
    portal, bill = billed
    one_cent_more(portal, bill)
    proof = nightly(portal, sync=True)
    assert (proof.differing, proof.unexplained, proof.is_equal) == (1, 0, False)
    assert portal.codes() == ["drift"]


@pytest.fixture
def night(billed: tuple[Portal, int]) -> tuple[Portal, datetime]:
    """The firm's minute of tomorrow's night."""
    portal, _ = billed
    return portal, proofs.night_of(portal.firm, portal.clock.now()) + timedelta(days=1)


def test_it_is_due_once_a_night_in_a_minute_of_the_firms_own(night: tuple[Portal, datetime]) -> None:
    portal, tonight = night
    assert proofs.due(tonight - timedelta(minutes=1)) == []
    assert proofs.due(tonight) == [portal.pairing]
    errand = ask(portal, None)
    Errand.objects.of(portal.firm).filter(pk=errand.pk).update(asked_at=tonight)
    assert proofs.due(tonight + timedelta(hours=23)) == []
    assert proofs.due(tonight + timedelta(days=1)) == [portal.pairing]


def test_two_ticks_ask_for_one(night: tuple[Portal, datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    portal, _ = night
    monkeypatch.setattr(proofs, "_is_due", lambda pairing, now: True)
    tasks.tick()
    tasks.tick()
    assert [errand.asked_by for errand in Errand.objects.of(portal.firm).filter(purpose="proof")] == [None]


def test_a_firm_that_never_synced_or_is_not_connected_is_not_compared(night: tuple[Portal, datetime]) -> None:
    portal, tonight = night
    SyncRun.objects.of(portal.firm).update(outcome="failed")
    assert proofs.due(tonight) == []
    SyncRun.objects.of(portal.firm).update(outcome="issues")
    portal.quickbooks.disconnect_apps()
    portal.run()
    assert proofs.due(tonight) == []


def test_it_is_left_out_while_few_metered_reads_are_left(
    night: tuple[Portal, datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, tonight = night
    monkeypatch.setattr(proofs.metering, "reads_of", lambda connection, now: Reads(80, 100))
    assert proofs.due(tonight) == []


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Sydney", "UTC"])
def test_the_night_is_the_firms_own_and_no_two_neighbours_share_a_minute(zone: str) -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    nights = [proofs.night_of(Firm(pk=pk, timezone=zone), now) for pk in range(1, 200)]
    assert len(set(nights)) == len(nights)
    assert all(1 <= at.astimezone(ZoneInfo(zone)).hour < 5 for at in nights)
    assert all(timedelta(0) <= now - at < timedelta(days=1) for at in nights)


def test_a_firm_has_its_own_proofs_only(billed: tuple[Portal, int], globex: Firm) -> None:
    portal, bill = billed
    one_cent_more(portal, bill)
    nightly(portal)
    pairing_of(globex)
    assert not Proof.objects.of(globex).exists() and not ProofDifference.objects.of(globex).exists()
    assert not Issue.objects.of(globex).exists()
