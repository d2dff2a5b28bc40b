"""Set-up in one sitting: eight steps on one page, each of which can be left and taken up again."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations import mapping, tasks
from integrations.context import state_for
from integrations.forms import MappingForm, StartForm
from integrations.issue_codes import MATCHES
from integrations.kinds.cutover import Part
from integrations.models import Errand, Issue, Pairing
from integrations.queries import cutover, errands, matches
from integrations.queries import setup as queries
from integrations.queries.checklist import Check, checklist
from integrations.queries.paging import words
from integrations.resolving import CannotResolve, resolve
from integrations.views import setting_up
from integrations.views.common import CLOCK, back, pairing_of
from integrations.views.connections import regions
from integrations.views.files import sheet


@firm_view(Permission.VIEW)
@require_GET
def setup(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    return _page(request, firm, words(request.GET, "step"))


def _page(request: FirmRequest, firm: Firm, asked: str, form: StartForm | None = None) -> HttpResponseBase:
    state = state_for(request, firm)
    found = queries.sitting(firm, state)
    steps = queries.steps(found, asked)
    current = next((step.name for step in steps if step.is_current), "")
    context: dict[str, Any] = {
        "steps": steps,
        "current": current,
        "here": request.path,
        "checks": _checks(found),
        "check_errand": found.errands.newest.get(Errand.Purpose.CHECK),
        "has_synced": queries.has_synced(state),
        "now": CLOCK.now(),
    }
    if more := _OF_STEP.get(current):
        context |= more(found, form)
    return render(request, "integrations/setup.html", context, status=422 if form else 200)


def _checks(found: queries.Sitting) -> list[Check]:
    """The settings; as long as nothing is mapped, the mappings are a step to come and nothing that is wrong."""
    pairing = found.state.pairing
    every = checklist(found.firm, pairing, found.settings) if pairing else []
    return [check for check in every if found.mapped or check.item.name != "mappings"]


def _connecting(found: queries.Sitting, form: StartForm | None) -> dict[str, Any]:
    return {"regions": regions()}


def _starting(found: queries.Sitting, form: StartForm | None) -> dict[str, Any]:
    purpose = Errand.Purpose.START
    done, newest = found.errands.done.get(purpose), found.errands.newest.get(purpose)
    pairing = found.state.pairing
    shown = date.fromisoformat(done.result["start"]) if done else None
    usual = mapping.default_start_date(found.firm.day_of(CLOCK.now()))
    start = (pairing.start_date if pairing else None) or shown or usual
    return {
        "errand": newest,
        "figures": cutover.figures(done) if done else None,
        "unread_date": _wanted(newest) if newest and newest.state == Errand.State.FAILED else None,
        "form": form or StartForm(initial={"start_date": start}),
    }


def _wanted(errand: Errand) -> date | None:
    wanted = errand.wanted.get("start_date")
    return date.fromisoformat(wanted) if wanted else None


def _mapping(found: queries.Sitting, form: StartForm | None) -> dict[str, Any]:
    pairing = found.state.pairing
    assert pairing is not None  # the step is reached
    form_of = MappingForm(pairing)
    return {
        "errand": found.errands.newest.get(Errand.Purpose.FILL_IN),
        "form": form_of,
        "created": form_of.created(),
        "pairing": pairing,
    }


def _matching(found: queries.Sitting, form: StartForm | None) -> dict[str, Any]:
    pairing = found.state.pairing
    assert pairing is not None  # the step is reached
    shown = _previewing(found, form)
    return shown if shown["running"] else {**shown, "matches": matches.matches(pairing, found.open_matches)}


def _previewing(found: queries.Sitting, form: StartForm | None) -> dict[str, Any]:
    made, newest = found.preview, found.errands.newest.get(Errand.Purpose.PREVIEW)
    return {
        "errand": newest,
        "running": errands.run_of(newest),
        "made": made,
        "counts": errands.count_table(made) if made else [],
        "totals": errands.totals(made) if made else (),
        "outdated": found.is_outdated,
    }


_OF_STEP = {
    "clio": _connecting,
    "quickbooks": _connecting,
    "start": _starting,
    "mappings": _mapping,
    "matches": _matching,
    "preview": _previewing,
}


@firm_view(Permission.SYNC)
@require_POST
def check(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Asks for QuickBooks's settings and the numbers to be read afresh."""
    pairing = pairing_of(firm)
    if pairing is None:
        messages.error(request, "Connect Clio and QuickBooks first.")
    else:
        tasks.ask_for_errand(pairing, Errand.Purpose.CHECK, request.user, CLOCK)
    return back(request, firm, "setup")


@firm_view(Permission.MAP)
@require_POST
def start(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Shows what a start date brings in, or with ``do=use`` takes it."""
    pairing, form = _pairing(firm), StartForm(request.POST)
    if not form.is_valid():
        return _page(request, firm, "start", form)
    chosen: date = form.cleaned_data["start_date"]
    if request.POST.get("do") == "use":
        setting_up.use_date(pairing, chosen, request.user, CLOCK)
    else:
        errand = setting_up.try_date(pairing, chosen, request.user, CLOCK)
        if _wanted(errand) != chosen:
            messages.info(request, "Both systems are being read for another date. Ask again when that is done.")
    return back(request, firm, "setup")


def _pairing(firm: Firm) -> Pairing:
    pairing = pairing_of(firm)
    if pairing is None or pairing.ledger.confirmed_at is None:
        raise Http404("Connect both systems and confirm the company first.")
    return pairing


@firm_view(Permission.VIEW)
@require_GET
def counted(request: FirmRequest, firm: Firm, part: Part) -> HttpResponseBase:
    """The records behind one figure of the start date that was tried last."""
    done = errands.last_done(state_for(request, firm).pairing, Errand.Purpose.START)
    if done is None:
        raise Http404("No start date was tried yet.")
    found = cutover.counted(done, part, request.GET)
    return render(request, "integrations/counted.html", {"found": found, "page": found.page, "part": part})


@firm_view(Permission.VIEW)
@require_GET
def opening(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """The opening entry of the start date that was tried last, for the accountant (rule R6.5)."""
    done = errands.last_done(state_for(request, firm).pairing, Errand.Purpose.START)
    if done is None:
        raise Http404("No start date was tried yet.")
    figures = cutover.figures(done)
    return sheet(f"{firm.slug}-opening-{figures.evening.isoformat()}.csv", cutover.opening_rows(figures))


@firm_view(Permission.RESOLVE)
@require_POST
def adopt(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Takes over every invoice that is in QuickBooks already."""
    pairing = _pairing(firm)
    made = errands.last_done(pairing, Errand.Purpose.PREVIEW)
    if made is None or str(made.pk) != request.POST.get("seen"):
        messages.error(request, "Both systems were compared again meanwhile. Look at what is there now, then adopt it.")
        return back(request, firm, "setup")
    number = setting_up.adopt_all(pairing, request.user, CLOCK)
    if not number:
        messages.info(request, "Nothing is left to adopt; it was decided already.")
        return back(request, firm, "setup")
    said = "1 invoice is adopted" if number == 1 else f"{number:,} invoices are adopted"
    messages.success(request, f"{said} by the first sync; nothing is posted in their place.")
    return back(request, firm, "setup")


@firm_view(Permission.RESOLVE)
@require_POST
def match(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    """One decision: ``choice`` is an action, or the customer to link to."""
    mine = Issue.objects.of(firm).filter(pairing=_pairing(firm), code__in=MATCHES)
    found = get_object_or_404(mine.select_related("pairing", "firm"), pk=pk)
    action, value = matches.chosen(found, request.POST.get("choice", ""))
    try:
        resolve(found, action, request.user, CLOCK, value=value)
    except CannotResolve as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Decided: {found.title}.")
    return back(request, firm, "setup")
