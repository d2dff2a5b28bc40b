"""Keeps Clio telling us of changes: asks, confirms, puts off the end, begins anew, and says so where that fails."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import requests
import structlog
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from integrations import hook_secrets
from integrations.core.errors import RemoteError
from integrations.core.ports import Clock
from integrations.gateways import open_clio, open_workspace
from integrations.hook_addresses import address, can_be_told, token_in
from integrations.models import Connection, Subscription
from integrations.sync import issues
from integrations.sync.policy import NotReady
from integrations.systems.clio.subscriptions import Hook, Subscriptions
from integrations.systems.clio.webhooks import WATCHED

log = structlog.get_logger(__name__)
State = Subscription.State
LASTS = timedelta(days=30)  # Clio takes 31 at most, by its own clock (Clio API docs: Webhooks)
HALF_LIFE = LASTS / 2
LOOK_EVERY = timedelta(days=1)  # that one has ended or was suspended Clio tells nobody
LOOK_AGAIN_AFTER = timedelta(minutes=5)  # the handshake has not come yet, or whoever looked has died
TRY_AGAIN_AFTER = timedelta(hours=1)  # Clio has given up on a handshake by then, too
SAY_AFTER = timedelta(hours=6)  # of failing; Clio may be down for a while
UNHEARD_FOR = timedelta(hours=24)
LAPSED = "subscription_lapsed"
NO_HANDSHAKE = "Clio has not been able to reach this portal to confirm the subscription"


def due(now: datetime) -> list[int]:
    """Connected Clio accounts that have a subscription missing, or one that is to be looked at."""
    settled = Subscription.all_firms.filter(next_look_at__gt=now).exclude(state=State.ENDED).values("connection_id")
    all_settled = settled.annotate(models=Count("pk")).filter(models__gte=len(WATCHED)).values("connection_id")
    live = Connection.all_firms.filter(system="clio", state=Connection.State.CONNECTED)
    return [one.pk for one in live.exclude(pk__in=all_settled).order_by("pk") if can_be_told(one)]


def keep_up(connection: Connection, clock: Clock, session: requests.Session | None = None) -> None:
    """Has every subscription of the account that is due as it should be. Never raises RemoteError."""
    if connection.state != Connection.State.CONNECTED or not can_be_told(connection):
        return
    mine = _claimed(connection, clock.now())
    if not mine:
        return
    hooks = open_clio(connection, clock, session).subscriptions
    try:
        listed = _ours(hooks)
    except RemoteError as error:
        for row in mine:
            _failed(row, str(error), clock.now())
    else:
        for row in mine:
            _look(hooks, row, listed.get(row.token_digest), clock.now())
        _end_strangers(hooks, connection, listed)
    _tell(connection, clock, session)


def stop(connection: Connection, clock: Clock, session: requests.Session | None = None) -> None:
    """Before a grant is given back: Clio stops telling. Where that cannot be said, it stops by itself in a month."""
    rows = _live(connection)
    if not rows.exists():
        return
    with suppress(RemoteError):
        hooks = open_clio(connection, clock, session).subscriptions
        for hook in _ours(hooks).values():
            hooks.end(hook.id)
    rows.update(state=State.ENDED)


def _live(connection: Connection) -> QuerySet[Subscription]:
    return Subscription.objects.of(connection.firm_id).filter(connection=connection).exclude(state=State.ENDED)


def _claimed(connection: Connection, now: datetime) -> list[Subscription]:
    """The rows this process is to look at, missing ones made; of two processes one gets each."""
    known = {row.model: row for row in _live(connection)}
    rows = [known.get(model) or _made(connection, model, now) for model in WATCHED]
    claimed = []
    for row in rows:
        if row is not None and row.next_look_at <= now:
            unclaimed = _live(connection).filter(pk=row.pk, next_look_at=row.next_look_at)
            if unclaimed.update(next_look_at=now + LOOK_AGAIN_AFTER):
                claimed.append(row)
    return claimed


def _made(connection: Connection, model: str, now: datetime) -> Subscription | None:
    """A row without an address yet; None where another process was faster."""
    _, digest = hook_secrets.new_token()
    rows = Subscription.objects.of(connection.firm_id)
    with suppress(IntegrityError), transaction.atomic():
        return rows.create(connection=connection, model=model, token_digest=digest, asked_at=now, next_look_at=now)
    return None


def _ours(hooks: Subscriptions) -> Mapping[str, Hook]:
    """What Clio would post to an address below ours, by the digest of the address's token."""
    tokens = ((token_in(hook.url), hook) for hook in hooks.listed())
    return {hook_secrets.digest(token): hook for token, hook in tokens if token}


def _end_strangers(hooks: Subscriptions, connection: Connection, listed: Mapping[str, Hook]) -> None:
    """Those that nobody here knows any more: asked for when the answer was lost, or before a restore."""
    known = set(_live(connection).values_list("token_digest", flat=True))
    with suppress(RemoteError):
        for digest, hook in listed.items():
            if digest not in known:
                hooks.end(hook.id)


def _look(hooks: Subscriptions, row: Subscription, hook: Hook | None, now: datetime) -> None:
    try:
        if hook is None or not _is_well(row, hook, now):
            if hook is not None:
                hooks.end(hook.id)
            hook = _ask(hooks, row, now)
        elif hook.expires_at is None or hook.expires_at - now <= HALF_LIFE:
            hook = hooks.put_off(hook.id, now + LASTS)
        _note(row, hook, is_enabled=_is_enabled(hooks, row, hook), now=now)
    except RemoteError as error:
        _failed(row, str(error), now)


def _is_well(row: Subscription, hook: Hook, now: datetime) -> bool:
    """Whether it tells, or soon may."""
    if hook.status == "suspended" or (hook.expires_at is not None and hook.expires_at <= now):
        return False
    if hook.status == "pending":
        return now - row.asked_at < TRY_AGAIN_AFTER
    is_deaf = _is_unheard(row, now) and now - row.asked_at >= UNHEARD_FOR
    return not is_deaf and bool(hook.secret or hook_secrets.of(row))


def _is_unheard(row: Subscription, now: datetime) -> bool:
    return row.unheard_since is not None and now - row.unheard_since >= UNHEARD_FOR


def _ask(hooks: Subscriptions, row: Subscription, now: datetime) -> Hook:
    """A new address, committed before Clio hears of it: its handshake may come before its answer."""
    token, row.token_digest = hook_secrets.new_token()
    row.state, row.asked_at, row.external_id, row.sealed = State.ASKED, now, "", None
    row.save(update_fields=["token_digest", "state", "asked_at", "external_id", "sealed"])
    return hooks.ask(row.model, address(token), now + LASTS)


def _is_enabled(hooks: Subscriptions, row: Subscription, hook: Hook) -> bool:
    """Clio says so; or its handshake came but our answer was lost, so that it is confirmed from here.

    A secret that only Clio's answer shows confirms nothing: whether Clio can reach us is what a handshake is for.
    """
    if hook.status == "enabled":
        return bool(hook_secrets.add(row, hook.secret) if hook.secret else hook_secrets.of(_again(row)))
    for secret in hook_secrets.of(_again(row)):
        with suppress(RemoteError):
            hooks.activate(hook.id, secret)
            return True
    return False


def _again(row: Subscription) -> Subscription:
    row.refresh_from_db(fields=["sealed"])
    return row


def _note(row: Subscription, hook: Hook, *, is_enabled: bool, now: datetime) -> None:
    row.external_id, row.expires_at = hook.id, hook.expires_at
    row.state = State.ENABLED if is_enabled else State.PENDING
    row.next_look_at = now + (LOOK_EVERY if is_enabled else LOOK_AGAIN_AFTER)
    row.failing_since, row.failure = (None, "") if is_enabled else (row.failing_since or now, NO_HANDSHAKE)
    row.save(update_fields=["external_id", "expires_at", "state", "next_look_at", "failing_since", "failure"])


def _failed(row: Subscription, why: str, now: datetime) -> None:
    log.warning("subscription_failed", subscription=row.pk, model=row.model)
    row.failing_since, row.failure, row.next_look_at = row.failing_since or now, why, now + TRY_AGAIN_AFTER
    row.save(update_fields=["failing_since", "failure", "next_look_at"])


def _tell(connection: Connection, clock: Clock, session: requests.Session | None) -> None:
    """The issue stands exactly while Clio does not tell of something it should."""
    try:
        work = open_workspace(connection.firm, clock, session)
    except NotReady:
        return
    silent = [row for row in _live(connection).order_by("model") if _is_lapsed(row, clock.now())]
    issues.sync_firm(work, None, {LAPSED}, {LAPSED: _said(silent)} if silent else {})


def _is_lapsed(row: Subscription, now: datetime) -> bool:
    over = row.expires_at is not None and row.expires_at <= now
    return over or _is_unheard(row, now) or (row.failing_since is not None and now - row.failing_since >= SAY_AFTER)


def _said(silent: list[Subscription]) -> str:
    what = " and ".join(WATCHED[row.model].entity for row in silent)
    why = next((row.failure for row in silent if row.failure), "no webhook came although something changed")
    return (
        f"Clio does not tell the portal of changed {what}: {why}. The portal asks Clio for changes meanwhile and tries "
        "again by itself. If this stays, connect Clio again, as a user who may manage webhooks."
    )
