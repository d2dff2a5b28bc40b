"""Where the stand-ins keep their state: JSON documents in one SQLite file, so that it survives a restart."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from integrations.sandbox.http import dumps

Doc = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS doc (
  space TEXT NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL, updated REAL NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (space, kind, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS doc_updated ON doc (space, kind, updated);
CREATE TABLE IF NOT EXISTS doc_key (
  space TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL,
  PRIMARY KEY (space, kind, name, value, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS doc_key_id ON doc_key (space, kind, id);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """Documents by (space, kind, id); a space is one Clio account or one QuickBooks company.

    ``keys`` are the values a document can be found by without reading every document of its kind.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_SCHEMA)
        self._depth = 0

    def close(self) -> None:
        self._db.close()

    def copy(self) -> "Store":
        """The same state once more, in memory."""
        other = Store()
        with self._lock:
            self._db.backup(other._db)
        return other

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One request is one transaction: all of it is kept, or none. May be nested."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    # Documents

    def get(self, space: str, kind: str, id: int) -> Doc | None:
        row = self._one("SELECT body FROM doc WHERE space=? AND kind=? AND id=?", (space, kind, id))
        return _load(row[0]) if row else None

    def put(
        self,
        space: str,
        kind: str,
        id: int,
        doc: Doc,
        keys: Mapping[str, object] | None = None,
        updated: datetime | None = None,
    ) -> None:
        """Writes one document and replaces its keys."""
        stamp = (updated or self.now()).timestamp()
        with self.transaction():
            self._db.execute("REPLACE INTO doc VALUES (?,?,?,?,?)", (space, kind, id, stamp, dumps(doc)))
            self._db.execute("DELETE FROM doc_key WHERE space=? AND kind=? AND id=?", (space, kind, id))
            self._db.executemany(
                "INSERT OR IGNORE INTO doc_key VALUES (?,?,?,?,?)",
                [(space, kind, name, str(value), id) for name, value in (keys or {}).items() if value is not None],
            )

    def remove(self, space: str, kind: str, id: int) -> None:
        with self.transaction():
            self._db.execute("DELETE FROM doc WHERE space=? AND kind=? AND id=?", (space, kind, id))
            self._db.execute("DELETE FROM doc_key WHERE space=? AND kind=? AND id=?", (space, kind, id))

    def find(self, space: str, kind: str, name: str, value: object) -> list[Doc]:
        """Documents whose key ``name`` equals ``value``, lowest id first."""
        rows = self._all(
            "SELECT d.body FROM doc_key k JOIN doc d USING (space, kind, id)"
            " WHERE k.space=? AND k.kind=? AND k.name=? AND k.value=? ORDER BY k.id",
            (space, kind, name, str(value)),
        )
        return [_load(row[0]) for row in rows]

    def scan(
        self,
        space: str,
        kind: str,
        *,
        after: int = 0,
        updated_since: datetime | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Doc]:
        """Documents with id above ``after``, lowest id first."""
        since = updated_since.timestamp() if updated_since else -1e18
        rows = self._all(
            "SELECT body FROM doc WHERE space=? AND kind=? AND id>? AND updated>=? ORDER BY id LIMIT ? OFFSET ?",
            (space, kind, after, since, limit, offset),
        )
        return [_load(row[0]) for row in rows]

    def count(self, space: str, kind: str) -> int:
        row = self._one("SELECT count(*) FROM doc WHERE space=? AND kind=?", (space, kind))
        return int(row[0]) if row else 0

    def spaces(self, prefix: str) -> list[str]:
        rows = self._all("SELECT DISTINCT space FROM doc WHERE space LIKE ? ORDER BY space", (prefix + "%",))
        return [row[0] for row in rows]

    # Settings: switches, sequences, the clock

    def setting(self, name: str, default: Any = None) -> Any:
        row = self._one("SELECT value FROM setting WHERE name=?", (name,))
        return json.loads(row[0]) if row else default

    def set_setting(self, name: str, value: Any) -> None:
        with self.transaction():
            self._db.execute("REPLACE INTO setting VALUES (?,?)", (name, json.dumps(value)))

    def next_id(self, sequence: str, start: int = 1) -> int:
        with self.transaction():
            value = int(self.setting(f"sequence:{sequence}", start - 1)) + 1
            self.set_setting(f"sequence:{sequence}", value)
            return value

    def now(self) -> datetime:
        """The stand-ins' own time: the machine's, moved on by every ``advance``."""
        return datetime.now(UTC) + timedelta(seconds=float(self.setting("clock:offset_s", 0.0)))

    def advance(self, seconds: float) -> None:
        with self.transaction():
            self.set_setting("clock:offset_s", float(self.setting("clock:offset_s", 0.0)) + seconds)

    def _one(self, sql: str, args: Sequence[object]) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(sql, args).fetchone()
            return row

    def _all(self, sql: str, args: Iterable[object]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, tuple(args)).fetchall()


def _load(text: str) -> Doc:
    doc: Doc = json.loads(text, parse_float=Decimal)
    return doc
