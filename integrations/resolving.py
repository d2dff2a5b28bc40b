"""What a person decides about an issue; the next run carries it out."""

from django.db import transaction

from firms.models import Firm, User
from integrations import contact_choices, held_runs, takebacks
from integrations.acts import note_acts
from integrations.core.ports import Clock
from integrations.issue_codes import ACCEPT, ACTIONS, AT_ONCE, offered
from integrations.kinds.plan_contact_fields import CONFLICT
from integrations.kinds.theirs import GIVEN_UP
from integrations.models import EntityLink, Issue, Pairing, Record, SyncEvent

NEEDS_VALUE = frozenset({"link"})
PLANNED = frozenset({"deposited_payment"})  # the plan holds these back, so it has to know that they may be tried
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
        _unsettle(issue)


def _fitting(issue: Issue, action: str, value: str) -> str:
    """The value the decision is kept with. Raises CannotResolve where action or value do not fit the issue."""
    if issue.state == Issue.State.CLOSED:
        raise CannotResolve("This issue is already closed.")
    allowed = offered(issue)
    if action not in allowed:
        possible = ", ".join(allowed) or "none; it closes by itself"
        raise CannotResolve(f"“{action}” does not fit this issue. Possible: {possible}.")
    if action == "adopt":
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
    said = f"{ACTIONS[action]}" + (f" ({value})" if value else "") + (f": {note}" if note else "")
    note_acts(issue.firm, [issue], SyncEvent.Outcome.DECIDED, said, user, now)


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


def _unsettle(issue: Issue) -> None:
    """The next run plans the record again."""
    records = Record.objects.of(issue.firm).filter(pairing=issue.pairing, side=Record.Side.PRACTICE)
    match issue.kind:
        case "contact":
            records.filter(entity="contacts", external_id=issue.practice_id).update(settled=False)
        case "invoice":
            records.filter(entity="bills", external_id=issue.practice_id).update(settled=False)
        case "payment" | "credit_note":
            records.filter(entity="allocations", peer_id=issue.practice_id).update(settled=False)
        case "trust_entry":
            records.filter(entity="trust_transactions", external_id=issue.practice_id).update(settled=False)
