"""That our data came back from a backup, and everything has to be looked for before it is written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0022_where_reading_was_interrupted")]

    operations = [migrations.AddField("pairing", "restored_at", models.DateTimeField(null=True))]
