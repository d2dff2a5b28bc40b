"""Settings: a wrong value ends the start with one line that names it; the rest has safe defaults."""

import logging
import logging.config
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from cryptography.fernet import Fernet

from sync_portal.environment import Environment, is_address
from sync_portal.logs import HIDDEN, logging_config, redact, scrub

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "p" * 60,
    "TOKEN_KEYS": Fernet.generate_key().decode(),
    "SITE_URL": "https://portal.example.com",
    "DATABASE_URL": "postgres://portal:secret@db.invalid:5432/portal",
}
SHOW = "from django.conf import settings as s; s.DEBUG; print(repr([getattr(s, n) for n in {names!r}]))"
Start = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Loads the settings in a process of its own, with this environment and no other."""

    def run(*names: str, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "sync_portal.settings",
        }
        code = SHOW.format(names=list(names))
        return subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SECRET_KEY", "", "must be set to a secret"),
        ("TOKEN_KEYS", "", "must be a comma list of Fernet keys"),
        ("TOKEN_KEYS", "short", "must be a comma list of Fernet keys"),
        ("SITE_URL", "foo", 'must be an absolute http(s) address, for example https://portal.example.com (got "foo")'),
        ("SITE_URL", "https://a.example/path", "must be an address without a path"),
        ("DATABASE_URL", "mysql://a/b", "must be a PostgreSQL address"),
        ("DATABASE_URL", "postgres://user:hunter2@host:port/name", "must be a PostgreSQL address"),
        ("DATABASE_URL", "postgres://host", "must be a PostgreSQL address"),
        ("DATABASE_URL", "nonsense", "must be a PostgreSQL address"),
        ("DEBUG", "maybe", 'must be 1 or 0 (got "maybe")'),
        ("Q_WORKERS", "0", "must be a whole number from 1 to 64"),
        ("QBO_ENVIRONMENT", "test", "must be production or sandbox"),
        ("QBO_DISCOVERY_URL", "ftp://x", "must be an absolute http(s) address"),
        ("CLIO_EU_BASE_URL", "eu.app.clio.com", "must be an absolute http(s) address"),
        ("CLIO_CLIENT_ID", "only-the-id", "must be set because CLIO_CLIENT_ID is"),
        ("SPEC_DIR", "/no/such/folder", "must be a folder that exists"),
        ("EMAIL_URL", "pigeon://coop", "must be a mail address"),
        ("SENTRY_DSN", "yes", "must be the address of a Sentry project"),
        ("CSRF_TRUSTED_ORIGINS", "portal.example.com", "must be a comma list of addresses"),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_line(start: Start, name: str, value: str, rule: str) -> None:
    result = start(**{**PRODUCTION, name: value})
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert rule in result.stderr
    assert result.stderr.startswith(name if name != "CLIO_CLIENT_ID" else "CLIO_CLIENT_SECRET")


def test_a_wrong_secret_is_not_printed(start: Start) -> None:
    result = start(**{**PRODUCTION, "TOKEN_KEYS": "hunter2", "DATABASE_URL": "mysql://u:hunter2@h/n"})
    assert result.returncode == 1
    assert "hunter2" not in result.stderr


def test_production_writes_no_secret_to_disk_and_is_closed_by_default(start: Start, tmp_path: Path) -> None:
    names = ("DEBUG", "SANDBOX", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SANDBOX_RUNNING")
    result = start(*names, **PRODUCTION)
    assert result.stdout.strip() == "[False, False, ['portal.example.com'], True, True, None]"
    assert list(tmp_path.iterdir()) == []


def test_without_the_sandbox_the_vendors_own_addresses_are_used(start: Start) -> None:
    result = start("CLIO_REGIONS", "QBO", **PRODUCTION)
    for address in ("https://app.clio.com", "https://eu.app.clio.com", "https://quickbooks.api.intuit.com"):
        assert f"'{address}'" in result.stdout
    assert "/sandbox/" not in result.stdout


def test_the_vendors_sandbox_is_another_host_and_another_document(start: Start) -> None:
    result = start("QBO", **PRODUCTION, QBO_ENVIRONMENT="sandbox")
    assert "'https://sandbox-quickbooks.api.intuit.com'" in result.stdout
    assert "openid_sandbox_configuration" in result.stdout


def test_with_the_sandbox_both_systems_are_the_stand_ins_below_the_site(start: Start) -> None:
    result = start("CLIO_REGIONS", "QBO", SANDBOX="1", SITE_URL="http://127.0.0.1:9000/")
    for address in ("clio", "clio-eu", "quickbooks", "quickbooks/.well-known/openid_configuration"):
        assert f"'http://127.0.0.1:9000/sandbox/{address}'" in result.stdout
    assert "'sandbox-clio'" in result.stdout
    assert "'sandbox-quickbooks-secret'" in result.stdout


def test_an_address_given_wins_over_the_sandbox(start: Start) -> None:
    other = "http://127.0.0.1:9999/x"
    result = start("CLIO_REGIONS", "QBO", SANDBOX="1", CLIO_BASE_URL=f"{other}/clio/", QBO_API_BASE_URL=f"{other}/qbo")
    assert f"'{other}/clio'" in result.stdout
    assert f"'{other}/qbo'" in result.stdout


def test_local_use_makes_its_keys_once_for_its_owner_alone(start: Start, tmp_path: Path) -> None:
    first = start("SECRET_KEY", "TOKEN_KEYS", SANDBOX="1").stdout
    assert first == start("SECRET_KEY", "TOKEN_KEYS", DEBUG="1").stdout
    for name in ("secret_key", "token_keys"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_reading_settings_starts_no_database(start: Start, tmp_path: Path) -> None:
    assert start("DATABASES", SANDBOX="1").returncode == 0
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    "address", ["", "foo", "//host", "http://", "http://h:port", "http://a b", "http://h?q", "mailto:a"]
)
def test_what_is_no_address(address: str) -> None:
    assert not is_address(address)


def test_mail_settings_come_from_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://me%40example.com:p%20w@mail.example.com:587")
    mailer = Environment().mailer("EMAIL_URL")
    options = mailer["OPTIONS"]
    assert isinstance(options, dict)
    assert (options["host"], options["port"], options["use_tls"]) == ("mail.example.com", 587, True)
    assert (options["username"], options["password"]) == ("me@example.com", "p w")
    monkeypatch.setenv("EMAIL_URL", "")
    assert "console" in str(Environment().mailer("EMAIL_URL")["BACKEND"])


@pytest.mark.parametrize(
    "event",
    [
        {"authorization": "Bearer canary"},
        {"headers": {"Authorization": "Bearer canary", "Cookie": "canary"}},
        {"refresh_token": "canary"},
        {"code": "canary", "state": "canary", "realm": "canary", "realm_id": "canary"},
        {"event": "GET /oauth/clio/callback/?code=canary&state=canary"},
        {"event": 'body {"access_token": "canary", "expires_in": 3600}'},
        {"event": "sent header Basic canary+canary=="},
        {"items": [{"client_secret": "canary"}]},
        {"event": "Gone: /invitations/a-canary-of-43-characters-as-they-are-made_-/"},
        {"event": "GET /accounts/login/?next=%2Finvitations%2Fa-canary-of-43-characters-as-they-are-made%2F"},
        {"event": "Unauthorized: /hooks/clio/a-canary-of-43-characters-as-they-are-made/"},
    ],
)
def test_secrets_are_hidden_in_log_lines(event: dict[str, object]) -> None:
    assert "canary" not in str(redact(None, "info", dict(event)))
    assert HIDDEN in str(redact(None, "info", dict(event)))


def test_what_is_no_secret_stays_readable() -> None:
    event = {"event": "run finished", "run": 12, "status_code": 200, "seconds": 4.2, "firm": "acme"}
    assert redact(None, "info", dict(event)) == event


def test_every_log_line_passes_the_redaction(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config())
    logging.getLogger("anything").warning("callback ?code=%s", "canary")
    structlog.get_logger("ours").warning("callback", access_token="canary")
    printed = capsys.readouterr()
    assert printed.err.count(HIDDEN) == 2
    assert "canary" not in printed.err + printed.out
    assert printed.out == ""


@pytest.mark.parametrize(
    "name", ["requests_oauthlib", "requests_oauthlib.oauth2_session", "oauthlib", "oauthlib.oauth2"]
)
def test_libraries_that_log_tokens_at_debug_never_do(name: str) -> None:
    logging.config.dictConfig(logging_config("DEBUG"))
    try:
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    finally:
        logging.config.dictConfig(logging_config())


def test_an_error_report_carries_no_request_no_person_and_no_local_values() -> None:
    frames = [{"vars": {"token": "canary"}, "function": "refresh"}]
    event = {
        "request": {"data": "canary"},
        "user": {"email": "canary"},
        "exception": {"values": [{"value": "refused: access_token=canary", "stacktrace": {"frames": frames}}]},
    }
    report = scrub(event, {})
    assert "canary" not in str(report)
    assert "refresh" in str(report)


def test_a_server_without_migrations_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError
    from django.test import Client

    def refuse(*args: object) -> None:
        raise OperationalError("no database")

    monkeypatch.setattr("sync_portal.views.MigrationExecutor", refuse)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
