"""Issues: the lists, and one issue with what can be decided about it."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import tasks
from integrations.assigning import NOTE_LENGTH, may_be_given_to
from integrations.contact_choices import as_value, fields_of
from integrations.held_runs import CODE as HELD
from integrations.issue_codes import code
from integrations.models import Issue
from integrations.queries import issues as queries
from integrations.queries.choices import label_of
from integrations.queries.held import held
from integrations.queries.issue_page import detail
from integrations.queries.paging import words
from integrations.resolving import CannotResolve, resolve
from integrations.views.common import CLOCK, demand

BACK = {"setup": "setup", "issues": "issues"}


@firm_view(Permission.VIEW)
@require_GET
def issues(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    tab = words(request.GET, "tab")
    tab = tab if tab in queries.TABS else "open"
    name = words(request.GET, "code")
    context = {
        "tab": tab,
        "tabs": [
            (key, label, number)
            for (key, (label, _)), number in zip(queries.TABS.items(), queries.tabs(firm).values(), strict=True)
        ],
        "page": queries.listed(firm, request.GET, request.user),
        "counts": queries.counted(firm, queries.TABS[tab][1]),
        "severities": queries.SEVERITIES,
        "code": name,
        "known": code(name) if name else None,
        "severity": words(request.GET, "severity"),
        "whose": words(request.GET, "whose"),
        "whose_choices": queries.WHOSE,
        "back": request.GET.urlencode(),
        "group": words(request.GET, "group"),
        "q": words(request.GET, "q"),
    }
    return render(request, "integrations/issues.html", context)


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def issue(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    found = get_object_or_404(
        queries.issues_of(firm).select_related("pairing__practice", "pairing__ledger", "decided_by", "assigned_to"),
        pk=pk,
    )
    wrong = ""
    if request.method == "POST":
        demand(request, Permission.RESOLVE)
        wrong = _decide(request, found)
        if not wrong:
            messages.success(request, _said(found))
            if found.code == HELD:
                tasks.ask_for_sync(found.pairing, request.user, CLOCK)
            back = BACK.get(request.POST.get("back", ""))
            return redirect(back, firm=firm.slug) if back else redirect("issue", firm=firm.slug, pk=pk)
    sent = request.POST if wrong else {}
    context = {
        "detail": detail(firm, found, found.pairing, sent),
        "wrong": wrong,
        "action_label": label_of(found.code, found.action),
        "note": sent.get("note", ""),
        "chosen": sent.get("value", ""),
        "always": sent.get("always", ""),
        "held": held(firm, found, found.pairing, request.GET),
        "members": may_be_given_to(firm) if request.membership.may(Permission.RESOLVE) else (),
    }
    return render(request, "integrations/issue.html", context, status=422 if wrong else 200)


def _decide(request: FirmRequest, found: Issue) -> str:
    """Why the decision was not taken; empty when it was."""
    sent = {name: request.POST.get(name, "").replace("\x00", "").strip() for name in ("action", "value", "note")}
    if len(sent["note"]) > NOTE_LENGTH:
        return f"The note is longer than {NOTE_LENGTH:,} characters. Shorten it; nothing was decided yet."
    if sent["action"] == "link" and not sent["value"]:
        return "Choose the customer first, then link to it."
    known = [str(id) for id in found.details.get("candidates") or ()]
    if sent["action"] == "link" and sent["value"] not in known:
        return "That customer is not one of those shown. Choose one of them."
    if sent["action"] == "adopt" and sent["value"] not in ("", found.ledger_id, *known):
        return "That is not one of those shown. Choose one of them."
    value = as_value(_picks(request, found)) if sent["action"] == "merge" else sent["value"][:200]
    if sent["action"] == "merge" and not value:
        return "Choose for at least one field which side counts."
    always = request.POST.get("always") == "yes"
    try:
        resolve(found, sent["action"], request.user, CLOCK, value=value, note=sent["note"], always=always)
    except CannotResolve as refused:
        return str(refused)
    return ""


def _picks(request: FirmRequest, found: Issue) -> dict[str, str]:
    """The side chosen for each field of a contact; fields left open stay as they are."""
    chosen = {name: request.POST.get(f"pick-{name}", "") for name in fields_of(found)}
    return {name: side for name, side in chosen.items() if side}


def _said(found: Issue) -> str:
    if found.state == Issue.State.ACCEPTED:
        return f"Accepted: {found.title or code(found.code).name}."
    if found.state == Issue.State.CLOSED:
        return f"Done: {found.title or code(found.code).name}."
    if found.code == HELD:
        return "Decided. A sync is about to start."
    return "Decided. The next sync carries it out."
