"""Open issues of a firm, and resolving one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from firms.models import Firm
from integrations.management.base import FirmCommand
from integrations.models import Issue
from integrations.reports import issues_report
from integrations.resolving import CannotResolve, open_issues, resolve
from integrations.systems.clock import SystemClock


class Command(FirmCommand):
    help = "Lists open issues, or resolves one. Exit status: 0 none needs a person, 1 some do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--resolve", nargs=2, metavar=("ID", "ACTION"), help="carried out by the next run")
        parser.add_argument("--field", action="append", default=[], metavar="NAME=VALUE", help="what the action needs")

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        if options["resolve"]:
            self._resolve(firm, *options["resolve"], options["field"])
        issues = open_issues(firm)
        return issues_report(firm, issues), int(any(issue.severity == "error" for issue in issues))

    def _resolve(self, firm: Firm, id_: str, action: str, fields: list[str]) -> None:
        issue = Issue.objects.of(firm).filter(pk=id_ if id_.isdigit() else 0).first()
        if issue is None:
            raise CommandError(f"There is no issue {id_} of this firm.", returncode=2)
        values = dict(field.partition("=")[::2] for field in fields)
        try:
            resolve(issue, action, None, SystemClock(), value=values.get("value", next(iter(values.values()), "")))
        except CannotResolve as error:
            raise CommandError(str(error), returncode=2) from error

    def print(self, payload: dict[str, Any]) -> None:
        for issue in payload["issues"]:
            self.stdout.write(f"{issue['id']:>6} {issue['severity']:<8} {issue['code']:<22} {issue['message']}")
            self.stdout.write(f"{'':>39}{', '.join(issue['actions'])}")
        if not payload["issues"]:
            self.stdout.write("Nothing is open")
