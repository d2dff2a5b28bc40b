"""What the set-up asks for by itself, so that the next step is ready when a person comes to it."""

from datetime import date

from django.db import transaction

from firms.models import User
from integrations import mapping, resolving, tasks
from integrations.core.ports import Clock
from integrations.issue_codes import MATCHES
from integrations.models import Errand, Issue, Pairing

ADOPTED = "invoice_exists"  # what can be adopted all at once: number, customer, date and amount are equal


def begin(pairing: Pairing, user: User, clock: Clock) -> None:
    """Once the company is confirmed: settings and numbers are read, and what the usual start date brings in."""
    tasks.ask_for_errand(pairing, Errand.Purpose.CHECK, user, clock)
    try_date(pairing, mapping.default_start_date(pairing.firm.day_of(clock.now())), user, clock)


def try_date(pairing: Pairing, start: date, user: User, clock: Clock) -> Errand:
    """The errand, or the one for another date that is under way."""
    return tasks.ask_for_errand(pairing, Errand.Purpose.START, user, clock, start_date=start.isoformat())


def use_date(pairing: Pairing, start: date, user: User, clock: Clock) -> None:
    """Saves the start date; a preview made for another one is made again."""
    moved = pairing.start_date not in (None, start)
    mapping.save(pairing, {}, start)
    if moved and pairing.mapped():
        tasks.ask_for_errand(pairing, Errand.Purpose.PREVIEW, user, clock)


def adopt_all(pairing: Pairing, user: User, clock: Clock) -> int:
    """Every invoice that is there already is taken over, and the preview is made again; how many they are."""
    with transaction.atomic():
        number = resolving.adopt_all(Issue.objects.of(pairing.firm).filter(pairing=pairing, code=ADOPTED), user, clock)
        if number and not _left(pairing):
            tasks.ask_for_errand(pairing, Errand.Purpose.PREVIEW, user, clock)
    return number


def _left(pairing: Pairing) -> bool:
    """Whether more is to be decided, after which the preview is made anyway."""
    mine = Issue.objects.of(pairing.firm).filter(pairing=pairing, code__in=MATCHES, state=Issue.State.OPEN)
    return mine.exists()
