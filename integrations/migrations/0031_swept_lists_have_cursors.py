"""When a list was last swept is a cursor of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0030_what_a_day_came_to"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="pairing",
            name="ledger_swept_at",
        ),
        migrations.RemoveField(
            model_name="pairing",
            name="practice_swept_at",
        ),
    ]
