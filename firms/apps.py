"""The app of people and firms."""

from django.apps import AppConfig


class FirmsConfig(AppConfig):
    name = "firms"
    verbose_name = "People and firms"
