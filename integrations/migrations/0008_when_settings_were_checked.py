"""When QuickBooks's settings were looked at last, so that they are looked at daily."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0007_what_credit_notes_are_for")]

    operations = [migrations.AddField("pairing", "settings_checked_at", models.DateTimeField(null=True))]
