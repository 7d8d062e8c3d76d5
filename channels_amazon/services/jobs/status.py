"""Reads where an account's jobs stand, in a fixed number of queries; services layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import OuterRef, Q, QuerySet, Subquery

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.jobs import registry

# A job that is due for longer waits for a worker: none runs, or all are busy.
LATE_AFTER = timedelta(minutes=1)

# After so many failures in a row people hear of the job itself, not only its error: it
# has rested for more than a minute by then, so that no short outage is told of.
FAILING_AFTER = 5
# Jobs that stand still, or fail again and again.
TROUBLED = ~Q(blocked_code="") | Q(attempts__gte=FAILING_AFTER)


class JobState(StrEnum):
    """Where a job stands; of several that hold the first one is told."""

    BLOCKED = "blocked"
    RUNNING = "running"
    WAITING = "waiting"
    FAILING = "failing"
    RETRYING = "retrying"
    LATE = "late"
    OK = "ok"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job with its newest stored run; `lag` is how many seconds it is past its time.

    What ran since and found nothing to do has no row: see `is_idle`.
    """

    job: SyncJob
    state: JobState
    lag: float
    run: SyncRun | None

    @property
    def is_waiting(self) -> bool:
        """Tell whether the job waits for Amazon's quota."""
        return self.state == JobState.WAITING

    @property
    def is_idle(self) -> bool:
        """Tell whether the last run found nothing to do; it ended at `last_ok_at`."""
        return self.job.idle_runs > 0


@dataclass(frozen=True, slots=True)
class JobGroup:
    """Jobs that one and the same error has stopped, or a single job."""

    lines: tuple[JobLine, ...]

    @property
    def first(self) -> JobLine:
        """Return the job that stands for all: they say the same."""
        return self.lines[0]

    @property
    def is_several(self) -> bool:
        """Tell whether it is more than one job."""
        return len(self.lines) > 1

    @property
    def lag(self) -> float:
        """Return how many seconds the job that is most behind is past its time."""
        return max(line.lag for line in self.lines)


def job_groups(lines: Sequence[JobLine]) -> list[JobGroup]:
    """Return the jobs in their order, those together that one error has stopped."""
    groups: dict[object, list[JobLine]] = {}
    for line in lines:
        job = line.job
        # A job that goes on is its own group.
        key = (job.blocked_code, job.blocked_message) if job.blocked_code else job.pk
        groups.setdefault(key, []).append(line)
    return [JobGroup(tuple(group)) for group in groups.values()]


def job_lines(account: AmazonAccount, now: datetime) -> list[JobLine]:
    """Return the account's jobs in the order of their kinds, each with its last run."""
    newest = SyncRun.objects.filter(job=OuterRef("pk")).order_by("-pk").values("pk")
    jobs = list(
        SyncJob.objects.filter(account=account).annotate(
            newest_run=Subquery(newest[:1])
        )
    )
    runs = SyncRun.objects.defer("detail").in_bulk(
        [job.newest_run for job in jobs if job.newest_run]
    )
    order = registry.kinds()
    jobs.sort(key=lambda job: order.index(job.kind) if job.kind in order else 99)
    return [
        JobLine(job, job_state(job, now), _lag(job, now), runs.get(job.newest_run))
        for job in jobs
    ]


def job_state(job: SyncJob, now: datetime) -> JobState:
    """Return where a job stands.

    WAITING is for Amazon's quota; RETRYING failed just now, FAILING does so again and
    again.
    """
    if job.blocked_code:
        return JobState.BLOCKED
    if job.lease_until and job.lease_until > now:
        return JobState.RUNNING
    if job.waiting_until and job.waiting_until > now:
        return JobState.WAITING
    if job.attempts >= FAILING_AFTER:
        return JobState.FAILING
    if job.attempts:
        return JobState.RETRYING
    if _lag(job, now) > LATE_AFTER.total_seconds():
        return JobState.LATE
    return JobState.OK if job.last_ok_at else JobState.NEW


def first_pull_done(jobs: Sequence[SyncJob]) -> bool:
    """Tell whether every job with a first pass has ended it."""
    return bool(jobs) and all(job.first_done_at for job in jobs)


def first_pull_jobs() -> QuerySet[SyncJob]:
    """Return the jobs of a first pull that have not ended it."""
    kinds = [one.kind for one in registry.reconcilers() if one.first_pull is not None]
    rows: QuerySet[SyncJob] = SyncJob.objects.filter(
        kind__in=kinds, first_done_at__isnull=True
    )
    return rows


def _lag(job: SyncJob, now: datetime) -> float:
    return max(0.0, (now - job.due_at).total_seconds())
