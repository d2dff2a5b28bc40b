"""Applications, authorization codes and tokens of one Clio region."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from integrations.sandbox.clio.resources import SCOPES
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.store import Doc, Store

CODE_LIFE = timedelta(minutes=10)
SANDBOX_CLIENT = ("sandbox-clio", "sandbox-clio-secret")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "testserver")


class Grants:
    """Everything a token stands on. Tokens and codes are kept as hashes; the plain text is only ever returned once."""

    def __init__(self, store: Store, region: str) -> None:
        self._store = store
        self._setting = f"clio_clients:{region}"
        self._space = f"clio-grants:{region}"

    def register(
        self,
        client_id: str,
        secret: str,
        redirect_uris: Sequence[str] | None = None,
        scopes: Mapping[str, str] | None = None,
    ) -> None:
        """Makes an application known; ``scopes`` are "read" or "write" by name, all of them "write" by default."""
        clients = self._store.setting(self._setting, {})
        clients[client_id] = {
            "secret": secret,
            "redirect_uris": list(redirect_uris) if redirect_uris is not None else None,
            "scopes": dict(scopes) if scopes is not None else dict.fromkeys(SCOPES, "write"),
        }
        self._store.set_setting(self._setting, clients)

    def client(self, client_id: str) -> Doc | None:
        clients = self._store.setting(self._setting, {})
        if not clients and client_id == SANDBOX_CLIENT[0]:
            return {"secret": SANDBOX_CLIENT[1], "redirect_uris": None, "scopes": dict.fromkeys(SCOPES, "write")}
        found = clients.get(client_id)
        return dict(found) if found else None

    def may_redirect(self, client: Doc, uri: str) -> bool:
        """Registered addresses match exactly; without any, only this machine's own."""
        if client["redirect_uris"] is not None:
            return uri in client["redirect_uris"]
        return urlsplit(uri).hostname in _LOCAL_HOSTS

    def new_code(self, client_id: str, redirect_uri: str, account_id: int, user_id: int, scopes: Doc) -> str:
        code = secrets.token_urlsafe(24)
        who = {"account_id": account_id, "user_id": user_id, "scopes": scopes, "client_id": client_id}
        self._add("code", code, {**who, "redirect_uri": redirect_uri}, CODE_LIFE)
        return code

    def use_code(self, code: str, client_id: str, redirect_uri: str) -> Doc | None:
        """The grant behind a code, once; None when it is unknown, used, too old or somebody else's."""
        found = self._one("code", code)
        if found is None:
            return None
        self._store.remove(self._space, "code", found["id"])
        mine = found["client_id"] == client_id and found["redirect_uri"] == redirect_uri
        return found if mine and not self._expired(found) else None

    def issue(self, grant: Doc, switches: Switches, *, refresh: bool) -> tuple[str, str | None, int]:
        """A new access token, with a refresh token when asked, and the access token's life in seconds."""
        life = int(switches["clio_access_token_s"])
        kept = {name: grant[name] for name in ("account_id", "user_id", "scopes", "client_id")}
        family = grant.get("family") or secrets.token_hex(8)
        access = secrets.token_urlsafe(32)
        self._add("access", access, {**kept, "family": family}, timedelta(seconds=life))
        if not refresh:
            return access, None, life
        renewal = secrets.token_urlsafe(32)
        self._add("refresh", renewal, {**kept, "family": family}, None)
        return access, renewal, life

    def refresh(self, token: str, client_id: str) -> Doc | None:
        found = self._one("refresh", token)
        return found if found and found["client_id"] == client_id else None

    def live(self, token: str) -> Doc | None:
        """The grant of an access token that still counts."""
        found = self._one("access", token)
        return found if found and not self._expired(found) else None

    def keep(self, grant: Doc) -> None:
        """Saves what was counted on an access token."""
        self._save("access", grant)

    def end(self, grant: Doc, kind: str) -> None:
        """Revokes every access or refresh token of the same authorization."""
        for found in self._store.find(self._space, kind, "family", grant["family"]):
            self._store.remove(self._space, kind, found["id"])

    def _add(self, kind: str, secret: str, doc: Doc, life: timedelta | None) -> None:
        ends = (self._store.now() + life).timestamp() if life else None
        id = self._store.next_id(f"clio-grants:{kind}")
        self._save(kind, {"id": id, "hash": _hash(secret), "ends": int(ends) if ends is not None else None, **doc})

    def _save(self, kind: str, doc: Doc) -> None:
        keys = {"hash": doc["hash"], "family": doc.get("family")}
        self._store.put(self._space, kind, doc["id"], doc, keys)

    def _one(self, kind: str, secret: str) -> Doc | None:
        found = self._store.find(self._space, kind, "hash", _hash(secret))
        return found[0] if found else None

    def _expired(self, doc: Doc) -> bool:
        return doc["ends"] is not None and self._store.now().timestamp() >= doc["ends"]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
