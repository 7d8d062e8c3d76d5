"""Deletes log rows that are older than they are useful; services layer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from channels_amazon.models import (
    ApiCall,
    DiagnosticEntry,
    HealthReport,
    Notification,
    SyncRun,
)

logger = logging.getLogger(__name__)

# Small, so that no delete holds SQLite's only write lock for long.
BATCH = 500
# Who saw, searched and deleted personal data: Amazon asks for a year of it at least.
AUDIT_CODES = "personal_data."
AUDIT_KEPT = timedelta(days=400)


def prune(now: datetime | None = None) -> dict[str, int]:
    """Delete runs, calls, log entries, reports and notifications past their days.

    The days are `LOG_RETENTION_DAYS` of the settings. Each batch is a transaction of
    its own. What tells of personal data is kept longer. Returns how many rows went,
    by model.
    """
    now = now or timezone.now()
    before = now - timedelta(days=settings.LOG_RETENTION_DAYS)
    audited = Q(code__startswith=AUDIT_CODES, at__gte=now - AUDIT_KEPT)
    old: dict[str, QuerySet[Model]] = {
        "ApiCall": ApiCall.objects.filter(started_at__lt=before),
        "DiagnosticEntry": DiagnosticEntry.objects.filter(at__lt=before).exclude(
            audited
        ),
        "HealthReport": HealthReport.objects.filter(created_at__lt=before),
        # A queue keeps no message so long: none of these can come a second time.
        "Notification": Notification.objects.filter(received_at__lt=before),
        "SyncRun": SyncRun.objects.filter(finished_at__lt=before),
    }
    gone = {name: _delete(rows) for name, rows in old.items()}
    logger.info("pruned before=%s rows=%s", before.date(), gone)
    return gone


def _delete(rows: QuerySet[Model]) -> int:
    total = 0
    while True:
        batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not batch:
            return total
        rows.model._default_manager.filter(pk__in=batch).delete()
        total += len(batch)
