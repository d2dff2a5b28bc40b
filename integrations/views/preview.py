"""The preview: every change the next sync would make, with its debit and credit lines."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import tasks
from integrations.context import state_for
from integrations.models import Errand
from integrations.queries import errands
from integrations.views.common import CLOCK, back, demand, not_connected


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def preview(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    state = state_for(request, firm)
    if request.method == "POST":
        demand(request, Permission.SYNC)
        if state.pairing is None or not state.is_ready:
            messages.error(request, f"A preview cannot be made yet: {state.text}.")
        else:
            tasks.ask_for_errand(state.pairing, Errand.Purpose.PREVIEW, request.user, CLOCK)
        return back(request, firm, "preview")
    if state.pairing is None:
        return not_connected(request, "Preview")
    newest = errands.latest(state.pairing, Errand.Purpose.PREVIEW)
    made = errands.last_done(state.pairing, Errand.Purpose.PREVIEW)
    context = {
        "errand": newest,
        "made": made,
        "changes": errands.changes(firm, made, request.GET) if made else None,
        "counts": errands.count_table(made) if made else [],
        "totals": errands.totals(made) if made else (),
        "outdated": errands.is_outdated(made, state.last),
        "running": errands.run_of(newest),
        "now": CLOCK.now(),
    }
    return render(request, "integrations/preview.html", context)


@firm_view(Permission.VIEW)
@require_GET
def errand(request: FirmRequest, firm: Firm, pk: int) -> HttpResponse:
    """How an errand goes; once it is over the page that waits for it is drawn anew."""
    found = get_object_or_404(Errand.objects.of(firm), pk=pk)
    context = {"errand": found, "running": errands.run_of(found), "now": CLOCK.now()}
    response = render(request, "integrations/_partials/errand.html", context)
    if not found.is_open:
        response["HX-Refresh"] = "true"
    return response
