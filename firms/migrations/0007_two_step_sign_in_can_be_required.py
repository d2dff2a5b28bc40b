"""A firm can require two-step sign-in of its owners and admins; its history tells when it did."""

from django.db import migrations, models

WHAT = [
    ("invited", "Invited"),
    ("sent_again", "Invitation sent again"),
    ("withdrawn", "Invitation withdrawn"),
    ("joined", "Joined"),
    ("role", "Role changed"),
    ("removed", "Removed"),
    ("left", "Left"),
    ("handed_over", "Firm handed over"),
    ("two_step_on", "Two-step sign-in required"),
    ("two_step_off", "Two-step sign-in no longer required"),
]


class Migration(migrations.Migration):
    dependencies = [("firms", "0006_the_history_of_a_team")]

    operations = [
        migrations.AddField(
            "firm",
            "requires_two_step",
            models.BooleanField(default=False, verbose_name="owners and admins must use two-step sign-in"),
        ),
        migrations.AlterField("teamevent", "what", models.CharField(choices=WHAT, max_length=12)),
    ]
