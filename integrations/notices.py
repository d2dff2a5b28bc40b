"""Who is told of what by e-mail: everything follows from the issues that are open, so nothing has to call this.

1. What stops the sync (``URGENT``) is told at once to the firm's owners and admins, once while it stands.
2. Other things that need somebody are told at most once a day, all together.
3. Whoever asked for it is told every morning that all is clear, if it is.
4. Whoever asked for it is told when somebody gives them an issue; ``assigning`` makes that notice.

A notice is a row before it is sent. It is claimed for a while, sent, then marked as sent: a process that dies in
between loses nothing. Where it dies just after the mail server's yes, the e-mail goes out again under the same
Message-ID.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db.models import F, Max, Q, QuerySet

from firms.letters import Letter, send
from firms.models import Firm, Membership, User
from firms.roles import Permission, who_may
from integrations import letters
from integrations.core.ports import Clock
from integrations.models import Issue, Notice, NoticeChoice, Severity, SyncRun

log = structlog.get_logger(__name__)

URGENT = (
    "reconnect",
    "reconnect_soon",  # at each of its stages
    "run_held",
    "permission_lost",
    "not_synced",
    "sync_stopped",
    "wrong_company",
    "subscription_lapsed",
)
DIGEST_EVERY = timedelta(days=1)
SAME_AGAIN = timedelta(hours=6)  # a cause that comes and goes is not told more often than this
MORNING = 8  # o'clock, where the firm is
AT_ONCE = 50  # e-mails in one go; a minute later the next
TRIES = 8
TRY_AGAIN_AFTER = timedelta(minutes=10)
CHOSEN: dict[str, str] = {Notice.Purpose.ALL_CLEAR: "all_clear", Notice.Purpose.ASSIGNED: "assigned"}


def write(clock: Clock) -> None:
    """Makes the notices that are due; telling somebody the same twice is refused by the database."""
    now = clock.now()
    _write_urgent(now)
    _write_digests(now)
    _write_all_clear(now)


def is_urgent() -> Q:
    """Issues about the firm as a whole that stop the sync."""
    return Q(code__in=URGENT, kind="")


def _write_urgent(now: datetime) -> None:
    standing = Issue.all_firms.filter(is_urgent(), state=Issue.State.OPEN, pairing__archived_at=None)
    told = set(Notice.all_firms.filter(purpose=Notice.Purpose.URGENT, issue__in=standing).values_list("firm", "key"))
    for issue in standing.select_related("firm").order_by("id"):
        key = f"{issue.pk}:{issue.details.get('times', 0)}"
        if (issue.firm_id, key) not in told and not _told_lately(issue, key, now):
            _tell(issue.firm, _admins(issue.firm), Notice.Purpose.URGENT, key, now, issue=issue)


def _told_lately(issue: Issue, key: str, now: datetime) -> bool:
    like = Notice.objects.of(issue.firm).filter(purpose=Notice.Purpose.URGENT, issue__code=issue.code)
    another = like.exclude(issue=issue)
    return another.filter(made_at__gt=now - SAME_AGAIN).exists()


def _write_digests(now: datetime) -> None:
    """Once what is new is known whole: not while a run is still finding more."""
    new = Issue.all_firms.filter(state=Issue.State.OPEN, severity=Severity.ERROR, pairing__archived_at=None)
    newest = dict(new.exclude(is_urgent()).order_by().values_list("firm").annotate(Max("opened_at")))
    told = Notice.all_firms.filter(purpose=Notice.Purpose.DIGEST, firm__in=newest).order_by()
    last = dict(told.values_list("firm").annotate(Max("made_at")))
    busy = set(SyncRun.all_firms.filter(finished_at=None, firm__in=newest).values_list("firm", flat=True))
    for firm in Firm.objects.filter(pk__in=newest.keys() - busy):
        before = last.get(firm.pk)
        if before is None or (newest[firm.pk] > before and now - before >= DIGEST_EVERY):
            _tell(firm, _admins(firm), Notice.Purpose.DIGEST, now.isoformat(timespec="minutes"), now, since=before)


def _write_all_clear(now: datetime) -> None:
    for choice in NoticeChoice.all_firms.filter(all_clear=True).select_related("firm", "user"):
        local = now.astimezone(ZoneInfo(choice.firm.timezone))
        if local.hour >= MORNING:
            key = local.date().isoformat()
            mine = Notice.objects.of(choice.firm).filter(user=choice.user, purpose=Notice.Purpose.ALL_CLEAR, key=key)
            if not mine.exists() and letters.clear_as_of(choice.firm, now):
                _tell(choice.firm, [choice.user], Notice.Purpose.ALL_CLEAR, key, now)


def _admins(firm: Firm) -> QuerySet[User]:
    roles = who_may(Permission.CONNECT)
    return User.objects.filter(is_active=True, memberships__firm=firm, memberships__role__in=roles)


def _tell(
    firm: Firm,
    people: Iterable[User],
    purpose: str,
    key: str,
    now: datetime,
    *,
    issue: Issue | None = None,
    since: datetime | None = None,
) -> None:
    made = {"purpose": purpose, "key": key, "issue": issue, "since": since, "made_at": now, "next_try_at": now}
    rows = [Notice(firm=firm, user=user, **made) for user in people]
    Notice.objects.of(firm).bulk_create(rows, ignore_conflicts=True)


def deliver(clock: Clock) -> None:
    """Sends what waits, the oldest first."""
    waiting = Notice.all_firms.filter(sent_at=None, dropped_at=None, next_try_at__lte=clock.now())
    for notice in waiting.select_related("firm", "user", "issue").order_by("id")[:AT_ONCE]:
        if _claim(notice, clock):
            _deliver(notice, clock)


def _claim(notice: Notice, clock: Clock) -> bool:
    """Of two processes that want to send it one does; if that one dies, it is tried again later."""
    mine = Notice.objects.of(notice.firm).filter(pk=notice.pk, sent_at=None, dropped_at=None, tries=notice.tries)
    later = clock.now() + TRY_AGAIN_AFTER * 2**notice.tries
    return bool(mine.update(tries=F("tries") + 1, next_try_at=later))


def _deliver(notice: Notice, clock: Clock) -> None:
    letter = letters.letter_of(notice, clock.now()) if _is_wanted(notice) else None
    if letter is None:
        return _over(notice, dropped_at=clock.now())
    try:
        _send(notice, letter)
    except OSError as error:  # smtplib's errors are OSErrors too
        log.warning("notice_not_sent", notice=notice.pk, tries=notice.tries + 1, error=type(error).__name__)
        if notice.tries + 1 >= TRIES:
            _over(notice, dropped_at=clock.now())
        return None
    return _over(notice, sent_at=clock.now())


def _is_wanted(notice: Notice) -> bool:
    """Whoever has left the firm, or its admins, is told nothing more."""
    mine = Membership.objects.filter(firm=notice.firm, user=notice.user, user__is_active=True)
    if notice.purpose not in CHOSEN:
        return mine.filter(role__in=who_may(Permission.CONNECT)).exists()
    wanted = NoticeChoice.objects.of(notice.firm).filter(user=notice.user, **{CHOSEN[notice.purpose]: True})
    return mine.exists() and wanted.exists()


def _over(notice: Notice, **when: datetime) -> None:
    Notice.objects.of(notice.firm).filter(pk=notice.pk).update(**when)


def _send(notice: Notice, letter: Letter) -> None:
    send(letter, notice.user.email, f"notice-{notice.pk}")
