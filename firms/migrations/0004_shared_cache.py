"""The table of the shared cache, so that `migrate` alone makes a working installation."""

from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("firms", "0003_slugs_never_change")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
