"""Know which installation the database belongs to; the first work claims it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0028_sweep_report"),
    ]

    operations = [
        migrations.CreateModel(
            name="Installation",
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
                (
                    "only",
                    models.BooleanField(default=True, editable=False, unique=True),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("database", models.CharField(max_length=120)),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("installation", "The installation"),
                            ("copy", "A copy"),
                        ],
                        default="installation",
                        max_length=12,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                (
                    "behind_cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("restored", "Restored from a backup"),
                            ("stopped", "Stood still for long"),
                        ],
                        max_length=10,
                    ),
                ),
                ("behind_at", models.DateTimeField(blank=True, null=True)),
                ("restored_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("only", True)), name="installation_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InstallationHost",
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
                ("place", models.CharField(max_length=32, unique=True)),
                ("machine", models.CharField(blank=True, max_length=32)),
                ("address", models.CharField(blank=True, max_length=32)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("boot", models.CharField(blank=True, max_length=40)),
                ("joined_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                (
                    "installation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hosts",
                        to="channels_amazon.installation",
                    ),
                ),
            ],
            options={
                "ordering": ("-seen_at",),
            },
        ),
    ]
