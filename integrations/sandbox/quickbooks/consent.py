"""The consent page of the stand-in: plain HTML without script or style."""

from html import escape
from urllib.parse import urlencode

from integrations.sandbox.http import Request


def page(request: Request, companies: list[tuple[str, str]]) -> str:
    """Lists the companies (realm, name); the form posts back to the address it was read from."""
    action = escape(f"{request.base}/connect/oauth2?{urlencode(request.query)}")
    options = "".join(_option(realm, name, first=position == 0) for position, (realm, name) in enumerate(companies))
    body = options or "<p>There is no company in this sandbox yet.</p>"
    return _document(
        "Connect to QuickBooks",
        f"<p>The app <strong>{escape(request.param('client_id'))}</strong> asks for access to your accounting data.</p>"
        f'<form method="post" action="{action}"><fieldset><legend>Which company?</legend>{body}</fieldset>'
        '<button name="decision" value="connect">Connect</button> '
        '<button name="decision" value="cancel">Cancel</button></form>',
    )


def error_page(message: str) -> str:
    return _document("Sorry, that did not work", f"<p>{escape(message)}</p>")


def _option(realm: str, name: str, *, first: bool) -> str:
    checked = " checked" if first else ""
    return (
        f'<p><label><input type="radio" name="company" value="{escape(realm)}"{checked}> '
        f"{escape(name)} <small>{escape(realm)}</small></label></p>"
    )


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
