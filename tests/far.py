"""Stand-ins in another process: with ``STAND_INS=far`` the stories of the sync run against them (``make test``).

They answer at another host name than the portal's, below a path prefix, and draw large ids.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings

FAR = os.environ.get("STAND_INS") == "far"
PREFIX = "/far/away"
FIRST_ID = 7_300_000_000_001
_server: list[subprocess.Popen[str]] = []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PORT = _free_port() if FAR else 0  # one for each test process


def look_far() -> None:
    """Points the portal's settings there, as the environment variables would."""
    mount = f"http://127.0.0.1:{PORT}{PREFIX}"
    settings.CLIO_REGIONS["us"]["base_url"] = f"{mount}/clio"
    settings.QBO["api_base_url"] = f"{mount}/quickbooks"
    settings.QBO["discovery_url"] = f"{mount}/quickbooks/.well-known/openid_configuration"


def far_file() -> Path:
    """Starts a fresh process for an empty world and returns the file it keeps its state in."""
    stop()
    look_far()
    file = Path(tempfile.mkdtemp(prefix="far-", dir=os.environ["DATA_DIR"])) / "world.sqlite3"
    command = [sys.executable, "-m", "integrations.sandbox", "--port", str(PORT), "--prefix", PREFIX]
    process = subprocess.Popen(
        [*command, "--file", str(file), "--first-id", str(FIRST_ID)], stdout=subprocess.PIPE, text=True
    )
    _server.append(process)
    assert process.stdout is not None
    json.loads(process.stdout.readline())  # printed once requests are answered
    return file


def stop() -> None:
    while _server:
        process = _server.pop()
        process.terminate()
        process.wait(10)


atexit.register(stop)
