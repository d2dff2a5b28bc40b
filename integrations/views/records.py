"""Records: a list per kind, and one record with both sides next to each other."""

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations.context import state_for
from integrations.queries import record as one
from integrations.queries import records as queries
from integrations.queries.links import KINDS, ONE
from integrations.queries.paging import words
from integrations.views.common import not_connected

SHOWN = ("contact", "invoice", "payment", "credit_note", "trust_entry")
HINTS = {"contact": "Name or e-mail", "payment": "Bill number or name", "credit_note": "Bill number or name"}


@firm_view(Permission.VIEW)
@require_GET
def records(request: FirmRequest, firm: Firm, kind: str) -> HttpResponseBase:
    state = state_for(request, firm)
    if state.pairing is None:
        return not_connected(request, "Records")
    context = {
        "kind": kind,
        "kinds": [(name, label) for name, label in KINDS.items() if name in SHOWN or name == kind],
        "page": queries.listed(firm, state.pairing, kind, request.GET),
        "states": queries.STATES,
        "chosen": words(request.GET, "state"),
        "q": words(request.GET, "q"),
        "hint": HINTS.get(kind, "Number or name"),
    }
    return render(request, "integrations/records.html", context)


@firm_view(Permission.VIEW)
@require_GET
def record(request: FirmRequest, firm: Firm, kind: str, practice_id: str) -> HttpResponseBase:
    state = state_for(request, firm)
    found = one.record_page(firm, state.pairing, kind, practice_id, request.GET) if state.pairing else None
    if found is None:
        raise Http404("No such record.")
    context = {"found": found, "row": found.row, "kind": kind, "kind_name": ONE[kind], "kinds_name": KINDS[kind]}
    return render(request, "integrations/record.html", context)
