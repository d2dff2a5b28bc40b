"""Guided set-up: a checklist with the state of each step."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import tasks
from integrations.context import state_for
from integrations.models import Errand
from integrations.queries import errands
from integrations.queries.checklist import checklist
from integrations.queries.setup import steps
from integrations.views.common import CLOCK, pairing_of


@firm_view(Permission.VIEW)
@require_GET
def setup(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    state = state_for(request, firm)
    context = {
        "steps": steps(firm, state),
        "errand": errands.latest(state.pairing, Errand.Purpose.CHECK),
        "checked": errands.last_done(state.pairing, Errand.Purpose.CHECK),
        "checks": checklist(firm, state.pairing) if state.pairing else [],
    }
    return render(request, "integrations/setup.html", context)


@firm_view(Permission.SYNC)
@require_POST
def check(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Asks for QuickBooks's settings and the numbers to be read afresh."""
    pairing = pairing_of(firm)
    if pairing is None:
        messages.error(request, "Connect Clio and QuickBooks first.")
    else:
        tasks.ask_for_errand(pairing, Errand.Purpose.CHECK, request.user, CLOCK)
    return redirect("setup", firm=firm.slug)
