"""Finds what no wake-up told of, for all accounts at once; services layer.

Once a minute. Each question is one statement for a kind of job and all accounts
together, so that thousands of accounts with nothing to do cost a few queries a minute,
not a run each.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.lifecycle import create_jobs
from channels_amazon.services.jobs.queue import enqueue_drain
from channels_amazon.services.jobs.ranks import if_connected, rank_at, ranks_at
from channels_amazon.services.jobs.registry import DueAccounts, Reconciler

logger = logging.getLogger(__name__)

State = AmazonAccount.State

# A kind that came with an upgrade begins in groups of accounts, not in all at once.
_GROUP = 100
_GROUP_PAUSE = timedelta(seconds=10)
# No job is due later than in a day and a quarter (`cadence.longest_gap` of the longest
# interval), and none is leased for longer than some seconds.
_FARTHEST_DUE = timedelta(days=2)
_LONGEST_LEASE = timedelta(hours=1)


def cast_nets() -> int:
    """Wake every job with a due row that sleeps, mend the line; return how many woke.

    Two at the same time do no harm: each passes over the rows that the other holds. A
    step that fails is logged, and hinders no other; ExceptionGroup of all that failed
    when the rest are done.
    """
    now = timezone.now()
    failed: list[Exception] = []
    take = partial(_take, failed)
    take("missing_jobs", lambda: create_missing_jobs(now))
    mended = take("ranks", mend_ranks)
    mended += take("clock", lambda: mend_times(now))
    woken = sum(
        take(one.kind, partial(_wake, one, one.due_accounts, now))
        for one in registry.reconcilers()
        if one.due_accounts is not None
    )
    if woken or mended:
        enqueue_drain()
    if failed:
        # The queue keeps it as a task that failed.
        raise ExceptionGroup("nets failed", failed)
    return woken


def _take(failed: list[Exception], name: str, step: Callable[[], int]) -> int:
    """Take one step and return its count; one that fails is added to `failed`."""
    try:
        return step()
    except Exception as error:
        logger.error("net failed name=%s", name, exc_info=error)
        failed.append(error)
        return 0


def create_missing_jobs(now: datetime) -> int:
    """Give connected accounts the jobs of kinds that are new; return to how many."""
    kinds = registry.kinds()
    known = Count("jobs", filter=Q(jobs__kind__in=kinds))
    connected = AmazonAccount.objects.filter(state=State.CONNECTED).order_by()
    short = connected.annotate(known=known).filter(known__lt=len(kinds))
    pks = sorted(short.values_list("pk", flat=True))
    for start in range(0, len(pks), _GROUP):
        due_at = now + start // _GROUP * _GROUP_PAUSE
        create_jobs(pks[start : start + _GROUP], due_at)
    return len(pks)


def mend_ranks() -> int:
    """Put the jobs of connected accounts into the line, others out; return how many.

    Whoever connects or disconnects an account does so at once. This is for what a
    killed process left half done.
    """
    jobs = SyncJob.objects.order_by()
    wrong = jobs.filter(
        Q(rank__isnull=True, account__state=State.CONNECTED)
        | (Q(rank__isnull=False) & ~Q(account__state=State.CONNECTED))
    )
    by_kind: dict[str, list[int]] = {}
    for kind, pk in wrong.values_list("kind", "pk")[:_GROUP]:
        by_kind.setdefault(kind, []).append(pk)
    return sum(
        jobs.filter(pk__in=pks).update(
            rank=if_connected(F("due_at") - registry.head_start(kind))
        )
        for kind, pks in by_kind.items()
    )


def mend_times(now: datetime) -> int:
    """Take back times that no job can have; return of how many jobs.

    A clock that was ahead and was set back would leave them asleep, or leased to a
    process that is long dead, until that time has come.
    """
    jobs = SyncJob.objects.order_by()
    # By the rank, for its index; it is never later than the job is due.
    asleep = jobs.filter(rank__gt=now + _FARTHEST_DUE, lease_until__isnull=True)
    held = jobs.filter(lease_until__gt=now + _LONGEST_LEASE)
    woken = asleep.update(due_at=now, rank=if_connected(ranks_at(now)))
    return int(woken) + int(held.update(lease_until=now))


def _wake(declared: Reconciler, due_accounts: DueAccounts, now: datetime) -> int:
    """Make the jobs of the kind due whose account has a due row, as a wake-up would."""
    asleep = SyncJob.objects.filter(
        Q(waiting_until__isnull=True) | Q(waiting_until__lte=now),
        Q(last_started_at__isnull=True)
        | Q(last_started_at__lte=now - declared.net_pause)
        # A clock that was ahead has been set back.
        | Q(last_started_at__gt=now),
        kind=declared.kind,
        due_at__gt=now,
        rank__isnull=False,
        lease_until__isnull=True,
        blocked_code="",
        attempts=0,
        account_id__in=due_accounts(now),
    )
    with transaction.atomic():
        # What another holds is being woken or run. To wait for it could end in a
        # deadlock with `lifecycle.wake_pairs`, which locks several jobs by their keys.
        free = asleep.select_for_update(skip_locked=True, no_key=True).values("pk")
        return int(
            SyncJob.objects.filter(pk__in=free.order_by()).update(
                due_at=now, rank=rank_at(declared.kind, now)
            )
        )
