"""Pages that belong to no firm: the manual, health, the theme switch and the pages for what went wrong."""

from datetime import timedelta
from ipaddress import ip_address

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from integrations.metrics import exposition
from integrations.tasks import worker_seen_at
from sync_portal import manual

THEMES = ("light", "dark", "auto")
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Via")
A_YEAR = 365 * 24 * 60 * 60
WORKER_SEEN_WITHIN = timedelta(minutes=6)  # it rings once a minute, and a run holds it for four


@require_GET
def manual_page(request: HttpRequest, name: str = manual.FIRST) -> HttpResponse:
    """One page of docs/, for everybody: nothing of a firm is on it."""
    found = manual.page(name)
    if found is None:
        raise Http404
    return render(request, "manual.html", {"page": found, "is_first": name == manual.FIRST})


@require_GET
def manual_picture(request: HttpRequest, name: str) -> FileResponse:
    found = manual.picture(name)
    if found is None:
        raise Http404
    return FileResponse(found.open("rb"), content_type="image/png")


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, no migration is waiting and a worker was seen lately, else 503; each by name."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        checks["database"] = True
        checks["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["worker"] = _worker_was_seen()
    except Error:
        pass
    return JsonResponse({"ready": all(checks.values()), "checks": checks}, status=200 if all(checks.values()) else 503)


def _worker_was_seen() -> bool:
    seen = worker_seen_at()
    return seen is not None and timezone.now() - seen < WORKER_SEEN_WITHIN


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for a monitor on this machine, or for support; for everybody else there is no such page."""
    if not (_is_from_this_machine(request) or request.user.is_staff):
        raise Http404
    return HttpResponse(exposition(timezone.now()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_from_this_machine(request: HttpRequest) -> bool:
    """Not what a proxy on this machine passes on: it says for whom."""
    if any(name in request.headers for name in PASSED_ON):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@require_POST
def theme(request: HttpRequest) -> HttpResponseBase:
    """Remembers light, dark or the system's own in a cookie and goes back to where the person was."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None, require_https=settings.SECURE):
        back = "/"
    response = redirect(back)
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=A_YEAR, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page whether the thing is not there or not yours; it names no path."""
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Drawn without the request, so that it works whatever is broken."""
    return render(None, "500.html", status=500)  # type: ignore[arg-type]
