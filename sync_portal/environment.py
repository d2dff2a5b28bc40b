"""Reads environment variables as typed values; a wrong one ends the start with one line that names it."""

import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
KEY_CHARACTERS = 50  # what Django's own deployment check asks of SECRET_KEY
LOCAL_HINT = "for local use set SANDBOX=1 or DEBUG=1 and one is made for you"
POSTGRES_SCHEMES = ("postgres", "postgresql", "pgsql", "psql")

# Intuit developer: OAuth 2.0, discovery document; Accounting API, base URLs.
QUICKBOOKS_ROOTS = {
    "production": (
        "https://quickbooks.api.intuit.com",
        "https://developer.api.intuit.com/.well-known/openid_configuration",
    ),
    "sandbox": (
        "https://sandbox-quickbooks.api.intuit.com",
        "https://developer.api.intuit.com/.well-known/openid_sandbox_configuration",
    ),
}


def refuse(name: str, rule: str, value: str = "") -> NoReturn:
    """Raises SystemExit; ``value`` must not be a secret."""
    got = f' (got "{value}")' if value else ""
    raise SystemExit(f"{name} {rule}{got}")


class Environment(environ.Env):
    """django-environ with answers for every wrong value."""

    def word(self, name: str, default: str = "") -> str:
        return str(self.str(name, default)).strip()

    def flag(self, name: str) -> bool:
        value = self.word(name).lower()
        if value not in YES + NO:
            refuse(name, "must be 1 or 0", value)
        return value in YES

    def words(self, name: str, default: Sequence[str]) -> list[str]:
        """A comma list; the default where it is unset or empty."""
        return [part.strip() for part in self.word(name).split(",") if part.strip()] or list(default)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.word(name, str(default))
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            refuse(name, f"must be a whole number from {least} to {most}", value)
        return int(value)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """The first choice is the default."""
        value = self.word(name) or choices[0]
        if value not in choices:
            refuse(name, f"must be {' or '.join(choices)}", value)
        return value

    def address(self, name: str, default: str, example: str) -> str:
        """An absolute http(s) address without a trailing slash, query or fragment."""
        value = self.word(name) or default
        if not is_address(value):
            refuse(name, f"must be an absolute http(s) address, for example {example}", value)
        return value.rstrip("/")

    def site(self, name: str, default: str) -> str:
        value = self.address(name, default, "https://portal.example.com")
        if urlsplit(value).path:
            refuse(name, "must be an address without a path, for example https://portal.example.com", value)
        return value

    def origins(self, name: str, default: Sequence[str]) -> list[str]:
        values = self.words(name, default)
        for value in values:
            if not is_address(value.replace("*.", "")):
                refuse(name, "must be a comma list of addresses such as https://portal.example.com", value)
        return values

    def folder(self, name: str) -> Path | None:
        value = self.word(name)
        if value and not Path(value).is_dir():
            refuse(name, "must be a folder that exists", value)
        return Path(value).resolve() if value else None

    def data_dir(self, name: str, default: Path) -> Path:
        path = Path(self.word(name) or default).expanduser().resolve()
        if path.exists() and not path.is_dir():
            refuse(name, "must be a folder", str(path))
        return path

    def database(self, name: str) -> dict[str, object] | None:
        """Django's connection settings, or None where the variable is unset."""
        if not self.word(name):
            return None
        rule = "must be a PostgreSQL address, for example postgres://user:password@host:5432/portal"
        try:
            parts = urlsplit(self.word(name))
            known = parts.scheme in POSTGRES_SCHEMES and (parts.port or True)
        except ValueError:
            known = False
        config = dict(self.db(name)) if known else {}
        if not config.get("NAME"):
            refuse(name, rule)
        return config

    def mailer(self, name: str) -> dict[str, object]:
        """One entry of MAILERS; mail is printed to the console where the variable is unset."""
        value = self.word(name) or "consolemail://"
        try:
            parts = self.email_url_config(value)
        except (ValueError, ImproperlyConfigured):
            refuse(name, "must be a mail address, for example smtp+tls://user:password@mail.example.com:587")
        backend = str(parts["EMAIL_BACKEND"])
        if not backend.endswith("smtp.EmailBackend"):
            options = {"file_path": parts["EMAIL_FILE_PATH"]} if "filebased" in backend else {}
            return {"BACKEND": backend, "OPTIONS": options}
        if not parts.get("EMAIL_HOST"):
            refuse(name, "must name a mail host, for example smtp+tls://user:password@mail.example.com:587")
        return {"BACKEND": backend, "OPTIONS": _smtp_options(parts)}

    def secret_key(self, name: str, local_file: Path | None) -> str:
        value = self.word(name) or _kept(local_file, lambda: secrets.token_urlsafe(KEY_CHARACTERS))
        if not value:
            refuse(name, f"must be set to a secret of {KEY_CHARACTERS} or more random characters; {LOCAL_HINT}")
        return value

    def token_keys(self, name: str, local_file: Path | None) -> list[str]:
        """Fernet keys: the first encrypts, all decrypt."""
        text = self.word(name) or _kept(local_file, lambda: Fernet.generate_key().decode())
        keys = [part.strip() for part in text.split(",") if part.strip()]
        if not keys or not all(map(_is_fernet_key, keys)):
            refuse(name, f"must be a comma list of Fernet keys (44 characters each); {LOCAL_HINT}")
        return keys

    def dsn(self, name: str) -> str:
        """An error tracker's address, with its key as the user; "" where reports are off."""
        value = self.word(name)
        if value and not (urlsplit(value).username and is_address(value.replace(f"{urlsplit(value).username}@", ""))):
            refuse(name, "must be the address of a Sentry project, for example https://key@errors.example.com/1")
        return value

    def clio(self, prefix: str, base_url: str, app: tuple[str, str]) -> dict[str, str]:
        """One Clio region: its root and our app there. Without an app the region is not offered."""
        identity, secret = self.pair(f"{prefix}_CLIENT_ID", f"{prefix}_CLIENT_SECRET", app)
        root = self.address(f"{prefix}_BASE_URL", base_url, "https://app.clio.com")
        return {"base_url": root, "client_id": identity, "client_secret": secret}

    def quickbooks(self, stand_in: str) -> dict[str, str]:
        """Intuit's addresses and our app there; ``stand_in`` is the root that takes Intuit's place, or ""."""
        environment = self.choice("QBO_ENVIRONMENT", tuple(QUICKBOOKS_ROOTS))
        api, discovery = QUICKBOOKS_ROOTS[environment]
        if stand_in:
            api, discovery = stand_in, f"{stand_in}/.well-known/openid_configuration"
        app = ("sandbox-quickbooks", "sandbox-quickbooks-secret") if stand_in else ("", "")
        identity, secret = self.pair("QBO_CLIENT_ID", "QBO_CLIENT_SECRET", app)
        return {
            "environment": environment,
            "client_id": identity,
            "client_secret": secret,
            "api_base_url": self.address("QBO_API_BASE_URL", api, "https://quickbooks.api.intuit.com"),
            "discovery_url": self.address("QBO_DISCOVERY_URL", discovery, QUICKBOOKS_ROOTS["production"][1]),
            "verifier_token": self.word("QBO_WEBHOOK_VERIFIER_TOKEN") or ("sandbox-verifier" if stand_in else ""),
        }

    def pair(self, identity: str, secret: str, default: tuple[str, str]) -> tuple[str, str]:
        """A client id and its secret: both or neither."""
        found = (self.word(identity) or default[0], self.word(secret) or default[1])
        if bool(found[0]) != bool(found[1]):
            missing, present = (secret, identity) if found[0] else (identity, secret)
            refuse(missing, f"must be set because {present} is")
        return found


def is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or any(c.isspace() for c in value))
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def origins(*addresses: str) -> list[str]:
    """Scheme, host and port of each address, every one once."""
    parts = map(urlsplit, addresses)
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def _smtp_options(parts: dict[str, object]) -> dict[str, object]:
    return {
        "host": parts["EMAIL_HOST"],
        "port": parts["EMAIL_PORT"] or 25,
        "username": parts["EMAIL_HOST_USER"] or "",
        "password": parts["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": bool(parts.get("EMAIL_USE_TLS")),
        "use_ssl": bool(parts.get("EMAIL_USE_SSL")),
        "timeout": 20,
    }


def _kept(file: Path | None, make: Callable[[], str]) -> str:
    """The secret in ``file``, made there once for its owner alone; "" without a file."""
    if file is None:
        return ""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}-{os.getpid()}-{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(make())
        try:
            os.link(fresh, file)  # the first of two processes wins, and both then read the same secret
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_text().strip()


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
