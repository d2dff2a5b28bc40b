"""Whom an address of ours belongs to, and the secrets its posts are signed with: sealed, like tokens."""

import hashlib
import secrets as chance

from django.db import transaction

from integrations.models import Subscription
from integrations.sealing import Unsealable, seal, unseal

AT_MOST = 2
NEEDED = (
    *("firm_id", "model", "state", "token_digest", "sealed", "asked_at", "failing_since", "heard_at", "unheard_since"),
    *("connection__external_account_id", "connection__heard_at"),
)
LONGEST = 1000


def new_token() -> tuple[str, str]:
    """A token for an address, told to Clio alone, and the digest that is kept of it."""
    token = chance.token_urlsafe(32)
    return token, digest(token)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def subscription_at(token: str, *, lock: bool = False) -> Subscription | None:
    """The subscription whose posts come to this address; one that has ended may still have posts on their way."""
    rows = Subscription.all_firms.select_related("connection").filter(token_digest=digest(token)).only(*NEEDED)
    return (rows.select_for_update(of=("self",)) if lock else rows).first()


def of(subscription: Subscription) -> list[str]:
    """The secrets that a post may be signed with; none where there is none yet, or no key opens them."""
    if subscription.sealed is None:
        return []
    try:
        content = unseal(_owner(subscription), bytes(subscription.sealed))
    except Unsealable:
        return []
    return [str(secret) for secret in content] if isinstance(content, list) else []


def add(subscription: Subscription, secret: str) -> list[str]:
    """Keeps one more, whatever a handshake brought meanwhile; returns all that count."""
    with transaction.atomic():
        row = Subscription.all_firms.select_for_update().get(pk=subscription.pk)
        known = of(row)
        if secret not in known:
            keep(row, [*known, secret])
        subscription.sealed = row.sealed
        return of(row)


def keep(subscription: Subscription, secrets: list[str]) -> None:
    """The newest two: which of them Clio signs with is only known once it does."""
    subscription.sealed = seal(_owner(subscription), secrets[-AT_MOST:])
    subscription.save(update_fields=["sealed"])


def rotate() -> tuple[int, int]:
    """Seals all with the first key; returns how many, and how many nobody can open. Those come anew from Clio."""
    sealed = unreadable = 0
    for id_ in Subscription.all_firms.exclude(sealed=None).values_list("pk", flat=True):
        with transaction.atomic():
            row = Subscription.all_firms.select_for_update().get(pk=id_)
            secrets = of(row)
            if secrets:
                keep(row, secrets)
        sealed, unreadable = sealed + bool(secrets), unreadable + (not secrets)
    return sealed, unreadable


def _owner(subscription: Subscription) -> dict[str, object]:
    return {"firm": subscription.firm_id, "subscription": subscription.token_digest}
