"""Issues are counted out of an index, however many there are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0028_what_a_start_date_brings_in")]

    operations = [
        migrations.RemoveIndex("issue", "issue_state"),
        migrations.AddIndex(
            "issue",
            models.Index(
                fields=["pairing", "state", "severity", "code"],
                include=["id", "firm", "decided_at"],
                name="issue_tally",
            ),
        ),
    ]
