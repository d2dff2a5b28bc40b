"""Tells the portal that its database was restored from a backup."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations.models import Pairing
from integrations.sync import restored
from integrations.systems.clock import SystemClock


class Command(BaseCommand):
    help = (
        "After the database was restored from a backup, and before workers are started: every firm's systems are read "
        "again, and what the portal wrote since the backup is found by its mark and linked, not written twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        now = SystemClock().now()
        live = list(Pairing.all_firms.filter(archived_at=None).select_related("firm").order_by("pk"))
        for pairing in live:
            restored.note(pairing, now)
        if options["json"]:
            self.stdout.write(json.dumps({"firms": [pairing.firm.slug for pairing in live]}))
            return
        self.stdout.write(f"{len(live)} firms look for what was written since the backup before they write anything.")
