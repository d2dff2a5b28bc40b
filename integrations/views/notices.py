"""Which e-mails a person gets from a firm."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from firms.access import FirmRequest, firm_view
from firms.models import Firm
from firms.roles import Permission
from integrations.models import NoticeChoice


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def notices(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Everybody decides for themselves; what needs somebody goes to owners and admins whatever they choose here."""
    mine = NoticeChoice.objects.of(firm).filter(user=request.user)
    if request.method == "POST":
        wanted = request.POST.get("all_clear") == "yes"
        rows = NoticeChoice.objects.of(firm)
        rows.bulk_create([NoticeChoice(firm=firm, user=request.user)], ignore_conflicts=True)
        mine.update(all_clear=wanted)
        messages.success(request, "The morning e-mail is switched " + ("on." if wanted else "off."))
        return redirect("notices", firm=firm.slug)
    context = {
        "all_clear": mine.filter(all_clear=True).exists(),
        "is_told": request.membership.may(Permission.CONNECT),
    }
    return render(request, "integrations/notices.html", context)
