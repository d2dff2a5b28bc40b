"""One issue as its page shows it: what can be done about it and where, whose it is, and what happened so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F
from django.urls import reverse

from firms.models import Firm
from integrations import takebacks
from integrations.contact_choices import fields_of
from integrations.issue_advice import PAGES, PANELS, advice
from integrations.issue_codes import Code, code
from integrations.kinds.contact_fields import LABELS
from integrations.kinds.facts import written
from integrations.models import Issue, Pairing, SyncEvent
from integrations.queries import links
from integrations.queries.choices import Choice, choices
from integrations.queries.events import OUTCOMES
from integrations.queries.suggestions import Suggestions, suggestions
from integrations.queries.things import Thing, things

ACTS = 50


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
class Place:
    """Where something is done about it; ``leads_out`` of the portal."""

    label: str
    url: str
    leads_out: bool


@dataclass(frozen=True, slots=True)
class Act:
    """One line of what happened about the issue so far."""

    at: datetime
    tone: str
    word: str
    by: str
    said: str
    is_note: bool


@dataclass(frozen=True, slots=True)
class Detail:
    issue: Issue
    code: Code
    choices: tuple[Choice, ...]
    suggested: Suggestions
    fields: tuple[Field, ...]
    versions: tuple[Version, ...]
    record_url: str
    practice_url: str
    ledger_url: str
    things: tuple[Thing, ...]
    todo: str
    place: Place | None
    acts: tuple[Act, ...]
    stuck: str  # why the decision cannot be taken back; empty where it can


def detail(firm: Firm, issue: Issue, pairing: Pairing, sent: Mapping[str, str] | None = None) -> Detail:
    """``sent`` is what a person chose and could not be taken."""
    known = code(issue.code)
    practice_url = links.in_practice(pairing.practice, issue.kind, issue.practice_id)
    return Detail(
        issue,
        known,
        choices(issue, practice_url),
        suggestions(issue, pairing),
        tuple(_field(name, told, sent or {}) for name, told in fields_of(issue).items()),
        tuple(_versions(issue)),
        links.record_page(firm, issue.kind, issue.practice_id),
        practice_url,
        links.in_ledger(
            pairing.ledger, issue.details.get("holder_entity") or links.entity_of(issue.kind), _ledger_id(issue)
        ),
        things(issue, pairing),
        advice(issue.code).text,
        _place(firm, pairing, issue.code),
        tuple(_acts(issue)),
        takebacks.refusal(issue),
    )


def _place(firm: Firm, pairing: Pairing, name: str) -> Place | None:
    place = advice(name).place
    if place in PANELS:
        return Place("Open the setting in QuickBooks", links.ledger_settings(pairing.ledger, place), True)
    return Place(PAGES[place], reverse(place, kwargs={"firm": firm.slug}), False) if place else None


def _acts(issue: Issue) -> Iterable[Act]:
    """The latest first. A sum is in no index, so a record's few lines are looked up instead of all of time."""
    rows = SyncEvent.objects.of(issue.firm_id).filter(
        pairing=issue.pairing_id, kind=issue.kind, practice_id=issue.practice_id, leg=issue.leg, code=issue.code
    )
    moment = ExpressionWrapper(F("at") + timedelta(0), output_field=DateTimeField())
    found = rows.annotate(moment=moment).order_by("-moment", "-id").select_related("actor").defer("postings")
    for row in found[:ACTS]:
        tone, word = OUTCOMES[row.outcome]
        by = row.actor.get_full_name() if row.actor else ""
        is_note = row.outcome == SyncEvent.Outcome.NOTED
        said = "" if row.outcome == SyncEvent.Outcome.ISSUE else row.message
        yield Act(row.at, tone, word, by, said, is_note)


def _versions(issue: Issue) -> Iterable[Version]:
    rows = issue.details.get("fields")
    for row in rows if isinstance(rows, list) else ():
        label, ours, theirs = (str(row.get(name) or "") for name in ("label", "ours", "theirs"))
        yield Version(label, written(label, ours), written(label, theirs))


def _ledger_id(issue: Issue) -> str:
    return str(issue.details.get("holder_id") or "") if issue.code == "duplicate_number" else issue.ledger_id


def _field(name: str, told: Mapping[str, object], sent: Mapping[str, str]) -> Field:
    said = {key: str(told.get(key) or "") for key in ("clio", "quickbooks", "base", "why", "only")}
    return Field(name=name, label=LABELS.get(name, name), picked=sent.get(f"pick-{name}", ""), **said)
