"""Marks the accounts whose orders went unread while their sweep stood; services layer.

What the mark means is said in `rules/installation/behind.py`, and who reads it is
`services/installation/catching_up.py`. It is set by whatever stops or frees a sweep, in
the same transaction: the account is locked before its jobs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob


def mark(jobs: QuerySet[SyncJob]) -> None:
    """Mark the accounts of which a sweep is among these jobs, just stopped or freed."""
    sweeps = jobs.filter(kind=SyncJob.Kind.ORDER_SWEEP).values("account_id")
    AmazonAccount.objects.filter(pk__in=sweeps).update(behind_at=timezone.now())


def mark_at(account_ids: Collection[int], at: datetime) -> None:
    """Mark these accounts, but those with a later mark of their own."""
    is_earlier = Q(behind_at__isnull=True) | Q(behind_at__lt=at)
    AmazonAccount.objects.filter(is_earlier, pk__in=account_ids).update(behind_at=at)


def unmark(account: AmazonAccount) -> bool:
    """Take the account's mark back; False where it was marked anew since it was read.

    One that has none, and got none, is unmarked already.
    """
    as_read = AmazonAccount.objects.filter(pk=account.pk, behind_at=account.behind_at)
    if account.behind_at is None:
        return bool(as_read.exists())
    if not as_read.update(behind_at=None):
        return False
    account.behind_at = None
    return True
