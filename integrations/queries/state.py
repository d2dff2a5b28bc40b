"""The state of a firm's sync in one sentence, the same on every page."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, Max
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from firms.models import Firm
from integrations.core import words
from integrations.models import Connection, Errand, Issue, Pairing, Severity, SyncRun
from integrations.models.pairing import live_pairing

OPEN = [Issue.State.OPEN, Issue.State.DECIDED]
REASON_LENGTH = 160
RECENT = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """How many issues of one code are open, or decided; ``decided_at`` is when the last of them was decided."""

    code: str
    severity: str
    state: str
    number: int
    decided_at: datetime | None


@dataclass(frozen=True)
class State:
    """``tone`` is the pill's (ok, warn, bad, info, idle); ``place`` is the URL name where the sentence leads."""

    firm: Firm
    tone: str
    text: str
    place: str = "dashboard"
    pairing: Pairing | None = None
    connections: dict[str, Connection] = field(default_factory=dict)
    running: SyncRun | None = None
    last: SyncRun | None = None
    needs: int = 0
    decided: int = 0
    doing: str = ""  # what the run under way does right now
    tallies: tuple[Tally, ...] = ()  # of what is open or decided
    recent: tuple[SyncRun, ...] = ()  # the last few runs, whether or not they are over

    @property
    def url(self) -> str:
        return reverse(self.place, kwargs={"firm": self.firm.slug})

    @property
    def is_waiting(self) -> bool:
        """A sync is asked for, and no run is under way yet."""
        return self.running is None and self.pairing is not None and self.pairing.sync_asked_at is not None

    @property
    def is_ready(self) -> bool:
        """Everything a sync needs is there."""
        pairing = self.pairing
        return bool(
            pairing
            and pairing.start_date
            and pairing.ledger.confirmed_at
            and all(c.state == Connection.State.CONNECTED for c in (pairing.practice, pairing.ledger))
        )

    @property
    def sentence(self) -> SafeString:
        return format_html('<a class="state-{}" href="{}">{}</a>', self.tone, self.url, self.text)


@dataclass(frozen=True)
class _Found:
    firm: Firm
    pairing: Pairing | None
    connections: dict[str, Connection]
    running: SyncRun | None = None
    last: SyncRun | None = None
    recent: tuple[SyncRun, ...] = ()
    tallies: tuple[Tally, ...] = ()

    @property
    def needs(self) -> int:
        return self._urgent(Issue.State.OPEN)

    @property
    def decided(self) -> int:
        return self._urgent(Issue.State.DECIDED)

    def _urgent(self, state: str) -> int:
        return sum(one.number for one in self.tallies if (one.severity, one.state) == (Severity.ERROR, state))

    @property
    def previewing(self) -> bool:
        return self.running is not None and self.running.is_previewed  # type: ignore[attr-defined]


def state_of(firm: Firm) -> State:
    """Three or four short queries, whatever the firm's size."""
    found = _find(firm)
    tone, text, place = _said(found)
    return State(
        firm,
        tone,
        text,
        place,
        pairing=found.pairing,
        connections=found.connections,
        running=found.running,
        last=found.last,
        needs=found.needs,
        decided=found.decided,
        doing=step_of(found.running, previewing=found.previewing) if found.running else "",
        tallies=found.tallies,
        recent=found.recent,
    )


def _find(firm: Firm) -> _Found:
    pairing = live_pairing(firm)
    connections = _connections(firm, pairing)
    if pairing is None:
        return _Found(firm, None, connections)
    runs = _runs(pairing)
    return _Found(
        firm,
        pairing,
        connections,
        running=next((run for run in runs if run.finished_at is None), None),
        last=next((run for run in runs if run.finished_at is not None), None),
        recent=tuple(runs[:RECENT]),
        tallies=_tallies(pairing),
    )


def _tallies(pairing: Pairing) -> tuple[Tally, ...]:
    """Out of the index alone, however many issues there are."""
    open_ = Issue.objects.of(pairing.firm).filter(pairing=pairing, state__in=OPEN).order_by()
    counted = open_.values_list("code", "severity", "state").annotate(n=Count("pk"), at=Max("decided_at"))
    return tuple(Tally(*row) for row in counted)


def _connections(firm: Firm, pairing: Pairing | None) -> dict[str, Connection]:
    """By system, those that are not disconnected; a firm has one for each at most."""
    if pairing is not None and pairing.practice.is_live and pairing.ledger.is_live:
        return {connection.system: connection for connection in (pairing.practice, pairing.ledger)}
    live = Connection.objects.of(firm).exclude(state=Connection.State.DISCONNECTED)
    return {connection.system: connection for connection in live}


def _runs(pairing: Pairing) -> list[SyncRun]:
    """The last few, the one that is under way and the last one that ended among them; the latest first."""
    runs = SyncRun.objects.of(pairing.firm).filter(pairing=pairing)
    last = runs.exclude(finished_at=None).order_by("-id").values("pk")[:1]
    recent = runs.order_by("-id").values("pk")[:RECENT]
    unfinished = runs.filter(finished_at=None).order_by().values("pk")
    previews = Errand.objects.of(pairing.firm).filter(pairing=pairing, purpose=Errand.Purpose.PREVIEW)
    wanted = unfinished.union(last, recent)  # by their ids; with "or" between the three, all runs would be read
    found = runs.filter(pk__in=wanted).annotate(is_previewed=Exists(previews.filter(state=Errand.State.WORKING)))
    return list(found.select_related("started_by").order_by("-id"))


def _said(found: _Found) -> tuple[str, str, str]:
    """(tone, sentence, where it leads); what a person must do first comes first."""
    return _not_set_up(found) or _under_way(found) or _came_out(found)


def _not_set_up(found: _Found) -> tuple[str, str, str] | None:
    pairing = found.pairing
    for system, name in (("clio", "Clio"), ("quickbooks", "QuickBooks")):
        connection = found.connections.get(system)
        if connection is None and pairing is not None:
            return "bad", f"{name} is disconnected, so nothing is kept in step", "connections"
        if connection is None:
            return "idle", f"Connect {name} to begin", "setup"
        if connection.state == Connection.State.RECONNECT:
            return "bad", f"{name} has to be connected again", "connections"
    if pairing is None:
        return "idle", "Connect Clio and QuickBooks to begin", "setup"
    if pairing.ledger.confirmed_at is None:
        return "warn", "Confirm that this is the right QuickBooks company", "setup"
    if pairing.start_date is None:
        return "idle", "Choose the start date and the mappings", "setup"
    return None


def _under_way(found: _Found) -> tuple[str, str, str] | None:
    needs = f" · {_things(found.needs)}" if found.needs else ""
    if found.running is not None:
        return "info", f"{step_of(found.running, previewing=found.previewing)}{needs}", "dashboard"
    if found.pairing is not None and found.pairing.sync_asked_at is not None:
        return "info", f"A sync is about to start{needs}", "dashboard"
    return None


def step_of(run: SyncRun, *, previewing: bool = False) -> str:
    """What a run does right now, in a few words."""
    doing = "Making a preview" if previewing else "Syncing"
    if run.is_waiting:
        return f"{doing}, waiting for its turn"
    if run.state == SyncRun.State.READING:
        return f"{doing}: {run.step or 'starting'}"
    return f"{doing}: {run.done:,} of {run.total:,} bills" if run.total and not previewing else f"{doing}: comparing"


def _came_out(found: _Found) -> tuple[str, str, str]:
    last = found.last
    if last is None:
        return "idle", "Not synced yet", "setup"
    if last.outcome == SyncRun.Outcome.FAILED:
        return "bad", f"The last sync failed: {shortened(last.reason)}", "runs"
    if last.outcome == SyncRun.Outcome.HELD:
        return "warn", "The last sync is held until you have looked", "issues"
    if found.needs:
        return "warn", _things(found.needs), "issues"
    following = _next(found)
    if found.decided:
        decisions = "1 decision waits" if found.decided == 1 else f"{found.decided} decisions wait"
        return "info", f"{decisions} for the next sync{following}", "issues"
    assert last.finished_at is not None  # only finished runs are asked for
    return "ok", f"In sync as of {moment(found.firm, last.finished_at)}{following}", "dashboard"


def _things(number: int) -> str:
    return "1 thing needs you" if number == 1 else f"{number:,} things need you"


def _next(found: _Found) -> str:
    at = found.pairing.next_sync_at if found.pairing else None
    if at is None:
        return ""
    return f" · next check {moment(found.firm, at)}" if at > timezone.now() else " · next check is due"


def moment(firm: Firm, at: datetime) -> str:
    """10:42 in the firm's zone; with the day where that is not today."""
    zone = ZoneInfo(firm.timezone)
    local = at.astimezone(zone)
    if local.date() == firm.day_of(timezone.now()):
        return f"{local:%H:%M}"
    return f"{words.day(local)}, {local:%H:%M}"


def shortened(reason: str) -> str:
    return reason if len(reason) <= REASON_LENGTH else reason[:REASON_LENGTH].rsplit(" ", 1)[0] + "…"
