"""Notes on issues, and whose an issue is to see to; each is a line of the journal, with who and when."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from firms.models import Firm, Membership, User
from firms.roles import Permission, who_may
from integrations.acts import note_acts
from integrations.core.ports import Clock
from integrations.models import Issue, Notice, NoticeChoice, SyncEvent

NOTE_LENGTH = 2000


class CannotAssign(ValueError):
    """The issue cannot be given to that person; the text says why."""


def may_be_given_to(firm: Firm) -> QuerySet[Membership]:
    """The members who may decide issues, by name."""
    members = Membership.objects.filter(firm=firm, user__is_active=True, role__in=who_may(Permission.RESOLVE))
    return members.select_related("user").order_by("user__name", "user__email")


def note(issue: Issue, text: str, user: User, clock: Clock) -> None:
    """Adds a note, which stays in the history of the issue and of its record."""
    note_acts(issue.firm, [issue], SyncEvent.Outcome.NOTED, text, user, clock.now())


def assign(firm: Firm, issues: Iterable[Issue], to: User | None, user: User, clock: Clock) -> int:
    """Gives the issues to a member, or to nobody; returns how many were not theirs already. Raises CannotAssign."""
    if to is not None and not may_be_given_to(firm).filter(user=to).exists():
        raise CannotAssign(f"{to.get_full_name()} is no member of this firm who may decide issues.")
    with transaction.atomic():
        wanted = Issue.objects.of(firm).filter(pk__in=[issue.pk for issue in issues]).exclude(state=Issue.State.CLOSED)
        given = [issue for issue in wanted.select_for_update() if issue.assigned_to_id != (to and to.pk)]
        Issue.objects.of(firm).filter(pk__in=[issue.pk for issue in given]).update(assigned_to=to)
        said = f"Given to {to.get_full_name()}" if to else "Given to nobody"
        note_acts(firm, given, SyncEvent.Outcome.ASSIGNED, said, user, clock.now())
        if to is not None and to != user and given:
            _announce(firm, to, given, clock)
    return len(given)


def _announce(firm: Firm, to: User, given: list[Issue], clock: Clock) -> None:
    """By e-mail, if they want that. One that still waits to be sent counts these as well."""
    if not NoticeChoice.objects.of(firm).filter(user=to, assigned=True).exists():
        return
    mine = Notice.objects.of(firm).filter(user=to, purpose=Notice.Purpose.ASSIGNED)
    if mine.filter(sent_at=None, dropped_at=None).exists():
        return
    now = clock.now()
    key = f"{given[0].pk}:{now.isoformat(timespec='seconds')}"
    mine.bulk_create(
        [Notice(user=to, purpose=Notice.Purpose.ASSIGNED, key=key, made_at=now, next_try_at=now)],
        ignore_conflicts=True,
    )
