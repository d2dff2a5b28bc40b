"""Which e-mails a person gets from a firm."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations.models import NoticeChoice

CHOICES = {"assigned": "issues that are given to you", "all_clear": "mornings on which all is clear"}


def _said(wanted: dict[str, bool]) -> str:
    told = [CHOICES[name] for name, is_wanted in wanted.items() if is_wanted]
    return f"You are told of {' and of '.join(told)}." if told else "You get none of the e-mails that are up to you."


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def notices(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Everybody decides for themselves; what needs somebody goes to owners and admins whatever they choose here."""
    mine = NoticeChoice.objects.of(firm).filter(user=request.user)
    if request.method == "POST":
        wanted = {name: request.POST.get(name) == "yes" for name in CHOICES}
        rows = NoticeChoice.objects.of(firm)
        rows.bulk_create([NoticeChoice(firm=firm, user=request.user)], ignore_conflicts=True)
        mine.update(**wanted)
        messages.success(request, f"Saved. {_said(wanted)}")
        return redirect("notices", firm=firm.slug)
    context = {
        "chosen": mine.values(*CHOICES).first() or {},
        "is_told": request.membership.may(Permission.CONNECT),
    }
    return render(request, "integrations/notices.html", context)
