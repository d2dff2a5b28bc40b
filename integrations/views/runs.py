"""Runs: the list, and one run with its history."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations.log_form import RunsForm
from integrations.queries import runs as queries
from integrations.queries.links import KINDS
from integrations.queries.paging import words
from integrations.views.common import CLOCK


@firm_view(Permission.VIEW)
@require_GET
def runs(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    form = RunsForm(request.GET)
    if not form.is_valid():
        return render(request, "integrations/runs.html", {"form": form})
    page = queries.listed(firm, request.GET, **form.cleaned_data)
    rows = [(run, queries.written(run)) for run in page.rows]
    return render(request, "integrations/runs.html", {"page": page, "rows": rows, "form": form})


@firm_view(Permission.VIEW)
@require_GET
def run(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    found = get_object_or_404(queries.runs_of(firm), pk=pk)
    context = {
        "run": found,
        "table": queries.table(found),
        "words": queries.WORDS,
        "events": queries.events(firm, found, request.GET),
        "outcomes": queries.outcomes(firm, found),
        "kinds": KINDS,
        "kind": words(request.GET, "kind"),
        "outcome": words(request.GET, "outcome"),
        "now": CLOCK.now(),
    }
    return render(request, "integrations/run.html", context)
