"""Something a person must know or decide, with a reason and what can be done about it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingHistory


class Severity(models.TextChoices):
    ERROR = "error", "Needs you"
    WARNING = "warning", "Warning"
    INFO = "info", "For your information"


class Issue(PairingHistory):
    """Open until its cause is gone, a decision is carried out, or a person accepts the difference."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DECIDED = "decided", "Decided"  # the next run carries the decision out
        ACCEPTED = "accepted", "Accepted"
        CLOSED = "closed", "Closed"

    code = models.CharField(max_length=32)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    kind = models.CharField(max_length=16, blank=True)
    practice_id = models.CharField(max_length=32, blank=True)
    leg = models.CharField(max_length=64, blank=True)
    ledger_id = models.CharField(max_length=32, blank=True)
    title = models.CharField(max_length=600, blank=True)
    message = models.TextField()
    details = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    action = models.CharField(max_length=16, blank=True)
    value = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    before = models.JSONField(default=dict)  # as it was before the decision; what taking that back restores
    # Whose it is to see to: a member, by a key of the database that lets go of them when they leave.
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta(PairingHistory.Meta):
        ordering = ["-id"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["pairing", "code", "kind", "practice_id", "leg"],
                condition=~Q(state="closed"),
                name="one_open_issue_per_record_and_code",
            ),
        ]
        indexes = [
            # What every page counts comes out of this alone.
            models.Index(
                fields=["pairing", "state", "severity", "code"],
                include=["id", "firm", "decided_at"],
                name="issue_tally",
            ),
            models.Index(
                fields=["pairing", "kind", "practice_id"], condition=~Q(state="closed"), name="issue_of_record"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.kind} {self.practice_id}"
