"""QuickBooks's settings and the numbering as a checklist: how each stands, why it matters, what to click (rule R9)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from firms.models import Firm
from integrations.core import words
from integrations.issue_codes import code
from integrations.models import Issue, Pairing, Severity
from integrations.queries import links
from integrations.queries.issues import issues_of

OK, NEEDS, LOOK, ACCEPTED, UNKNOWN = "ok", "needs", "look", "settled", "unchecked"
GEAR = "In QuickBooks, open the gear at the top right."
ACCOUNT = "Choose Account and settings."


_URGENT = {NEEDS: 0, LOOK: 1}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is checked. ``fine``, or what ``reads`` finds, says how it stands when no issue is open."""

    name: str
    title: str
    codes: tuple[str, ...]
    why: str
    clicks: tuple[str, ...]
    panel: str = ""  # the page of QuickBooks's settings, or "mappings" for ours
    fine: str = ""
    reads: Callable[[Pairing], str] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """An item as it stands. ``state`` is ok, needs (a person), look (once), settled (accepted) or unchecked."""

    item: Item
    state: str
    said: str
    url: str
    issue: Issue | None = None

    @property
    def is_open(self) -> bool:
        return self.state in (NEEDS, LOOK)

    @property
    def can_be_decided(self) -> bool:
        return self.issue is not None and bool(code(self.issue.code).actions)

    @property
    def leads_out(self) -> bool:
        return self.url.startswith("http") or "/sandbox/" in self.url


def _profile(name: str) -> Callable[[Pairing], str]:
    return lambda pairing: str(pairing.ledger_profile.get(name) or "")


def _warning(pairing: Pairing) -> str:
    if pairing.ledger_profile.get("bill_warning") == "true":
        return "On."
    looked = pairing.bill_warning_confirmed_at
    return f"QuickBooks does not tell; a person looked on {words.day(looked)}." if looked else ""


def _closing(pairing: Pairing) -> str:
    closed = _profile("close_date")(pairing)
    return f"Closed up to {words.day(closed)}, before the start date." if closed else "The books are open."


def _currency(pairing: Pairing) -> str:
    return f"{_profile('currency')(pairing) or 'The same currency'} on both sides."


def _edition(pairing: Pairing) -> str:
    return f"{_profile('edition')(pairing) or 'QuickBooks does not name it'}."


ITEMS = (
    Item(
        "numbers",
        "Custom transaction numbers",
        ("numbering_setting_off",),
        "Only with this setting does an invoice keep the number of its bill in Clio. While it is off, invoices, credit "
        "notes and what pays them wait; everything else goes on.",
        (
            GEAR,
            ACCOUNT,
            "Choose Sales.",
            "Choose Sales form content.",
            "Switch Custom transaction numbers on and save.",
        ),
        "sales",
        "On.",
    ),
    Item(
        "warning",
        "Warning for duplicate bill numbers",
        ("duplicate_warning_off",),
        "It guards the bills you receive from suppliers. Your invoices are guarded by the portal itself: it looks at "
        "every number of QuickBooks before it uses one.",
        (
            GEAR,
            ACCOUNT,
            "Choose Advanced.",
            "Choose Other preferences.",
            "Switch Warn if duplicate bill number is used on and save.",
        ),
        "advanced",
        reads=_warning,
    ),
    Item(
        "numbering",
        "Clio’s next number is free",
        ("numbering_behind",),
        "A bill whose number QuickBooks has already given to something else cannot be posted.",
        (
            "In Clio, open the next bill while it is a draft and choose Edit.",
            "Change its number to the next safe one shown here.",
            "Save. Clio counts on from there.",
        ),
        fine="No number of QuickBooks’s own reaches past Clio’s.",
    ),
    Item(
        "mappings",
        "Mappings",
        ("mapping_missing", "mapping_invalid"),
        "What is mapped to something gone, inactive or of the wrong type would land in the wrong account, so the bills "
        "that need it wait.",
        ("Open the mappings page.", "Choose another item or account where one is marked.", "Save."),
        "mappings",
        "Everything mapped can be posted to.",
    ),
    Item(
        "currency",
        "Home currency",
        ("currency_mismatch",),
        "A bill is posted only in the currency the company keeps its books in; an amount is never converted.",
        ("Check that this is the right company: its home currency cannot be changed.",),
        "advanced",
        reads=_currency,
    ),
    Item(
        "closing",
        "Closing date",
        ("books_closed",),
        "What is dated in a closed period is neither posted nor changed.",
        (GEAR, ACCOUNT, "Choose Advanced.", "In Accounting, your accountant changes Close the books."),
        "advanced",
        reads=_closing,
    ),
    Item(
        "auto_apply",
        "Automatic application of credits and payments",
        ("auto_apply_on",),
        "QuickBooks may then apply a credit to another invoice than Clio did. The portal recognises it and doubles "
        "nothing, but which bill is open can differ.",
        (GEAR, ACCOUNT, "Choose Advanced.", "In Automation, switch both kinds of Automatically apply off.", "Save."),
        "advanced",
        "Off.",
    ),
    Item(
        "edition",
        "Edition",
        ("edition_limited",),
        "Simple editions of QuickBooks lack what a firm’s receivables need, and refuse some of what is posted.",
        (GEAR, ACCOUNT, "Choose Billing and subscription.", "Essentials, Plus and Advanced will do."),
        "billing",
        reads=_edition,
    ),
)
CODES = tuple(code for item in ITEMS for code in item.codes)


def checklist(firm: Firm, pairing: Pairing, issues: Mapping[str, Issue]) -> list[Check]:
    """Every item with what is open about it, first what needs a person, then by how much hangs on it."""
    return sorted(
        (_check(firm, pairing, item, issues) for item in ITEMS), key=lambda check: _URGENT.get(check.state, 2)
    )


def about_settings(firm: Firm) -> dict[str, Issue]:
    """Firm-wide issues about settings that are not closed, by code."""
    found = issues_of(firm).filter(kind="", code__in=CODES).exclude(state=Issue.State.CLOSED)
    return {issue.code: issue for issue in found}


def _check(firm: Firm, pairing: Pairing, item: Item, issues: Mapping[str, Issue]) -> Check:
    url = _url(firm, pairing, item.panel)
    issue = _worst(issues[name] for name in item.codes if name in issues)
    if issue is not None:
        return Check(item, _state(issue), issue.message, url, issue)
    if pairing.settings_checked_at is None:
        return Check(item, UNKNOWN, "", url)
    return Check(item, OK, item.reads(pairing) if item.reads else item.fine, url)


def _worst(issues: Iterable[Issue]) -> Issue | None:
    return min(issues, key=lambda issue: (_state(issue) != NEEDS, issue.pk), default=None)


def _state(issue: Issue) -> str:
    if issue.state == Issue.State.ACCEPTED:
        return ACCEPTED
    return NEEDS if code(issue.code).severity == Severity.ERROR else LOOK


def _url(firm: Firm, pairing: Pairing, panel: str) -> str:
    if panel == "mappings":
        return reverse("mappings", kwargs={"firm": firm.slug})
    return links.ledger_settings(pairing.ledger, panel) if panel else ""
