"""Tokens at rest and their renewal: encrypted, bound to their firm and system, renewed by one process at a time."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import requests
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from integrations.core.errors import Remedy, RemoteError, Trace, Unauthorized
from integrations.core.ports import Clock
from integrations.models import Connection, OAuthToken
from integrations.providers import provider_for
from integrations.systems import oauth
from integrations.systems.oauth import Grant

RENEW_BEFORE = timedelta(minutes=5)


class WrongOwner(Exception):
    """A token row was decrypted that belongs to another firm, system or company."""


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str

    def __repr__(self) -> str:
        return "Tokens(***)"


def _ring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


def seal(connection: Connection, generation: int, tokens: Tokens) -> bytes:
    """Ciphertext whose plaintext names its owner, so that it is worthless in another row."""
    return _ring().encrypt(json.dumps({**_binding(connection, generation), "a": tokens.access, "r": tokens.refresh}).encode())


def unseal(connection: Connection, row: OAuthToken) -> Tokens:
    """Raises WrongOwner for a pasted row, InvalidToken when no key fits."""
    content = json.loads(_ring().decrypt(bytes(row.ciphertext)))
    if {key: content.get(key) for key in ("firm", "system", "account", "generation")} != _binding(connection, row.generation):
        raise WrongOwner(f"the token of connection {connection.pk} was sealed for somebody else")
    return Tokens(content["a"], content["r"])


def _binding(connection: Connection, generation: int) -> dict[str, object]:
    return {
        "firm": connection.firm_id,
        "system": connection.system,
        "account": connection.external_account_id,
        "generation": generation,
    }


def rotate_keys() -> int:
    """Seals every token with the first key; returns how many. Tokens no key opens are left as they are."""
    done = 0
    for row in OAuthToken.all_firms.select_for_update().select_related("connection").iterator():
        try:
            row.ciphertext = _ring().rotate(bytes(row.ciphertext))
        except InvalidToken:
            continue
        row.save(update_fields=["ciphertext"])
        done += 1
    return done


def store(connection: Connection, grant: Grant, clock: Clock) -> None:
    """Keeps a grant; the generation grows with each."""
    row = OAuthToken.objects.of(connection.firm).select_for_update().filter(connection=connection).first()
    generation = row.generation + 1 if row else 1
    now = clock.now()
    lives = [s for s in (grant.refresh_expires_in_s, grant.hard_expires_in_s) if s is not None]
    values = {
        "ciphertext": seal(connection, generation, Tokens(grant.access_token, grant.refresh_token)),
        "access_expires_at": now + timedelta(seconds=grant.expires_in_s),
        "refresh_expires_at": now + timedelta(seconds=min(lives)) if lives else None,
        "generation": generation,
    }
    OAuthToken.objects.of(connection.firm).update_or_create(
        connection=connection, defaults=values, create_defaults={**values, "firm": connection.firm, "connection": connection}
    )


def provider_of_tokens(
    connection: Connection, clock: Clock, session: requests.Session | None = None
) -> Callable[[bool], str]:
    """What a transport asks for access tokens. The callable raises Unauthorized once a person has to reconnect."""
    seen: list[str] = []  # the last token handed out, to tell a refused one from one another process renewed since

    def token(renew: bool) -> str:
        access = _fresh(connection, clock, session, refused=seen[-1] if renew and seen else "")
        seen[:] = [access]
        return access

    return token


def _fresh(connection: Connection, clock: Clock, session: requests.Session | None, refused: str) -> str:
    """An access token that is not ``refused`` and will live a while; renewed under a row lock where needed."""
    row = OAuthToken.objects.of(connection.firm).filter(connection=connection).first()
    if row is None:
        raise _dead(connection, f"{connection.get_system_display()} is not connected.")
    access = unseal(connection, row).access
    if access != refused and row.access_expires_at - clock.now() > RENEW_BEFORE:
        return access
    return _renew(connection, clock, session, refused)


def _renew(connection: Connection, clock: Clock, session: requests.Session | None, refused: str) -> str:
    """One renewal whatever the concurrency: whoever waited for the lock finds the new token and uses it."""
    with transaction.atomic():
        row = OAuthToken.objects.of(connection.firm).select_for_update().get(connection=connection)
        tokens = unseal(connection, row)
        if tokens.access != refused and row.access_expires_at - clock.now() > RENEW_BEFORE:
            return tokens.access
        provider = provider_for(connection.system, connection.region, session)
        try:
            grant = oauth.refresh(provider, tokens.refresh, session)
        except RemoteError as error:
            if error.remedy is not Remedy.RECONNECT:
                raise
            failure: RemoteError | None = error
        else:
            store(connection, grant, clock)
            failure = None
    if failure is None:
        return grant.access_token
    needs_reconnect(connection, failure.message)
    raise failure


def needs_reconnect(connection: Connection, reason: str) -> None:
    """Stops the connection until a person authorises it again; its tokens are worthless and forgotten."""
    connection.state, connection.reason = Connection.State.RECONNECT, reason
    connection.save(update_fields=["state", "reason"])
    OAuthToken.objects.of(connection.firm).filter(connection=connection).delete()


def _dead(connection: Connection, message: str) -> Unauthorized:
    return Unauthorized(
        f"{message} Connect it again on the connections page.",
        Trace(system=connection.system, path="/oauth", status=401, code="not_connected"),
    )
