"""Several writes in one request: the request is a row of its own, committed before it is sent and never deleted."""

import django.db.models.deletion
from django.db import migrations, models

from firms.scoping import CompositeForeignKey

FORWARD = """
CREATE TRIGGER batches_are_never_deleted BEFORE DELETE ON integrations_batch
  FOR EACH ROW EXECUTE FUNCTION integrations_never_forgotten();
"""
BACK = "DROP TRIGGER batches_are_never_deleted ON integrations_batch;"


def _protected(target: str, **options: bool) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=target, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0004_shared_cache"),
        ("integrations", "0019_what_a_monitor_counts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entity", models.CharField(max_length=32)),
                ("operation", models.CharField(max_length=8)),
                ("request_id", models.CharField(max_length=36)),
                ("body", models.BinaryField()),
                ("sent_at", models.DateTimeField()),
                ("firm", _protected("firms.firm")),
                ("pairing", _protected("integrations.pairing")),
                ("run", _protected("integrations.syncrun")),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_batch_firm_and_id"),
                    models.UniqueConstraint(fields=("pairing", "request_id"), name="one_batch_per_request_id"),
                ],
            },
        ),
        migrations.AddField("dispatch", "batch", _protected("integrations.batch", null=True)),
        migrations.AddField("dispatch", "item", models.CharField(blank=True, max_length=10)),
        migrations.AddConstraint(
            "dispatch",
            models.UniqueConstraint(fields=("batch", "item"), name="one_dispatch_per_item_of_a_batch"),
        ),
        migrations.AddConstraint(
            "dispatch",
            models.CheckConstraint(
                condition=models.Q(batch=None, item="") | (models.Q(batch__isnull=False) & ~models.Q(item="")),
                name="an_item_of_a_batch_has_its_name",
            ),
        ),
        CompositeForeignKey("batch", "pairing"),
        CompositeForeignKey("batch", "run"),
        CompositeForeignKey("dispatch", "batch"),
        migrations.RunSQL(FORWARD, BACK),
    ]
