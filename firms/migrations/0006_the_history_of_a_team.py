"""Who joined, left and became what; its lines refuse UPDATE and DELETE."""

from django.db import migrations, models

ROLES = [("owner", "Owner"), ("admin", "Admin"), ("bookkeeper", "Bookkeeper"), ("viewer", "Viewer")]
WHAT = [
    ("invited", "Invited"),
    ("sent_again", "Invitation sent again"),
    ("withdrawn", "Invitation withdrawn"),
    ("joined", "Joined"),
    ("role", "Role changed"),
    ("removed", "Removed"),
    ("left", "Left"),
    ("handed_over", "Firm handed over"),
]
FORWARDS = """
CREATE FUNCTION firms_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of a team is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER team_history_is_append_only BEFORE UPDATE OR DELETE ON firms_teamevent
    FOR EACH ROW EXECUTE FUNCTION firms_history_stays();
"""
BACKWARDS = """
DROP TRIGGER team_history_is_append_only ON firms_teamevent;
DROP FUNCTION firms_history_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("firms", "0005_when_an_invitation_was_sent")]

    operations = [
        migrations.CreateModel(
            name="TeamEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("what", models.CharField(choices=WHAT, max_length=12)),
                ("whom", models.EmailField(max_length=254)),
                ("by", models.EmailField(blank=True, max_length=254)),
                ("role", models.CharField(blank=True, choices=ROLES, max_length=12)),
                ("role_before", models.CharField(blank=True, choices=ROLES, max_length=12)),
                ("firm", models.ForeignKey("firms.firm", models.PROTECT, related_name="+")),
            ],
            options={"indexes": [models.Index(fields=["firm", "-id"], name="team_events_of_a_firm")]},
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
