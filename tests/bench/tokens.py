"""Two processes renew one token five hundred times: ``python -m tests.bench.tokens [--times 500]``.

The stand-ins give another refresh token with each renewal and accept no old one, so one renewal too many, or one with
a token that was renewed meanwhile, ends the connection.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from tests.bench.__main__ import _free_port, _wait_for

SYSTEMS = ("clio", "quickbooks")
ISSUED = {"clio": ("clio-grants:us", "access"), "quickbooks": ("qbo-oauth", "Access")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tokens")
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--as", dest="role", choices=("conductor", "worker"), default="conductor")
    options = parser.parse_args()
    return work() if options.role == "worker" else conduct(options.times)


def conduct(times: int) -> int:
    with tempfile.TemporaryDirectory(prefix="sync-portal-bench-") as folder:
        port, file = _free_port(), Path(folder) / "sandbox.sqlite3"
        given = {"SANDBOX": "1", "DATA_DIR": folder, "SITE_URL": f"http://localhost:{port}"}
        os.environ.update(given, DJANGO_SETTINGS_MODULE="sync_portal.settings")
        seed(file)
        command = [sys.executable, "-m", "integrations.sandbox", "--port", str(port), "--prefix", "/sandbox"]
        stand_ins = subprocess.Popen([*command, "--file", str(file)])
        try:
            _wait_for(port)
            connect(file)
            held = [renew(system, times, file) for system in SYSTEMS]
        finally:
            stand_ins.terminate()
            stand_ins.wait(10)
            _stop_database(folder)
    return 0 if all(held) else 1


def seed(file: Path) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from integrations.sandbox.clio.office import ClioOffice
    from integrations.sandbox.clio.switches import switch
    from integrations.sandbox.quickbooks.office import open_company
    from integrations.sandbox.store import Store

    call_command("migrate", verbosity=0)
    store = Store(file)
    ClioOffice.open_account(store, "us", "Bench LLP", country="US", currency="USD")
    open_company(store, "Bench LLP", "US", "USD")
    switch(store, "clio_refresh_rotates", "yes")
    store.close()


def connect(file: Path) -> None:
    from firms.membership import create_firm
    from firms.models import User
    from integrations import connecting
    from integrations.sandbox.clio.office import accounts
    from integrations.sandbox.consent import consent
    from integrations.sandbox.store import Store
    from integrations.systems.clock import SystemClock

    store = Store(file)
    chosen = {"clio": str(accounts(store, "us")[0].account_id), "quickbooks": store.spaces("qbo:")[0][4:]}
    store.close()
    clock, owner = SystemClock(), User.objects.create_user("bench@example.com", None)
    firm, visitor = create_firm(owner, "Bench LLP", "bench"), connecting.Visitor(owner, "bench")
    for system, account in chosen.items():
        address = connecting.begin(firm, visitor, system, "us", clock)
        connecting.finish(visitor, system, consent(requests.Session(), address, account), clock)


def renew(system: str, times: int, file: Path) -> bool:
    """Prints what came of it and whether that is as it should be."""
    from django.utils import timezone

    from integrations.models import OAuthToken

    tokens = OAuthToken.all_firms.filter(connection__system=system)
    before, started = issued(system, file), time.monotonic()
    workers = [worker(), worker()]
    same = 0
    for _ in range(times):
        tokens.update(access_expires_at=timezone.now())
        for each in workers:
            print(system, file=each.stdin, flush=True)
        first, second = (each.stdout.readline() if each.stdout else "" for each in workers)
        same += first == second != ""
    for each in workers:
        each.communicate()
    row, renewals = tokens.select_related("connection").get(), issued(system, file) - before
    holds = (same, row.generation - 1, renewals, row.connection.state) == (times, times, times, "connected")
    took = f"{time.monotonic() - started:.0f} s"
    print(f"{system}: {renewals} renewals for {times} expiries, {same} times both had the same token, {took}")
    print(("holds   " if holds else "BROKEN  ") + f"one renewal per expiry, the connection is {row.connection.state}")
    return holds


def worker() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.tokens", "--as", "worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def issued(system: str, file: Path) -> int:
    """How many access tokens the stand-in has given out."""
    from integrations.sandbox.store import Store

    store = Store(file)
    count = store.count(*ISSUED[system])
    store.close()
    return count


def work() -> int:
    """For each line, a token of the system it names; a digest of it is printed."""
    import hashlib
    import logging

    import django

    django.setup()
    logging.disable(logging.WARNING)
    from integrations.models import Connection
    from integrations.systems.clock import SystemClock
    from integrations.tokens import provider_of_tokens

    for line in sys.stdin:
        connection = Connection.all_firms.get(system=line.strip())
        token = provider_of_tokens(connection, SystemClock())(False)
        print(hashlib.sha256(token.encode()).hexdigest(), flush=True)
    return 0


def _stop_database(folder: str) -> None:
    from sync_portal.database import stop

    stop(Path(folder) / "postgres")


if __name__ == "__main__":
    sys.exit(main())
