"""What the frame around every page needs: the firm, the person's role, the navigation and the theme."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from firms.models import Firm, Membership
from firms.roles import Role


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail; ``kwargs`` complete its address where that needs more than the firm.

    ``also`` are places that belong to it and have no entry of their own.
    """

    name: str
    label: str
    kwargs: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    url: str
    here: bool
    name: str


SWITCHES = 15
PLACES = (
    Place("dashboard", "Dashboard"),
    Place("issues", "Issues"),
    Place("records", "Records", (("kind", "invoice"),)),
    Place("runs", "Sync log", also=("log",)),
    Place("quickbooks_only", "QuickBooks-only"),
    Place("trust", "Trust"),
    Place("proof", "Proof"),
    Place("preview", "Preview"),
    Place("mappings", "Mappings"),
    Place("connections", "Connections"),
    Place("setup", "Set-up"),
    Place("team", "Team"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``firm``, ``membership``, ``role``, ``nav``, ``theme`` and the person's ``other_firms``."""
    firm: Firm | None = getattr(request, "firm", None)
    membership: Membership | None = getattr(request, "membership", None)
    return {
        "firm": firm,
        "membership": membership,
        "other_firms": _others(request, firm) if firm else [],
        "role": Role(membership.role) if membership else None,
        "nav": list(_entries(firm, request.path)) if firm else [],
        "theme": request.COOKIES.get("theme", "auto"),
    }


def _others(request: HttpRequest, firm: Firm) -> list[Membership]:
    """The way to the next firm; of very many only the first, the rest is on the list of firms."""
    mine: list[Membership] = getattr(request, "memberships", [])
    return [membership for membership in mine if membership.firm_id != firm.pk][:SWITCHES]


def _entries(firm: Firm, path: str) -> Iterator[Entry]:
    """Only the places that have an address."""
    home = firm.get_absolute_url()
    for place in PLACES:
        url = _url(place, firm)
        if url:
            sections = (url.removeprefix(home).split("/")[0], *place.also)
            here = path == url if url == home else path.removeprefix(home).split("/")[0] in sections
            yield Entry(place.label, url, here, place.name)


def _url(place: Place, firm: Firm) -> str | None:
    for kwargs in ({}, dict(place.kwargs)):
        try:
            return reverse(place.name, kwargs={"firm": firm.slug, **kwargs})
        except NoReverseMatch:
            continue
    return None
