"""What the dashboard shows besides the state sentence."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count

from firms.models import Firm
from integrations.issue_codes import code
from integrations.models import EntityLink, Pairing, Proof, Severity, SyncRun
from integrations.queries import issues, links
from integrations.queries.allocated import decimal
from integrations.queries.chart import Chart, chart
from integrations.queries.proof import Sums, last_made, receivable, trust_together
from integrations.queries.state import State, Tally

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
    chart: Chart


def overview(firm: Firm, state: State, now: datetime) -> Overview:
    """Four queries, whatever the firm has."""
    counts = _counted(state.tallies)
    made = last_made(state.pairing) if state.pairing else None
    return Overview(
        needing=[row for row in counts if row.severity == Severity.ERROR],
        noting=[row for row in counts if row.severity != Severity.ERROR],
        **_panels(firm, state),
        runs=list(state.recent),
        figures=_figures(firm, state.pairing),
        left_out=_left_out(state.last),
        proof=made,
        tie_out=_tie_out(made) if made else [],
        chart=chart(firm, now, state.pairing.ledger.currency if state.pairing else ""),
    )


def _counted(tallies: Iterable[Tally]) -> list[issues.CodeCount]:
    """How many of each code, what needs a person first."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in tallies:
        counted[one.code, one.severity] += one.number
    rows = [issues.CodeCount(name, code(name).name, severity, n) for (name, severity), n in counted.items()]
    return sorted(rows, key=lambda row: (list(issues.SEVERITIES).index(row.severity), -row.number, row.name))


def _panels(firm: Firm, state: State) -> dict[str, Panel]:
    """Duplicate numbers and conflicts, in one query."""
    numbers = {name: _number(state.tallies, codes) for name, codes in issues.GROUPS.items()}
    if state.pairing is None:
        return {name: Panel([], 0) for name in numbers}
    shown = issues.newest_of_each(firm, state.pairing, issues.GROUPS.values(), PANEL)
    return {
        name: Panel([row for row in shown if row.issue.code in codes], numbers[name])
        for name, codes in issues.GROUPS.items()
    }


def _number(tallies: Iterable[Tally], codes: tuple[str, ...]) -> int:
    return sum(one.number for one in tallies if one.code in codes)


def _figures(firm: Firm, pairing: Pairing | None) -> list[Figure]:
    if pairing is None:
        return []
    live = EntityLink.objects.of(firm).filter(pairing=pairing, state=EntityLink.State.LIVE)
    counted = dict(live.order_by().values_list("kind").annotate(n=Count("*")))  # a column would be read of each row
    return [Figure(links.KINDS[kind], kind, counted.get(kind, 0)) for kind in ("contact", "invoice", "payment")]


def _tie_out(made: Proof) -> list[Sums]:
    trust = trust_together(made)
    return [receivable(made), *([trust] if trust else [])]


def _left_out(last: SyncRun | None) -> tuple[int, Decimal | None]:
    told = last.left_out if last else {}
    return int(told.get("payments", 0)), decimal(told.get("amount"))
