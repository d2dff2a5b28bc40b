"""A firm with both systems connected to stand-ins in the same process: what the tests of the sync start from."""

import json
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import requests
from django.conf import settings
from requests.adapters import BaseAdapter, HTTPAdapter

from firms.models import Firm, User
from integrations import connecting, mapping
from integrations.gateways import open_workspace
from integrations.models import Connection, Dispatch, Issue, Pairing, SyncRun
from integrations.models.pairing import live_pairing
from integrations.resolving import resolve
from integrations.sandbox.adapter import InProcessAdapter, to_requests
from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.consent import consent
from integrations.sandbox.http import Response
from integrations.sandbox.quickbooks.office import QuickBooksOffice, open_company
from integrations.sandbox.store import Store
from integrations.sandbox.world import World
from integrations.sync.foreseeing import preview
from integrations.sync.run import open_run, sync
from integrations.sync.workspace import Workspace
from integrations.systems import discovery
from integrations.systems.quickbooks.gateway import WRITABLE
from tests.far import FAR, far_file
from tests.kept_rows import KeptRows

START = date(2026, 1, 1)
STALE_S = 30.0  # a firm that was connected so long ago is connected anew: tokens age, and so do calls and checks
Before = Callable[[requests.PreparedRequest], Response | None]
Tamper = Callable[[str, Any], None]


@dataclass
class Portal:
    """``clio`` and ``quickbooks`` are the people on the other side; ``run`` is one sync by the portal."""

    firm: Firm
    owner: User
    world: World
    clio: ClioOffice
    quickbooks: QuickBooksOffice
    clock: SandboxClock
    session: requests.Session
    wire: "Watched"

    @property
    def today(self) -> date:
        """Where the firm is."""
        return self.firm.day_of(self.clock.now())

    @property
    def log(self) -> list[tuple[str, str, str]]:
        """Every request so far: method, path, query."""
        return self.wire.log

    @property
    def pairing(self) -> Pairing:
        found = live_pairing(self.firm)
        assert found is not None
        return found

    def workspace(self) -> Workspace:
        """Freshly opened, long enough after the last one for QuickBooks not to count both in one second."""
        self.clock.sleep(2)
        return open_workspace(self.firm, self.clock, self.session)

    def run(self, trigger: str = SyncRun.Trigger.COMMAND) -> SyncRun:
        work = self.workspace()
        run = open_run(work.pairing, self.clock, trigger)
        sync(work, run)
        run.refresh_from_db()
        return run

    def plan(self):
        work = self.workspace()
        planned = preview(work, open_run(work.pairing, self.clock, SyncRun.Trigger.COMMAND))
        return tuple(one.change for one in planned)

    def writes(self) -> int:
        """How many requests that write QuickBooks has received."""
        return sum(method == "POST" and "/v3/" in path for method, path, _ in self.log)

    def clio_writes(self) -> list[str]:
        """The path of every write Clio has received."""
        return [path for method, path, _ in self.log if method != "GET" and "/clio/api/" in path]

    def bodies(self, entity: str) -> list[dict[str, Any]]:
        """What was sent to QuickBooks for this entity, oldest first."""
        return [body for path, body in self.wire.sent if path.endswith(f"/{entity.lower()}")]

    def on_write(self, entity: str, act: Callable[[], Response | None], times: int = 1) -> None:
        """Has ``act`` done before the next ``times`` writes of this entity are answered."""
        left = [None] * times

        def before(request: requests.PreparedRequest) -> Response | None:
            if left and entity in _written(request):
                left.pop()
                return act()
            return None

        self.wire.before.append(before)

    def until_quiet(self, runs: int = 5) -> None:
        """Runs, two minutes apart, until nothing of unknown outcome is left."""
        for _ in range(runs):
            self.clock.sleep(120)
            self.run()
            if not Dispatch.objects.of(self.firm).filter(state__in=["sent", "unknown"]).exists():
                return
        raise AssertionError("a write is still unresolved")

    def reads(self, system: str) -> int:
        """How many reads that system has answered."""
        root = {"clio": "/clio/api/", "quickbooks": "/quickbooks/v3/"}[system]
        return sum(method == "GET" and root in path for method, path, _ in self.log)

    def issues(self) -> list[Issue]:
        """What is open; people that look alike are left out, for most stories bill two contacts of one name."""
        open_ = Issue.objects.of(self.firm).filter(state=Issue.State.OPEN)
        return list(open_.exclude(code="similar_contacts").order_by("id"))

    def issue(self, code: str) -> Issue:
        """The one open issue of that code."""
        (found,) = [issue for issue in self.issues() if issue.code == code]
        return found

    def reconnect(self, system: str) -> None:
        """A person connects one system again."""
        account = str(self.clio.account_id) if system == "clio" else self.quickbooks.realm
        visitor = connecting.Visitor(self.owner, "session")
        address = connecting.begin(self.firm, visitor, system, "us", self.clock, self.session)
        connecting.finish(visitor, system, consent(self.session, address, account), self.clock, self.session)

    def map(self) -> None:
        """Maps everything as recommended, from 1 January 2026."""
        work = self.workspace()
        mapping.read_targets(work)
        mapping.apply(work, START)

    def resolve(self, code: str, action: str, value: str = "") -> None:
        resolve(self.issue(code), action, self.owner, self.clock, value=value)

    def resolve_one(self, issue: Issue, action: str) -> None:
        resolve(issue, action, self.owner, self.clock)

    def pay(self, bill: int, amount: str | int, on: date = date(2026, 2, 20), **options: Any) -> int:
        """A payment in Clio for one bill; returns its id."""
        return self.clio.record_payment(self.clio.bill(bill)["client_id"], [(bill, Decimal(amount))], on, **options)

    def invoice(self, number: str) -> dict[str, Any]:
        """The one QuickBooks invoice of that number."""
        (found,) = [doc for doc in self.quickbooks.all("Invoice") if doc["DocNumber"] == number]
        return found

    def codes(self) -> list[str]:
        return [issue.code for issue in self.issues()]

    def bill(
        self,
        amount: str | Decimal = "1000.00",
        *,
        contact: str | int | None = None,
        lines: list[BillLine] | None = None,
        issued: date = date(2026, 2, 2),
        number: str | None = None,
        approve: bool = True,
        **options: Any,
    ) -> int:
        """A bill of one service line, approved."""
        matter = self.matter(contact)
        drawn = lines or [BillLine("Advice", Decimal(amount), date=issued)]
        bill = self.clio.draft_bill([matter], drawn, issued, issued, number=number, **options)
        if approve:
            self.clio.approve(bill)
        return bill

    def matter(self, contact: str | int | None = None) -> int:
        client = contact or self.contact()
        return self.clio.create_matter(client, "Advice")

    def contact(self, first: str = "Ann", last: str = "Lee", email: str = "ann@example.com") -> int:
        mails = [{"address": email, "name": "Work", "default_email": True}] if email else []
        return self.clio.create_contact(type="Person", first_name=first, last_name=last, email_addresses=mails)


class Watched(BaseAdapter):
    """Writes down every request, and lets a test stand between the portal and the stand-ins.

    ``before`` may act or raise before a request is answered, or answer it itself. ``tamper`` is given the path and
    the parsed JSON of an answer, and changes it in place.
    """

    log: list[tuple[str, str, str]]
    sent: list[tuple[str, dict[str, Any]]]
    before: list[Before]
    tamper: list[Tamper]

    def watch(self) -> None:
        self.log, self.sent, self.before, self.tamper = [], [], [], []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        path, _, query = request.path_url.partition("?")
        self.log.append((request.method or "", path, query))
        if request.method == "POST" and "/v3/" in path:
            self.sent += _bodies(path, json.loads(request.body or b"{}", parse_float=Decimal))
        for act in list(self.before):
            if reply := act(request):
                return to_requests(reply, request)
        answer = super().send(request, *args, **kwargs)
        if self.tamper and answer.headers.get("content-type", "").startswith("application/json"):
            parsed = answer.json()
            for spoil in self.tamper:
                spoil(path, parsed)
            answer._content = json.dumps(parsed).encode()
        return answer


def _bodies(path: str, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What is written, each with its address: the items of a batch as if each had been sent alone."""
    if not path.endswith("/batch"):
        return [(path, body)]
    items = [(name, value) for item in body["BatchItemRequest"] for name, value in item.items() if name[0].isupper()]
    return [(f"{path.removesuffix('/batch')}/{name.lower()}", value) for name, value in items]


def _written(request: requests.PreparedRequest) -> set[str]:
    """The entities a request to QuickBooks writes, alone or in a batch."""
    path = request.path_url.partition("?")[0]
    if request.method != "POST" or "/v3/" not in path:
        return set()
    sent = _bodies(path, json.loads(request.body or b"{}"))
    return {entity for entity in WRITABLE for path, _ in sent if path.endswith(f"/{entity.lower()}")}


class NearWire(Watched, InProcessAdapter):
    """To stand-ins in this process, without a socket."""

    def serve(self, world: World) -> None:
        """From now on another world answers at the same address."""
        self._handle = world.handle


class FarWire(Watched, HTTPAdapter):
    """To stand-ins in another process, at another host name, below a path of their own, with large ids."""


def new_world(store: Store | None = None) -> World:
    """An empty world; in the far mode one that another process serves."""
    return World(store or new_store())


def new_store() -> Store:
    """The state of an empty world; in the far mode the file that another process serves."""
    return Store(far_file()) if FAR else Store()


def make_portal(
    firm: Firm,
    owner: User,
    *,
    country: str = "US",
    currency: str = "USD",
    company_currency: str = "",
    store: Store | None = None,
    clock: SandboxClock | None = None,
    mapped: bool = True,
) -> Portal:
    """Both systems freshly opened, connected, confirmed and mapped from 1 January 2026.

    That is really done at first, and then once in a while; tests in between are given what it left.
    """
    asked = Asked(firm.name, country, currency, company_currency or currency, mapped)
    if store or clock or FAR:
        return _opened(firm, owner, asked, new_world(store), clock)
    addresses = repr((settings.SITE_URL, settings.CLIO_REGIONS, settings.QBO))
    kept = _kept.get((asked, addresses))
    if kept and time.monotonic() - kept.at < STALE_S:
        return kept.once_more(firm, owner)
    portal = _opened(firm, owner, asked, new_world())
    _kept[asked, addresses] = Kept.of(portal)
    return portal


@dataclass(frozen=True)
class Asked:
    """What a firm is to be like."""

    name: str
    country: str
    currency: str
    company_currency: str
    mapped: bool


def _opened(firm: Firm, owner: User, asked: Asked, world: World, clock: SandboxClock | None = None) -> Portal:
    clio = ClioOffice.open_account(world.store, "us", asked.name, country=asked.country, currency=asked.currency)
    clio.add_bank_account("Operating", "Operating", asked.currency)
    clio.add_bank_account("Trust", "Trust", asked.currency)
    quickbooks = open_company(world.store, asked.name, asked.country, asked.company_currency)
    return connect(firm, owner, world, clio, quickbooks, clock=clock, mapped=asked.mapped)


def connect(
    firm: Firm,
    owner: User,
    world: World,
    clio: ClioOffice,
    quickbooks: QuickBooksOffice,
    *,
    clock: SandboxClock | None = None,
    mapped: bool = True,
) -> Portal:
    session, wire = _session(world)
    clock = clock or SandboxClock(world.store)
    portal = Portal(firm, owner, world, clio, quickbooks, clock, session, wire)
    visitor = connecting.Visitor(owner, "session")
    for system, account in (("clio", str(clio.account_id)), ("quickbooks", quickbooks.realm)):
        address = connecting.begin(firm, visitor, system, "us", clock, session)
        connecting.finish(visitor, system, consent(session, address, account), clock, session)
    ledger = Connection.objects.of(firm).get(system="quickbooks")
    connecting.confirm(ledger, owner, clock)
    if mapped:
        portal.map()
    return portal


@dataclass(frozen=True)
class Kept:
    """All that making a portal left behind: rows, the state of both stand-ins, and what this process remembers."""

    at: float
    portal: Portal
    store: Store
    rows: KeptRows
    memory: dict[str, Any]

    @classmethod
    def of(cls, portal: Portal) -> "Kept":
        memory = {"log": portal.wire.log, "sent": portal.wire.sent, "slept_s": portal.clock.slept_s}
        throttle = portal.world.quickbooks._throttle
        memory |= {"found": discovery._found, "calls": throttle._calls, "metered": throttle._metered}
        return cls(time.monotonic(), portal, portal.world.store.copy(), KeptRows.of(portal.firm), deepcopy(memory))

    def once_more(self, firm: Firm, owner: User) -> Portal:
        """The same for another test, which may do with it what it likes."""
        world, memory = World(self.store.copy()), deepcopy(self.memory)
        session, wire = _session(world)
        clock = SandboxClock(world.store)
        wire.log, wire.sent, clock.slept_s = memory["log"], memory["sent"], memory["slept_s"]
        discovery._found.update(memory["found"])
        throttle = world.quickbooks._throttle
        throttle._calls, throttle._metered = memory["calls"], memory["metered"]
        self.rows.put_back(firm, owner)
        clio = ClioOffice(world.store, "us", self.portal.clio.account_id)
        quickbooks = QuickBooksOffice(world.store, self.portal.quickbooks.realm)
        return Portal(firm, owner, world, clio, quickbooks, clock, session, wire)


_kept: dict[tuple[Asked, str], Kept] = {}


def _session(world: World) -> tuple[requests.Session, Watched]:
    discovery.forget()
    session = requests.Session()
    session.trust_env = False  # the proxies of this machine lead to no stand-in; looking them up takes its time
    if FAR:
        far: Watched = FarWire()
        far.watch()
        session.mount("http://", far)
        return session, far
    base = f"{settings.SITE_URL}/sandbox"
    near = NearWire(world.handle, base)
    near.watch()
    session.mount(base, near)
    return session, near
