"""What planning looks up: names of vendors and employees, numbers of checks, customers of payments, and what they pay.

What is kept already is folded here, and not read again, for a sync must not take what it cannot find for nothing.
"""

from itertools import batched

from django.apps.registry import Apps
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q
from django.db.models.fields.json import KeyTransform

from integrations.core.lookalikes import number_keys
from integrations.core.text import search_key

LENGTH = 200
AT_ONCE = 1000

PAYERS = """
UPDATE integrations_record SET owner_id = left(data#>>'{CustomerRef,value}', 32)
WHERE entity = 'Payment' AND side = 'ledger' AND data#>>'{CustomerRef,value}' IS NOT NULL
"""


def fold(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    records = apps.get_model("integrations", "Record")._base_manager
    wanted = records.filter(entity__in=("Vendor", "Employee", "Purchase"), side="ledger").only("entity", "data")
    for rows in batched(wanted.iterator(AT_ONCE), AT_ONCE, strict=False):
        for row in rows:
            said = str(row.data.get("DocNumber" if row.entity == "Purchase" else "DisplayName") or "")
            row.key = (number_keys(said)[0] if row.entity == "Purchase" else search_key(said))[:LENGTH]
        records.bulk_update(rows, ["key"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0046_errands_in_slices")]

    operations = [
        migrations.AddIndex(
            "record",
            GinIndex(
                OpClass(KeyTransform("Line", "data"), name="jsonb_path_ops"),
                condition=Q(entity="Payment"),
                fastupdate=False,
                name="record_settles",
            ),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
        migrations.RunSQL(PAYERS, migrations.RunSQL.noop),
    ]
