"""The log of everything that was done and found: pages, and the same as a file."""

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations.context import state_for
from integrations.log_form import LogForm
from integrations.queries import log as queries
from integrations.views.files import sheet


@firm_view(Permission.VIEW)
@require_GET
def log(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    form = LogForm(request.GET, queries.codes(firm))
    pairing = state_for(request, firm).pairing
    found = queries.log(firm, pairing, form.filters, request.GET) if form.is_valid() else None
    return render(request, "integrations/log.html", {"form": form, "found": found})


@firm_view(Permission.VIEW)
@require_GET
def download(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """What the pages show, all of it, as a file that is written while it is read."""
    form = LogForm(request.GET, queries.codes(firm))
    if not form.is_valid():
        return redirect(reverse("log", kwargs={"firm": firm.slug}) + form.without())
    rows = queries.exported(firm, state_for(request, firm).pairing, form.filters)
    return sheet(f"{firm.slug}-sync-log.csv", rows)
