"""A preview: everything that a run would do, worked out without doing any of it, at once or in slices.

Once both systems are read, neither is read again, and the opened run keeps others out until all is planned: so what is
kept of the chunks that are planned, and of the names and numbers they claim, is all that a later slice has to know.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from integrations.core.changes import Problem
from integrations.core.mapping import Policy
from integrations.core.match import Match
from integrations.kinds.catalog import Catalog, Claim
from integrations.models import SyncRun
from integrations.sync import clusters, previewed
from integrations.sync.catalog import open_catalog
from integrations.sync.clusters import Cluster
from integrations.sync.execute import Executor
from integrations.sync.policy import NotReady, policy_of, unsettle_on_change
from integrations.sync.run import Pass, may_begin
from integrations.sync.workspace import Workspace


@dataclass(frozen=True)
class Begun:
    """What was read comes to: the clusters that have to be planned, and whether Clio's bank rows could be read."""

    clusters: tuple[Cluster, ...] = ()
    banks_closed: bool = False


@dataclass
class Foreseen:
    """What one chunk of clusters would come to."""

    planned: list[previewed.Planned] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)


class Sketch(Protocol):
    """Where a preview is kept while it is made."""

    def begun(self) -> Begun | None:
        """None until both systems are read."""
        ...

    def begin(self, begun: Begun) -> None:
        """Both systems are read; whatever was planned before that is forgotten."""
        ...

    def chunks(self) -> int:
        """How many chunks are planned."""
        ...

    def claims(self) -> Iterable[Claim]:
        """What all of them claim."""
        ...

    def keep(self, found: Foreseen) -> None:
        """Keeps the next chunk."""
        ...


class Paper:
    """A preview that is made at once."""

    def __init__(self) -> None:
        self.found = Foreseen()
        self._begun: Begun | None = None
        self._chunks = 0

    def begun(self) -> Begun | None:
        return self._begun

    def begin(self, begun: Begun) -> None:
        self._begun, self._chunks, self.found = begun, 0, Foreseen()

    def chunks(self) -> int:
        return self._chunks

    def claims(self) -> Iterable[Claim]:
        return self.found.claims

    def keep(self, found: Foreseen) -> None:
        self._chunks += 1
        self.found.planned += found.planned
        self.found.problems += found.problems
        self.found.claims += found.claims


def preview(work: Workspace, run: SyncRun) -> tuple[previewed.Planned, ...]:
    """Every change a run would make; the opened run leaves no trace. Raises RemoteError, NotReady."""
    paper = Paper()
    try:
        foresee(work, run, paper)
    finally:
        run.delete()
    return tuple(paper.found.planned)


def foresee(work: Workspace, run: SyncRun, sketch: Sketch) -> None:
    """Reads and plans as a run would: every change, and what a person would be asked; neither system is written to.

    Raises RemoteError, NotReady, SliceIsOver.
    """
    done = _Foreseeing(work, run, sketch)
    try:
        done.carry_out()
    finally:
        work.hold.rows.remove(run)


class _Foreseeing(Pass):
    """A pass that writes nothing."""

    def __init__(self, work: Workspace, run: SyncRun, sketch: Sketch) -> None:
        super().__init__(work, run)
        self._sketch = sketch

    def carry_out(self) -> None:
        work = self.work
        may_begin(work)
        if work.pairing.restored_at:
            raise NotReady("The portal's data was restored from a backup. A sync has to get through before a preview.")
        begun = self._sketch.begun()
        if begun is None:
            self.read()
            if not work.ledger_is_fresh:
                return  # nothing is new, so there is nothing to plan that the last run did not
        policy = policy_of(work.pairing)
        moved = unsettle_on_change(work.pairing, policy)
        if begun is None or moved:
            begun = Begun(tuple(clusters.unsettled_clusters(work.pairing)), work.banks_closed)
            self._sketch.begin(begun)
        work.banks_closed = begun.banks_closed
        self._plan_what_is_left(begun, policy)

    def _plan_what_is_left(self, begun: Begun, policy: Policy) -> None:
        """Raises SliceIsOver, after at least one chunk, so that every slice gets somewhere."""
        work = self.work
        catalog, matches = open_catalog(work, [id for cluster in begun.clusters for id in cluster.contact_ids])
        catalog.claim_again(self._sketch.claims())
        left = list(clusters.chunks(begun.clusters))[self._sketch.chunks() :]
        self.run.total = sum(cluster.bills for cluster in begun.clusters)
        self._start(sum(cluster.bills for chunk in left for cluster in chunk))
        for number, chunk in enumerate(left, start=1):
            began = work.clock.now()
            self._sketch.keep(self._foreseen(chunk, policy, catalog, matches))
            self._beat(sum(cluster.bills for cluster in chunk))
            if number < len(left):
                work.pause(next_takes=work.clock.now() - began)

    def _foreseen(
        self, chunk: list[Cluster], policy: Policy, catalog: Catalog, matches: Mapping[str, Match]
    ) -> Foreseen:
        loaded, found = self.load(chunk, catalog, matches), Foreseen()
        for job in [self.plan(loaded, cluster, policy, catalog, matches) for cluster in chunk]:
            self.work.hold.keep()
            executor = Executor(self.work, self.run, catalog, job.group.links)
            found.planned += previewed.would_do(executor, job, policy)
            found.problems += job.plan.problems
        found.claims = catalog.take_claims()
        return found
