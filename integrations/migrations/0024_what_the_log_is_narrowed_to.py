"""Indexes of the log: events in the order of time by what they are narrowed to, and bills and trust rows by matter."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform

EVENTS = {
    "event_moment": ["firm", "at", "id"],
    "event_kind": ["firm", "kind", "at", "id"],
    "event_outcome": ["firm", "outcome", "at", "id"],
    "event_kind_outcome": ["firm", "kind", "outcome", "at", "id"],
    "event_of_run": ["run", "at", "id"],
}
BY_CODE = models.Index(fields=["firm", "code", "at", "id"], condition=~Q(code=""), name="event_code")


def within(member: str) -> OpClass:
    return OpClass(KeyTransform(member, "data"), name="jsonb_path_ops")


class Migration(migrations.Migration):
    dependencies = [("integrations", "0023_when_the_data_was_restored")]

    operations = [
        *(migrations.AddIndex("syncevent", models.Index(fields=of, name=name)) for name, of in EVENTS.items()),
        migrations.AddIndex("syncevent", BY_CODE),
        migrations.RemoveIndex("syncevent", "event_latest"),
        migrations.RemoveIndex("syncevent", "event_run"),
        migrations.AddIndex("record", GinIndex(within("matters"), condition=Q(entity="bills"), name="record_matters")),
        migrations.AddIndex(
            "record", GinIndex(within("matter"), condition=Q(entity="trust_transactions"), name="record_matter")
        ),
    ]
