"""The history added up by day, so that a month of it is drawn without being read."""

from django.db import models

from firms.scoping import FirmOwned


class DaySum(FirmOwned):
    """How many events of one kind and outcome a day had, in the firm's zone, and what they came to."""

    day = models.DateField()
    kind = models.CharField(max_length=16, blank=True)
    outcome = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=17, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True)

    class Meta(FirmOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["firm", "day", "kind", "outcome", "currency"], name="one_sum_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome} {self.kind} on {self.day}"


class SummedUp(FirmOwned):
    """Up to when a firm's history is in its sums, and the zone their days are of."""

    until = models.DateTimeField()
    zone = models.CharField(max_length=64)

    class Meta(FirmOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["firm"], name="one_summing_up_per_firm"),
        ]

    def __str__(self) -> str:
        return f"summed up until {self.until}"
