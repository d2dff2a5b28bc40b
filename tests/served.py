"""The stand-ins over real HTTP on a port of their own, and settings that lead there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings as configured

from integrations.sandbox.clio.switches import switch
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.quickbooks.limits import LIMITS
from integrations.sandbox.server import serving
from integrations.sandbox.store import Store
from integrations.sandbox.world import CLIO_PATHS, World, world_at
from integrations.systems import budget
from integrations.systems.pace import QUICKBOOKS

# The portal's pace at QuickBooks, without what would be waited for by the machine's clock. Calls in flight still count.
UNPACED = replace(QUICKBOOKS, per_second=0, per_minute=0, batches_per_minute=0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unhurried(store: Store) -> None:
    """Takes both vendors' limits away: the clock of these tests is the machine's, and waiting would take time."""
    switch(store, "clio_rate_limit", 100_000)
    for name in LIMITS:
        store.set_setting(name, 0)


class MachineClock(SandboxClock):
    """Of a portal whose processes go by the machine's time: nothing asks it to wait, and no clock is moved on."""

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


@contextmanager
def unpaced() -> Iterator[None]:
    """The portal takes no time between its calls: the stand-ins of these tests have no limit it would have to keep."""
    with mock.patch.dict(budget.LIMITS, quickbooks=UNPACED):
        yield


def lead_to(settings: Any, site: str, path: Path) -> None:
    """The portal's settings as if it were served at ``site`` with its stand-ins kept at ``path``."""
    settings.SITE_URL, settings.SANDBOX_FILE = site, path
    regions = configured.CLIO_REGIONS.items()
    settings.CLIO_REGIONS = {r: {**app, "base_url": f"{site}/sandbox/{CLIO_PATHS[r]}"} for r, app in regions}
    root = f"{site}/sandbox/quickbooks"
    discovery = f"{root}/.well-known/openid_configuration"
    settings.QBO = {**configured.QBO, "api_base_url": root, "discovery_url": discovery}


@contextmanager
def stand_ins_served(settings: Any, folder: Path) -> Iterator[World]:
    """Served for the length of the block, as the portal would serve them."""
    port, path = free_port(), folder / "sandbox.sqlite3"
    world = world_at(path)
    unhurried(world.store)
    lead_to(settings, f"http://127.0.0.1:{port}", path)
    with unpaced(), serving(world.handle, "127.0.0.1", port, "/sandbox"):
        yield world
