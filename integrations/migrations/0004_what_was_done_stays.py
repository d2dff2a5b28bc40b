"""Links and sent writes refuse DELETE, tokens refuse to grow younger; the queue leaves a sign of life."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION integrations_never_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER links_are_never_deleted BEFORE DELETE ON integrations_entitylink
  FOR EACH ROW EXECUTE FUNCTION integrations_never_forgotten();
CREATE TRIGGER dispatches_are_never_deleted BEFORE DELETE ON integrations_dispatch
  FOR EACH ROW EXECUTE FUNCTION integrations_never_forgotten();

CREATE FUNCTION integrations_token_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the tokens of connection % may only be renewed', OLD.connection_id
    USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER token_generation_grows BEFORE UPDATE ON integrations_oauthtoken
  FOR EACH ROW WHEN (NEW.generation < OLD.generation) EXECUTE FUNCTION integrations_token_forward();
"""
BACK = """
DROP TRIGGER token_generation_grows ON integrations_oauthtoken;
DROP FUNCTION integrations_token_forward();
DROP TRIGGER dispatches_are_never_deleted ON integrations_dispatch;
DROP TRIGGER links_are_never_deleted ON integrations_entitylink;
DROP FUNCTION integrations_never_forgotten();
"""
HISTORY = ("dispatch", "entitylink", "issue", "syncevent", "syncrun")


def _protected(target: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=target)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_history_stays")]

    operations = [
        migrations.RunSQL(FORWARD, BACK),
        *(migrations.AlterField(name, "pairing", _protected("integrations.pairing")) for name in HISTORY),
        migrations.AlterField(
            "oauthtoken",
            "connection",
            models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="token", to="integrations.connection"
            ),
        ),
        migrations.AddConstraint(
            "syncrun",
            models.CheckConstraint(
                condition=~models.Q(state="finished") | (models.Q(finished_at__isnull=False) & ~models.Q(outcome="")),
                name="a_finished_run_says_how_it_ended",
            ),
        ),
        migrations.CreateModel(
            "Worker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=16, unique=True)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
    ]
