"""Webhooks: subscriptions, what arrived, and what has to be read again because of it."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0004_shared_cache"),
        ("integrations", "0012_trust_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="heard_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="pairing",
            name="hooked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("schedule", "Schedule"),
                    ("person", "Sync now"),
                    ("command", "Command line"),
                    ("webhook", "Webhook"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked for"),
                            ("pending", "Waiting for Clio's handshake"),
                            ("enabled", "Enabled"),
                            ("ended", "Ended"),
                        ],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("external_id", models.CharField(blank=True, max_length=32)),
                ("sealed", models.BinaryField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("next_look_at", models.DateTimeField()),
                ("failing_since", models.DateTimeField(null=True)),
                ("failure", models.TextField(blank=True)),
                ("heard_at", models.DateTimeField(null=True)),
                ("unheard_since", models.DateTimeField(null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="integrations.connection"
                    ),
                ),
                (
                    "firm",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("system", models.CharField(choices=[("clio", "Clio"), ("quickbooks", "QuickBooks")], max_length=12)),
                ("body_sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("received_at", models.DateTimeField(db_index=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("marked", "Read again what it names"),
                            ("nothing", "Nothing to read"),
                            ("unknown", "Not understood"),
                        ],
                        max_length=8,
                    ),
                ),
                ("events", models.PositiveIntegerField(default=0)),
                ("accounts", models.JSONField(default=list)),
                ("shape", models.CharField(blank=True, max_length=500)),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="integrations.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="StaleMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("side", models.CharField(choices=[("practice", "Clio"), ("ledger", "QuickBooks")], max_length=8)),
                ("entity", models.CharField(blank=True, max_length=32)),
                ("external_id", models.CharField(blank=True, max_length=32)),
                ("since", models.DateTimeField()),
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
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_stalemark_firm_and_id"),
                    models.UniqueConstraint(
                        fields=("pairing", "side", "entity", "external_id"), name="one_mark_per_record"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(fields=("firm", "id"), name="integrations_subscription_firm_and_id"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ended"), _negated=True),
                fields=("connection", "model"),
                name="one_live_subscription_per_model",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("subscription", "body_sha256"), name="one_delivery_per_body", nulls_distinct=False
            ),
        ),
        CompositeForeignKey("subscription", "connection"),
        CompositeForeignKey("stalemark", "pairing"),
    ]
