"""Links are counted, and the latest events of one record found, without reading all of them."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("integrations", "0034_lists_of_records")]

    operations = [
        migrations.AddIndex(
            model_name="syncevent",
            index=models.Index(fields=["pairing", "kind", "practice_id", "id"], name="event_of_record"),
        ),
        migrations.RemoveIndex(model_name="syncevent", name="event_record"),
        migrations.AddIndex(
            model_name="entitylink",
            index=models.Index(fields=["pairing", "firm", "kind"], condition=Q(state="live"), name="link_tally"),
        ),
    ]
