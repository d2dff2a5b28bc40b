"""The mapping screen: where each part of a bill goes, from when on, and what the firm decided besides."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import mapping, tasks
from integrations.context import state_for
from integrations.errands import THEN
from integrations.forms import MappingForm
from integrations.gateways import IN_A_REQUEST_S, open_workspace
from integrations.models import Errand, Pairing
from integrations.queries import errands
from integrations.views.common import CLOCK, TOLD, back, came_from, demand, not_connected


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def mappings(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    pairing = state_for(request, firm).pairing
    if pairing is None:
        return not_connected(request, "Mappings")
    try:
        found = _read_once(pairing)
    except TOLD as error:
        return render(request, "integrations/mappings.html", {"unread": str(error), "pairing": pairing}, status=200)
    form = MappingForm(pairing, request.POST if request.method == "POST" else None, found)
    if request.method == "POST":
        demand(request, Permission.MAP)
        if _saved(request, form):
            return back(request, firm, "mappings")
    context = {**_context(form, pairing), "next": came_from(request, firm)}
    return render(request, "integrations/mappings.html", context, status=422 if form.errors else 200)


def _read_once(pairing: Pairing) -> mapping.Targets:
    """The first visit reads what can be mapped; later a person asks for it. Raises RemoteError or NotReady."""
    work = open_workspace(pairing.firm, patience_s=IN_A_REQUEST_S, pairing=pairing)
    found = mapping.targets(pairing)
    if found.known["Account"]:
        return found
    mapping.read_targets(work)
    return mapping.targets(pairing)


def _context(form: MappingForm, pairing: Pairing) -> dict[str, object]:
    done = errands.last_done(pairing, Errand.Purpose.FILL_IN)
    notes = [row for row in done.result.get("mapping", ()) if row["note"]] if done else []
    return {
        "form": form,
        "pairing": pairing,
        "errand": errands.latest(pairing, Errand.Purpose.FILL_IN),
        "notes": notes,
        "created": form.created(),
        "now": CLOCK.now(),
    }


def _saved(request: FirmRequest, form: MappingForm) -> bool:
    """Saves what was chosen; with ``do=fill`` what is missing is then created and filled in by the queue."""
    fill = request.POST.get("do") == "fill"
    if fill and form.pairing.ledger.confirmed_at is None:
        form.add_error(None, "Confirm on the connections page that this is the right QuickBooks company first.")
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            form.save()
    except mapping.InvalidMapping as refused:
        form.refuse(refused.faults)
        return False
    in_setup = bool(came_from(request, form.pairing.firm))
    if fill:
        start = form.cleaned_data["start_date"].isoformat()
        then = {THEN: Errand.Purpose.PREVIEW.value} if in_setup else {}
        tasks.ask_for_errand(form.pairing, Errand.Purpose.FILL_IN, request.user, CLOCK, start_date=start, **then)
    elif in_setup:
        tasks.ask_for_errand(form.pairing, Errand.Purpose.PREVIEW, request.user, CLOCK)
    else:
        messages.success(request, "Saved. The next sync uses it; what is posted already stays as it is.")
    return True


@firm_view(Permission.MAP)
@require_POST
def read_again(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Reads accounts, items and Clio's categories afresh."""
    try:
        mapping.read_targets(open_workspace(firm, patience_s=IN_A_REQUEST_S))
    except TOLD as error:
        messages.error(request, f"Not read: {error}")
    else:
        messages.success(request, "Accounts, items and categories are read again.")
    return redirect("mappings", firm=firm.slug)
