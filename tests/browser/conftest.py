"""A real browser against the demo as a newcomer starts it: web, worker, database and stand-ins as processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WINDOW: Any = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if ROOT / "tests" / "browser" in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed (Debian: apt-get install chromium)"))


@pytest.fixture
def site(transactional_db: None, live_server: Any) -> str:
    """The address of the portal served from this process; its stand-ins are whichever the test carries to."""
    return str(live_server.url.replace("127.0.0.1", "localhost"))


def as_whom(site: str, client: Client) -> dict[str, Any]:
    """What makes a browser's context that of whoever is signed in here."""
    kept = {"domain": "localhost", "path": "/", "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    cookies = [{**kept, "name": name, "value": one.value} for name, one in client.cookies.items()]
    return {**WINDOW, "base_url": site, "storage_state": {"cookies": cookies, "origins": []}}


@pytest.fixture(scope="session")
def folder() -> Iterator[str]:
    """Where the demo keeps everything, its e-mails in ``mail``."""
    made = tempfile.mkdtemp(prefix="sync-portal-browser-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def last_mail(folder: str) -> Callable[[str], str]:
    """The text of the last e-mail to an address."""

    def read(address: str) -> str:
        written = sorted((Path(folder) / "mail").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        letters = [message_from_bytes(path.read_bytes(), policy=default) for path in written]
        body = [letter for letter in letters if letter["To"] == address][-1].get_body(("plain",))
        assert body
        return str(body.get_content())

    return read


@pytest.fixture(scope="session")
def demo(folder: str) -> Iterator[str]:
    """The address of a served demo with a small firm."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "CLIO_"))}
    environment |= {"DJANGO_SETTINGS_MODULE": "sync_portal.settings", "DATA_DIR": folder, "SANDBOX": "1", "DEBUG": "0"}
    environment |= {
        "TOKEN_KEYS": "",
        "SECRET_KEY": "",
        "EMAIL_URL": f"filemail:///{folder}/mail",
        "ALLOWED_HOSTS": "",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "manage.py", "demo", "--port", str(port), "--bills", "60"]
    with open(Path(folder) / "demo.log", "w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for(f"http://localhost:{port}/readyz", process, Path(folder) / "demo.log")
        yield f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=5)
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"the demo did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture  # for each test: while Playwright runs, its event loop would stop Django's tests in the same process
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**WINDOW)
    yield context.new_page()
    context.close()
