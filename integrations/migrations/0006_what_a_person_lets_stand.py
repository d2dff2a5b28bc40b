"""A person may unlink a document, or accept it as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_what_a_person_asks_for"),
    ]

    operations = [
        migrations.AlterField(
            model_name="syncevent",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("created", "Created"),
                    ("updated", "Updated"),
                    ("voided", "Voided"),
                    ("adopted", "Adopted"),
                    ("unlinked", "Unlinked"),
                    ("accepted", "Accepted"),
                    ("failed", "Failed"),
                    ("issue", "Issue opened"),
                    ("closed", "Issue closed"),
                    ("decided", "Decided"),
                ],
                max_length=8,
            ),
        ),
    ]
