"""Holds, renews and ends the lease on a job that is worked on; services layer.

Every change is a compare-and-set on the holder's name: who lost the lease changes
nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.models import SyncJob, SyncRun
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import registry, unread
from channels_amazon.services.jobs.backoff import job_backoff
from channels_amazon.services.jobs.heartbeats import process_name
from channels_amazon.services.jobs.ranks import rank_at, unless_stopped
from channels_amazon.services.jobs.status import FAILING_AFTER
from channels_amazon.wording import counted, sentence

# How many jobs of dead processes one look frees; the next comes a second later.
_MOST_EXPIRED = 20


@dataclass(frozen=True)
class Finish:
    """How a run ended for its job.

    `is_complete` says that the whole pass is done, not only a slice of it;
    `waiting_until` that Amazon's quota is what the job waits for; `is_failed` that
    the attempt counts against the job, which then backs off; `is_idle` that there was
    nothing to do, so that no run is written, only counted, up to the next one that is.
    `keeps_trouble` says that the run proved nothing: what failed or blocked the job
    before still does.
    """

    due_at: datetime
    is_complete: bool = False
    waiting_until: datetime | None = None
    is_failed: bool = False
    is_idle: bool = False
    keeps_trouble: bool = False


def renew(holder: str, lease_seconds: float) -> bool:
    """Prolong the lease of what the claim still holds; False when that is nothing."""
    until = timezone.now() + timedelta(seconds=lease_seconds)
    held = SyncJob.objects.filter(lease_holder=holder, lease_until__isnull=False)
    return bool(held.update(lease_until=until))


def begin(job: SyncJob, holder: str, lease_seconds: float) -> bool:
    """Count the attempt of a claimed job whose turn it is, and prolong its lease.

    False when the job was taken from the claim while it waited.
    """
    now = timezone.now()
    held = SyncJob.objects.filter(pk=job.pk, lease_holder=holder)
    if not held.update(
        lease_until=now + timedelta(seconds=lease_seconds),
        last_started_at=now,
        attempts=F("attempts") + 1,
    ):
        return False
    job.attempts += 1
    job.last_started_at = now
    return True


def finish(job: SyncJob, holder: str, end: Finish) -> bool:
    """Give the job back with its next time; False when the lease was lost.

    A wake-up that came while the job was worked on is kept: it changed `due_at`. The
    job's progress is stored with it.
    """
    held = SyncJob.objects.filter(pk=job.pk, lease_holder=holder)
    rank: Any = Value(rank_at(job.kind, end.due_at))
    columns: dict[str, Any] = {
        "lease_holder": "",
        "lease_until": None,
        "progress": job.progress,
        "due_at": end.due_at,
        "rank": unless_stopped(rank),
        "idle_runs": F("idle_runs") + 1 if end.is_idle else 0,
    }
    if end.is_failed:
        if job.attempts < FAILING_AFTER:
            return bool(held.update(**columns))
        # Whatever keeps a sweep from reading for so long, nobody knows what was sold.
        return _update_and_mark(held, columns)
    columns["waiting_until"] = end.waiting_until
    if end.keeps_trouble:
        # The attempt that began with this run was none.
        columns["attempts"] = Greatest(F("attempts") - 1, 0)
    else:
        columns |= {"attempts": 0, "blocked_code": "", "blocked_message": ""}
    if end.is_complete:
        now = timezone.now()
        columns |= {
            "last_ok_at": now,
            "first_done_at": Coalesce("first_done_at", Value(now)),
        }
    if end.waiting_until is None:
        is_unwoken = {"due_at": job.due_at}
        columns["due_at"] = Case(
            When(**is_unwoken, then=Value(end.due_at)), default=F("due_at")
        )
        columns["rank"] = unless_stopped(
            Case(When(**is_unwoken, then=rank), default=F("rank"))
        )
    if not job.blocked_code or end.keeps_trouble:
        return bool(held.update(**columns))
    return _update_and_mark(held, columns)


def _update_and_mark(held: QuerySet[SyncJob], columns: dict[str, Any]) -> bool:
    """Change the job; a sweep's account is read up to now before it raises anything."""
    with transaction.atomic():
        unread.mark(held)
        return bool(held.update(**columns))


def expire_leases_of(pids: Iterable[int]) -> None:
    """Let the leases run out that processes of this host held, now that they died."""
    now = timezone.now()
    for pid in pids:
        SyncJob.objects.filter(
            lease_holder__startswith=process_name(pid), lease_until__gt=now
        ).update(lease_until=now)


def give_back_expired() -> int:
    """Free the jobs whose process died, mark their runs, and return how many.

    The first death is forgiven at once; a job that kills its worker again and again
    backs off, and says so. A job that only waited behind another one of its claim has
    no attempt yet: it keeps its place in the line, and no death is put on it.
    """
    now = timezone.now()
    freed = 0
    expired = SyncJob.objects.filter(lease_until__lt=now).select_related("account")
    for job in expired.order_by("lease_until")[:_MOST_EXPIRED]:
        columns: dict[str, Any] = {"lease_holder": "", "lease_until": None}
        if job.attempts:
            rest = job_backoff(job.attempts - 1) if job.attempts > 1 else timedelta(0)
            job.due_at = now + rest
            rank = Value(rank_at(job.kind, job.due_at))
            # The run that is marked is the newest: what idled came before it.
            columns |= {
                "due_at": job.due_at,
                "rank": unless_stopped(rank),
                "idle_runs": 0,
            }
        with transaction.atomic():
            won = SyncJob.objects.filter(
                pk=job.pk, lease_holder=job.lease_holder, lease_until=job.lease_until
            ).update(**columns)
            if not won:
                continue
            freed += 1
            _abandon_runs(job, now)
    return freed


def _abandon_runs(job: SyncJob, now: datetime) -> None:
    columns = {
        "state": SyncRun.State.ABANDONED,
        "finished_at": now,
        "code": "queue.worker_stuck",
        "message": _("The process that worked on this run ended before it was done."),
        "next_due_at": job.due_at,
    }
    runs = SyncRun.objects.filter(job=job, state=SyncRun.State.RUNNING)
    if not runs.update(**columns) and job.attempts:
        # A run has its row once there is something to say of it. Its process died
        # before that, and people must find it in the log all the same.
        SyncRun.objects.create(
            job=job,
            account=job.account,
            kind=job.kind,
            started_at=job.last_started_at or now,
            **columns,
        )
    if job.attempts > 1:
        record(
            Entry(
                code="job.failing",
                level=Level.ERROR,
                account=job.account,
                message=counted(
                    "The process that ran the job “%(job)s” died %(count)s time. "
                    "The job is tried again more and more rarely.",
                    "The process that ran the job “%(job)s” died %(count)s times "
                    "in a row. The job is tried again more and more rarely.",
                    job.attempts,
                    job=registry.label_of(job.kind),
                ),
                fix=sentence(
                    "Read the worker's log at these times; memory is a usual cause."
                ),
            )
        )
