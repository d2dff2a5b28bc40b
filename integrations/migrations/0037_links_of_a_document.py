"""What a document was ever linked to is found without reading all links."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0036_issues_of_a_record")]

    operations = [
        migrations.AddIndex(
            model_name="entitylink",
            index=models.Index(fields=["pairing", "kind", "ledger_id"], name="link_of_document"),
        ),
    ]
