"""Store the hours' bins sparsely: a count by place instead of a list of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations

# Rows changed by one statement; an account has up to 3,720 (31 days of 5 steps).
ROWS_A_BATCH = 500


def sparse(bins: Any) -> Any:
    if not isinstance(bins, list):
        return bins
    return {str(place): number for place, number in enumerate(bins) if number}


def dense(bins: Any) -> Any:
    if not isinstance(bins, dict):
        return bins
    places = range(max(map(int, bins), default=-1) + 1)
    return [bins.get(str(place), 0) for place in places]


def change_all(apps: Any, change: Callable[[Any], Any]) -> None:
    rows = apps.get_model("channels_amazon", "LatencyHour").objects.order_by("pk")
    after = 0
    while batch := list(rows.filter(pk__gt=after)[:ROWS_A_BATCH]):
        for row in batch:
            row.bins = change(row.bins)
        rows.bulk_update(batch, ["bins"])
        after = batch[-1].pk


def forwards(apps: Any, schema_editor: Any) -> None:
    change_all(apps, sparse)


def backwards(apps: Any, schema_editor: Any) -> None:
    change_all(apps, dense)


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0017_maintenance")]

    operations = [migrations.RunPython(forwards, backwards)]
