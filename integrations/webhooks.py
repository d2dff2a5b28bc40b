"""Webhooks from the address to the queue: whose they are, whether they are signed, and the run they make wanted."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction

from integrations import hook_secrets
from integrations.core.ports import Clock
from integrations.models import Subscription
from integrations.sync import intake
from integrations.systems.clio import webhooks as clio
from integrations.systems.quickbooks import webhooks as intuit
from integrations.tasks import ring

log = structlog.get_logger(__name__)
AWAITED = (Subscription.State.ASKED, Subscription.State.PENDING)
HANDSHAKE_WITHIN = timedelta(minutes=15)  # of our asking; it is not signed, and nobody else asks Clio for one


def from_clio(token: str, body: bytes, signature: str, clock: Clock) -> bool:
    """Takes in a post to one subscription's address; False where nobody who knows its secret has signed it."""
    subscription = hook_secrets.subscription_at(token)
    if subscription is None or not clio.is_signed(hook_secrets.of(subscription), body, signature):
        log.warning("webhook_refused", system="clio", subscription=subscription.pk if subscription else None)
        return False
    _take_in(lambda: intake.from_clio(subscription, intake.Post(body, clock.now())))
    return True


def from_intuit(body: bytes, signature: str, clock: Clock) -> bool:
    """Takes in a post about any number of companies; False where it is not signed with our verifier token."""
    verifier = settings.QBO["verifier_token"]
    if not intuit.is_signed(verifier, body, signature):
        log.warning("webhook_refused", system="quickbooks", configured=bool(verifier))
        return False
    _take_in(lambda: intake.from_intuit(intake.Post(body, clock.now())))
    return True


def _take_in(keep: Callable[[], list[int]]) -> None:
    """Marks, and the wish for a run, are one transaction; the bell rings once that is committed."""
    for _ in keep():
        transaction.on_commit(ring)


def handshake(token: str, secret: str, clock: Clock) -> bool:
    """Keeps the secret Clio offers for a subscription we have just asked for; whether it is to be given back."""
    if len(secret) > hook_secrets.LONGEST:
        return False
    with transaction.atomic():
        subscription = hook_secrets.subscription_at(token, lock=True)
        if subscription is None:
            return False
        known = hook_secrets.of(subscription)
        if secret in known:
            return True  # asked again, because our answer was lost
        if subscription.state not in AWAITED or clock.now() - subscription.asked_at > HANDSHAKE_WITHIN:
            log.warning("webhook_handshake_refused", subscription=subscription.pk)
            return False
        hook_secrets.keep(subscription, [*known, secret])
        if subscription.state == Subscription.State.PENDING or subscription.failing_since is not None:
            Subscription.all_firms.filter(pk=subscription.pk).update(next_look_at=clock.now())  # the next tick confirms
        return True
