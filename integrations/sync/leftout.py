"""What is deliberately not posted: payments of nothing but earlier bills (rule R4.5), counted and summed."""

from django.db import connection

from integrations.models import Pairing

_LEFT_OUT = """
SELECT count(*), COALESCE(sum(paid), 0) FROM (
  SELECT sum(part.amount) AS paid
  FROM (SELECT *, substring(data->>'amount' from '^-?[0-9]+(?:[.][0-9]+)?$')::numeric AS amount
    FROM integrations_record) part
  JOIN integrations_record bill ON bill.pairing_id = part.pairing_id AND bill.side = 'practice'
    AND bill.entity = 'bills' AND bill.external_id = part.owner_id
  WHERE part.pairing_id = %(p)s AND part.entity = 'allocations' AND part.peer_id <> ''
    AND part.data->'parent'->>'type' IS DISTINCT FROM 'CreditMemo'
    AND part.data->>'voided_at' IS NULL AND bill.data->>'kind' IS DISTINCT FROM 'trust_kind'
  GROUP BY part.peer_id
  HAVING NOT bool_or(
    (bill.data->>'state' IN ('awaiting_payment', 'paid') AND bill.data->>'issued_at' >= %(start)s)
    OR EXISTS (SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = bill.pairing_id
      AND link.kind = 'invoice' AND link.practice_id = bill.external_id AND link.state <> 'unlinked'))
) AS payment
"""


def left_out(pairing: Pairing) -> dict[str, object]:
    """{"payments": how many, "amount": their sum as text}."""
    start = pairing.start_date.isoformat() if pairing.start_date else "9999"
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT, {"p": pairing.pk, "start": start})
        count, amount = cursor.fetchone()
    return {"payments": count, "amount": f"{amount:.2f}"}
