"""The Clio stand-in of one region: what a server, a view or a test hands its requests to."""

from collections.abc import Mapping, Sequence
from email.utils import format_datetime

from integrations.sandbox.clio.api import ROOT, Api
from integrations.sandbox.clio.grants import Grants
from integrations.sandbox.clio.oauth import OAuth
from integrations.sandbox.clio.office import REGIONS, ClioOffice, accounts
from integrations.sandbox.clio.resources import SCOPES
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.http import Request, Response
from integrations.sandbox.store import Store


class ClioStandIn:
    """Clio Manage of one region. ``request.path`` starts at its root: /oauth/authorize, /api/v4/bills.json."""

    def __init__(self, store: Store, region: str = "us") -> None:
        if region not in REGIONS:
            raise ValueError(f"region must be one of {', '.join(REGIONS)}")
        self.store = store
        self.region = region
        self._api = Api(store, region)
        self._oauth = OAuth(store, region)

    def handle(self, request: Request) -> Response:
        if request.path.startswith(ROOT):
            answer = self._api.handle(request)
        else:
            with self.store.transaction():
                answer = self._oauth.handle(request)
        now = self.store.now().replace(microsecond=0)
        return Response(answer.status, answer.body, {**answer.headers, "date": format_datetime(now, usegmt=True)})

    def register_client(
        self,
        client_id: str,
        secret: str,
        redirect_uris: Sequence[str] | None = None,
        scopes: Mapping[str, str] | None = None,
    ) -> None:
        """Registers an application; until one is, the pair sandbox-clio / sandbox-clio-secret is known.

        ``scopes``: name to "read" or "write", by default all; grants given before keep theirs.
        """
        Grants(self.store, self.region).register(client_id, secret, redirect_uris, scopes)

    def accounts(self) -> list[ClioOffice]:
        """The offices of every account in this region."""
        return accounts(self.store, self.region)

    def token(self, office: ClioOffice, user_id: int | None = None, scopes: Mapping[str, str] | None = None) -> str:
        """An access token for this account without the consent pages, for tests and benches."""
        grants = Grants(self.store, self.region)
        user = user_id or office.account["owner_id"]
        given = dict(scopes) if scopes is not None else dict.fromkeys(SCOPES, "write")
        grant = {"account_id": office.account_id, "user_id": user, "scopes": given, "client_id": "sandbox-clio"}
        return grants.issue(grant, Switches(self.store), refresh=False)[0]
