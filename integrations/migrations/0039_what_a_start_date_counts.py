"""The records behind the figures of a start date that was tried."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


def _owner(target: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=target)


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0007_two_step_sign_in_can_be_required"),
        ("integrations", "0038_what_was_answered_is_kept"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.CharField(max_length=12)),
                ("practice_id", models.CharField(max_length=32)),
                ("label", models.CharField(max_length=200)),
                ("client", models.CharField(blank=True, max_length=600)),
                ("account", models.CharField(blank=True, max_length=32)),
                ("dated", models.DateField(null=True)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=17)),
                ("owed", models.DecimalField(decimal_places=2, max_digits=17)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("errand", _owner("integrations.errand")),
                (
                    "firm",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm"),
                ),
                ("pairing", _owner("integrations.pairing")),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "indexes": [
                    models.Index(fields=["errand", "part", "id"], name="counted_part"),
                    models.Index(condition=~models.Q(owed=0), fields=["errand", "part", "id"], name="counted_owed"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_countedrecord_firm_and_id")
                ],
            },
        ),
        CompositeForeignKey("countedrecord", "pairing"),
        CompositeForeignKey("countedrecord", "errand"),
    ]
