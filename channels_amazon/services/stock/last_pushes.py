"""Reads when each account's quantities were last sent, and how that ended; services."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import OuterRef, Subquery

from channels_amazon.models import SyncJob, SyncRun

# So many accounts are named, those that sent last.
SHOWN = 5


def last_pushes(accounts: Collection[int]) -> list[SyncRun]:
    """Return the last run that sent quantities of each account, the newest first.

    In two statements; each account's is one step in an index. What found nothing to
    send is no run.
    """
    newest = SyncRun.objects.filter(job=OuterRef("pk")).order_by("-pk").values("pk")
    jobs = SyncJob.objects.filter(
        account__in=accounts, kind=SyncJob.Kind.STOCK_PUSH
    ).annotate(newest_run=Subquery(newest[:1]))
    ids = [pk for pk in jobs.order_by().values_list("newest_run", flat=True) if pk]
    runs = SyncRun.objects.filter(pk__in=ids).select_related("account")
    return list(runs.defer("detail").order_by("-started_at", "-pk")[:SHOWN])
