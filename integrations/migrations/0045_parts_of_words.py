"""People are found by any part of a word without reading all of them.

What pg_trgm would do, which not every server has: all three letters in a row of a record's words, behind its pairing's
id, so that no other firm's people are met. No word that is looked for has a space in it. What is written is sorted into
the index a megabyte at a time, which costs a third of sorting in each contact by itself.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Q

from integrations.models.words import WordParts

FUNCTION = """
CREATE FUNCTION word_parts(pairing bigint, words text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  parts text[] := '{}';
  part text;
BEGIN
  FOR n IN 1..length(words) - 2 LOOP
    part := substr(words, n, 3);
    IF position(' ' IN part) = 0 THEN
      parts := parts || (pairing || ':' || part);
    END IF;
  END LOOP;
  RETURN parts;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0044_what_a_run_came_to")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION word_parts(bigint, text)"),
        migrations.AddIndex(
            "record",
            GinIndex(
                WordParts(),
                condition=~Q(words=""),
                fastupdate=True,
                gin_pending_list_limit=1024,
                name="record_word_parts",
            ),
        ),
    ]
