"""Proofs that are kept: on request and once a night both systems are read afresh, compared, and the outcome noted.

What a nightly proof cannot explain may only wait for its sync, so it asks for one and compares once more; what then
still differs is an issue. A proof that a run got in the way of is made once more as well, and opens no issue.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import DateTimeField, OuterRef, Subquery

from firms.models import Firm
from integrations import line, metering
from integrations.core.errors import RemoteError
from integrations.models import Errand, Issue, Pairing, Proof, ProofDifference, SyncRun
from integrations.proof_report import proof_report, unread_report
from integrations.sync.issues import OPEN, sync_firm
from integrations.sync.kept import Kept
from integrations.sync.policy import NotReady
from integrations.sync.reconcile import reconcile
from integrations.sync.sources import Progress, Sliced
from integrations.sync.workspace import Workspace

DIFFERS = "proof_differs"
KEPT = 90
ROWS_AT_ONCE = 500
NIGHT = 1  # o'clock, where the firm is; within the hours after it each firm has a minute of its own
NIGHT_MINUTES, STEP = 240, 61  # the step has no factor in common with the night, so that neighbours are an hour apart
LATEST_RUN = "latest run"  # what is kept of it: the run after which reading began
AGAIN = "again"  # in what was wanted: it has been looked at once already
ORDER = {standing: place for place, standing in enumerate(ProofDifference.Standing.values)}


class Waits(Exception):
    """The proof is not made now; ``wanted`` is what the errand goes back to the line with."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        super().__init__("a run has to be over first")
        self.wanted = wanted


def make(errand: Errand, work: Workspace, kept: Kept, progress: Progress) -> dict[str, Any]:
    """Reads, compares and keeps. Raises Waits where a run is at work, or should be before anybody is alarmed;
    SliceIsOver, and goes on from there when it is called again.
    """
    if line.at_work(work.clock.now()).filter(pairing=errand.pairing).exists():
        raise Waits(errand.wanted)
    _begin(kept)
    try:
        report = proof_report(errand.firm, reconcile(work, Sliced(work, kept, progress)))
    except (NotReady, RemoteError) as error:
        report = unread_report(errand.firm, str(error))
    if _looks_again(errand, report):
        if _is_nightly(errand):
            _want_a_run(errand, work.clock.now())
        raise Waits({**errand.wanted, AGAIN: "1"})
    with transaction.atomic():
        work.hold.check()
        proof = _keep(errand, report, work.clock.now())
        _tell(work, proof)
    return {"proof": proof.pk}


def _begin(kept: Kept) -> None:
    """What was read before a run that has ended since is of no use: both systems are read from the beginning."""
    runs = SyncRun.objects.of(kept.errand.firm).filter(pairing=kept.errand.pairing, is_dry=False)
    latest = runs.order_by("-id")
    now = str(latest.values_list("pk", flat=True).first()).encode()
    if any(body != now for _, body in kept.parts(LATEST_RUN)):
        kept.drop()
    if kept.last(LATEST_RUN) is None:
        kept.add(LATEST_RUN, now)


def not_made(errand: Errand, reason: str, now: datetime) -> None:
    """Keeps that a proof came to nothing, and why."""
    _keep(errand, unread_report(errand.firm, reason), now)


def _is_nightly(errand: Errand) -> bool:
    return errand.asked_by_id is None


def _looks_again(errand: Errand, report: dict[str, Any]) -> bool:
    may_pass = _is_nightly(errand) or report.get("open_run")
    return bool(report.get("unexplained") and may_pass and AGAIN not in errand.wanted)


def _want_a_run(errand: Errand, now: datetime) -> None:
    """Brings the next run by schedule forward, where there is a schedule."""
    mine = Pairing.objects.of(errand.firm).filter(pk=errand.pairing_id, quarantined_at=None)
    mine.filter(next_sync_at__gt=now).update(next_sync_at=now)


def _keep(errand: Errand, report: dict[str, Any], now: datetime) -> Proof:
    differences = report.pop("differences")
    proof = Proof.objects.of(errand.firm).create(
        pairing=errand.pairing,
        made_at=now,
        asked_by=errand.asked_by,
        is_nightly=_is_nightly(errand),
        is_equal=report["equal"],
        is_partial=bool(report["not_compared"]),
        differing=len(differences),
        unexplained=report.get("unexplained", 0),
        reason=report["reason"] or "",
        report=report,
    )
    for batch in batched(_rows(proof, differences), ROWS_AT_ONCE):
        ProofDifference.objects.of(errand.firm).bulk_create(batch)
    _forget_the_oldest(errand.pairing)
    return proof


def _rows(proof: Proof, differences: list[dict[str, Any]]) -> Iterator[ProofDifference]:
    """What nothing explains comes first, what somebody has accepted last."""
    ordered = sorted(differences, key=lambda one: ORDER[_standing(one)])
    for position, data in enumerate(ordered):
        about = {"kind": data["kind"], "practice_id": data["practice_id"]}
        row = {"position": position, "standing": _standing(data), "data": data, **about}
        yield ProofDifference(firm=proof.firm, pairing=proof.pairing, proof=proof, **row)


def _standing(data: dict[str, Any]) -> str:
    if data["accepted"]:
        return ProofDifference.Standing.ACCEPTED
    return ProofDifference.Standing.EXPLAINED if data["issue"] else ProofDifference.Standing.UNEXPLAINED


def _forget_the_oldest(pairing: Pairing) -> None:
    mine = Proof.objects.of(pairing.firm).filter(pairing=pairing).order_by("-id")
    last = mine.values_list("pk", flat=True)[KEPT - 1 : KEPT].first()
    if last is not None:
        mine.filter(pk__lt=last).delete()


def _tell(work: Workspace, proof: Proof) -> None:
    """The firm-wide issue: opened by a nightly proof, kept true and closed by every proof that could be made."""
    if proof.reason or (proof.unexplained and proof.report["open_run"]):
        return
    if proof.unexplained and not (proof.is_nightly or _is_open(work)):
        return
    sync_firm(work, None, {DIFFERS}, {DIFFERS: _message(proof)} if proof.unexplained else {})


def _is_open(work: Workspace) -> bool:
    return Issue.objects.of(work.firm).filter(pairing=work.pairing, code=DIFFERS, state__in=OPEN).exists()


def _message(proof: Proof) -> str:
    number = proof.unexplained
    differ = "1 difference that nothing explains" if number == 1 else f"{number:,} differences that nothing explains"
    return f"Clio and QuickBooks were read afresh and compared, and there {'is' if number == 1 else 'are'} {differ}."


# Once a night


def due(now: datetime) -> list[Pairing]:
    """Pairings whose nightly proof should be asked for: connected, synced before, not yet compared since tonight."""
    asked = Errand.all_firms.filter(pairing=OuterRef("pk"), purpose=Errand.Purpose.PROOF).order_by("-id")
    got_through = (SyncRun.Outcome.IN_SYNC, SyncRun.Outcome.ISSUES)
    runs = SyncRun.all_firms.filter(pairing=OuterRef("pk"), is_dry=False, outcome__in=got_through).order_by("id")
    started = line.connected().filter(quarantined_at=None).exclude(start_date=None).select_related("firm", "ledger")
    known = started.annotate(
        asked=Subquery(asked.values("asked_at")[:1], output_field=DateTimeField()),
        begun=Subquery(runs.values("finished_at")[:1], output_field=DateTimeField()),
    )
    return [pairing for pairing in known if _is_due(pairing, now)]


def _is_due(pairing: Any, now: datetime) -> bool:
    tonight = night_of(pairing.firm, now)
    if pairing.begun is None or pairing.begun >= tonight or (pairing.asked is not None and pairing.asked >= tonight):
        return False
    return not metering.reads_of(pairing.ledger, now).must_wait


def night_of(firm: Firm, now: datetime) -> datetime:
    """The firm's minute of the night that began last."""
    local = now.astimezone(ZoneInfo(firm.timezone))
    minute = firm.pk * STEP % NIGHT_MINUTES
    at = local.replace(hour=NIGHT, minute=0, second=0, microsecond=0) + timedelta(minutes=minute)
    return (at if at <= local else at - timedelta(days=1)).astimezone(UTC)
