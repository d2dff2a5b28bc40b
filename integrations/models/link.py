"""The only id mapping: which QuickBooks document stands for which leg of which Clio object."""

from django.db import models
from django.db.models import Q

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingHistory


class EntityLink(PairingHistory):
    """Fingerprints cover mapped fields only: of Clio's side as planned, of QuickBooks's side as it answered."""

    class State(models.TextChoices):
        LIVE = "live", "Live"
        VOIDED = "voided", "Voided"
        UNLINKED = "unlinked", "Unlinked"

    kind = models.CharField(max_length=16)
    practice_id = models.CharField(max_length=32)
    leg = models.CharField(max_length=64, blank=True)
    ledger_entity = models.CharField(max_length=32)
    ledger_id = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=State.choices, default=State.LIVE)
    practice_fingerprint = models.CharField(max_length=64)
    ledger_fingerprint = models.CharField(max_length=64)
    base = models.JSONField(default=dict)
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta(PairingHistory.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["pairing", "kind", "practice_id", "leg"],
                condition=~Q(state="unlinked"),
                name="one_link_per_leg",
            ),
            models.UniqueConstraint(
                fields=["pairing", "kind", "ledger_id", "leg"],
                condition=~Q(state="unlinked"),
                name="one_link_per_document",
            ),
        ]
        indexes = [
            # What the dashboard counts comes out of this alone.
            models.Index(fields=["pairing", "firm", "kind"], condition=Q(state="live"), name="link_tally"),
            models.Index(fields=["pairing", "kind", "ledger_id"], name="link_of_document"),  # unlinked ones as well
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.practice_id} → {self.ledger_entity} {self.ledger_id}"
