"""The stand-ins over real HTTP on a port of their own, and settings that lead there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings as configured

from integrations.sandbox.clio.switches import switch
from integrations.sandbox.quickbooks.limits import LIMITS
from integrations.sandbox.server import serving
from integrations.sandbox.store import Store
from integrations.sandbox.world import CLIO_PATHS, World, world_at


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unhurried(store: Store) -> None:
    """Takes both vendors' limits away: the clock of these tests is the machine's, and waiting would take time."""
    switch(store, "clio_rate_limit", 100_000)
    for name in LIMITS:
        store.set_setting(name, 0)


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
    with serving(world.handle, "127.0.0.1", port, "/sandbox"):
        yield world
