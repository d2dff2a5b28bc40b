"""A dry run: every change with its debit and credit lines, and nothing written."""

from typing import Any

from firms.models import Firm
from integrations.core.errors import RemoteError
from integrations.gateways import open_workspace
from integrations.management.base import FirmCommand
from integrations.models import SyncRun
from integrations.reports import change_report
from integrations.sync.foreseeing import preview
from integrations.sync.policy import NotReady
from integrations.sync.run import RunIsOpen, open_run


class Command(FirmCommand):
    help = "Shows what a run would do. Exit status: 0 nothing to do, 1 changes, 2 could not tell."

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        try:
            work = open_workspace(firm)
            run = open_run(work.pairing, work.clock, SyncRun.Trigger.COMMAND, is_dry=True)
            planned = preview(work, run)
        except (NotReady, RunIsOpen, RemoteError) as error:
            return {"firm": firm.slug, "reason": str(error), "changes": []}, 2
        listed = [change_report(one.change) for one in planned]
        return {"firm": firm.slug, "reason": None, "changes": listed}, 1 if listed else 0

    def print(self, payload: dict[str, Any]) -> None:
        if payload["reason"]:
            self.stderr.write(payload["reason"])
            return
        for change in payload["changes"]:
            self.stdout.write(f"{change['action']:<7} {change['title']}  {change['amount']}  {change['reason']}")
            for line in change["lines"]:
                self.stdout.write(f"        {line['account']:<40} {line['debit']:>14} {line['credit']:>14}")
        self.stdout.write(f"{len(payload['changes'])} changes" if payload["changes"] else "Nothing to do")
