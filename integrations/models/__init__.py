"""What the portal keeps of a firm's two systems; one module per aggregate."""

from integrations.models.budget import CallBudget
from integrations.models.connection import Connection, OAuthState, OAuthToken, System
from integrations.models.customer import IgnoredCustomer
from integrations.models.daysum import DaySum, SummedUp
from integrations.models.errand import CountedRecord, Errand, KeptPart, PlannedChange
from integrations.models.held import HeldChange
from integrations.models.issue import Issue, Severity
from integrations.models.journal import Batch, Dispatch, SyncEvent, SyncRun
from integrations.models.link import EntityLink
from integrations.models.lookups import Among
from integrations.models.mirror import Record
from integrations.models.notice import Notice, NoticeChoice
from integrations.models.pairing import Bookmark, Cursor, Mapping, Pairing
from integrations.models.proof import Proof, ProofDifference
from integrations.models.trust import TrustSweep
from integrations.models.webhook import Delivery, StaleMark, Subscription
from integrations.models.work import Work
from integrations.models.worker import Worker

__all__ = [
    "Among",
    "Batch",
    "Bookmark",
    "CallBudget",
    "Connection",
    "CountedRecord",
    "Cursor",
    "DaySum",
    "Delivery",
    "Dispatch",
    "EntityLink",
    "Errand",
    "HeldChange",
    "IgnoredCustomer",
    "Issue",
    "KeptPart",
    "Mapping",
    "Notice",
    "NoticeChoice",
    "OAuthState",
    "OAuthToken",
    "Pairing",
    "PlannedChange",
    "Proof",
    "ProofDifference",
    "Record",
    "Severity",
    "StaleMark",
    "Subscription",
    "SummedUp",
    "SyncEvent",
    "SyncRun",
    "System",
    "TrustSweep",
    "Work",
    "Worker",
]
