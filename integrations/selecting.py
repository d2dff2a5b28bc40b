"""One decision for several issues: only what all of them share, and only about what was shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from firms.models import Firm, User
from integrations import takebacks
from integrations.core.ports import Clock
from integrations.core.records import fingerprint
from integrations.issue_codes import offered
from integrations.models import Issue
from integrations.resolving import CannotResolve, resolve

MOST = 100  # issues at once: what a person can look over before saying yes
TAKE_BACK = "take_back"
ONE_BY_ONE = frozenset({"renumber", "link", "merge", "apply", "discard"})  # each needs a look or a choice of its own
CHANGED = "It has changed since it was shown."


@dataclass(slots=True)
class Outcome:
    """``left`` are those that were left as they are, each with why."""

    done: list[Issue] = field(default_factory=list)
    left: list[tuple[Issue, str]] = field(default_factory=list)


def seen_of(issue: Issue) -> str:
    """A digest of what a person is shown of an issue, so that a yes is about just that."""
    facts = [issue.pk, issue.state, issue.action, issue.message, issue.ledger_id, issue.details]
    return fingerprint(facts)[:16]


def shared(issues: Sequence[Issue]) -> tuple[str, ...]:
    """What can be decided about every one of them, in the order the first is offered it."""
    if not issues:
        return ()
    every = [actions_of(issue) for issue in issues]
    return tuple(action for action in every[0] if all(action in actions for actions in every))


def actions_of(issue: Issue) -> tuple[str, ...]:
    """What fits this one without a choice of its own."""
    back = (TAKE_BACK,) if takebacks.waits(issue) else ()
    known = offered(issue) if issue.state != Issue.State.CLOSED else ()
    return (*back, *(action for action in known if action not in ONE_BY_ONE))


def decide(firm: Firm, seen: Mapping[int, str], action: str, user: User, clock: Clock, note: str = "") -> Outcome:
    """Decides about those that still are as they were ``seen``, each by itself."""
    outcome = Outcome()
    for pk in list(seen)[:MOST]:
        with transaction.atomic():
            rows = Issue.objects.of(firm).filter(pk=pk, pairing__archived_at=None)
            issue = rows.select_related("pairing", "firm").select_for_update(of=("self",)).first()
            if issue is None:
                continue
            if why := _decided(issue, seen[pk], action, user, clock, note):
                outcome.left.append((issue, why))
            else:
                outcome.done.append(issue)
    return outcome


def _decided(issue: Issue, seen: str, action: str, user: User, clock: Clock, note: str) -> str:
    """Why it was left as it is; empty where it was decided."""
    if seen_of(issue) != seen:
        return CHANGED
    if action in ONE_BY_ONE:
        return "It takes a decision of its own."
    try:
        if action == TAKE_BACK:
            takebacks.take_back(issue, user, clock)
        else:
            resolve(issue, action, user, clock, note=note)
    except (CannotResolve, takebacks.TooLate) as refused:
        return str(refused)
    return ""
