"""When QuickBooks's settings were looked at last, so that they are looked at daily."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0008_contacts_both_ways")]

    operations = [migrations.AddField("pairing", "settings_checked_at", models.DateTimeField(null=True))]
