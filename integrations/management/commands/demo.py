"""A firm to try the portal with: on the stand-ins, served, or synced once in the foreground."""

import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django_q.tasks import async_task

from firms.membership import create_firm
from firms.models import Firm, User
from integrations import connecting, mapping
from integrations.core.mapping import REFUND
from integrations.core.words import amount
from integrations.gateways import open_workspace
from integrations.management.base import systems_reachable
from integrations.management.commands.reconcile import Command as Reconcile
from integrations.management.telling import Teller, Told
from integrations.models import Connection, Issue, SyncRun
from integrations.proof_report import proof_report
from integrations.reports import added_up, run_report
from integrations.resolving import accepted_issues, open_issues
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.consent import consent
from integrations.sandbox.generator import seed
from integrations.sandbox.generator.story import SCENES, Cast
from integrations.sandbox.mail import over_http
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.quickbooks.webhooks import set_endpoint
from integrations.sandbox.world import world_at
from integrations.sync.reconcile import reconcile
from integrations.sync.run import open_run, sync

SLUG, NAME = "hart-lowe", "Hart & Lowe LLP"
EMAIL, PASSWORD = "demo@example.com", "demo-portal-2026"


class Command(BaseCommand):
    help = "Seeds a demo firm on the sandbox and serves the portal; --once connects, maps, syncs, prints and stops."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one sync in the foreground instead of serving")
        parser.add_argument("--port", type=int, default=urlsplit(settings.SITE_URL).port or 8000)
        parser.add_argument("--bills", type=int, default=120, help="how many bills the firm has (when first seeded)")

        parser.add_argument("--story", choices=("full",), help="with --once: then every kind of event, act by act")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["story"] and not options["once"]:
            raise CommandError("--story goes with --once.")
        if not settings.SANDBOX:
            raise CommandError("The demo needs the sandbox: set SANDBOX=1 or leave it unset.")
        if options["bills"] < 1:
            raise CommandError("--bills must be at least 1.")
        call_command("migrate", verbosity=0)
        firm, owner = _firm()
        seeded = _seed(options["bills"])
        if options["once"]:
            self._once(firm, owner, seeded, story=bool(options["story"]))
        else:
            self._serve(options["port"])

    def _once(self, firm: Firm, owner: User, seeded: dict[str, Any], *, story: bool) -> None:
        with systems_reachable():
            clock = SandboxClock(world_at(settings.SANDBOX_FILE).store)
            _connect(firm, owner, seeded, clock)
            _map(firm, clock, seeded["quickbooks"])
            started, runs = time.monotonic(), [_sync(firm, owner, clock)]
            if runs[0].outcome == SyncRun.Outcome.FAILED:
                raise CommandError(runs[0].reason)
            told = self._told(firm, owner, seeded, clock, runs) if story else []
            proof = proof_report(firm, reconcile(open_workspace(firm, clock))) if story else None
        self._table(firm, runs, clock, time.monotonic() - started)
        if proof:
            self._story(told)
            self._proof(proof)
            _judge(told, proof)

    def _told(
        self, firm: Firm, owner: User, seeded: dict[str, Any], clock: SandboxClock, runs: list[SyncRun]
    ) -> list[Told]:
        store = world_at(settings.SANDBOX_FILE).store
        offices = ClioOffice(store, "us", int(seeded["clio"])), QuickBooksOffice(store, seeded["quickbooks"])
        start = open_workspace(firm, clock).pairing.start_date
        assert start is not None

        def run() -> SyncRun:
            runs.append(_sync(firm, owner, clock))
            return runs[-1]

        cast = Cast(*offices, start)
        return list(Teller(firm, owner, clock, cast, cast.newest_id, run, store.advance).tell(SCENES))

    def _story(self, told: list[Told]) -> None:
        self.stdout.write("\nWhat people did, and what the portal made of it:")
        for act in told:
            words = "; ".join([*act.lines, *act.problems]) or "nothing to do"
            self.stdout.write(f"  {act.name:<72} {words}")

    def _proof(self, proof: dict[str, Any]) -> None:
        """The reconciliation as its own command prints it."""
        self.stdout.write("\nBoth systems read afresh and compared:")
        command = Reconcile()
        command.stdout = self.stdout
        command.print(proof)

    def _table(self, firm: Firm, runs: list[SyncRun], clock: SandboxClock, seconds: float) -> None:
        run, report = runs[-1], added_up([run_report(firm, one) for one in runs])
        columns = ("created", "updated", "voided", "adopted", "unchanged", "waiting", "issues")
        self.stdout.write(f"{firm.name}: {run.get_outcome_display()}")
        self.stdout.write(f"{'':<10}" + "".join(f"{name:>11}" for name in columns))
        for kind, counts in report["kinds"].items():
            self.stdout.write(f"{kind:<10}" + "".join(f"{counts[name]:>11}" for name in columns))
        asked = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in report["requests"].items())
        left = report["left_out"]
        self.stdout.write(f"Requests: {asked}. Left out: {left['payments']} payments, {amount(left['amount'])}.")
        self.stdout.write(f"{seconds:.1f} s, and {clock.slept_s:.0f} s of waiting that the sandbox's clock skipped.")
        for issue in [*open_issues(firm), *accepted_issues(firm)]:
            standing = "Accepted" if issue.state == Issue.State.ACCEPTED else issue.get_severity_display()
            self.stdout.write(f"  {standing:<22} {issue.code:<22} {issue.title}")

    def _serve(self, port: int) -> None:
        """Web and worker, until interrupted. Only the main process of each is told to stop, as django-q2 wants it."""
        web = [sys.executable, "-m", "gunicorn", "sync_portal.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8"]
        worker = [sys.executable, "manage.py", "qcluster"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        started = [
            subprocess.Popen([*web, "--log-level", "warning"], env=environment, start_new_session=True),  # noqa: S603
            subprocess.Popen(worker, env=environment, start_new_session=True),  # noqa: S603
        ]
        async_task("integrations.tasks.scheduled_tick")  # so that the worker shows itself at once
        self.stdout.write(
            f"\nThe portal is at {settings.SITE_URL}/\n"
            f"Sign in as {EMAIL} with the password {PASSWORD}\n"
            f"Play the other side at {settings.SITE_URL}/sandbox/\n"
            "Stop with Ctrl-C.\n"
        )
        self.stdout.flush()
        signal.signal(signal.SIGTERM, _interrupt)
        world = world_at(settings.SANDBOX_FILE)
        set_endpoint(world.store, f"{settings.SITE_URL}/hooks/quickbooks/", settings.QBO["verifier_token"])
        try:
            while all(process.poll() is None for process in started):
                time.sleep(0.5)
                world.mail.deliver(over_http)  # what Clio and QuickBooks would tell the portal
        except KeyboardInterrupt:
            pass
        finally:
            _stop(started)


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _judge(told: list[Told], proof: dict[str, Any]) -> None:
    """CommandError where an act did not come out as it should or a difference has no explanation."""
    if failed := [act.name for act in told if act.problems]:
        raise CommandError(f"Not as it should be: {'; '.join(failed)}.")
    if proof["unexplained"]:
        raise CommandError(f"Differences that no issue explains: {proof['unexplained']}.")


def _map(firm: Firm, clock: SandboxClock, realm: str) -> None:
    """Everything as recommended and refunds from the checking account, from 1 January, where nothing is mapped yet."""
    work = open_workspace(firm, clock)
    if work.pairing.start_date is None:
        mapping.read_targets(work)
        mapping.apply(work, mapping.default_start_date(firm.day_of(clock.now())))
        checking = QuickBooksOffice(world_at(settings.SANDBOX_FILE).store, realm).account_id("checking")
        mapping.save(work.pairing, {REFUND: checking})


def _sync(firm: Firm, owner: User, clock: SandboxClock) -> SyncRun:
    work = open_workspace(firm, clock)
    run = open_run(work.pairing, clock, SyncRun.Trigger.COMMAND, owner)
    sync(work, run)
    return run


def _firm() -> tuple[Firm, User]:
    owner = User.objects.filter(email=EMAIL).first()
    if owner is None:
        owner = User.objects.create_user(EMAIL, PASSWORD, name="Dana Hart")
        EmailAddress.objects.create(user=owner, email=EMAIL, verified=True, primary=True)
    return Firm.objects.filter(slug=SLUG).first() or create_firm(owner, NAME, SLUG), owner


def _seed(bills: int) -> dict[str, Any]:
    """The demo firm's two accounts; an already seeded sandbox stays as people left it."""
    store = world_at(settings.SANDBOX_FILE).store
    known: dict[str, Any] | None = store.setting("demo")
    if known is None:
        seeded = seed(store, bills=bills)
        known = {"clio": str(seeded.account_id), "quickbooks": seeded.realm}
        store.set_setting("demo", known)
    return known


def _connect(firm: Firm, owner: User, seeded: dict[str, Any], clock: SandboxClock) -> None:
    """Connects both systems through their consent pages, as a browser would, and confirms the company."""
    visitor = connecting.Visitor(owner, "demo")
    session = requests.Session()
    live = Connection.objects.of(firm).filter(state=Connection.State.CONNECTED)
    for system in ("clio", "quickbooks"):
        if live.filter(system=system).exists():
            continue
        address = connecting.begin(firm, visitor, system, "us", clock)
        connecting.finish(visitor, system, consent(session, address, seeded[system]), clock)
    ledger = live.get(system="quickbooks")
    if ledger.confirmed_at is None:
        connecting.confirm(ledger, owner, clock)
