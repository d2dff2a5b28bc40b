"""Writes go to Clio as well, and a firm may always prefer one side's value of a contact's field."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0007_what_credit_notes_are_for"),
    ]

    operations = [
        migrations.AddField(
            model_name="dispatch",
            name="side",
            field=models.CharField(
                choices=[("practice", "Clio"), ("ledger", "QuickBooks")], default="ledger", max_length=8
            ),
        ),
        migrations.AddField(
            model_name="pairing",
            name="contact_preferences",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name="issue",
            name="value",
            field=models.CharField(blank=True, max_length=500),
        ),
    ]
