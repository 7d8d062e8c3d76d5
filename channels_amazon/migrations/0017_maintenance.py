"""Remember how far each maintenance task has come; find old log rows by their time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0016_net_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="MaintenanceTask",
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
                    "name",
                    models.CharField(
                        choices=[
                            ("purge", "Purge"),
                            ("retention", "Retention"),
                            ("latency", "Latency"),
                            ("key_rotation", "Key Rotation"),
                        ],
                        max_length=20,
                        unique=True,
                    ),
                ),
                ("cursor", models.JSONField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("worked_at", models.DateTimeField(blank=True, null=True)),
                ("lease_holder", models.CharField(blank=True, max_length=40)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.DeleteModel(
            name="KeyRotation",
        ),
        migrations.AlterField(
            model_name="latencyhour",
            name="bins",
            field=models.JSONField(default=dict),
        ),
        migrations.AddIndex(
            model_name="diagnosticentry",
            index=models.Index(fields=["at"], name="entry_at"),
        ),
        migrations.AddIndex(
            model_name="healthreport",
            index=models.Index(fields=["created_at"], name="health_report_created"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["received_at"], name="notification_received"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["finished_at"], name="run_finished"),
        ),
    ]
