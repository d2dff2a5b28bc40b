"""The app that keeps QuickBooks true to Clio."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class IntegrationsConfig(AppConfig):
    name = "integrations"
    label = "integrations"
    verbose_name = "Clio and QuickBooks"

    def ready(self) -> None:
        from integrations import checks  # noqa: F401 - registers them

        post_migrate.connect(keep_schedule, sender=self)


def keep_schedule(using: str, **_: Any) -> None:
    """After every migration the queue has exactly one schedule of ours: the tick, once a minute."""
    from django_q.models import Schedule

    if Schedule._meta.db_table not in connections[using].introspection.table_names():
        return
    ticks = Schedule.objects.using(using).filter(name="tick").order_by("pk")
    wanted = {
        "func": "integrations.tasks.scheduled_tick",
        "schedule_type": Schedule.MINUTES,
        "minutes": 1,
        "repeats": -1,
    }
    first = ticks.first()
    if first is None:
        Schedule.objects.using(using).create(name="tick", **wanted)
        return
    ticks.filter(pk=first.pk).update(**wanted)
    ticks.exclude(pk=first.pk).delete()
