"""A clock that only moves when told to, and a remote system that answers from a script."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import requests

from integrations.sandbox.adapter import InProcessAdapter
from integrations.sandbox.http import Request, Response, json_response
from integrations.systems.pace import CallKind, Heard

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROOT = "https://vendor.test"


class FakeClock:
    """Starts at NOW; sleeping moves it on at once."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


class FreeBudget:
    """Never waits; remembers what it was asked and told."""

    def __init__(self) -> None:
        self.asked: list[CallKind] = []
        self.told: list[Heard] = []

    def before_call(self, kind: CallKind) -> str:
        self.asked.append(kind)
        return f"ticket-{len(self.asked)}"

    def after_call(self, ticket: str, said: Heard) -> None:
        assert ticket == f"ticket-{len(self.asked)}"
        self.told.append(said)


class Tokens:
    """A token provider whose token carries a number that each renewal raises."""

    def __init__(self) -> None:
        self.renewals = 0

    def __call__(self, force: bool) -> str:
        self.renewals += force
        return f"secret-{self.renewals}"


Step = Response | Exception | Callable[[Request], Response]


class Remote:
    """Answers each request with the next step of its script; the last step answers all that follow."""

    def __init__(self, *steps: Step, base: str = ROOT) -> None:
        self.steps = list(steps)
        self.base = base
        self.seen: list[Request] = []

    def handle(self, request: Request) -> Response:
        self.seen.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Response) else step(request)

    def session(self) -> requests.Session:
        session = requests.Session()
        for scheme in ("https://", "http://"):  # nothing in these tests reaches a network
            session.mount(scheme, InProcessAdapter(self.handle, self.base))
        return session


def answer(value: object, status: int = 200, **headers: str) -> Response:
    return json_response(status, value, {name.replace("_", "-"): text for name, text in headers.items()})


def fault(
    code: str, status: int = 400, message: str = "No", detail: str = "No, because", upper: bool = True
) -> Response:
    """Either of Intuit's two envelopes."""
    names: Sequence[str] = ("Fault", "Error", "Message", "Detail") if upper else ("fault", "error", "message", "detail")
    entry = {names[2]: message, names[3]: detail, "code": code, "element": ""}
    return json_response(status, {names[0]: {names[1]: [entry], "type": "ValidationFault"}}, {"intuit_tid": "tid-1"})
