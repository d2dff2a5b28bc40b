"""Customers of QuickBooks that stand for nobody in Clio."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations.context import state_for
from integrations.queries import customers as queries
from integrations.queries import links
from integrations.queries.paging import words
from integrations.views.common import not_connected


@firm_view(Permission.VIEW)
@require_GET
def quickbooks_only(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    pairing = state_for(request, firm).pairing
    if pairing is None:
        return not_connected(request, "Only in QuickBooks")
    context = {
        "page": queries.listed(firm, pairing, request.GET),
        "number": queries.unlinked(firm, pairing).filter(queries.ACTIVE).count(),
        "new_contact": links.new_contact(pairing.practice),
        "q": words(request.GET, "q"),
        "inactive": words(request.GET, "inactive"),
    }
    return render(request, "integrations/quickbooks_only.html", context)
