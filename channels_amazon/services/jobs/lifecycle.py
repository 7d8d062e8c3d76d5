"""Creates, wakes, claims, blocks and finishes sync jobs; services layer.

Every claim is a compare-and-set on the job's row: who changed one row has it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.heartbeats import host_name
from channels_amazon.services.jobs.queue import enqueue_drain
from channels_amazon.wording import sentence

# A blocked job is tried again by itself: a permission may have come meanwhile.
BLOCKED_RETRY = timedelta(hours=1)
FIRST_BACKOFF = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(minutes=15)
_CANDIDATES = 20
# What a buyer or a person waits for goes before what merely keeps up, as if it had
# been due for so much longer; so nothing ever starves.
URGENT = (
    SyncJob.Kind.ORDER_FETCH,
    SyncJob.Kind.PARCELS,
    SyncJob.Kind.SHIPMENTS,
    SyncJob.Kind.STOCK_PUSH,
)
URGENT_AHEAD = timedelta(minutes=1)
# A quantity that is too high at Amazon oversells; an order's address can wait a second.
PUSH_AHEAD = timedelta(minutes=2)


@dataclass(frozen=True)
class Finish:
    """How a run ended for its job.

    `is_complete` says that the whole pass is done, not only a slice of it;
    `waiting_until` that Amazon's quota is what the job waits for; `is_failed` that
    the attempt counts against the job, which then backs off.
    """

    due_at: datetime
    is_complete: bool = False
    waiting_until: datetime | None = None
    is_failed: bool = False


def ensure_jobs(account: AmazonAccount) -> None:
    """Create the account's missing jobs, all due now, and wake a worker."""
    now = timezone.now()
    SyncJob.objects.bulk_create(
        [SyncJob(account=account, kind=kind, due_at=now) for kind in registry.kinds()],
        ignore_conflicts=True,
    )
    enqueue_drain()


def wake(account_id: int, *kinds: str) -> None:
    """Make the account's jobs of `kinds` (all when none is named) due now.

    A job that waits for quota, backs off after a failure or is blocked keeps its
    time: waking it would only spend calls. A job that is being worked on runs again
    afterwards. One that is due already keeps its place in the line.
    """
    wake_pairs([(account_id, kind) for kind in kinds or registry.kinds()])


def wake_pairs(pairs: Collection[tuple[int, str]]) -> None:
    """Make these jobs due now, by account and kind, as `wake` does."""
    now = timezone.now()
    chosen = Q(pk__in=())
    for account_id, kind in pairs:
        chosen |= Q(account_id=account_id, kind=kind)
    may_wake = SyncJob.objects.filter(chosen, blocked_code="").filter(
        Q(waiting_until__isnull=True) | Q(waiting_until__lte=now),
        Q(lease_until__isnull=False) | Q(attempts=0),
    )
    with transaction.atomic():
        # In one order, so that two who wake several never wait for each other.
        locked = may_wake.select_for_update(no_key=True).order_by("pk")
        pks = list(locked.values_list("pk", flat=True))
        is_worked_on = When(lease_until__isnull=False, then=Value(now))
        sooner = Case(is_worked_on, default=Least("due_at", Value(now)))
        if pks and SyncJob.objects.filter(pk__in=pks).update(due_at=sooner):
            enqueue_drain()


def block(
    job: SyncJob, code: str, message: str, *, retry: timedelta = BLOCKED_RETRY
) -> bool:
    """Stop the job until a person acts; it is tried again after `retry` all the same.

    Returns whether it was not blocked for this reason before.
    """
    now = timezone.now()
    is_new = job.blocked_code != code
    job.blocked_code = clean(code, 60)
    job.blocked_message = clean(message, 500)
    job.due_at = now + retry
    SyncJob.objects.filter(pk=job.pk).update(
        blocked_code=job.blocked_code,
        blocked_message=job.blocked_message,
        waiting_until=None,
        due_at=job.due_at,
    )
    return is_new


def block_all(account: AmazonAccount, code: str, message: str) -> None:
    """Show on every job of the account why it stands still."""
    SyncJob.objects.filter(account=account).update(
        blocked_code=clean(code, 60),
        blocked_message=clean(message, 500),
        waiting_until=None,
    )


def stop(account: AmazonAccount, code: str, message: str) -> None:
    """Block every job, and take it from whoever works on it at its next step.

    The rows stay, and with them the runs and their story.
    """
    block_all(account, code, message)
    SyncJob.objects.filter(account=account).update(lease_holder="", lease_until=None)


def unblock(account: AmazonAccount, kinds: Iterable[str] | None = None) -> None:
    """Let the account's jobs (of `kinds`, else all) run at once, whatever held them."""
    jobs = SyncJob.objects.filter(account=account)
    if kinds is not None:
        jobs = jobs.filter(kind__in=list(kinds))
    jobs.update(
        blocked_code="",
        blocked_message="",
        waiting_until=None,
        attempts=0,
        due_at=timezone.now(),
    )
    enqueue_drain()


def due_jobs(now: datetime) -> Q:
    """Return the condition of a job that a worker may take at `now`."""
    return Q(
        account__state=AmazonAccount.State.CONNECTED,
        due_at__lte=now,
        lease_until__isnull=True,
    )


def is_work_due() -> bool:
    """Tell whether a drain would find something to do."""
    now = timezone.now()
    jobs = SyncJob.objects.all()
    return bool(
        jobs.filter(due_jobs(now)).exists() or jobs.filter(lease_until__lt=now).exists()
    )


def claim_due(holder: str, lease_seconds: float) -> SyncJob | None:
    """Take the job that has been due longest, urgent ones first; None if none is free.

    `holder` names this one claim and no other. Jobs of accounts that are not
    connected are never taken, nor those whose lease ran out and was not given back.
    """
    now = timezone.now()
    # Several, since another worker may be quicker with the first ones.
    for pk in _candidates(now):
        job = _claim(pk, due_jobs(now), holder, lease_seconds)
        if job is not None:
            return job
    return None


def _candidates(now: datetime) -> list[int]:
    due = SyncJob.objects.filter(due_jobs(now)).order_by("due_at", "pk")
    pushes = due.filter(kind=SyncJob.Kind.STOCK_PUSH).values_list("due_at", "pk")
    urgent = due.filter(kind__in=URGENT).values_list("due_at", "pk")[:_CANDIDATES]
    others = due.exclude(kind__in=URGENT).values_list("due_at", "pk")[:_CANDIDATES]
    ranked = [(due_at - PUSH_AHEAD, pk) for due_at, pk in pushes[:_CANDIDATES]]
    ranked += [(due_at - URGENT_AHEAD, pk) for due_at, pk in urgent]
    # A push is in both lists: its first place counts.
    return list(dict.fromkeys(pk for _rank, pk in sorted([*ranked, *others])))


def claim(pk: int, holder: str, lease_seconds: float) -> SyncJob | None:
    """Take this job, due or not; None when another process works on it."""
    give_back_expired()
    return _claim(pk, Q(lease_until__isnull=True), holder, lease_seconds)


def renew(pk: int, holder: str, lease_seconds: float) -> bool:
    """Prolong the lease; False when it is no longer ours."""
    until = timezone.now() + timedelta(seconds=lease_seconds)
    held = SyncJob.objects.filter(pk=pk, lease_holder=holder)
    return bool(held.update(lease_until=until))


def finish(job: SyncJob, holder: str, end: Finish) -> bool:
    """Give the job back with its next time; False when the lease was lost.

    A wake-up that came while the job was worked on is kept: it changed `due_at`. The
    job's progress is stored with it.
    """
    held = SyncJob.objects.filter(pk=job.pk, lease_holder=holder)
    columns: dict[str, Any] = {
        "lease_holder": "",
        "lease_until": None,
        "progress": job.progress,
        "due_at": end.due_at,
    }
    if end.is_failed:
        return bool(held.update(**columns))
    columns |= {
        "attempts": 0,
        "blocked_code": "",
        "blocked_message": "",
        "waiting_until": end.waiting_until,
    }
    if end.is_complete:
        now = timezone.now()
        columns |= {
            "last_ok_at": now,
            "first_done_at": Coalesce("first_done_at", Value(now)),
        }
    if end.waiting_until is None:
        is_unwoken = When(due_at=job.due_at, then=Value(end.due_at))
        columns["due_at"] = Case(is_unwoken, default=F("due_at"))
    return bool(held.update(**columns))


def new_holder() -> str:
    """Return a name for one claim of this process, unlike that of any other claim."""
    return f"{_process(os.getpid())}{uuid.uuid4().hex[:12]}"


def expire_leases_of(pids: Iterable[int]) -> None:
    """Let the leases run out that processes of this host held, now that they died."""
    now = timezone.now()
    for pid in pids:
        SyncJob.objects.filter(
            lease_holder__startswith=_process(pid), lease_until__gt=now
        ).update(lease_until=now)


def give_back_expired() -> int:
    """Free the jobs whose process died, mark their runs, and return how many.

    The first death is forgiven at once; a job that kills its worker again and again
    backs off, and says so.
    """
    now = timezone.now()
    freed = 0
    expired = SyncJob.objects.filter(lease_until__lt=now).select_related("account")
    for job in expired.order_by("lease_until")[:_CANDIDATES]:
        due_at = now if job.attempts <= 1 else now + backoff(job.attempts - 1)
        with transaction.atomic():
            won = SyncJob.objects.filter(
                pk=job.pk, lease_holder=job.lease_holder, lease_until=job.lease_until
            ).update(lease_holder="", lease_until=None, due_at=due_at)
            if not won:
                continue
            freed += 1
            _abandon_runs(job, now, due_at)
    return freed


def backoff(attempts: int) -> timedelta:
    """Return how long a job rests after that many failures in a row."""
    doublings = min(max(attempts - 1, 0), 20)
    return min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF)


def _process(pid: int) -> str:
    return f"{host_name()[:40]}:{pid}:"


def _claim(pk: int, condition: Q, holder: str, lease_seconds: float) -> SyncJob | None:
    now = timezone.now()
    free = SyncJob.objects.filter(Q(pk=pk) & condition)
    # A subquery, since an UPDATE cannot join the account's row.
    won = SyncJob.objects.filter(
        pk__in=free.values("pk"), lease_until__isnull=True
    ).update(
        lease_holder=holder,
        lease_until=now + timedelta(seconds=lease_seconds),
        last_started_at=now,
        attempts=F("attempts") + 1,
        waiting_until=None,
    )
    if not won:
        return None
    job: SyncJob | None = (
        SyncJob.objects.filter(pk=pk, lease_holder=holder)
        .select_related("account__store", "account__application")
        .first()
    )
    return job


def _abandon_runs(job: SyncJob, now: datetime, due_at: datetime) -> None:
    runs = SyncRun.objects.filter(job=job, state=SyncRun.State.RUNNING)
    runs.update(
        state=SyncRun.State.ABANDONED,
        finished_at=now,
        code="queue.worker_stuck",
        message=_("The process that worked on this run ended before it was done."),
        next_due_at=due_at,
    )
    if job.attempts > 1:
        record(
            Entry(
                code="job.failing",
                level=Level.ERROR,
                account=job.account,
                message=sentence(
                    "The process that ran the job “%(job)s” died %(times)s times in a "
                    "row. The job is tried again more and more rarely.",
                    job=registry.label_of(job.kind),
                    times=job.attempts,
                ),
                fix=sentence(
                    "Read the worker's log at these times; memory is a usual cause."
                ),
            )
        )
