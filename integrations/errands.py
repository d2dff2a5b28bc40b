"""Errands: asking the queue for what takes longer than a page may, and carrying it out."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db import IntegrityError, transaction

from firms.models import User
from integrations import cutover, mapping, proofs
from integrations.core.blast import shown_digest
from integrations.core.changes import Action, Change
from integrations.core.errors import RemoteError
from integrations.core.ports import Clock
from integrations.gateways import open_workspace
from integrations.issue_codes import MATCHES
from integrations.models import Errand, Pairing, PlannedChange, SyncRun
from integrations.preflight import preflight
from integrations.reports import change_report
from integrations.sync import issues
from integrations.sync.lease import MOST_TRIES, TakenOver, claim, say
from integrations.sync.numbering import numbers_of
from integrations.sync.policy import NotReady
from integrations.sync.previewed import Planned
from integrations.sync.run import RunIsOpen, foresee, open_run
from integrations.sync.workspace import Workspace

ROWS_AT_ONCE = 500
STEP_EVERY = timedelta(seconds=1)
THEN = "then"  # in what was wanted: the errand that follows at once where this one succeeds
MOVES_MONEY = frozenset({Action.CREATE, Action.VOID})  # what an update or an adoption shows is in the books already


def ask(
    pairing: Pairing, purpose: str, user: User | None, clock: Clock, wanted: dict[str, Any] | None = None
) -> Errand:
    """The errand that was asked for; the one under way where there is one. The caller rings the queue on commit."""
    mine, now = Errand.objects.of(pairing.firm).filter(pairing=pairing, purpose=purpose), clock.now()
    try:
        with transaction.atomic():
            return mine.create(
                pairing=pairing, purpose=purpose, asked_by=user, asked_at=now, heartbeat_at=now, wanted=wanted or {}
            )
    except IntegrityError:
        return mine.get(finished_at=None)


def carry_out(errand_id: int, clock: Clock) -> bool:
    """Does the errand, unless it is done or somebody is at it; what stands in its way is kept for the page."""
    errand = claim(Errand.all_firms.select_related("firm", "pairing__firm", "asked_by").filter(pk=errand_id), clock)
    if errand is None:
        return False
    if errand.attempts > MOST_TRIES:
        _finish(errand, clock, Errand.State.FAILED, error=f"It was begun {MOST_TRIES} times and never finished.")
        return True
    say(errand, clock.now(), state=Errand.State.WORKING)
    with suppress(TakenOver):
        _carry_out(errand, clock)
    return True


def _carry_out(errand: Errand, clock: Clock) -> None:
    """Raises TakenOver where another worker has the errand meanwhile."""
    try:
        result = _work(errand, open_workspace(errand.firm, clock))
    except (NotReady, RunIsOpen, RemoteError, mapping.InvalidMapping) as error:
        _finish(errand, clock, Errand.State.FAILED, error=_said(error))
    except proofs.Waits as waits:
        said = {"state": Errand.State.ASKED, "wanted": waits.wanted, "attempts": errand.attempts - 1}
        say(errand, clock.now(), held_by="", **said)  # waiting is no try
    except TakenOver:
        raise
    except Exception:
        _finish(errand, clock, Errand.State.FAILED, error="The portal itself failed; support has been told.")
        raise
    except BaseException:
        say(errand, clock.now(), held_by="")  # stopped, not failed: the next worker begins it again
        raise
    else:
        _finish(errand, clock, Errand.State.DONE, result=result)


def _said(error: Exception) -> str:
    return "A sync is under way. Ask again when it has finished." if isinstance(error, RunIsOpen) else str(error)


def _work(errand: Errand, work: Workspace) -> dict[str, Any]:
    work.hold.rows.append(errand)
    match errand.purpose:
        case Errand.Purpose.PREVIEW:
            return _preview(errand, work)
        case Errand.Purpose.CHECK:
            return _check(work)
        case Errand.Purpose.PROOF:
            return proofs.make(errand, work)
        case Errand.Purpose.START:
            return cutover.figures(work, errand, date.fromisoformat(errand.wanted["start_date"]), _steps(errand, work))
        case _:
            return _fill_in(errand, work)


def _steps(errand: Errand, work: Workspace) -> Callable[[str], None]:
    """Notes what is being read, often enough for a screen."""

    def note(step: str) -> None:
        now = work.clock.now()
        if not errand.step or now - errand.heartbeat_at >= STEP_EVERY:
            errand.step = step
            say(errand, now, step=step)

    return note


def _finish(errand: Errand, clock: Clock, state: str, *, error: str = "", result: dict[str, Any] | None = None) -> None:
    now = clock.now()
    with transaction.atomic():
        say(errand, now, state=state, error=error, result=result or {}, finished_at=now, held_by="")
        if state == Errand.State.DONE and (following := errand.wanted.get(THEN)):
            ask(errand.pairing, following, errand.asked_by, clock)
        if errand.purpose == Errand.Purpose.PROOF and state == Errand.State.FAILED:
            proofs.not_made(errand, error, now)


def _preview(errand: Errand, work: Workspace) -> dict[str, Any]:
    run = open_run(work.pairing, work.clock, SyncRun.Trigger.PERSON, errand.asked_by, is_dry=True)
    changes, problems = foresee(work, run)
    if not SyncRun.objects.of(errand.firm).filter(pairing=errand.pairing).exists():
        issues.foresee(work, MATCHES, problems)
    return _keep(errand, changes)


def _keep(errand: Errand, planned: tuple[Planned, ...]) -> dict[str, Any]:
    """Keeps the changes as rows in place of the last preview's; returns their sums."""
    rows = PlannedChange.objects.of(errand.firm)
    with transaction.atomic():
        rows.filter(pairing=errand.pairing).delete()
        for batch in batched(enumerate(planned), ROWS_AT_ONCE):
            rows.bulk_create(_row(errand, position, one) for position, one in batch)
    changes = [one.change for one in planned]
    return {"count": len(changes), "counts": _counts(changes), "totals": _totals(changes)}


def _row(errand: Errand, position: int, planned: Planned) -> PlannedChange:
    change = planned.change
    return PlannedChange(
        firm=errand.firm,
        pairing=errand.pairing,
        errand=errand,
        position=position,
        kind=change.ref.kind,
        action=change.action,
        practice_id=change.ref.practice_id,
        digest=shown_digest(change),
        data={**change_report(change), "fields": planned.fields},
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
