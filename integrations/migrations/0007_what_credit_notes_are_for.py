"""A firm says what its credit notes usually are for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0006_what_a_person_lets_stand"),
    ]

    operations = [
        migrations.AddField(
            model_name="pairing",
            name="credit_purpose",
            field=models.CharField(default="courtesy", max_length=16),
        ),
    ]
