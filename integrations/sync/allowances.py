"""What runs short: the metered reads of a month, and an authorisation that nobody renews for ever (Intuit)."""

from datetime import datetime, timedelta

from integrations import metering
from integrations.core import words
from integrations.models import OAuthToken, Pairing, SyncRun
from integrations.sync import issues
from integrations.sync.workspace import Workspace

CODES = ("reconnect_soon", "reads_low", "reads_wait")
STAGES = (60, 30, 7)  # days before, each said anew


def tell(work: Workspace, run: SyncRun) -> None:
    """Keeps the firm-wide issues among CODES true. An authorisation's end is told by e-mail at each of the stages."""
    now = work.clock.now()
    ends = _ending(work.pairing, now)
    found = metering.findings(metering.reads_of(work.pairing.ledger, now), now)
    found |= {"reconnect_soon": " ".join(_said(token, now) for token in ends)} if ends else {}
    stages: dict[str, dict[str, object]] = (
        {"reconnect_soon": {"times": STAGES.index(_stage(ends[0], now))}} if ends else {}
    )
    issues.sync_firm(work, run, CODES, found, stages)


def _ending(pairing: Pairing, now: datetime) -> list[OAuthToken]:
    """Authorisations that end within sixty days, the next one first."""
    mine = OAuthToken.objects.of(pairing.firm).filter(connection__in=[pairing.practice_id, pairing.ledger_id])
    soon = mine.filter(ends_at__lte=now + timedelta(days=STAGES[0])).select_related("connection")
    return list(soon.order_by("ends_at"))


def _stage(token: OAuthToken, now: datetime) -> int:
    assert token.ends_at is not None  # asked for by it
    return min(stage for stage in STAGES if token.ends_at - now <= timedelta(days=stage))


def _said(token: OAuthToken, now: datetime) -> str:
    name = token.connection.get_system_display()
    assert token.ends_at is not None  # asked for by it
    return (
        f"{name} ends the authorisation of {token.connection.name} on {words.day(token.ends_at)}, within "
        f"{_stage(token, now)} days. Connect it again on the connections page before then; every link is kept."
    )
