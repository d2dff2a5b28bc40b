"""A firm's OAuth grant to one Clio account or one QuickBooks company."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from firms.scoping import FirmOwned


class System(models.TextChoices):
    CLIO = "clio", "Clio"
    QUICKBOOKS = "quickbooks", "QuickBooks"


class Connection(FirmOwned):
    """Who a grant speaks for. It is connected exactly while it has a token."""

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        RECONNECT = "reconnect", "Needs to be connected again"
        DISCONNECTED = "disconnected", "Disconnected"

    system = models.CharField(max_length=12, choices=System.choices)
    region = models.CharField(max_length=4, blank=True)
    external_account_id = models.CharField(max_length=64)
    name = models.CharField(max_length=1024)
    country = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.CONNECTED)
    reason = models.TextField(blank=True)
    connected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    connected_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    disconnected_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)  # when a webhook last told of this account, to the minute

    class Meta(FirmOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["system", "region", "external_account_id"],
                condition=~Q(state="disconnected"),
                name="one_live_connection_per_account",
            ),
            models.UniqueConstraint(
                fields=["firm", "system"],
                condition=~Q(state="disconnected"),
                name="one_live_connection_per_system",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_system_display()}: {self.name}"

    @property
    def is_live(self) -> bool:
        return self.state != self.State.DISCONNECTED


class OAuthToken(FirmOwned):
    """The encrypted tokens of a connection; ``generation`` only ever grows. A grant is given back, then forgotten."""

    connection = models.OneToOneField(Connection, models.PROTECT, related_name="token")
    ciphertext = models.BinaryField()
    access_expires_at = models.DateTimeField()
    refresh_expires_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)  # no renewal reaches further; null where the system has no such day
    generation = models.PositiveIntegerField(default=1)

    class Meta(FirmOwned.Meta):
        constraints = [*FirmOwned.Meta.constraints]

    def __str__(self) -> str:
        return f"token of connection {self.connection_id}"


class OAuthState(FirmOwned):
    """One attempt to connect: bound to a session, a person, a firm and a system; used at most once."""

    digest = models.CharField(max_length=64, unique=True)
    session_digest = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    system = models.CharField(max_length=12, choices=System.choices)
    region = models.CharField(max_length=4, blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(FirmOwned.Meta):
        constraints = [*FirmOwned.Meta.constraints]

    def __str__(self) -> str:
        return f"{self.system} connection attempt {self.pk}"
