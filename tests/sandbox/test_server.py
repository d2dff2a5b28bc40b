"""The stand-ins in a process of their own: another host, a path prefix, large ids; and the small server itself."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.clio.stand_in import ClioStandIn
from integrations.sandbox.consent import consent
from integrations.sandbox.http import Request, Response
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.server import serving
from integrations.sandbox.store import Store
from integrations.sandbox.world import World

LARGE = 7_000_000_000_123
ROOT = Path(__file__).resolve().parents[2]
PLAIN = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


@contextmanager
def program(*options: str) -> Iterator[dict[str, Any]]:
    """The stand-ins as their own program; yields what it prints."""
    command = [sys.executable, "-m", "integrations.sandbox", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=PLAIN) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    file = tmp_path_factory.mktemp("sandbox") / "far.sqlite3"
    options = ("--prefix", "/far/away", "--file", str(file), "--first-id", str(LARGE), "--bills", "230")
    with program(*options, "--host", "localhost", "--today", "2026-11-24") as said:
        yield {**said, "file": file}


def test_it_runs_without_django_settings_below_its_prefix(elsewhere: dict[str, Any]) -> None:
    assert elsewhere["address"].startswith("http://localhost:")
    assert elsewhere["address"].endswith("/far/away")
    outside = f"http://{urlsplit(elsewhere['address']).netloc}/clio/api/v4/bills.json"
    assert requests.get(outside, timeout=10).status_code == 404
    assert requests.get(f"{elsewhere['address']}/clio/api/v4/bills.json", timeout=10).status_code == 401


def test_pages_lead_on_at_the_same_host_and_prefix_with_large_ids(elsewhere: dict[str, Any]) -> None:
    office = ClioOffice(Store(elsewhere["file"]), elsewhere["region"], int(elsewhere["account"]))
    token = ClioStandIn(office.store).token(office)
    url, ids = f"{elsewhere['address']}/clio/api/v4/bills.json?limit=100", []
    while url:
        assert url.startswith(f"{elsewhere['address']}/clio/api/v4/bills")
        answer = requests.get(url, headers={"authorization": f"Bearer {token}"}, timeout=10).json()
        ids += [bill["id"] for bill in answer["data"]]
        url = answer["meta"].get("paging", {}).get("next")
    assert len(ids) == 230
    assert min(ids) > LARGE


def test_quickbooks_there_gives_large_ids_and_addresses_of_its_own(elsewhere: dict[str, Any]) -> None:
    known = requests.get(f"{elsewhere['address']}/quickbooks/.well-known/openid_configuration", timeout=10).json()
    assert known["token_endpoint"].startswith(f"{elsewhere['address']}/quickbooks/")
    office = QuickBooksOffice(Store(elsewhere["file"]), elsewhere["realm"])
    assert all(int(customer["Id"]) >= LARGE for customer in office.all("Customer"))


def test_the_consent_page_there_leads_back_with_a_code(elsewhere: dict[str, Any]) -> None:
    asked = {
        "response_type": "code",
        "client_id": "sandbox-clio",
        "state": "s",
        "redirect_uri": "http://localhost/back",
    }
    page = requests.Request("GET", f"{elsewhere['address']}/clio/oauth/authorize", params=asked).prepare().url
    assert page is not None
    back = consent(requests.Session(), page, elsewhere["account"])
    assert back["state"] == "s"
    assert back["code"]


def test_a_taken_port_is_said_in_one_line() -> None:
    with serving(lambda request: Response(204)) as address:
        command = [sys.executable, "-m", "integrations.sandbox", "--port", str(urlsplit(address).port)]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert found.returncode == 1
    assert found.stderr.startswith("cannot serve at 127.0.0.1:")


def test_a_request_arrives_as_it_was_sent() -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response(200, b"ok", {"date": "Tue, 24 Nov 2026 10:00:00 GMT"})

    with serving(handle, prefix="/x") as address:
        answer = requests.post(
            f"{address}/a b/c?d=1&d=&e=%C3%A9", data=b"\x00body", headers={"X-Name": "V"}, timeout=10
        )
    (request,) = seen
    assert (request.method, request.path, request.body) == ("POST", "/a b/c", b"\x00body")
    assert request.query == (("d", "1"), ("d", ""), ("e", "é"))
    assert (request.headers["x-name"], request.base) == ("V", address)
    assert answer.headers["date"] == "Tue, 24 Nov 2026 10:00:00 GMT"


def test_a_failure_of_the_sandbox_itself_is_an_answer() -> None:
    def broken(request: Request) -> Response:
        raise RuntimeError("broken")

    with serving(broken) as address:
        assert requests.get(address, timeout=10).status_code == 500
        assert requests.get(address, timeout=10).status_code == 500


@pytest.mark.parametrize("body", [b"", b"[]", b'{"seconds": "soon"}', b'{"seconds": -1}', b'{"seconds": 1e99}'])
def test_the_clock_refuses_what_is_no_step_forward(body: bytes) -> None:
    world = World(Store())
    before = world.store.setting("clock:offset_s", 0.0)
    assert world.handle(Request("POST", "/clock", body=body)).status == 400
    assert world.store.setting("clock:offset_s", 0.0) == before


def test_the_clock_moves_forward() -> None:
    world = World(Store())
    before = world.store.now()
    assert world.handle(Request("POST", "/clock", body=b'{"seconds": 3600}')).status == 200
    assert (world.store.now() - before).total_seconds() >= 3600
