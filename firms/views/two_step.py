"""Why a firm shows nothing yet: it requires two-step sign-in, and this person has none."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from firms import two_step
from firms.models import Membership


@login_required
@require_GET
def needed(request: HttpRequest, firm: str) -> HttpResponseBase:
    mine = Membership.objects.filter(user=request.user).select_related("firm", "user")  # type: ignore[misc]
    membership = get_object_or_404(mine, firm__slug=firm)
    if not two_step.is_missing(membership):
        return redirect(membership.firm)
    return render(request, "firms/two_step.html", {"of": membership.firm})
