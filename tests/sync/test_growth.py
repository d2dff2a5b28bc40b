"""What a sync looks at grows with what there is to do, and not with what is linked already."""

from typing import Any

import pytest
from django.db import connection

from tests.portal import Portal

A_FEW = 4


class Rows:
    """Counts what the database returns, by statement."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if sql.lstrip().upper().startswith(("SELECT", "WITH")):
            self.of[sql] = self.of.get(sql, 0) + max(context["cursor"].rowcount, 0)
        return result


def silent(portal: Portal) -> Rows:
    for _ in range(3):  # it is written, it is seen that it was, and all linked contacts have been read again
        portal.clock.sleep(900)
        portal.run()
    rows = Rows()
    with connection.execute_wrapper(rows):
        assert portal.run().outcome == "issues"
    return rows


def test_a_silent_sync_reads_as_many_rows_whatever_is_linked(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)  # so that each row is counted
    for last in ("Lee", "Moss"):
        portal.bill("10.00", number="7", contact=portal.contact("Ann", last, f"{last}@example.com"))
    before = silent(portal)
    for n in range(30):
        client = portal.contact("Bo", f"No {n}", f"bo{n}@example.com")
        portal.pay(portal.bill("20.00", number=f"B-{n}", contact=client), 5)
    after = silent(portal)
    assert {sql: rows for sql, rows in after.of.items() if rows > before.of.get(sql, 0) + A_FEW} == {}
