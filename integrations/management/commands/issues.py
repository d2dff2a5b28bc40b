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
            id_, action = options["resolve"]
            self._resolve(firm, id_, action, _fields(options["field"]))
        elif options["field"]:
            raise CommandError("--field says what an action needs; it goes with --resolve ID ACTION.", returncode=2)
        issues = open_issues(firm)
        return issues_report(firm, issues), int(any(issue.severity == "error" for issue in issues))

    def _resolve(self, firm: Firm, id_: str, action: str, fields: dict[str, str]) -> None:
        known = {str(issue.pk): issue for issue in self._resolvable(firm)}
        if id_ not in known:
            raise CommandError(f"There is no open issue {id_} of this firm.", returncode=2)
        try:
            value = fields.get("value", next(iter(fields.values()), ""))
            resolve(known[id_], action, None, SystemClock(), value=value)
        except CannotResolve as error:
            raise CommandError(str(error), returncode=2) from error

    def _resolvable(self, firm: Firm) -> list[Issue]:
        """Whatever is not closed; an accepted difference may be decided anew."""
        rows = Issue.objects.of(firm).filter(pairing__archived_at=None)
        return list(rows.exclude(state=Issue.State.CLOSED).select_related("pairing"))

    def print(self, payload: dict[str, Any]) -> None:
        for issue in payload["issues"]:
            self.stdout.write(f"{issue['id']:>6} {issue['severity']:<8} {issue['code']:<22} {issue['message']}")
            self.stdout.write(f"{'':>39}{', '.join(issue['actions'])}")
        if not payload["issues"]:
            self.stdout.write("Nothing is open")


def _fields(given: list[str]) -> dict[str, str]:
    """Raises CommandError for anything but NAME=VALUE."""
    fields = dict(field.partition("=")[::2] for field in given)
    if not all(name and value for name, value in fields.items()):
        raise CommandError("--field is written NAME=VALUE, for example --field customer=58.", returncode=2)
    return fields
