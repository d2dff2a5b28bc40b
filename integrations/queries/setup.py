"""The set-up checklist: what is done, what comes next, why each step matters."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from firms.models import Firm
from integrations.models import Connection, Errand, Mapping, Pairing, SyncRun
from integrations.queries.checklist import about_settings
from integrations.queries.errands import last_done, latest
from integrations.queries.state import OPEN, State

MUST = frozenset({"numbering_setting_off", "currency_mismatch"})  # the others can wait


_MAPPINGS = frozenset({"mapping_missing", "mapping_invalid"})  # these have a step of their own


@dataclass(frozen=True, slots=True)
class Step:
    """``state`` is done, todo, waiting (something before it is missing) or unconfirmed (needs a look)."""

    name: str
    title: str
    why: str
    state: str
    said: str
    url: str
    verb: str

    @property
    def is_next(self) -> bool:
        return self.state in ("todo", "unconfirmed")


def steps(firm: Firm, state: State) -> list[Step]:
    """Seven steps in order. About six queries besides the state."""
    found = list(_steps(firm, state))
    first = next((index for index, step in enumerate(found) if step.is_next), len(found))
    return [
        _later(step) if index > first and step.state == "todo" and step.name in _NEEDS_EARLIER else step
        for index, step in enumerate(found)
    ]


_NEEDS_EARLIER = frozenset({"company", "settings", "mappings", "preview", "sync"})


def _later(step: Step) -> Step:
    return Step(step.name, step.title, step.why, "waiting", step.said, step.url, step.verb)


def _steps(firm: Firm, state: State) -> Iterable[Step]:
    connections_url = _url(firm, "connections")
    for system, name, why in (
        ("clio", "Clio", "Bills, contacts and payments are read from here. Nothing is created in Clio."),
        ("quickbooks", "QuickBooks", "This is the company that receives invoices and payments."),
    ):
        yield _connection(state.connections.get(system), system, name, why, connections_url)
    yield _company(state.pairing, connections_url)
    yield _settings(firm, state)
    yield _mappings(firm, state.pairing)
    yield _preview(firm, state)
    yield _sync(firm, state)


def _url(firm: Firm, name: str) -> str:
    return reverse(name, kwargs={"firm": firm.slug})


def _connection(connection: Connection | None, system: str, name: str, why: str, url: str) -> Step:
    title, verb = f"Connect {name}", f"Connect {name}"
    if connection is None:
        return Step(system, title, why, "todo", "", url, verb)
    if connection.state == Connection.State.RECONNECT:
        return Step(system, title, why, "todo", f"{connection.name} has to be connected again.", url, verb)
    return Step(system, title, why, "done", connection.name, url, "See the connection")


def _company(pairing: Pairing | None, url: str) -> Step:
    why = "Nothing is written to a company before a person has said that it is the right one."
    title = "Confirm the company"
    if pairing is None or pairing.ledger.confirmed_at is None:
        return Step("company", title, why, "todo", "", url, "Confirm the company")
    return Step("company", title, why, "done", pairing.ledger.name, url, "See the connection")


def _settings(firm: Firm, state: State) -> Step:
    why = "Invoices keep Clio’s bill numbers only where QuickBooks allows own numbers, and no number may be used twice."
    title, url = "Check QuickBooks’s settings and the numbering", _url(firm, "setup") + "#settings"
    if state.pairing is None or state.pairing.settings_checked_at is None:
        return Step("settings", title, why, "todo", "", url, "Check now")
    open_ = {name for name, issue in about_settings(firm).items() if issue.state in OPEN} - _MAPPINGS
    if open_ & MUST:
        return Step("settings", title, why, "todo", "A setting stands in the way.", url, "See what to change")
    if open_:
        return Step("settings", title, why, "unconfirmed", "Worth a look; it stops nothing.", url, "See what was found")
    return Step("settings", title, why, "done", "Nothing stands in the way.", url, "Check again")


def _mappings(firm: Firm, pairing: Pairing | None) -> Step:
    why = "Each part of a bill goes to an item of QuickBooks, and with it to an account. The start date says from when."
    title, url = "Choose the start date and the mappings", _url(firm, "mappings")
    if pairing is None or pairing.start_date is None or not pairing.mapped():
        return Step("mappings", title, why, "todo", "", url, "Choose")
    number = Mapping.objects.of(firm).filter(pairing=pairing).count()
    said = f"{number} mapped, bills from {pairing.start_date.day} {pairing.start_date:%b %Y} on."
    return Step("mappings", title, why, "done", said, url, "See the mappings")


def has_synced(state: State) -> bool:
    """Whether the last run got through; every run reads the settings too."""
    return state.last is not None and state.last.outcome in (SyncRun.Outcome.IN_SYNC, SyncRun.Outcome.ISSUES)


def _preview(firm: Firm, state: State) -> Step:
    why = "See every change with its debit and credit lines before anything is written."
    title, url, pairing = "Look at a preview", _url(firm, "preview"), state.pairing
    made = last_done(pairing, Errand.Purpose.PREVIEW)
    newest = latest(pairing, Errand.Purpose.PREVIEW)
    if made is None and has_synced(state):
        return Step("preview", title, why, "done", "Skipped: the first sync is made already.", url, "Make a preview")
    if made is None or (pairing is not None and pairing.start_date is None):
        said = "It is being made." if newest is not None and newest.is_open else ""
        return Step("preview", title, why, "todo", said, url, "Make a preview")
    count = made.result.get("count", 0)
    return Step("preview", title, why, "done", f"{count:,} changes were planned.", url, "See the preview")


def _sync(firm: Firm, state: State) -> Step:
    why = "From then on the portal looks every 15 minutes and names what needs a person."
    title, url = "Sync for the first time", _url(firm, "dashboard")
    if not has_synced(state):
        said = "It is under way." if state.running or state.is_waiting else ""
        return Step("sync", title, why, "todo", said, url, "Go to the dashboard")
    return Step("sync", title, why, "done", "Done.", url, "Go to the dashboard")
