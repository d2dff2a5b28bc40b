"""One sandbox world: both stand-ins and their clock behind one mount."""

import threading
from dataclasses import replace
from pathlib import Path

from integrations.sandbox.clio.stand_in import ClioStandIn
from integrations.sandbox.http import Request, Response, json_response
from integrations.sandbox.mail import Mail
from integrations.sandbox.quickbooks.stand_in import QuickBooksStandIn
from integrations.sandbox.store import Store

CLIO_PATHS = {"us": "clio", "eu": "clio-eu", "ca": "clio-ca", "au": "clio-au"}
LONGEST_STEP_S = 10 * 366 * 86_400


class World:
    """Everything outside the portal. Paths start below the mount: ``/clio/api/v4/...``, ``/quickbooks/v3/...``."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clio = {region: ClioStandIn(store, region) for region in CLIO_PATHS}
        self.quickbooks = QuickBooksStandIn(store)
        self.mail = Mail(store)
        handlers = {path: self.clio[region].handle for region, path in CLIO_PATHS.items()}
        self._systems = {**handlers, "quickbooks": self.quickbooks.handle}

    def handle(self, request: Request) -> Response:
        head, _, rest = request.path.lstrip("/").partition("/")
        handler = self._systems.get(head)
        if handler is not None:
            return handler(replace(request, path=f"/{rest}", base=f"{request.base}/{head}"))
        if head == "clock" and request.method == "POST":
            return self._advance(request)
        return json_response(404, {"error": f"the sandbox has nothing at {request.path}"})

    def _advance(self, request: Request) -> Response:
        """POST /clock with {"seconds": n}: time only moves forward."""
        try:
            seconds = float(request.json()["seconds"])
        except (ValueError, TypeError, KeyError):
            return json_response(400, {"error": 'the clock takes {"seconds": a number}'})
        if not 0 <= seconds <= LONGEST_STEP_S:
            return json_response(400, {"error": "the clock moves forward, by ten years at most"})
        self.store.advance(seconds)
        return json_response(200, {"now": self.store.now().isoformat()})


_worlds: dict[Path, World] = {}
_opening = threading.Lock()


def world_at(path: Path) -> World:
    """The world kept in this file; one per process, so that its locks work."""
    with _opening:
        if path not in _worlds:
            path.parent.mkdir(parents=True, exist_ok=True)
            _worlds[path] = World(Store(path))
        return _worlds[path]
