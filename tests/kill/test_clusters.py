"""Two of the queue's clusters work on one database, as two machines would."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from firms.membership import create_firm
from firms.models import Firm, User
from integrations import tasks
from integrations.models import Pairing, SyncRun
from tests.kill.conftest import CLOCK
from tests.kill.test_kill import one_of_each, story
from tests.portal import Portal

pytestmark = pytest.mark.django_db(transaction=True)
FIRMS = 4


def test_two_clusters_do_everything_once_and_end_when_told(
    portal_of: Callable[[Firm], Portal], alice: User, environment: dict[str, str]
) -> None:
    portals = [portal_of(create_firm(alice, f"Firm {n}", f"firm-{n}")) for n in range(FIRMS)]
    for portal in portals:
        story(portal, 1)
    for _ in range(FIRMS * 3):  # more bells than there is work
        tasks.ring()
    with cluster(environment) as one, cluster(environment) as two:
        wait_until(lambda: SyncRun.all_firms.exclude(finished_at=None).count() == FIRMS)
        for portal in portals:
            Pairing.objects.of(portal.firm).update(sync_asked_at=CLOCK.now())
        for _ in range(FIRMS):
            tasks.ring()
        wait_until(lambda: SyncRun.all_firms.exclude(finished_at=None).count() == 2 * FIRMS)
        assert ended(one, two) == [0, 0]
    for portal in portals:
        one_of_each(portal, 1)
        assert SyncRun.objects.of(portal.firm).count() == 2


@contextmanager
def cluster(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    quiet = {**environment, "Q_WORKERS": "2"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"], env=quiet, start_new_session=True, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def ended(*processes: "subprocess.Popen[bytes]") -> list[int]:
    """The exit statuses, after SIGTERM to the main processes only."""
    for process in processes:
        process.terminate()
    return [process.wait(30) for process in processes]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
