"""Measures a first sync from empty, the one that sees what it wrote, and three silent ones, a quarter of an hour apart.

    python -m tests.bench [--bills 1000 10000]

Three processes, so that nobody's memory is counted twice: one seeds, one serves the stand-ins, one is the worker.
Waiting is done on the stand-ins' clock, so the limits of both systems are real and take no time. Of the silent ones the
middle one counts: now and then one reads all linked contacts again, less often the more there are.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

MEMORY_LIMIT_MB = 400
CALLS_OVER_PAGES = 1.10
PAGE = 200
MANY = 10_000  # of fewer bills the last batch of each kind, which is only part-filled, counts for more
BATCH = 25
PASSES = ("first sync", "the next one", *["a silent one"] * 3)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--bills", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--as", dest="role", choices=("conductor", "seeder", "worker"), default="conductor")
    options = parser.parse_args()
    if options.role == "seeder":
        return seed(options.bills[0])
    if options.role == "worker":
        return work()
    silent = [conduct(bills) for bills in options.bills]
    checks = {name: holds for one in silent for name, holds in one.checks.items()} | _alike(silent)
    for text, holds in checks.items():
        print(("holds   " if holds else "BROKEN  ") + text)
    return 0 if all(checks.values()) else 1


@dataclass(frozen=True, slots=True)
class Measured:
    """What the silent sync of a firm of this size took, and what had to hold for it."""

    bills: int
    calls: int
    cpu_s: float
    checks: dict[str, bool]


def _alike(silent: list[Measured]) -> dict[str, bool]:
    """Where nothing changed, a sync costs the same whatever the size of the firm."""
    if len(silent) < 2:
        return {}
    small, large = silent[0], silent[-1]
    calls = f"silent sync of {small.bills} and of {large.bills} bills: {small.calls} and {large.calls} calls"
    cpu = f"the same: {small.cpu_s:.2f} s and {large.cpu_s:.2f} s CPU, within 20 % (or 0.1 s)"
    close = abs(large.cpu_s - small.cpu_s) <= max(0.2 * small.cpu_s, 0.1)
    return {calls: small.calls == large.calls, cpu: close}


def conduct(bills: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="sync-portal-bench-") as folder:
        port = _free_port()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "sync_portal.settings",
            "SANDBOX": "1",
            "DATA_DIR": folder,
            "SITE_URL": f"http://localhost:{port}",
        }
        command = [sys.executable, "-m", "tests.bench", "--bills", str(bills)]
        seeded = json.loads(subprocess.check_output([*command, "--as", "seeder"], env=environment))
        print(f"seeded {bills} bills in {seeded['seconds']:.0f} s: {seeded['rows']}")
        stand_ins = subprocess.Popen(
            [sys.executable, "-m", "integrations.sandbox", "--port", str(port), "--prefix", "/sandbox"]
            + ["--file", str(Path(folder) / "sandbox.sqlite3")],
            env=environment,
        )
        try:
            _wait_for(port)
            result = json.loads(
                subprocess.check_output([*command, "--as", "worker"], env={**environment, **seeded["ids"]})
            )
        finally:
            stand_ins.terminate()
            stand_ins.wait(10)
    return report(bills, result, seeded["pages"])


def seed(bills: int) -> int:
    """Fills the sandbox and prints what is in it."""
    import django
    from django.conf import settings

    django.setup()
    from integrations.sandbox.clio.office import ClioOffice
    from integrations.sandbox.generator import seed as generate
    from integrations.sandbox.store import Store

    started = time.monotonic()
    settings.SANDBOX_FILE.parent.mkdir(parents=True, exist_ok=True)
    store = Store(settings.SANDBOX_FILE)
    seeded = generate(store, bills=bills)
    rows = {name: len(docs) for name, docs in ClioOffice(store, "us", seeded.account_id).snapshot().items()}
    read = ("bills", "contacts", "line_items", "allocations", "interest_charges", "bank_transactions")
    pages = sum(-(-rows[name] // PAGE) or 1 for name in read)
    ids = {"BENCH_CLIO": str(seeded.account_id), "BENCH_QUICKBOOKS": str(seeded.realm)}
    print(json.dumps({"seconds": time.monotonic() - started, "rows": rows, "pages": pages, "ids": ids}))
    return 0


def work() -> int:
    """The portal's own work, three times, in this process; prints what it took."""
    import resource

    import django

    django.setup()
    import structlog
    from django.core.management import call_command

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    import logging

    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    from tests.bench.firm import connected_firm, run_once

    work_, clock = connected_firm(os.environ["BENCH_CLIO"], os.environ["BENCH_QUICKBOOKS"])
    passes = []
    for _ in PASSES:
        passes.append(run_once(work_, clock))
        clock.sleep(900)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"passes": passes, "memory_mb": used.ru_maxrss / 1024}))
    return 0


def report(bills: int, result: dict, pages: int) -> Measured:
    """Prints the figures."""
    for name, one in zip(PASSES, result["passes"], strict=True):
        seconds = f"{one['wall_s']:.1f} s wall, {one['virtual_s']:.0f} s virtual, {one['cpu_s']:.1f} s CPU"
        print(f"{name}: {one['outcome']}, {seconds}")
        print(f"  {one['requests']}  {one['done']}")
    first, second, *silent = result["passes"]
    limit = pages * CALLS_OVER_PAGES
    writes = first["requests"]["quickbooks_writes"]
    fewest = sum(-(-(one["created"] + one["adopted"]) // BATCH) for one in first["done"].values())
    print(f"  {first['cpu_s'] * 1000 / bills:.1f} s CPU per 1,000 bills, peak memory {result['memory_mb']:.0f} MB")
    reads = first["requests"]["quickbooks_reads"]
    calls, least = first["requests"]["clio"] + reads + writes, pages + reads + fewest
    print(f"  {writes} write requests, where full batches would be {fewest}")
    checks = {
        f"calls {calls} <= the fewest possible, {least}, + 10 %": bills < MANY or calls <= least * CALLS_OVER_PAGES,
        f"Clio calls {first['requests']['clio']} <= {pages} pages + 10 %": first["requests"]["clio"] <= limit,
        f"peak memory {result['memory_mb']:.0f} MB < {MEMORY_LIMIT_MB} MB": result["memory_mb"] < MEMORY_LIMIT_MB,
        f"QuickBooks reads {reads} are few": reads < 200,
        "no sync after it wrote": not any(one["requests"]["quickbooks_writes"] for one in (second, *silent)),
    }
    named = {f"{bills} bills: {text}": holds for text, holds in checks.items()}
    costs = sorted((one["requests"]["clio"] + one["requests"]["quickbooks_reads"], one["cpu_s"]) for one in silent)
    return Measured(bills, *costs[1], named)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(
                f"http://localhost:{port}/sandbox/quickbooks/.well-known/openid_configuration", timeout=2
            )
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the stand-ins did not start")


if __name__ == "__main__":
    sys.exit(main())
