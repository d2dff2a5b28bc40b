"""Bookmarks: the place in a long list from which the next slice goes on reading."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
FIRM = models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm")
PAIRING = models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="integrations.pairing")


class Migration(migrations.Migration):
    dependencies = [("firms", "0004_shared_cache"), ("integrations", "0021_when_an_authorisation_ends")]

    operations = [
        migrations.CreateModel(
            name="Bookmark",
            fields=[
                ID,
                ("stream", models.CharField(max_length=64)),
                ("place", models.TextField()),
                ("as_of", models.DateTimeField()),
                ("sweep", models.BigIntegerField()),
                ("set_at", models.DateTimeField()),
                ("firm", FIRM),
                ("pairing", PAIRING),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_bookmark_firm_and_id"),
                    models.UniqueConstraint(fields=("pairing", "stream"), name="one_bookmark_per_stream"),
                ],
            },
        ),
        CompositeForeignKey("bookmark", "pairing"),
    ]
