"""What every process that calls for a connection shares: how much was called, and whether calls are refused."""

from django.db import migrations, models

from firms.scoping import CompositeForeignKey


class Migration(migrations.Migration):
    dependencies = [("integrations", "0014_when_each_side_was_read")]

    operations = [
        migrations.CreateModel(
            "CallBudget",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveBigIntegerField(default=0)),
                ("standing", models.JSONField(default=dict)),
                ("firm", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="firms.firm")),
                (
                    "connection",
                    models.OneToOneField(on_delete=models.CASCADE, related_name="+", to="integrations.connection"),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddConstraint(
            "callbudget",
            models.UniqueConstraint(fields=["firm", "id"], name="integrations_callbudget_firm_and_id"),
        ),
        CompositeForeignKey("callbudget", "connection"),
    ]
