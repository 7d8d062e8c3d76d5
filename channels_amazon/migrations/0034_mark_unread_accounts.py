"""Marks the accounts whose orders were left unread while nothing marked them.

Before 0033 a sweep that was stopped, or freed as by 0025, left no mark: what was sold
meanwhile would be offered again. Their sweeps come at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

# As long as an installation may stand still before it reads first (LONG_STOPPED).
_OLD = timedelta(minutes=15)
_BATCH = 500


def mark(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have connected accounts that were not read of late be read before they raise."""
    now = timezone.now()
    job_model = apps.get_model("channels_amazon", "SyncJob")
    account_model = apps.get_model("channels_amazon", "AmazonAccount")
    sweeps = job_model.objects.filter(
        kind="order_sweep", account__state="connected", account__behind_at=None
    ).values_list("account_id", "cursor")
    old = [pk for pk, cursor in sweeps.iterator() if _is_old(cursor, now)]
    for start in range(0, len(old), _BATCH):
        part = old[start : start + _BATCH]
        account_model.objects.filter(pk__in=part).update(behind_at=now)
        waiting = job_model.objects.filter(
            account_id__in=part, kind="order_sweep", rank__gt=now, blocked_code=""
        )
        waiting.update(due_at=now, rank=now)


def _is_old(cursor: dict[str, str], now: datetime) -> bool:
    # A sweep without it is in its first pull, which has its own rules.
    text = cursor.get("low_water", "")
    return bool(text) and datetime.fromisoformat(text) < now - _OLD


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0033_account_behind")]

    # A mark is taken back by what reads the orders, not by going back.
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
