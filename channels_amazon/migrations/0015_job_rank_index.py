"""Has the line for a worker read by its index, and kept in order.

Apart from the ranking itself: PostgreSQL changes no table in the transaction that has
just updated its rows.
"""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0014_job_rank")]

    operations = [
        migrations.RemoveIndex("syncjob", name="job_due"),
        migrations.AddIndex(
            "syncjob",
            models.Index(
                fields=["rank", "due_at"],
                condition=Q(lease_until__isnull=True, rank__isnull=False),
                name="job_rank",
            ),
        ),
        migrations.AddConstraint(
            "syncjob",
            models.CheckConstraint(
                condition=Q(rank__isnull=True) | Q(rank__lte=F("due_at")),
                name="job_rank_by_due",
            ),
        ),
    ]
