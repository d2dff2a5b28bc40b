"""The dashboard: whether the books agree, what needs a person, and starting a sync."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import tasks
from integrations.context import state_for
from integrations.queries import dashboard as queries
from integrations.queries.limits import health
from integrations.queries.setup import sitting, steps
from integrations.views.common import CLOCK, back


@firm_view(Permission.VIEW)
@require_GET
def dashboard(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    state = state_for(request, firm)
    now, begun = CLOCK.now(), state.last is not None
    return render(
        request,
        "integrations/dashboard.html",
        {
            "overview": queries.overview(firm, state, now) if begun else None,
            "steps": [] if begun else steps(sitting(firm, state)),
            "health": health(firm, state.connections.values(), now),
        },
    )


@firm_view(Permission.VIEW)
@require_GET
def live(request: FirmRequest, firm: Firm) -> HttpResponse:
    """The progress of what is under way; once it is over the whole page is drawn anew."""
    state = state_for(request, firm)
    response = render(request, "integrations/_partials/live.html")
    if state.running is None and not state.is_waiting:
        response["HX-Refresh"] = "true"
    return response


@firm_view(Permission.SYNC)
@require_POST
def sync(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Asks for a run; asking while one is under way asks for nothing."""
    state = state_for(request, firm)
    if state.pairing is None or not state.is_ready:
        messages.error(request, f"A sync cannot start yet: {state.text}.")
    elif state.running is not None:
        messages.info(request, "A sync is under way already; nothing more was asked for.")
    else:
        tasks.ask_for_sync(state.pairing, request.user, CLOCK)
    return back(request, firm, "dashboard")
