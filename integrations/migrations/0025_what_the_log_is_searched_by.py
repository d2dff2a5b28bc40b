"""Indexes of the log for what rarely goes together, for names, and for matters that were told of just now."""

import django.db.models.deletion
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform

RUN = models.ForeignKey(
    db_index=False,
    null=True,
    on_delete=django.db.models.deletion.PROTECT,
    related_name="+",
    to="integrations.syncrun",
)
WORDS = models.Index(fields=["pairing", "entity"], condition=~Q(words=""), name="record_words")


def by_code(field: str) -> models.Index:
    return models.Index(fields=["firm", "code", field, "at", "id"], condition=~Q(code=""), name=f"event_code_{field}")


def within(member: str, entity: str, name: str) -> GinIndex:
    held = OpClass(KeyTransform(member, "data"), name="jsonb_path_ops")
    return GinIndex(held, condition=Q(entity=entity), fastupdate=False, name=name)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0024_what_the_log_is_narrowed_to")]

    operations = [
        migrations.AddIndex("syncevent", by_code("kind")),
        migrations.AddIndex("syncevent", by_code("outcome")),
        migrations.AlterField("syncevent", "run", RUN),
        migrations.AddIndex("record", WORDS),
        migrations.RemoveIndex("record", "record_matters"),
        migrations.RemoveIndex("record", "record_matter"),
        migrations.AddIndex("record", within("matters", "bills", "record_matters")),
        migrations.AddIndex("record", within("matter", "trust_transactions", "record_matter")),
    ]
