"""QuickBooks customers that a person wants to see no more among those nobody in Clio stands for."""

from django.conf import settings
from django.db import models

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingOwned


class IgnoredCustomer(PairingOwned):
    """Kept until somebody takes it back; a link to a contact goes before it."""

    ledger_id = models.CharField(max_length=32)
    ignored_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ignored_at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta(PairingOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "ledger_id"], name="one_ignored_row_per_customer"),
        ]

    def __str__(self) -> str:
        return f"customer {self.ledger_id} ignored"
