"""People, firms, memberships and invitations, and what the database refuses about them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from firms.roles import Permission, Role, may

ROLE_CHOICES = [(role.value, role.label) for role in Role]


class UserManager(BaseUserManager["User"]):
    """People are known by their e-mail address, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. ``is_staff`` is support (the Django admin) and gives no access to a firm's screens."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField("support", default=False)
    is_active = models.BooleanField("active", default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_per_email")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class Firm(models.Model):
    """One law firm: the tenant. Its slug stands in addresses and in QuickBooks notes and never changes."""

    name = models.CharField(max_length=300)
    slug = models.SlugField(max_length=40, unique=True)
    timezone = models.CharField("time zone", max_length=64, default="America/New_York")
    requires_two_step = models.BooleanField("owners and admins must use two-step sign-in", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/f/{self.slug}/"

    def day_of(self, at: datetime) -> date:
        """The day it is then where the firm is: in the evening of an American firm UTC has tomorrow's."""
        return at.astimezone(ZoneInfo(self.timezone)).date()


class Membership(models.Model):
    """A person's role in a firm."""

    firm = models.ForeignKey(Firm, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=ROLE_CHOICES)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["firm", "user"], name="one_membership_per_firm_and_user"),
            models.CheckConstraint(condition=models.Q(role__in=list(Role)), name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.firm}"

    def may(self, permission: Permission) -> bool:
        return may(Role(self.role), permission)


class Invitation(models.Model):
    """An offer of a role to an e-mail address. Only the hash of its token is kept; it is used at most once."""

    firm = models.ForeignKey(Firm, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=ROLE_CHOICES)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # when the mail server took its e-mail
    accepted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "firm",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_firm_and_email",
            ),
            models.CheckConstraint(condition=models.Q(role__in=list(Role)), name="invitation_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role} of {self.firm}"

    def standing(self, now: datetime) -> "Standing":
        if self.accepted_at:
            return Standing.ACCEPTED
        if self.revoked_at:
            return Standing.WITHDRAWN
        return Standing.OPEN if now < self.expires_at else Standing.EXPIRED


class Standing(StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"


class TeamEvent(models.Model):
    """A line of the team's history. People stand in it by their addresses, so it stays true when they are gone."""

    class What(models.TextChoices):
        INVITED = "invited", "Invited"
        SENT_AGAIN = "sent_again", "Invitation sent again"
        WITHDRAWN = "withdrawn", "Invitation withdrawn"
        JOINED = "joined", "Joined"
        ROLE = "role", "Role changed"
        REMOVED = "removed", "Removed"
        LEFT = "left", "Left"
        HANDED_OVER = "handed_over", "Firm handed over"
        TWO_STEP_ON = "two_step_on", "Two-step sign-in required"
        TWO_STEP_OFF = "two_step_off", "Two-step sign-in no longer required"

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    what = models.CharField(max_length=12, choices=What.choices)
    whom = models.EmailField()
    by = models.EmailField(blank=True)  # nobody: support
    role = models.CharField(max_length=12, choices=ROLE_CHOICES, blank=True)
    role_before = models.CharField(max_length=12, choices=ROLE_CHOICES, blank=True)

    class Meta:
        indexes = [models.Index(fields=["firm", "-id"], name="team_events_of_a_firm")]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.whom}"
