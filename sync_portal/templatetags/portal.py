"""How money, times, states and journal lines look everywhere."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.core import words

register = template.Library()

NOTHING = "\N{EN DASH}"

# state -> (tone, word); the tone is the pill's shape and colour
STATES: dict[str, tuple[str, str]] = {
    "in_sync": ("ok", "In sync"),
    "issues": ("warn", "Needs you"),
    "held": ("warn", "Held"),
    "failed": ("bad", "Failed"),
    "reading": ("info", "Reading"),
    "applying": ("info", "Writing"),
    "finished": ("idle", "Finished"),
    "error": ("bad", "Needs you"),
    "warning": ("warn", "Warning"),
    "info": ("info", "For information"),
    "open": ("warn", "Open"),
    "decided": ("info", "Decided"),
    "accepted": ("idle", "Accepted"),
    "closed": ("ok", "Closed"),
    "connected": ("ok", "Connected"),
    "reconnect": ("bad", "Needs connecting again"),
    "disconnected": ("idle", "Not connected"),
    "done": ("ok", "Done"),
    "todo": ("idle", "To do"),
    "waiting": ("idle", "Waiting"),
    "unconfirmed": ("warn", "Confirm the company"),
    "needs": ("bad", "Needs you"),
    "look": ("warn", "Look once"),
    "settled": ("idle", "Accepted"),
    "unchecked": ("idle", "Not read yet"),
    "ok": ("ok", "OK"),
}


@register.filter
def amount(value: object) -> str:
    """1234.5 as 1,234.50, with a true minus; an en dash for nothing."""
    return NOTHING if value is None or value == "" else words.amount(value)


@register.simple_tag
def money(value: object, currency: str = "") -> SafeString:
    """An amount with its currency, as one piece that never breaks."""
    if not currency or value in (None, ""):
        return format_html('<span class="money nowrap">{}</span>', amount(value))
    return format_html('<span class="money nowrap"><span class="currency">{}</span> {}</span>', currency, amount(value))


@register.filter
def day(value: date | datetime | str | None) -> str:
    """22 Nov 2026."""
    return words.day(value) if value else NOTHING


@register.filter
def short_day(value: date) -> str:
    """22 Nov, where the year is clear."""
    return words.short_day(value)


@register.simple_tag(takes_context=True)
def when(context: Mapping[str, Any], value: datetime | None) -> SafeString | str:
    """A moment as people say it; the exact one, in the firm's zone, in its title."""
    if not value:
        return NOTHING
    local = value.astimezone(_zone(context))
    exact = f"{day(local)}, {local:%H:%M:%S %Z}"
    words = relative(value, timezone.now(), local)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.astimezone(UTC).isoformat(), exact, words)


@register.simple_tag(takes_context=True)
def clock(context: Mapping[str, Any], value: datetime | None) -> str:
    """10:42, in the firm's zone."""
    return f"{value.astimezone(_zone(context)):%H:%M}" if value else NOTHING


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    """75 as "1 min 15 s"."""
    if seconds is None:
        return NOTHING
    total = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if total < 60:
        return f"{total} s"
    minutes, rest = divmod(total, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def relative(value: datetime, now: datetime, local: datetime) -> str:
    """ "3 min ago", "in 12 min"; a date once it is more than a day away."""
    seconds = (now - value).total_seconds()
    distance = abs(seconds)
    if distance < 45:
        return "just now" if seconds >= 0 else "in a moment"
    if distance >= 24 * 3600:
        return f"{day(local)}, {local:%H:%M}"
    words = f"{round(distance / 60)} min" if distance < 3570 else f"{round(distance / 3600)} h"
    return f"{words} ago" if seconds > 0 else f"in {words}"


@register.simple_tag
def pill(state: str, word: str = "") -> SafeString:
    """A state as word, shape and colour. ``state`` is one of STATES, or a tone with its own word."""
    tone, known = STATES.get(state, (state if state in ("ok", "warn", "bad", "info") else "idle", state))
    return format_html('<span class="pill {}">{}</span>', tone, word or known)


@register.inclusion_tag("_partials/journal.html")
def journal(lines: Iterable[Any], currency: str = "", caption: str = "") -> dict[str, Any]:
    """Lines with ``account``, ``debit``, ``credit`` and perhaps ``memo``; totals are ruled off below."""
    rows = list(lines)
    sums = {side: sum((_side(row, side) for row in rows), Decimal(0)) for side in ("debit", "credit")}
    return {"lines": rows, "debit": sums["debit"], "credit": sums["credit"], "currency": currency, "caption": caption}


@register.inclusion_tag("_partials/progress.html")
def progress(label: str, done: int = 0, total: int = 0, elapsed: float | None = None) -> dict[str, Any]:
    """What is being done, how much of it is done, and since when; without a total only that it goes on."""
    said = f"{done:,} of {total:,}"
    return {"label": label, "done": done, "total": total, "said": said, "elapsed": elapsed}


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """The value of a key that is itself a variable."""
    return mapping.get(key) if mapping else None


def _side(row: Any, side: str) -> Decimal:
    value = row.get(side) if isinstance(row, Mapping) else getattr(row, side, None)
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def _zone(context: Mapping[str, Any]) -> ZoneInfo:
    firm = context.get("firm")
    return ZoneInfo(firm.timezone) if firm else ZoneInfo("UTC")
