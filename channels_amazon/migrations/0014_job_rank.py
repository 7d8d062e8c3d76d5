"""Names the quarantined rows of a run as everywhere else."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0013_webhook_names")]

    operations = [
        migrations.RenameField("syncrun", "rows_aside", "rows_quarantined"),
    ]
