"""Proposes a mapping for everything, and applies it."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from firms.models import Firm
from integrations import mapping
from integrations.core.errors import RemoteError
from integrations.gateways import open_workspace
from integrations.management.base import FirmCommand
from integrations.sync.policy import NotReady


class Command(FirmCommand):
    help = "Proposes items and accounts; --apply creates what is missing in QuickBooks and saves everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--start-date", metavar="D", help="bills issued from this day on are in scope (YYYY-MM-DD)")
        parser.add_argument("--apply", action="store_true")

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        start = _day(options["start_date"])
        try:
            work = open_workspace(firm)
            if options["apply"] and work.ledger_is_unconfirmed:
                raise NotReady(
                    "Confirm on the connections page that this is the right QuickBooks company, then repeat."
                )
            mapping.read_targets(work)
            start = start or work.pairing.start_date or mapping.default_start_date(firm.day_of(work.clock.now()))
            proposals = (
                mapping.apply(work, start) if options["apply"] else mapping.recommend(mapping.targets(work.pairing))
            )
        except (NotReady, RemoteError, mapping.InvalidMapping) as error:
            raise CommandError(str(error), returncode=2) from error
        report = [proposal.report() for proposal in proposals]
        return {"firm": firm.slug, "start_date": start.isoformat(), "applied": options["apply"], "mapping": report}, 0

    def print(self, payload: dict[str, Any]) -> None:
        self.stdout.write(f"Start date {payload['start_date']}")
        for row in payload["mapping"]:
            target = f"{row['name']} → {row['account']}" if row["account"] != row["name"] else row["name"]
            made = f"  (creates {', '.join(row['creates'])})" if row["creates"] and not payload["applied"] else ""
            self.stdout.write(f"{row['label']:<32} {target}{made}")
            if row["note"]:
                self.stdout.write(f"{'':<33}{row['note']}")
        if not payload["applied"]:
            self.stdout.write("Nothing is saved yet; add --apply.")


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise CommandError(f"--start-date must be a day such as 2026-01-01 (got “{value}”).", returncode=2) from error
