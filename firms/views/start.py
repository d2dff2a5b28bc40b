"""The start page, a person's firms, and the form that creates the first one."""

from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from firms.access import memberships_of
from firms.forms import FirmForm
from firms.membership import Refused, found_firm
from firms.models import User
from firms.queries import invited
from firms.views.invitations import OPENED

# One bill as the start page shows it; the sums are what its template adds up.
EXAMPLE = (
    {"account": "Accounts receivable", "memo": "Moreno & Daughters", "debit": Decimal("1732.00")},
    {"account": "Legal fees", "memo": "4.20 h", "credit": Decimal("1470.00")},
    {"account": "Reimbursed costs", "memo": "filing fee", "credit": Decimal("160.00")},
    {"account": "Sales tax payable", "credit": Decimal("102.00")},
)


@require_GET
def home(request: HttpRequest) -> HttpResponseBase:
    """What the portal is; for a signed-in person the way to their firms."""
    if not isinstance(request.user, User):
        return render(request, "firms/start.html", {"example": EXAMPLE})
    memberships = memberships_of(request.user)
    if not memberships:
        return redirect("opened_invitation" if OPENED in request.session else "create_firm")
    if len(memberships) == 1:
        return redirect(memberships[0].firm)
    return render(request, "firms/list.html", {"memberships": memberships})


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponseBase:
    """A person may create one firm; the second is refused with the name of the first."""
    assert isinstance(request.user, User)
    form = FirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            firm = found_firm(request.user, form.cleaned_data["name"], form.cleaned_data["timezone"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{firm.name} is created. Connect Clio and QuickBooks next.")
            return redirect("setup", firm=firm.slug)
    context = {"form": form, "invited": invited(request.user)}
    return render(request, "firms/create.html", context, status=422 if form.errors else 200)
