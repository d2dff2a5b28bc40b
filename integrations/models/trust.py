"""When the rows of a Clio trust account were last counted through, and what its balance then had besides them."""

from django.db import models

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingOwned


class TrustSweep(PairingOwned):
    """``apart`` is the account's listed balance less the sum of its rows, as it was after the last complete sweep."""

    account_id = models.CharField(max_length=32)
    swept_at = models.DateTimeField()
    apart = models.DecimalField(max_digits=17, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True)

    class Meta(PairingOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "account_id"], name="one_sweep_per_trust_account"),
        ]

    def __str__(self) -> str:
        return f"sweep of trust account {self.account_id}"
