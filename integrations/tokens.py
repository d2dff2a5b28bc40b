"""Tokens at rest and their renewal: encrypted, bound to their firm and system, renewed by one process at a time.

Of a system that gives another refresh token with each renewal the last but one is kept for a day: where our copy of the
last turns out to be worthless, it is tried once before a person is asked to connect again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import requests
import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from integrations.core import words
from integrations.core.errors import Forbidden, Remedy, RemoteError, Trace, Unauthorized
from integrations.core.ports import Clock
from integrations.faults import fault_point
from integrations.models import Connection, OAuthToken
from integrations.models.pairing import live_pairing
from integrations.providers import NotConfigured, provider_for
from integrations.sync.issues import sync_firm
from integrations.sync.workspace import Bystander
from integrations.systems import oauth
from integrations.systems.oauth import Grant, Provider
from integrations.systems.origin import WrongAddress

log = structlog.get_logger(__name__)
RENEW_BEFORE = timedelta(minutes=5)
EARLIER_SERVES = timedelta(days=1)  # Intuit support: about a day after another was given; stated in no contract
LOOK_AGAIN_AFTER = timedelta(seconds=5)  # a long run notices so soon that a person disconnected meanwhile
CONNECT_AGAIN = "Connect it again on the connections page."
PASTED = "The stored authorisation was sealed for another connection, so it is not used."
UNREADABLE = (
    "The stored authorisation cannot be opened with this installation's keys (TOKEN_KEYS). "
    "Support can put the missing key back."
)


class WrongOwner(Exception):
    """A token row was decrypted that belongs to another firm, system or company."""


class Unreadable(Exception):
    """No key opens the row, or what is in it is no pair of tokens."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """``earlier`` is the refresh token that ``refresh`` took the place of, at ``earlier_until`` less a day; or ""."""

    access: str
    refresh: str
    earlier: str = ""
    earlier_until: str = ""  # ISO 8601

    def __repr__(self) -> str:
        return "Tokens(***)"


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many tokens are now sealed with the first key, and how many nobody can open."""

    sealed: int
    unreadable: int


def _ring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


def seal(connection: Connection, generation: int, tokens: Tokens) -> bytes:
    """Ciphertext whose plaintext names its owner, so that it is worthless in another row."""
    earlier = {"e": tokens.earlier, "u": tokens.earlier_until} if tokens.earlier else {}
    content = {**_binding(connection, generation), "a": tokens.access, "r": tokens.refresh, **earlier}
    return _ring().encrypt(json.dumps(content).encode())


def unseal(connection: Connection, row: OAuthToken) -> Tokens:
    """Raises WrongOwner for a pasted row, Unreadable when no key fits."""
    try:
        content = json.loads(_ring().decrypt(bytes(row.ciphertext)))
        pair, earlier = (content.pop("a"), content.pop("r")), (content.pop("e", ""), content.pop("u", ""))
        tokens, bound = Tokens(*pair, *earlier), content
    except (InvalidToken, ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable(f"the token of connection {connection.pk} cannot be opened") from None
    if bound != _binding(connection, row.generation):
        raise WrongOwner(f"the token of connection {connection.pk} was sealed for somebody else")
    return tokens


def _binding(connection: Connection, generation: int) -> dict[str, object]:
    return {
        "firm": connection.firm_id,
        "system": connection.system,
        "region": connection.region,
        "account": connection.external_account_id,
        "generation": generation,
    }


def rotate_keys() -> Rotation:
    """Seals every token with the first key, one row at a time. What cannot be opened is left as it is."""
    ids = list(OAuthToken.all_firms.order_by("pk").values_list("pk", flat=True))
    sealed = [done for done in map(_rotate, ids) if done is not None]
    return Rotation(sealed.count(True), sealed.count(False))


def _rotate(token_id: int) -> bool | None:
    """Whether the row could be opened; None where it is gone meanwhile."""
    with transaction.atomic():
        rows = OAuthToken.all_firms.select_for_update(of=("self",)).select_related("connection")
        row = rows.filter(pk=token_id).first()
        if row is None:
            return None
        try:
            unseal(row.connection, row)
        except (WrongOwner, Unreadable):
            return False
        row.ciphertext = _ring().rotate(bytes(row.ciphertext))
        row.save(update_fields=["ciphertext"])
        _readable_again(row.connection)
        return True


def store(connection: Connection, grant: Grant, clock: Clock, renewed: Tokens | None = None) -> None:
    """Keeps a grant; the generation grows with each. ``renewed`` is what was renewed with; None for a new consent."""
    row = OAuthToken.objects.of(connection.firm).select_for_update().filter(connection=connection).first()
    generation = row.generation + 1 if row else 1
    now = clock.now()
    lives = [s for s in (grant.refresh_expires_in_s, grant.hard_expires_in_s) if s is not None]
    values = {
        "ciphertext": seal(connection, generation, _kept(grant, renewed, now)),
        "access_expires_at": now + timedelta(seconds=grant.expires_in_s),
        "refresh_expires_at": now + timedelta(seconds=min(lives)) if lives else None,
        "ends_at": _ends_at(grant, row if renewed else None, now),
        "generation": generation,
    }
    OAuthToken.objects.of(connection.firm).update_or_create(
        connection=connection,
        defaults=values,
        create_defaults={**values, "firm": connection.firm, "connection": connection},
    )


def _kept(grant: Grant, renewed: Tokens | None, now: datetime) -> Tokens:
    """A renewal that gave no other refresh token leaves the earlier one as it was."""
    if renewed is None:
        return Tokens(grant.access_token, grant.refresh_token)
    if grant.refresh_token == renewed.refresh:
        return replace(renewed, access=grant.access_token)
    until = (now + EARLIER_SERVES).isoformat()
    return Tokens(grant.access_token, grant.refresh_token, renewed.refresh, until)


def _ends_at(grant: Grant, before: OAuthToken | None, now: datetime) -> datetime | None:
    """When no renewal helps any more; a renewal does not move that, and need not name it again."""
    if grant.hard_expires_in_s is not None:
        return now + timedelta(seconds=grant.hard_expires_in_s)
    return before.ends_at if before else None


def provider_of_tokens(
    connection: Connection, clock: Clock, session: requests.Session | None = None
) -> Callable[[bool], str]:
    """What a transport asks for access tokens. The callable raises Unauthorized once a person has to reconnect."""
    last: tuple[str, datetime] | None = None  # handed out when; tells a refused token from one renewed since elsewhere

    def token(renew: bool) -> str:
        nonlocal last
        if last and not renew and clock.now() - last[1] < LOOK_AGAIN_AFTER:
            return last[0]
        last = (_fresh(connection, clock, session, refused=last[0] if renew and last else ""), clock.now())
        return last[0]

    return token


def _fresh(connection: Connection, clock: Clock, session: requests.Session | None, refused: str) -> str:
    """An access token that is not ``refused`` and will live a while; renewed under a row lock where needed."""
    row = OAuthToken.objects.of(connection.firm).filter(connection=connection).first()
    if row is None:
        raise _dead(connection)
    access = _opened(connection, row, clock).access
    if access != refused and row.access_expires_at - clock.now() > RENEW_BEFORE:
        return access
    renewed = _renew(connection, clock, session, refused)
    fault_point("token")
    return renewed


def _opened(connection: Connection, row: OAuthToken, clock: Clock) -> Tokens:
    """The tokens; a row that must not or cannot be used stops the connection. Raises Unauthorized.

    A row no key opens is kept: it serves again once the key is back.
    """
    try:
        tokens = unseal(connection, row)
    except WrongOwner:
        log.error("authorisation_of_somebody_else", connection=connection.pk)
        needs_reconnect(connection, PASTED, clock)
        raise _dead(connection) from None
    except Unreadable:
        log.error("authorisation_unreadable", connection=connection.pk)
        _stop(connection, UNREADABLE, clock)
        raise _dead(connection) from None
    _readable_again(connection)
    return tokens


def _renew(connection: Connection, clock: Clock, session: requests.Session | None, refused: str) -> str:
    """One renewal whatever the concurrency: whoever waited for the lock finds the new token and uses it.

    ``durable``: what comes back is committed before anyone can use it. A dead grant is forgotten under the same lock,
    so that it is asked about once.
    """
    provider = _provider(connection, session)
    with transaction.atomic(durable=True):
        row = OAuthToken.objects.of(connection.firm).select_for_update().filter(connection=connection).first()
        if row is None:
            raise _dead(connection)
        tokens = _opened(connection, row, clock)
        if tokens.access != refused and row.access_expires_at - clock.now() > RENEW_BEFORE:
            return tokens.access
        try:
            grant, renewed = _refreshed(provider, tokens, clock, session)
        except RemoteError as error:
            if error.remedy is not Remedy.RECONNECT:
                raise
            needs_reconnect(connection, _ended(connection, row, error, clock), clock)
        else:
            fault_point("renewed")
            store(connection, grant, clock, renewed)
            return grant.access_token
    raise _dead(connection)


def _refreshed(
    provider: Provider, tokens: Tokens, clock: Clock, session: requests.Session | None
) -> tuple[Grant, Tokens]:
    """A renewed grant and the tokens it was renewed with: ours, or once, while it may serve, the earlier one.

    A system may have answered with a token that never reached us, or that it then forgot. Raises RemoteError.
    """
    try:
        return oauth.refresh(provider, tokens.refresh, session), tokens
    except Unauthorized:
        if not tokens.earlier or datetime.fromisoformat(tokens.earlier_until) <= clock.now():
            raise
        log.warning("earlier_refresh_token_tried", system=provider.system)
        earlier = Tokens(tokens.access, tokens.earlier)
        return oauth.refresh(provider, earlier.refresh, session), earlier


def _provider(connection: Connection, session: requests.Session | None) -> Provider:
    """Raises RemoteError, also where this installation has no app for the system any more."""
    try:
        return provider_for(connection.system, connection.region, session)
    except (NotConfigured, WrongAddress) as error:
        trace = Trace(connection.system, path="/oauth", code="not_configured")
        raise Forbidden(str(error), trace) from error


def _ended(connection: Connection, row: OAuthToken, error: RemoteError, clock: Clock) -> str:
    if row.refresh_expires_at and row.refresh_expires_at <= clock.now():
        day = words.day(row.refresh_expires_at)
        return f"The authorisation that {connection.get_system_display()} gave ended on {day}."
    return f"{error.message}."


def needs_reconnect(connection: Connection, reason: str, clock: Clock) -> None:
    """Stops the connection until a person authorises it again; its tokens are worthless and forgotten."""
    with transaction.atomic():
        OAuthToken.objects.of(connection.firm).filter(connection=connection).delete()
        _stop(connection, reason, clock)


def _stop(connection: Connection, reason: str, clock: Clock) -> None:
    """Only a live connection: one that a person disconnected meanwhile stays so. Whoever finds out first says so."""
    connection.state, connection.reason = Connection.State.RECONNECT, reason
    mine = Connection.objects.of(connection.firm).filter(pk=connection.pk)
    if mine.filter(state=Connection.State.CONNECTED).update(state=connection.state, reason=reason):
        _tell(connection, f"{reason} {CONNECT_AGAIN}", clock)
    else:
        mine.exclude(state=Connection.State.DISCONNECTED).update(reason=reason)


def _tell(connection: Connection, message: str, clock: Clock) -> None:
    """An issue at once: without its connection no run comes along that would open one."""
    pairing = live_pairing(connection.firm)
    if pairing is not None and connection.pk in (pairing.practice_id, pairing.ledger_id):
        sync_firm(Bystander(pairing, clock), None, {"reconnect"}, {"reconnect": message})


def _readable_again(connection: Connection) -> None:
    """A connection that only lacked the key, and has its tokens still, works again."""
    if connection.state == Connection.State.RECONNECT:
        connection.state, connection.reason = Connection.State.CONNECTED, ""
        mine = Connection.objects.of(connection.firm).filter(pk=connection.pk, state=Connection.State.RECONNECT)
        mine.update(state=connection.state, reason="")


def _dead(connection: Connection) -> Unauthorized:
    """Says why, in the words kept with the connection, whichever process found out."""
    reasons = Connection.objects.of(connection.firm).filter(pk=connection.pk).values_list("reason", flat=True)
    reason = reasons.first() or f"{connection.get_system_display()} is not connected."
    return Unauthorized(
        f"{reason} {CONNECT_AGAIN}",
        Trace(system=connection.system, path="/oauth", status=401, code="not_connected"),
    )
