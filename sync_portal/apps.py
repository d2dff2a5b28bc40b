"""The project as an app: its templates, static files and checks."""

from django.apps import AppConfig


class SyncPortalConfig(AppConfig):
    name = "sync_portal"

    def ready(self) -> None:
        from sync_portal import checks  # noqa: F401 - registers them
