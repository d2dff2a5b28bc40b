"""Where Clio and Intuit post their webhooks: verified, noted, answered; no session, no sign-in, nothing else."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import webhooks
from integrations.systems.clio.webhooks import SECRET
from integrations.systems.clio.webhooks import SIGNATURE as CLIO_SIGNATURE
from integrations.systems.quickbooks.webhooks import SIGNATURE as INTUIT_SIGNATURE
from integrations.views.common import CLOCK

LONGEST = 256 * 1024
OK, FORGED, TOO_LONG = 200, 401, 413


@csrf_exempt
@require_POST
def clio(request: HttpRequest, token: str) -> HttpResponse:
    """One address for each subscription. Clio first offers its secret here, which is answered with the same header."""
    body, signature = _body(request), request.headers.get(CLIO_SIGNATURE, "")
    if body is None:
        return _answer(TOO_LONG)
    offered = request.headers.get(SECRET, "")
    if offered and not signature:
        accepted = webhooks.handshake(token, offered, CLOCK)
        return HttpResponse(status=OK, headers={SECRET: offered}) if accepted else _answer(FORGED)
    return _answer(OK if webhooks.from_clio(token, body, signature, CLOCK) else FORGED)


@csrf_exempt
@require_POST
def quickbooks(request: HttpRequest) -> HttpResponse:
    """One address for every company of the installation."""
    body = _body(request)
    if body is None:
        return _answer(TOO_LONG)
    return _answer(OK if webhooks.from_intuit(body, request.headers.get(INTUIT_SIGNATURE, ""), CLOCK) else FORGED)


def _body(request: HttpRequest) -> bytes | None:
    """The bytes as they came; None where there are more than any webhook has."""
    body = request.read(LONGEST + 1)
    return body if len(body) <= LONGEST else None


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain")
