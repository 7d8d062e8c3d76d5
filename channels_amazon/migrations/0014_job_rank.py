"""Gives jobs their place in the line for a worker, and quarantined rows their name."""

from __future__ import annotations

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

# As the reconcilers declared it when the column came.
HEAD_STARTS = {
    "order_fetch": timedelta(minutes=1),
    "parcels": timedelta(minutes=1),
    "shipments": timedelta(minutes=1),
    "stock_push": timedelta(minutes=2),
}


def rank_jobs(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Rank the jobs of connected accounts; the others stay without a rank."""
    jobs = apps.get_model("channels_amazon", "SyncJob").objects.filter(
        account__state="connected"
    )
    jobs.exclude(kind__in=HEAD_STARTS).update(rank=F("due_at"))
    for kind, head_start in HEAD_STARTS.items():
        jobs.filter(kind=kind).update(rank=F("due_at") - head_start)


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
        migrations.AddField(
            "syncjob", "rank", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            "syncjob", "idle_runs", models.PositiveBigIntegerField(default=0)
        ),
        migrations.RunPython(rank_jobs, migrations.RunPython.noop),
    ]
