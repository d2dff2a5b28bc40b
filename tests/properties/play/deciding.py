"""What people decide about open issues, and time that passes."""

from integrations.issue_codes import offered
from integrations.models import Issue
from integrations.resolving import CannotResolve, resolve
from tests.properties.play.pick import Pick
from tests.properties.play.stage import Play


def decide(play: Play, pick: Pick) -> None:
    """Any issue that is open or was accepted, any action it offers."""
    _decide(play, pick, pick.one([issue for issue in play.kept_issues() if offered(issue)]))


def accept_theirs_or_restore(play: Play, pick: Pick) -> None:
    """What people did to our documents is decided more often than the rest."""
    codes = ("drift", "deleted_in_ledger")
    _decide(play, pick, pick.one([issue for issue in play.portal.issues() if issue.code in codes]))


def _decide(play: Play, pick: Pick, issue: Issue) -> None:
    pick.story.append(f"{issue.code} {issue.kind} {issue.practice_id}/{issue.leg}")
    action = pick.one(offered(issue))
    try:
        resolve(issue, action, play.portal.owner, play.portal.clock, value=_value(issue, action, pick))
    except CannotResolve as error:
        pick.story.append(f"refused: {error}")
        return
    _note(play, issue, action)


def _value(issue: Issue, action: str, pick: Pick) -> str:
    """What the action needs to be told: which customer, or a side for each field."""
    candidates = [str(one) for one in issue.details.get("candidates", ())]
    if action == "link" and candidates:
        return pick.one(candidates)
    if action == "merge":
        return " ".join(f"{name}={pick.one(['clio', 'quickbooks'])}" for name in issue.details.get("fields", ()))
    return ""


def _note(play: Play, issue: Issue, action: str) -> None:
    if action == "adopt":
        play.adopted[issue.kind, issue.practice_id] = issue.ledger_id


def time_passes(play: Play, pick: Pick) -> None:
    play.portal.clock.sleep(pick.one([3600, 86_400, 26 * 86_400]))


ACTS = (decide, decide, accept_theirs_or_restore, time_passes)
