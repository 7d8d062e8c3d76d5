"""Creates, wakes, blocks and stops sync jobs; services layer.

Claiming is in `claims.py`, what holds a job after that in `leases.py`. The rank that
each change sets is explained in `ranks.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Least
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.diagnostics.entries import clean
from channels_amazon.services.jobs import registry, unread
from channels_amazon.services.jobs.queue import enqueue_drain
from channels_amazon.services.jobs.ranks import (
    if_connected,
    rank_at,
    ranks_at,
    unless_stopped,
)

logger = logging.getLogger(__name__)

# A blocked job is tried again by itself: a permission may have come meanwhile.
BLOCKED_RETRY = timedelta(hours=1)
# A job that fails because of one of its items is tried again for the others so soon.
WAKE_REST = timedelta(seconds=15)


def ensure_jobs(account: AmazonAccount) -> None:
    """Create the account's missing jobs, all due now, and wake a worker."""
    now = timezone.now()
    create_jobs([account.pk], now, is_connected=account.is_connected)
    enqueue_drain()


def create_jobs(
    account_ids: Iterable[int], due_at: datetime, *, is_connected: bool = True
) -> None:
    """Create the missing jobs of these accounts, due at `due_at`."""
    SyncJob.objects.bulk_create(
        [
            SyncJob(
                account_id=account_id,
                kind=kind,
                due_at=due_at,
                rank=rank_at(kind, due_at) if is_connected else None,
            )
            for account_id in account_ids
            for kind in registry.kinds()
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )


def wake(account_id: int, *kinds: str) -> None:
    """Make the account's jobs of `kinds` (all when none is named) due now.

    A job that waits for quota or is blocked keeps its time: waking it would only spend
    calls. One that backs off after a failure comes in WAKE_REST at the latest: what is
    new may have nothing to do with what failed. A job that is being worked on runs
    again afterwards. One that is due already keeps its place in the line.
    """
    wake_pairs([(account_id, kind) for kind in kinds or registry.kinds()])


def wake_pairs(pairs: Collection[tuple[int, str]]) -> None:
    """Make these jobs due now, by account and kind, as `wake` does."""
    chosen = Q(pk__in=())
    for account_id, kind in pairs:
        chosen |= Q(account_id=account_id, kind=kind)
    _wake(chosen)


def wake_kind(kind: str) -> None:
    """Make the jobs of this kind of all accounts due now, as `wake` does."""
    _wake(Q(kind=kind))


def _wake(chosen: Q) -> None:
    now = timezone.now()
    may_wake = SyncJob.objects.filter(chosen, blocked_code="").filter(
        Q(waiting_until__isnull=True) | Q(waiting_until__lte=now),
    )
    soon = now + WAKE_REST
    with transaction.atomic():
        jobs = _lock(may_wake)
        is_worked_on = Q(lease_until__isnull=False)
        backs_off = Q(lease_until__isnull=True, attempts__gt=0)
        due_at = Case(
            When(is_worked_on, then=Value(now)),
            When(backs_off, then=Least("due_at", Value(soon))),
            default=Least("due_at", Value(now)),
        )
        rank = Case(
            When(is_worked_on, then=ranks_at(now)),
            When(backs_off, then=Least("rank", ranks_at(soon))),
            default=Least("rank", ranks_at(now)),
        )
        if jobs.update(due_at=due_at, rank=unless_stopped(rank)):
            enqueue_drain()


def block(
    job: SyncJob, code: str, message: str, *, retry: timedelta = BLOCKED_RETRY
) -> bool:
    """Stop the job until a person acts; it is tried again after `retry` all the same.

    `job` is as its holder claimed it: one that was taken from the holder meanwhile
    stays as it is. Returns whether it was not blocked for this reason before.
    """
    is_new = job.blocked_code != code
    job.blocked_code = clean(code, 60)
    job.blocked_message = clean(message, 500)
    job.due_at = timezone.now() + retry
    held = SyncJob.objects.filter(pk=job.pk, lease_holder=job.lease_holder)
    with transaction.atomic():
        if is_new:
            unread.mark(held)
        held.update(
            blocked_code=job.blocked_code,
            blocked_message=job.blocked_message,
            waiting_until=None,
            due_at=job.due_at,
            rank=unless_stopped(rank_at(job.kind, job.due_at)),
        )
    if is_new:
        logger.warning(
            "job blocked job=%s kind=%s account=%s code=%s",
            *(job.pk, job.kind, job.account_id, job.blocked_code),
        )
    return is_new


def block_all(account: AmazonAccount, code: str, message: str) -> None:
    """Show on every job of the account why it stands still.

    No worker takes them any more, unless the account was connected again meanwhile.
    """
    with transaction.atomic():
        unread.mark(SyncJob.objects.filter(account=account))
        _lock(SyncJob.objects.filter(account=account)).update(
            blocked_code=clean(code, 60),
            blocked_message=clean(message, 500),
            waiting_until=None,
            rank=if_connected(F("rank")),
        )
    logger.warning("all jobs blocked account=%s code=%s", account.pk, clean(code, 60))


def stop(account: AmazonAccount, code: str, message: str) -> None:
    """Block every job, and take it from whoever works on it at its next step.

    The rows stay, and with them the runs and their story.
    """
    with transaction.atomic():
        block_all(account, code, message)
        jobs = SyncJob.objects.filter(account=account)
        jobs.update(lease_holder="", lease_until=None)


def unblock(account: AmazonAccount, kinds: Iterable[str] | None = None) -> None:
    """Let the account's jobs (of `kinds`, else all) run at once, whatever held them.

    Jobs of an account that is not connected lose what blocked them, and wait for it.
    """
    now = timezone.now()
    jobs = SyncJob.objects.filter(account=account)
    if kinds is not None:
        jobs = jobs.filter(kind__in=list(kinds))
    with transaction.atomic():
        unread.mark(jobs.exclude(blocked_code=""))
        _lock(jobs).update(
            blocked_code="",
            blocked_message="",
            waiting_until=None,
            attempts=0,
            due_at=now,
            rank=if_connected(ranks_at(now)),
        )
        enqueue_drain()


def unblock_from(
    account: AmazonAccount, codes: Collection[str], *, but: str = ""
) -> None:
    """Free the account's jobs that `codes` blocked, now that these are disproven.

    The job of kind `but` is left out: it works again, and frees itself.
    """
    blocked = SyncJob.objects.filter(account=account, blocked_code__in=codes)
    kinds = list(blocked.exclude(kind=but).values_list("kind", flat=True))
    if kinds:
        unblock(account, kinds)


def _lock(jobs: QuerySet[SyncJob]) -> QuerySet[SyncJob]:
    """Lock these jobs until the commit, and return exactly them.

    Everybody who changes several jobs locks them here, in one order: a wake-up and a
    block of one account would else take them in different orders, and deadlock.
    """
    locked = jobs.select_for_update(no_key=True).order_by("pk")
    pks = list(locked.values_list("pk", flat=True))
    return SyncJob.objects.filter(pk__in=pks)
