"""Notes on issues, whose they are, and taking back what was decided. An issue can only be a member's of its firm."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OUTCOMES = [
    ("created", "Created"),
    ("updated", "Updated"),
    ("voided", "Voided"),
    ("adopted", "Adopted"),
    ("unlinked", "Unlinked"),
    ("accepted", "Accepted"),
    ("failed", "Failed"),
    ("issue", "Issue opened"),
    ("closed", "Issue closed"),
    ("decided", "Decided"),
    ("noted", "Note"),
    ("assigned", "Assigned"),
]
PURPOSES = [
    ("urgent", "Needs somebody now"),
    ("digest", "What is new and needs somebody"),
    ("all_clear", "All clear"),
    ("assigned", "Given an issue"),
]
# Whoever leaves the firm has none of its issues from then on.
MEMBER = """
ALTER TABLE integrations_issue ADD CONSTRAINT integrations_issue_assigned_to_a_member
  FOREIGN KEY (firm_id, assigned_to_id) REFERENCES firms_membership (firm_id, user_id)
  ON DELETE SET NULL (assigned_to_id) DEFERRABLE INITIALLY DEFERRED
"""
NOBODY = "ALTER TABLE integrations_issue DROP CONSTRAINT integrations_issue_assigned_to_a_member"


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("firms", "0006_the_history_of_a_team"),
        ("integrations", "0026_what_was_compared"),
    ]

    operations = [
        migrations.AddField(
            "issue",
            "assigned_to",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("issue", "before", models.JSONField(default=dict)),
        migrations.AddField("noticechoice", "assigned", models.BooleanField(default=False)),
        migrations.AlterField("notice", "purpose", models.CharField(choices=PURPOSES, max_length=9)),
        migrations.AlterField("syncevent", "outcome", models.CharField(choices=OUTCOMES, max_length=8)),
        migrations.RunSQL(MEMBER, NOBODY),
    ]
