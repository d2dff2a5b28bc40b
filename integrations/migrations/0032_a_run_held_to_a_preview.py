"""A run that is held to what a preview showed, change by change."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0031_swept_lists_have_cursors"),
    ]

    operations = [
        migrations.AddField("plannedchange", "digest", models.CharField(default="", max_length=32)),
        migrations.AddField(
            "syncrun",
            "exactly",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="integrations.errand"
            ),
        ),
        migrations.AddField("syncrun", "unshown", models.PositiveIntegerField(default=0)),
        CompositeForeignKey("syncrun", "exactly"),
    ]
