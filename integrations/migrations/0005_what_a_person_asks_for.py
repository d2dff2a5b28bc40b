"""Errands: what a person asks for that takes longer than a page may."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0004_shared_cache"),
        ("integrations", "0004_what_was_done_stays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Errand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("preview", "Preview"),
                            ("check", "Check of settings and numbering"),
                            ("fill_in", "Filling in what is recommended"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waiting for its turn"),
                            ("working", "Under way"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
                ("wanted", models.JSONField(default=dict)),
                ("result", models.JSONField(default=dict)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlannedChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("action", models.CharField(max_length=8)),
                ("practice_id", models.CharField(max_length=32)),
                ("data", models.JSONField()),
                (
                    "errand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="integrations.errand"
                    ),
                ),
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
            },
        ),
        migrations.AddConstraint(
            model_name="errand",
            constraint=models.UniqueConstraint(fields=("firm", "id"), name="integrations_errand_firm_and_id"),
        ),
        migrations.AddConstraint(
            model_name="errand",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("pairing", "purpose"),
                name="one_unfinished_errand_per_purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedchange",
            constraint=models.UniqueConstraint(fields=("firm", "id"), name="integrations_plannedchange_firm_and_id"),
        ),
        migrations.AddConstraint(
            model_name="plannedchange",
            constraint=models.UniqueConstraint(fields=("errand", "position"), name="one_planned_change_per_position"),
        ),
        CompositeForeignKey("errand", "pairing"),
        CompositeForeignKey("plannedchange", "pairing"),
        CompositeForeignKey("plannedchange", "errand"),
    ]
