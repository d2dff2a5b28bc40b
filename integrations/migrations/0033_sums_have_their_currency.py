"""Sums of days are kept by currency. What is summed up so far is summed up anew."""

from django.db import migrations, models

ANEW = "DELETE FROM integrations_daysum; DELETE FROM integrations_summedup"


class Migration(migrations.Migration):
    dependencies = [("integrations", "0032_a_run_held_to_a_preview")]

    operations = [
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
        migrations.RemoveConstraint("daysum", "one_sum_per_day"),
        migrations.AddField("daysum", "currency", models.CharField(blank=True, max_length=3)),
        migrations.AlterField("daysum", "amount", models.DecimalField(decimal_places=2, max_digits=17)),
        migrations.AddConstraint(
            "daysum",
            models.UniqueConstraint(fields=("firm", "day", "kind", "outcome", "currency"), name="one_sum_per_day"),
        ),
    ]
