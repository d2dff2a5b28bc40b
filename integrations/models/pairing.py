"""A firm's Clio joined to its QuickBooks company, with what the firm decided about them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from firms.models import Firm
from firms.scoping import FirmOwned
from integrations.models.connection import Connection


class Pairing(FirmOwned):
    """Two connections of one firm. Archived by a purge; links of an archived pairing are kept and never used."""

    practice = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    ledger = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    start_date = models.DateField(null=True)
    aggregate_tax = models.BooleanField(default=False)
    name_template = models.CharField(max_length=100, default="{name} (Clio {id})")
    credit_purpose = models.CharField(max_length=16, default="courtesy")  # one of core.mapping.CREDIT_PURPOSES
    reactivate_customers = models.BooleanField(default=False)
    contact_preferences = models.JSONField(default=dict, blank=True)  # field, or "all", to "clio" or "quickbooks"
    trust_checks = models.BooleanField(default=False)  # money out of trust is posted as checks (rule R6.2)
    bill_warning_confirmed_at = models.DateTimeField(null=True)
    ledger_profile = models.JSONField(default=dict)  # preferences that matter, as last read
    settings_checked_at = models.DateTimeField(null=True)  # when they were
    policy_digest = models.CharField(max_length=32, blank=True)  # everything is planned again when it moves
    left_unsettled = models.CharField(max_length=48, blank=True)  # what the last whole run left to plan: sync/due.py
    ledger_heard_at = models.DateTimeField(null=True)  # the last webhook of QuickBooks, while its stream looks alive
    restored_at = models.DateTimeField(null=True)  # our data came back from a backup, and no run got through since
    archived_at = models.DateTimeField(null=True)
    sync_asked_at = models.DateTimeField(null=True)  # somebody wants a run; queue messages only ring the bell
    sync_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    next_sync_at = models.DateTimeField(null=True)
    hooked_at = models.DateTimeField(null=True)  # a webhook marked records to read again; a run for them is wanted
    quarantined_at = models.DateTimeField(null=True)  # too many tries came to nothing; only a person starts another

    class Meta(FirmOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["firm"], condition=Q(archived_at=None), name="one_live_pairing_per_firm"),
        ]

    def __str__(self) -> str:
        return f"pairing {self.pk}"

    def mapped(self) -> bool:
        """Whether the firm has mapped anything at all."""
        return Mapping.objects.of(self.firm).filter(pairing=self).exists()


def live_pairing(firm: Firm) -> Pairing | None:
    """The firm's pairing that is not archived."""
    rows = Pairing.objects.of(firm).filter(archived_at=None)
    return rows.select_related("practice__firm", "ledger__firm", "firm").first()


class PairingOwned(FirmOwned):
    """A row that belongs to a pairing, and so to its firm."""

    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="+")

    class Meta(FirmOwned.Meta):
        abstract = True


class PairingHistory(PairingOwned):
    """What a pairing did and what stands in both systems because of it: a pairing that has any is never deleted."""

    pairing = models.ForeignKey(Pairing, models.PROTECT, related_name="+")

    class Meta(PairingOwned.Meta):
        abstract = True


class Mapping(PairingOwned):
    """The QuickBooks item or account for one part of Clio's books; ``account`` is the name of the posted account."""

    key = models.CharField(max_length=64)
    ledger_id = models.CharField(max_length=32)
    name = models.CharField(max_length=255)
    account = models.CharField(max_length=255)
    account_type = models.CharField(max_length=64)

    class Meta(PairingOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "key"], name="one_mapping_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key} → {self.name}"


class Bookmark(PairingOwned):
    """Where the reading of a long list was interrupted. Everything before ``place`` is kept; ``sweep`` is the run that
    began to read, and ``as_of`` the system's clock then.
    """

    stream = models.CharField(max_length=64)
    place = models.TextField()
    as_of = models.DateTimeField()
    sweep = models.BigIntegerField()
    set_at = models.DateTimeField()

    class Meta(PairingOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "stream"], name="one_bookmark_per_stream"),
        ]

    def __str__(self) -> str:
        return f"bookmark in {self.stream}"


class Cursor(PairingOwned):
    """How far one list of one system has been read, by that system's clock. It only moves forward."""

    stream = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta(PairingOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "stream"], name="one_cursor_per_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} at {self.at}"
