"""Trust: Clio's ledger and what stands in QuickBooks, per account and client; nothing is written from here."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations.context import state_for
from integrations.queries import trust as queries
from integrations.queries.paging import words
from integrations.views.common import not_connected


@firm_view(Permission.VIEW)
@require_GET
def trust(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    pairing = state_for(request, firm).pairing
    if pairing is None:
        return not_connected(request, "Trust")
    context = {
        "found": queries.overview(firm, pairing, request.GET),
        "start": pairing.start_date,
        "currency": pairing.ledger.currency,
        "q": words(request.GET, "q"),
        "differs": words(request.GET, "differs"),
    }
    return render(request, "integrations/trust.html", context)


@firm_view(Permission.VIEW)
@require_GET
def opening(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """The journal entry of the opening balances as CSV, for the accountant to enter (rule R6.5)."""
    pairing = state_for(request, firm).pairing
    if pairing is None:
        return not_connected(request, "Trust")
    found = queries.overview(firm, pairing, request.GET)
    answer = HttpResponse(queries.opening_csv(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{firm.slug}-trust-opening.csv"'
    return answer
