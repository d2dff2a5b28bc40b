"""firm_view: the only door from a request to a firm."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from firms import two_step
from firms.models import Firm, Membership, User
from firms.roles import Permission, who_may
from firms.scoping import firm_context

FirmView = Callable[..., HttpResponseBase]


class FirmRequest(HttpRequest):
    """A request that came through ``firm_view``."""

    user: User
    firm: Firm
    membership: Membership
    memberships: list[Membership]  # in every firm of theirs, for the way to the others


def firm_view(permission: Permission) -> Callable[[FirmView], Callable[..., HttpResponseBase]]:
    """The view is called as ``view(request, firm, ...)`` within that firm's context.

    Anonymous people are sent to sign in. Outsiders get the same 404 as for a firm that does not exist. Members who lack
    the permission get a 403 that says who can. Owners and admins of a firm that requires two-step sign-in are led to
    set it up first.
    """

    def decorate(view: FirmView) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def through_the_door(request: FirmRequest, firm: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            request.memberships = memberships_of(request.user)
            membership = _membership(request.memberships, firm)
            if two_step.is_missing(membership):
                return two_step.to_set_up(request, membership)
            request.firm, request.membership = membership.firm, membership
            if not membership.may(permission):
                raise PermissionDenied(refusal(permission))
            with firm_context(membership.firm):
                return _rendered(view(request, membership.firm, *args, **kwargs))

        through_the_door.permission = permission  # type: ignore[attr-defined]
        return through_the_door

    return decorate


def refusal(permission: Permission) -> str:
    roles = [role.label.lower() for role in who_may(permission)]
    return f"Your role does not allow this. It takes {' or '.join(roles)}."


def memberships_of(user: User) -> list[Membership]:
    return list(Membership.objects.filter(user=user).select_related("firm", "user").order_by("firm__name", "pk"))


def _membership(mine: list[Membership], slug: str) -> Membership:
    for membership in mine:
        if membership.firm.slug == slug:
            return membership
    raise Http404("No such page.")


def _to_login(request: HttpRequest) -> HttpResponse:
    """After signing in a person comes back to the page, or to the firm when it was a form that was sent."""
    target = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return redirect_to_login(target)


def _rendered(response: HttpResponseBase) -> HttpResponseBase:
    """A template response is rendered here, while the firm's context still stands."""
    render = getattr(response, "render", None)
    rendered: HttpResponseBase = render() if callable(render) else response
    return rendered
