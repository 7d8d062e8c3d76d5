"""Takes due jobs for a worker, several at once; services layer.

A claim is longer than marking a row: the job stays with its holder for the time of a
lease that ends by itself, so that a process that is killed in mid-work loses nothing
(`leases.py` gives such jobs back), and two workers never have one job.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from channels_amazon.models import SyncJob
from channels_amazon.services.jobs import leases, registry
from channels_amazon.services.jobs.heartbeats import process_name
from channels_amazon.services.jobs.queue import enqueue_drain

# On PostgreSQL a row that another claim is taking is passed over, not waited for, and
# the array is made once: a subquery in IN may be run again and take more than its
# limit. SQLite has one writer at a time: whoever comes second sees the first's work.
_CHOSEN = {
    "postgresql": "= ANY (ARRAY({select} FOR UPDATE SKIP LOCKED))",
    "sqlite": "IN ({select})",
}
# By the index `job_rank` alone, however many jobs there are.
_SELECT = """
SELECT id FROM {table}
WHERE lease_until IS NULL AND rank IS NOT NULL AND rank <= %s AND due_at <= %s
    {only}
ORDER BY rank LIMIT %s
"""
_CLAIM = """
UPDATE {table} SET lease_holder = %s, lease_until = %s, waiting_until = NULL {begun}
WHERE id {chosen} RETURNING id
"""
# A job that is taken alone begins with its claim: one statement less for each.
_BEGUN = ", last_started_at = %s, attempts = attempts + 1"


def due_jobs(now: datetime) -> Q:
    """Return the condition of a job that a worker may take at `now`."""
    # By the rank too, for its index: it is never later than the job is due.
    return Q(rank__lte=now, due_at__lte=now, lease_until__isnull=True)


def is_work_due() -> bool:
    """Tell whether a drain would find something to do."""
    now = timezone.now()
    jobs = SyncJob.objects.order_by()
    return bool(
        jobs.filter(due_jobs(now)).exists() or jobs.filter(lease_until__lt=now).exists()
    )


def claim_due(holder: str, lease_seconds: float, limit: int = 1) -> list[SyncJob]:
    """Take up to `limit` of the due jobs, the smallest rank first; begin the first.

    The others wait: `leases.begin` each when its turn comes, or give them back. A job
    with a head start, which somebody waits for, is taken alone, so that it never waits
    behind another one of its claim; so is one that failed before, which may be what
    kills its process. `holder` names this one claim and no other. Jobs of accounts
    that are not connected have no rank and are never taken, nor those whose lease ran
    out and was not given back.
    """
    now = timezone.now()
    urgent = [one.kind for one in registry.reconcilers() if one.head_start]
    if limit > 1:
        limit = _before_one_taken_alone(now, limit, urgent)
    taken = _take(now, holder, lease_seconds, limit, urgent)
    if limit == 1:
        return taken
    return list(
        dropwhile(lambda job: not leases.begin(job, holder, lease_seconds), taken)
    )


def claim(pk: int, holder: str, lease_seconds: float) -> SyncJob | None:
    """Take this job, due or not; None when another process works on it."""
    leases.give_back_expired()
    now = timezone.now()
    won = SyncJob.objects.filter(pk=pk, lease_until__isnull=True).update(
        lease_holder=holder,
        lease_until=now + timedelta(seconds=lease_seconds),
        last_started_at=now,
        attempts=F("attempts") + 1,
        waiting_until=None,
    )
    return next(iter(_claimed([pk], holder)), None) if won else None


def give_back_unstarted(holder: str, pks: Collection[int]) -> int:
    """Give back jobs of a claim that were not begun, and return how many.

    They keep their place in the line.
    """
    held = SyncJob.objects.filter(pk__in=pks, lease_holder=holder)
    freed = held.update(lease_holder="", lease_until=None)
    if freed:
        enqueue_drain()
    return freed


def new_holder() -> str:
    """Return a name for one claim of this process, unlike that of any other claim."""
    return f"{process_name(os.getpid())}{uuid.uuid4().hex[:12]}"


def _before_one_taken_alone(now: datetime, limit: int, urgent: Collection[str]) -> int:
    """Return how many due jobs stand before one that is taken alone; 1 for none."""
    line = SyncJob.objects.filter(due_jobs(now)).order_by("rank")
    looked_at = line.values_list("kind", "attempts")[:limit]
    before = [kind in urgent or attempts > 0 for kind, attempts in looked_at]
    return max(before.index(True) if True in before else limit, 1)


def _take(
    now: datetime,
    holder: str,
    lease_seconds: float,
    limit: int,
    urgent: Collection[str],
) -> list[SyncJob]:
    """Claim up to `limit` due jobs, and begin the job of a claim of one.

    A claim of several leaves out what is taken alone, though none was seen: the line
    may have changed since it was looked at.
    """
    is_single = limit == 1
    left_out = [] if is_single else list(urgent)
    only = "" if is_single else "AND attempts = 0"
    if left_out:
        only += f" AND kind NOT IN ({', '.join(['%s'] * len(left_out))})"
    table = connection.ops.quote_name(SyncJob._meta.db_table)
    select = _SELECT.format(table=table, only=only)
    chosen = _CHOSEN[connection.vendor].format(select=select)
    start, until = _moment(now), _moment(now + timedelta(seconds=lease_seconds))
    begun, begun_at = (_BEGUN, [start]) if is_single else ("", [])
    sql = _CLAIM.format(table=table, chosen=chosen, begun=begun)
    values = [holder, until, *begun_at, start, start, *left_out, limit]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        pks = [pk for (pk,) in cursor.fetchall()]
    return _claimed(pks, holder) if pks else []


def _claimed(pks: Collection[int], holder: str) -> list[SyncJob]:
    jobs = SyncJob.objects.filter(pk__in=pks, lease_holder=holder)
    jobs = jobs.select_related("account__store", "account__application")
    return list(jobs.order_by("rank", "pk"))


def _moment(time: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(time)
