"""The day after which no renewal of an authorisation helps any more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0020_writes_that_travel_together")]

    operations = [migrations.AddField("oauthtoken", "ends_at", models.DateTimeField(null=True))]
