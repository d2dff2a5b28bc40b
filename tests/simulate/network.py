"""A network that fails by chance: the fate of every call is drawn from the seed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import RemoteDisconnected
from random import Random

import requests
from urllib3.exceptions import NewConnectionError, ProtocolError

from integrations.sandbox.http import Request, Response
from tests.portal import NearWire, Portal

Fate = Callable[["Network", requests.PreparedRequest], Response | None]
LATEST_S = 119.0  # QuickBooks ends a request after 120 seconds (Intuit docs: limits), so it may have its effect so late


class Killed(BaseException):
    """The worker is gone. Whatever it still does reaches nobody: its database is cut off as well."""


@dataclass
class Network:
    """Stands between the portal and the stand-ins.

    ``turn`` lets another worker do something while this one waits for an answer; with True this one hung for long.
    """

    portal: Portal
    chance: Random
    read_rate: float
    write_rate: float
    turn: Callable[[bool], None]
    kill: Callable[[], None]
    is_locked: Callable[[], bool]
    is_calm: bool = False
    late: list[tuple[datetime, Request]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    def __call__(self, request: requests.PreparedRequest) -> Response | None:
        self.arrive()
        if "/oauth" in str(request.url):
            self._others_may_renew()
            return None
        if self.is_calm:
            return self.answer(request) if _is_batch(request) else None
        if self.chance.random() >= (self.read_rate if request.method == "GET" else self.write_rate):
            return self.answer(request) if _is_batch(request) else None
        fate = self.chance.choice(WRITES if request.method != "GET" else READS)
        self.story.append(f"    {fate.__name__}: {request.method} {request.path_url.partition('?')[0]}")
        return fate(self, request)

    def _others_may_renew(self) -> None:
        """A token is asked for: whoever else needs one gets there at the same time, unless its row is locked."""
        if not self.is_locked():
            self.story.append("    another worker renews the same token")
            self.turn(False)

    def arrive(self, *, all_of_them: bool = False) -> None:
        """Requests that were thought lost have their effect."""
        now = self.portal.clock.now()
        due = [one for at, one in self.late if all_of_them or at <= now]
        self.late = [(at, one) for at, one in self.late if one not in due]
        for one in due:
            self.portal.world.handle(one)

    def answer(self, request: requests.PreparedRequest) -> Response:
        """What the stand-ins answer; the parts of a batch in any order, as nothing promises one."""
        answer = self.portal.world.handle(self.stand_in(request))
        if not _is_batch(request) or answer.status != 200:
            return answer
        body = json.loads(answer.body)
        self.chance.shuffle(body.get("BatchItemResponse", []))
        return Response(200, json.dumps(body).encode(), answer.headers)

    def stand_in(self, request: requests.PreparedRequest) -> Request:
        wire = self.portal.wire
        assert isinstance(wire, NearWire)
        return wire.to_stand_in(request)


def refused(net: Network, request: requests.PreparedRequest) -> Response | None:
    raise requests.ConnectionError(NewConnectionError(None, "refused"), request=request)  # type: ignore[arg-type]


def dropped_on_the_way(net: Network, request: requests.PreparedRequest) -> Response | None:
    raise requests.ConnectionError(ProtocolError("aborted", RemoteDisconnected("closed")), request=request)


def answer_lost(net: Network, request: requests.PreparedRequest) -> Response | None:
    net.answer(request)
    raise requests.ReadTimeout("no answer", request=request)


def done_later(net: Network, request: requests.PreparedRequest) -> Response | None:
    due = net.portal.clock.now() + timedelta(seconds=net.chance.uniform(1, LATEST_S))
    net.late.append((due, net.stand_in(request)))
    raise requests.ReadTimeout("no answer", request=request)


def throttled(net: Network, request: requests.PreparedRequest) -> Response | None:
    after = net.chance.choice([{}, {"retry-after": "7"}, {"retry-after": "60"}])
    return Response(429, b'{"Fault":{"Error":[{"code":"003001"}],"type":"THROTTLING"}}', after)


def failed_at_the_vendor(net: Network, request: requests.PreparedRequest) -> Response | None:
    if net.chance.random() < 0.5:
        net.answer(request)
    return Response(net.chance.choice([500, 502, 503, 504]), b"upstream said no", {"content-type": "text/plain"})


def a_page_of_html(net: Network, request: requests.PreparedRequest) -> Response | None:
    if net.chance.random() < 0.5:
        net.answer(request)
    return Response(200, b"<html><body>Scheduled maintenance</body></html>", {"content-type": "text/html"})


def cut_short(net: Network, request: requests.PreparedRequest) -> Response | None:
    answer = net.answer(request)
    return Response(answer.status, answer.body[: len(answer.body) // 2], answer.headers)


def parts_lost(net: Network, request: requests.PreparedRequest) -> Response | None:
    """The answer to a batch does not name all of its parts."""
    answer = net.answer(request)
    if not _is_batch(request) or answer.status != 200:
        return answer
    body = json.loads(answer.body)
    body["BatchItemResponse"] = [part for part in body.get("BatchItemResponse", []) if net.chance.random() < 0.6]
    return Response(200, json.dumps(body).encode(), answer.headers)


def killed_before(net: Network, request: requests.PreparedRequest) -> Response | None:
    net.kill()
    raise Killed


def killed_after(net: Network, request: requests.PreparedRequest) -> Response | None:
    net.answer(request)
    net.kill()
    raise Killed


def another_workers_turn(net: Network, request: requests.PreparedRequest) -> Response | None:
    net.turn(False)
    return None


def hung(net: Network, request: requests.PreparedRequest) -> Response | None:
    """So long that the run is taken over meanwhile; this worker then finds that it may not write."""
    net.turn(True)
    return None


def row_missing(net: Network, request: requests.PreparedRequest) -> Response | None:
    """A list of records that were asked for one by one lacks one of them for a moment."""
    answer = net.answer(request)
    if "ids%5B%5D=" not in str(request.path_url) and "fields=id%2Cetag&" not in str(request.path_url):
        return answer
    body = json.loads(answer.body)
    if body.get("data"):
        body["data"].pop(net.chance.randrange(len(body["data"])))
    return Response(answer.status, json.dumps(body).encode(), answer.headers)


def _is_batch(request: requests.PreparedRequest) -> bool:
    return "/batch?" in str(request.path_url)


EVERYWHERE: tuple[Fate, ...] = (
    refused,
    dropped_on_the_way,
    answer_lost,
    throttled,
    failed_at_the_vendor,
    a_page_of_html,
    cut_short,
    killed_before,
    killed_after,
    another_workers_turn,
)
READS: tuple[Fate, ...] = (*EVERYWHERE, hung, row_missing)
WRITES: tuple[Fate, ...] = (*EVERYWHERE, done_later, done_later, parts_lost)
