"""One firm of a size that few have, so that every screen can be looked at and measured with it."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from firms.membership import create_firm
from firms.models import Firm, Membership, User
from firms.roles import Role
from integrations.core import mapping as keys
from integrations.daysums import sum_up
from integrations.management.scale import ACCOUNTS, Size, fill
from integrations.models import Connection, Mapping, Pairing, Record

SLUG, NAME = "scale", "Scale LLP"
EMAIL, PASSWORD = "scale@example.com", "scale-portal-2026"


class Command(BaseCommand):
    help = "Seeds the firm “scale” with very many links and events, for measuring screens. Needs SANDBOX=1 or DEBUG=1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--links", type=int, default=200_000)
        parser.add_argument("--events", type=int, default=1_000_000)

    def handle(self, *args: Any, **options: Any) -> None:
        size = Size(options["links"], options["events"])
        if not (settings.SANDBOX or settings.DEBUG):
            raise CommandError("This invents rows. It runs only with SANDBOX=1 or DEBUG=1, never in production.")
        if min(size.links, size.events) < 1:
            raise CommandError("--links and --events must be at least 1.")
        if Firm.objects.filter(slug=SLUG).exists():
            raise CommandError(f"The firm “{SLUG}” is there already. It is not filled twice.")
        started = time.monotonic()
        for step in seed(SLUG, EMAIL, size):
            self.stdout.write(f"{time.monotonic() - started:6.1f} s  {step}")
        self.stdout.write(f"Sign in as {EMAIL} with the password {PASSWORD}; it is at {settings.SITE_URL}/f/{SLUG}/")


def seed(slug: str, email: str, size: Size) -> Iterator[str]:
    """All or nothing; tells of each step."""
    with transaction.atomic():
        owner = _owner(email)
        firm = create_firm(owner, NAME, slug)
        yield f"{_team(firm, size.people):,} people"
        pairing = _pairing(firm, owner)
        yield from fill(pairing, owner, size)
        sum_up(firm, timezone.now())
        yield "the days added up, as a worker does every 20 minutes"


def _team(firm: Firm, number: int) -> int:
    """Other owners, none of whom can sign in."""
    nothing = make_password(None)
    people = [User(email=f"{firm.slug}-{n}@example.com", name=f"Owner {n}", password=nothing) for n in range(number)]
    rows = [Membership(firm=firm, user=user, role=Role.OWNER) for user in User.objects.bulk_create(people)]
    return len(Membership.objects.bulk_create(rows))


def _owner(email: str) -> User:
    owner = User.objects.create_user(email, PASSWORD, name="Sal Owner")
    EmailAddress.objects.create(user=owner, email=email, verified=True, primary=True)
    return owner


def _pairing(firm: Firm, owner: User) -> Pairing:
    """Both sides connected, without tokens: nothing is ever called for this firm. Its trust accounts are mapped."""
    now = timezone.now()
    rows: Any = Connection.objects.of(firm)
    common: dict[str, Any] = {"name": NAME, "country": "US", "currency": "USD", "connected_by": owner}
    common["external_account_id"] = str(9_130_000_000 + firm.pk)  # as either system numbers its accounts
    clio = rows.create(system="clio", region="us", **common)
    ledger = rows.create(system="quickbooks", confirmed_at=now, confirmed_by=owner, **common)
    pairing = Pairing.objects.of(firm).create(practice=clio, ledger=ledger, start_date=date(2024, 1, 1))
    Mapping.objects.of(firm).bulk_create(_mappings(pairing))
    Record.objects.of(firm).bulk_create([*_accounts(pairing)])
    return pairing


def _mappings(pairing: Pairing) -> list[Mapping]:
    made = []
    for n in range(1, ACCOUNTS + 1):
        for key, id, kind in (
            (keys.trust_bank_key(str(n)), 100 + n, "Bank"),
            (keys.trust_liability_key(str(n)), 200 + n, "Other Current Liability"),
        ):
            name = f"Trust {kind} {n}"
            made.append(
                Mapping(pairing=pairing, key=key, ledger_id=str(id), name=name, account=name, account_type=kind)
            )
    return made


def _accounts(pairing: Pairing) -> list[Record]:
    """Clio's trust accounts, and the accounts and items that can be mapped in QuickBooks."""
    trust = [{"id": n, "name": f"Trust {n}", "type": "Trust", "balance": "0.00"} for n in range(1, ACCOUNTS + 1)]
    chart = [
        {
            "Id": str(n),
            "Name": f"Account {n}",
            "FullyQualifiedName": f"Account {n}",
            "AccountType": kind,
            "Active": True,
        }
        for n, kind in enumerate(["Bank", "Income", "Expense", "Other Current Liability"] * 30, 101)
    ]
    items = [
        {"Id": str(n), "Name": f"Item {n}", "Type": "Service", "Active": True, "IncomeAccountRef": {"value": "102"}}
        for n in range(1, 41)
    ]
    return [
        *(_record(pairing, "practice", "bank_accounts", str(row["id"]), row) for row in trust),
        *(_record(pairing, "ledger", "Account", str(row["Id"]), row) for row in chart),
        *(_record(pairing, "ledger", "Item", str(row["Id"]), row) for row in items),
    ]


def _record(pairing: Pairing, side: str, entity: str, id: str, data: dict[str, Any]) -> Record:
    return Record(
        pairing=pairing, side=side, entity=entity, external_id=id, data=data, digest=id, settled=True, sweep=1
    )
