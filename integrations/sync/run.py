"""One pass over a pairing: read, plan group by group, write, and say what came of it."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from firms.models import User
from integrations.core.changes import Plan, Problem
from integrations.core.errors import RemoteError, Throttled
from integrations.core.mapping import Policy
from integrations.core.match import Match
from integrations.core.ports import Clock
from integrations.hook_addresses import poll_every
from integrations.kinds.catalog import Catalog
from integrations.kinds.group import Group
from integrations.kinds.set_aside import SET_ASIDE
from integrations.models import Errand, Pairing, Record, SyncRun
from integrations.sync import (
    clusters,
    completion,
    dispatches,
    due,
    ending,
    gather,
    groups,
    issues,
    lookalikes,
    nightly,
    practice,
    previewed,
    reread,
    restored,
    safety,
    stale,
    waves,
)
from integrations.sync.catalog import open_catalog, prime
from integrations.sync.clusters import Cluster
from integrations.sync.execute import Executor
from integrations.sync.jobs import Job, plan_of
from integrations.sync.lease import SliceIsOver, TakenOver, beat, claim, left_behind, let_go, worker_name
from integrations.sync.policy import NotReady, policy_of, unsettle_on_change
from integrations.sync.recover import Unresolved, recover
from integrations.sync.settings import check_settings, settings_issues
from integrations.sync.tally import Tally
from integrations.sync.tries import crash, tries_before
from integrations.sync.trust import gather_trust, read_checks
from integrations.sync.trust_accounts import account_issues
from integrations.sync.workspace import Workspace

logger = logging.getLogger(__name__)

BEAT_EVERY = timedelta(seconds=1)  # while reading; what is written always says so
ROUNDS = 3  # how often a group is planned in one run: what was done may show more to do


class RunIsOpen(Exception):
    """Another run of this pairing is under way; the text names it."""


def open_run(
    pairing: Pairing,
    clock: Clock,
    trigger: str,
    user: User | None = None,
    *,
    is_dry: bool = False,
    exactly: Errand | None = None,
) -> SyncRun:
    """Starts a run, or goes on with one that nobody works on; the database lets only one be unfinished.

    ``exactly`` is the preview that the run is held to. Raises RunIsOpen. A preview's run that was left behind by its
    worker is nobody's to go on with.
    """
    runs = SyncRun.objects.of(pairing.firm).filter(pairing=pairing)
    runs.filter(left_behind(clock.now())).delete()
    try:
        with transaction.atomic():
            return _new_run(pairing, clock, trigger, user, is_dry=is_dry, exactly=exactly)
    except IntegrityError as error:
        left = runs.filter(is_dry=False).exclude(state=SyncRun.State.HELD)
        if not is_dry and not exactly and (run := claim(left, clock)):
            return run
        other = runs.filter(finished_at=None).first()
        raise RunIsOpen(f"run {other.pk if other else ''} is open") from error


def _new_run(
    pairing: Pairing, clock: Clock, trigger: str, user: User | None, *, is_dry: bool, exactly: Errand | None
) -> SyncRun:
    """A run answers who asked for one and sets the next; a preview's does neither."""
    now = clock.now()
    run = SyncRun.objects.of(pairing.firm).create(
        pairing=pairing,
        trigger=trigger,
        started_by=user,
        started_at=now,
        is_dry=is_dry,
        exactly=exactly,
        held_by=worker_name(),
        heartbeat_at=now,
        fence=1,
        attempts=1 + tries_before(pairing, trigger),
    )
    if not is_dry:
        Pairing.objects.of(pairing.firm).filter(pk=pairing.pk).update(
            hooked_at=None, **_answered(pairing, trigger, now)
        )
    return run


def _answered(pairing: Pairing, trigger: str, now: datetime) -> dict[str, datetime | None]:
    """What the start of a run settles. One for webhooks is no poll, so it puts none off."""
    if trigger == SyncRun.Trigger.WEBHOOK:
        return {}
    next_sync_at = now + poll_every(pairing.practice)
    return {"sync_asked_at": None, "sync_asked_by": None, "next_sync_at": next_sync_at, "quarantined_at": None}


class Pass:
    """The body of a run."""

    def __init__(self, work: Workspace, run: SyncRun) -> None:
        self.work, self.run = work, run
        work.hold.rows.append(run)
        self.tally = Tally.of(run)
        self.unresolved: Unresolved = {}
        self.forbidden: list[str] = []  # lists of Clio that its user may not read
        self.reread: set[str] = set()  # bills whose figures were read again in this run
        self.rechecked: set[str] = set()  # payments whose bank rows were
        self.shown = previewed.shown_to(run)

    def carry_out(self) -> None:
        """Raises RemoteError, NotReady, SliceIsOver."""
        work = self.work
        may_begin(work)
        restored.wait(work)
        self.unresolved = recover(work)
        practice.recover(work)
        looked_at_settings = self.read()
        if work.pairing.restored_at:
            self.unresolved |= restored.relink(work, self.run)
        policy = policy_of(work.pairing)
        moved = unsettle_on_change(work.pairing, policy)
        if looked_at_settings:
            settings_issues(work, self.run, policy)
        safety.check_lost(work.pairing, self.forbidden)
        if not work.ledger_is_fresh:
            return  # nothing is new, so there is nothing to plan that the last run did not
        wanted = clusters.unsettled_clusters(work.pairing)
        catalog, matches = open_catalog(work, [id for cluster in wanted for id in cluster.contact_ids])
        safety.guard(work, self.run, wanted, self._plans(policy, catalog.copy(), matches), settings_moved=moved)
        self._start(sum(cluster.bills for cluster in wanted))
        left = list(clusters.chunks(wanted))
        while left:
            began = work.clock.now()
            self._chunk(left.pop(0), policy, catalog, matches)
            if left:  # after at least one chunk, so that every slice gets somewhere
                work.pause(next_takes=work.clock.now() - began)
        clusters.settle_foreign(work.pairing)
        account_issues(work, self.run, policy)
        lookalikes.tell(work, self.run)
        due.note_left(work.pairing)
        restored.over(work, self.unresolved)
        self._note_unshown()

    def _note_unshown(self) -> None:
        if self.shown:
            self.run.unshown = len(self.shown.left)
            self._save("unshown")

    def read(self) -> bool:
        """Brings the mirror up to date; whether QuickBooks's settings were among what was read."""
        work, marks = self.work, stale.taken(self.work)
        self.forbidden = gather.gather_practice(work, self.run.pk, self._progress)
        self.forbidden += gather_trust(work, self.run.pk, self._progress)
        nightly.sweep_practice(work, self.run.pk, self._progress)
        stale.read_practice(work, marks)
        work.ledger_is_fresh = marks.on(Record.Side.LEDGER) or due.is_ledger_due(work, self.run)
        if due.do_reads_wait(work, self.run):
            return False
        try:
            return self._read_ledger(marks)
        except Throttled:
            if not due.can_go_without(work):
                raise
            logger.warning("event=posting_without_reading run=%s", self.run.pk)
            return False

    def _read_ledger(self, marks: stale.Marks) -> bool:
        work = self.work
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
                loaded = self.load(chunk, catalog, matches)
                for cluster in chunk:
                    job = self.plan(loaded, cluster, policy, catalog, matches)
                    yield job.group, job.plan
                self._save()

        return plans

    def load(self, chunk: list[Cluster], catalog: Catalog, matches: Mapping[str, Match]) -> groups.Loaded:
        loaded = groups.load_chunk(self.work, chunk)
        prime(catalog, loaded, matches)
        return loaded

    def plan(
        self, loaded: groups.Loaded, cluster: Cluster, policy: Policy, catalog: Catalog, matches: Mapping[str, Match]
    ) -> Job:
        group = groups.group_of(loaded, cluster, matches)
        job = Job(cluster, group, self._planned(cluster, group, policy, catalog))
        if job.plan.reread - self.reread or job.plan.recheck - self.rechecked:
            self._reread(job.plan)
            self._replan(job, policy, catalog, matches)
        return job

    def _chunk(self, chunk: list[Cluster], policy: Policy, catalog: Catalog, matches: Mapping[str, Match]) -> None:
        loaded = self.load(chunk, catalog, matches)
        jobs = [self.plan(loaded, cluster, policy, catalog, matches) for cluster in chunk]
        try:
            self._carry_through(jobs, policy, catalog, matches)
        except RemoteError:
            self._settle([job for job in jobs if job.result.is_complete and not job.shows_more])
            raise
        self._settle(jobs)

    def _settle(self, jobs: list[Job]) -> None:
        clusters.settle(self.work.pairing, [job.group for job in jobs if self._explain(job)])

    def _reread(self, plan: Plan) -> None:
        """Rule R3.1: figures that do not add up are read again, all of one bill together, before anyone is told.

        Rule R3.8: so are the bank rows of a payment whose money is to be there without a bill.
        """
        for bill_id in sorted(plan.reread):
            reread.reread_bill(self.work, bill_id)
        if plan.recheck:
            reread.recheck_payments(self.work, plan.recheck)
        self.reread |= plan.reread
        self.rechecked |= plan.recheck

    def _replan(self, job: Job, policy: Policy, catalog: Catalog, matches: Mapping[str, Match]) -> None:
        for change in job.plan.changes:
            catalog.forget(change.ref)
        job.group = groups.group_of(groups.load_chunk(self.work, [job.cluster]), job.cluster, matches)
        job.plan = self._planned(job.cluster, job.group, policy, catalog)

    def _planned(self, cluster: Cluster, group: Group, policy: Policy, catalog: Catalog) -> Plan:
        plan = plan_of(cluster, group, policy, catalog)
        return self.shown.only(plan, catalog) if self.shown else plan

    def _carry_through(self, jobs: list[Job], policy: Policy, catalog: Catalog, matches: Mapping[str, Match]) -> None:
        """Applies the plans, and at once the next ones of those that showed more to do. Raises RemoteError."""
        self._apply(jobs, catalog)
        for _ in range(ROUNDS - 1):
            again = [job for job in jobs if job.shows_more]
            for job in again:
                self._replan(job, policy, catalog, matches)
            self._apply(again, catalog)

    def _apply(self, jobs: list[Job], catalog: Catalog) -> None:
        """Raises RemoteError that ends the run."""
        for job in jobs:
            completion.note_agreed(self.work, job.plan.agreed)
        made = [
            Executor(self.work, self.run, catalog, job.group.links, job.plan.changes, self.unresolved) for job in jobs
        ]
        waves.apply(self.work, self.run, made)
        for job, executor in zip(jobs, made, strict=True):
            job.result = executor.result
            self.tally.add(job.result)
            if self.shown:
                self.shown.begun |= {change.ref for change in job.result.done}
            new = {p.ref: p for p in job.result.problems if p.code == "unresolved_write" and p.blocks}
            self.unresolved = {**new, **self.unresolved}
        if ended := next((job.result.ended_by for job in jobs if job.result.ended_by), None):
            raise ended

    def _explain(self, job: Job) -> bool:
        """Whether nothing is left to do or to decide."""
        plan, result = job.plan, job.result
        waiting = {*result.waiting, *plan.waiting}
        self.tally.wait(waiting)
        dispatches.free(self.work, plan.problems)
        about = groups.about(job.cluster, job.group)
        problems = self._told(about, [*plan.problems, *result.problems])
        closed = (problem for problem in plan.problems if problem.code == "period_closed")
        left = (*waiting, *(problem.ref for problem in (*result.problems, *closed)))
        undone = {(str(ref.kind), ref.practice_id) for ref in left}
        issues.sync_group(self.work, self.run, about, problems, undone)
        self._beat(job.cluster.bills)
        return not waiting and all(problem.code == SET_ASIDE for problem in problems)

    def _told(self, about: Collection[tuple[str, str]], problems: list[Problem]) -> list[Problem]:
        """That a document is there more than once comes before whatever else is said of it."""
        several = {
            ref: problem
            for ref, problem in self.unresolved.items()
            if problem.details and (str(ref.kind), ref.practice_id) in about
        }
        return [*(problem for problem in problems if problem.ref not in several), *several.values()]

    def _start(self, left: int) -> None:
        """``left`` is how many bills are still to be looked at, in a later slice of the run fewer than at first."""
        self.run.state, self.run.step, self.run.total = SyncRun.State.APPLYING, "writing", max(self.run.total, left)
        self.run.done = self.run.total - left
        self.run.writing_at = self.run.writing_at or self.work.clock.now()
        self._save("state", "step", "total", "done", "writing_at")

    def _beat(self, bills: int) -> None:
        self.run.done += bills
        self.run.counts = self.tally.by_kind()
        self._save("done", "counts")

    def _progress(self, step: str) -> None:
        """Called for every page read: often enough for a screen and for the hold on the pairing is once a second."""
        if self.work.clock.now() - self.run.heartbeat_at < BEAT_EVERY:
            return
        self.run.step = f"reading {step.replace('_', ' ')}"
        self._save("step")

    def _save(self, *fields: str) -> None:
        beat(self.work, self.run, **{name: getattr(self.run, name) for name in fields})


def may_begin(work: Workspace) -> None:
    """Raises NotReady before a person has said that it is the right company."""
    if work.ledger_is_unconfirmed:
        raise NotReady("Confirm on the connections page that this is the right QuickBooks company.")


def sync(work: Workspace, run: SyncRun, *, slice_s: float | None = None) -> bool:
    """Carries an opened run to its end; False where its slice of time is over and it has to be taken up again."""
    done = Pass(work, run)
    work.ends_at = None if slice_s is None else work.clock.now() + timedelta(seconds=slice_s)
    try:
        done.carry_out()
        ending.finish(work, run, done.tally, done.forbidden)
    except TakenOver:
        logger.warning("event=run_taken_over run=%s", run.pk)
    except SliceIsOver:
        with suppress(TakenOver):
            let_go(work, run, got_somewhere=True, counts=done.tally.by_kind(), requests=ending.requests(work, run))
        return False
    except (RemoteError, NotReady) as error:
        with suppress(TakenOver):
            ending.finish_early(work, run, done.tally, error)
    except (KeyboardInterrupt, SystemExit):
        with suppress(TakenOver):
            let_go(work, run, got_somewhere=False)  # the next worker goes on from here
        raise
    except BaseException:
        crash(run, work.clock)
        raise
    return True
