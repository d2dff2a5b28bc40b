"""One pass over a pairing: read, plan group by group, write, and say what came of it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from firms.models import User
from integrations.core.changes import Change, Plan, Problem
from integrations.core.errors import Forbidden, Remedy, RemoteError
from integrations.core.mapping import Policy
from integrations.core.match import Match
from integrations.core.ports import Clock
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Catalog
from integrations.kinds.group import Group
from integrations.kinds.plan import plan_group
from integrations.kinds.set_aside import SET_ASIDE
from integrations.models import Connection, Issue, Pairing, Record, Severity, SyncRun
from integrations.sync import (
    clusters,
    dispatches,
    due,
    gather,
    groups,
    issues,
    lookalikes,
    nightly,
    practice,
    safety,
    stale,
    wording,
)
from integrations.sync.catalog import build_catalog
from integrations.sync.clusters import Cluster
from integrations.sync.execute import Executor, Result
from integrations.sync.lease import TakenOver, beat
from integrations.sync.leftout import left_out
from integrations.sync.policy import NotReady, policy_of, unsettle_on_change
from integrations.sync.recover import recover
from integrations.sync.settings import check_settings, settings_issues
from integrations.sync.tally import Tally
from integrations.sync.trust import gather_trust, read_checks
from integrations.sync.trust_accounts import account_issues
from integrations.sync.workspace import Workspace
from integrations.tokens import needs_reconnect

logger = logging.getLogger(__name__)

SYNC_EVERY = timedelta(minutes=15)
DEAD_AFTER = timedelta(minutes=10)  # a run that has not said so much for so long has died
UNDONE = (Issue.State.OPEN, Issue.State.DECIDED)
BEAT_EVERY = timedelta(seconds=1)  # while reading; what is written always says so
ROUNDS = 3  # how often a group is planned in one run: what was done may show more to do


class RunIsOpen(Exception):
    """Another run of this pairing is under way; the text names it."""


def open_run(pairing: Pairing, clock: Clock, trigger: str, user: User | None = None) -> SyncRun:
    """Starts a run; the database lets only one be unfinished. Raises RunIsOpen."""
    now = clock.now()
    dead = SyncRun.objects.of(pairing.firm).filter(pairing=pairing, finished_at=None, heartbeat_at__lt=now - DEAD_AFTER)
    dead.exclude(state=SyncRun.State.HELD).update(
        state=SyncRun.State.FINISHED,
        outcome=SyncRun.Outcome.FAILED,
        finished_at=now,
        reason="The worker stopped before the run was finished; the next run goes on from there.",
    )
    try:
        with transaction.atomic():
            run = SyncRun.objects.of(pairing.firm).create(
                pairing=pairing, trigger=trigger, started_by=user, started_at=now, heartbeat_at=now
            )
            Pairing.objects.of(pairing.firm).filter(pk=pairing.pk).update(hooked_at=None, **_asked(trigger, now))
            return run
    except IntegrityError as error:
        other = SyncRun.objects.of(pairing.firm).filter(pairing=pairing, finished_at=None).first()
        raise RunIsOpen(f"run {other.pk if other else ''} is open") from error


def _asked(trigger: str, now: datetime) -> dict[str, datetime | None]:
    """What the start of a run settles. One for webhooks is no poll, so it puts none off."""
    if trigger == SyncRun.Trigger.WEBHOOK:
        return {}
    return {"sync_asked_at": None, "sync_asked_by": None, "next_sync_at": now + SYNC_EVERY}


class Pass:
    """The body of a run, and of a dry run, which does everything but write."""

    def __init__(self, work: Workspace, run: SyncRun) -> None:
        self.work, self.run = work, run
        self.tally = Tally.of(run)
        self.unresolved: set[Ref] = set()
        self.planned: list[Change] = []
        self.forbidden: list[str] = []  # lists of Clio that its user may not read
        self.reread: set[str] = set()  # bills whose figures were read again in this run
        self.rechecked: set[str] = set()  # payments whose bank rows were

    def carry_out(self, *, dry: bool = False, slice_s: float | None = None) -> bool:
        """False where ``slice_s`` seconds were over before everything was done. Raises RemoteError, NotReady."""
        work = self.work
        if work.ledger_is_unconfirmed:
            raise NotReady("Confirm on the connections page that this is the right QuickBooks company.")
        if not dry:
            self.unresolved = recover(work)
            practice.recover(work)
        looked_at_settings = self._read()
        policy = policy_of(work.pairing)
        moved = unsettle_on_change(work.pairing, policy)
        if looked_at_settings and not dry:
            settings_issues(work, self.run, policy)
        if not dry:
            safety.check_lost(work.pairing, self.forbidden)
        if not work.ledger_is_fresh:
            return True  # nothing is new, so there is nothing to plan that the last run did not
        wanted = clusters.unsettled_clusters(work.pairing)
        catalog, matches = _catalog_for(work, wanted)
        if not dry:
            safety.guard(work, self.run, wanted, self._plans(policy, catalog.copy(), matches), settings_moved=moved)
        self._start(sum(cluster.bills for cluster in wanted))
        began, left = work.clock.now(), list(clusters.chunks(wanted))
        while left:
            self._chunk(left.pop(0), policy, catalog, matches, dry=dry)
            if left and slice_s is not None and work.clock.now() - began >= timedelta(seconds=slice_s):
                return False  # a slice does at least one chunk, so that every slice gets somewhere
        if not dry:
            clusters.settle_foreign(work.pairing)
            account_issues(work, self.run, policy)
            lookalikes.tell(work, self.run)
            due.note_left(work.pairing)
        return True

    def _read(self) -> bool:
        """Brings the mirror up to date; whether QuickBooks's settings were among what was read."""
        work, marks = self.work, stale.taken(self.work)
        self.forbidden = gather.gather_practice(work, self.run.pk, self._progress)
        self.forbidden += gather_trust(work, self.run.pk, self._progress)
        nightly.sweep_practice(work, self._progress)
        stale.read_practice(work, marks)
        work.ledger_is_fresh = marks.on(Record.Side.LEDGER) or due.is_ledger_due(work, self.run)
        if work.ledger_is_fresh:
            stale.read_ledger(work, marks, gather.gather_ledger(work, self._progress))
            nightly.sweep_ledger(work, self._progress)
            read_checks(work, self._progress)
        settings_are_due = due.are_settings_due(work, self.run)
        if settings_are_due:
            check_settings(work)
        return settings_are_due

    def _plans(self, policy: Policy, catalog: Catalog, matches: Mapping[str, Match]) -> safety.Plans:
        """What would be done in clusters, without doing any of it."""

        def plans(found: list[Cluster]) -> Iterator[tuple[Group, Plan]]:
            for chunk in clusters.chunks(found):
                loaded = groups.load_chunk(self.work, chunk)
                for cluster in chunk:
                    yield self._plan(loaded, cluster, policy, catalog, matches)
                self._save()

        return plans

    def _plan(
        self,
        loaded: groups.Loaded,
        cluster: Cluster,
        policy: Policy,
        catalog: Catalog,
        matches: Mapping[str, Match],
    ) -> tuple[Group, Plan]:
        group = groups.group_of(loaded, cluster, matches)
        plan = _planned(cluster, group, policy, catalog)
        if plan.reread - self.reread or plan.recheck - self.rechecked:
            return self._replan(cluster, plan, policy, catalog, matches)
        return group, plan

    def _chunk(
        self, chunk: list[Cluster], policy: Policy, catalog: Catalog, matches: Mapping[str, Match], *, dry: bool
    ) -> None:
        loaded = groups.load_chunk(self.work, chunk)
        settled: list[Group] = []
        for cluster in chunk:
            group, plan = self._plan(loaded, cluster, policy, catalog, matches)
            if dry:
                self.planned += Executor(self.work, self.run, catalog, group.links).would_send(plan.changes)
                continue
            group, is_done = self._carry_through(cluster, group, plan, policy, catalog, matches)
            if is_done:
                settled.append(group)
            self._beat(cluster.bills)
        clusters.settle(self.work.pairing, settled)

    def _replan(
        self, cluster: Cluster, plan: Plan, policy: Policy, catalog: Catalog, matches: Mapping[str, Match]
    ) -> tuple[Group, Plan]:
        """Rule R3.1: figures that do not add up are read again, all of one bill together, before anyone is told.

        Rule R3.8: so are the bank rows of a payment whose money is to be there without a bill.
        """
        for bill_id in sorted(plan.reread):
            gather.reread_bill(self.work, bill_id)
        if plan.recheck:
            gather.recheck_payments(self.work, plan.recheck)
        self.reread |= plan.reread
        self.rechecked |= plan.recheck
        for change in plan.changes:
            catalog.forget(change.ref)
        group = groups.group_of(groups.load_chunk(self.work, [cluster]), cluster, matches)
        return group, _planned(cluster, group, policy, catalog)

    def _carry_through(
        self,
        cluster: Cluster,
        group: Group,
        plan: Plan,
        policy: Policy,
        catalog: Catalog,
        matches: Mapping[str, Match],
    ) -> tuple[Group, bool]:
        """Applies a plan, and at once the next one where that showed more to do; whether all is done and explained."""
        result = self._apply(group, plan, catalog)
        for _ in range(ROUNDS - 1):
            if not result.again:
                break
            group, plan = self._replan(
                cluster, replace(plan, reread=frozenset(), recheck=frozenset()), policy, catalog, matches
            )
            result = self._apply(group, plan, catalog)
        return group, self._explain(cluster, group, plan, result)

    def _apply(self, group: Group, plan: Plan, catalog: Catalog) -> Result:
        """Raises RemoteError that ends the run."""
        dispatches.note_agreed(self.work, plan.agreed)
        result = Executor(self.work, self.run, catalog, group.links).apply(plan.changes, self.unresolved)
        self.tally.add(result)
        self.unresolved |= {p.ref for p in result.problems if p.code == "unresolved_write" and p.blocks}
        if result.ended_by:
            raise result.ended_by
        return result

    def _explain(self, cluster: Cluster, group: Group, plan: Plan, result: Result) -> bool:
        """Whether nothing is left to do or to decide."""
        waiting = {*result.waiting, *plan.waiting}
        self.tally.wait(waiting)
        dispatches.free(self.work, plan.problems)
        problems = [*plan.problems, *result.problems]
        undone = {(str(ref.kind), ref.practice_id) for ref in (*waiting, *(p.ref for p in result.problems))}
        issues.sync_group(self.work, self.run, _about(cluster, group), problems, undone)
        return not waiting and all(problem.code == SET_ASIDE for problem in problems)

    def _start(self, left: int) -> None:
        """``left`` is how many bills are still to be looked at, in a later slice of the run fewer than at first."""
        self.run.state, self.run.step, self.run.total = SyncRun.State.APPLYING, "writing", max(self.run.total, left)
        self.run.done = self.run.total - left
        self._save("state", "step", "total", "done")

    def _beat(self, bills: int) -> None:
        self.run.done += bills
        self._save("done")

    def _progress(self, step: str) -> None:
        """Called for every page read: often enough for a screen and for the hold on the pairing is once a second."""
        if self.work.clock.now() - self.run.heartbeat_at < BEAT_EVERY:
            return
        self.run.step = f"reading {step.replace('_', ' ')}"
        self._save("step")

    def _save(self, *fields: str) -> None:
        beat(self.work, self.run, **{name: getattr(self.run, name) for name in fields})


def _catalog_for(work: Workspace, wanted: Sequence[Cluster]) -> tuple[Catalog, dict[str, Match]]:
    """What QuickBooks has already; where nothing is to be planned, nobody asks."""
    if not wanted:
        return Catalog(), {}
    return build_catalog(work, [id for cluster in wanted for id in cluster.contact_ids])


def _planned(cluster: Cluster, group: Group, policy: Policy, catalog: Catalog) -> Plan:
    """The group's plan. Planning touches nothing, so where it fails the other groups go on and a person is told."""
    try:
        return plan_group(group, policy, catalog)
    except Exception:
        logger.exception("event=plan_failed contacts=%s", ",".join(cluster.contact_ids))
        ref = Ref(Kind.CONTACT, cluster.contact_ids[0])
        message = "The portal could not work out what to do for this contact's bills; support has been told."
        return Plan(problems=(Problem("not_planned", ref, message, title=f"Contact {ref.practice_id}"),))


def _about(cluster: Cluster, group: Group) -> set[tuple[str, str]]:
    return {
        *((Kind.CONTACT, id) for id in cluster.contact_ids),
        *((Kind.INVOICE, id) for id in group.lines),
        *((Kind.PAYMENT, id) for id in group.payments),
        *((Kind.CREDIT_NOTE, id) for id in group.credit_notes),
        *((Kind.TRUST_ENTRY, id) for id in (*group.trust, *group.unreadable_trust, *group.gone_trust)),
    }


def sync(work: Workspace, run: SyncRun, *, slice_s: float | None = None) -> bool:
    """Carries an opened run to its end; False where its slice of time is over and it has to be taken up again."""
    done = Pass(work, run)
    try:
        if not done.carry_out(slice_s=slice_s):
            done.tally.keep(run)
            return False
        run.outcome = _outcome(work.pairing)
    except TakenOver:
        logger.warning("event=run_taken_over run=%s", run.pk)
    except (RemoteError, NotReady) as error:
        safety.ended(work, run, error)
        _note_connection(work, run, error)
    except BaseException:
        run.outcome, run.reason = SyncRun.Outcome.FAILED, "The portal itself failed; support has been told."
        raise
    finally:
        if run.outcome:
            _finish(work, run, done)
    return True


def _outcome(pairing: Pairing) -> str:
    open_ = Issue.objects.of(pairing.firm).filter(pairing=pairing, severity=Severity.ERROR)
    needs = open_.filter(state__in=UNDONE).exists()
    return SyncRun.Outcome.ISSUES if needs else SyncRun.Outcome.IN_SYNC


def _note_connection(work: Workspace, run: SyncRun, error: Exception) -> None:
    """A connection that a person has to repair becomes an issue, and is gone once a run gets through again."""
    if isinstance(error, RemoteError) and error.remedy in (Remedy.RECONNECT, Remedy.ASK):
        name = "reconnect" if error.remedy is Remedy.RECONNECT else "permission_lost"
        issues.sync_firm(work, run, {name}, {name: str(error)})
        if name == "reconnect":
            _stop_connection(work, error)


def _stop_connection(work: Workspace, error: RemoteError) -> None:
    """No run is tried again before a person has connected; a renewal that failed has stopped it already."""
    connection = work.pairing.practice if error.trace.system == "clio" else work.pairing.ledger
    connection.refresh_from_db(fields=["state"])
    if connection.state == Connection.State.CONNECTED:
        needs_reconnect(connection, error.message)


def _lists_lost(forbidden: list[str], closed: RemoteError | None) -> dict[str, str]:
    """Without these lists bills go on, but less is known of them; without the right to write, contacts wait."""
    lost = []
    if forbidden:
        lost.append(f"read {' and '.join(wording.LOST[name] for name in forbidden)}")
    if isinstance(closed, Forbidden):
        lost.append("change contacts, so what was changed in QuickBooks does not reach them")
    if not lost:
        return {}
    said = ", and not ".join(lost)
    return {"permission_lost": f"Clio does not let the connected user {said}. Connect Clio again as a user who may."}


def _finish(work: Workspace, run: SyncRun, done: Pass) -> None:
    pairing = work.pairing
    open_ = Issue.objects.of(pairing.firm).filter(pairing=pairing, state=Issue.State.OPEN)
    if run.outcome in (SyncRun.Outcome.IN_SYNC, SyncRun.Outcome.ISSUES):
        lost = _lists_lost(done.forbidden, work.practice_closed)
        issues.sync_firm(work, run, {"reconnect", "permission_lost"}, lost)
        safety.release(work, run)
        run.outcome = _outcome(pairing)
    run.state = SyncRun.State.HELD if run.outcome == SyncRun.Outcome.HELD else SyncRun.State.FINISHED
    run.finished_at, run.step = work.clock.now(), ""
    run.counts, run.requests = done.tally.counts(pairing), work.requests() | work.apart
    run.left_out = left_out(pairing)
    run.warnings = open_.filter(severity=Severity.WARNING).count()
    run.save()


def preview(work: Workspace, run: SyncRun) -> tuple[Change, ...]:
    """Reads and plans as a run would and returns every change; neither system is written to. Raises as ``carry_out``.

    The opened run only keeps others out meanwhile and leaves no trace.
    """
    done = Pass(work, run)
    try:
        done.carry_out(dry=True)
    finally:
        run.delete()
    return tuple(done.planned)
