"""The history added up by day, and when a run began to write."""

import django.db.models.deletion
from django.db import migrations, models


def _id() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _firm() -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm")


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0006_the_history_of_a_team"),
        ("integrations", "0029_what_every_page_counts"),
    ]

    operations = [
        migrations.AddField("syncrun", "writing_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="DaySum",
            fields=[
                ("id", _id()),
                ("day", models.DateField()),
                ("kind", models.CharField(blank=True, max_length=16)),
                ("outcome", models.CharField(max_length=8)),
                ("number", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=19)),
                ("firm", _firm()),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_daysum_firm_and_id"),
                    models.UniqueConstraint(fields=("firm", "day", "kind", "outcome"), name="one_sum_per_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SummedUp",
            fields=[
                ("id", _id()),
                ("until", models.DateTimeField()),
                ("zone", models.CharField(max_length=64)),
                ("firm", _firm()),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_summedup_firm_and_id"),
                    models.UniqueConstraint(fields=("firm",), name="one_summing_up_per_firm"),
                ],
            },
        ),
    ]
