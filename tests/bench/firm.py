"""The firm a benchmark works for, and one timed run of it."""

import time
from datetime import UTC, datetime, timedelta

import requests
from django.conf import settings

from firms.membership import create_firm
from firms.models import User
from integrations import connecting, mapping
from integrations.gateways import open_workspace
from integrations.models import Connection, SyncRun
from integrations.sandbox.consent import consent
from integrations.sync.run import open_run, sync
from integrations.sync.workspace import Workspace


class RemoteClock:
    """The stand-ins' clock seen from another process: waiting moves it on there."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.slept_s)

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        requests.post(f"{settings.SITE_URL}/sandbox/clock", json={"seconds": seconds}, timeout=10).raise_for_status()


def connected_firm(clio: str, quickbooks: str) -> tuple[Workspace, RemoteClock]:
    clock, owner = RemoteClock(), User.objects.create_user("bench@example.com", None)
    firm = create_firm(owner, "Bench LLP", "bench")
    visitor, browser = connecting.Visitor(owner, "bench"), requests.Session()
    for system, account in (("clio", clio), ("quickbooks", quickbooks)):
        address = connecting.begin(firm, visitor, system, "us", clock)
        connecting.finish(visitor, system, consent(browser, address, account), clock)
    connecting.confirm(Connection.objects.of(firm).get(system="quickbooks"), owner, clock)
    work = open_workspace(firm, clock)
    mapping.read_targets(work)
    mapping.apply(work, mapping.default_start_date(clock.now().date()))
    return work, clock


def run_once(work: Workspace, clock: RemoteClock) -> dict[str, object]:
    work = open_workspace(work.firm, clock)
    started, cpu, slept = time.monotonic(), time.process_time(), clock.slept_s
    run = open_run(work.pairing, clock, SyncRun.Trigger.COMMAND)
    sync(work, run)
    wall = time.monotonic() - started
    return {
        "outcome": f"{run.outcome} {run.reason}".strip(),
        "wall_s": wall,
        "virtual_s": wall + clock.slept_s - slept,
        "cpu_s": time.process_time() - cpu,
        "requests": run.requests,
        "done": run.counts,
    }
