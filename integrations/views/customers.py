"""Customers of QuickBooks that stand for nobody in Clio: the list, one of them, the list as a file."""

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.encoding import iri_to_uri
from django.views.decorators.http import require_GET, require_http_methods

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import linking
from integrations.context import state_for
from integrations.models import Pairing
from integrations.queries import customers as queries
from integrations.queries import links
from integrations.queries.candidates import candidates
from integrations.queries.paging import words
from integrations.views.common import CLOCK, demand, not_connected
from integrations.views.files import sheet

NOTE_LENGTH = 2000


@firm_view(Permission.VIEW)
@require_GET
def quickbooks_only(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    pairing = state_for(request, firm).pairing
    if pairing is None:
        return not_connected(request, "Only in QuickBooks")
    tab = words(request.GET, "tab")
    page, numbers = queries.shown(firm, pairing, request.GET)
    context = {
        "page": page,
        "tab": tab if tab in queries.TABS else "",
        "tabs": [(key, label, numbers[key]) for key, label in queries.TABS.items()],
        "number": numbers[""],
        "new_contact": links.new_contact(pairing.practice),
        "q": words(request.GET, "q"),
        "inactive": words(request.GET, "inactive"),
        "query": iri_to_uri(request.GET.urlencode()),
    }
    return render(request, "integrations/quickbooks_only.html", context)


@firm_view(Permission.VIEW)
@require_GET
def download(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """The list as it is filtered, as a file that is written while it is read."""
    pairing = state_for(request, firm).pairing
    if pairing is None:
        return redirect("quickbooks_only", firm=firm.slug)
    return sheet(f"{firm.slug}-only-in-quickbooks.csv", queries.exported(firm, pairing, request.GET))


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def customer(request: FirmRequest, firm: Firm, customer_id: str) -> HttpResponseBase:
    pairing = state_for(request, firm).pairing
    if pairing is None:
        raise Http404("No such page.")
    known = queries.one(firm, pairing, customer_id)
    if known is None:
        return _stands_for_somebody(firm, pairing, customer_id)
    wrong = ""
    if request.method == "POST":
        demand(request, Permission.RESOLVE)
        wrong = _decide(request, pairing, known)
        if not wrong:
            return redirect("quickbooks_only", firm=firm.slug)
    search = words(request.GET, "q")
    context = {
        "customer": known,
        "candidates": candidates(pairing, known, search),
        "q": search,
        "wrong": wrong,
        "note": request.POST.get("note", "") if wrong else "",
        "new_contact": links.new_contact(pairing.practice),
    }
    return render(request, "integrations/customer.html", context, status=422 if wrong else 200)


def _stands_for_somebody(firm: Firm, pairing: Pairing, customer_id: str) -> HttpResponseBase:
    contact_id = queries.contact_of(pairing, customer_id)
    if not contact_id:
        raise Http404("No such customer.")
    return redirect("record", firm=firm.slug, kind="contact", practice_id=contact_id)


def _decide(request: FirmRequest, pairing: Pairing, known: queries.Customer) -> str:
    """Why nothing was decided; empty when it was."""
    sent = {name: request.POST.get(name, "").replace("\x00", "").strip() for name in ("action", "contact", "note")}
    if len(sent["note"]) > NOTE_LENGTH:
        return f"The note is longer than {NOTE_LENGTH:,} characters. Shorten it; nothing was decided yet."
    try:
        match sent["action"]:
            case "link":
                issue = linking.link(pairing, sent["contact"], known.id, request.user, CLOCK, sent["note"])
                said = f"{known.name} is {issue.title} in Clio. The next sync links the two."
            case "ignore":
                linking.ignore(pairing, known.id, request.user, CLOCK, sent["note"])
                said = f"{known.name} is ignored. It is kept under Ignored."
            case "list":
                linking.list_again(pairing, known.id, request.user, CLOCK)
                said = f"{known.name} is listed again."
            case _:
                return "Choose what to do."
    except linking.CannotLink as refused:
        return str(refused)
    messages.success(request, said)
    return ""
