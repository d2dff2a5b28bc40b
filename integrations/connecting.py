"""Connecting, confirming, disconnecting and purging: who a firm's two grants speak for, and who may not be joined."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import requests
from django.conf import settings
from django.db import IntegrityError, transaction

from firms.models import Firm, Membership, User
from firms.roles import Permission
from integrations import subscribing
from integrations.core.errors import RemoteError
from integrations.core.ports import Clock, Identity
from integrations.models import (
    Connection,
    Cursor,
    OAuthState,
    OAuthToken,
    Pairing,
    StaleMark,
    SyncRun,
    System,
    TrustSweep,
)
from integrations.models.pairing import live_pairing
from integrations.providers import NotConfigured, provider_for
from integrations.systems import oauth
from integrations.systems.factory import clio_gateway, quickbooks_gateway
from integrations.systems.oauth import Grant
from integrations.systems.origin import WrongAddress
from integrations.tokens import Tokens, Unreadable, WrongOwner, provider_of_tokens, store, unseal

STATE_LIVES = timedelta(minutes=10)
REALM = re.compile(r"[0-9]{1,32}")


class ConnectFailed(Exception):
    """A connection was not made and nothing was written; the text says why and what to do."""

    def __init__(self, message: str, firm: Firm | None = None) -> None:
        super().__init__(message)
        self.firm = firm


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person and the browser session a connection attempt is bound to."""

    user: User
    session_key: str


def begin(
    firm: Firm, visitor: Visitor, system: str, region: str, clock: Clock, session: requests.Session | None = None
) -> str:
    """Where to send the browser. Raises ConnectFailed."""
    if system == "clio" and region not in settings.CLIO_REGIONS:
        raise ConnectFailed(f"“{region}” is no Clio region. Choose one of {', '.join(settings.CLIO_REGIONS)}.", firm)
    try:
        address = _consent_address(system, region, state := secrets.token_urlsafe(32), session)
    except NotConfigured as error:
        raise ConnectFailed(str(error), firm) from error
    except (RemoteError, WrongAddress) as error:
        text = f"Connecting {_name(system)} could not be started: {error}. Nothing has changed; try again later."
        raise ConnectFailed(text, firm) from error
    OAuthState.objects.of(firm).create(
        firm=firm,
        digest=_digest(state),
        session_digest=_digest(visitor.session_key),
        user=visitor.user,
        system=system,
        region=region if system == "clio" else "",
        expires_at=clock.now() + STATE_LIVES,
    )
    return address


def _consent_address(system: str, region: str, state: str, session: requests.Session | None) -> str:
    return oauth.authorize_url(provider_for(system, region, session), state)


def finish(
    visitor: Visitor, system: str, answer: Mapping[str, str], clock: Clock, session: requests.Session | None = None
) -> Connection:
    """The connection a callback makes. Raises ConnectFailed; a state serves once, whatever comes of it."""
    state = _use_state(visitor, system, answer.get("state", ""), clock)
    firm = state.firm
    if answer.get("error"):
        raise ConnectFailed(_declined(state, answer["error"]), firm)
    if not answer.get("code") or (system == "quickbooks" and not REALM.fullmatch(answer.get("realmId", ""))):
        raise ConnectFailed(f"{_name(system)} came back without a code. Start again with Connect.", firm)
    try:
        provider = provider_for(system, state.region, session)
        grant = oauth.exchange(provider, answer["code"], session)
    except (NotConfigured, RemoteError, WrongAddress) as error:
        raise ConnectFailed(f"{_name(system)} was not connected: {error}", firm) from error
    try:
        identity = _identity(state, answer, grant, clock, session)
        connection, let_go = attach(firm, visitor.user, system, identity, grant, clock)
    except (RemoteError, ConnectFailed, WrongAddress) as error:
        _give_back(provider, grant, session)
        raise ConnectFailed(f"{_name(system)} was not connected: {error}", firm) from error
    except Exception:
        _give_back(provider, grant, session)  # nobody would ever use it
        raise
    for other, tokens in let_go:
        _revoked(other, tokens, session)
    return connection


def _use_state(visitor: Visitor, system: str, value: str, clock: Clock) -> OAuthState:
    """Takes the one attempt this callback belongs to; a second callback finds it used."""
    states = OAuthState.all_firms.filter(digest=_digest(value), used_at=None)
    if not value or not states.update(used_at=clock.now()):
        raise ConnectFailed("This connection attempt is unknown or was already used. Start again with Connect.")
    state = OAuthState.all_firms.select_related("firm").get(digest=_digest(value))
    bound = (state.user_id, state.session_digest, state.system)
    if bound != (visitor.user.pk, _digest(visitor.session_key), system):
        raise ConnectFailed("This connection attempt was started in another session. Start again with Connect.")
    if state.expires_at < clock.now():
        raise ConnectFailed("This connection attempt is older than ten minutes. Start again with Connect.", state.firm)
    member = Membership.objects.filter(firm=state.firm, user=visitor.user).first()
    if member is None or not member.may(Permission.CONNECT):
        raise ConnectFailed("Only an owner or admin of the firm may connect its systems.")
    return state


def _declined(state: OAuthState, error: str) -> str:
    if error == "access_denied":
        return f"{_name(state.system)} was not connected, because access was declined there. Nothing has changed."
    return f"{_name(state.system)} was not connected; it answered “{error[:80]}”. Start again with Connect."


def _identity(
    state: OAuthState, answer: Mapping[str, str], grant: Grant, clock: Clock, session: requests.Session | None
) -> Identity:
    def token(renew: bool) -> str:
        return grant.access_token

    if state.system == "clio":
        root = settings.CLIO_REGIONS[state.region]["base_url"]
        return clio_gateway(root=root, region=state.region, token=token, clock=clock, session=session).identity()
    realm, root = answer["realmId"], settings.QBO["api_base_url"]
    return quickbooks_gateway(api_root=root, realm=realm, token=token, clock=clock, session=session).identity()


Grants = list[tuple[Connection, Tokens]]


def attach(
    firm: Firm, user: User, system: str, identity: Identity, grant: Grant, clock: Clock
) -> tuple[Connection, Grants]:
    """Makes or revives the firm's connection and keeps its tokens; returns it with the grants to give back.

    Raises ConnectFailed and then writes nothing.
    """
    try:
        with transaction.atomic():
            Firm.objects.select_for_update().get(pk=firm.pk)
            _refuse_foreign(firm, system, identity)
            let_go = _let_go(firm, system, identity, clock)
            connection = _revived(firm, user, system, identity)
            store(connection, grant, clock)
            _pair(firm)
    except IntegrityError as error:
        if "one_live_connection_per_account" not in str(error):
            raise
        raise ConnectFailed(_TAKEN) from error
    return connection, let_go


_TAKEN = (
    "this account is already linked to another firm on this portal. One account can be linked to one firm only; "
    "disconnect it there first, or ask support."
)


def _refuse_foreign(firm: Firm, system: str, identity: Identity) -> None:
    live = Connection.all_firms.exclude(state=Connection.State.DISCONNECTED).exclude(firm=firm)
    account = {"system": system, "region": identity.region, "external_account_id": identity.external_account_id}
    if live.filter(**account).exists():
        raise ConnectFailed(_TAKEN)
    pairing = live_pairing(firm)
    if pairing is None:
        return
    paired = pairing.practice if system == "clio" else pairing.ledger
    if (paired.region, paired.external_account_id) != (identity.region, identity.external_account_id):
        raise ConnectFailed(
            f"this firm is linked to “{paired.name}”, and you chose “{identity.name}”. Links of one company are never "
            "used in another. Connect the first one again, or purge the link on the connections page."
        )


def _let_go(firm: Firm, system: str, identity: Identity, clock: Clock) -> Grants:
    """Another account of the same system, which nothing is paired with, makes way."""
    others = Connection.objects.of(firm).filter(system=system).exclude(state=Connection.State.DISCONNECTED)
    others = others.exclude(region=identity.region, external_account_id=identity.external_account_id)
    return [(other, tokens) for other in others if (tokens := _forget(other, clock))]


def _forget(connection: Connection, clock: Clock) -> Tokens | None:
    """Marks the connection disconnected; returns the tokens it had. Waits for a renewal that is under way."""
    row = OAuthToken.objects.of(connection.firm).select_for_update().filter(connection=connection).first()
    tokens = _readable(connection, row) if row else None
    if row:
        row.delete()
    connection.state, connection.reason = Connection.State.DISCONNECTED, ""
    connection.disconnected_at = clock.now()
    connection.save(update_fields=["state", "reason", "disconnected_at"])
    return tokens


def _revived(firm: Firm, user: User, system: str, identity: Identity) -> Connection:
    """The firm's connection to this account: the one it had before, where it had one."""
    known = {"region": identity.region, "external_account_id": identity.external_account_id}
    connection = Connection.objects.of(firm).filter(system=system, **known).order_by("-id").first()
    if connection is None:
        connection = Connection(firm=firm, system=system, **known)
    connection.name, connection.country = identity.name[:1024], identity.country[:64]
    connection.currency = identity.currency[:3]
    connection.state, connection.reason = Connection.State.CONNECTED, ""
    connection.connected_by, connection.disconnected_at = user, None
    connection.save()
    return connection


def _pair(firm: Firm) -> None:
    """Joins the two connections once both are there; the very two that were joined before get their links back."""
    live = Connection.objects.of(firm).exclude(state=Connection.State.DISCONNECTED)
    by_system = {connection.system: connection for connection in live}
    if live_pairing(firm) is not None or len(by_system) != 2:
        return
    practice, ledger = by_system[System.CLIO], by_system[System.QUICKBOOKS]
    archived = Pairing.objects.of(firm).filter(practice=practice, ledger=ledger).order_by("-archived_at").first()
    if archived is None:
        Pairing.objects.of(firm).create(practice=practice, ledger=ledger)
        return
    # Without its links everything posted before would be met again as somebody else's.
    archived.archived_at = None
    archived.save(update_fields=["archived_at"])
    TrustSweep.objects.of(firm).filter(pairing=archived).delete()
    Cursor.objects.of(firm).filter(pairing=archived).delete()  # both systems are read again from the start


def confirm(connection: Connection, user: User, clock: Clock) -> None:
    """A person says that this is the right company; from now on it may be written to."""
    connection.confirmed_at, connection.confirmed_by = clock.now(), user
    connection.save(update_fields=["confirmed_at", "confirmed_by"])


def disconnect(connection: Connection, clock: Clock, session: requests.Session | None = None) -> bool:
    """Forgets the grant and gives it back; links stay. Returns whether the system acknowledged that."""
    _freshen(connection, clock, session)
    subscribing.stop(connection, clock, session)
    with transaction.atomic():
        had_any = OAuthToken.objects.of(connection.firm).filter(connection=connection).exists()
        tokens = _forget(connection, clock)
    return _revoked(connection, tokens, session) if tokens else not had_any


def _freshen(connection: Connection, clock: Clock, session: requests.Session | None) -> None:
    """Clio takes a grant back only by an access token that still lives (Clio API docs: authorization)."""
    with suppress(RemoteError):
        provider_of_tokens(connection, clock, session)(False)


def _readable(connection: Connection, row: OAuthToken) -> Tokens | None:
    """None for tokens that nobody can open any more; they cannot be given back."""
    try:
        return unseal(connection, row)
    except (WrongOwner, Unreadable):
        return None


def _revoked(connection: Connection, tokens: Tokens, session: requests.Session | None) -> bool:
    grant = Grant(tokens.access, tokens.refresh, 0)
    try:
        provider = provider_for(connection.system, connection.region, session)
    except (NotConfigured, RemoteError, WrongAddress):
        return False
    return _give_back(provider, grant, session)


def _give_back(provider: oauth.Provider, grant: Grant, session: requests.Session | None) -> bool:
    try:
        return oauth.revoke(provider, grant, session)
    except (RemoteError, WrongAddress):
        return False


def purge(pairing: Pairing, clock: Clock, session: requests.Session | None = None) -> bool:
    """Disconnects both systems and archives the pairing with its links; nothing in either system is touched.

    Returns whether both systems acknowledged that. The company has to be confirmed again before it is written to.
    """
    live = [connection for connection in (pairing.practice, pairing.ledger) if connection.is_live]
    given_back = [disconnect(connection, clock, session) for connection in live]
    now = clock.now()
    with transaction.atomic():
        pairing.archived_at = now
        pairing.sync_asked_at = pairing.sync_asked_by = pairing.next_sync_at = pairing.hooked_at = None
        pairing.save(update_fields=["archived_at", "sync_asked_at", "sync_asked_by", "next_sync_at", "hooked_at"])
        StaleMark.objects.of(pairing.firm).filter(pairing=pairing).delete()
        ledger = Connection.objects.of(pairing.firm).filter(pk=pairing.ledger_id)
        ledger.update(confirmed_at=None, confirmed_by=None)
        waiting = SyncRun.objects.of(pairing.firm).filter(pairing=pairing, finished_at=None, held_by="")
        waiting.filter(is_dry=True).delete()
        ended = {"state": SyncRun.State.FINISHED, "outcome": SyncRun.Outcome.FAILED, "finished_at": now}
        waiting.update(**ended, reason="The link was purged before the run was finished.")
    return all(given_back)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _name(system: str) -> str:
    return "Clio" if system == "clio" else "QuickBooks"
