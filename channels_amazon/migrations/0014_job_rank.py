"""Frees the kinds of job from a list, and names quarantined rows so."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0013_webhook_names")]

    operations = [
        migrations.RenameField("syncrun", "rows_aside", "rows_quarantined"),
        # The registry knows the kinds and their titles: a new one needs no migration.
        migrations.AlterField(
            "syncjob", "kind", models.CharField(max_length=20, verbose_name="job")
        ),
        migrations.AlterField(
            "syncrun", "kind", models.CharField(max_length=20, verbose_name="job")
        ),
    ]
