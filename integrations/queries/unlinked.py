"""Records of our mirror that no link names: told from two indexes alone, without reading a record or a link.

Walking through a list in its order reads everything before it comes to the few of a large firm that are not linked.
"""

from typing import Any

from django.db import connection

from integrations.models import Pairing, Record

MOST = 5000  # more of them are met soon by walking through the list

_IDS = """
SELECT record.external_id FROM integrations_record record
WHERE record.pairing_id = %(pairing)s AND record.side = %(side)s AND record.entity = %(entity)s AND NOT EXISTS (
  SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = record.pairing_id AND link.kind = %(kind)s
    AND link.{named} = record.external_id AND link.state <> 'unlinked')
LIMIT %(limit)s
"""
_OF_CLIO, _OF_QUICKBOOKS = _IDS.format(named="practice_id"), _IDS.format(named="ledger_id")


def records(pairing: Pairing, kind: str, entity: str) -> list[str] | None:
    """Clio's ids of those of a list; None where there are more than a page should be looked for among."""
    return _ids(_OF_CLIO, pairing, Record.Side.PRACTICE, kind, entity)


def customers(pairing: Pairing) -> list[str] | None:
    """QuickBooks's ids of customers that stand for nobody in Clio, or None, as of ``records``."""
    return _ids(_OF_QUICKBOOKS, pairing, Record.Side.LEDGER, "contact", "Customer")


def _ids(statement: str, pairing: Pairing, side: str, kind: str, entity: str) -> list[str] | None:
    asked: dict[str, Any] = {"pairing": pairing.pk, "side": side, "kind": kind, "entity": entity, "limit": MOST + 1}
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        found = [id for (id,) in cursor.fetchall()]
    return found if len(found) <= MOST else None
