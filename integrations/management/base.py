"""What every command about one firm does: find the firm, reach the systems, print JSON or text, end with a status."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from firms.models import Firm

log = structlog.get_logger(__name__)


@contextmanager
def systems_reachable() -> Iterator[None]:
    """In the sandbox the stand-ins are served for the length of the command, unless the portal is being served."""
    running = import_string(settings.SANDBOX_RUNNING)() if settings.SANDBOX_RUNNING else nullcontext()
    with running:
        yield


class FirmCommand(BaseCommand):
    """A command with a firm's slug and ``--json``. ``work`` returns what to print and the exit status."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the firm's short name, as in its address")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        payload, status = self._worked(options)
        if options["json"]:
            self.stdout.write(json.dumps(payload))
        else:
            self.print(payload)
        if status:
            sys.exit(status)

    def _worked(self, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """A defect of ours ends with 2: 1 would read as an answer."""
        try:
            firm = _firm(options["slug"])
            with systems_reachable():
                return self.work(firm, options)
        except CommandError:
            raise
        except Exception as error:
            log.exception("command_failed", firm=options["slug"])
            raise CommandError("The portal itself failed; the log says more.", returncode=2) from error

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        raise NotImplementedError

    def print(self, payload: dict[str, Any]) -> None:
        raise NotImplementedError


def _firm(slug: str) -> Firm:
    firm = Firm.objects.filter(slug=slug).first()
    if firm is None:
        raise CommandError(f"There is no firm “{slug}”. Create it with createfirm.", returncode=2)
    return firm
