"""A slug stands in documents in QuickBooks, so no statement may change it."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION firms_keep_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the slug of firm % never changes', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'slugs_never_change';
END $$;
CREATE TRIGGER slugs_never_change BEFORE UPDATE ON firms_firm
    FOR EACH ROW WHEN (OLD.slug IS DISTINCT FROM NEW.slug) EXECUTE FUNCTION firms_keep_slug();
"""
BACKWARDS = """
DROP TRIGGER slugs_never_change ON firms_firm;
DROP FUNCTION firms_keep_slug();
"""


class Migration(migrations.Migration):
    dependencies = [("firms", "0002_a_firm_always_has_an_owner")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
