"""The way between the portal and the stand-ins, with what passed over it and where it breaks."""

from collections.abc import Callable

import requests
from django.conf import settings

from integrations.sandbox.adapter import InProcessAdapter
from integrations.sandbox.http import Handler, Request, Response

TOKEN_PATHS = ("/oauth/token", "/tokens/bearer")
REVOKE_PATHS = ("/oauth/deauthorize", "/tokens/revoke")


class Network:
    """``seen`` are the requests in order. ``before`` and ``after`` may raise, or answer in the stand-in's place."""

    def __init__(self, handle: Handler, base: str = "") -> None:
        self._handle = handle
        self.base = base or f"{settings.SITE_URL}/sandbox"
        self.seen: list[Request] = []
        self.answers: list[Response] = []
        self.before: Callable[[Request], Response | None] = lambda request: None
        self.after: Callable[[Request, Response], Response] = lambda request, answer: answer

    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount(self.base, InProcessAdapter(self._carry, self.base))
        return session

    def _carry(self, request: Request) -> Response:
        self.seen.append(request)
        answer = self.before(request) or self._handle(request)
        self.answers.append(answer)
        return self.after(request, answer)

    def calls(self, *endings: str) -> list[Request]:
        return [request for request in self.seen if request.path.endswith(endings)]

    def token_calls(self) -> list[Request]:
        return self.calls(*TOKEN_PATHS)

    def revocations(self) -> list[Request]:
        return self.calls(*REVOKE_PATHS)


def on_tokens(act: Callable[[], None]) -> Callable[[Request], None]:
    """Something that happens just before a token endpoint is reached."""

    def before(request: Request) -> None:
        if request.path.endswith(TOKEN_PATHS):
            act()

    return before


def lose_answer(request: Request, answer: Response) -> Response:
    """The stand-in acted; its answer to a token request never arrives."""
    if request.path.endswith(TOKEN_PATHS):
        raise requests.ReadTimeout("the answer was lost")
    return answer
