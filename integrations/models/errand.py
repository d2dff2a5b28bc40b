"""What takes longer than a page may: previews, checks, filling in mappings, proofs, trying a start date out."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingOwned
from integrations.models.work import Work


class Errand(Work, PairingOwned):
    """Carried out by the queue; the page that asked for it shows how it goes. One of a purpose at a time."""

    class Purpose(models.TextChoices):
        PREVIEW = "preview", "Preview"
        CHECK = "check", "Check of settings and numbering"
        FILL_IN = "fill_in", "Filling in what is recommended"
        PROOF = "proof", "Comparison of both systems"
        START = "start", "What a start date brings in and leaves out"

    class State(models.TextChoices):
        ASKED = "asked", "Waiting for its turn"
        WORKING = "working", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=64, blank=True)  # what is being read right now, where it takes long
    error = models.TextField(blank=True)
    wanted = models.JSONField(default=dict)  # what was asked for, e.g. the start date to save
    result = models.JSONField(default=dict)

    class Meta(PairingOwned.Meta):
        ordering = ["-id"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["pairing", "purpose"], condition=Q(finished_at=None), name="one_unfinished_errand_per_purpose"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.finished_at is None


class PlannedChange(PairingOwned):
    """One change of a preview, as ``plan --json`` prints it; the rows of the last preview only are kept."""

    errand = models.ForeignKey(Errand, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    action = models.CharField(max_length=8)
    practice_id = models.CharField(max_length=32)
    digest = models.CharField(max_length=32, default="")  # tells it from every other change
    data = models.JSONField()

    class Meta(PairingOwned.Meta):
        ordering = ["position"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["errand", "position"], name="one_planned_change_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.practice_id}"


class CountedRecord(PairingOwned):
    """One record behind a figure of a start date that was tried; the rows of the last trial only are kept."""

    errand = models.ForeignKey(Errand, models.CASCADE, related_name="+")
    part = models.CharField(max_length=12)
    practice_id = models.CharField(max_length=32)
    label = models.CharField(max_length=200)
    client = models.CharField(max_length=600, blank=True)
    account = models.CharField(max_length=32, blank=True)  # Clio's trust account
    dated = models.DateField(null=True)
    amount = models.DecimalField(max_digits=17, decimal_places=2)
    owed = models.DecimalField(max_digits=17, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True)

    class Meta(PairingOwned.Meta):
        ordering = ["-id"]
        constraints = [*FirmOwned.Meta.constraints]
        indexes = [
            models.Index(fields=["errand", "part", "id"], name="counted_part"),
            models.Index(fields=["errand", "part", "id"], condition=~Q(owed=0), name="counted_owed"),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.practice_id}"


class KeptPart(PairingOwned):
    """A part of what an errand has read or worked out: kept from slice to slice, and gone once the errand is over.

    ``place`` is where the next part of the same stream is; the last one has none.
    """

    errand = models.ForeignKey(Errand, models.CASCADE, related_name="+")
    stream = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    place = models.TextField(blank=True)
    as_of = models.DateTimeField()
    kept_at = models.DateTimeField()
    body = models.BinaryField()  # JSON, compressed

    class Meta(PairingOwned.Meta):
        ordering = ["number"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["errand", "stream", "number"], name="one_kept_part_per_number"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.stream}"
