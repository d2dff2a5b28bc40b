"""Two firms whose books are kept, as far as their rows say; Acme's Clio tells of bills and contacts."""

from datetime import timedelta

import pytest

from firms.models import Firm
from integrations.models import Connection, Pairing, Subscription
from tests.hooks.posts import subscribed
from tests.models.rows import NOW, pairing_of

REALMS = {"acme": "9130001", "globex": "9130002"}


def kept(firm: Firm) -> Pairing:
    made = pairing_of(firm, start_date="2026-01-01", next_sync_at=NOW + timedelta(days=3650))
    ledger = Connection.objects.of(firm).filter(system="quickbooks")
    ledger.update(confirmed_at=NOW, external_account_id=REALMS[firm.slug])
    return Pairing.objects.of(firm).select_related("practice", "ledger").get(pk=made.pk)


@pytest.fixture
def pairing(acme: Firm) -> Pairing:
    return kept(acme)


@pytest.fixture
def other(globex: Firm) -> Pairing:
    return kept(globex)


@pytest.fixture
def bills(pairing: Pairing) -> Subscription:
    return subscribed(pairing.practice)


@pytest.fixture
def contacts(pairing: Pairing) -> Subscription:
    return subscribed(pairing.practice, "contact")
