"""The set-up as one sitting: eight steps in order, how each stands, and which one is at hand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import Q
from django.urls import reverse

from firms.models import Firm
from integrations.core import words
from integrations.issue_codes import MATCHES
from integrations.models import Connection, Errand, Issue, Mapping, Pairing, SyncRun
from integrations.queries.checklist import about_settings
from integrations.queries.state import OPEN, State, Tally

MUST = frozenset({"numbering_setting_off", "currency_mismatch"})  # the others can wait
_OWN_STEP = frozenset({"mapping_missing", "mapping_invalid"})  # of the settings' issues these have a step of their own
WHY = {
    "clio": "Bills, contacts and payments are read from here. Nothing is created in Clio.",
    "quickbooks": "This company receives the invoices and payments. Nothing is written to it before a person has said "
    "that it is the right one.",
    "settings": "Invoices keep Clio’s bill numbers only where QuickBooks allows own numbers, and no number may be used "
    "twice.",
    "start": "Bills issued from this day on are posted; earlier ones stay as they are in QuickBooks. Too early doubles "
    "what is there, too late leaves payments without their bill.",
    "mappings": "Each part of a bill goes to an item of QuickBooks, and with it to an account.",
    "matches": "What is in QuickBooks already is linked instead of posted again.",
    "preview": "See what the first sync will write, with debits and credits, before anything is written.",
    "sync": "From then on the portal keeps both in step by itself and names what needs a person.",
}
TITLES = {
    "clio": "Connect Clio",
    "quickbooks": "Connect QuickBooks and confirm the company",
    "settings": "Check QuickBooks’s settings and the numbering",
    "start": "Choose the start date",
    "mappings": "Map the parts of a bill",
    "matches": "Confirm what is there already",
    "preview": "Look at the preview",
    "sync": "Sync for the first time",
}
NAMES = tuple(TITLES)
UNDER_WAY = "Under way"


@dataclass(frozen=True, slots=True)
class Step:
    """``state`` is done, todo, waiting (something before it is missing) or unconfirmed (a look is wanted).

    ``word`` is what the pill says instead of the state's own word.
    """

    name: str
    state: str
    said: str = ""
    word: str = ""
    url: str = ""
    is_current: bool = False

    @property
    def title(self) -> str:
        return TITLES[self.name]

    @property
    def tone(self) -> str:
        """Of the word."""
        return "info" if self.word == UNDER_WAY else "warn"

    @property
    def why(self) -> str:
        return WHY[self.name]

    @property
    def template(self) -> str:
        return f"integrations/setup/{self.name}.html"

    @property
    def is_reached(self) -> bool:
        return self.state != "waiting"


@dataclass(frozen=True, slots=True)
class Errands:
    """The newest errand of each purpose, and the newest that got through."""

    newest: dict[str, Errand]
    done: dict[str, Errand]

    def is_open(self, purpose: str) -> bool:
        return purpose in self.newest and self.newest[purpose].is_open


@dataclass(frozen=True, slots=True)
class Sitting:
    """Everything the steps go by."""

    firm: Firm
    state: State
    errands: Errands
    settings: dict[str, Issue]
    mapped: int

    @property
    def open_matches(self) -> dict[str, int]:
        """How many questions about what is there already are open, by code."""
        return {one.code: one.number for one in self._asked(Issue.State.OPEN)}

    @property
    def matches_open(self) -> int:
        return sum(self.open_matches.values())

    @property
    def is_outdated(self) -> bool:
        """Whether something was decided since the preview was made."""
        made_at = self.preview.finished_at if self.preview else None
        decided = (one.decided_at for one in self._asked(Issue.State.DECIDED))
        return made_at is not None and any(at is not None and at > made_at for at in decided)

    def _asked(self, state: str) -> list[Tally]:
        return [one for one in self.state.tallies if one.code in MATCHES and one.state == state]

    @property
    def preview(self) -> Errand | None:
        return self.errands.done.get(Errand.Purpose.PREVIEW)


def sitting(firm: Firm, state: State) -> Sitting:
    """Three queries besides the state."""
    pairing = state.pairing
    if pairing is None:
        return Sitting(firm, state, Errands({}, {}), {}, 0)
    mapped = Mapping.objects.of(firm).filter(pairing=pairing).count()
    return Sitting(firm, state, _errands(pairing), about_settings(firm), mapped)


def _errands(pairing: Pairing) -> Errands:
    """Of each purpose the newest that got through, and the newest of the others."""
    mine = Errand.objects.of(pairing.firm).filter(pairing=pairing).annotate(is_done=Q(state=Errand.State.DONE))
    every = mine.order_by("purpose", "is_done", "-id").distinct("purpose", "is_done").select_related("asked_by")
    newest: dict[str, Errand] = {}
    done: dict[str, Errand] = {}
    for errand in every:
        errand.pairing = pairing
        if errand.state == Errand.State.DONE:
            done[errand.purpose] = errand
        if errand.purpose not in newest or errand.pk > newest[errand.purpose].pk:
            newest[errand.purpose] = errand
    return Errands(newest, done)


def steps(found: Sitting, asked: str = "") -> list[Step]:
    """In order. ``asked`` is the step a person wants to see, where it is reached already."""
    rows, is_blocked = [], False
    for step in _steps(found):
        rows.append(replace(step, state="waiting", said="", word="") if is_blocked and step.state != "done" else step)
        is_blocked = is_blocked or step.state == "todo"
    current = _current(found, rows, asked)
    url = reverse("setup", kwargs={"firm": found.firm.slug})
    return [replace(step, url=f"{url}?step={step.name}", is_current=step.name == current) for step in rows]


def _current(found: Sitting, rows: list[Step], asked: str) -> str:
    """The step asked for, else the first with something to do; after the first sync none."""
    if any(step.name == asked and step.is_reached for step in rows):
        return asked
    if has_synced(found.state):
        return next((step.name for step in rows if step.state == "todo"), "")
    passing = ("settings",)  # what was found there and stops nothing is shown, and does not keep anybody
    return next((s.name for s in rows if s.state == "todo" or (s.state == "unconfirmed" and s.name not in passing)), "")


def _steps(found: Sitting) -> Iterator[Step]:
    yield _clio(found.state)
    yield _quickbooks(found.state)
    yield _settings(found)
    yield _start(found)
    yield _mappings(found)
    yield _confirm_matches(found)
    yield _preview(found)
    yield _sync(found.state)


def _clio(state: State) -> Step:
    return _connection("clio", state.connections.get("clio"))


def _connection(name: str, connection: Connection | None) -> Step:
    if connection is None:
        return Step(name, "todo")
    if connection.state == Connection.State.RECONNECT:
        return Step(name, "todo", f"{connection.name} has to be connected again.")
    return Step(name, "done", connection.name)


def _quickbooks(state: State) -> Step:
    step = _connection("quickbooks", state.connections.get("quickbooks"))
    if step.state == "done" and (state.pairing is None or state.pairing.ledger.confirmed_at is None):
        return replace(step, state="todo", word="Confirm the company")
    return step


def _settings(found: Sitting) -> Step:
    pairing, purpose = found.state.pairing, Errand.Purpose.CHECK
    if pairing is None or pairing.settings_checked_at is None or _first_check_is_on(found):
        return Step("settings", "todo", "They are being read." if found.errands.is_open(purpose) else "")
    open_ = {name for name, issue in found.settings.items() if issue.state in OPEN} - _OWN_STEP
    if open_ & MUST:
        return Step("settings", "todo", "A setting stands in the way.", "Needs you")
    if open_:
        return Step("settings", "unconfirmed", "Worth a look; it stops nothing.", "Worth a look")
    return Step("settings", "done", "Nothing stands in the way.")


def _first_check_is_on(found: Sitting) -> bool:
    """Settings are read before numbers are; until both are, nothing is said of them."""
    purpose = Errand.Purpose.CHECK
    return found.errands.is_open(purpose) and purpose not in found.errands.done and found.state.last is None


def _start(found: Sitting) -> Step:
    pairing = found.state.pairing
    if pairing is None or pairing.start_date is None:
        reading = found.errands.is_open(Errand.Purpose.START)
        return Step("start", "todo", "Both systems are being read for what it brings in." if reading else "")
    return Step("start", "done", f"Bills issued from {words.day(pairing.start_date)} on.")


def _mappings(found: Sitting) -> Step:
    if found.errands.is_open(Errand.Purpose.FILL_IN):
        return Step("mappings", "todo", "What is missing is being created in QuickBooks.")
    if not found.mapped:
        return Step("mappings", "todo")
    return Step("mappings", "done", f"{found.mapped} mapped.")


def _confirm_matches(found: Sitting) -> Step:
    if found.state.last is not None or _is_begun(found.state):
        return Step("matches", "done", "The issues name what is still open." if found.matches_open else "")
    if found.errands.is_open(Errand.Purpose.PREVIEW):
        return Step("matches", "todo", "Both systems are being compared.")
    if found.preview is None:
        return Step("matches", "todo")
    if found.matches_open:
        return Step("matches", "unconfirmed", f"{found.matches_open:,} to decide.", "To decide")
    return Step("matches", "done", "Nothing is left to decide.")


def _preview(found: Sitting) -> Step:
    if found.preview is None:
        said = "Skipped: the first sync is made already." if found.state.last else ""
        return Step("preview", "done" if said else "todo", said)
    count = found.preview.result.get("count", 0)
    said = f"{count:,} change{'' if count == 1 else 's'} planned."
    if found.state.last or _is_begun(found.state):
        return Step("preview", "done", said)
    if found.is_outdated:
        return Step("preview", "unconfirmed", "You have decided something since it was made.", "Make it again")
    return Step("preview", "unconfirmed", said, "Look at it")


def _sync(state: State) -> Step:
    if has_synced(state):
        return Step("sync", "done", state.text)
    if _is_begun(state):
        return Step("sync", "todo", "It is under way.", UNDER_WAY)
    if state.last is not None:
        return Step("sync", "todo", state.text, "Needs you")
    return Step("sync", "todo")


def _is_begun(state: State) -> bool:
    return state.is_waiting or (state.running is not None and not state.running.is_dry)


def has_synced(state: State) -> bool:
    """Whether the last run got through; every run reads the settings too."""
    return state.last is not None and state.last.outcome in (SyncRun.Outcome.IN_SYNC, SyncRun.Outcome.ISSUES)
