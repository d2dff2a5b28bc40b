"""Issues as people read them: lists by severity, code and whose they are, and those that were picked of a list."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import BigIntegerField, Case, Count, F, Max, Q, QuerySet, Value, When
from django.db.models.expressions import CombinedExpression
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from firms.models import Firm, User
from integrations.issue_codes import code
from integrations.models import Issue, Pairing, Severity
from integrations.queries import links
from integrations.queries.choices import label_of
from integrations.queries.paging import Page, number, page_by_id, words
from integrations.queries.state import OPEN
from integrations.queries.things import ADVICE, Thing, things

TABS = {
    "open": ("Open", OPEN),
    "accepted": ("Accepted", [Issue.State.ACCEPTED]),
    "closed": ("Closed", [Issue.State.CLOSED]),
}
SEVERITIES = {"error": "Needs you", "warning": "Warnings", "info": "For information"}
DUPLICATES = ("duplicate_number", "duplicate_in_clio", "duplicate_in_quickbooks", "near_duplicate_number")
CONFLICTS = (
    "probable_match",
    "contact_conflict",
    "drift",
    "deleted_in_ledger",
    "invoice_exists",
    "payment_exists",
    "credit_exists",
    "similar_contacts",
)
WHOSE = {"mine": "Mine", "nobody": "Nobody’s"}
GROUPS = {"duplicates": DUPLICATES, "conflicts": CONFLICTS}  # the panels of the dashboard


@dataclass(frozen=True, slots=True)
class Row:
    """One issue in a list."""

    issue: Issue
    name: str
    record_url: str
    things: tuple[Thing, ...] = ()
    decided: str = ""  # what a person decided

    @property
    def advice(self) -> str:
        return ADVICE.get(self.issue.code, "")

    @property
    def id(self) -> int:
        return self.issue.pk

    @property
    def title(self) -> str:
        return self.issue.title or self.name


@dataclass(frozen=True, slots=True)
class CodeCount:
    code: str
    name: str
    severity: str
    number: int


def issues_of(firm: Firm) -> QuerySet[Issue]:
    """Issues of the live pairing; those of a purged one are history."""
    return Issue.objects.of(firm).filter(pairing__archived_at=None)


def counted(firm: Firm, states: Iterable[str] = OPEN) -> list[CodeCount]:
    """How many of each code, what needs a person first."""
    found = issues_of(firm).filter(state__in=list(states)).order_by().values("code", "severity").annotate(n=Count("pk"))
    rows = [CodeCount(row["code"], code(row["code"]).name, row["severity"], row["n"]) for row in found]
    return sorted(rows, key=lambda row: (list(SEVERITIES).index(row.severity), -row.number, row.name))


def tabs(firm: Firm) -> dict[str, int]:
    """How many issues each tab holds."""
    by_state = Counter(dict(issues_of(firm).order_by().values_list("state").annotate(n=Count("pk"))))
    return {tab: sum(by_state[state] for state in states) for tab, (_, states) in TABS.items()}


def whose(asked: QueryDict, viewer: User) -> Q:
    """?whose=mine or nobody; everybody's without."""
    match words(asked, "whose"):
        case "mine":
            return Q(assigned_to=viewer)
        case "nobody":
            return Q(assigned_to=None)
        case _:
            return Q()


def listed(firm: Firm, asked: QueryDict, viewer: User) -> Page[Row]:
    """The issues of a tab, errors first, filtered by ?code=, ?group=, ?severity=, ?whose= and ?q=."""
    _, states = TABS.get(words(asked, "tab"), TABS["open"])
    found = issues_of(firm).filter(whose(asked, viewer), state__in=states)
    found = found.select_related("decided_by", "assigned_to", "pairing")
    if wanted := words(asked, "code"):
        found = found.filter(code=wanted)
    if group := GROUPS.get(words(asked, "group")):
        found = found.filter(code__in=group)
    if severity := words(asked, "severity"):
        found = found.filter(severity=severity)
    if search := words(asked, "q"):
        found = found.filter(Q(title__icontains=search) | Q(message__icontains=search))
    page = page_by_id(found.annotate(place=_place()), asked, field="place")
    return Page([row_of(firm, issue) for issue in page.rows], page.newer, page.older)


def _place() -> CombinedExpression:
    """One number that sorts by severity, then the newest first, so that paging has one key."""
    severity = Case(
        *(When(severity=name, then=Value(n)) for n, name in enumerate(("info", "warning", "error"))),
        output_field=BigIntegerField(),
    )
    return severity * Value(2**52) + F("id")


def picked(firm: Firm, ids: Iterable[int]) -> list[Row]:
    """These issues in the order of the list."""
    found = issues_of(firm).filter(pk__in=list(ids)).select_related("pairing", "decided_by", "assigned_to")
    return [row_of(firm, issue) for issue in found.annotate(place=_place()).order_by("-place")]


def asked_about(issues: QuerySet[Issue]) -> dict[str, object]:
    """How many they are, and up to which one: what a yes is about."""
    return issues.order_by().aggregate(number=Count("pk"), last=Max("pk"), latest=Max("opened_at"))


def as_asked(issues: QuerySet[Issue], sent: QueryDict) -> QuerySet[Issue]:
    """Those of them that were there when it was asked; none that was opened, or opened again, since then."""
    last = number(sent, "last")
    try:
        latest = parse_datetime(words(sent, "latest"))
    except ValueError:
        latest = None
    if last is None or latest is None:
        return issues.none()
    return issues.filter(pk__lte=last, opened_at__lte=latest)


def row_of(firm: Firm, issue: Issue) -> Row:
    decided = label_of(issue.code, issue.action) if issue.decided_at else ""
    return Row(issue, code(issue.code).name, links.record_page(firm, issue.kind, issue.practice_id), (), decided)


def newest_of_each(firm: Firm, pairing: Pairing, groups: Iterable[Iterable[str]], limit: int) -> list[Row]:
    """Of each group of codes what needs a person first, then the newest, with the documents they name: one query."""
    open_ = Issue.objects.of(firm).filter(pairing=pairing, state=Issue.State.OPEN)
    error_first = Case(When(severity=Severity.ERROR, then=Value(0)), default=Value(1))
    wanted = Q()
    for codes in groups:
        first = open_.filter(code__in=list(codes)).order_by(error_first, "-id").values("pk")[:limit]
        wanted |= Q(pk__in=first)
    rows = [row_of(firm, issue) for issue in open_.filter(wanted).order_by(error_first, "-id")]
    return [replace(row, things=things(row.issue, pairing)) for row in rows]
