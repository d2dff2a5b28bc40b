"""No row of one firm can point at another firm's row."""

from django.db import migrations

from firms.scoping import CompositeForeignKey


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_records_of_two_systems")]

    operations = [
        CompositeForeignKey("oauthtoken", "connection"),
        CompositeForeignKey("pairing", "practice"),
        CompositeForeignKey("pairing", "ledger"),
        CompositeForeignKey("mapping", "pairing"),
        CompositeForeignKey("cursor", "pairing"),
        CompositeForeignKey("record", "pairing"),
        CompositeForeignKey("entitylink", "pairing"),
        CompositeForeignKey("syncrun", "pairing"),
        CompositeForeignKey("dispatch", "pairing"),
        CompositeForeignKey("dispatch", "run"),
        CompositeForeignKey("syncevent", "pairing"),
        CompositeForeignKey("syncevent", "run"),
        CompositeForeignKey("syncevent", "dispatch"),
        CompositeForeignKey("issue", "pairing"),
    ]
