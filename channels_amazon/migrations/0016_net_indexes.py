"""Has the minute's questions read only what is still under way."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0015_job_rank_index")]

    operations = [
        migrations.AddIndex(
            "shipment",
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["waiting", "confirmed"]),
                name="shipment_open",
            ),
        ),
        migrations.AddIndex(
            "orderreport",
            models.Index(
                fields=["account", "next_poll_at"],
                condition=Q(state__in=["wanted", "requested", "ready"]),
                name="order_report_open",
            ),
        ),
    ]
