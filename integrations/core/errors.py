"""What can go wrong when a remote system is asked something, sorted by what happens next."""

from dataclasses import dataclass
from enum import StrEnum


class Remedy(StrEnum):
    """What the caller does about an error."""

    RETRY = "retry"  # the same call again, later
    REPLAN = "replan"  # read again, plan again, then write
    RECONNECT = "reconnect"  # a person has to authorise the connection again
    ASK = "ask"  # a person has to decide or repair something
    BUG = "bug"  # ours to repair; never retried


@dataclass(frozen=True, slots=True)
class Trace:
    """Where an answer came from, for support: no bodies, no tokens."""

    system: str
    method: str = ""
    path: str = ""
    status: int = 0
    code: str = ""
    vendor_id: str = ""  # intuit_tid, or Clio's request id


class RemoteError(Exception):
    """A remote system refused, failed or could not be understood.

    ``remedy`` says what happens next; ``sent`` is False only when it is certain
    that the system never acted on the request.
    """

    remedy = Remedy.BUG
    sent = True

    def __init__(self, message: str, trace: Trace) -> None:
        super().__init__(message)
        self.message = message
        self.trace = trace

    @property
    def code(self) -> str:
        return self.trace.code


class Unreachable(RemoteError):
    """No connection was made, so nothing was done."""

    remedy = Remedy.RETRY
    sent = False


class Garbled(RemoteError):
    """No clean answer: a timeout, a dropped connection, a 5xx, HTML or broken JSON. The effect is unknown."""

    remedy = Remedy.RETRY


class Throttled(RemoteError):
    """Too many calls; the system did nothing. ``retry_after_s`` is the wait it asks for."""

    remedy = Remedy.RETRY
    sent = False

    def __init__(self, message: str, trace: Trace, retry_after_s: float, *, asked: bool = True) -> None:
        super().__init__(message, trace)
        self.retry_after_s = retry_after_s
        self.asked = asked  # False: the system named no wait, the usual one is meant


class Unauthorized(RemoteError):
    """The access token is dead even after a refresh."""

    remedy = Remedy.RECONNECT
    sent = False


class Forbidden(RemoteError):
    """A scope, a permission or the subscription is missing."""

    remedy = Remedy.ASK
    sent = False


class Stale(RemoteError):
    """The record moved since it was read (SyncToken 5010, If-Match 412); nothing was written."""

    remedy = Remedy.REPLAN


class NotFound(RemoteError):
    """The record is not there, or not for us to see."""

    remedy = Remedy.REPLAN


class Refused(RemoteError):
    """The system understood and said no. ``code`` is the vendor's; a person or a new plan has to change the request."""

    remedy = Remedy.ASK


class Malformed(RemoteError):
    """The system could not understand what we sent: a defect of ours."""

    remedy = Remedy.BUG


class NotBatched(RemoteError):
    """The batch endpoint did not serve this write; nothing was done, and sent alone after ``wait_s`` it may be."""

    remedy = Remedy.RETRY
    sent = False

    def __init__(self, message: str, trace: Trace, wait_s: float = 0.0) -> None:
        super().__init__(message, trace)
        self.wait_s = wait_s
