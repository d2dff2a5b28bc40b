"""Seals every stored authorisation with the first of TOKEN_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from integrations import hook_secrets
from integrations.tokens import rotate_keys


class Command(BaseCommand):
    help = (
        "Put a new key first in TOKEN_KEYS, restart everything, run this, then drop the old key. "
        "Exit status: 0 all sealed with the first key, 1 some cannot be opened with any key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        rotation = rotate_keys()
        secrets, lost = hook_secrets.rotate()
        self.stdout.write(f"{rotation.sealed} sealed with the first key")
        if secrets:
            self.stdout.write(f"{secrets} secrets of webhooks sealed with the first key")
        if lost:
            self.stdout.write(f"{lost} secrets of webhooks cannot be opened; Clio is asked for new ones within a day")
        if rotation.unreadable:
            self.stderr.write(
                f"{rotation.unreadable} cannot be opened with any of the keys. Put their key back into TOKEN_KEYS and "
                "repeat this, or have those firms connect again."
            )
            raise SystemExit(1)
