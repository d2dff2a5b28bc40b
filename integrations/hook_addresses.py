"""The addresses of ours that Clio posts to, and whether it takes them."""

from datetime import timedelta

from django.conf import settings

from integrations.models import Connection
from integrations.systems.origin import WrongAddress, is_loopback, origin

POLL_EVERY, POLL_EVERY_UNTOLD = timedelta(minutes=15), timedelta(minutes=5)
UNTOLD = (
    "Clio sends webhooks to https addresses alone, and SITE_URL of this installation is {site}. "
    "The portal asks Clio for changes every 5 minutes instead. To have them within seconds, serve the portal over "
    "https and set SITE_URL to that address."
)


def can_be_told(connection: Connection) -> bool:
    """Whether Clio takes an address of ours: https, or both it and we are on this machine, as in the sandbox."""
    try:
        (scheme, host, _), clio = origin(settings.SITE_URL), origin(_root(connection))
    except WrongAddress:
        return False
    return scheme == "https" or (is_loopback(host) and is_loopback(clio[1]))


def why_untold(connection: Connection) -> str:
    """What to tell people where Clio cannot tell us anything; "" where it can."""
    return "" if can_be_told(connection) else UNTOLD.format(site=settings.SITE_URL)


def poll_every(connection: Connection) -> timedelta:
    return POLL_EVERY if can_be_told(connection) else POLL_EVERY_UNTOLD


def address(token: str) -> str:
    return f"{_prefix()}{token}/"


def token_in(url: str) -> str:
    """The token of an address of ours; "" for somebody else's."""
    return url.removeprefix(_prefix()).rstrip("/") if url.startswith(_prefix()) else ""


def _prefix() -> str:
    return f"{settings.SITE_URL}/hooks/clio/"


def _root(connection: Connection) -> str:
    return str(settings.CLIO_REGIONS[connection.region or "us"]["base_url"])
