"""What rows of trust accounts, and our documents about them, move: taken out of their data once, when it is written.

A sum over thousands of them would otherwise take each apart whenever somebody looks. It rewrites the table of records,
which takes a minute for a few million of them.
"""

from django.db import migrations

# Each line is an account, a customer of QuickBooks (none in Clio's rows), and an amount: debits, and money that comes
# in, above zero. Nothing a system may send makes it raise; what is no plain amount counts as nothing.
FUNCTION = """
CREATE FUNCTION trust_lines(entity text, data jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  WITH lines AS (
    SELECT line, COALESCE(substring(line->>'Amount' from '^[0-9]{1,20}(?:[.][0-9]{1,20})?$')::numeric, 0) AS amount
    FROM jsonb_array_elements(CASE jsonb_typeof(data->'Line') WHEN 'array' THEN data->'Line' ELSE '[]' END) AS line),
  moved AS (
    SELECT data#>>'{bank_account,id}' AS account, NULL AS customer,
      COALESCE(substring(data->>'funds_in' from '^[0-9]{1,20}(?:[.][0-9]{1,20})?$')::numeric, 0)
      - COALESCE(substring(data->>'funds_out' from '^[0-9]{1,20}(?:[.][0-9]{1,20})?$')::numeric, 0) AS amount
    WHERE entity = 'trust_transactions'
    UNION ALL SELECT line#>>'{JournalEntryLineDetail,AccountRef,value}',
      line#>>'{JournalEntryLineDetail,Entity,EntityRef,value}',
      CASE line#>>'{JournalEntryLineDetail,PostingType}' WHEN 'Debit' THEN amount ELSE -amount END
    FROM lines WHERE entity = 'JournalEntry'
    UNION ALL SELECT line#>>'{AccountBasedExpenseLineDetail,AccountRef,value}',
      line#>>'{AccountBasedExpenseLineDetail,CustomerRef,value}', amount
    FROM lines WHERE entity = 'Purchase'
    UNION ALL SELECT data#>>'{AccountRef,value}', NULL, -amount FROM lines WHERE entity = 'Purchase')
  SELECT array_agg(ARRAY[account, customer, amount::text]) FROM moved WHERE account IS NOT NULL
$$
"""
COLUMN = """
ALTER TABLE integrations_record ADD COLUMN trust_lines text[] GENERATED ALWAYS AS (
  CASE WHEN entity IN ('trust_transactions', 'JournalEntry', 'Purchase') THEN trust_lines(entity, data) END) STORED
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0042_failed_runs_by_day")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION trust_lines(text, jsonb)"),
        migrations.RunSQL(COLUMN, "ALTER TABLE integrations_record DROP COLUMN trust_lines"),
    ]
