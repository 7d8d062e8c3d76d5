"""Orders and reports in quarantine, and reports that are polled, get plain names."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("channels_amazon", "0007_report_parts")]

    operations: ClassVar = [
        migrations.RenameField("order", "aside_code", "quarantine_code"),
        migrations.RenameField("order", "aside_message", "quarantine_message"),
        migrations.RenameField("orderreport", "rows_aside", "rows_quarantined"),
        migrations.RenameField("orderreport", "look_after", "next_poll_at"),
    ]
