"""Webhooks: what Clio was asked to tell us, what arrived, and what has to be read again because of it."""

from django.db import models
from django.db.models import Q

from firms.scoping import FirmOwned
from integrations.models.connection import Connection, System
from integrations.models.mirror import Record
from integrations.models.pairing import PairingOwned


class Subscription(FirmOwned):
    """Clio tells of changes of one ``model`` at an address of its own, until ``expires_at``.

    The address holds a token, of which only the digest is kept. ``sealed`` are the secrets its posts are signed with.
    ``unheard_since``: a poll has found a change then that no post has told of, and none has come after.
    """

    class State(models.TextChoices):
        ASKED = (
            "asked",
            "Asked for",
        )  # committed before Clio is called, because its handshake may come before its answer
        PENDING = "pending", "Waiting for Clio's handshake"
        ENABLED = "enabled", "Enabled"
        ENDED = "ended", "Ended"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    model = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    token_digest = models.CharField(max_length=64, unique=True)
    external_id = models.CharField(max_length=32, blank=True)
    sealed = models.BinaryField(null=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField()  # it is renewed, or looked after, then
    failing_since = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    heard_at = models.DateTimeField(null=True)  # to the minute
    unheard_since = models.DateTimeField(null=True)

    class Meta(FirmOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["connection", "model"], condition=~Q(state="ended"), name="one_live_subscription_per_model"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} of connection {self.connection_id}"


class Delivery(models.Model):
    """A webhook that was signed as it should be, once however often it comes; what it said is not kept.

    It belongs to no firm: Intuit puts several companies into one post. ``shape`` describes one nobody understood, by
    the names in it, without its values.
    """

    class Outcome(models.TextChoices):
        MARKED = "marked", "Read again what it names"
        NOTHING = "nothing", "Nothing to read"
        UNKNOWN = "unknown", "Not understood"

    system = models.CharField(max_length=12, choices=System.choices)
    subscription = models.ForeignKey(Subscription, models.CASCADE, null=True, related_name="+")
    body_sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    received_at = models.DateTimeField(db_index=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    events = models.PositiveIntegerField(default=0)
    accounts = models.JSONField(default=list)  # the companies it named, ours or not
    shape = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "body_sha256"], nulls_distinct=False, name="one_delivery_per_body"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system} delivery {self.pk}"


class StaleMark(PairingOwned):
    """A record that has to be read again. ``entity`` is the mirror's name for it.

    Without ``entity`` and ``external_id`` anything of that side may have changed. Whoever has read the record deletes
    the mark, unless ``since`` is newer than the read.
    """

    side = models.CharField(max_length=8, choices=Record.Side.choices)
    entity = models.CharField(max_length=32, blank=True)
    external_id = models.CharField(max_length=32, blank=True)
    since = models.DateTimeField()

    class Meta(PairingOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "side", "entity", "external_id"], name="one_mark_per_record"),
        ]

    def __str__(self) -> str:
        return f"{self.entity or self.side} {self.external_id}".strip()
