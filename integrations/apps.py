"""The app that keeps QuickBooks true to Clio."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    label = "integrations"
    verbose_name = "Clio and QuickBooks"
