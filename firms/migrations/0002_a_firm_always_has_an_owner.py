"""A firm without an owner is refused when the transaction ends."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION firms_require_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint := CASE WHEN TG_TABLE_NAME = 'firms_firm' THEN (to_jsonb(NEW) ->> 'id')::bigint
                           ELSE (to_jsonb(OLD) ->> 'firm_id')::bigint END;
BEGIN
    IF EXISTS (SELECT 1 FROM firms_firm WHERE id = checked)
       AND NOT EXISTS (SELECT 1 FROM firms_membership WHERE firm_id = checked AND role = 'owner') THEN
        RAISE EXCEPTION 'firm % must have an owner', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_firm_always_has_an_owner';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER a_firm_always_has_an_owner AFTER UPDATE OR DELETE ON firms_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION firms_require_owner();
CREATE CONSTRAINT TRIGGER a_new_firm_has_an_owner AFTER INSERT ON firms_firm
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION firms_require_owner();
"""
BACKWARDS = """
DROP TRIGGER a_new_firm_has_an_owner ON firms_firm;
DROP TRIGGER a_firm_always_has_an_owner ON firms_membership;
DROP FUNCTION firms_require_owner();
"""


class Migration(migrations.Migration):
    dependencies = [("firms", "0001_people_and_firms")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
