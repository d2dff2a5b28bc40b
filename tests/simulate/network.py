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
from tests.simulate.weather import Weather

Fate = Callable[["Network", requests.PreparedRequest], Response | None]
ONE_BY_ONE = ("ids%5B%5D=", "fields=id%2Cetag&", "fields=id%2Cetag%2Cstate&")
LATEST_S = 119.0  # QuickBooks ends a request after 120 seconds (Intuit docs: limits), so it may have its effect so late


class Killed(BaseException):
    """The worker is gone. Whatever it still does reaches nobody: its database is cut off as well."""


@dataclass
class Outage:
    """One system fails in one way for some calls in a row."""

    root: str
    fate: Fate
    calls: int


@dataclass
class Network:
    """Stands between the portal and the stand-ins.

    ``turn`` lets another worker do something while this one waits for an answer; with True this one hung for long.
    ``renew`` is called while a token is asked for.
    """

    portal: Portal
    chance: Random
    weather: Weather
    story: list[str]
    turn: Callable[[bool], None]
    kill: Callable[[], None]
    renew: Callable[[], None]
    is_calm: bool = False
    late: list[tuple[datetime, Request]] = field(default_factory=list)
    outage: Outage | None = None
    left_out: set[str] = field(default_factory=set)  # records that a list lacked; twice would mean that they are gone
    refused_tokens: list[int] = field(default_factory=list)

    def __call__(self, request: requests.PreparedRequest) -> Response | None:
        self.arrive()
        if "/oauth" in str(request.url):
            return self._token(request)
        fate = None if self.is_calm else self._fate(request)
        if fate is None:
            return self._answered(request)
        self.story.append(f"    {fate.__name__}: {request.method} {request.path_url.partition('?')[0]}")
        return fate(self, request)

    def _token(self, request: requests.PreparedRequest) -> Response:
        self.renew()
        answer = self.portal.world.handle(self.stand_in(request))
        if answer.status == 400:
            self.refused_tokens.append(len(self.story))
        return answer

    def _answered(self, request: requests.PreparedRequest) -> Response | None:
        if not self.is_calm and _asks_one_by_one(request) and self.chance.random() < self.weather.gap:
            return self._without_one(request)
        return self.answer(request) if _is_batch(request) else None

    def _fate(self, request: requests.PreparedRequest) -> Fate | None:
        if self.outage and self.outage.root in str(request.url):
            self.outage.calls -= 1
            fate = self.outage.fate
            self.outage = self.outage if self.outage.calls else None
            return fate
        is_read = request.method == "GET"
        if self.chance.random() >= (self.weather.read if is_read else self.weather.write):
            return None
        if self.chance.random() < self.weather.lethal:
            return self.chance.choice((killed_before, killed_after, killed_after))
        if self.chance.random() < self.weather.outage:
            root = "/clio/" if "/clio/" in str(request.url) else "/quickbooks/"
            self.outage = Outage(root, self.chance.choice(OUTAGES), self.chance.randint(1, LONGEST_OUTAGE))
            return self.outage.fate
        if is_read:
            return self.chance.choice(READS)
        return done_later if self.chance.random() < self.weather.late else self.chance.choice(WRITES)

    def _without_one(self, request: requests.PreparedRequest) -> Response:
        """A list of records that were asked for one by one lacks one of them for a moment."""
        answer = self.portal.world.handle(self.stand_in(request))
        body = json.loads(answer.body) if answer.status == 200 else {}
        path = request.path_url.partition("?")[0]
        rows = [row for row in body.get("data") or () if f"{path} {row['id']}" not in self.left_out]
        if not rows:
            return answer
        gone = self.chance.choice(rows)
        self.left_out.add(f"{path} {gone['id']}")
        self.story.append(f"    lacks {gone['id']}: {path}")
        body["data"].remove(gone)
        return Response(answer.status, json.dumps(body).encode(), answer.headers)

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
    due = net.portal.clock.now() + timedelta(seconds=net.chance.uniform(20, LATEST_S))
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


def not_permitted(net: Network, request: requests.PreparedRequest) -> Response | None:
    """Clio's user may not read a list for a moment."""
    if "/clio/" not in str(request.url):
        return net.answer(request)
    body = {"error": {"type": "ForbiddenError", "message": "User is forbidden from taking that action"}}
    return Response(403, json.dumps(body).encode(), {"content-type": "application/json; charset=utf-8"})


def _asks_one_by_one(request: requests.PreparedRequest) -> bool:
    """By their ids, or for the ids and versions of all."""
    query = str(request.path_url)
    return request.method == "GET" and any(part in query for part in ONE_BY_ONE)


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
    another_workers_turn,
)
READS: tuple[Fate, ...] = (*EVERYWHERE, hung, not_permitted)
WRITES: tuple[Fate, ...] = (*EVERYWHERE, parts_lost)
OUTAGES: tuple[Fate, ...] = (refused, dropped_on_the_way, answer_lost, failed_at_the_vendor, a_page_of_html)
LONGEST_OUTAGE = 8  # calls; a read is tried three times
