"""Each write that was done keeps what was answered to it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0037_links_of_a_document")]

    operations = [migrations.AddField(model_name="dispatch", name="answer", field=models.BinaryField(null=True))]
