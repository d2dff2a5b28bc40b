"""Open issues of a firm, and resolving one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from firms.models import Firm, Membership, User
from firms.roles import Permission
from integrations.contact_choices import as_value
from integrations.management.base import FirmCommand
from integrations.models import Issue
from integrations.reports import accepted_report, issues_report
from integrations.resolving import CannotResolve, accepted_issues, open_issues, resolve
from integrations.systems.clock import SystemClock
from integrations.takebacks import TooLate, take_back


class Command(FirmCommand):
    help = "Lists open issues, or resolves one. Exit status: 0 none needs a person, 1 some do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--resolve", nargs=2, metavar=("ID", "ACTION"), help="carried out by the next run")
        parser.add_argument(
            "--resolve-all", nargs=2, metavar=("CODE", "ACTION"), help="the same for every open issue of that code"
        )
        parser.add_argument("--take-back", metavar="ID", help="takes back a decision that no run has carried out yet")
        parser.add_argument("--field", action="append", default=[], metavar="NAME=VALUE", help="what the action needs")
        parser.add_argument("--note", default="", help="why; kept in the history")
        parser.add_argument("--by", metavar="EMAIL", help="the member of the firm who decides")
        parser.add_argument("--accepted", action="store_true", help="list what has been accepted instead")

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        if options["resolve"]:
            id_, action = options["resolve"]
            self._resolve(self._one(firm, id_), action, _who(firm, options), _fields(options["field"]), options["note"])
        elif options["field"]:
            raise CommandError("--field says what an action needs; it goes with --resolve ID ACTION.", returncode=2)
        elif options["resolve_all"]:
            name, action = options["resolve_all"]
            for issue in [issue for issue in open_issues(firm) if issue.code == name]:
                self._resolve(issue, action, _who(firm, options), {}, options["note"])
        if options["take_back"]:
            self._take_back(self._one(firm, options["take_back"]), _who(firm, options))
        if options["accepted"]:
            return {"firm": firm.slug, "issues": [accepted_report(issue) for issue in accepted_issues(firm)]}, 0
        issues = open_issues(firm)
        return issues_report(firm, issues), int(any(issue.severity == "error" for issue in issues))

    def _one(self, firm: Firm, id_: str) -> Issue:
        known = {str(issue.pk): issue for issue in self._resolvable(firm)}
        if id_ not in known:
            raise CommandError(f"There is no open issue {id_} of this firm.", returncode=2)
        return known[id_]

    def _resolve(self, issue: Issue, action: str, who: User | None, fields: dict[str, str], note: str) -> None:
        try:
            always = fields.pop("always", "no") == "yes"
            value = fields.get("value", next(iter(fields.values()), ""))
            if action == "merge":
                value = as_value(fields)
            resolve(issue, action, who, SystemClock(), value=value, note=note, always=always)
        except CannotResolve as error:
            raise CommandError(str(error), returncode=2) from error

    def _take_back(self, issue: Issue, who: User | None) -> None:
        try:
            take_back(issue, who, SystemClock())
        except TooLate as error:
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


def _who(firm: Firm, options: dict[str, Any]) -> User | None:
    """Raises CommandError for somebody who is not a member of the firm, or may not decide."""
    if not options["by"]:
        return None
    member = Membership.objects.filter(firm=firm, user__email__iexact=options["by"]).select_related("user").first()
    if member is None or not member.may(Permission.RESOLVE):
        raise CommandError(f"{options['by']} is no member of this firm who may resolve issues.", returncode=2)
    return member.user


def _fields(given: list[str]) -> dict[str, str]:
    """Raises CommandError for anything but NAME=VALUE."""
    fields = dict(field.partition("=")[::2] for field in given)
    if not all(name and value for name, value in fields.items()):
        raise CommandError("--field is written NAME=VALUE, for example --field customer=58.", returncode=2)
    return fields
