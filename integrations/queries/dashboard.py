"""What the dashboard shows besides the state sentence."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count

from firms.models import Firm
from integrations.models import EntityLink, Pairing, Proof, SyncRun
from integrations.queries import issues, links, runs
from integrations.queries.allocated import decimal
from integrations.queries.proof import Sums, last_made, receivable, trust_together
from integrations.queries.state import State

PANEL = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the list it counts."""

    label: str
    kind: str
    number: int


@dataclass(frozen=True)
class Panel:
    """The newest few of some codes, and how many there are in all."""

    rows: list[issues.Row]
    number: int


@dataclass(frozen=True)
class Overview:
    needing: list[issues.CodeCount]
    noting: list[issues.CodeCount]
    duplicates: Panel
    conflicts: Panel
    runs: list[SyncRun]
    figures: list[Figure]
    left_out: tuple[int, Decimal | None]
    proof: Proof | None  # the last one in which both systems could be read
    tie_out: list[Sums]  # its receivable, and its trust where that is kept in step


def overview(firm: Firm, state: State) -> Overview:
    """Seven queries, whatever the firm's size."""
    counts = issues.counted(firm)
    made = last_made(state.pairing) if state.pairing else None
    return Overview(
        needing=[row for row in counts if row.severity == "error"],
        noting=[row for row in counts if row.severity != "error"],
        duplicates=_panel(firm, state.pairing, counts, issues.DUPLICATES),
        conflicts=_panel(firm, state.pairing, counts, issues.CONFLICTS),
        runs=runs.last(firm),
        figures=_figures(firm, state.pairing),
        left_out=_left_out(state.last),
        proof=made,
        tie_out=_tie_out(made) if made else [],
    )


def _panel(firm: Firm, pairing: Pairing | None, counts: list[issues.CodeCount], codes: tuple[str, ...]) -> Panel:
    number = sum(row.number for row in counts if row.code in codes)
    return Panel(issues.newest(firm, pairing, codes, PANEL) if number and pairing else [], number)


def _figures(firm: Firm, pairing: Pairing | None) -> list[Figure]:
    if pairing is None:
        return []
    live = EntityLink.objects.of(firm).filter(pairing=pairing, state=EntityLink.State.LIVE)
    counted = dict(live.order_by().values_list("kind").annotate(n=Count("pk")))
    return [Figure(links.KINDS[kind], kind, counted.get(kind, 0)) for kind in ("contact", "invoice", "payment")]


def _tie_out(made: Proof) -> list[Sums]:
    trust = trust_together(made)
    return [receivable(made), *([trust] if trust else [])]


def _left_out(last: SyncRun | None) -> tuple[int, Decimal | None]:
    told = last.left_out if last else {}
    return int(told.get("payments", 0)), decimal(told.get("amount"))
