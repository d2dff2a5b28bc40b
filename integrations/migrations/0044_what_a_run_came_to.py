"""What a run did is counted by outcome without reading its events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0043_what_trust_entries_move")]

    operations = [
        migrations.AddIndex(
            model_name="syncevent",
            index=models.Index(fields=["run", "at", "id"], include=["firm", "outcome"], name="event_of_run_by_time"),
        ),
        migrations.RemoveIndex(model_name="syncevent", name="event_of_run"),
    ]
