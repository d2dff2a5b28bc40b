"""Headers that Django itself has no setting for, and when a session was last seen."""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

Answer = Callable[[HttpRequest], HttpResponse]
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def private_answers(get_response: Answer) -> Answer:
    """Switches off what no page needs and keeps pages out of shared and browser caches."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if response.headers.get("Content-Type", "").startswith(("text/html", "application/json")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def note_activity(get_response: Answer) -> Answer:
    """Notes when a session was last seen, in one statement unless its address or browser changed."""
    longest = UserSession._meta.get_field("user_agent").max_length

    def answer(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            agent = request.META.get("HTTP_USER_AGENT", "")[:longest]
            known = UserSession.objects.filter(session_key=request.session.session_key, user=request.user)
            known = known.filter(ip=get_adapter().get_client_ip(request), user_agent=agent)
            if not known.update(last_seen_at=timezone.now()):
                UserSession.objects.create_from_request(request)
        return get_response(request)

    return answer
