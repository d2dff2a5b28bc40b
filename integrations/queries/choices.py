"""What a person can decide about an issue: what each action is called, and what happens when it is chosen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from integrations.issue_codes import ACCEPT, ACTIONS, offered
from integrations.models import Issue

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
    "take_back": "Everything is as it was before the decision.",
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
class Choice:
    """One thing a person can decide."""

    action: str
    label: str
    effect: str
    url: str = ""  # leads out instead of deciding


def choices(issue: Issue, practice_url: str) -> tuple[Choice, ...]:
    """All that fit this very issue; renumbering leads to the bill in Clio."""
    return tuple(_choice(issue, action, practice_url) for action in offered(issue))


def common_choices(issues: Sequence[Issue], actions: Iterable[str]) -> tuple[Choice, ...]:
    """Actions that several issues share, in their general words where the issues have words of their own."""
    return tuple(_common(issues, action) for action in actions)


def _common(issues: Sequence[Issue], action: str) -> Choice:
    labels = {label_of(issue.code, action) for issue in issues}
    effects = {effect_of(issue, action) for issue in issues}
    label = labels.pop() if len(labels) == 1 else ACTIONS.get(action, action)
    return Choice(action, label, effects.pop() if len(effects) == 1 else EFFECTS.get(action, ""))


def _choice(issue: Issue, action: str, practice_url: str) -> Choice:
    url = practice_url if action == "renumber" else ""
    return Choice(action, label_of(issue.code, action), effect_of(issue, action), url)


def effect_of(issue: Issue, action: str) -> str:
    if action == ACCEPT and issue.code in MEANT:
        return MEANT[issue.code][1]
    for cause, effects in UNREAD.items():
        if issue.code == "run_held" and cause in issue.details and not issue.details.get("sorts"):
            return effects.get(action, "")
    return EFFECTS.get(action, "")


def label_of(name: str, action: str) -> str:
    """What an action is called on an issue of this code."""
    return MEANT[name][0] if action == ACCEPT and name in MEANT else ACTIONS.get(action, action)
