"""Small words the integrations' screens are made of."""

from collections.abc import Iterable
from datetime import timedelta

from django import template

from integrations.issue_codes import code
from integrations.models import SyncRun
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
