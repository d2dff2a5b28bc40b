"""The queue and its two workers: they die between any two statements, wait for each other, and wake up late."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from integrations import errands, subscribing, tasks
from integrations.gateways import open_clio, open_workspace
from integrations.models import Errand, SyncRun
from integrations.sync.run import RunIsOpen, open_run, sync
from integrations.views import hooks
from tests.hooks.bodies import VERIFIER
from tests.portal import Portal
from tests.simulate.network import Killed
from tests.simulate.weather import Weather

MINUTE = 60
LONGEST = 250  # statements of a task; a run has about as many
UNDONE = ("ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT")  # what the database does itself once its client is gone


@dataclass
class Task:
    """What a worker is at, and after how many more statements it dies or somebody else works; never where negative."""

    dies_in: int
    waits_in: int
    outside: int  # so many transactions are open around it


@dataclass
class Workers:
    """Tasks as the queue calls them, on our clock, our network and our queue."""

    portal: Portal
    chance: Random
    weather: Weather
    story: list[str]
    bells: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    at: list[Task] = field(default_factory=list)  # the one who works is the last; those before wait for it
    is_dying: bool = False
    is_calm: bool = False
    locked: str | None = None  # the transaction that has a token's row locked

    @contextmanager
    def in_the_portal(self) -> Iterator[None]:
        portal = self.portal

        def opened(firm: Any, clock: Any) -> Any:
            return open_workspace(firm, clock, portal.session)

        def ring(name: str, *args: int) -> None:
            self.bells.append((name, args))

        with (
            patch.object(tasks, "SystemClock", lambda: portal.clock),
            patch.object(tasks, "open_workspace", opened),
            patch.object(errands, "open_workspace", opened),
            patch.object(tasks, "async_task", ring),
            patch.object(
                subscribing, "open_clio", lambda connection, clock, _: open_clio(connection, clock, portal.session)
            ),
            patch.object(subscribing, "open_workspace", lambda firm, clock, _: opened(firm, clock)),
            patch.object(hooks, "CLOCK", portal.clock),
            patch.dict(settings.QBO, verifier_token=VERIFIER),
            connection.execute_wrapper(self._to_the_database),
        ):
            yield

    # A worker

    def do(self, task: Callable[..., object], *args: Any) -> None:
        """Does a task in a worker that may be killed; nothing it does once it is dead reaches the database."""
        self.at.append(self._drawn())
        around, connection.atomic_blocks = connection.atomic_blocks, _blocks_of_the_test()
        try:
            task(*args)
            ringing, connection.run_on_commit = connection.run_on_commit, []
            for _, ring, *_ in ringing:
                ring()
        except Killed:
            connection.run_on_commit = []
        finally:
            connection.atomic_blocks = around
            self.at.pop()
            self.is_dying = False

    def _drawn(self) -> Task:
        soon = self._some_time(self.weather.death), self._some_time(self.weather.company)
        return Task(*soon, outside=len(connection.savepoint_ids))

    def _some_time(self, chance: float) -> int:
        return self.chance.randint(1, LONGEST) if not self.is_calm and self.chance.random() < chance else -1

    def kill(self) -> None:
        self.is_dying = True

    def drained(self) -> list[tuple[str, tuple[int, ...]]]:
        bells, self.bells = self.bells, []
        return bells

    def answer_bells(self) -> None:
        for name, args in self.drained():
            self.do(import_string(name), *args)

    # Two of them

    def turn(self, hung: bool) -> None:
        """The other worker, while this one waits for an answer, or hung for so long that it is thought dead."""
        if len(self.at) > 1:
            return
        if hung:
            self.portal.clock.sleep(20 * MINUTE)
        other = tasks.tick if hung else self.chance.choice((tasks.tick, *OTHERS))
        self.story.append(f"    meanwhile: {other.__name__.strip('_')}")
        self.do(tasks.tick) if other is tasks.tick else self.do(other, self.portal)
        self.answer_bells()

    def renew(self) -> None:
        """A token is asked for: whoever else needs one gets there at the same time, unless its row is locked."""
        if len(self.at) != 1 or self.is_locked():
            return
        self.story.append("    another worker renews the same token")
        self.do(_somebody_checks, self.portal)
        self.answer_bells()

    def is_locked(self) -> bool:
        return self.locked is not None and self.locked in connection.savepoint_ids

    def _to_the_database(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        text = str(sql)
        if not text.startswith(UNDONE):
            self._before_a_statement()
            if "FOR UPDATE" in text and "integrations_oauthtoken" in text:
                self.locked = connection.savepoint_ids[-1]
        return execute(sql, params, many, context)

    def _before_a_statement(self) -> None:
        if self.is_dying:
            raise Killed
        if not self.at:
            return
        task = self.at[-1]
        task.dies_in -= task.dies_in > 0
        task.waits_in -= task.waits_in > 0
        if task.dies_in == 0 and self._can_be_undone(task):
            self.story.append("    a worker dies")
            self.kill()
            raise Killed
        if task.waits_in == 0 and len(connection.savepoint_ids) == task.outside:
            task.waits_in = -1
            self.turn(False)

    @staticmethod
    def _can_be_undone(task: Task) -> bool:
        """A transaction without a savepoint would leave its first half, since the whole test is in one."""
        opened = connection.savepoint_ids[task.outside :]
        return not opened or opened[0] is not None


def _blocks_of_the_test() -> list[Any]:
    """Each worker has a connection of its own, on which nobody has begun a transaction."""
    return [block for block in connection.atomic_blocks if block._from_testcase]


def _somebody_asks(portal: Portal) -> None:
    tasks.ask_for_sync(portal.pairing, portal.owner, portal.clock)


def _somebody_checks(portal: Portal) -> None:
    tasks.ask_for_errand(portal.pairing, Errand.Purpose.CHECK, portal.owner, portal.clock)


def _somebody_previews(portal: Portal) -> None:
    tasks.ask_for_errand(portal.pairing, Errand.Purpose.PREVIEW, portal.owner, portal.clock)


def _an_old_bell(portal: Portal) -> None:
    """A worker that looked at the line before the run of this firm began, which somebody asks for again."""
    _somebody_asks(portal)
    tasks.sync_pairing(portal.pairing.pk)


def _by_hand(portal: Portal) -> None:
    """As the command does that runs one sync in the foreground."""
    work = open_workspace(portal.firm, portal.clock, portal.session)
    try:
        run = open_run(work.pairing, portal.clock, SyncRun.Trigger.COMMAND)
    except RunIsOpen:
        return
    sync(work, run)


OTHERS = (_somebody_asks, _somebody_checks, _somebody_previews, _an_old_bell, _by_hand)
