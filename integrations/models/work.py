"""Work that the queue does: held by one worker at a time, and counted as tried before any of it is done."""

from django.db import models


class Work(models.Model):
    """``fence`` grows with every claim, so that what a worker holds no more is not written by it.

    A worker that says nothing for the length of a lease has died, and the work is free again.
    """

    held_by = models.CharField(max_length=64, blank=True)  # machine and process; empty while it waits for its turn
    heartbeat_at = models.DateTimeField()  # when its worker last said that it lives, or when it began to wait
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)  # how often it was taken up since it last got somewhere

    class Meta:
        abstract = True

    @property
    def is_waiting(self) -> bool:
        """It is not finished and nobody works on it: the next slice waits for its turn."""
        return not self.held_by
