"""What a person decides about an issue; the next run carries it out."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, QuerySet

from firms.models import Firm, User
from integrations import contact_choices, held_runs, takebacks
from integrations.acts import note_acts
from integrations.core.ports import Clock
from integrations.core.records import fingerprint
from integrations.issue_codes import ACCEPT, ACTIONS, AT_ONCE, offered
from integrations.kinds.plan_contact_fields import CONFLICT
from integrations.kinds.theirs import GIVEN_UP
from integrations.models import EntityLink, Issue, Pairing, Record, SyncEvent

NEEDS_VALUE = frozenset({"link"})
PLANNED = frozenset({"deposited_payment"})  # the plan holds these back, so it has to know that they may be tried
ADOPT = "adopt"
# What has to be planned again for a decision about a kind: the list it is in, and the column that names it there.
PLANNED_BY = {
    "contact": ("contacts", "external_id"),
    "invoice": ("bills", "external_id"),
    "payment": ("allocations", "peer_id"),
    "credit_note": ("allocations", "peer_id"),
    "trust_entry": ("trust_transactions", "external_id"),
}
DECISION = ["state", "action", "value", "note", "decided_by", "decided_at", "closed_at", "before"]


class CannotResolve(ValueError):
    """The action does not fit the issue; the text says which ones do."""


def open_issues(firm: Firm) -> list[Issue]:
    """Open and decided issues of the live pairing, what needs a person first."""
    issues = Issue.objects.of(firm).filter(pairing__archived_at=None, state__in=[Issue.State.OPEN, Issue.State.DECIDED])
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(issues, key=lambda issue: (order[issue.severity], issue.pk))


def accepted_issues(firm: Firm) -> list[Issue]:
    """Differences that a person accepted, with who did, the newest first."""
    issues = Issue.objects.of(firm).filter(pairing__archived_at=None, state=Issue.State.ACCEPTED)
    return list(issues.select_related("decided_by").order_by("-id"))


def resolve(
    issue: Issue,
    action: str,
    user: User | None,
    clock: Clock,
    *,
    value: str = "",
    note: str = "",
    always: bool = False,
) -> None:
    """Records the decision and who made it; with ``always`` the firm's policy decides the like from now on.

    Raises CannotResolve.
    """
    value = _fitting(issue, action, value)
    with transaction.atomic():
        for_good = always and issue.code == CONFLICT and action in contact_choices.PICKING
        picks = contact_choices.picked(action, value) if for_good else {}
        issue.before = takebacks.remember(issue, action, picks)
        if for_good:
            contact_choices.always(issue.pairing, action, value)
            note = f"always from now on{f': {note}' if note else ''}"
        _decide(issue, action, user, clock, value, note)
        _unsettle(issue.pairing, [issue])


def adopt_all(issues: QuerySet[Issue], user: User | None, clock: Clock) -> int:
    """Decides for every open one of one pairing to take over what is there, in a few statements; how many they are.

    Of two who do so at once the second finds them decided. Raises CannotResolve, and then decides none.
    """
    with transaction.atomic():
        rows = issues.filter(state=Issue.State.OPEN).select_related("pairing", "firm")
        found = list(rows.select_for_update(of=("self",)).order_by("id"))
        if not found:
            return 0
        for issue in found:
            value, issue.before = _fitting(issue, ADOPT, ""), takebacks.remember(issue, ADOPT, {})
            issue.state, issue.action, issue.value, issue.note = Issue.State.DECIDED, ADOPT, value, ""
            issue.decided_by, issue.decided_at = user, clock.now()
        firm, pairing = found[0].firm, found[0].pairing
        _save_adopted(firm, found)
        note_acts(firm, found, SyncEvent.Outcome.DECIDED, _said, user, clock.now())
        _unsettle(pairing, found)
    return len(found)


def _save_adopted(firm: Firm, decided: Iterable[Issue]) -> None:
    """One statement for those that stood alike before, which mostly are all of them."""
    alike: dict[str, list[Issue]] = {}
    for issue in decided:
        alike.setdefault(fingerprint(issue.before), []).append(issue)
    for issues in alike.values():
        values = {name: getattr(issues[0], name) for name in DECISION if name != "value"}
        rows = Issue.objects.of(firm).filter(pk__in=[issue.pk for issue in issues])
        rows.update(**values, value=F("ledger_id"))


def _fitting(issue: Issue, action: str, value: str) -> str:
    """The value the decision is kept with. Raises CannotResolve where action or value do not fit the issue."""
    if issue.state == Issue.State.CLOSED:
        raise CannotResolve("This issue is already closed.")
    allowed = offered(issue)
    if action not in allowed:
        possible = ", ".join(allowed) or "none; it closes by itself"
        raise CannotResolve(f"“{action}” does not fit this issue. Possible: {possible}.")
    if action == ADOPT:
        value = _adoptable(issue, value or issue.ledger_id)
    if action in NEEDS_VALUE and not value:
        candidates = ", ".join(issue.details.get("candidates", ())) or "none"
        raise CannotResolve(f"Say which customer: --field customer=ID. Candidates: {candidates}.")
    if issue.code == CONFLICT:
        _check_picks(issue, action, value)
    return _as_shown(issue, value) if issue.code == held_runs.CODE else value


def _adoptable(issue: Issue, ledger_id: str) -> str:
    """What the issue names, and nothing else. Raises CannotResolve."""
    named = [issue.ledger_id, *(str(id) for id in issue.details.get("candidates", ()))]
    if ledger_id not in named:
        raise CannotResolve(f"“{ledger_id}” is not what the issue is about. It names: {', '.join(named)}.")
    return ledger_id


def _as_shown(issue: Issue, seen: str) -> str:
    """A decision about a held run is about what was on the screen. Raises CannotResolve where that moved meanwhile."""
    if seen and seen != issue.details.get("seen"):
        raise CannotResolve("What the sync would do has changed since this page was drawn. Look at the list again.")
    return ""


def _check_picks(issue: Issue, action: str, value: str) -> None:
    if action not in contact_choices.PICKING:
        return
    try:
        contact_choices.check(issue, action, value)
    except contact_choices.Unpickable as error:
        raise CannotResolve(str(error)) from error


def _decide(issue: Issue, action: str, user: User | None, clock: Clock, value: str, note: str) -> None:
    if action == "renumber":
        return  # it only opens the bill in Clio; the issue closes when the number read back is free
    if action == "retry":
        takebacks.allow_again(issue)
    if action == "reopen":
        _take_back(issue)
    if action == "discard":
        held_runs.set_aside(issue, user, clock, note)
    if action == "confirm":
        Pairing.objects.of(issue.firm).filter(pk=issue.pairing_id).update(bill_warning_confirmed_at=clock.now())
    now = clock.now()
    issue.state = _state(issue, action)
    issue.action, issue.value, issue.note = action, value, note
    issue.decided_by, issue.decided_at = user, now
    if issue.state == Issue.State.CLOSED:
        issue.closed_at = now
    issue.save(update_fields=DECISION)
    note_acts(issue.firm, [issue], SyncEvent.Outcome.DECIDED, _said, user, now)


def _said(issue: Issue) -> str:
    """The decision, as the history tells it."""
    value, note = issue.value, issue.note
    return ACTIONS[issue.action] + (f" ({value})" if value else "") + (f": {note}" if note else "")


def _state(issue: Issue, action: str) -> str:
    if action == ACCEPT:
        return Issue.State.ACCEPTED
    if action == "reopen":
        return Issue.State.OPEN
    if action == "discard" and held_runs.has_list(issue):
        return Issue.State.CLOSED
    return Issue.State.CLOSED if action in AT_ONCE and issue.code not in PLANNED else Issue.State.DECIDED


def _take_back(issue: Issue) -> None:
    """What was accepted or unlinked is a difference again: the link is as it was before (rule R8)."""
    links = EntityLink.objects.of(issue.firm).filter(
        pairing=issue.pairing, kind=issue.kind, practice_id=issue.practice_id, leg=issue.leg
    )
    taken = links.exclude(state=EntityLink.State.UNLINKED).exists()
    for link in links.order_by("-id"):
        if before := link.base.pop(GIVEN_UP, None):
            link.ledger_fingerprint = before["ledger_fingerprint"]
            link.practice_fingerprint = before["practice_fingerprint"]
            if link.state == EntityLink.State.UNLINKED and not taken:
                link.state, taken = EntityLink.State.LIVE, True
            link.save(update_fields=["base", "ledger_fingerprint", "practice_fingerprint", "state"])


def _unsettle(pairing: Pairing, issues: Iterable[Issue]) -> None:
    """The next run plans the records again."""
    records = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.PRACTICE)
    by_kind: dict[str, list[str]] = {}
    for issue in issues:
        by_kind.setdefault(issue.kind, []).append(issue.practice_id)
    for kind, ids in by_kind.items():
        if kind in PLANNED_BY:
            entity, column = PLANNED_BY[kind]
            records.filter(**{"entity": entity, f"{column}__in": ids}).update(settled=False)
