"""Two-step sign-in: who has it, and what a firm that requires it of its owners and admins asks for first."""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from firms.models import Membership, User
from firms.roles import Role

STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes are only spare ones of these
REQUIRED_OF = (Role.OWNER, Role.ADMIN)


def has_it(user: User) -> bool:
    return bool(who_has_it([user.pk]))


def who_has_it(users: Iterable[int]) -> set[int]:
    found = Authenticator.objects.filter(user_id__in=list(users), type__in=STEPS)
    return set(found.values_list("user_id", flat=True))


def is_missing(membership: Membership) -> bool:
    """Whether this person has to set it up before the firm shows them anything; a query only where it is required."""
    if not membership.firm.requires_two_step or membership.role not in REQUIRED_OF:
        return False
    return not has_it(membership.user)


def to_set_up(request: HttpRequest, membership: Membership) -> HttpResponseBase:
    """The way to the page that says why, for a page and for a part of one that htmx asked for."""
    address = reverse("two_step", args=[membership.firm.slug])
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
