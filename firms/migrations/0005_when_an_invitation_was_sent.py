"""An invitation whose e-mail the mail server did not take is told from one that waits."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("firms", "0004_shared_cache")]

    operations = [migrations.AddField("invitation", "sent_at", models.DateTimeField(null=True))]
