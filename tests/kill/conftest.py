"""A real worker and the stand-ins, each a process of its own, on the database of the test."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from firms.models import Firm, User
from integrations.models import Errand, SyncRun
from integrations.sandbox.store import Store
from integrations.sync.lease import LEASE
from integrations.systems.clock import SystemClock
from tests.portal import Portal, make_portal
from tests.served import MachineClock, free_port, lead_to, unhurried, unpaced

CLOCK = SystemClock()


@dataclass(frozen=True)
class StandIns:
    """Served by a process of their own."""

    site: str
    path: Path


@dataclass(frozen=True)
class Fate:
    """What became of a worker: through, killed, or stopped and still there."""

    pid: int
    ended: int | None

    @property
    def was_killed(self) -> bool:
        return self.ended == -signal.SIGKILL


class Workers:
    """Starts workers one after the other; each is through when nothing waits any more."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def work(self, **order: Any) -> Fate:
        return self._told(order)

    def thaw(self, stopped: Fate) -> Fate:
        os.kill(stopped.pid, signal.SIGCONT)
        return self._told({"pid": stopped.pid})

    def _told(self, order: dict[str, Any]) -> Fate:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Fate(**json.loads(self._process.stdout.readline()))


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    port, path = free_port(), tmp_path_factory.mktemp("stand-ins") / "world.sqlite3"
    command = [sys.executable, "-m", "integrations.sandbox", "--port", str(port), "--prefix", "/sandbox"]
    process = subprocess.Popen([*command, "--file", str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    json.loads(process.stdout.readline())
    yield StandIns(f"http://127.0.0.1:{port}", path)
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def environment(stand_ins: StandIns, django_db_setup: None, django_db_blocker: Any) -> dict[str, str]:
    """Of processes that work for the portal of a test."""
    with django_db_blocker.unblock():
        connection.ensure_connection()
        database = {"KILL_DATABASE": connection.settings_dict["NAME"], "KILL_HOST": connection.settings_dict["HOST"]}
        connection.close()
    return {**os.environ, **database, "DJANGO_SETTINGS_MODULE": "tests.kill.settings", "SITE_URL": stand_ins.site}


@pytest.fixture(scope="session")
def workers(environment: dict[str, str]) -> Iterator[Workers]:
    command = [sys.executable, "-m", "tests.kill.worker"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Workers(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def portal_of(alice: User, stand_ins: StandIns, settings: Settings) -> Iterator[Callable[[Firm], Portal]]:
    """A firm with both systems freshly opened, connected and mapped."""
    lead_to(settings, stand_ins.site, stand_ins.path)
    store = Store(stand_ins.path)
    unhurried(store)
    with unpaced():
        yield lambda firm: make_portal(firm, alice, store=store, clock=MachineClock(store))


@pytest.fixture
def portal(acme: Firm, portal_of: Callable[[Firm], Portal]) -> Portal:
    return portal_of(acme)


def silent_for_long() -> None:
    """Whoever holds anything has said nothing for the length of a lease."""
    long_ago = CLOCK.now() - LEASE - timedelta(seconds=1)
    for model in (SyncRun, Errand):
        model.all_firms.exclude(held_by="").update(heartbeat_at=long_ago)
