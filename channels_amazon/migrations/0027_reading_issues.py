"""Keeps what hinders the reading of a marketplace, and what Amazon said of it."""

import django.db.models.deletion
from django.db import migrations, models

import channels_amazon.models.sentence


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0026_audit_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadingIssue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("kind", models.CharField(max_length=20, verbose_name="job")),
                (
                    "marketplace_id",
                    models.CharField(
                        blank=True, max_length=20, verbose_name="marketplace"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("no_progress", "Amazon's answers go round"),
                            ("faulty", "Amazon refuses the request"),
                            ("refused", "Amazon refuses to show them"),
                        ],
                        max_length=12,
                        verbose_name="cause",
                    ),
                ),
                (
                    "reason",
                    channels_amazon.models.sentence.SentenceField(
                        verbose_name="reason"
                    ),
                ),
                (
                    "operation",
                    models.CharField(max_length=60, verbose_name="operation"),
                ),
                (
                    "amazon_code",
                    models.CharField(
                        blank=True, max_length=80, verbose_name="Amazon's code"
                    ),
                ),
                ("request_ids", models.JSONField(blank=True, default=list)),
                ("times", models.PositiveIntegerField(default=1, verbose_name="times")),
                ("first_at", models.DateTimeField(verbose_name="since")),
                ("last_at", models.DateTimeField(verbose_name="last seen")),
                ("retry_at", models.DateTimeField(verbose_name="tried again")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reading_issues",
                        to="channels_amazon.amazonaccount",
                    ),
                ),
            ],
            options={
                "verbose_name": "reading issue",
                "verbose_name_plural": "reading issues",
                "ordering": ("account", "kind", "marketplace_id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "kind", "marketplace_id"),
                        name="reading_issue_once",
                    )
                ],
            },
        ),
    ]
