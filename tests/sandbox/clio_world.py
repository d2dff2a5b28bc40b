"""A Clio account for tests, with a session that speaks to its stand-in."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.clio.stand_in import ClioStandIn
from integrations.sandbox.http import Request, Response
from integrations.sandbox.store import Store

BASE = "http://testserver/sandbox/clio"


@dataclass
class Account:
    """One account with an operating and a trust account, a contact and a matter."""

    store: Store
    clio: ClioStandIn
    office: ClioOffice
    operating: int
    trust: int
    contact: int
    matter: int
    token: str

    def call(self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None, **query: Any):
        """A call to ``/api/v4/<path>`` or to an absolute address; query lists repeat their name."""
        address = urlsplit(path)
        given = [pair for name, value in query.items() for pair in _pairs(name, value)]
        return self.clio.handle(
            Request(
                method,
                address.path.removeprefix("/sandbox/clio") if address.scheme else f"/api/v4/{address.path}",
                (*parse_qsl(address.query), *given),
                {"authorization": f"Bearer {self.token}", **(headers or {})},
                b"" if body is None else json.dumps({"data": body}).encode(),
                BASE,
            )
        )

    def get(self, path: str, **query: Any) -> Any:
        """``data`` of a successful answer."""
        return parsed(self.call("GET", path, **query), 200)["data"]

    def pages(self, path: str, **query: Any) -> list[Any]:
        """Every record of a list, following meta.paging.next."""
        rows: list[Any] = []
        body = parsed(self.call("GET", path, **query), 200)
        while True:
            rows += body["data"]
            following = body.get("meta", {}).get("paging", {}).get("next")
            if not following:
                return rows
            assert following.startswith(BASE + "/api/v4/")
            body = parsed(self.call("GET", following), 200)

    def bill(self, *amounts: object, issued_at: str = "2026-01-10", **more: Any) -> int:
        """An approved bill of one service line per amount."""
        lines = [BillLine("Advice", price=Decimal(str(amount))) for amount in amounts or (1000,)]
        return self.office.draft_bill(self.matter, lines, issued_at, state="awaiting_payment", **more)


def account(**settings: Any) -> Account:
    """A fresh account; settings are switches without their prefix."""
    store = Store()
    for name, value in {"rate_limit": 100_000, **settings}.items():
        store.set_setting(f"switch:clio_{name}", value)
    clio = ClioStandIn(store)
    office = ClioOffice.open_account(store, name="O'Brien & Søn LLP")
    operating = office.add_bank_account("Operating")
    trust = office.add_bank_account("Trust", "Trust")
    contact = office.create_contact(first_name="Zoë", last_name="O'Hara")
    matter = office.create_matter(contact, "O'Hara v. Sea")
    return Account(store, clio, office, operating, trust, contact, matter, clio.token(office))


def parsed(response: Response, status: int) -> Any:
    assert response.status == status, response.body.decode()
    return json.loads(response.body, parse_float=Decimal)


def form(clio: ClioStandIn, method: str, path: str, values: dict[str, str], **headers: str) -> Response:
    """An OAuth request: a query for GET, a form body for POST."""
    if method == "GET":
        return clio.handle(Request("GET", path, tuple(values.items()), headers, b"", BASE))
    return clio.handle(Request("POST", path, (), headers, urlencode(values).encode(), BASE))


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [(f"{name}[]", str(item)) for item in value]
    return [(name, str(value))]
