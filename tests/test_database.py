"""The embedded server: threads and processes start it at once, any of them may be killed, the last one stops it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

SCRIPT = """
import sys, threading
from pathlib import Path
from sync_portal.database import start
pgdata, failed = Path(sys.argv[1]), []
def run():
    try:
        start(pgdata)
    except BaseException as error:
        failed.append(repr(error))
threads = [threading.Thread(target=run) for _ in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("failed:", failed, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def pgdata(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path / "postgres"


def user_of(pgdata: Path) -> subprocess.Popen:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(pgdata)], stdin=pipe, stdout=pipe, text=True)


def said(process: subprocess.Popen) -> str:
    assert process.stdout
    line: str = process.stdout.readline()
    return line.strip()


def runs(pgdata: Path) -> bool:
    pid = pgdata / "postmaster.pid"
    return pid.exists() and psutil.pid_exists(int(pid.read_text().split()[0]))


def test_threads_and_processes_start_it_together_and_the_last_one_stops_it(pgdata: Path) -> None:
    users = [user_of(pgdata) for _ in range(3)]
    assert [said(user) for user in users] == ["failed: []"] * 3
    users[0].communicate()
    os.kill(users[1].pid, signal.SIGKILL)
    users[1].communicate()
    assert runs(pgdata)
    users[2].communicate()
    assert not runs(pgdata)


def test_a_list_of_users_that_a_killed_process_left_half_written_is_no_matter(pgdata: Path) -> None:
    first = user_of(pgdata)
    assert said(first) == "failed: []"
    (pgdata / ".handle_pids.json").write_text("[]23, 456]")
    second = user_of(pgdata)
    assert said(second) == "failed: []"
    first.communicate()
    assert runs(pgdata)
    second.communicate()
    assert not runs(pgdata)
