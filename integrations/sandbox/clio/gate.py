"""What every API call passes first: version, token, permission, and the limit of calls a minute."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integrations.sandbox.clio.errors import Refusal, Unauthenticated
from integrations.sandbox.clio.grants import Grants
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.http import Request
from integrations.sandbox.store import Doc, Store

DEFAULT_VERSION = "4.0.13"
VERSIONS = frozenset(f"4.0.{minor}" for minor in range(4, 14))
WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: the account and user a token stands for, with the permissions it was given."""

    office: ClioOffice
    user: Doc
    scopes: Mapping[str, str]

    def need(self, scope: str, *, write: bool = False) -> None:
        """Raises Refusal 403 unless the application and the person both may."""
        granted = self.scopes.get(scope, "")
        if granted not in (("write",) if write else ("read", "write")):
            raise Refusal(403, f"The application has no permission for {scope}.", "ForbiddenError")
        if scope in self.user["forbidden"]:
            raise Refusal(403, f"This user has no permission for {scope}.", "ForbiddenError")


def version(request: Request) -> str:
    """The version to answer in; Refusal 410 for one that is unknown or retired."""
    asked = request.headers.get("x-api-version") or DEFAULT_VERSION
    if asked not in VERSIONS:
        raise Refusal(410, f"API version {asked} is not supported.")
    return asked


def caller(store: Store, region: str, request: Request) -> tuple[Caller, Doc]:
    """The caller and the token's document; Unauthenticated unless the token is live in this region."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    grant = Grants(store, region).live(token.strip())
    if grant is None:
        raise Unauthenticated
    office = ClioOffice(store, region, grant["account_id"])
    user = office.look("user", grant["user_id"])
    if user is None or not user["enabled"]:
        raise Unauthenticated
    return Caller(office, user, grant["scopes"]), grant


class Meter:
    """Counts the calls of one token in windows of 60 seconds, on the stand-ins' clock."""

    def __init__(self, store: Store, region: str, switches: Switches) -> None:
        self._store = store
        self._grants = Grants(store, region)
        self.limit = int(switches["clio_rate_limit"])

    def count(self, grant: Doc) -> dict[str, str]:
        """Takes one call off the minute; returns the headers, or raises Refusal 429."""
        now = self._store.now()
        began, used = self._window(grant, now)
        headers = self.headers(began, used + 1)
        if used >= self.limit:
            wait = max(1, began + WINDOW_S - int(now.timestamp()))
            raise Refusal(429, "Too many requests in this minute.", headers={**headers, "retry-after": str(wait)})
        grant["window"] = [began, used + 1]
        self._grants.keep(grant)
        return headers

    def give_back(self, grant: Doc) -> None:
        """Undoes one count, for answers that cost nothing."""
        began, used = grant["window"]
        grant["window"] = [began, used - 1]
        self._grants.keep(grant)

    def headers(self, began: int, used: int) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(0, self.limit - used)),
            "x-ratelimit-reset": str(began + WINDOW_S),
        }

    def untouched(self) -> dict[str, str]:
        """The headers of an answer that no token is charged for."""
        return self.headers(int(self._store.now().timestamp()), 0)

    def _window(self, grant: Doc, now: datetime) -> tuple[int, int]:
        began, used = grant.get("window") or (0, 0)
        if now.timestamp() >= began + WINDOW_S:
            return int(now.timestamp()), 0
        return int(began), int(used)
