"""How long each page of a very large firm takes on the server: ``python -m tests.bench.web [--times 20]``.

Requests go through the whole of the portal in this process; what a browser and a network add is not in it. Every page
is looked at twice before it is measured, as the database's memory would hold it in the course of a day.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

P95_MS = 150
QUERIES = 12
WARM = 2


@dataclass(frozen=True, slots=True)
class Took:
    """One page: the times of its requests, shortest first, and the statements of one."""

    name: str
    address: str
    status: int
    ms: list[float]
    queries: int

    @property
    def least(self) -> float:
        """What it costs where nothing else wants the processor: far below the others, the machine was busy."""
        return self.ms[0]

    @property
    def p50(self) -> float:
        return self.ms[len(self.ms) // 2]

    @property
    def p95(self) -> float:
        return self.ms[min(len(self.ms) * 95 // 100, len(self.ms) - 1)]

    @property
    def holds(self) -> bool:
        return self.status == 200 and self.p95 < P95_MS and self.queries <= QUERIES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.web")
    parser.add_argument("--links", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--data", help="a data folder that is kept, with the firm in it if it was seeded before")
    parser.add_argument("--only", default="", help="names of pages, with commas between")
    options = parser.parse_args()
    if options.data:
        return conduct(Path(options.data), options)
    with tempfile.TemporaryDirectory(prefix="sync-portal-bench-") as folder:
        return conduct(Path(folder), options)


def conduct(folder: Path, options: argparse.Namespace) -> int:
    here = {"DJANGO_SETTINGS_MODULE": "sync_portal.settings", "SANDBOX": "1", "DATA_DIR": str(folder)}
    os.environ.update(here, ALLOWED_HOSTS="testserver")
    from django.core.management import call_command

    import sync_portal.wsgi as served  # loads everything, as it does for gunicorn
    from firms.models import Firm
    from sync_portal.database import stop

    try:
        call_command("migrate", verbosity=0)
        if not Firm.objects.filter(slug="scale").exists():
            call_command("seed_scale", links=options.links, events=options.events)
            swept()
        served.keep_what_is_loaded()  # what made the firm is no part of a process that serves pages
        return report(measured(options.times, set(filter(None, options.only.split(",")))))
    finally:
        stop(folder / "postgres")


def swept() -> None:
    """What the database does by itself some minutes after so many rows came in."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def measured(times: int, only: set[str]) -> list[Took]:
    from django.test import Client

    from firms.models import Firm, User
    from firms.scoping import firm_context
    from tests.bench.pages import asked

    client, firm = Client(raise_request_exception=False), Firm.objects.get(slug="scale")
    client.force_login(User.objects.get(email="scale@example.com"), "django.contrib.auth.backends.ModelBackend")
    with firm_context(firm):
        wanted = [(name, address) for name, address in asked(firm) if not only or name in only]
    return [took(client, name, address, times) for name, address in wanted]


def took(client: object, name: str, address: str, times: int) -> Took:
    """One page, measured."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ms = []
    for _ in range(WARM):
        client.get(address)
    with CaptureQueriesContext(connection) as captured:
        status, queries = client.get(address).status_code, len(captured)
    for _ in range(times):
        started = time.perf_counter()
        client.get(address)
        ms.append((time.perf_counter() - started) * 1000)
    return Took(name, address, status, sorted(ms), queries)


def report(pages: list[Took]) -> int:
    print(f"{'page':<18}{'min ms':>8}{'p50 ms':>8}{'p95 ms':>8}{'queries':>9}  address")
    for one in sorted(pages, key=lambda one: -one.p95):
        mark = "" if one.holds else "  BROKEN" + (f" {one.status}" if one.status != 200 else "")
        times = "".join(f"{ms:>8.0f}" for ms in (one.least, one.p50, one.p95))
        print(f"{one.name:<18}{times}{one.queries:>9}  {one.address}{mark}")
    broken = [one for one in pages if not one.holds]
    load = f"{os.getloadavg()[0]:.1f} processes wanted one of {os.cpu_count()} processors"
    said = f"{len(pages)} pages: p95 below {P95_MS} ms and at most {QUERIES} queries each; {load}"
    print(f"{'BROKEN ' if broken else 'holds  '} {said}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
