"""One run in the foreground."""

import time
from typing import Any

from firms.models import Firm
from integrations.gateways import open_workspace
from integrations.management.base import FirmCommand
from integrations.models import SyncRun
from integrations.reports import run_report
from integrations.sync.policy import NotReady
from integrations.sync.run import RunIsOpen, open_run, sync
from integrations.systems.clock import SystemClock

WAIT_S = 30
STATUS = {"in_sync": 0, "issues": 1, "held": 2, "failed": 2}


class Command(FirmCommand):
    help = "Synchronises one firm now. Exit status: 0 in sync, 1 something needs a person, 2 failed or held."

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        try:
            work = open_workspace(firm)
            run = _open(work.pairing, SystemClock())
        except (NotReady, RunIsOpen) as error:
            return run_report(firm, None, str(error)), 2
        sync(work, run)
        return run_report(firm, run), STATUS[run.outcome]

    def print(self, payload: dict[str, Any]) -> None:
        words = {"in_sync": "In sync", "issues": "Needs you", "held": "Held", "failed": "Failed"}
        self.stdout.write(words[payload["outcome"]] + (f": {payload['reason']}" if payload["reason"] else ""))
        columns = ("created", "updated", "voided", "adopted", "unchanged", "waiting", "issues")
        self.stdout.write(f"{'':<10}" + "".join(f"{name:>11}" for name in columns))
        for kind, counts in payload["kinds"].items():
            self.stdout.write(f"{kind:<10}" + "".join(f"{counts[name]:>11}" for name in columns))


def _open(pairing: Any, clock: SystemClock) -> SyncRun:
    """Waits a while for a run that is open."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            return open_run(pairing, clock, SyncRun.Trigger.COMMAND)
        except RunIsOpen:
            if time.monotonic() > until:
                raise
            time.sleep(1)
