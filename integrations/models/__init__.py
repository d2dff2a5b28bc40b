"""What the portal keeps of a firm's two systems; one module per aggregate."""

from integrations.models.connection import Connection, OAuthState, OAuthToken, System
from integrations.models.issue import Issue, Severity
from integrations.models.journal import Dispatch, SyncEvent, SyncRun
from integrations.models.link import EntityLink
from integrations.models.mirror import Record
from integrations.models.pairing import Cursor, Mapping, Pairing

__all__ = [
    "Connection",
    "Cursor",
    "Dispatch",
    "EntityLink",
    "Issue",
    "Mapping",
    "OAuthState",
    "OAuthToken",
    "Pairing",
    "Record",
    "Severity",
    "SyncEvent",
    "SyncRun",
    "System",
]
