"""What an installation should be told before people rely on it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections


@register(Tags.security, deploy=True)
def mail_reaches_people(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    """Django's own check of this is an error; the console is our documented default."""
    if "console" not in str(settings.MAILERS["default"]["BACKEND"]):
        return []
    text = "EMAIL_URL is unset: mail is printed to the console, so people cannot verify an address or reset a password."
    return [
        Warning(
            text, hint="Set EMAIL_URL, for example smtp+tls://user:password@mail.example.com:587.", id="portal.W001"
        )
    ]


@register(Tags.database)
def role_is_bound_by_row_security(
    app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Run by ``migrate`` and by ``check --database default``."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone() == (True,):
                hint = "Give DATABASE_URL a role of its own: CREATE ROLE portal LOGIN NOSUPERUSER NOBYPASSRLS."
                text = "The portal works as a database superuser, whom row-level security does not bind."
                found.append(Warning(text, hint=hint, id="portal.W002"))
    return found
