"""The preview: every change the next sync would make, with its debit and credit lines."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import tasks
from integrations.context import state_for
from integrations.models import Errand
from integrations.queries import errands
from integrations.queries.state import State
from integrations.sync.run import RunIsOpen
from integrations.views.common import CLOCK, back, demand, not_connected


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def preview(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    state = state_for(request, firm)
    if request.method == "POST":
        demand(request, Permission.SYNC)
        if state.pairing is None or not state.is_ready:
            messages.error(request, f"A preview cannot be made yet: {state.text}.")
        elif "apply" in request.POST:
            return _apply(request, firm, state)
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


def _apply(request: FirmRequest, firm: Firm, state: State) -> HttpResponseBase:
    """Exactly what was shown: not another preview's changes, and none that came up since."""
    made = errands.last_done(state.pairing, Errand.Purpose.PREVIEW)
    if made is None or str(made.pk) != request.POST["apply"] or errands.is_outdated(made, state.last):
        messages.error(request, "This preview is no longer the last word. Look at the new one, then apply that.")
        return back(request, firm, "preview")
    try:
        tasks.apply_exactly(made, request.user, CLOCK)
    except RunIsOpen:
        messages.error(request, "A sync is under way already. Make the preview again when it has finished.")
        return back(request, firm, "preview")
    return redirect("dashboard", firm=firm.slug)


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
