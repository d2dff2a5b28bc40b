"""Errands try a start date out, and say what they are reading."""

from django.db import migrations, models

PURPOSES = [
    ("preview", "Preview"),
    ("check", "Check of settings and numbering"),
    ("fill_in", "Filling in what is recommended"),
    ("proof", "Comparison of both systems"),
    ("start", "What a start date brings in and leaves out"),
]


class Migration(migrations.Migration):
    dependencies = [("integrations", "0027_who_sees_to_an_issue")]

    operations = [
        migrations.AddField("errand", "step", models.CharField(blank=True, max_length=64)),
        migrations.AlterField("errand", "purpose", models.CharField(choices=PURPOSES, max_length=8)),
    ]
