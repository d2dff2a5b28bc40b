"""The issues of the records on a page are found without reading those of all others."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("integrations", "0035_counted_and_read_out_of_an_index")]

    operations = [
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                fields=["pairing", "kind", "practice_id"], condition=~Q(state="closed"), name="issue_of_record"
            ),
        ),
    ]
