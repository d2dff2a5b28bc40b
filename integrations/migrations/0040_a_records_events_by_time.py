"""The latest events of many records are found without reading all that happened to each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0039_what_a_start_date_counts")]

    operations = [
        migrations.AddIndex(
            model_name="syncevent",
            index=models.Index(fields=["pairing", "kind", "practice_id", "at", "id"], name="event_of_record_by_time"),
        ),
        migrations.RemoveIndex(model_name="syncevent", name="event_of_record"),
    ]
