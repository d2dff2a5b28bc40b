"""Issues as people read them: lists by severity and code, and one issue with what can be done about it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Value, When
from django.http import QueryDict

from firms.models import Firm
from integrations.contact_choices import fields_of
from integrations.issue_codes import ACCEPT, ACTIONS, Code, code, offered
from integrations.kinds.contact_fields import LABELS
from integrations.models import Issue, Pairing, Record, Severity
from integrations.queries import links
from integrations.queries.paging import Page, page_by_id, words
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
GROUPS = {"duplicates": DUPLICATES, "conflicts": CONFLICTS}  # the panels of the dashboard
# What happens when a person chooses it, in one sentence.
EFFECTS = {
    "renumber": "Opens the bill in Clio. Give it a number nobody has; this closes once the portal has read it.",
    "link": "The customer you choose stands for this contact from the next sync on.",
    "create": "The next sync creates a customer of their own in QuickBooks.",
    "adopt": "The next sync links what is already in QuickBooks and writes nothing new.",
    "post": "The next sync posts it as one more.",
    "reactivate": "The next sync makes the customer active again in QuickBooks.",
    "merge": "For each field the side you choose above counts. The next sync writes it to the other side.",
    "use_clio": "The next sync writes Clio’s values to QuickBooks.",
    "use_quickbooks": "The next sync writes QuickBooks’s values to Clio.",
    "retry": "The next sync sends it again. Choose this once the cause is gone.",
    "reverse": "The next sync posts an entry dated today that takes back what is posted, and posts the row anew.",
    "alone": "The next sync posts the payment; the trust account in QuickBooks is left as it is.",
    "confirm": "Remembers that a person has looked; it is not asked again.",
    "restore": "The next sync writes Clio's version over QuickBooks's; what was deleted is created anew.",
    "accept_theirs": "Leaves QuickBooks's version until Clio changes again. It stays listed under Accepted.",
    "unlink": "The portal no longer touches the document and posts no other in its place.",
    "credit_memo": "The next sync posts a credit memo dated today and applies it to what is still open.",
    "refund": "The next sync posts one expense that pays the money back; the payment and its deposit stay as they are.",
    "reopen": "It is open again, as before it was accepted; you can decide anew.",
    "ignore": "Leaves it as it is on both sides. The difference stays listed under Accepted.",
    "apply": "A sync starts and does what is listed here, with whatever else waits. More than that is asked about.",
    "discard": "What is listed stays as it is in QuickBooks, each listed under Accepted until Clio changes it again.",
}
# What deciding about a list that cannot be read, or shows nothing, comes to.
UNREAD = {
    "emptied": {
        "apply": "Takes the list for what it says. What follows from it is shown before any of it is done.",
        "discard": "Leaves the list out this time. It is looked at again the next time it is read whole.",
    },
    "lost": {"apply": "Goes on without the list; it stays an issue until it can be read again."},
}
# Nothing is left out where a warning is accepted; these say so.
_KEPT = "It is not asked again while nothing about them changes, and stays listed under Accepted."
MEANT = {
    "duplicate_in_clio": ("Accept: both are meant", _KEPT),
    "duplicate_in_quickbooks": ("Accept: both are meant", _KEPT),
    "near_duplicate_number": ("Accept: both are meant", _KEPT),
    "similar_contacts": ("Accept: they are different people", _KEPT),
}


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


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a person can decide."""

    action: str
    label: str
    effect: str
    url: str = ""  # leads out instead of deciding


@dataclass(frozen=True, slots=True)
class Candidate:
    """A QuickBooks customer or document an issue may be about."""

    id: str
    name: str
    about: str
    url: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a contact on which the two sides differ; ``only`` is the one side that can be picked."""

    name: str
    label: str
    clio: str
    quickbooks: str
    base: str
    why: str
    only: str
    picked: str


@dataclass(frozen=True, slots=True)
class Version:
    """One field of a document of ours, as it should be and as somebody left it in QuickBooks."""

    label: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Detail:
    issue: Issue
    code: Code
    choices: tuple[Choice, ...]
    candidates: tuple[Candidate, ...]
    fields: tuple[Field, ...]
    versions: tuple[Version, ...]
    record_url: str
    practice_url: str
    ledger_url: str
    things: tuple[Thing, ...]


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


def listed(firm: Firm, asked: QueryDict) -> Page[Row]:
    """The issues of a tab, errors first, filtered by ?code=, ?group=, ?severity= and ?q=."""
    _, states = TABS.get(words(asked, "tab"), TABS["open"])
    found = issues_of(firm).filter(state__in=states).select_related("decided_by")
    if wanted := words(asked, "code"):
        found = found.filter(code=wanted)
    if group := GROUPS.get(words(asked, "group")):
        found = found.filter(code__in=group)
    if severity := words(asked, "severity"):
        found = found.filter(severity=severity)
    if search := words(asked, "q"):
        found = found.filter(Q(title__icontains=search) | Q(message__icontains=search))
    # One number that sorts by severity, then the newest first, so that paging has one key.
    place = Case(
        *(When(severity=name, then=Value(n)) for n, name in enumerate(("info", "warning", "error"))),
        output_field=BigIntegerField(),
    )
    found = found.annotate(place=place * Value(2**52) + F("id"))
    page = page_by_id(found, asked, field="place")
    return Page([row_of(firm, issue) for issue in page.rows], page.newer, page.older)


def row_of(firm: Firm, issue: Issue) -> Row:
    decided = label_of(issue.code, issue.action) if issue.decided_at else ""
    return Row(issue, code(issue.code).name, links.record_page(firm, issue.kind, issue.practice_id), (), decided)


def newest(firm: Firm, pairing: Pairing, codes: Iterable[str], limit: int = 5) -> list[Row]:
    """What needs a person first, then the newest, each with the documents it names."""
    found = issues_of(firm).filter(state=Issue.State.OPEN, code__in=list(codes))
    error_first = Case(When(severity=Severity.ERROR, then=Value(0)), default=Value(1))
    rows = [row_of(firm, issue) for issue in found.order_by(error_first, "-id")[:limit]]
    return [replace(row, things=things(row.issue, pairing)) for row in rows]


def detail(firm: Firm, issue: Issue, pairing: Pairing, sent: Mapping[str, str] | None = None) -> Detail:
    """``sent`` is what a person chose and could not be taken."""
    known = code(issue.code)
    practice_url = links.in_practice(pairing.practice, issue.kind, issue.practice_id)
    return Detail(
        issue,
        known,
        tuple(_choice(issue, action, practice_url) for action in offered(issue)),
        tuple(_candidates(issue, pairing)),
        tuple(_field(name, told, sent or {}) for name, told in fields_of(issue).items()),
        tuple(_versions(issue)),
        links.record_page(firm, issue.kind, issue.practice_id),
        practice_url,
        links.in_ledger(
            pairing.ledger, issue.details.get("holder_entity") or links.entity_of(issue.kind), _ledger_id(issue)
        ),
        things(issue, pairing),
    )


def _versions(issue: Issue) -> Iterable[Version]:
    rows = issue.details.get("fields")
    for row in rows if isinstance(rows, list) else ():
        yield Version(*(str(row.get(name) or "") for name in ("label", "ours", "theirs")))


def _ledger_id(issue: Issue) -> str:
    return str(issue.details.get("holder_id") or "") if issue.code == "duplicate_number" else issue.ledger_id


def _choice(issue: Issue, action: str, practice_url: str) -> Choice:
    url = practice_url if action == "renumber" else ""
    return Choice(action, label_of(issue.code, action), _effect(issue, action), url)


def _effect(issue: Issue, action: str) -> str:
    if action == ACCEPT and issue.code in MEANT:
        return MEANT[issue.code][1]
    for cause, effects in UNREAD.items():
        if issue.code == "run_held" and cause in issue.details and not issue.details.get("sorts"):
            return effects.get(action, "")
    return EFFECTS.get(action, "")


def label_of(name: str, action: str) -> str:
    """What an action is called on an issue of this code."""
    return MEANT[name][0] if action == ACCEPT and name in MEANT else ACTIONS.get(action, action)


def _field(name: str, told: Mapping[str, object], sent: Mapping[str, str]) -> Field:
    said = {key: str(told.get(key) or "") for key in ("clio", "quickbooks", "base", "why", "only")}
    return Field(name=name, label=LABELS.get(name, name), picked=sent.get(f"pick-{name}", ""), **said)


def _candidates(issue: Issue, pairing: Pairing) -> Iterable[Candidate]:
    """Who or what the issue says it may be, with enough to tell them apart."""
    entity = "Customer" if issue.code == "probable_match" else "Payment"
    ids = [str(id) for id in issue.details.get("candidates") or ()]
    names = issue.details.get("names") or {}
    found = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.LEDGER, entity=entity)
    by_id = dict(found.filter(external_id__in=ids).values_list("external_id", "data"))
    for id in ids:
        data = by_id.get(id, {})
        name = names.get(id) or data.get("DisplayName") or f"{entity} {id}"
        yield Candidate(id, name, about(data), links.in_ledger(pairing.ledger, entity, id))


def about(data: dict[str, object]) -> str:
    """What tells one customer from another: e-mail, phone, town, balance."""
    address = data.get("BillAddr") or {}
    parts = (
        _member(data, "PrimaryEmailAddr", "Address"),
        _member(data, "PrimaryPhone", "FreeFormNumber"),
        str(address.get("City") or "") if isinstance(address, dict) else "",
        "inactive" if data.get("Active") is False else "",
        f"{data.get('TotalAmt')} on {data.get('TxnDate')}" if data.get("TotalAmt") else "",
    )
    return " · ".join(part for part in parts if part)


def _member(data: dict[str, object], name: str, key: str) -> str:
    value = data.get(name)
    return str(value.get(key) or "") if isinstance(value, dict) else ""
