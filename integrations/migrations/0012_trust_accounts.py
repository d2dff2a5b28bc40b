"""Trust: the form of money out, and when each account's rows were last counted through."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0004_shared_cache"),
        ("integrations", "0011_customers_nobody_wants_to_see"),
    ]

    operations = [
        migrations.AddField("pairing", "trust_checks", models.BooleanField(default=False)),
        migrations.CreateModel(
            name="TrustSweep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=32)),
                ("swept_at", models.DateTimeField()),
                ("apart", models.DecimalField(decimal_places=2, max_digits=17)),
                ("currency", models.CharField(blank=True, max_length=3)),
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
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_trustsweep_firm_and_id"),
                    models.UniqueConstraint(fields=("pairing", "account_id"), name="one_sweep_per_trust_account"),
                ],
            },
        ),
        CompositeForeignKey("trustsweep", "pairing"),
    ]
