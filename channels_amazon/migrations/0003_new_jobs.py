"""Gives connected accounts the jobs that came after them."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

NEW = ("order_reports", "parcels", "fba_orders", "store_tell")


def add_jobs(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the missing jobs of every account that has some."""
    account = apps.get_model("channels_amazon", "AmazonAccount")
    job = apps.get_model("channels_amazon", "SyncJob")
    now = timezone.now()
    with_jobs = account.objects.filter(jobs__isnull=False).distinct()
    job.objects.bulk_create(
        [
            job(account_id=pk, kind=kind, due_at=now)
            for pk in with_jobs.values_list("pk", flat=True)
            for kind in NEW
        ],
        ignore_conflicts=True,
    )


def remove_jobs(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Delete the jobs whose kinds an earlier version does not know."""
    apps.get_model("channels_amazon", "SyncJob").objects.filter(kind__in=NEW).delete()


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0002_order_path")]

    operations = [migrations.RunPython(add_jobs, remove_jobs)]
