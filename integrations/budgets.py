"""The budget of a connection, shared by every process that calls for it: a row that is compared and swapped."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from django.db import connection as database

from integrations.core.ports import Clock, SystemName
from integrations.models import CallBudget, Connection
from integrations.systems.budget import PATIENCE_S, PacedBudget
from integrations.systems.pace import Standing

log = structlog.get_logger(__name__)


_SWAP = """
UPDATE integrations_callbudget SET version = version + 1, standing = %s
WHERE firm_id = %s AND connection_id = %s AND version = %s
"""


class RowShelf:
    """One statement per change as long as nobody else calls; each loser of a race looks again and tries again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: tuple[int, Standing] | None = None

    def change[T](self, step: Callable[[Standing], tuple[Standing, T]]) -> T:
        while True:
            fresh = self._known is None
            version, standing = self._known or self._read()
            self._known = None
            after, result = step(standing)
            if after == standing and fresh:
                return result
            if after != standing and self._swap(version, after):
                self._known = (version + 1, after)
                return result

    def _read(self) -> tuple[int, Standing]:
        row = _row_of(self._connection)
        if row is None:
            made = CallBudget(firm_id=self._connection.firm_id, connection=self._connection)
            CallBudget.objects.of(self._connection.firm_id).bulk_create([made], ignore_conflicts=True)
            return self._read()
        return row.version, _standing(row)

    def _swap(self, version: int, after: Standing) -> bool:
        with database.cursor() as cursor:
            standing = json.dumps(after.as_json())
            cursor.execute(_SWAP, [standing, self._connection.firm_id, self._connection.pk, version])
            return bool(cursor.rowcount)


def standing_of(connection: Connection) -> Standing:
    """What every process together has called so far, and heard."""
    row = _row_of(connection)
    return _standing(row) if row else Standing()


def standings_of(connections: Iterable[Connection]) -> dict[int, Standing]:
    """The same of several connections of one firm, by their keys, in one query."""
    wanted = list(connections)
    if not wanted:
        return {}
    rows = CallBudget.objects.of(wanted[0].firm_id).filter(connection__in=wanted)
    known = {row.connection_id: _standing(row) for row in rows}
    return {connection.pk: known.get(connection.pk, Standing()) for connection in wanted}


def budget_of(connection: Connection, clock: Clock, patience_s: float = PATIENCE_S) -> PacedBudget:
    """``patience_s`` is how long a call may wait for its turn before it is given up as Throttled."""
    system: SystemName = "clio" if connection.system == "clio" else "quickbooks"
    return PacedBudget(system, clock, RowShelf(connection), patience_s=patience_s)


def _row_of(connection: Connection) -> CallBudget | None:
    return CallBudget.objects.of(connection.firm_id).filter(connection=connection).first()


def _standing(row: CallBudget) -> Standing:
    return standing_from(row.standing, row.connection_id)


def standing_from(kept: Any, connection_id: int) -> Standing:
    """What cannot be read begins anew: the system's own answers soon say what holds."""
    try:
        return Standing.of_json(kept)
    except (TypeError, ValueError, AttributeError):
        log.warning("budget_unreadable", connection=connection_id)
        return Standing()
