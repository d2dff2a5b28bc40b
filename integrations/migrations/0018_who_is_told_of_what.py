"""E-mails to people of a firm, and an index to find the last runs of a pairing by when they ended."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from firms.scoping import CompositeForeignKey

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
FIRM = ("firm", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="firms.firm"))
USER = (
    "user",
    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
)
PURPOSES = [
    ("urgent", "Needs somebody now"),
    ("digest", "What is new and needs somebody"),
    ("all_clear", "All clear"),
]


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("firms", "0004_shared_cache"),
        ("integrations", "0017_work_is_held_by_one"),
    ]

    operations = [
        migrations.AddIndex("syncrun", models.Index(fields=["pairing", "finished_at"], name="run_of_pairing_by_end")),
        migrations.CreateModel(
            name="NoticeChoice",
            fields=[ID, ("all_clear", models.BooleanField(default=False)), FIRM, USER],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_noticechoice_firm_and_id"),
                    models.UniqueConstraint(fields=("firm", "user"), name="one_choice_per_person"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ID,
                ("purpose", models.CharField(choices=PURPOSES, max_length=9)),
                ("key", models.CharField(max_length=64)),
                ("since", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                FIRM,
                (
                    "issue",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="integrations.issue",
                    ),
                ),
                USER,
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("dropped_at", None), ("sent_at", None)),
                        fields=["next_try_at"],
                        name="notice_waiting",
                    ),
                    models.Index(fields=["firm", "purpose", "made_at"], name="notice_latest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("firm", "id"), name="integrations_notice_firm_and_id"),
                    models.UniqueConstraint(fields=("firm", "user", "purpose", "key"), name="nobody_is_told_twice"),
                ],
            },
        ),
        CompositeForeignKey("notice", "issue"),
    ]
