"""Numbers, names and words of mirrored objects, folded when they are kept; what is kept already is read once more."""

from django.db import migrations, models
from django.db.models import Q


def column() -> models.CharField:
    return models.CharField(blank=True, db_collation="C", max_length=200)


def index(name: str, field: str) -> models.Index:
    return models.Index(fields=["pairing", "entity", field], condition=~Q(**{field: ""}), name=name)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0009_when_settings_were_checked")]

    operations = [
        migrations.AddField("record", "key", column()),
        migrations.AddField("record", "other_key", column()),
        migrations.AddField("record", "words", models.TextField(blank=True)),
        migrations.AddIndex("record", index("record_key", "key")),
        migrations.AddIndex("record", index("record_other_key", "other_key")),
        migrations.RunSQL("DELETE FROM integrations_cursor", migrations.RunSQL.noop),
    ]
