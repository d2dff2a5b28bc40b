"""Errands: asking the queue for a preview, a check or a filled-in mapping, and carrying one out."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db import IntegrityError, transaction

from firms.models import User
from integrations import mapping
from integrations.core.changes import Action, Change
from integrations.core.errors import RemoteError
from integrations.core.ports import Clock
from integrations.gateways import open_workspace
from integrations.models import Errand, Pairing, PlannedChange, SyncRun
from integrations.preflight import preflight
from integrations.reports import change_report
from integrations.sync.numbering import numbers_of
from integrations.sync.policy import NotReady
from integrations.sync.run import RunIsOpen, open_run, preview
from integrations.sync.workspace import Workspace

LAPSES_AFTER = timedelta(minutes=20)  # an errand that nobody has finished by then was lost with its worker
ROWS_AT_ONCE = 500
MOVES_MONEY = frozenset({Action.CREATE, Action.VOID})  # what an update or an adoption shows is in the books already


def ask(
    pairing: Pairing, purpose: str, user: User | None, clock: Clock, wanted: dict[str, Any] | None = None
) -> Errand:
    """The errand that was asked for; the one under way where there is one. The caller rings the queue on commit."""
    mine = Errand.objects.of(pairing.firm).filter(pairing=pairing, purpose=purpose)
    lapsed = mine.filter(finished_at=None, asked_at__lt=clock.now() - LAPSES_AFTER)
    lapsed.update(state=Errand.State.FAILED, finished_at=clock.now(), error="It was interrupted. Ask again.")
    try:
        with transaction.atomic():
            return mine.create(
                pairing=pairing, purpose=purpose, asked_by=user, asked_at=clock.now(), wanted=wanted or {}
            )
    except IntegrityError:
        return mine.get(finished_at=None)


def carry_out(errand_id: int, clock: Clock) -> None:
    """Does the errand once, whoever else was told to; what stands in its way is kept for the page."""
    waiting = Errand.all_firms.filter(pk=errand_id, state=Errand.State.ASKED)
    if not waiting.update(state=Errand.State.WORKING):
        return
    errand = Errand.all_firms.select_related("firm", "pairing__firm", "asked_by").get(pk=errand_id)
    try:
        result = _work(errand, open_workspace(errand.firm, clock))
    except (NotReady, RunIsOpen, RemoteError, mapping.InvalidMapping) as error:
        _finish(errand, clock, Errand.State.FAILED, error=_said(error))
    except Exception:
        _finish(errand, clock, Errand.State.FAILED, error="The portal itself failed; support has been told.")
        raise
    else:
        _finish(errand, clock, Errand.State.DONE, result=result)


def _said(error: Exception) -> str:
    return "A sync is under way. Ask again when it has finished." if isinstance(error, RunIsOpen) else str(error)


def _work(errand: Errand, work: Workspace) -> dict[str, Any]:
    match errand.purpose:
        case Errand.Purpose.PREVIEW:
            return _preview(errand, work)
        case Errand.Purpose.CHECK:
            return _check(work)
        case _:
            return _fill_in(errand, work)


def _finish(errand: Errand, clock: Clock, state: str, *, error: str = "", result: dict[str, Any] | None = None) -> None:
    errand.state, errand.error, errand.result, errand.finished_at = state, error, result or {}, clock.now()
    errand.save(update_fields=["state", "error", "result", "finished_at"])


def _preview(errand: Errand, work: Workspace) -> dict[str, Any]:
    pairing = work.pairing
    due, asked_at, asked_by = pairing.next_sync_at, pairing.sync_asked_at, pairing.sync_asked_by
    run = open_run(pairing, work.clock, SyncRun.Trigger.PERSON, errand.asked_by)
    # Opening a run answers who asked for one and sets the next; a preview does neither.
    kept = Pairing.objects.of(work.firm).filter(pk=pairing.pk)
    kept.update(next_sync_at=due)
    kept.filter(sync_asked_at=None).update(sync_asked_at=asked_at, sync_asked_by=asked_by)
    return _keep(errand, preview(work, run))


def _keep(errand: Errand, changes: tuple[Change, ...]) -> dict[str, Any]:
    """Keeps the changes as rows in place of the last preview's; returns their sums."""
    rows = PlannedChange.objects.of(errand.firm)
    with transaction.atomic():
        rows.filter(pairing=errand.pairing).delete()
        for batch in batched(enumerate(changes), ROWS_AT_ONCE):
            rows.bulk_create(_row(errand, position, change) for position, change in batch)
    return {"count": len(changes), "counts": _counts(changes), "totals": _totals(changes)}


def _row(errand: Errand, position: int, change: Change) -> PlannedChange:
    return PlannedChange(
        firm=errand.firm,
        pairing=errand.pairing,
        errand=errand,
        position=position,
        kind=change.ref.kind,
        action=change.action,
        practice_id=change.ref.practice_id,
        data=change_report(change),
    )


def _counts(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """Kind to action to how many."""
    counted = Counter((str(change.ref.kind), str(change.action)) for change in changes)
    table: dict[str, dict[str, int]] = defaultdict(dict)
    for (kind, action), number in counted.items():
        table[kind][action] = number
    return dict(table)


def _totals(changes: Iterable[Change]) -> list[dict[str, str]]:
    """What the changes do to each account, as debit and credit sums."""
    debits: dict[str, Decimal] = defaultdict(Decimal)
    credits: dict[str, Decimal] = defaultdict(Decimal)
    for change in changes:
        for line in change.postings() if change.action in MOVES_MONEY else ():
            debits[line.account] += line.debit
            credits[line.account] += line.credit
    accounts = sorted(debits.keys() | credits.keys(), key=str.casefold)
    return [{"account": name, "debit": str(debits[name]), "credit": str(credits[name])} for name in accounts]


def _check(work: Workspace) -> dict[str, Any]:
    return {"findings": preflight(work), **numbers_of(work).report()}


def _fill_in(errand: Errand, work: Workspace) -> dict[str, Any]:
    if work.ledger_is_unconfirmed:
        raise NotReady("Confirm on the connections page that this is the right QuickBooks company, then ask again.")
    mapping.read_targets(work)
    start = errand.wanted.get("start_date")
    done = mapping.apply(work, date.fromisoformat(start) if start else None)
    return {"mapping": [proposal.report() for proposal in done]}
