"""The few credit notes are found without reading what all payments pay."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("integrations", "0040_a_records_events_by_time")]

    operations = [
        migrations.AddIndex(
            model_name="record",
            index=models.Index(
                fields=["pairing", "entity", "id"],
                condition=Q(data__parent__type="CreditMemo"),
                name="record_credited",
            ),
        ),
    ]
