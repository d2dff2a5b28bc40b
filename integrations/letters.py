"""What the e-mails to a firm's people say: numbers and what to do, a link to the screen, and no client's name."""

from collections import Counter
from datetime import datetime, timedelta

from django.urls import reverse

from firms.letters import Letter, drawn
from firms.models import Firm
from integrations.core import words
from integrations.issue_codes import code
from integrations.models import Connection, Issue, Notice, Severity, SyncEvent, SyncRun
from integrations.models.pairing import live_pairing
from integrations.queries.state import OPEN, moment

FRESH = timedelta(hours=1)  # what is said to be in sync has been looked at within it
WRITTEN = ("created", "updated", "voided", "adopted")
SUBJECTS = {
    "run_held": "A sync is held until you have looked",
    "permission_lost": "Clio no longer shows what the sync needs",
    "not_synced": "Nothing has been synced for a while",
    "sync_stopped": "The sync has stopped until somebody starts it",
}


def letter_of(notice: Notice, now: datetime) -> Letter | None:
    """None where its cause has gone meanwhile."""
    match notice.purpose:
        case Notice.Purpose.URGENT:
            return _urgent(notice)
        case Notice.Purpose.DIGEST:
            return _digest(notice)
        case Notice.Purpose.ASSIGNED:
            return _assigned(notice)
        case _:
            return _all_clear(notice, now)


def _urgent(notice: Notice) -> Letter | None:
    issue = notice.issue
    if issue is None or issue.state != Issue.State.OPEN:
        return None
    if issue.code == "reconnect":
        return _reconnect(notice.firm)
    subject = SUBJECTS.get(issue.code, code(issue.code).name)
    said = [issue.message, code(issue.code).why]
    return _letter(notice.firm, subject, said, "Look at it", reverse("issue", args=[notice.firm.slug, issue.pk]))


def _reconnect(firm: Firm) -> Letter | None:
    lost = Connection.objects.of(firm).filter(state=Connection.State.RECONNECT).order_by("system")
    names = " and ".join(connection.get_system_display() for connection in lost)
    if not names:
        return None
    said = [
        "Until then nothing is kept in step. Every link is kept, and the sync catches up by itself afterwards.",
        "It takes an owner or admin of the firm who may sign in there; it is done in a minute.",
    ]
    subject = f"{names} {'has' if len(lost) == 1 else 'have'} to be connected again"
    return _letter(firm, subject, said, "Connect again", reverse("connections", args=[firm.slug]))


def _digest(notice: Notice) -> Letter | None:
    firm = notice.firm
    needs = Issue.objects.of(firm).filter(pairing__archived_at=None, state=Issue.State.OPEN, severity=Severity.ERROR)
    new = needs.filter(opened_at__gt=notice.since) if notice.since else needs
    counted = Counter(new.values_list("code", flat=True))
    if not counted:
        return None
    rows = [(code(name).name, number) for name, number in counted.most_common()]
    number, older = counted.total(), needs.count() - counted.total()
    said = ["The rest is kept in step meanwhile."]
    if older:
        said.append(f"{_things(older)} from before {'waits' if older == 1 else 'wait'} as well.")
    subject = f"{_things(number)} {'needs' if number == 1 else 'need'} you"
    return _letter(firm, subject, said, "See what to do", reverse("issues", args=[firm.slug]), rows)


def _assigned(notice: Notice) -> Letter | None:
    firm = notice.firm
    mine = Issue.objects.of(firm).filter(pairing__archived_at=None, state=Issue.State.OPEN, assigned_to=notice.user)
    counted = Counter(mine.values_list("code", flat=True))
    if not counted:
        return None
    rows = [(code(name).name, number) for name, number in counted.most_common()]
    number = counted.total()
    subject = f"{'1 issue is' if number == 1 else f'{number:,} issues are'} yours to see to"
    said = ["A colleague gave you an issue. These are all that are yours and open."]
    return _letter(firm, subject, said, "See them", f"{reverse('issues', args=[firm.slug])}?whose=mine", rows)


def _things(number: int) -> str:
    return "1 thing" if number == 1 else f"{number:,} things"


def clear_as_of(firm: Firm, now: datetime) -> datetime | None:
    """When everything of the firm was last found to be in sync; None where that is not so, or not lately."""
    pairing = live_pairing(firm)
    if pairing is None or any(c.state != Connection.State.CONNECTED for c in (pairing.practice, pairing.ledger)):
        return None
    if Issue.objects.of(firm).filter(pairing=pairing, severity=Severity.ERROR, state__in=OPEN).exists():
        return None
    last = SyncRun.objects.of(firm).filter(pairing=pairing).exclude(finished_at=None).order_by("-id").first()
    if last is None or last.outcome != SyncRun.Outcome.IN_SYNC or last.finished_at is None:
        return None
    return last.finished_at if now - last.finished_at < FRESH else None


def _all_clear(notice: Notice, now: datetime) -> Letter | None:
    firm, as_of = notice.firm, clear_as_of(notice.firm, now)
    if as_of is None:
        return None
    events = SyncEvent.objects.of(firm).filter(at__gt=now - timedelta(days=1), outcome__in=WRITTEN)
    warnings = Issue.objects.of(firm).filter(
        pairing__archived_at=None, severity=Severity.WARNING, state=Issue.State.OPEN
    )
    rows = [("Records written in the last day", events.count()), ("Warnings to look at some time", warnings.count())]
    said = [f"Clio and QuickBooks were found to be in sync at {moment(firm, as_of)}, and nothing needs you."]
    subject = f"All clear on {words.day(as_of)}"
    return _letter(firm, subject, said, "Open the dashboard", reverse("dashboard", args=[firm.slug]), rows)


def _letter(
    firm: Firm, subject: str, said: list[str], action: str, path: str, rows: list[tuple[str, int]] | None = None
) -> Letter:
    return drawn(firm, subject, said, action, path, rows=rows, choose=reverse("notices", args=[firm.slug]))
