"""The product as it is, on a network, a queue and two workers that fail by chance, and a clock that only we move.

A step is something people do, time that goes by, a turn of the scheduler or of a worker, a webhook. What must never be
is checked after each; once the faults are over, everything must agree within three rounds.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from integrations import subscribing, tasks
from integrations.gateways import open_clio, open_workspace
from integrations.models import Batch, Dispatch, SyncRun
from integrations.sandbox.clio.office import OfficeError
from integrations.sandbox.outbox import Post
from integrations.sandbox.quickbooks.faults import Refusal
from integrations.views import hooks
from tests.hooks.bodies import VERIFIER
from tests.hooks.carrying import deliver
from tests.oracle import _is_void, _mark
from tests.properties.play.pick import Nothing, Pick
from tests.properties.play.stage import QUARTER_OF_AN_HOUR, TRANSACTIONS, Play
from tests.simulate.network import Killed, Network

MINUTE = 60
ROUNDS = 3
STEPS = 16
LATELY = 8  # so many statements lie between locking a token's row and renewing it, at most
BELLS = 200  # more than this in one go is a bell that rings for ever
RATES = ((0.0, 0.5), (0.005, 0.3), (0.02, 0.2), (0.1, 0.1))  # of reads and of writes: many reads make one run


class Violation(AssertionError):
    """An invariant does not hold; the text says which, and everything that happened."""


class Simulation:
    """One seed, played on a firm at play."""

    def __init__(self, play: Play, acts: Mapping[str, tuple[Any, ...]], seed: int) -> None:
        self.play, self.seed, self.chance = play, seed, Random(seed)
        areas = self.chance.sample(sorted(acts), 3)
        self.acts = [acts[area] for area in areas]
        self.bells: list[tuple[str, tuple[int, ...]]] = []
        self.depth, self.is_dying, self.lately = 0, False, deque[str](maxlen=LATELY)
        rates = self.chance.choice(RATES)
        self.network = Network(play.portal, self.chance, *rates, self._turn, self._kill, self._is_locked)
        self.story = self.network.story
        often = " and ".join(f"{rate:.1%}" for rate in rates)
        self.story.append(f"seed {seed}: {', '.join(areas)}; faults in {often} of reads and writes")

    def run(self) -> None:
        """Raises Violation."""
        with self._in_the_portal():
            for _ in range(STEPS):
                self._step()
                self._check_what_must_never_be()
            self._heal()

    # What happens

    def _step(self) -> None:
        what = self.chance.choices(STEP_NAMES, STEP_WEIGHTS)[0]
        self.story.append(f"  {what}")
        getattr(self, f"_{what}")()

    def _people(self) -> None:
        for _ in range(self.chance.randint(1, 2)):
            act, pick = self.chance.choice(self.chance.choice(self.acts)), Pick(self.chance)
            try:
                act(self.play, pick)
            except (Nothing, OfficeError, Refusal):
                continue
            self.story.append(f"    {act.__name__}({', '.join(pick.story)})")
            self.play.portal.clock.sleep(2)
            self.play.note_clients()

    def _time(self) -> None:
        self.play.portal.clock.sleep(self.chance.choice([20, 3 * MINUTE, 16 * MINUTE, 2 * 3600]))

    def _minutes(self) -> None:
        """A few minutes in which the queue does what it should."""
        self.play.portal.clock.sleep(self.chance.choice([2 * MINUTE, 4 * MINUTE, 16 * MINUTE]))
        for _ in range(2):
            self._asked() if self.chance.random() < 0.5 else self._scheduler()
            for name, args in self._drained():
                self._alive(import_string(name), *args)

    def _scheduler(self) -> None:
        self._alive(tasks.tick)

    def _bell(self) -> None:
        """A message of the queue: lost, delivered late, in any order, or twice."""
        if not self.bells:
            return
        name, args = self.bells.pop(self.chance.randrange(len(self.bells)))
        for _ in range(self.chance.choice([0, 1, 1, 1, 1, 2])):
            self._alive(import_string(name), *args)

    def _mail(self) -> None:
        """Webhooks: lost, doubled and shuffled."""

        def fate(posts: Sequence[Post]) -> Sequence[Post]:
            sent = [post for post in posts for _ in range(self.chance.choice([0, 1, 1, 2]))]
            return self.chance.sample(sent, len(sent))

        self._alive(deliver, self.play.portal, fate)

    def _asked(self) -> None:
        portal = self.play.portal
        self._alive(tasks.ask_for_sync, portal.pairing, portal.owner, portal.clock)

    def _alive(self, task: Any, *args: Any) -> None:
        """Does a task in a worker that may be killed; nothing it does once it is dead reaches the database."""
        self.depth += 1
        try:
            task(*args)
            ringing, connection.run_on_commit = connection.run_on_commit, []
            for _, ring, *_ in ringing:
                ring()
        except Killed:
            connection.run_on_commit = []
        finally:
            self.depth -= 1
            self.is_dying = False

    def _kill(self) -> None:
        self.is_dying = True

    def _turn(self, hung: bool) -> None:
        """The other worker, while this one waits for an answer."""
        if self.depth > 1:
            return
        if hung:
            self.play.portal.clock.sleep(20 * MINUTE)
        self._alive(tasks.tick)
        for name, args in self._drained():
            self._alive(import_string(name), *args)

    def _drained(self) -> list[tuple[str, tuple[int, ...]]]:
        bells, self.bells = self.bells, []
        return bells

    @contextmanager
    def _in_the_portal(self) -> Iterator[None]:
        """The tasks as the queue calls them, on our clock, our network and our queue."""
        portal = self.play.portal

        def opened(firm: Any, clock: Any) -> Any:
            return open_workspace(firm, clock, portal.session)

        def ring(name: str, *args: int) -> None:
            self.bells.append((name, args))

        with (
            patch.object(tasks, "SystemClock", lambda: portal.clock),
            patch.object(tasks, "open_workspace", opened),
            patch.object(tasks, "async_task", ring),
            patch.object(
                subscribing, "open_clio", lambda connection, clock, _: open_clio(connection, clock, portal.session)
            ),
            patch.object(subscribing, "open_workspace", lambda firm, clock, _: opened(firm, clock)),
            patch.object(hooks, "CLOCK", portal.clock),
            patch.dict(settings.QBO, verifier_token=VERIFIER),
            connection.execute_wrapper(self._to_the_database),
        ):
            portal.wire.before.append(self.network)
            yield

    def _to_the_database(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if self.is_dying:
            raise Killed
        self.lately.append(str(sql))
        return execute(sql, params, many, context)

    def _is_locked(self) -> bool:
        """Whether the token's row was locked just now, by the transaction that is still open."""
        return any("FOR UPDATE" in sql and "integrations_oauthtoken" in sql for sql in self.lately)

    # What has to hold

    def _check_what_must_never_be(self) -> None:
        self._never(self._runs(), "two unfinished runs of one firm")
        self._never(self._doubled(), "more than one live document for one thing of Clio")
        self._never(self._created_in_clio(), "something was created in Clio")
        self._never(self._elsewhere(), "a call to another company")
        self._never(self._unannounced(), "a write that no committed intent told of")

    def _never(self, found: list[Any], what: str) -> None:
        if found:
            raise Violation("\n".join([*self.story, f"{what}: {found}"]))

    def _runs(self) -> list[Any]:
        open_ = list(SyncRun.objects.of(self.play.portal.firm).filter(finished_at=None).values_list("pk", flat=True))
        return open_ if len(open_) > 1 else []

    def _doubled(self) -> list[Any]:
        slug, marks = self.play.portal.firm.slug, Counter[Any]()
        for entity in (*TRANSACTIONS, "Customer"):
            for doc in self.play.quickbooks.all(entity):
                if not _is_void(doc) and doc.get("Active", True) and (mark := _mark(doc, slug)):
                    marks[mark] += 1
        return [mark for mark, count in marks.items() if count > 1]

    def _created_in_clio(self) -> list[Any]:
        made = [entry for entry in self.play.portal.log if entry[0] in ("POST", "DELETE") and "/clio/api/" in entry[1]]
        return [entry for entry in made if "/webhooks" not in entry[1]]

    def _elsewhere(self) -> list[Any]:
        realm = self.play.portal.pairing.ledger.external_account_id
        return [path for _, path, _ in self.play.portal.log if "/v3/company/" in path and f"/{realm}/" not in path]

    def _unannounced(self) -> list[Any]:
        sent = {
            query.partition("requestid=")[2].partition("&")[0]
            for method, path, query in self.play.portal.log
            if method == "POST" and "/v3/" in path
        }
        return sorted(sent - self._intents())

    def _intents(self) -> set[str]:
        rows = (model.objects.of(self.play.portal.firm) for model in (Dispatch, Batch))
        return {id for found in rows for id in found.values_list("request_id", flat=True)}

    def _heal(self) -> None:
        """The faults are over. Within three rounds everything agrees, and another run changes nothing."""
        self.story.append("  healed")
        self.network.is_calm = True
        self.play.portal.clock.sleep(130)
        self.network.arrive(all_of_them=True)
        findings: list[str] = []
        for _ in range(ROUNDS):
            self._round()
            self._check_what_must_never_be()
            findings = self._unsettled()
            if not findings:
                break
        self._never(findings, f"not in agreement after {ROUNDS} rounds")
        written = len(self._written())
        self._round()
        self._never(self._written()[written:], "a run that found nothing new wrote")

    def _written(self) -> list[Any]:
        """Every write to either system's records."""
        return [entry for entry in self.play._writes() if "/webhooks" not in entry[1]]

    def _round(self) -> None:
        self.play.portal.clock.sleep(QUARTER_OF_AN_HOUR)
        self._alive(tasks.ask_for_sync, self.play.portal.pairing, self.play.portal.owner, self.play.portal.clock)
        self._alive(tasks.tick)
        for _ in range(BELLS):
            if not self.bells:
                return
            for name, args in self._drained():
                self._alive(import_string(name), *args)
        self._never(self.bells, "the bell rings for ever")

    def _unsettled(self) -> list[str]:
        run = SyncRun.objects.of(self.play.portal.firm).order_by("-id").first()
        assert run is not None
        ended = run.outcome in ("in_sync", "issues", "held")
        self.play.note_clients()
        issues = [*self.play._issues_in_words()]
        return [f"run {run.pk} {run.outcome}: {run.reason}", *issues] if not ended else self._judged(issues)

    def _judged(self, issues: list[str]) -> list[str]:
        findings = self.play.judged()
        unknown = Dispatch.objects.of(self.play.portal.firm).filter(
            state__in=[Dispatch.State.SENT, Dispatch.State.UNKNOWN]
        )
        findings += [f"nobody knows what became of: {dispatch}" for dispatch in unknown]
        return [*findings, *issues] if findings else []


STEPS_BY_NAME = {"people": 6, "minutes": 7, "time": 1, "scheduler": 1, "bell": 2, "asked": 1, "mail": 2}
STEP_NAMES, STEP_WEIGHTS = list(STEPS_BY_NAME), list(STEPS_BY_NAME.values())
