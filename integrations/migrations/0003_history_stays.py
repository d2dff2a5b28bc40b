"""The journal refuses UPDATE and DELETE, cursors refuse to move back."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION integrations_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON integrations_syncevent
  FOR EACH ROW EXECUTE FUNCTION integrations_history_stays();

CREATE FUNCTION integrations_cursor_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.at < OLD.at THEN
    RAISE EXCEPTION 'cursor % may only move forward', OLD.stream USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cursor_moves_forward BEFORE UPDATE ON integrations_cursor
  FOR EACH ROW EXECUTE FUNCTION integrations_cursor_forward();
"""
BACK = """
DROP TRIGGER cursor_moves_forward ON integrations_cursor;
DROP FUNCTION integrations_cursor_forward();
DROP TRIGGER journal_is_append_only ON integrations_syncevent;
DROP FUNCTION integrations_history_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_nothing_crosses_firms")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
