"""The records of one list in their order, so that a page of it is read without the rows of all others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0033_sums_have_their_currency")]

    operations = [
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["pairing", "entity", "id"], name="record_list"),
        ),
    ]
