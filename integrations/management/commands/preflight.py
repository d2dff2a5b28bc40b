"""Checks settings, numbering and mapping."""

from typing import Any

from firms.models import Firm
from integrations.core.errors import RemoteError
from integrations.gateways import open_workspace
from integrations.issue_codes import code
from integrations.management.base import FirmCommand
from integrations.preflight import preflight
from integrations.sync.policy import NotReady


class Command(FirmCommand):
    help = "Checks what has to be right before a sync. Exit status: 0 clear, 1 findings."

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        try:
            found = preflight(open_workspace(firm))
        except (NotReady, RemoteError) as error:
            return {
                "firm": firm.slug,
                "findings": [{"code": "not_ready", "severity": "error", "message": str(error)}],
            }, 1
        findings = [
            {"code": name, "severity": str(code(name).severity), "message": message} for name, message in found.items()
        ]
        return {"firm": firm.slug, "findings": findings}, 1 if findings else 0

    def print(self, payload: dict[str, Any]) -> None:
        for finding in payload["findings"]:
            self.stdout.write(f"{finding['severity']:<8} {finding['code']:<22} {finding['message']}")
        if not payload["findings"]:
            self.stdout.write("Everything is ready")
