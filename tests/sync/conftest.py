"""The firm every story starts from: Acme, connected and mapped from 1 January 2026."""

import pytest

from firms.models import Firm, User
from tests.portal import Portal, make_portal


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    return make_portal(acme, alice)
