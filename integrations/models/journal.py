"""What happened: runs, the writes they sent, and an append-only line for everything that was done or found."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from firms.scoping import FirmOwned
from integrations.models.mirror import Record
from integrations.models.pairing import PairingHistory
from integrations.models.work import Work


class SyncRun(Work, PairingHistory):
    """One pass, of which a worker does one slice after the other. The unique index on unfinished runs is the lock."""

    class State(models.TextChoices):
        READING = "reading", "Reading"
        APPLYING = "applying", "Writing"
        HELD = "held", "Held"
        FINISHED = "finished", "Finished"

    class Outcome(models.TextChoices):
        IN_SYNC = "in_sync", "In sync"
        ISSUES = "issues", "Needs you"
        HELD = "held", "Held"
        FAILED = "failed", "Failed"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        PERSON = "person", "Sync now"
        COMMAND = "command", "Command line"
        WEBHOOK = "webhook", "Webhook"

    state = models.CharField(max_length=8, choices=State.choices, default=State.READING)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    reason = models.TextField(blank=True)
    trigger = models.CharField(max_length=8, choices=Trigger.choices)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=64, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    writing_at = models.DateTimeField(null=True)  # when it began to write: what the time left is reckoned from
    counts = models.JSONField(default=dict)  # kind -> created, updated, ... as `sync --json` prints them
    requests = models.JSONField(default=dict)
    left_out = models.JSONField(default=dict)
    warnings = models.PositiveIntegerField(default=0)
    exactly = models.ForeignKey("Errand", models.SET_NULL, null=True, related_name="+")  # the preview it is held to
    unshown = models.PositiveIntegerField(default=0)  # changes that were not in that preview, and left
    is_dry = models.BooleanField(default=False)  # a preview's: it only keeps others out, and goes without a trace

    class Meta(PairingHistory.Meta):
        ordering = ["-id"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["pairing"], condition=Q(finished_at=None), name="one_unfinished_run_per_pairing"
            ),
            models.CheckConstraint(
                condition=~Q(state="finished") | (Q(finished_at__isnull=False) & ~Q(outcome="")),
                name="a_finished_run_says_how_it_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["pairing", "finished_at"], name="run_of_pairing_by_end"),
            models.Index(fields=["finished_at"], name="run_by_end"),
            models.Index(fields=["firm", "finished_at"], condition=Q(outcome="failed"), name="run_failed"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class Batch(PairingHistory):
    """One request that carries several writes, byte for byte as it is sent. Its items are dispatches of their own."""

    run = models.ForeignKey(SyncRun, models.PROTECT, related_name="+")
    entity = models.CharField(max_length=32)
    operation = models.CharField(max_length=8)
    request_id = models.CharField(max_length=36)
    body = models.BinaryField()
    sent_at = models.DateTimeField()

    class Meta(PairingHistory.Meta):
        ordering = ["id"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "request_id"], name="one_batch_per_request_id"),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}: {self.operation} {self.entity}"


class Dispatch(PairingHistory):
    """One write: a request, or an item of a batch. It is committed before it is sent.

    ``unknown`` means that nobody can tell whether it was done. The request id of a batch's item is only its name.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", "Prepared"
        SENT = "sent", "Sent"
        ANSWERED = "answered", "Answered"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "Unknown"

    run = models.ForeignKey(SyncRun, models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="+")
    item = models.CharField(max_length=10, blank=True)  # what the batch calls it: its bId
    side = models.CharField(max_length=8, choices=Record.Side.choices, default=Record.Side.LEDGER)  # who is written to
    kind = models.CharField(max_length=16)
    practice_id = models.CharField(max_length=32)
    leg = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=8)
    entity = models.CharField(max_length=32)
    operation = models.CharField(max_length=8)
    request_id = models.CharField(max_length=36)
    revision = models.PositiveIntegerField()
    body = models.BinaryField()
    body_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PREPARED)
    attempts = models.PositiveSmallIntegerField(default=0)
    prepared_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ledger_id = models.CharField(max_length=32, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error = models.TextField(blank=True)
    vendor_id = models.CharField(max_length=64, blank=True)
    plan = models.JSONField(default=dict)  # what the answer completes: fingerprints and the link it moves
    answer = models.BinaryField(null=True)  # the document as it was answered, or found to be, once the write was done

    class Meta(PairingHistory.Meta):
        ordering = ["id"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "request_id"], name="one_dispatch_per_request_id"),
            models.UniqueConstraint(fields=["batch", "item"], name="one_dispatch_per_item_of_a_batch"),
            models.CheckConstraint(
                condition=Q(batch=None, item="") | (Q(batch__isnull=False) & ~Q(item="")),
                name="an_item_of_a_batch_has_its_name",
            ),
        ]
        indexes = [
            models.Index(fields=["pairing", "kind", "practice_id", "leg"], name="dispatch_ref"),
            models.Index(
                fields=["pairing"],
                condition=Q(state__in=["prepared", "sent", "unknown"]),
                name="dispatch_open",
            ),
            models.Index(fields=["prepared_at"], condition=Q(state="refused"), name="dispatch_refused"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.entity} for {self.kind} {self.practice_id}"

    @property
    def sent_under(self) -> str:
        """The request id the vendor knows it by; of an item the batch's, and what the batch calls it."""
        return f"{self.batch.request_id} / {self.item}" if self.batch else self.request_id


class SyncEvent(PairingHistory):
    """One line of history. The database refuses to change or delete it."""

    class Outcome(models.TextChoices):
        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        VOIDED = "voided", "Voided"
        ADOPTED = "adopted", "Adopted"
        UNLINKED = "unlinked", "Unlinked"
        ACCEPTED = "accepted", "Accepted"
        FAILED = "failed", "Failed"
        ISSUE = "issue", "Issue opened"
        CLOSED = "closed", "Issue closed"
        DECIDED = "decided", "Decided"
        NOTED = "noted", "Note"
        ASSIGNED = "assigned", "Assigned"

    run = models.ForeignKey(
        SyncRun, models.PROTECT, null=True, related_name="+", db_index=False
    )  # the index by run is one
    dispatch = models.ForeignKey(Dispatch, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=16, blank=True)
    practice_id = models.CharField(max_length=32, blank=True)
    leg = models.CharField(max_length=64, blank=True)
    ledger_entity = models.CharField(max_length=32, blank=True)
    ledger_id = models.CharField(max_length=32, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    code = models.CharField(max_length=32, blank=True)
    title = models.CharField(max_length=600, blank=True)
    message = models.TextField(blank=True)
    amount = models.DecimalField(max_digits=17, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    postings = models.JSONField(default=list)

    class Meta(PairingHistory.Meta):
        ordering = ["-id"]
        constraints = [*FirmOwned.Meta.constraints]
        indexes = [
            # The log in the order of time, whatever it is narrowed to.
            models.Index(fields=["pairing", "kind", "practice_id", "at", "id"], name="event_of_record_by_time"),
            models.Index(fields=["firm", "at", "id"], name="event_moment"),
            models.Index(fields=["firm", "kind", "at", "id"], name="event_kind"),
            models.Index(fields=["firm", "outcome", "at", "id"], name="event_outcome"),
            models.Index(fields=["firm", "kind", "outcome", "at", "id"], name="event_kind_outcome"),
            models.Index(fields=["firm", "code", "at", "id"], condition=~Q(code=""), name="event_code"),
            models.Index(fields=["firm", "code", "kind", "at", "id"], condition=~Q(code=""), name="event_code_kind"),
            models.Index(
                fields=["firm", "code", "outcome", "at", "id"], condition=~Q(code=""), name="event_code_outcome"
            ),
            # What a run came to is counted out of this alone.
            models.Index(fields=["run", "at", "id"], include=["firm", "outcome"], name="event_of_run_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.kind} {self.practice_id}"
