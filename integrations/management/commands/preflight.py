"""Checks settings, numbering and mapping."""

from typing import Any

from firms.models import Firm
from integrations.core.errors import RemoteError
from integrations.gateways import open_workspace
from integrations.issue_codes import code
from integrations.management.base import FirmCommand
from integrations.models.pairing import live_pairing
from integrations.preflight import preflight
from integrations.queries.checklist import about_settings, checklist
from integrations.sync.policy import NotReady

STATES = {"ok": "ok", "settled": "accepted"}


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
        pairing = live_pairing(firm)
        checks = checklist(firm, pairing, about_settings(firm)) if pairing else []
        told = [{"name": check.item.name, "state": check.state, "said": check.said} for check in checks]
        return {"firm": firm.slug, "findings": findings, "checks": told}, 1 if findings else 0

    def print(self, payload: dict[str, Any]) -> None:
        for finding in payload["findings"]:
            self.stdout.write(f"{finding['severity']:<8} {finding['code']:<22} {finding['message']}")
        for check in payload.get("checks", ()):
            if check["state"] in ("ok", "settled"):
                self.stdout.write(f"{STATES[check['state']]:<8} {check['name']:<22} {check['said']}")
        if not payload["findings"]:
            self.stdout.write("Everything is ready")
