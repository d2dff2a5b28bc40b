"""What can be done about issues besides deciding one: notes, whose they are, taking back, and several at once."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from firms.access import FirmRequest, firm_view
from firms.models import Firm, User
from firms.roles import Permission
from integrations import assigning, resolving, selecting, takebacks
from integrations.assigning import NOTE_LENGTH
from integrations.models import Issue
from integrations.queries import issues as queries
from integrations.queries.choices import common_choices
from integrations.queries.paging import words
from integrations.views.common import CLOCK

NAMED = 3  # of those that were left as they are so many are named


@firm_view(Permission.RESOLVE)
@require_POST
def note(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    found, text = _issue(firm, pk), _text(request, "note")
    if not text:
        messages.error(request, "The note was empty, so nothing was added.")
    elif len(text) > NOTE_LENGTH:
        messages.error(request, f"The note is longer than {NOTE_LENGTH:,} characters. It was not added.")
    else:
        assigning.note(found, text, request.user, CLOCK)
        messages.success(request, "The note is added.")
    return redirect("issue", firm=firm.slug, pk=pk)


@firm_view(Permission.RESOLVE)
@require_POST
def assign(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    _assign(request, firm, [_issue(firm, pk)])
    return redirect("issue", firm=firm.slug, pk=pk)


def _assign(request: FirmRequest, firm: Firm, issues: list[Issue]) -> None:
    """To the member named by ``take`` or ``to``, or to nobody where both are empty."""
    wanted = _text(request, "take") or _text(request, "to")
    to = User.objects.filter(pk=int(wanted)).first() if wanted.isascii() and wanted.isdigit() else None
    if wanted and to is None:
        messages.error(request, "Choose one of the people listed. Nothing was changed.")
        return
    try:
        number = assigning.assign(firm, issues, to, request.user, CLOCK)
    except assigning.CannotAssign as refused:
        messages.error(request, f"{refused} Nothing was changed.")
        return
    whom = ("you" if to == request.user else to.get_full_name()) if to else "nobody"
    what = "It is" if len(issues) == 1 else f"{number:,} {'issue is' if number == 1 else 'issues are'}"
    messages.success(request, f"{what} with {whom} now.")


@firm_view(Permission.RESOLVE)
@require_POST
def take_back(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    try:
        takebacks.take_back(_issue(firm, pk), request.user, CLOCK)
    except takebacks.TooLate as late:
        messages.error(request, str(late))
    else:
        messages.success(request, "Taken back. Everything is as it was before the decision.")
    return redirect("issue", firm=firm.slug, pk=pk)


@firm_view(Permission.RESOLVE)
@require_http_methods(["GET", "POST"])
def selected(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """First what is to be done with the issues that were picked; then that, with those that are still as shown."""
    back = f"{reverse('issues', args=[firm.slug])}?{_text(request, 'back')}"
    if request.method == "POST":
        _act(request, firm, _seen(request.POST))
        return redirect(back)
    picked = queries.picked(firm, _ids(request.GET))
    if not picked:
        messages.error(request, "Pick at least one issue of the list first.")
        return redirect(back)
    issues = [row.issue for row in picked]
    context = {
        "rows": [(row, selecting.seen_of(row.issue)) for row in picked],
        "choices": common_choices(issues, selecting.shared(issues)),
        "members": assigning.may_be_given_to(firm),
        "back": back,
        "kept": _text(request, "back"),
    }
    return render(request, "integrations/selected_issues.html", context)


def _ids(asked: QueryDict) -> list[int]:
    return [int(id) for id in asked.getlist("id") if id.isascii() and id.isdigit() and len(id) < 19][: selecting.MOST]


def _seen(sent: QueryDict) -> dict[int, str]:
    """By issue, the digest of what was shown of it."""
    pairs = (one.partition(":")[::2] for one in sent.getlist("seen"))
    return {int(id): seen for id, seen in pairs if id.isascii() and id.isdigit() and len(id) < 19}


def _act(request: FirmRequest, firm: Firm, seen: Mapping[int, str]) -> None:
    action = _text(request, "action")
    if action == "assign":
        _assign(request, firm, [row.issue for row in queries.picked(firm, seen)])
    elif len(_text(request, "note")) > NOTE_LENGTH:
        messages.error(request, f"The note is longer than {NOTE_LENGTH:,} characters. Nothing was decided.")
    else:
        outcome = selecting.decide(firm, seen, action, request.user, CLOCK, _text(request, "note"))
        _tell(request, action, outcome)


def _tell(request: FirmRequest, action: str, outcome: selecting.Outcome) -> None:
    done, left = outcome.done, outcome.left
    if done:
        effect = common_choices(done, (action,))[0]
        messages.success(request, f"{effect.label}: done for {_issues(len(done))}.")
    if left:
        named = " ".join(f"{issue.title or issue.code}: {why}" for issue, why in left[:NAMED])
        more = f" And {len(left) - NAMED:,} more." if len(left) > NAMED else ""
        messages.error(request, f"{_issues(len(left)).capitalize()} left as before. {named}{more}")


def _issues(number: int) -> str:
    return "1 issue" if number == 1 else f"{number:,} issues"


@firm_view(Permission.RESOLVE)
@require_http_methods(["GET", "POST"])
def adopt_all(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Adopts every invoice that is in QuickBooks already, after one yes, and none that came since it was asked."""
    waiting = queries.issues_of(firm).filter(code="invoice_exists", state=Issue.State.OPEN)
    if request.method == "GET":
        asked = queries.asked_about(waiting)
        return render(request, "integrations/adopt_all.html", {"number": asked["number"], "hidden": asked.items()})
    done = resolving.adopt_all(queries.as_asked(waiting, request.POST), request.user, CLOCK)
    messages.success(request, f"{done:,} invoices will be adopted by the next sync.")
    return redirect("issues", firm=firm.slug)


def _issue(firm: Firm, pk: int) -> Issue:
    return get_object_or_404(queries.issues_of(firm).select_related("pairing"), pk=pk)


def _text(request: FirmRequest, name: str) -> str:
    """A field of what was sent, or asked with."""
    if request.method == "POST":
        return request.POST.get(name, "").replace("\x00", "").strip()
    return words(request.GET, name, 2000)
