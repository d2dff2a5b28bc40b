"""Small words the integrations' screens are made of."""

from collections.abc import Iterable
from datetime import timedelta

from django import template
from django.utils import timezone

from integrations.issue_codes import code
from integrations.kinds import facts
from integrations.models import SyncRun
from integrations.queries import runs
from integrations.queries.links import KINDS, ONE
from integrations.queries.runs import written

register = template.Library()


@register.filter
def thousands(number: int | None) -> str:
    """1204 as 1,204."""
    return f"{number:,}" if isinstance(number, int) else "0"


@register.filter
def with_written(runs: Iterable[SyncRun]) -> list[tuple[SyncRun, int]]:
    return [(run, written(run)) for run in runs]


@register.filter
def so_far(run: SyncRun) -> list[tuple[str, int]]:
    return runs.so_far(run)


@register.filter
def elapsed(run: SyncRun) -> float:
    """Seconds since it was started."""
    return (timezone.now() - run.started_at).total_seconds()


@register.filter
def time_left(run: SyncRun) -> str:
    """ "about 3 min"; empty where it cannot be told."""
    left = runs.time_left(run, timezone.now())
    if left is None:
        return ""
    hours, minutes = divmod(round(left.total_seconds() / 60), 60)
    if hours:
        return f"about {hours} h {minutes} min"
    return f"about {minutes} min" if minutes else "less than a minute"


@register.filter
def in_field(value: str, label: str) -> str:
    """What a document's field of this label says, as people read it."""
    return facts.written(label, value)


@register.filter
def kinds(kind: str) -> str:
    return KINDS.get(kind, kind)


@register.filter
def issue_name(name: str) -> str:
    """What an issue of this code is called."""
    return code(name).name.lower()


@register.filter
def one(kind: str) -> str:
    return ONE.get(kind, kind)


@register.filter
def took(run: SyncRun) -> timedelta | None:
    """How long a run took; None while it goes on."""
    return run.finished_at - run.started_at if run.finished_at else None
