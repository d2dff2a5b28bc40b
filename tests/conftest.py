"""The test session: its own settings, data folder and database, outside the tree; and no skips in CI."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

# Read by the settings when they are first imported, which is after this file. Workers of the same session find the
# folder in the environment they inherit.
OWNER = "SYNC_PORTAL_TEST_DATA"
IS_WORKER = OWNER in os.environ
if not IS_WORKER:
    os.environ[OWNER] = tempfile.mkdtemp(prefix="sync-portal-tests-")
DATA_DIR = Path(os.environ[OWNER])
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "tests.settings",
    "DATA_DIR": str(DATA_DIR),
    "DEBUG": "0",
    "SANDBOX": "1",
    "SITE_URL": "http://localhost:8765",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "CSRF_TRUSTED_ORIGINS": "",
    "SECRET_KEY": "tests-only-" + "k" * 50,
    "TOKEN_KEYS": "",
    "EMAIL_URL": "memorymail://",
    "SENTRY_DSN": "",
}
os.environ.update(ENVIRONMENT)
for _name in [name for name in os.environ if name.startswith(("CLIO_", "QBO_"))]:
    del os.environ[_name]

django.setup()  # the fixtures below are made of models
pytest_plugins = ["tests.personas"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The session that made the data folder stops the server in it, whichever worker started it."""
    if IS_WORKER:
        return
    from sync_portal.database import stop

    stop(DATA_DIR / "postgres")
    shutil.rmtree(DATA_DIR, ignore_errors=True)
    os.environ.pop(OWNER, None)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test is a failed session: what was not run was not tested."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"{len(skipped)} skipped: CI allows none", red=True)


@pytest.fixture(autouse=True)
def _no_firm_left_over() -> Iterator[None]:
    """A test that leaves a firm's context open would let the next one pass by accident."""
    from firms.scoping import current_firm_id

    yield
    assert current_firm_id() is None
