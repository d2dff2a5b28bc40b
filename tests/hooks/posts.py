"""Posting to the portal in this process, and what it marked because of that."""

import json
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.test import Client

from firms.models import Firm
from integrations import hook_secrets
from integrations.models import Connection, StaleMark, Subscription
from tests.hooks.bodies import SECRET, base64_signature, hex_signature
from tests.models.rows import subscription_of

TOKENS = {"bill": "token-for-bills", "contact": "token-for-contacts"}
QUICKBOOKS = "/hooks/quickbooks/"


def subscribed(connection: Connection, model: str = "bill", secret: str = SECRET) -> Subscription:
    """An enabled subscription at ``/hooks/clio/<TOKENS[model]>-<firm>/``."""
    token = hook_secrets.digest(f"{TOKENS[model]}-{connection.firm.slug}")
    made = subscription_of(connection, model=model, state="enabled", token_digest=token, external_id=str(connection.pk))
    hook_secrets.keep(made, [secret])
    return made


def address(subscription: Subscription) -> str:
    return f"/hooks/clio/{TOKENS[subscription.model]}-{subscription.firm.slug}/"


def post_clio(subscription: Subscription, body: bytes, signature: str | None = None) -> HttpResponse:
    sent = hex_signature(body) if signature is None else signature
    return post(address(subscription), body, {"X-Hook-Signature": sent})


def post_intuit(said: Any, signature: str | None = None) -> HttpResponse:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return post(QUICKBOOKS, body, {"intuit-signature": base64_signature(body) if signature is None else signature})


@cache
def vendor() -> Client:
    """No session and no token of a form; one for all tests, because a new one loads every middleware."""
    return Client(enforce_csrf_checks=True)


def post(path: str, body: bytes, headers: dict[str, str]) -> HttpResponse:
    return vendor().post(path, body, content_type="application/json", headers=headers)


def marks(firm: Firm) -> list[tuple[str, str, str]]:
    rows = StaleMark.objects.of(firm).order_by("side", "entity", "external_id")
    return list(rows.values_list("side", "entity", "external_id"))
