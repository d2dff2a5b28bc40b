"""Indexes for what is counted every minute: runs by when they ended, and refused writes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0018_who_is_told_of_what")]

    operations = [
        migrations.AddIndex("syncrun", models.Index(fields=["finished_at"], name="run_by_end")),
        migrations.AddIndex(
            "dispatch",
            models.Index(condition=models.Q(("state", "refused")), fields=["prepared_at"], name="dispatch_refused"),
        ),
    ]
