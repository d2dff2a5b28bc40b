"""One run in the foreground."""

import time
from argparse import ArgumentParser
from typing import Any

import structlog

from firms.models import Firm
from integrations.core.ports import Clock
from integrations.gateways import open_workspace
from integrations.management.base import FirmCommand
from integrations.models import Pairing, SyncRun
from integrations.reports import run_report
from integrations.sync.policy import NotReady
from integrations.sync.run import RunIsOpen, open_run, sync

log = structlog.get_logger(__name__)
WAIT_S = 30.0
STATUS = {"in_sync": 0, "issues": 1, "held": 2, "failed": 2}


class Command(FirmCommand):
    help = "Synchronises one firm now. Exit status: 0 in sync, 1 something needs a person, 2 failed or held."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        said = "seconds to wait for a run that is open"
        parser.add_argument("--wait", type=float, default=WAIT_S, metavar="SECONDS", help=said)

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        try:
            work = open_workspace(firm)
            run = _open(work.pairing, work.clock, options["wait"])
        except (NotReady, RunIsOpen) as error:
            return run_report(firm, None, str(error)), 2
        try:
            sync(work, run)
        except Exception:  # a defect of ours: the run says so, and its status must not read as "open issues"
            log.exception("run_failed", run=run.pk)
        return run_report(firm, run), STATUS[run.outcome]

    def print(self, payload: dict[str, Any]) -> None:
        words = {"in_sync": "In sync", "issues": "Needs you", "held": "Held", "failed": "Failed"}
        self.stdout.write(words[payload["outcome"]] + (f": {payload['reason']}" if payload["reason"] else ""))
        columns = ("created", "updated", "voided", "adopted", "unchanged", "waiting", "issues")
        self.stdout.write(f"{'':<10}" + "".join(f"{name:>11}" for name in columns))
        for kind, counts in payload["kinds"].items():
            self.stdout.write(f"{kind:<10}" + "".join(f"{counts[name]:>11}" for name in columns))


def _open(pairing: Pairing, clock: Clock, wait_s: float) -> SyncRun:
    """Waits a while for a run that is open. Raises RunIsOpen."""
    until = time.monotonic() + wait_s
    while True:
        try:
            return open_run(pairing, clock, SyncRun.Trigger.COMMAND)
        except RunIsOpen:
            left = until - time.monotonic()
            if left <= 0:
                raise
            time.sleep(min(left, 1))
