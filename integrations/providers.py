"""The registered apps of this installation: which client id, secret and address each system is reached with."""

import requests
from django.conf import settings

from integrations.systems.discovery import discover, quickbooks_provider
from integrations.systems.oauth import Provider, clio_provider


class NotConfigured(Exception):
    """The installation lacks an app for this system; the text names the variables to set."""


def callback_url(system: str) -> str:
    return f"{settings.SITE_URL}/oauth/{system}/callback/"


def provider_for(system: str, region: str = "", session: requests.Session | None = None) -> Provider:
    """Raises NotConfigured; RemoteError when Intuit's discovery document cannot be read."""
    return _quickbooks(session) if system == "quickbooks" else _clio(region or "us")


def _clio(region: str) -> Provider:
    app = settings.CLIO_REGIONS[region]
    prefix = "CLIO" if region == "us" else f"CLIO_{region.upper()}"
    names = f"{prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET"
    if not (app["client_id"] and app["client_secret"]):
        raise NotConfigured(f"Clio in region {region} is not set up here. Set {names}; see the README.")
    return clio_provider(app["base_url"], app["client_id"], app["client_secret"], callback_url("clio"), names)


def _quickbooks(session: requests.Session | None) -> Provider:
    app = settings.QBO
    if not (app["client_id"] and app["client_secret"]):
        raise NotConfigured("QuickBooks is not set up here. Set QBO_CLIENT_ID and QBO_CLIENT_SECRET; see the README.")
    endpoints = discover(app["discovery_url"], session)
    return quickbooks_provider(endpoints, app["client_id"], app["client_secret"], callback_url("quickbooks"))
