"""E-mails to people of a firm: each a row before it is sent, and what a person wants to get."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from firms.scoping import FirmOwned
from integrations.models.issue import Issue


class NoticeChoice(FirmOwned):
    """What one person wants to be told by this firm besides what needs somebody."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    all_clear = models.BooleanField(default=False)  # a word every morning that everything is in sync
    assigned = models.BooleanField(default=False)  # when somebody else gives them an issue

    class Meta(FirmOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["firm", "user"], name="one_choice_per_person"),
        ]

    def __str__(self) -> str:
        return f"what {self.user_id} wants to be told"


class Notice(FirmOwned):
    """One e-mail to one person. ``key`` is what it is about, so that nobody is told twice.

    It is over once it is sent, or dropped: its cause went before it could be, or the mail server never took it.
    """

    class Purpose(models.TextChoices):
        URGENT = "urgent", "Needs somebody now"
        DIGEST = "digest", "What is new and needs somebody"
        ALL_CLEAR = "all_clear", "All clear"
        ASSIGNED = "assigned", "Given an issue"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=9, choices=Purpose.choices)
    key = models.CharField(max_length=64)
    issue = models.ForeignKey(Issue, models.CASCADE, null=True, related_name="+")
    since = models.DateTimeField(null=True)  # a digest names what was opened later
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)

    class Meta(FirmOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["firm", "user", "purpose", "key"], name="nobody_is_told_twice"),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(sent_at=None, dropped_at=None), name="notice_waiting"),
            models.Index(fields=["firm", "purpose", "made_at"], name="notice_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} notice {self.pk}"
