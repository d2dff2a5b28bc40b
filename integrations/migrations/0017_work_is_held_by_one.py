"""Runs and errands are held under a lease, by one worker at a time; what is tried in vain too often is set aside."""

import django.utils.timezone
from django.db import migrations, models

# A worker of the version before may still be at a run that is not between two slices; its lease ends like any other.
TAKEN = """
UPDATE integrations_syncrun SET held_by = 'the version before'
WHERE finished_at IS NULL AND step <> 'waiting for its turn'
"""
BEGUN = "UPDATE integrations_errand SET heartbeat_at = asked_at"


class Migration(migrations.Migration):
    dependencies = [("integrations", "0016_what_a_held_run_would_do")]

    operations = [
        *(
            migrations.AddField(model, name, field)
            for model in ("syncrun", "errand")
            for name, field in (
                ("held_by", models.CharField(blank=True, default="", max_length=64)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
            )
        ),
        *(
            migrations.AlterField(model, "held_by", models.CharField(blank=True, max_length=64))
            for model in ("syncrun", "errand")
        ),
        migrations.AddField(
            "errand", "heartbeat_at", models.DateTimeField(default=django.utils.timezone.now), preserve_default=False
        ),
        migrations.AddField("syncrun", "is_dry", models.BooleanField(default=False)),
        migrations.AddField("pairing", "quarantined_at", models.DateTimeField(null=True)),
        migrations.RunSQL(TAKEN, migrations.RunSQL.noop),
        migrations.RunSQL(BEGUN, migrations.RunSQL.noop),
    ]
