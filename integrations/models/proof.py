"""Proofs: both systems read afresh and compared, as it was found then."""

from django.conf import settings
from django.db import models

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingOwned


class Proof(PairingOwned):
    """One comparison; ``report`` is what `reconcile --json` prints, less the differences, which are rows of their own.

    Where a side could not be read ``reason`` says why, and nothing else is known.
    """

    made_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    is_nightly = models.BooleanField(default=False)  # by schedule; else a person asked for it
    is_equal = models.BooleanField()
    is_partial = models.BooleanField(default=False)  # Clio keeps lists from the connected user
    differing = models.PositiveIntegerField(default=0)
    unexplained = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    report = models.JSONField(default=dict)

    class Meta(PairingOwned.Meta):
        ordering = ["-id"]
        constraints = [*FirmOwned.Meta.constraints]
        indexes = [models.Index(fields=["pairing", "id"], name="proof_latest")]

    def __str__(self) -> str:
        return f"proof {self.pk}"

    @property
    def accepted(self) -> int:
        return int(self.report.get("accepted", 0))

    @property
    def explained(self) -> int:
        """How many differences an open issue explains."""
        return self.differing - self.unexplained - self.accepted


class ProofDifference(PairingOwned):
    """One difference of a proof, as `reconcile --json` prints it; those that nothing explains come first."""

    class Standing(models.TextChoices):
        UNEXPLAINED = "unexplained", "Unexplained"
        EXPLAINED = "explained", "Explained"
        ACCEPTED = "accepted", "Accepted"

    proof = models.ForeignKey(Proof, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    standing = models.CharField(max_length=11, choices=Standing.choices)
    kind = models.CharField(max_length=16)
    practice_id = models.CharField(max_length=32)
    data = models.JSONField()

    class Meta(PairingOwned.Meta):
        ordering = ["position"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["proof", "position"], name="one_difference_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.practice_id}"
