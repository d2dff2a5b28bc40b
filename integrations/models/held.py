"""What a held run would do to records that are linked: the list a person looks at before it goes on."""

from django.db import models

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingOwned


class HeldChange(PairingOwned):
    """One change of the run that was held last; letting it go on, or discarding it, is about exactly these.

    ``action`` is ``void`` for whatever takes a document back, or ``update``; ``digest`` tells what would be done from
    anything else that could be; ``data`` is what people read: title, reason, amount, and where it is in QuickBooks.
    """

    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    action = models.CharField(max_length=8)
    practice_id = models.CharField(max_length=32)
    leg = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=32)
    data = models.JSONField()

    class Meta(PairingOwned.Meta):
        ordering = ["position"]
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "position"], name="one_held_change_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.practice_id}"
