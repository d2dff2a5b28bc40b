"""What several views need: permissions within a view, the live pairing, and which errors are told instead of raised."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render

from firms.access import FirmRequest, refusal
from firms.models import Firm
from firms.roles import Permission
from integrations.core.errors import RemoteError
from integrations.models import Pairing
from integrations.models.pairing import live_pairing
from integrations.sync.policy import NotReady
from integrations.systems.clock import SystemClock

CLOCK = SystemClock()
TOLD = (NotReady, RemoteError)  # their text is for people


def demand(request: FirmRequest, permission: Permission) -> None:
    """For pages that everybody may read and not everybody may send. Raises PermissionDenied."""
    if not request.membership.may(permission):
        raise PermissionDenied(refusal(permission))


def pairing_of(firm: Firm) -> Pairing | None:
    return live_pairing(firm)


def not_connected(request: FirmRequest, heading: str) -> HttpResponse:
    """The page of a firm that has not connected both systems yet: what is missing and where to go."""
    return render(request, "integrations/not_connected.html", {"page_heading": heading})
