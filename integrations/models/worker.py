"""When the queue was last seen at work."""

from django.db import models


class Worker(models.Model):
    """One row for the installation; it belongs to no firm."""

    name = models.CharField(max_length=16, unique=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} seen at {self.seen_at}"
