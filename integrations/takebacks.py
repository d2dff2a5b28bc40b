"""Taking a decision back: until a run has carried it out, everything is as it was before it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from firms.models import User
from integrations import contact_choices
from integrations.acts import note_acts
from integrations.core.ports import Clock
from integrations.issue_codes import ACTIONS, AT_ONCE
from integrations.models import Dispatch, Issue, Pairing, Record, SyncEvent, SyncRun

TAKEN_BACK = "Taken back"
UNDECIDED: dict[str, Any] = {
    "state": Issue.State.OPEN,
    "action": "",
    "value": "",
    "note": "",
    "by": None,
    "at": "",
    "confirmed": "",
    "preferences": {},
    "again": False,
}


class TooLate(ValueError):
    """It cannot be taken back, or not now; the text says why."""


def remember(issue: Issue, action: str, picks: dict[str, str]) -> dict[str, Any]:
    """How everything stands before a decision. What is not carried out yet is remembered as before the first one.

    ``picks`` are the preferences for contacts that the decision sets for good.
    """
    preferences = {name: issue.pairing.contact_preferences.get(name, "") for name in picks}
    if issue.state == Issue.State.DECIDED:
        return {**issue.before, "preferences": {**preferences, **issue.before.get("preferences", {})}}
    confirmed = issue.pairing.bill_warning_confirmed_at
    return {
        **UNDECIDED,
        "state": issue.state,
        "action": issue.action,
        "value": issue.value,
        "note": issue.note,
        "by": issue.decided_by_id,
        "at": issue.decided_at.isoformat() if issue.decided_at else "",
        "confirmed": confirmed.isoformat() if confirmed else "",
        "preferences": preferences,
        "again": _may_be_sent_again(issue) if action == "retry" else False,
    }


def waits(issue: Issue) -> bool:
    """Whether the issue stands as the decision left it."""
    if issue.state == Issue.State.CLOSED:
        return issue.action in AT_ONCE and issue.closed_at == issue.decided_at
    return issue.state == Issue.State.DECIDED


def refusal(issue: Issue) -> str:
    """Why it cannot be taken back now; empty where it can."""
    if not waits(issue):
        return "There is nothing to take back: the decision has been carried out, or there is none."
    runs = SyncRun.objects.of(issue.firm).filter(pairing=issue.pairing, is_dry=False)
    if runs.filter(finished_at=None).exists():
        return "A sync is under way and may be carrying it out. Wait until it has ended, then look again."
    if issue.state == Issue.State.CLOSED and runs.filter(started_at__gte=issue.decided_at).exists():
        return "A sync has carried it out."
    return ""


def take_back(issue: Issue, user: User | None, clock: Clock) -> None:
    """Raises TooLate. While it is done no run can begin, and none that began can have seen the decision."""
    with transaction.atomic():
        pairing = Pairing.objects.of(issue.firm).select_for_update().get(pk=issue.pairing_id)
        issue = Issue.objects.of(issue.firm).select_for_update().get(pk=issue.pk)
        if why := refusal(issue):
            raise TooLate(why)
        _tell(issue, user, clock)
        before = {**UNDECIDED, **issue.before}
        _restore_pairing(pairing, issue, before)
        if issue.action == "retry" and not before["again"]:
            _forbid_again(issue)
        _restore(issue, before)


def _restore(issue: Issue, before: dict[str, Any]) -> None:
    issue.state, issue.action, issue.value = before["state"], before["action"], before["value"]
    issue.note, issue.decided_by_id = before["note"], before["by"]
    issue.decided_at = datetime.fromisoformat(before["at"]) if before["at"] else None
    issue.before, issue.closed_at = {}, None
    issue.save(
        update_fields=["state", "action", "value", "note", "decided_by", "decided_at", "before", "closed_at"],
    )


def _restore_pairing(pairing: Pairing, issue: Issue, before: dict[str, Any]) -> None:
    """What the decision set for the firm as a whole: that somebody has looked, and which side always counts."""
    if issue.action == "confirm":
        confirmed = before["confirmed"]
        pairing.bill_warning_confirmed_at = datetime.fromisoformat(confirmed) if confirmed else None
        pairing.save(update_fields=["bill_warning_confirmed_at"])
    if preferences := before["preferences"]:
        contact_choices.save(pairing, {**pairing.contact_preferences, **preferences})


def allow_again(issue: Issue) -> None:
    """The refused write may be sent again as it is: a person says that its cause is gone."""
    if last := _refused(issue):
        last.plan = {**last.plan, "again": True}
        last.save(update_fields=["plan"])


def _forbid_again(issue: Issue) -> None:
    if last := _refused(issue):
        last.plan = {name: value for name, value in last.plan.items() if name != "again"}
        last.save(update_fields=["plan"])


def _may_be_sent_again(issue: Issue) -> bool:
    last = _refused(issue)
    return bool(last and last.plan.get("again"))


def _refused(issue: Issue) -> Dispatch | None:
    """The last write of what the issue is about, where that was refused."""
    side = Record.Side.PRACTICE if issue.code == "clio_refused" else Record.Side.LEDGER
    writes = Dispatch.objects.of(issue.firm).filter(
        pairing=issue.pairing, side=side, kind=issue.kind, practice_id=issue.practice_id, leg=issue.leg
    )
    last = writes.order_by("-id").first()
    return last if last is not None and last.state == Dispatch.State.REFUSED else None


def _tell(issue: Issue, user: User | None, clock: Clock) -> None:
    said = f"{TAKEN_BACK}: {ACTIONS.get(issue.action, issue.action)}"
    note_acts(issue.firm, [issue], SyncEvent.Outcome.DECIDED, said, user, clock.now())
