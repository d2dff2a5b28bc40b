"""Trying what the database must refuse, and saying which of its rules refused it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction


def refused(act: Callable[[], object]) -> str:
    """The name of the constraint, or the message of the trigger, that refused ``act``, at the latest on commit."""
    with pytest.raises(IntegrityError) as caught:
        _to_the_end(act)
    diagnosis = caught.value.__cause__.diag  # type: ignore[union-attr]
    return str(diagnosis.constraint_name or diagnosis.message_primary)


@transaction.atomic
def _to_the_end(act: Callable[[], object]) -> None:
    act()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as a commit would


def sql(statement: str, values: Sequence[str | int] = ()) -> Callable[[], int]:
    """The statement as something to try; it returns how many rows it touched."""

    def act() -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.rowcount)

    return act


def rows(statement: str, values: Sequence[str | int] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def is_kept_nowhere(words: str) -> bool:
    """No row of any table has ``words``; what a session holds is looked at as it is read."""
    tables = [name for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    found = [table for table in tables if rows(f'SELECT 1 FROM "{table}" t WHERE t::text LIKE %s', [f"%{words}%"])]
    sessions = [session.get_decoded() for session in Session.objects.all()]
    return not found and words not in str(sessions)
