"""Seals every stored authorisation and secret with the first of TOKEN_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from integrations import hook_secrets, two_step
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
        personal, closed = two_step.rotate()
        if personal:
            self.stdout.write(f"{personal} secrets of two-step sign-in sealed with the first key")
        if closed:
            self.stdout.write(
                f"{closed} secrets of two-step sign-in cannot be opened; support takes them away in the admin"
            )
        if rotation.unreadable:
            self.stderr.write(
                f"{rotation.unreadable} cannot be opened with any of the keys. Put their key back into TOKEN_KEYS and "
                "repeat this, or have those firms connect again."
            )
            raise SystemExit(1)
