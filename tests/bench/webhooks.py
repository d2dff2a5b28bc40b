"""Posts signed webhooks to a served portal at a steady rate: ``python -m tests.bench.webhooks [--seconds 60]``.

Every tenth post is one that came before, and every firm has two addresses. The portal is served as deploy/ serves it,
without a queue worker, so that what the posts left behind can be counted: nothing lost, nothing done twice.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import local

from tests.hooks.bodies import SECRET, VERIFIER, base64_signature, clio_body, cloud_event, hex_signature
from tests.served import free_port

FIRMS = 20
P99_LIMIT_MS = 150  # of an otherwise idle machine; Intuit gives up after 3,000
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Sent:
    status: int
    ms: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.webhooks")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=100, help="posts a second")
    parser.add_argument("--as", dest="role", choices=("conductor", "preparer", "counter"), default="conductor")
    options = parser.parse_args()
    if options.role == "conductor":
        return conduct(options.seconds, options.rate)
    return prepare() if options.role == "preparer" else count()


def conduct(seconds: float, rate: int) -> int:
    with tempfile.TemporaryDirectory(prefix="sync-portal-bench-") as folder:
        port = free_port()
        here = {"DJANGO_SETTINGS_MODULE": "sync_portal.settings", "SANDBOX": "1", "DATA_DIR": folder}
        environment = {**os.environ, **here, "SITE_URL": f"http://localhost:{port}"}
        command = [sys.executable, "-m", "tests.bench.webhooks", "--as"]
        subprocess.check_call([*command, "preparer"], env=environment, stdout=subprocess.DEVNULL)
        served_as = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "8"]
        serve = [sys.executable, "-m", "gunicorn", "sync_portal.wsgi", *served_as]
        web = subprocess.Popen([*serve, "--log-level", "error"], env=environment, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            posts = _posts(int(seconds * rate))
            sent = send(port, posts, rate)
        finally:
            before = _cpu_s()
            web.terminate()
            web.wait(20)
            cpu_s = _cpu_s() - before
        left = json.loads(subprocess.check_output([*command, "counter"], env=environment))
    return report(sent, posts, left, rate, cpu_s)


def _cpu_s() -> float:
    """Of every process that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def prepare() -> int:
    """Firms whose books are kept, as far as their rows say, with subscriptions at known addresses."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from firms.membership import create_firm
    from firms.models import User
    from integrations.models import Connection
    from tests.hooks.posts import subscribed
    from tests.models.rows import NOW, pairing_of

    owner = User.objects.create_user("bench@example.com", None)
    for number in range(FIRMS):
        firm = create_firm(owner, f"Bench {number}", f"bench-{number}")
        pairing = pairing_of(firm, start_date="2026-01-01")
        ledger = Connection.objects.of(firm).filter(system="quickbooks")
        ledger.update(confirmed_at=NOW, external_account_id=str(9_130_000 + number))
        subscribed(pairing.practice)
    return 0


def count() -> int:
    """What the posts left behind."""
    import django

    django.setup()
    from django_q.models import OrmQ

    from integrations.models import Delivery, Pairing, StaleMark

    marks = StaleMark.all_firms.count()
    woken = Pairing.all_firms.exclude(hooked_at=None).count()
    left = {"deliveries": Delivery.objects.count(), "marks": marks, "woken": woken, "bells": OrmQ.objects.count()}
    print(json.dumps(left))
    return 0


Post = tuple[str, bytes, dict[str, str]]


def _posts(number: int) -> list[Post]:
    """Half from Clio, half from Intuit, each about a record of its own; every tenth came before."""
    chance, posts = random.Random(1), list[Post]()
    for n in range(number):
        if n % 10 == 9:
            posts.append(posts[chance.randrange(len(posts))])
        elif n % 2:
            body = clio_body(n)
            signed = {"X-Hook-Signature": hex_signature(body, SECRET)}
            posts.append((f"/hooks/clio/token-for-bills-bench-{n % FIRMS}/", body, signed))
        else:
            body = json.dumps([cloud_event(str(9_130_000 + n % FIRMS), id_=str(n))]).encode()
            posts.append(("/hooks/quickbooks/", body, {"intuit-signature": base64_signature(body, VERIFIER)}))
    return posts


def send(port: int, posts: list[Post], rate: int) -> list[Sent]:
    """Each at its own moment, whatever became of those before: a slow answer delays nobody else's post."""
    began, connections = time.monotonic() + 0.5, local()

    def one(n: int) -> Sent:
        due = began + n / rate
        time.sleep(max(due - time.monotonic(), 0))
        path, body, headers = posts[n]
        for _ in range(2):  # once more where the server has closed a connection that was kept
            connection = getattr(connections, "kept", None) or HTTPConnection("127.0.0.1", port, timeout=10)
            connections.kept = connection
            with suppress(OSError):
                connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
                answer = connection.getresponse()
                answer.read()
                return Sent(answer.status, (time.monotonic() - due) * 1000)
            connection.close()
            connections.kept = None
        return Sent(0, (time.monotonic() - due) * 1000)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(len(posts))))


def report(sent: list[Sent], posts: list[Post], left: dict[str, int], rate: int, cpu_s: float) -> int:
    """Prints the figures and whether they hold."""
    times = sorted(one.ms for one in sent)
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    different = len({(path, body) for path, body, _ in posts})
    print(f"{len(sent)} posts at {rate} a second: p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {times[-1]:.0f} ms")
    print(f"  {cpu_s * 1000 / len(sent):.1f} ms of CPU a post in the portal, its start included")
    print(f"  {different} different bodies; left behind: {left}")
    lost = sum(one.status != 200 for one in sent) + max(different - left["marks"], 0)
    twice = max(left["deliveries"] - different, 0) + max(left["marks"] - different, 0)
    checks = {
        f"p99 {p99:.0f} ms < {P99_LIMIT_MS} ms": p99 < P99_LIMIT_MS,
        f"lost: {lost}": lost == 0,
        f"done twice: {twice}": twice == 0,
        f"bells rung {left['bells']} for {left['woken']} firms that want a run": left["bells"] <= left["woken"],
    }
    for text, holds in checks.items():
        print(("holds   " if holds else "BROKEN  ") + text)
    return 0 if all(checks.values()) else 1


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the portal did not start")


if __name__ == "__main__":
    sys.exit(main())
