"""Where the link of an invitation leads: looking accepts nothing, and the token is told to nobody."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from firms.invitations import accept, found, inviter, is_for, until
from firms.membership import Refused
from firms.models import Invitation, Membership, Standing, User
from firms.roles import Role, abilities

UNKNOWN, OVER = 404, 410
OPENED = "invitation"  # in the session: the id of the one whose link was opened


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """The session remembers which one was opened, so that the token need not be passed through the sign-in."""
    offer = found(token)
    if offer is not None and offer.standing(now()) is Standing.OPEN:
        request.session[OPENED] = offer.pk
    return _shown(request, offer)


@require_http_methods(["GET", "HEAD", "POST"])
def opened(request: HttpRequest) -> HttpResponseBase:
    """Back from signing in: the invitation whose link was opened in this browser."""
    offers = Invitation.objects.select_related("firm", "invited_by", "accepted_by")
    offer = offers.filter(pk=request.session.get(OPENED, 0)).first()
    if offer is None or offer.standing(now()) is not Standing.OPEN:
        request.session.pop(OPENED, None)
    return _shown(request, offer)


def _shown(request: HttpRequest, offer: Invitation | None) -> HttpResponseBase:
    """Accepting takes a form sent by somebody whose verified address is the invited one."""
    if offer is None:
        return render(request, "firms/no_invitation.html", {"standing": "unknown"}, status=UNKNOWN)
    if _is_inside(offer, request):
        return redirect(offer.firm)
    if offer.standing(now()) is not Standing.OPEN:
        return _over(request, offer)
    if request.method == "POST" and isinstance(request.user, User) and is_for(offer, request.user):
        return _accept(request, offer, request.user)
    return _page(request, offer)


def _is_inside(offer: Invitation, request: HttpRequest) -> bool:
    """Whoever accepted it, and opens the link once more, is led to the firm while they are a member."""
    user = request.user
    return (
        isinstance(user, User)
        and offer.accepted_by_id == user.pk
        and Membership.objects.filter(firm=offer.firm_id, user=user).exists()
    )


def _accept(request: HttpRequest, offer: Invitation, user: User) -> HttpResponseBase:
    try:
        membership = accept(offer, user)
    except Refused:  # it was accepted or withdrawn meanwhile: the page says what it is now
        return redirect(request.path)
    request.session.pop(OPENED, None)
    messages.success(request, f"You are {Role(membership.role).phrase} of {offer.firm.name}.")
    return redirect(offer.firm)


def _page(request: HttpRequest, offer: Invitation) -> HttpResponse:
    context = {
        "offer": offer,
        "inviter": inviter(offer),
        "role_phrase": Role(offer.role).phrase,
        "abilities": abilities(Role(offer.role)),
        "reader": _reader(request, offer),
        "until": until(offer),
        "has_firm": Membership.objects.filter(user=request.user.pk).exists(),
        "has_account": User.objects.filter(email__iexact=offer.email).exists(),
    }
    return render(request, "firms/invitation.html", context, status=403 if request.method == "POST" else 200)


def _reader(request: HttpRequest, offer: Invitation) -> str:
    """nobody, the invited, unverified (the address is theirs by word only), or another."""
    user = request.user
    if not isinstance(user, User):
        return "nobody"
    if is_for(offer, user):
        return "invited"
    theirs = user.emailaddress_set.filter(email__iexact=offer.email)  # type: ignore[attr-defined]
    return "unverified" if theirs.exists() or user.email.lower() == offer.email else "another"


def _over(request: HttpRequest, offer: Invitation) -> HttpResponse:
    open_now = {"accepted_at": None, "revoked_at": None, "expires_at__gt": now()}
    newer = Invitation.objects.filter(firm=offer.firm, email__iexact=offer.email, **open_now).exists()
    context = {"standing": offer.standing(now()).value, "offer": offer, "inviter": inviter(offer), "newer": newer}
    return render(request, "firms/no_invitation.html", context, status=OVER)
