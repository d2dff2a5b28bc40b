"""What every process that calls for a connection has to know: how much was called, and whether calls are refused."""

from django.db import models

from firms.scoping import FirmOwned
from integrations.models.connection import Connection


class CallBudget(FirmOwned):
    """The pace of one connection. ``version`` tells a process that another has changed it since it looked."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="+")
    version = models.PositiveBigIntegerField(default=0)
    standing = models.JSONField(default=dict)  # systems.pace.Standing

    class Meta(FirmOwned.Meta):
        constraints = [*FirmOwned.Meta.constraints]

    def __str__(self) -> str:
        return f"budget of connection {self.connection_id}"
