"""The proof: what came of reading both systems afresh and comparing them, and asking for it to be done now."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import tasks
from integrations.context import state_for
from integrations.models import Errand, Pairing, Proof
from integrations.proofs import KEPT
from integrations.queries import errands
from integrations.queries import proof as queries
from integrations.queries.paging import words
from integrations.views.common import CLOCK, demand, not_connected


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def proof(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    state = state_for(request, firm)
    if request.method == "POST":
        demand(request, Permission.SYNC)
        if state.pairing is None or not state.is_ready:
            messages.error(request, f"Nothing can be compared yet: {state.text}.")
        else:
            tasks.ask_for_errand(state.pairing, Errand.Purpose.PROOF, request.user, CLOCK)
        return redirect("proof", firm=firm.slug)
    if state.pairing is None:
        return not_connected(request, "Proof")
    newest = queries.newest(state.pairing)
    shown = newest if newest is None or not newest.reason else queries.last_made(state.pairing)
    errand = errands.latest(state.pairing, Errand.Purpose.PROOF)
    return _page(request, firm, state.pairing, newest, shown, errand=errand)


@firm_view(Permission.VIEW)
@require_GET
def earlier(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    """One comparison of those that are kept."""
    pairing = state_for(request, firm).pairing
    found = queries.one(pairing, pk) if pairing else None
    if pairing is None or found is None:
        raise Http404
    shown = None if found.reason else found
    return _page(request, firm, pairing, found, shown, is_earlier=True)


def _page(
    request: FirmRequest,
    firm: Firm,
    pairing: Pairing,
    newest: Proof | None,
    shown: Proof | None,
    *,
    errand: Errand | None = None,
    is_earlier: bool = False,
) -> HttpResponseBase:
    """``newest`` is what the page is about; ``shown`` is the last one up to it that could be made."""
    context: dict[str, Any] = {
        "errand": errand,
        "newest": newest,
        "shown": shown,
        "is_earlier": is_earlier,
        "sentence": queries.sentence(firm, newest),
        "proofs": [(one, queries.sentence(firm, one)) for one in queries.others(pairing, newest)],
        "currency": pairing.ledger.currency,
        "show": words(request.GET, "show"),
        "kept": KEPT,
        "now": CLOCK.now(),
    }
    if shown is not None:
        context |= _figures(request, firm, pairing, shown)
    return render(request, "integrations/proof.html", context)


def _figures(request: FirmRequest, firm: Firm, pairing: Pairing, shown: Proof) -> dict[str, Any]:
    return {
        "receivable": queries.receivable(shown),
        "trust": queries.trust(shown),
        "transit": shown.report.get("in_transit"),
        "differences": queries.differences(firm, pairing, shown, request.GET),
        "counts": queries.counts(shown),
        "not_compared": queries.not_compared(shown),
        "shown_sentence": queries.sentence(firm, shown),
    }
