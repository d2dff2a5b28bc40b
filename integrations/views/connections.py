"""Connecting both systems, confirming the company, disconnecting and purging."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from firms.access import FirmRequest, firm_view
from firms.models import Firm, User
from firms.roles import Permission
from integrations import connecting, tasks
from integrations.context import state_for
from integrations.models import Connection
from integrations.queries import connections as queries
from integrations.views import setting_up
from integrations.views.common import CLOCK, back, came_from, pairing_of

AFTER = "after_connecting_"  # and the firm: the page of the firm on which connecting was begun
REGIONS = {"us": "United States", "eu": "Europe", "ca": "Canada", "au": "Australia"}


@firm_view(Permission.VIEW)
@require_GET
def connections(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    state = state_for(request, firm)
    context = {"sides": queries.sides(firm), "pairing": state.pairing, "regions": regions()}
    return render(request, "integrations/connections.html", context)


def regions() -> list[tuple[str, str]]:
    """Where Clio keeps accounts apart, as (region, its name), for those the installation has an app for."""
    return [(region, REGIONS.get(region, region)) for region in settings.CLIO_REGIONS]


@firm_view(Permission.CONNECT)
@require_POST
def connect(request: FirmRequest, firm: Firm, system: str) -> HttpResponseBase:
    """Off to the system's consent page."""
    try:
        region = request.POST.get("region", "us")
        address = connecting.begin(firm, _visitor(request), system, region, CLOCK)
    except connecting.ConnectFailed as failed:
        messages.error(request, str(failed))
        return back(request, firm, "connections")
    request.session[f"{AFTER}{firm.slug}"] = came_from(request, firm)
    return HttpResponseRedirect(address)


def _visitor(request: HttpRequest) -> connecting.Visitor:
    """The person and their session, which is given a key where it has none yet."""
    assert isinstance(request.user, User)  # the callers sent everybody else to sign in
    if not request.session.session_key:
        request.session.save()
    return connecting.Visitor(request.user, request.session.session_key or "")


@csrf_exempt  # it is the systems that send people here; the state in the query is what it is held to
def callback(request: HttpRequest, system: str) -> HttpResponseBase:
    """Where consent pages send people back to. Always a redirect; codes and states go nowhere else."""
    response = _finished(request, system)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _finished(request: HttpRequest, system: str) -> HttpResponseRedirect:
    if not request.user.is_authenticated:
        return redirect_to_login("/")
    answer = request.GET.dict() if request.method == "GET" else {}
    try:
        connection = connecting.finish(_visitor(request), system, answer, CLOCK)
    except connecting.ConnectFailed as failed:
        messages.error(request, str(failed))
        return HttpResponseRedirect(_page(request, failed.firm) if failed.firm else "/")
    tasks.ask_to_subscribe(connection)
    messages.success(request, f"{connection.get_system_display()} is connected: {connection.name}.")
    return HttpResponseRedirect(_page(request, connection.firm))


def _page(request: HttpRequest, firm: Firm) -> str:
    """Where connecting was begun."""
    return request.session.pop(f"{AFTER}{firm.slug}", "") or reverse("connections", kwargs={"firm": firm.slug})


@firm_view(Permission.CONNECT)
@require_POST
def confirm(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """The company that was shown is the right one; another that came in between is not confirmed with it."""
    pairing = pairing_of(firm)
    shown = request.POST.get("connection", "")
    if pairing is None or str(pairing.ledger_id) != shown:
        messages.error(request, "The connection changed meanwhile. Look at the company shown now, then confirm it.")
        return back(request, firm, "connections")
    connecting.confirm(pairing.ledger, request.user, CLOCK)
    messages.success(request, f"{pairing.ledger.name} is confirmed.")
    if pairing.start_date is None:
        setting_up.begin(pairing, request.user, CLOCK)
    return redirect("setup", firm=firm.slug)


@firm_view(Permission.CONNECT)
@require_http_methods(["GET", "POST"])
def disconnect(request: FirmRequest, firm: Firm, system: str) -> HttpResponseBase:
    live = Connection.objects.of(firm).filter(system=system).exclude(state=Connection.State.DISCONNECTED)
    connection = live.first()
    if connection is None:
        raise Http404("Not connected.")
    if request.method == "GET":
        return render(request, "integrations/disconnect.html", {"connection": connection})
    name = connection.get_system_display()
    if connecting.disconnect(connection, CLOCK):
        messages.success(request, f"{name} is disconnected. Every link is kept for when you connect it again.")
    else:
        messages.warning(
            request,
            f"{name} is disconnected here, but did not acknowledge it. Remove the app in {name}’s own settings too.",
        )
    return redirect("connections", firm=firm.slug)


@firm_view(Permission.CONNECT)
@require_http_methods(["GET", "POST"])
def purge(request: FirmRequest, firm: Firm) -> HttpResponse | HttpResponseBase:
    """Forgets the link between the two systems, once the firm's short name is typed."""
    state = state_for(request, firm)
    if state.pairing is None:
        raise Http404("Nothing to purge.")
    wrong = ""
    if request.method == "POST":
        if state.running is not None:
            wrong = "A sync is under way. Wait until it has finished, then try again."
        elif request.POST.get("typed", "").strip() != firm.slug:
            wrong = f"Type {firm.slug} exactly, to be sure that it is meant."
        else:
            connecting.purge(state.pairing, CLOCK)
            messages.success(request, "The link is purged. Both systems keep everything they have.")
            return redirect("connections", firm=firm.slug)
    context = {"pairing": state.pairing, "typed_error": wrong}
    return render(request, "integrations/purge.html", context, status=422 if wrong else 200)
