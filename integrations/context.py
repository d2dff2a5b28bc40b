"""What every page of a firm is given besides its own: the state sentence, the count of issues, who may what."""

from typing import Any

from django.http import HttpRequest

from firms.models import Firm, Membership
from firms.roles import Permission, who_may
from integrations.queries.state import State, state_of


def state(request: HttpRequest) -> dict[str, Any]:
    """Context processor; pages outside a firm get nothing."""
    firm: Firm | None = getattr(request, "firm", None)
    membership: Membership | None = getattr(request, "membership", None)
    if firm is None or membership is None:
        return {}
    found = state_for(request, firm)
    return {
        "state": found,
        "state_sentence": found.sentence,
        "issue_count": found.needs,
        "may": {permission.value: membership.may(permission) for permission in Permission},
        "who_may": {permission.value: _asked(permission) for permission in Permission},
    }


def state_for(request: HttpRequest, firm: Firm) -> State:
    """The state, worked out once a request."""
    known: State | None = getattr(request, "firm_state", None)
    if known is None:
        known = state_of(firm)
        request.firm_state = known  # type: ignore[attr-defined]
    return known


def _asked(permission: Permission) -> str:
    roles = [role.label.lower() for role in who_may(permission)]
    return " or ".join([", ".join(roles[:-1]), roles[-1]] if len(roles) > 1 else roles)
