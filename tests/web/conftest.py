"""A connected firm behind the screens: views reach the stand-ins in the same process, as they would over HTTP."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings

from firms.models import Firm, User
from integrations.sandbox.adapter import InProcessAdapter
from integrations.sandbox.world import World
from integrations.systems import discovery, session
from tests.portal import Portal, make_portal

NAMES = ("Lee", "Moss", "Stone")


def carry(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Every session the portal opens from now on is answered by this world."""
    discovery.forget()
    adapter = InProcessAdapter(world.handle, f"{settings.SITE_URL}/sandbox")
    monkeypatch.setattr(session, "HTTPAdapter", lambda **options: adapter)


@pytest.fixture
def portal(acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Acme, connected, confirmed and mapped; nothing is synced yet."""
    made = make_portal(acme, alice)
    carry(monkeypatch, made.world)
    return made


@pytest.fixture
def unmapped(acme: Firm, alice: User, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Acme, connected and confirmed, with nothing mapped."""
    made = make_portal(acme, alice, mapped=False)
    carry(monkeypatch, made.world)
    return made


@pytest.fixture
def synced(portal: Portal) -> Portal:
    """One paid bill, one open bill, one whose number QuickBooks has already, of three clients; and one sync."""
    lee, moss, stone = (portal.contact("Ann", name, f"ann.{name.lower()}@example.com") for name in NAMES)
    paid, clash = portal.bill("1000.00", number="1042", contact=lee), "1044"
    portal.bill("250.00", number="1043", contact=moss)
    portal.clio.record_payment(portal.clio.bill(paid)["client_id"], [(paid, Decimal(400))], date(2026, 2, 20))
    stranger = portal.quickbooks.create_customer("Walk-in Client", PrimaryEmailAddr={"Address": "walk@example.com"})
    item = portal.quickbooks.all("Item")[0]["Id"]
    portal.quickbooks.create_invoice(stranger["Id"], [(item, Decimal("75.00"))], number=clash)
    portal.bill("90.00", number=clash, contact=stone)
    portal.run()
    return portal
