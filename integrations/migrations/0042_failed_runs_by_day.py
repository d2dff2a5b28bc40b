"""The failed runs of a month are counted without reading the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0041_parts_of_credit_notes")]

    operations = [
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["firm", "finished_at"], condition=models.Q(outcome="failed"), name="run_failed"),
        ),
    ]
