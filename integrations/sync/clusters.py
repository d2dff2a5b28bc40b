"""Which contacts have to be planned together, which of them have anything to plan, and marking them as done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from integrations.kinds.group import Group
from integrations.kinds.trust_ledger import created_together
from integrations.models import Pairing

CHUNK_OF_BILLS = 700  # as many as a slice posts at QuickBooks's pace; memory stays flat, few batches are part-filled

_UNSETTLED_CONTACTS = """
SELECT DISTINCT contact_id FROM (
  SELECT owner_id AS contact_id FROM integrations_record
    WHERE pairing_id = %(p)s AND entity = 'bills' AND NOT settled
  UNION ALL SELECT contact.external_id FROM integrations_record contact
    WHERE contact.pairing_id = %(p)s AND contact.entity = 'contacts' AND NOT contact.settled
      AND (EXISTS (SELECT 1 FROM integrations_record owned WHERE owned.pairing_id = contact.pairing_id
        AND owned.entity IN ('bills', 'trust_transactions') AND owned.owner_id = contact.external_id)
      OR EXISTS (SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = contact.pairing_id
        AND link.kind = 'contact' AND link.practice_id = contact.external_id AND link.state <> 'unlinked'))
  UNION ALL SELECT owner_id FROM integrations_record
    WHERE pairing_id = %(p)s AND entity = 'trust_transactions' AND NOT settled
  UNION ALL SELECT held.owner_id FROM integrations_record document
    JOIN integrations_entitylink link ON link.pairing_id = document.pairing_id AND link.kind = 'trust_entry'
      AND link.ledger_entity = document.entity AND link.ledger_id = document.external_id AND link.state <> 'unlinked'
    JOIN integrations_record held ON held.pairing_id = link.pairing_id AND held.entity = 'trust_transactions'
      AND held.external_id = link.practice_id
    WHERE document.pairing_id = %(p)s AND document.side = 'ledger' AND NOT document.settled
  UNION ALL SELECT issue.practice_id FROM integrations_issue issue
    WHERE issue.pairing_id = %(p)s AND issue.kind = 'contact' AND issue.state = 'decided'
  UNION ALL SELECT bill.owner_id FROM integrations_record part
    JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = part.owner_id
    WHERE part.pairing_id = %(p)s AND part.side = 'practice' AND NOT part.settled
      AND part.entity IN ('line_items', 'allocations', 'interest_charges', 'bank_transactions')
  UNION ALL SELECT bill.owner_id FROM integrations_record receipt
    JOIN integrations_record part ON part.pairing_id = receipt.pairing_id AND part.side = 'practice'
      AND part.entity = 'allocations' AND part.external_id = receipt.peer_id
    JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = part.owner_id
    WHERE receipt.pairing_id = %(p)s AND receipt.entity = 'bank_transactions' AND NOT receipt.settled
      AND receipt.peer_id <> ''
  UNION ALL SELECT bill.owner_id FROM integrations_record memo
    JOIN integrations_record part ON part.pairing_id = memo.pairing_id AND part.side = 'practice'
      AND part.entity = 'allocations' AND part.peer_id = memo.external_id
      AND part.data->'parent'->>'type' = 'CreditMemo'
    JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = part.owner_id
    WHERE memo.pairing_id = %(p)s AND memo.entity = 'credit_memos' AND NOT memo.settled
  UNION ALL SELECT bill.owner_id FROM integrations_record document
    JOIN integrations_entitylink link ON link.pairing_id = document.pairing_id
      AND link.ledger_entity = document.entity AND link.ledger_id = document.external_id AND link.state <> 'unlinked'
    JOIN integrations_record part ON part.pairing_id = link.pairing_id AND part.entity = 'allocations'
      AND part.peer_id = link.practice_id AND link.kind IN ('payment', 'credit_note')
    JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = part.owner_id
    WHERE document.pairing_id = %(p)s AND document.side = 'ledger' AND NOT document.settled
  UNION ALL SELECT CASE link.kind WHEN 'contact' THEN link.practice_id ELSE bill.owner_id END
    FROM integrations_record document
    JOIN integrations_entitylink link ON link.pairing_id = document.pairing_id
      AND link.ledger_entity = document.entity AND link.ledger_id = document.external_id AND link.state <> 'unlinked'
    LEFT JOIN integrations_record bill ON bill.pairing_id = link.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = link.practice_id
    WHERE document.pairing_id = %(p)s AND document.side = 'ledger' AND NOT document.settled
      AND link.kind IN ('contact', 'invoice')
  UNION ALL SELECT bill.owner_id FROM integrations_record paid
    CROSS JOIN LATERAL jsonb_path_query(paid.data, '$.Line[*].LinkedTxn[*]') AS txn
    JOIN integrations_entitylink link ON link.pairing_id = paid.pairing_id AND link.kind = 'invoice'
      AND link.ledger_entity = txn->>'TxnType' AND link.ledger_id = txn->>'TxnId' AND link.state <> 'unlinked'
    JOIN integrations_record bill ON bill.pairing_id = link.pairing_id AND bill.side = 'practice'
      AND bill.entity = 'bills' AND bill.external_id = link.practice_id
    WHERE paid.pairing_id = %(p)s AND paid.side = 'ledger' AND paid.entity = 'Payment' AND NOT paid.settled
) AS found WHERE contact_id IS NOT NULL
"""

_JOINED_CONTACTS = """
SELECT array_agg(DISTINCT bill.owner_id) FROM integrations_record part
JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
  AND bill.entity = 'bills' AND bill.external_id = part.owner_id
WHERE part.pairing_id = %s AND part.entity = 'allocations' AND part.peer_id <> ''
GROUP BY part.peer_id HAVING count(DISTINCT bill.owner_id) > 1
"""

# The client of a trust row and the client whose bill it pays.
_TRUST_PAYERS = """
SELECT DISTINCT array[held.owner_id, bill.owner_id] FROM integrations_record held
LEFT JOIN integrations_record part ON part.pairing_id = held.pairing_id AND part.side = 'practice'
  AND part.entity = 'allocations' AND part.external_id = held.peer_id
JOIN integrations_record bill ON bill.pairing_id = held.pairing_id AND bill.side = 'practice'
  AND bill.entity = 'bills' AND bill.external_id IN (part.owner_id, held.data->'bill'->>'id')
WHERE held.pairing_id = %s AND held.entity = 'trust_transactions' AND held.owner_id <> bill.owner_id
"""

# Two rows that one entry stands for, whatever has become of them since.
_TRUST_JOINED = """
SELECT DISTINCT array[giver.owner_id, receiver.owner_id] FROM integrations_entitylink own
JOIN integrations_entitylink joined ON joined.pairing_id = own.pairing_id AND joined.kind = own.kind
  AND joined.ledger_id = own.ledger_id AND joined.leg = 'transfer' AND joined.state <> 'unlinked'
JOIN integrations_record giver ON giver.pairing_id = own.pairing_id AND giver.entity = 'trust_transactions'
  AND giver.external_id = own.practice_id
JOIN integrations_record receiver ON receiver.pairing_id = own.pairing_id AND receiver.entity = 'trust_transactions'
  AND receiver.external_id = joined.practice_id
WHERE own.pairing_id = %s AND own.kind = 'trust_entry' AND own.leg <> 'transfer' AND own.state <> 'unlinked'
"""

# Rows that may be a transfer between two clients; what is no number fits nothing.
_TRUST_ALIKE = """
WITH plain AS (
  SELECT owner_id, data->>'date' AS day, data->>'created_at' AS created,
    substring(data->>'funds_in' from '^[0-9]+(?:[.][0-9]+)?$')::numeric AS came,
    substring(data->>'funds_out' from '^[0-9]+(?:[.][0-9]+)?$')::numeric AS went
  FROM integrations_record WHERE pairing_id = %s AND entity = 'trust_transactions' AND NOT is_deleted
    AND peer_id = '' AND data->'bill'->>'id' IS NULL)
SELECT giver.owner_id, giver.created, receiver.owner_id, receiver.created FROM plain giver
JOIN plain receiver ON receiver.day = giver.day AND receiver.came = giver.went AND receiver.owner_id <> giver.owner_id
WHERE giver.went > 0
"""

_BILLS_PER_CONTACT = """
SELECT owner_id, count(*) FROM integrations_record
WHERE pairing_id = %s AND entity = 'bills' AND owner_id = ANY(%s) GROUP BY owner_id
"""


_SETTLE = """
UPDATE integrations_record SET settled = TRUE
WHERE pairing_id = %(p)s AND NOT settled AND (
  (entity = 'contacts' AND external_id = ANY(%(contacts)s))
  OR (entity = 'bills' AND owner_id = ANY(%(contacts)s))
  OR (entity IN ('line_items', 'interest_charges', 'allocations', 'bank_transactions') AND owner_id = ANY(%(bills)s))
  OR (entity = 'bank_transactions' AND peer_id = ANY(%(allocations)s))
  OR (entity = 'credit_memos' AND external_id = ANY(%(credit_notes)s))
  OR (entity = 'trust_transactions' AND external_id = ANY(%(trust)s))
  OR (side = 'ledger' AND (entity, external_id) IN (SELECT * FROM unnest(%(entities)s::text[], %(documents)s::text[]))))
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Contacts that payments join; the unit that is planned together. ``bills`` is how many bills they have."""

    contact_ids: tuple[str, ...]
    bills: int


def unsettled_clusters(pairing: Pairing) -> list[Cluster]:
    """The clusters in which anything changed since they were last planned, or that still wait for something."""
    affected = [row[0] for row in _rows(_UNSETTLED_CONTACTS, {"p": pairing.pk})]
    if not affected:
        return []
    roots = _joined(_joined_contacts(pairing))
    members: dict[str, set[str]] = {}
    for contact_id, root in roots.items():
        members.setdefault(root, set()).add(contact_id)
    wanted = {frozenset(members.get(roots.get(id, ""), {id})) for id in affected}
    every = [id for cluster in wanted for id in cluster]
    counts = dict(_rows(_BILLS_PER_CONTACT, [pairing.pk, every]))
    found = [Cluster(tuple(sorted(ids, key=_order)), sum(counts.get(id, 0) for id in ids)) for ids in wanted]
    return sorted(found, key=lambda cluster: _order(cluster.contact_ids[0]))


def _joined_contacts(pairing: Pairing) -> Iterator[list[str]]:
    """Sets of contacts that cannot be planned apart: by a payment, a trust row, or a transfer."""
    for sql in (_JOINED_CONTACTS, _TRUST_PAYERS, _TRUST_JOINED):
        for row in _rows(sql, [pairing.pk]):
            yield row[0]
    for giver, sent, receiver, came in _rows(_TRUST_ALIKE, [pairing.pk]):
        if created_together(sent, came):
            yield [giver, receiver]


def _order(id: str) -> tuple[int, str]:
    return (int(id), "") if id.isdigit() else (0, id)


def _rows(sql: str, args: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, args)
        return list(cursor.fetchall())


def _joined(sets: Iterable[list[str]]) -> dict[str, str]:
    """Contact id to the representative of its cluster, for contacts that are joined at all."""
    parent: dict[str, str] = {}

    def root(id: str) -> str:
        while parent.setdefault(id, id) != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    for ids in sets:
        for id in ids[1:]:
            parent[root(id)] = root(ids[0])
    return {id: root(id) for id in list(parent)}


def chunks(clusters: Iterable[Cluster]) -> Iterator[list[Cluster]]:
    """Clusters in runs of about CHUNK_OF_BILLS bills; a cluster is never split."""
    chunk: list[Cluster] = []
    size = 0
    for cluster in clusters:
        if chunk and size + cluster.bills > CHUNK_OF_BILLS:
            yield chunk
            chunk, size = [], 0
        chunk.append(cluster)
        size += max(cluster.bills, 1)
    if chunk:
        yield chunk


_SETTLE_FOREIGN = """
UPDATE integrations_record paid SET settled = TRUE
WHERE paid.pairing_id = %s AND paid.side = 'ledger' AND paid.entity = 'Payment' AND NOT paid.settled
  AND NOT EXISTS (SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = paid.pairing_id
    AND link.ledger_entity = 'Payment' AND link.ledger_id = paid.external_id AND link.state <> 'unlinked')
"""


def settle_foreign(pairing: Pairing) -> None:
    """After every cluster was planned: what people's own payments mean for our invoices has been looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_FOREIGN, [pairing.pk])


def settle(pairing: Pairing, groups: Iterable[Group]) -> None:
    """Marks everything in these groups as planned and done; they are not looked at until something changes."""
    listed = list(groups)
    links = [link for group in listed for link in group.links.values()]
    args: dict[str, Any] = {
        "p": pairing.pk,
        "contacts": [id for group in listed for id in group.contacts],
        "bills": [id for group in listed for id in group.lines],  # its own; of others only the payment was looked at
        "trust": [id for group in listed for id in (*group.trust, *group.unreadable_trust, *group.gone_trust)],
        "allocations": [a.id for group in listed for held in group.allocations.values() for a in held],
        "credit_notes": [id for group in listed for id in group.credit_notes],
        "entities": [link.entity for link in links],
        "documents": [link.ledger_id for link in links],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, args)
