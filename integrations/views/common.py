"""What several views need: permissions within a view, the live pairing, and which errors are told instead of raised."""

import re

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from firms.access import FirmRequest, refusal
from firms.models import Firm
from firms.roles import Permission
from integrations.core.errors import RemoteError
from integrations.models import Pairing
from integrations.models.pairing import live_pairing
from integrations.sync.policy import NotReady
from integrations.systems.clock import SystemClock

CLOCK = SystemClock()
PLAIN = re.compile(r"[\w/?=&#.-]+", re.ASCII)  # what our own addresses are made of
TOLD = (NotReady, RemoteError)  # their text is for people


def demand(request: FirmRequest, permission: Permission) -> None:
    """For pages that everybody may read and not everybody may send. Raises PermissionDenied."""
    if not request.membership.may(permission):
        raise PermissionDenied(refusal(permission))


def pairing_of(firm: Firm) -> Pairing | None:
    return live_pairing(firm)


def came_from(request: FirmRequest, firm: Firm) -> str:
    """The page of this firm that a form wants to return to; empty for none, or for one that leads anywhere else."""
    wanted = request.POST.get("next", "")
    home = reverse("dashboard", kwargs={"firm": firm.slug})
    is_ours = wanted.startswith(home) and ".." not in wanted and PLAIN.fullmatch(wanted)
    return wanted if is_ours and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""


def back(request: FirmRequest, firm: Firm, otherwise: str) -> HttpResponseRedirect:
    """To the page the form was sent from, else to the one of that name."""
    return HttpResponseRedirect(came_from(request, firm) or reverse(otherwise, kwargs={"firm": firm.slug}))


def not_connected(request: FirmRequest, heading: str) -> HttpResponse:
    """The page of a firm that has not connected both systems yet: what is missing and where to go."""
    return render(request, "integrations/not_connected.html", {"page_heading": heading})
