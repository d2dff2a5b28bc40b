"""Proofs: what came of reading both systems afresh and comparing them, and each difference."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


def _id() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _firm() -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm")


def _owner(target: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=target)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("firms", "0006_the_history_of_a_team"),
        ("integrations", "0025_what_the_log_is_searched_by"),
    ]

    operations = [
        migrations.AlterField(
            "errand",
            "purpose",
            models.CharField(
                choices=[
                    ("preview", "Preview"),
                    ("check", "Check of settings and numbering"),
                    ("fill_in", "Filling in what is recommended"),
                    ("proof", "Comparison of both systems"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Proof",
            fields=[
                ("id", _id()),
                ("made_at", models.DateTimeField()),
                ("is_nightly", models.BooleanField(default=False)),
                ("is_equal", models.BooleanField()),
                ("is_partial", models.BooleanField(default=False)),
                ("differing", models.PositiveIntegerField(default=0)),
                ("unexplained", models.PositiveIntegerField(default=0)),
                ("reason", models.TextField(blank=True)),
                ("report", models.JSONField(default=dict)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("firm", _firm()),
                ("pairing", _owner("integrations.pairing")),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "indexes": [models.Index(fields=["pairing", "id"], name="proof_latest")],
                "constraints": [models.UniqueConstraint(fields=("firm", "id"), name="integrations_proof_firm_and_id")],
            },
        ),
        migrations.CreateModel(
            name="ProofDifference",
            fields=[
                ("id", _id()),
                ("position", models.PositiveIntegerField()),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("unexplained", "Unexplained"),
                            ("explained", "Explained"),
                            ("accepted", "Accepted"),
                        ],
                        max_length=11,
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("practice_id", models.CharField(max_length=32)),
                ("data", models.JSONField()),
                ("firm", _firm()),
                ("pairing", _owner("integrations.pairing")),
                ("proof", _owner("integrations.proof")),
            ],
            options={
                "ordering": ["position"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_proofdifference_firm_and_id"),
                    models.UniqueConstraint(fields=("proof", "position"), name="one_difference_per_position"),
                ],
            },
        ),
        CompositeForeignKey("proof", "pairing"),
        CompositeForeignKey("proofdifference", "pairing"),
        CompositeForeignKey("proofdifference", "proof"),
    ]
