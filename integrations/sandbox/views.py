"""The stand-ins inside the portal's own server: carries a Django request to them and their answer back."""

from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.views.decorators.csrf import csrf_exempt

from integrations.sandbox.http import Request, Response, json_response
from integrations.sandbox.world import World, world_at


def world() -> World:
    """The world this portal is played against."""
    return world_at(settings.SANDBOX_FILE)


@csrf_exempt
def stand_in(request: HttpRequest, path: str) -> HttpResponse:
    """Everything that speaks a vendor's protocol; these callers have tokens, not sessions."""
    try:
        body = request.body
    except RequestDataTooBig:
        return _answer(json_response(413, {"error": "the request is too large"}))
    return _answer(
        world().handle(
            Request(
                method=request.method or "GET",
                path=f"/{path}",
                query=tuple(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
                base=request.build_absolute_uri(request.path.removesuffix(path)).rstrip("/"),
            )
        )
    )


def _answer(answer: Response) -> HttpResponse:
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    if "x-ratelimit-reset" in headers:
        headers["x-ratelimit-reset"] = _by_our_date(headers["x-ratelimit-reset"])
    return HttpResponse(_styled(answer), status=answer.status, headers=headers)


def _by_our_date(reset: str) -> str:
    """The instant by the Date that the web server stamps, which knows nothing of the stand-ins' advanced clock."""
    ahead = float(world().store.setting("clock:offset_s", 0.0))
    return str(int(reset) - int(ahead))


def _styled(answer: Response) -> bytes:
    """Consent pages get the portal's style sheets; their own markup has none."""
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return answer.body
    sheets = (static(f"css/{name}.css") for name in ("tokens", "base", "sandbox"))
    links = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in sheets)
    return answer.body.replace(b"</head>", f"{links}</head>".encode(), 1)
