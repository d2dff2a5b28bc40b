"""What the scheduler does once a minute."""

from typing import Any

from django.core.management.base import BaseCommand

from integrations.tasks import tick


class Command(BaseCommand):
    help = "Rings for every firm whose run is due. The queue's schedule does this once a minute by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        tick()
