"""Customers of QuickBooks that a person ignores."""

from django.conf import settings
from django.db import migrations, models

from firms.scoping import CompositeForeignKey


def key(to: str, on_delete: object, **options: object) -> models.ForeignKey:
    return models.ForeignKey(to=to, on_delete=on_delete, related_name="+", **options)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0010_what_records_are_compared_by"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "IgnoredCustomer",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ledger_id", models.CharField(max_length=32)),
                ("ignored_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                ("firm", key("firms.firm", models.PROTECT)),
                ("ignored_by", key(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)),
                ("pairing", key("integrations.pairing", models.CASCADE)),
            ],
            options={"abstract": False},
        ),
        migrations.AddConstraint(
            "ignoredcustomer",
            models.UniqueConstraint(fields=["firm", "id"], name="integrations_ignoredcustomer_firm_and_id"),
        ),
        migrations.AddConstraint(
            "ignoredcustomer",
            models.UniqueConstraint(fields=["pairing", "ledger_id"], name="one_ignored_row_per_customer"),
        ),
        CompositeForeignKey("ignoredcustomer", "pairing"),
    ]
