"""What a held run would do, for a person to let it go on or to discard it."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0004_shared_cache"),
        ("integrations", "0015_one_pace_per_connection"),
    ]

    operations = [
        migrations.CreateModel(
            name="HeldChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("action", models.CharField(max_length=8)),
                ("practice_id", models.CharField(max_length=32)),
                ("leg", models.CharField(blank=True, max_length=64)),
                ("digest", models.CharField(max_length=32)),
                ("data", models.JSONField()),
                (
                    "firm",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm"),
                ),
                (
                    "pairing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="integrations.pairing"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_heldchange_firm_and_id"),
                    models.UniqueConstraint(fields=("pairing", "position"), name="one_held_change_per_position"),
                ],
            },
        ),
        CompositeForeignKey("heldchange", "pairing"),
    ]
