"""What an errand that is done in slices has read or worked out so far."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


def _owner(target: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=target)


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0007_two_step_sign_in_can_be_required"),
        ("integrations", "0045_parts_of_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(max_length=200)),
                ("number", models.PositiveIntegerField()),
                ("place", models.TextField(blank=True)),
                ("as_of", models.DateTimeField()),
                ("kept_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("errand", _owner("integrations.errand")),
                (
                    "firm",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm"),
                ),
                ("pairing", _owner("integrations.pairing")),
            ],
            options={
                "ordering": ["number"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_keptpart_firm_and_id"),
                    models.UniqueConstraint(fields=("errand", "stream", "number"), name="one_kept_part_per_number"),
                ],
            },
        ),
        CompositeForeignKey("keptpart", "pairing"),
        CompositeForeignKey("keptpart", "errand"),
    ]
